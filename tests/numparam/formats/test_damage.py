"""Each kind of damage is an error of its own that says where it is and what to do."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from numparam import formats
from numparam.base import MXNetError

GOLDEN = sorted((Path(__file__).resolve().parent / "golden").glob("*.params"))
DENSE = formats.dumps(["w"], [formats.DenseRecord(np.ones((2, 3), np.float32))])
RECORD, STORAGE, NDIM, DIMS, DTYPE, VALUES = 24, 28, 32, 36, 60, 64
NAMES = VALUES + 24
ROW_SPARSE = formats.dumps(
    ["r"], [formats.RowSparseRecord((5, 2), np.ones((2, 2), np.float32), np.array([1, 3]))]
)
CSR = formats.dumps(
    ["c"],
    [formats.CSRRecord((2, 4), np.ones(3, np.float32), np.array([0, 1, 3]), np.array([0, 1, 3]))],
)


def patched(contents: bytes, offset: int, layout: str, *values: int) -> bytes:
    patch = struct.pack("<" + layout, *values)
    return contents[:offset] + patch + contents[offset + len(patch) :]


def refused(contents: bytes, kind: type[formats.FormatError], offset: int) -> str:
    """Read headers, values and a lone record; return the message."""
    with pytest.raises(formats.FormatError) as caught:
        formats.read(contents)
    assert type(caught.value) is kind
    assert caught.value.offset == offset
    assert isinstance(caught.value, MXNetError)
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    assert f"byte {offset}" in message
    assert caught.value.source in message
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.offset) == (kind, message, offset)
    return message


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_file_cut_at_any_byte_is_truncated_there(path, tmp_path):
    contents = path.read_bytes()
    for end in range(len(contents)):
        refused(contents[:end], formats.TruncatedFileError, end)
        with pytest.raises(formats.TruncatedFileError):
            formats.read_headers(contents[:end])
    cut = tmp_path / "cut.params"
    cut.write_bytes(contents[: len(contents) // 2])
    with pytest.raises(formats.TruncatedFileError, match=r"cut\.params: byte .* cut short"):
        formats.read(cut)


def test_values_cut_off_are_found_without_reading_values():
    message = refused(DENSE[:70], formats.TruncatedFileError, 70)
    assert "array 1 of 1" in message
    assert "24 bytes of values at byte 64" in message


@pytest.mark.parametrize("dimension", [-1, -(2**63), 2**62, 2**63 - 1])
def test_impossible_sizes_are_refused(dimension):
    message = refused(patched(DENSE, DIMS, "q", dimension), formats.ImpossibleShapeError, DIMS)
    assert str(dimension) in message


def test_a_product_of_sizes_that_overflows_is_refused_even_beside_a_zero():
    overflowing = patched(DENSE, DIMS, "qq", 2**40, 2**40)
    refused(overflowing, formats.ImpossibleShapeError, DIMS)
    three = formats.dumps(None, [formats.DenseRecord(np.zeros((0, 1, 1)))])
    refused(patched(three, DIMS, "qqq", 0, 2**40, 2**40), formats.ImpossibleShapeError, DIMS)


@pytest.mark.parametrize("ndim", [-1, -(2**31), 33, 2**31 - 1])
def test_impossible_numbers_of_dimensions_are_refused(ndim):
    message = refused(patched(DENSE, NDIM, "i", ndim), formats.ImpossibleShapeError, NDIM)
    assert f"{ndim} dimensions" in message


def test_a_large_possible_shape_is_a_truncated_file_and_takes_no_memory():
    refused(patched(DENSE, DIMS, "qq", 2**30, 2**20), formats.TruncatedFileError, len(DENSE))


@pytest.mark.parametrize("flag", [-1, 13, 255, 2**31 - 1])
def test_unknown_dtypes_are_refused(flag):
    message = refused(patched(DENSE, DTYPE, "i", flag), formats.UnknownDtypeError, DTYPE)
    assert str(flag) in message


@pytest.mark.parametrize("storage", [-1, 3, 2**31 - 1])
def test_unknown_storage_types_are_refused(storage):
    damaged = patched(DENSE, STORAGE, "i", storage)
    message = refused(damaged, formats.UnknownStorageTypeError, STORAGE)
    assert f"found {storage}" in message


def test_an_unknown_record_magic_is_refused():
    damaged = patched(DENSE, RECORD, "I", 0xF993FACB)
    assert "f993facb" in refused(damaged, formats.RecordMagicError, RECORD)
    refused(patched(DENSE, RECORD, "I", 33), formats.RecordMagicError, RECORD)


@pytest.mark.parametrize("magic", [0xF993FAC8, 0xF993FAC9, 0])
def test_an_array_without_shape_is_a_none_array(magic):
    start = DENSE[:RECORD] + struct.pack("<I", magic)
    if magic == 0xF993FAC9:
        start += bytes(4)
    where = len(start) if magic else RECORD
    refused(start + bytes(40), formats.NoneArrayError, where)


def test_a_none_array_under_np_shape_has_minus_one_dimensions():
    damaged = patched(patched(DENSE, RECORD, "I", 0xF993FACA), NDIM, "i", -1)
    refused(damaged, formats.NoneArrayError, NDIM)


@pytest.mark.parametrize("count", [2, 3, 2**32, 2**64 - 1])
def test_too_many_names_for_the_arrays_are_refused(count):
    message = refused(patched(DENSE, NAMES, "Q", count), formats.CountMismatchError, NAMES)
    assert f"found {count}" in message


def test_too_few_names_for_the_arrays_are_refused():
    two = formats.dumps(["a", "b"], [formats.DenseRecord(np.ones(1))] * 2)
    where = len(two) - 26
    refused(patched(two, where, "Q", 1), formats.CountMismatchError, where)


@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 2**40, 2**64 - 1])
def test_a_wrong_number_of_arrays_is_a_count_mismatch(names, count):
    contents = formats.dumps(names, [formats.DenseRecord(np.ones(2, np.float32))] * 3)
    with pytest.raises(formats.CountMismatchError, match="number of arrays"):
        formats.read(patched(contents, 16, "Q", count))


def gbk_file() -> bytes:
    """What Python 2 on a Chinese system saved: names in GBK."""
    names = ["卷积0_权重", "卷积0_偏置"]
    contents = formats.dumps(["x" * 10] * 2, [formats.DenseRecord(np.ones(1))] * 2)
    for name in names:
        contents = contents.replace(b"x" * 10, name.encode("gbk"), 1)
    return contents


def test_names_in_another_encoding_are_read_when_it_is_named():
    assert formats.read(gbk_file(), encoding="gbk")[0] == ["卷积0_权重", "卷积0_偏置"]
    assert formats.read_headers(gbk_file(), encoding="gbk")[0] == ["卷积0_权重", "卷积0_偏置"]


def test_names_that_are_not_utf_8_are_refused_with_the_ways_to_read_them():
    with pytest.raises(formats.NameEncodingError, match="encoding='gbk'") as caught:
        formats.read(gbk_file())
    assert "surrogateescape" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_names_of_any_bytes_can_be_kept_and_go_back_as_they_came():
    names, records = formats.read(gbk_file(), errors="surrogateescape")
    assert [name.encode("utf-8", "surrogateescape").decode("gbk") for name in names] == [
        "卷积0_权重",
        "卷积0_偏置",
    ]
    assert formats.dumps(names, records) == gbk_file()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-16"])
def test_names_that_are_not_in_the_given_encoding_are_refused(encoding):
    with pytest.raises(formats.NameEncodingError, match=encoding) as caught:
        formats.read(gbk_file(), encoding=encoding)
    assert "damaged" not in str(caught.value)


def test_an_encoding_that_does_not_exist_is_refused():
    with pytest.raises(formats.NameEncodingError, match="unknown encoding: klingon"):
        formats.read(gbk_file(), encoding="klingon")


def test_more_arrays_than_bytes_are_refused_before_any_is_read(monkeypatch):
    monkeypatch.setattr("numparam.formats.headers._parse_plain", lambda _: pytest.fail("read"))
    refused(patched(DENSE, 16, "Q", 2**20 + 1), formats.CountMismatchError, 16)


def test_a_name_of_gigabytes_is_refused_in_little_memory(tmp_path):
    path = tmp_path / "net.params"
    path.write_bytes(patched(DENSE, NAMES + 8, "Q", 2**33))
    os.truncate(path, 2**34)  # sparse: it takes no place on the disk
    tracemalloc.start()
    try:
        with pytest.raises(formats.NameLengthError, match="one of 8589934592") as caught:
            formats.read(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.offset == NAMES + 8


def test_messages_quote_what_a_terminal_would_obey():
    with pytest.raises(formats.FormatError) as caught:
        formats.read_headers(io.BytesIO(b"\x1b[2J"))
    assert str(caught.value).isprintable()
    error = formats.FormatError("bad.", source="a\x1b[2Jb\n", offset=3)
    assert str(error) == r"'a\x1b[2Jb\n': byte 3: bad."


def test_a_name_longer_than_the_file_is_refused():
    refused(patched(DENSE, NAMES + 8, "Q", 2**63), formats.TruncatedFileError, len(DENSE))


INDEX_CASES = [
    ("row_sparse", 0, -1),
    ("row_sparse", 1, 5),
    ("row_sparse", 1, 2**62),
    ("row_sparse", 1, 1),
    ("row_sparse", 1, 0),
    ("indptr", 0, 1),
    ("indptr", 0, -1),
    ("indptr", 1, 4),
    ("indptr", 1, -1),
    ("indptr", 2, 2),
    ("indptr", 2, 2**40),
    ("columns", 0, -1),
    ("columns", 2, 4),
]


@pytest.mark.parametrize(("array", "position", "value"), INDEX_CASES)
def test_bad_sparse_ids_are_refused_at_their_byte(array, position, value):
    contents = ROW_SPARSE if array == "row_sparse" else CSR
    begin = len(contents) - 17 - {"row_sparse": 16, "indptr": 48, "columns": 24}[array]
    damaged = patched(contents, begin + 8 * position, "q", value)
    reported = 2 if (array, position, value) == ("indptr", 1, 4) else position
    message = refused(damaged, formats.SparseIndexError, begin + 8 * reported)
    assert str(value) in message
    assert formats.read_headers(damaged)[1], "headers are read without looking at ids"
    with pytest.raises(IndexError):
        formats.read(damaged)


def test_ids_of_an_axis_without_elements_are_refused():
    record = formats.CSRRecord((1, 1), np.ones(1, np.float32), np.array([0, 1]), np.array([0]))
    contents = formats.dumps(None, [record])
    columns = contents.index(struct.pack("<qq", 1, 1), 40)
    with pytest.raises(formats.SparseIndexError, match="size 0"):
        formats.read(patched(contents, columns + 8, "q", 0))


# Of the row_sparse file: where the numbers of its header are.
STORED_ROWS, STORED_COLUMNS, ROWS, IDS_DTYPE, IDS = 36, 44, 56, 84, 92


def test_counts_of_sparse_arrays_must_match():
    assert struct.unpack_from("<qqi", ROW_SPARSE, STORED_ROWS) == (2, 2, 2)
    assert struct.unpack_from("<iiq", ROW_SPARSE, IDS_DTYPE) == (6, 1, 2)
    for offset, value in [(STORED_ROWS, 3), (STORED_COLUMNS, 1), (ROWS, 1), (IDS, 1), (IDS, 3)]:
        damaged = patched(ROW_SPARSE, offset, "q", value)
        assert "row" in refused(damaged, formats.CountMismatchError, RECORD)
    indptr_count = CSR.index(struct.pack("<iiq", 6, 1, 3)) + 8
    for offset, value in [(36, 2), (48, 3), (indptr_count, 2), (indptr_count + 16, 2)]:
        assert "csr" in refused(
            patched(CSR, offset, "q", value), formats.CountMismatchError, RECORD
        )


def test_a_sparse_array_without_dimensions_is_refused():
    version_3 = patched(ROW_SPARSE, RECORD, "I", 0xF993FACA)
    damaged = version_3[: ROWS - 4] + bytes(4) + version_3[ROWS + 16 :]
    assert "row_sparse" in refused(damaged, formats.ImpossibleShapeError, RECORD)


def test_ids_of_another_dtype_than_integers_are_refused():
    damaged = patched(ROW_SPARSE, IDS_DTYPE, "i", 0)
    assert "int64" in refused(damaged, formats.UnknownDtypeError, IDS_DTYPE)


def test_ids_of_32_bits_are_read_as_64():
    narrow = patched(ROW_SPARSE, IDS_DTYPE, "i", 4)
    end = len(ROW_SPARSE) - 17
    narrow = narrow[: end - 16] + struct.pack("<ii", 1, 3) + narrow[end:]
    _, (record,) = formats.read(narrow)
    assert (record.indices.dtype, record.indices.tolist()) == (np.int64, [1, 3])


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, a=np.ones(2))
    return file.getvalue()


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"x")
    return file.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
STRANGERS = {
    "html": (b"\n <!DOCTYPE html><html><body>404", formats.HtmlPageError, "download"),
    "html with a mark": (b"\xef\xbb\xbf<HTML>", formats.HtmlPageError, "web page"),
    "xml": (b"<?xml version='1.0'?><Error>", formats.HtmlPageError, "web page"),
    "git lfs": (LFS, formats.GitLfsPointerError, "git lfs pull"),
    "npz": (npz(), formats.ZipArchiveError, r"\.npz"),
    "zip": (zipped("net.params"), formats.ZipArchiveError, "Unpack"),
    "torch": (zipped("archive/data.pkl"), formats.ZipArchiveError, "PyTorch"),
    "gzip": (b"\x1f\x8b\x08\x00", formats.NotAParamsFileError, "gzip"),
    "pickle": (pickle.dumps({}), formats.NotAParamsFileError, "pickle"),
    "npy": (b"\x93NUMPY\x01\x00", formats.NotAParamsFileError, "numpy.load"),
    "hdf5": (b"\x89HDF\r\n\x1a\n", formats.NotAParamsFileError, "h5py"),
    "safetensors": (
        struct.pack("<Q", 64) + b'{"weight":{}}',
        formats.NotAParamsFileError,
        "safetensors",
    ),
    "json": (b'{\n "nodes": []', formats.NotAParamsFileError, "-symbol.json"),
    "one record": (DENSE[RECORD:NAMES], formats.NotAParamsFileError, "loads_record"),
    "anything": (bytes(range(64)), formats.NotAParamsFileError, "00 01 02 03"),
    "one byte": (b"x", formats.NotAParamsFileError, "begins with the bytes 78"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_other_files_are_told_apart(name, tmp_path):
    contents, kind, hint = STRANGERS[name]
    refused(contents, kind, 0)
    path = tmp_path / "net.params"
    path.write_bytes(contents)
    with pytest.raises(kind, match=hint) as caught:
        formats.read_headers(path)
    assert str(caught.value).startswith(f"{path}: byte 0: expected a .params file, found ")


def test_a_lone_record_is_checked_like_a_file():
    record = DENSE[RECORD:NAMES]
    for end in range(len(record)):
        with pytest.raises(formats.TruncatedFileError):
            formats.loads_record(record[:end])
    with pytest.raises(formats.UnknownDtypeError):
        formats.loads_record(patched(record, DTYPE - RECORD, "i", 77))
    with pytest.raises(formats.SparseIndexError):
        formats.loads_record(patched(ROW_SPARSE[RECORD:], len(ROW_SPARSE) - RECORD - 33, "q", 9))
