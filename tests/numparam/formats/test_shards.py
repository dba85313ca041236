"""Checkpoints of several files with an index are saved as one, and read as one."""

import json
import os
import sys

import numpy as np
import pytest

import numparam as mx
from numparam.formats import shards
from numparam.formats.errors import FileAccessError
from numparam.formats.records import DenseRecord
from numparam.formats.safetensors import SafetensorsError
from numparam.formats.streams import RecordStream

INDEX = "net.safetensors.index.json"


def _checkpoint(value, count=4):
    return mx.Checkpoint.from_arrays({f"w{i}": np.full(4, value, np.float64) for i in range(count)})


def _save(folder, value, count=4):
    _checkpoint(value, count).save(folder / INDEX, shard_size=32)


def _values(folder):
    with mx.Checkpoint(folder / INDEX) as found:
        return {float(found.record(name).data[0]) for name in found}


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_save_replaces_all_files_of_the_old_one(tmp_path):
    _save(tmp_path, 1, 4)
    _save(tmp_path, 2, 2)
    assert _names(tmp_path) == [
        "net-00001-of-00002.safetensors",
        "net-00002-of-00002.safetensors",
        INDEX,
    ]
    assert _values(tmp_path) == {2}


def test_other_indexes_keep_their_files(tmp_path):
    _checkpoint(7).save(tmp_path / "net-ema.safetensors.index.json", shard_size=32)
    _save(tmp_path, 1)
    _save(tmp_path, 2)
    with mx.Checkpoint(tmp_path / "net-ema.safetensors.index.json") as found:
        assert found.record("w3").data[0] == 7


def test_a_failure_leaves_the_old_checkpoint_and_nothing_else(tmp_path):
    class Failing(RecordStream):
        def pieces(self, count):
            raise OSError(5, "Input/output error")

    _save(tmp_path, 1)
    before = _names(tmp_path)
    broken = _checkpoint(2)
    broken._arrays["w3"] = Failing(DenseRecord(np.zeros(4)))
    with pytest.raises(FileAccessError):
        broken.save(tmp_path / INDEX, shard_size=32)
    assert _names(tmp_path) == before
    assert _values(tmp_path) == {1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("steps", range(6))
def test_a_killed_save_leaves_one_of_both_and_the_next_one_cleans_up(tmp_path, monkeypatch, steps):
    _save(tmp_path, 1)
    pid = os.fork()
    if not pid:
        remaining = steps

        def dying(function):
            def die_later(*arguments):
                nonlocal remaining
                remaining -= 1
                if remaining < 0:
                    os._exit(1)
                return function(*arguments)

            return die_later

        monkeypatch.setattr(shards, "write_file", dying(shards.write_file))
        monkeypatch.setattr(shards, "_fill", dying(shards._fill))
        _save(tmp_path, 2)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    done = os.waitstatus_to_exitcode(status) == 0
    assert done == (steps == 5)
    assert _values(tmp_path) == {2 if done else 1}
    _save(tmp_path, 3)
    _save(tmp_path, 4)
    assert len(_names(tmp_path)) == 5
    assert _values(tmp_path) == {4}


def test_a_checkpoint_may_be_saved_over_its_own_files(tmp_path):
    _save(tmp_path, 1)
    with mx.Checkpoint(tmp_path / INDEX) as found:
        found.scale(3).save(tmp_path / INDEX, shard_size=64)
    assert _values(tmp_path) == {3}


def test_the_files_have_the_rights_of_the_old_index(tmp_path):
    _save(tmp_path, 1)
    os.chmod(tmp_path / INDEX, 0o640)
    _save(tmp_path, 2)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}


@pytest.mark.parametrize("size", [0, -1, "5GB", float("nan"), None, True])
def test_the_size_of_a_file_is_checked_before_anything_is_written(tmp_path, size):
    with pytest.raises(ValueError, match="positive number of bytes"):
        _checkpoint(1).save(tmp_path / INDEX, shard_size=size)
    assert not _names(tmp_path)


def test_a_format_that_is_asked_for_is_written_as_one_file(tmp_path):
    _checkpoint(1).save(tmp_path / INDEX, "params", shard_size=32)
    assert _names(tmp_path) == [INDEX]
    assert mx.nd.load(str(tmp_path / INDEX)).keys() == {"w0", "w1", "w2", "w3"}


def test_names_of_files_reach_no_terminal(tmp_path):
    name = "net\x1b[31m.safetensors"
    _checkpoint(1).save(tmp_path / name)
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": {"other": name}}))
    with pytest.raises(SafetensorsError) as caught:
        mx.Checkpoint(tmp_path / INDEX)
    assert "\x1b" not in str(caught.value)


def test_an_index_of_pytorchs_files_is_read(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    _checkpoint(1).select("w0", "w1").save(tmp_path / "model-00001-of-00002.bin")
    _checkpoint(2).select("w2", "w3").save(tmp_path / "model-00002-of-00002.bin")
    where = {f"w{i}": f"model-0000{1 + i // 2}-of-00002.bin" for i in range(4)}
    (tmp_path / "model.bin.index.json").write_text(json.dumps({"weight_map": where}))
    with mx.Checkpoint(tmp_path / "model.bin.index.json") as found:
        assert [found.record(name).data[0] for name in found] == [1, 1, 2, 2]


def test_a_reader_that_meets_a_save_reads_the_new_index(tmp_path, monkeypatch):
    _save(tmp_path, 1)
    open_source = shards.open_source

    def saved_meanwhile(path, kind):
        if str(path).endswith("00002-of-00004.safetensors"):
            monkeypatch.setattr(shards, "open_source", open_source)
            _save(tmp_path, 2)
        return open_source(path, kind)

    monkeypatch.setattr(shards, "open_source", saved_meanwhile)
    assert _values(tmp_path) == {2}


def test_an_interrupt_leaves_no_file(tmp_path):
    _save(tmp_path, 1)
    before = _names(tmp_path)
    for count in range(0, 400, 7):
        calls = 0

        def interrupt(frame, event, argument, count=count):
            nonlocal calls
            if event == "line" and frame.f_code.co_name in ("write_shards", "_take_names"):
                calls += 1
                if calls > count:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return interrupt

        sys.settrace(interrupt)
        try:
            _save(tmp_path, 1)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert len(_names(tmp_path)) <= 2 * len(before)  # what is left goes with the next save
        _save(tmp_path, 1)
        assert len(_names(tmp_path)) == len(before)
        assert _values(tmp_path) == {1}
