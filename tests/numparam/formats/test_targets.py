"""Where files are saved: rights of the old file, read-only folders, pipes, odd paths."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from numparam import formats
from numparam.base import MXNetError
from numparam.formats import atomic

RECORD = formats.DenseRecord(np.arange(100_000, dtype=np.float32))
pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights, pipes and links of POSIX")
ROOT = Path(formats.__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.params"
    path.write_bytes(b"old")
    return path


def contents_of(source) -> bytes:
    return formats.read(source)[1][0].data.tobytes()


def start_child(code: str, *arguments: object, **keywords: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, **keywords)


# The rights of the file


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604, 0o400 | 0o200, 0o666])
def test_the_temporary_file_never_has_more_rights_than_the_old_one(path, mode, monkeypatch):
    path.chmod(mode)
    seen = []
    open_, writev = os.open, os.writev

    def watched_open(name, flags, open_mode=0o777, **keywords):
        descriptor = open_(name, flags, open_mode, **keywords)
        if flags & os.O_CREAT:
            seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    def watched_writev(descriptor, pieces):
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return writev(descriptor, pieces)

    monkeypatch.setattr(
        atomic.os, "open", lambda name, flags, mode=0o777: watched_open(name, flags, mode)
    )
    monkeypatch.setattr(os, "writev", watched_writev)
    formats.write(path, None, [RECORD])
    assert len(seen) >= 2
    assert all(found & ~mode == 0 for found in seen)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root changes owners"
)
def test_owner_and_group_stay_when_root_saves(path):
    os.chown(path, 1234, 2345)
    path.chmod(0o640)
    formats.write(path, None, [RECORD])
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 2345, 0o640)


def test_a_group_that_cannot_be_kept_has_no_more_rights_than_all_others(path, monkeypatch):
    path.chmod(0o664)
    old = os.stat(path)
    values = list(old)
    values[4:6] = [old.st_uid + 1, old.st_gid + 1]

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    with open(path, "r+b") as file:
        atomic.take_rights(file.fileno(), str(path), os.stat_result(values))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_extended_attributes_stay(path):
    try:
        os.setxattr(path, "user.origin", b"zoo")
    except (AttributeError, OSError) as error:
        pytest.skip(f"no extended attributes here: {error}")
    formats.write(path, None, [RECORD])
    assert os.getxattr(path, "user.origin") == b"zoo"


# Files that cannot be replaced


def refusing(error_number):
    def refuse(*_, **__):
        raise OSError(error_number, os.strerror(error_number))

    return refuse


@pytest.mark.parametrize("number", [13, 1, 30], ids=["EACCES", "EPERM", "EROFS"])
def test_a_file_in_a_folder_that_is_not_writeable_is_written_in_place(path, number, monkeypatch):
    path.write_bytes(b"old" * 1_000_000)
    monkeypatch.setattr(atomic, "_open_temporary", refusing(number))
    with pytest.warns(formats.InPlaceWarning, match=r"net\.params cannot be replaced") as caught:
        formats.write(path, None, [RECORD])
    assert caught[0].filename == __file__
    assert contents_of(path) == RECORD.data.tobytes()
    assert path.stat().st_size < 500_000, "what was behind the new end is gone"


@pytest.mark.parametrize("number", [16, 18], ids=["EBUSY", "EXDEV"])
def test_a_file_that_another_is_mounted_on_is_written_in_place(path, number, monkeypatch):
    inode = path.stat().st_ino
    monkeypatch.setattr(atomic.os, "replace", refusing(number))
    with pytest.warns(formats.InPlaceWarning):
        formats.write(path, None, [RECORD])
    assert path.stat().st_ino == inode
    assert contents_of(path) == RECORD.data.tobytes()
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_in_place_says_that_the_file_is_damaged(path, monkeypatch):
    monkeypatch.setattr(atomic, "_open_temporary", refusing(13))
    monkeypatch.setattr("numparam.formats.opening.os.writev", refusing(28))
    with (
        pytest.warns(formats.InPlaceWarning),
        pytest.raises(formats.FileAccessError, match="is damaged now") as caught,
    ):
        formats.write(path, None, [RECORD])
    assert caught.value.errno == 28
    assert "unchanged" not in str(caught.value)


def test_a_new_file_in_a_folder_that_is_not_writeable_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_open_temporary", refusing(13))
    with pytest.raises(PermissionError, match="Permission denied") as caught:
        formats.write(tmp_path / "net.params", None, [RECORD])
    assert isinstance(caught.value, MXNetError)


# Odd paths


@pytest.mark.parametrize("ending", ["/", "/.", "//"])
def test_a_path_that_names_a_folder_does_not_replace_the_file(path, ending):
    with pytest.raises(formats.FileAccessError):
        formats.write(f"{path}{ending}", None, [RECORD])
    with pytest.raises(FileNotFoundError):
        formats.write(f"{path.parent}/absent{ending}", None, [RECORD])
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("bad", ["a\0b", "", "\ud800"], ids=["NUL", "empty", "surrogate"])
def test_what_is_no_path_is_refused(bad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(formats.FileAccessError, match="path") as caught:
        formats.write(bad, None, [RECORD])
    assert str(caught.value).isprintable()
    with pytest.raises(formats.FileAccessError, match="path"):
        formats.read(bad)
    assert not list(tmp_path.iterdir())


def read_all(descriptor: int, into: list[bytes]) -> threading.Thread:
    def read():
        with open(descriptor, "rb") as file:
            into.append(file.read())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def test_a_descriptor_of_the_process_is_written_to_and_stays_open():
    read, write = os.pipe()
    received: list[bytes] = []
    thread = read_all(read, received)
    formats.write(f"/dev/fd/{write}", None, [RECORD])
    os.write(write, b"after")
    os.close(write)
    thread.join(timeout=60)
    assert received == [formats.dumps(None, [RECORD]) + b"after"]


def test_a_fifo_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    received: list[bytes] = []
    thread = threading.Thread(
        target=lambda: received.append((tmp_path / "pipe").read_bytes()), daemon=True
    )
    thread.start()
    formats.write(tmp_path / "pipe", None, [RECORD])
    thread.join(timeout=60)
    assert received == [formats.dumps(None, [RECORD])]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


SAVE_TO_STDOUT = """
import numpy as np
from numparam import formats
formats.write("/dev/stdout", None, [formats.DenseRecord(np.arange(100_000, dtype=np.float32))])
"""


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_standard_output_can_be_saved_to(kind, tmp_path):
    with open(tmp_path / "out", "wb") as file:
        child = start_child(SAVE_TO_STDOUT, stdout=subprocess.PIPE if kind == "pipe" else file)
        output, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    received = output if kind == "pipe" else (tmp_path / "out").read_bytes()
    assert received == formats.dumps(None, [RECORD])
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_reader_that_goes_away_is_no_claim_about_an_old_file(tmp_path):
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(formats.FileAccessError) as caught:
        formats.write(f"/dev/fd/{write}", None, [RECORD])
    os.close(write)
    assert "unchanged" not in str(caught.value)


# File objects


class Counting(io.RawIOBase):
    """Takes seven bytes at a time."""

    def __init__(self):
        self.taken = bytearray()

    def writable(self):
        return True

    def write(self, piece):
        self.taken += bytes(piece[:7])
        return min(7, len(piece))


class NotCounting:
    """Takes everything, and returns nothing."""

    def __init__(self):
        self.taken = bytearray()

    def write(self, piece):
        self.taken += piece


@pytest.mark.parametrize("kind", [Counting, NotCounting])
def test_file_objects_get_everything_however_they_take_it(kind):
    file = kind()
    record = formats.DenseRecord(np.arange(1000, dtype=np.int16))
    formats.write(file, ["a"], [record])
    assert bytes(file.taken) == formats.dumps(["a"], [record])


def test_a_file_object_that_would_have_to_wait_says_so():
    class Full(Counting):
        def write(self, piece):
            return None

    with pytest.raises(BlockingIOError, match="blocking"):
        formats.write(Full(), None, [RECORD])


def test_a_file_object_without_end_is_refused_by_its_first_bytes():
    with open("/dev/zero", "rb") as zeros, pytest.raises(formats.NotAParamsFileError):
        formats.read(zeros)


# What killed and interrupted saves leave

SAVE_AND_STOP = """
import os, sys, time
import numpy as np
from numparam import formats
def stop(*_):
    print("stopped", flush=True)
    time.sleep(600)
os.replace = stop
formats.write(sys.argv[1], None, [formats.DenseRecord(np.ones(1000))])
"""


def temporary_files(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(".numparam-")]


def test_what_a_killed_save_left_is_removed_by_the_next_one(path):
    child = start_child(SAVE_AND_STOP, path, stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"stopped\n"
        (left,) = temporary_files(path.parent)
        formats.write(path, None, [RECORD])  # the other one is alive: its file stays
        assert temporary_files(path.parent) == [left]
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=60)
        assert temporary_files(path.parent) == [left]
        formats.write(path.parent / "other.params", None, [RECORD])
        assert temporary_files(path.parent) == [left], "it is another target's"
        formats.write(path, None, [RECORD])
        assert temporary_files(path.parent) == []


def test_things_that_are_no_temporary_files_are_left_alone(path):
    first = next(atomic._candidates(str(path)))
    os.mkfifo(first)
    formats.write(path, None, [RECORD])
    assert stat.S_ISFIFO(os.lstat(first).st_mode)
    os.unlink(first)
    os.symlink(path, first)
    formats.write(path, None, [RECORD])
    assert os.path.islink(first)


def test_many_saves_of_one_file_at_a_time_all_succeed(path):
    failures: list[BaseException] = []

    def save(value):
        try:
            for _ in range(10):
                formats.write(path, None, [formats.DenseRecord(np.full(1000, value))])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=save, args=(value,)) for value in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(formats.read(path)[1][0].data.tolist())) == 1
    assert temporary_files(path.parent) == []


def traced(call, at=0):
    """Run a call and count its lines in the formats package; interrupt it before line `at`.

    Not in `_sync_folder`, whose lines are one call in C each: a signal comes after one is done and
    before the next begins, which is within its `try`, and not where a tracer could raise.
    """
    count = 0

    def trace(frame, event, _):
        nonlocal count
        code = frame.f_code
        if "numparam/formats" not in code.co_filename or code.co_name == "_sync_folder":
            return None
        if event == "line":
            count += 1
            if count == at:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            call()
    finally:
        sys.settrace(None)
    return count


def open_descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are counted in /proc")
@pytest.mark.skipif(sys.gettrace() is not None, reason="somebody else traces")
@pytest.mark.parametrize("exists", [False, True])
def test_an_interrupt_at_any_line_leaves_no_temporary_file_and_no_open_descriptor(tmp_path, exists):
    path = tmp_path / "net.params"
    records = [formats.DenseRecord(np.ones(3)), RECORD]

    def save():
        formats.write(path, ["a", "b"], records)

    def load():
        formats.read(path)

    save()
    before = open_descriptors()
    for call in (save, load):
        for at in range(1, traced(call) + 1):
            if not exists and call is save:
                path.unlink(missing_ok=True)
            traced(call, at)
            assert open_descriptors() == before, at
            left = temporary_files(tmp_path)
            if left:  # in the middle of the removal after an error: the next save does it
                save()
                assert temporary_files(tmp_path) == [], at
        save()
