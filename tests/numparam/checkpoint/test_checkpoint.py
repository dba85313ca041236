"""Checkpoints choose, rename and convert lazily, and write atomically."""

import io
import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import formats
from numparam.checkpoint import CheckpointPlanError, MissingArrayError
from numparam.formats.errors import FileAccessError, TruncatedFileError
from tests.support.checkpoint_arrays import assert_same, named_records


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.params"
    arrays = {
        "arg:fc_weight": mx.nd.array([[1, 2], [3, 4]]),
        "arg:fc_bias": mx.nd.array([1, 2]),
        "aux:bn_moving_mean": mx.nd.array([0.5, 0.25]),
        "arg:steps": mx.nd.array([7], dtype="int64"),
    }
    mx.nd.save(path, arrays)
    return path


def test_it_prints_as_a_table(path):
    lines = str(mx.Checkpoint(path)).splitlines()
    assert lines[0] == f"{path} (params)"
    assert lines[1].split() == ["name", "shape", "dtype", "storage", "bytes"]
    assert lines[2].split() == ["arg:fc_weight", "2", "\u00d7", "2", "float32", "dense", "16"]
    assert lines[-1] == "4 arrays, 40 bytes"


def test_names_from_outside_reach_no_terminal():
    contents = formats.dumps(["\x1b[2J"], [formats.DenseRecord(np.ones(1))])
    assert "\x1b" not in str(mx.Checkpoint(contents))


def test_values_are_read_when_asked_for(path):
    checkpoint = mx.Checkpoint(path)
    os.truncate(path, path.stat().st_size - 100)
    assert checkpoint["arg:fc_weight"].asnumpy().tolist() == [[1, 2], [3, 4]]


def test_select_takes_names_patterns_and_predicates(path):
    checkpoint = mx.Checkpoint(path)
    assert list(checkpoint.select("*_weight", "arg:steps")) == ["arg:fc_weight", "arg:steps"]
    small = checkpoint.select(lambda name, header: header.nbytes < 10)
    assert "arg:fc_weight" not in small
    with pytest.raises(MissingArrayError, match="Did you mean 'arg:fc_weight'"):
        checkpoint.select("arg:fc_wieght")
    with pytest.raises(KeyError):
        checkpoint["nothing"]


def test_drop_wants_plain_names_to_exist(path):
    checkpoint = mx.Checkpoint(path)
    assert list(checkpoint.drop("arg:*", "*nothing")) == ["aux:bn_moving_mean"]
    with pytest.raises(MissingArrayError):
        checkpoint.drop("nothing")


def test_rename_is_checked_whole():
    checkpoint = mx.Checkpoint.from_arrays({"arg:w": [1.0], "aux:w": [2.0]})
    with pytest.raises(CheckpointPlanError, match="'arg:w' and 'aux:w' would both be named 'w'"):
        checkpoint.rename(strip=("arg:", "aux:"))
    with pytest.raises(MissingArrayError):
        checkpoint.rename({"w": "v"})
    swapped = checkpoint.rename({"arg:w": "aux:w", "aux:w": "arg:w"})
    assert swapped.record("aux:w").data.tolist() == [1]


def test_astype_converts_floating_point_unless_told_otherwise(path):
    checkpoint = mx.Checkpoint(path)
    dtypes = [h.dtype.name for h in checkpoint.astype("float16").headers.values()]
    assert dtypes == ["float16", "float16", "float16", "int64"]
    chosen = checkpoint.astype("int32", "arg:steps")
    assert chosen["arg:steps"].dtype == np.int32
    narrow = checkpoint.astype("float8_e4m3fn")
    assert narrow.record("arg:fc_bias").data.tolist() == [1, 2]
    with pytest.raises(TypeError, match="astype"):
        narrow["arg:fc_bias"]
    with pytest.raises(TypeError, match="float33"):
        checkpoint.astype("float33")


@given(named_records(storages=("row_sparse", "csr"), dtypes=(np.dtype("int16"),)))
def test_to_dense_fills_up_with_zeros(records):
    contents = formats.dumps(list(records), list(records.values()))
    dense = mx.Checkpoint(contents).to_dense()
    for name, array in mx.nd.load_frombuffer(contents).items() if records else ():
        assert dense.record(name).data.tolist() == array.tostype("default").asnumpy().tolist()


@settings(max_examples=50)  # three files each
@given(named_records(), st.permutations(["params", "safetensors", "npz"]))
def test_chains_of_formats_give_the_same_arrays(records, order):
    contents = formats.dumps(list(records), list(records.values()))
    for format in order:
        file = io.BytesIO()
        mx.Checkpoint(contents).save(file, format)
        contents = file.getvalue()
    found = mx.Checkpoint(contents)
    assert list(found) == list(records)
    for name, record in records.items():
        assert_same(found.record(name), record)


def test_saving_over_its_own_file(path):
    mx.Checkpoint(path).astype("float16").save(path)
    assert mx.Checkpoint(path)["arg:fc_bias"].dtype == np.float16


def test_what_is_read_is_not_overwritten_in_place(path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "no")

    before = path.read_bytes()
    monkeypatch.setattr("numparam.formats.atomic._open_temporary", refuse)
    checkpoint = mx.Checkpoint(path)
    with pytest.warns(formats.InPlaceWarning), pytest.raises(FileAccessError) as refusal:
        checkpoint.save(path)
    assert "being read" in str(refusal.value)
    assert "damaged" not in str(refusal.value)
    assert path.read_bytes() == before


def test_a_failure_leaves_the_old_file(path, tmp_path):
    target = tmp_path / "new.safetensors"
    target.write_bytes(b"old")
    checkpoint = mx.Checkpoint(path)
    os.truncate(path, 100)
    with pytest.raises(TruncatedFileError):
        checkpoint.save(target)
    assert target.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.params", "new.safetensors"]


def test_lists_stay_lists_until_they_are_renamed(tmp_path):
    mx.nd.save(tmp_path / "list.params", [mx.nd.ones(1), mx.nd.zeros(1)])
    checkpoint = mx.Checkpoint(tmp_path / "list.params")
    checkpoint.select("1").save(tmp_path / "one.params")
    assert isinstance(mx.nd.load(tmp_path / "one.params"), list)
    checkpoint.rename({"0": "w"}).save(tmp_path / "named.params")
    assert list(mx.nd.load(tmp_path / "named.params")) == ["w", "1"]


def test_progress_counts_every_byte(path, tmp_path):
    seen = []
    mx.Checkpoint(path).save(tmp_path / "a.params", progress=seen.append)
    assert sum(seen) == (tmp_path / "a.params").stat().st_size


def test_versions_and_contexts_are_kept(tmp_path):
    record = formats.DenseRecord(np.ones((2, 2), np.float32), 2, 1)
    contents = formats.dumps(["w"], [record], np_shape=True)
    file = io.BytesIO()
    mx.Checkpoint(contents).save(file, "params")
    assert file.getvalue() == contents


def test_from_arrays_takes_sparse_arrays():
    sparse = mx.nd.sparse.row_sparse_array(([[1.0, 2.0]], [3]), shape=(5, 2))
    checkpoint = mx.Checkpoint.from_arrays({"w": sparse, "v": np.ones(2)})
    assert checkpoint.headers["w"].storage == "row_sparse"
    file = io.BytesIO()
    checkpoint.save(file, "safetensors")
    found = mx.Checkpoint(file.getvalue())["w"]
    assert found.asnumpy().tolist() == sparse.asnumpy().tolist()


@pytest.mark.parametrize(
    ("preset", "before", "after"),
    [
        pytest.param(
            "torch",
            ["arg:bn.gamma", "arg:bn.beta", "aux:bn.moving_mean", "aux:bn.moving_var"],
            ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"],
            id="torch",
        ),
        pytest.param(
            "gluon-cv",
            ["arg:resnetv10_conv0_weight", "aux:resnetv10_batchnorm0_running_mean"],
            ["conv0_weight", "batchnorm0_running_mean"],
            id="gluon-cv",
        ),
        pytest.param(
            "gluon-cv",
            ["arg:ssd0_resnetv10_conv0_weight", "arg:ssd0_expand_conv0_weight"],
            ["resnetv10_conv0_weight", "expand_conv0_weight"],
            id="gluon-cv-nested",
        ),
        pytest.param(
            "gluon-cv",
            ["arg:resnetv10_conv0_weight", "arg:rpn0_conv0_weight"],
            ["resnetv10_conv0_weight", "rpn0_conv0_weight"],
            id="gluon-cv-two-networks",
        ),
        pytest.param(
            "gluon-cv",
            ["arg:conv0_weight", "arg:conv0_bias"],
            ["conv0_weight", "conv0_bias"],
            id="gluon-cv-one-layer",
        ),
        pytest.param(
            "insightface",
            ["arg:conv0_weight", "aux:bn0_moving_var", "arg:fc7_weight"],
            ["conv0_weight", "bn0_running_var"],
            id="insightface",
        ),
        pytest.param(
            "sockeye",
            ["encoder.layer_norm.gamma", "encoder.ff.weight"],
            ["encoder.layer_norm.weight", "encoder.ff.weight"],
            id="sockeye",
        ),
    ],
)
def test_presets_map_names(preset, before, after):
    checkpoint = mx.Checkpoint.from_arrays({name: [1.0] for name in before})
    assert list(checkpoint.map_names(preset)) == after


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        ("torch", ["bn.gamma", "bn.beta", "bn.running_mean", "fc.weight", "norm1.gamma"]),
        ("torch", ["h.0.ln_1.gamma", "ln_f.beta", "output.LayerNorm.gamma", "mlp.weight"]),
        ("insightface", ["arg:conv0_weight", "aux:bn0_moving_var"]),
        ("sockeye", ["layer_norm.gamma", "layer_norm.beta", "ff.weight"]),
    ],
)
def test_presets_lead_back(preset, names):
    checkpoint = mx.Checkpoint.from_arrays({name: [1.0] for name in names})
    there = checkpoint.map_names(preset)
    assert list(there.map_names(preset, back=True)) == names


def test_the_torch_preset_leaves_counters_out_on_the_way_back():
    checkpoint = mx.Checkpoint.from_arrays({"bn.num_batches_tracked": [1], "w": [1.0]})
    assert list(checkpoint.map_names("torch", back=True)) == ["w"]


def test_maps_of_ones_own(tmp_path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"a": "b"}))
    checkpoint = mx.Checkpoint.from_arrays({"a": [1.0], "c": [1.0]})
    assert list(checkpoint.map_names(own)) == ["b", "c"]
    assert list(checkpoint.map_names(own).map_names(own, back=True)) == ["a", "c"]
    own.write_text(json.dumps({"rules": [{"from": "(", "to": ""}]}))
    with pytest.raises(CheckpointPlanError, match="not a map of names"):
        checkpoint.map_names(own)
    with pytest.raises(CheckpointPlanError, match="gluon-cv, insightface, sockeye, torch"):
        checkpoint.map_names("pytorch")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('{"drop": "a"}', "drop is a list", id="a text that drops"),
        pytest.param('{"rules": {"from": "a", "to": ""}}', "rules are a list", id="one rule"),
        pytest.param('{"rules": [{"from": "a"}]}', "with from and to", id="half a rule"),
        pytest.param('{"rules": [{"from": "a", "to": 1}]}', "are texts", id="a number"),
        pytest.param(r'{"rules": [{"from": "a", "to": "\\3"}]}', "group reference 3", id="group"),
        pytest.param('{"back": [{"from": "(", "to": ""}]}', "subpattern", id="the other way"),
        pytest.param('{"a": "b", "rules": []}', "either names or rules", id="names and rules"),
        pytest.param('{"a": {"b": "c"}}', "'a' is mapped to a dict", id="nested names"),
        pytest.param("[" * 100_000, "nested too deep", id="nested"),
        pytest.param("\udcff", "decode", id="not UTF-8"),
    ],
)
def test_mistakes_in_maps_are_named(tmp_path, text, message):
    own = tmp_path / "own.JSON"
    own.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CheckpointPlanError, match=message):
        mx.Checkpoint.from_arrays({"a": [1.0], "c": [1.0]}).map_names(own)


def test_a_map_without_a_way_back_says_so(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text("[[rules]]\nfrom = 'a'\nto = 'b'\n")
    checkpoint = mx.Checkpoint.from_arrays({"a": [1.0]})
    assert list(checkpoint.map_names(own)) == ["b"]
    with pytest.raises(CheckpointPlanError, match="no rules for the way back"):
        checkpoint.map_names(own, back=True)


def test_a_checkpoint_is_not_pickled(path):
    import pickle

    with pytest.raises(TypeError, match="pass its path"):
        pickle.dumps(mx.Checkpoint(path))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (">f2", "float16"),
        ([("bfloat16", np.uint16)], "bfloat16"),
        ("torch.float8_e5m2", "float8_e5m2"),
        ("torch.bfloat16", "bfloat16"),
    ],
)
def test_astype_takes_dtypes_in_any_spelling(path, given, name):
    headers = mx.Checkpoint(path).astype(given).headers
    assert headers["arg:fc_weight"].dtype.name == name
