"""Files that MXNet 1.9.1 wrote, and what it read: `params_files.json` and `golden/`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import record_params_files as recorder

from numparam import formats

RECORDED = json.loads(recorder.TARGET.read_text(encoding="utf-8"))
WRITTEN = {name: bytes.fromhex(text) for name, text in RECORDED["written"].items()}
CASES = recorder.written_cases()
HANDMADE = recorder.read_cases(WRITTEN)
DEVICE_TYPES = {"cpu": 1, "cpu_pinned": 3, "cpu_shared": 5}
# MXNet accepts these and then reads and writes outside of its arrays' memory.
REFUSED_HERE = {"row ids descending", "row ids repeated"}
# MXNet refuses to read these, and nothing is wrong with them.
READ_HERE = {"V3 dense without np_shape"}

GOLDEN = Path(__file__).resolve().parent / "golden"
MANIFEST = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))


def build(spec: dict) -> formats.Record:
    dtype = np.dtype(ml_dtypes.bfloat16 if spec["dtype"] == recorder.BFLOAT16 else spec["dtype"])
    device, device_id = spec["context"]
    context = {"dev_type": DEVICE_TYPES[device], "dev_id": device_id}
    values = np.asarray(spec["values"]).astype(dtype)
    if spec["storage"] == "default":
        return formats.DenseRecord(values, **context)
    ids = np.asarray(spec["indices"], np.int64)
    if spec["storage"] == "row_sparse":
        return formats.RowSparseRecord(spec["shape"], values, ids, **context)
    starts = np.asarray(spec["indptr"], np.int64)
    return formats.CSRRecord(spec["shape"], values, starts, ids, **context)


def assert_same(found: formats.Record, expected: formats.Record) -> None:
    assert found.storage == expected.storage
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert (found.dev_type, found.dev_id) == (expected.dev_type, expected.dev_id)
    for part in ("data", "indices", "indptr"):
        if hasattr(expected, part):
            assert getattr(found, part).shape == getattr(expected, part).shape
            assert getattr(found, part).tobytes() == getattr(expected, part).tobytes()


def test_recorded_values_come_from_this_recorder_and_mxnet_1_9_1():
    source = Path(recorder.__file__).read_bytes()
    assert RECORDED["recorder_sha256"] == hashlib.sha256(source).hexdigest(), "record again"
    assert RECORDED["versions"] == {"mxnet": "1.9.1", "numpy": "1.23.5"}


def test_every_recorded_value_has_its_case_and_every_case_its_value():
    assert list(RECORDED["written"]) == list(CASES)
    assert list(RECORDED["read"]) == list(HANDMADE)
    assert set(RECORDED["pickled"]) <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_files_are_written_byte_for_byte_as_mxnet_writes_them(name, tmp_path):
    case = CASES[name]
    records = [build(spec) for spec in case["arrays"]]
    path = tmp_path / "saved.params"
    formats.write(path, case["names"], records, np_shape=case["np_shape"])
    assert path.read_bytes() == WRITTEN[name]
    assert formats.dumps(case["names"], records, np_shape=case["np_shape"]) == WRITTEN[name]


@pytest.mark.parametrize("name", CASES)
def test_what_mxnet_wrote_is_read_back_as_it_was(name):
    case = CASES[name]
    names, records = formats.read(WRITTEN[name])
    assert names == (case["names"] or None)
    assert len(records) == len(case["arrays"])
    for record, spec in zip(records, case["arrays"], strict=True):
        assert_same(record, build(spec))
        assert record.version == (3 if case["np_shape"] else 2)


@pytest.mark.parametrize("name", RECORDED["pickled"])
def test_a_pickled_mxnet_array_is_a_single_record(name):
    state = bytes.fromhex(RECORDED["pickled"][name])
    record = build(CASES[name]["arrays"][0])
    assert formats.dumps_record(record) == state
    assert_same(formats.loads_record(state), record)


@pytest.mark.parametrize("name", HANDMADE)
def test_handmade_files_are_read_or_refused_as_mxnet_does(name):
    outcome = RECORDED["read"][name]
    accepted = isinstance(outcome, list) and name not in REFUSED_HERE
    if not accepted and name not in READ_HERE:
        with pytest.raises(formats.FormatError) as caught:
            formats.read(HANDMADE[name])
        assert caught.value.offset is not None
        return
    names, records = formats.read(HANDMADE[name])
    if name in READ_HERE:
        return
    assert names == (None if outcome[0]["name"] is None else [entry["name"] for entry in outcome])
    for record, entry in zip(records, outcome, strict=True):
        assert (record.storage, list(record.shape)) == (entry["storage"], entry["shape"])
        assert record.dtype.name == entry["dtype"]
        assert record.data.tobytes().hex() == entry["values"]


def to_dense(record: formats.Record) -> np.ndarray:
    dense = np.zeros(record.shape, record.dtype)
    if isinstance(record, formats.DenseRecord):
        dense[...] = record.data
    elif isinstance(record, formats.RowSparseRecord):
        dense[record.indices] = record.data
    else:
        for row in range(record.shape[0]):
            stored = slice(record.indptr[row], record.indptr[row + 1])
            dense[row, record.indices[stored]] = record.data[stored]
    return dense


@pytest.mark.parametrize("name", [name for name in MANIFEST if "arrays" in MANIFEST[name]])
def test_golden_files_hold_what_their_manifest_says(name):
    contents = (GOLDEN / name).read_bytes()
    assert hashlib.sha256(contents).hexdigest() == MANIFEST[name]["sha256"]
    arrays = MANIFEST[name]["arrays"]
    names, records = formats.read(GOLDEN / name)
    assert names == list(arrays)
    for record, expected in zip(records, arrays.values(), strict=True):
        assert record.storage == expected["stype"]
        assert list(record.shape) == expected["shape"]
        found = to_dense(record)
        if "bfloat16" in expected["dtype"]:
            assert record.dtype == ml_dtypes.bfloat16
            found = found.view(np.uint16)
        else:
            assert record.dtype.name == expected["dtype"]
        assert found.tolist() == expected["dense"]
        for part in {"indices", "indptr"} & set(expected):
            assert getattr(record, part).tolist() == expected[part]
    np_shape = records[0].version == 3
    assert formats.dumps(names, records, np_shape=np_shape) == contents


@pytest.mark.parametrize(("name", "version"), [("v0_handmade", 0), ("v1_handmade", 1)])
def test_golden_files_of_old_versions_are_read(name, version):
    names, (record,) = formats.read(GOLDEN / f"{name}.params")
    assert names == ["a"]
    assert record.version == version
    assert (record.dtype, record.data.tolist()) == (np.float32, [[1, 2], [3, 4]])
