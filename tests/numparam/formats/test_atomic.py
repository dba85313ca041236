"""A save that fails, or is killed, leaves the old file whole."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from numparam import formats
from numparam.base import MXNetError
from numparam.formats import atomic

RECORD = formats.DenseRecord(np.arange(100_000, dtype=np.float32))
posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and limits of POSIX")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.params"
    path.write_bytes(b"old")
    return path


def run_child(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process that can import numparam as this one does."""
    root = Path(formats.__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_save_replaces_the_file_and_leaves_nothing_beside_it(path):
    formats.write(path, None, [RECORD])
    assert formats.read(path)[1][0].data.tobytes() == RECORD.data.tobytes()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file_and_no_other(step, path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    if step == "write":
        monkeypatch.setattr("numparam.formats.opening.os.writev", fail)
    else:
        monkeypatch.setattr(atomic.os, step, fail)
    with pytest.raises(formats.FileAccessError, match="unchanged") as caught:
        formats.write(path, None, [RECORD])
    assert isinstance(caught.value, MXNetError)
    assert (caught.value.errno, caught.value.filename) == (28, str(path))
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file_and_no_other(path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        formats.write(path, None, [RECORD])
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


WRITE_WITH_A_LIMIT = """
import resource, signal, sys
import numpy as np
from numparam import formats
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
signal.signal(signal.SIGXFSZ, getattr(signal, sys.argv[2]))
try:
    formats.write(sys.argv[1], None, [formats.DenseRecord(np.ones(100_000, np.float32))])
except formats.FileAccessError as error:
    print(error.errno)
"""


@posix
def test_a_write_that_the_system_refuses_half_way_leaves_the_old_file(path):
    child = run_child(WRITE_WITH_A_LIMIT, path, "SIG_IGN")
    assert child.stdout.split() == ["27"], child.stderr  # EFBIG
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@posix
def test_a_process_killed_half_way_through_a_write_leaves_the_old_file(path):
    child = run_child(WRITE_WITH_A_LIMIT, path, "SIG_DFL")
    assert child.returncode == -signal.SIGXFSZ
    assert path.read_bytes() == b"old"
    (left,) = set(path.parent.iterdir()) - {path}
    assert left.name.startswith(atomic.TEMPORARY_PREFIX)
    assert left.stat().st_size == 50_000, "the kill came in the middle"


KILL_BEFORE_RENAME = """
import os, signal, sys
import numpy as np
from numparam import formats
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
formats.write(sys.argv[1], None, [formats.DenseRecord(np.ones(10))])
"""


@posix
def test_a_process_killed_just_before_the_rename_leaves_the_old_file(path):
    child = run_child(KILL_BEFORE_RENAME, path)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert path.read_bytes() == b"old"


def test_the_bytes_reach_the_disk_before_the_name_does(path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append((kind, os.fstat(descriptor).st_size))
        fsync(descriptor)

    def record_replace(*names):
        steps.append(("rename", 0))
        replace(*names)

    monkeypatch.setattr(atomic.os, "fsync", record_fsync)
    monkeypatch.setattr(atomic.os, "replace", record_replace)
    formats.write(path, None, [RECORD])
    kinds = [kind for kind, _ in steps]
    assert kinds[:2] == ["file", "rename"]
    assert steps[0][1] == path.stat().st_size
    if hasattr(os, "O_DIRECTORY"):
        assert kinds[2:] == ["folder"]


def test_a_system_that_cannot_sync_folders_still_saves(path, monkeypatch):
    monkeypatch.delattr(atomic.os, "O_DIRECTORY", raising=False)
    monkeypatch.delattr(atomic.os, "fchmod", raising=False)
    formats.write(path, None, [RECORD])
    assert formats.read(path)[1][0].shape == (100_000,)


@posix
def test_a_symbolic_link_is_followed_and_stays(tmp_path):
    target = tmp_path / "real" / "net.params"
    target.parent.mkdir()
    link = tmp_path / "link.params"
    link.symlink_to(target)
    for shape in ((1,), (2,)):  # first the link points to nothing
        formats.write(link, None, [formats.DenseRecord(np.ones(shape))])
        assert link.is_symlink()
        assert formats.read(target)[1][0].shape == shape
    assert list(target.parent.iterdir()) == [target]


@posix
def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_mode(tmp_path):
    path = tmp_path / "net.params"
    before = os.umask(0o027)
    try:
        formats.write(path, None, [])
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        formats.write(path, None, [])
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


@posix
def test_a_read_only_file_is_not_replaced(path, monkeypatch):
    path.chmod(0o444)
    monkeypatch.setattr(atomic.os, "access", lambda *_: False)  # root may write anything
    with pytest.raises(PermissionError, match="read-only") as caught:
        formats.write(path, None, [])
    assert isinstance(caught.value, MXNetError)
    assert path.read_bytes() == b"old"


def test_a_missing_folder_and_a_folder_as_target_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing.* to save") as caught:
        formats.write(tmp_path / "missing" / "net.params", None, [])
    assert isinstance(caught.value, MXNetError)
    with pytest.raises(formats.FileAccessError):
        formats.write(tmp_path, None, [])
    assert not list(tmp_path.iterdir())


def test_a_path_must_be_a_path():
    with pytest.raises(TypeError, match="int"):
        formats.write(1, None, [])


def test_names_as_long_as_the_system_allows_can_be_saved(tmp_path):
    path = tmp_path / ("n" * 255)
    formats.write(path, None, [])
    assert path.stat().st_size == 32


@posix
def test_a_device_is_written_to_and_not_replaced():
    formats.write("/dev/null", None, [RECORD])
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
