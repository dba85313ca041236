"""Every format holds every array: what is written is read back, bit for bit."""

import errno
import io
import json
import os
import struct
import zipfile

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings

from numparam import formats
from numparam.formats.array_files import (
    UnknownFormatError,
    WriteOptions,
    format_of,
    open_arrays,
    write_arrays,
)
from numparam.formats.errors import (
    CountMismatchError,
    FormatError,
    NotAParamsFileError,
    UnsupportedRecordError,
)
from numparam.formats.npz import NpzError
from numparam.formats.safetensors import SafetensorsError
from numparam.formats.streams import RecordStream
from tests.support.checkpoint_arrays import NARROW, PARAMS_DTYPES, assert_same, named_records

W = formats.DenseRecord(np.arange(6, dtype=np.float32).reshape(2, 3))


def _streams(records):
    return {name: RecordStream(record) for name, record in records.items()}


def _written(records, format, **options):
    file = io.BytesIO()
    write_arrays(file, _streams(records), format, WriteOptions(**options))
    return file.getvalue()


def _check_round_trip(records, format):
    # A small piece, so that arrays are of several.
    file = open_arrays(_written(records, format, piece=8))
    assert file.format == format
    assert list(file.arrays) == list(records)
    for name, record in records.items():
        stream = file.arrays[name]
        assert stream.header.nbytes == RecordStream(record).header.nbytes
        assert_same(stream.read(), record)
        if record.storage == "default":
            pieces = b"".join(piece.tobytes() for piece in stream.pieces(3))
            assert pieces == record.data.tobytes()
    file.close()


@given(named_records())
def test_params_files_hold_every_array(records):
    _check_round_trip(records, "params")


@given(named_records((*PARAMS_DTYPES, *NARROW)))
def test_safetensors_files_hold_every_array(records):
    _check_round_trip(records, "safetensors")


@given(named_records((*PARAMS_DTYPES, *NARROW)))
def test_npz_files_hold_every_array(records):
    _check_round_trip(records, "npz")


@settings(max_examples=25)  # torch.save is slow
@given(named_records((*PARAMS_DTYPES, *NARROW)))
def test_torch_files_hold_every_array(records):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    _check_round_trip(records, "torch")


@given(named_records())
def test_params_files_are_those_of_the_other_writer(records):
    dense = all(record.storage == "default" for record in records.values())
    np_shape = dense and any(not r.shape or 0 in r.shape for r in records.values())
    expected = formats.dumps(list(records), list(records.values()), np_shape=np_shape)
    assert _written(records, "params", piece=8) == expected


def test_the_safetensors_library_reads_the_files():
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    contents = _written({"odd": formats.DenseRecord(np.ones(3, np.int8)), "w": W}, "safetensors")
    found = library.load(contents)
    assert found["w"].tolist() == W.data.tolist()
    assert found["odd"].tolist() == [1, 1, 1]


def test_files_of_the_safetensors_library_are_read():
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    file = open_arrays(library.save({"w": W.data}, metadata={"format": "pt"}))
    assert_same(file.arrays["w"].read(), W)


def test_numpy_reads_npz_files_and_compressed_ones_are_read():
    contents = _written({"w": W}, "npz")
    with np.load(io.BytesIO(contents)) as found:
        assert found["w"].tolist() == W.data.tolist()
    file = io.BytesIO()
    np.savez_compressed(file, w=W.data, f=np.asfortranarray(W.data), b=W.data.astype(">f4"))
    found = open_arrays(file.getvalue()).arrays
    for stream in found.values():
        assert_same(stream.read(), W)
        assert np.concatenate([p.copy() for p in stream.pieces(4)]).tolist() == list(range(6))


def test_wide_dtypes_come_first_in_safetensors_so_that_arrays_are_aligned():
    contents = _written({"odd": formats.DenseRecord(np.ones(3, np.int8)), "w": W}, "safetensors")
    (length,) = struct.unpack("<Q", contents[:8])
    header = json.loads(contents[8 : 8 + length])
    assert length % 8 == 0
    assert header["w"]["data_offsets"] == [0, 24]
    assert list(header) == ["odd", "w"]


def test_shards_have_an_index_and_are_read_as_one(tmp_path):
    records = dict.fromkeys("abc", W)
    index = tmp_path / "net.safetensors.index.json"
    write_arrays(index, _streams(records), options=WriteOptions(shard_size=50))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "net-00001-of-00002.safetensors",
        "net-00002-of-00002.safetensors",
        "net.safetensors.index.json",
    ]
    assert json.loads(index.read_text())["metadata"] == {"total_size": 72}
    found = open_arrays(index)
    assert list(found.arrays) == list("abc")
    assert_same(found.arrays["c"].read(), W)
    found.close()


def test_an_index_cannot_name_files_elsewhere(tmp_path):
    index = tmp_path / "net.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "../other.safetensors"}}))
    with pytest.raises(SafetensorsError, match="not in its folder"):
        open_arrays(index)


def test_torch_reads_the_files_and_its_own_are_read(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    bfloat16 = formats.DenseRecord(np.arange(3).astype(ml_dtypes.bfloat16))
    write_arrays(tmp_path / "net.pt", _streams({"w": W, "b": bfloat16}))
    found = torch.load(tmp_path / "net.pt", weights_only=True)
    assert found["w"].tolist() == W.data.tolist()
    assert found["b"].dtype == torch.bfloat16
    for zipped in (True, False):
        path = tmp_path / f"own{zipped}.bin"
        contents = {"epoch": 3, "state_dict": {"w": torch.arange(6.0).reshape(3, 2).T}}
        torch.save(contents, path, _use_new_zipfile_serialization=zipped)
        assert open_arrays(path).arrays["w"].read().data.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_large_torch_files_go_through_mapped_memory(tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.setattr("numparam.formats.torch_files._IN_MEMORY", 10)
    write_arrays(tmp_path / "net.pt", _streams({"w": W}))
    assert_same(open_arrays(tmp_path / "net.pt").arrays["w"].read(), W)


def test_torch_files_fail_as_others_do_on_a_full_disk(tmp_path, monkeypatch):
    torch_files = pytest.importorskip("numparam.formats.torch_files")
    pytest.importorskip("torch", reason="PyTorch is not installed")

    def full(pieces):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        torch_files.write_torch(full, _streams({"w": W}), 1 << 20)
    if not hasattr(os, "posix_fallocate"):
        return

    def no_room(descriptor, offset, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    # Memory that is mapped from a file with holes ends the process on a full disk.
    monkeypatch.setattr(os, "posix_fallocate", no_room)
    monkeypatch.setattr("numparam.formats.torch_files._IN_MEMORY", 10)
    (tmp_path / "net.pt").write_bytes(b"old")
    with pytest.raises(OSError, match="No space left on device in the temporary folder"):
        write_arrays(tmp_path / "net.pt", _streams({"w": W}))
    assert (tmp_path / "net.pt").read_bytes() == b"old"


def test_without_torch_its_files_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(ImportError, match=r"numparam\[torch\]"):
        write_arrays(tmp_path / "net.pt", _streams({"w": W}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", ["safetensors", "npz"])
def test_names_that_would_be_read_as_parts_are_refused(format):
    with pytest.raises(UnsupportedRecordError, match="part of a sparse array"):
        _written({"w#row_sparse.data": W}, format)


def test_params_files_refuse_dtypes_that_they_lack_before_writing(tmp_path):
    path = tmp_path / "net.params"
    path.write_bytes(b"old")
    narrow = formats.DenseRecord(np.zeros(2, ml_dtypes.float8_e4m3fn))
    with pytest.raises(UnsupportedRecordError, match=r"'w'.*float8_e4m3fn.*astype"):
        write_arrays(path, _streams({"w": narrow}))
    assert path.read_bytes() == b"old"


def test_parts_that_do_not_fit_are_damage():
    whole = np.array([5, 2])
    parts = {
        "w#row_sparse.shape": formats.DenseRecord(whole),
        "w#row_sparse.indices": formats.DenseRecord(np.array([0, 9])),
        "w#row_sparse.data": formats.DenseRecord(np.ones((2, 2))),
    }

    def contents():
        file = io.BytesIO()
        np.savez(file, **{name: record.data for name, record in parts.items()})
        return file.getvalue()

    with pytest.raises(formats.SparseIndexError, match="'w'"):
        open_arrays(contents()).arrays["w"].read()
    parts["w#row_sparse.indices"] = formats.DenseRecord(np.array([0, 1, 2]))
    with pytest.raises(CountMismatchError, match="'w'"):
        open_arrays(contents())


def test_a_list_stays_a_list():
    file = open_arrays(formats.dumps(None, [W, W]))
    assert not file.named
    assert list(file.arrays) == ["0", "1"]


@pytest.mark.parametrize("cut", [3, 20, 60, 100])
def test_files_that_are_cut_short_are_damage(cut):
    contents = _written({"w": W, "v": W}, "safetensors")
    with pytest.raises(FormatError):
        open_arrays(contents[:cut])


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, id="size"),
        pytest.param({"w": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}, id="end"),
        pytest.param({"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, id="negative"),
        pytest.param({"w": {"dtype": "F4", "shape": [2], "data_offsets": [0, 1]}}, id="dtype"),
        pytest.param({"w": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}, id="list"),
        pytest.param({"w": 3}, id="number"),
    ],
)
def test_safetensors_headers_are_checked(header):
    text = json.dumps(header).encode()
    with pytest.raises(SafetensorsError, match="'w'"):
        open_arrays(struct.pack("<Q", len(text)) + text + bytes(8))


def test_objects_in_npz_files_are_not_unpickled():
    file = io.BytesIO()
    np.savez(file, w=np.array([{}], object), allow_pickle=True)
    with pytest.raises(NpzError, match="object"):
        open_arrays(file.getvalue())


def test_damaged_members_of_npz_files_are_found():
    contents = bytearray(_written({"w": W}, "npz"))
    at = contents.index(W.data.tobytes())
    contents[at] ^= 1
    with pytest.raises(NpzError, match="damaged"):
        open_arrays(bytes(contents)).arrays["w"].read()


def test_other_zip_archives_are_strangers():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "text")
    with pytest.raises(NotAParamsFileError, match="zip archive"):
        open_arrays(file.getvalue())


@pytest.mark.parametrize(
    ("target", "format", "expected"),
    [
        ("a.params", None, "params"),
        ("A.SAFETENSORS", None, "safetensors"),
        ("a.pth", None, "torch"),
        ("a.bin", "npz", "npz"),
    ],
)
def test_the_suffix_or_the_format_decides(target, format, expected):
    assert format_of(target, format).name == expected


@pytest.mark.parametrize(("target", "format"), [("a", None), ("a.params", "zip"), (None, None)])
def test_unknown_suffixes_and_formats_are_explained(target, format):
    with pytest.raises(UnknownFormatError, match="params, safetensors, npz, torch"):
        format_of(target, format)
