"""Reading in two steps, from files and from memory."""

from __future__ import annotations

import errno
import os
import pathlib
import tracemalloc

import numpy as np
import pytest

from numparam import formats
from numparam.base import MXNetError

DENSE = formats.DenseRecord(np.arange(6, dtype=np.float32).reshape(2, 3))
ROW_SPARSE = formats.RowSparseRecord((5, 2), np.ones((2, 2), np.float16), np.array([1, 3]))
CSR = formats.CSRRecord((2, 4), np.ones(3), np.array([0, 1, 3]), np.array([0, 1, 3]))
CONTENTS = formats.dumps(["d", "r", "c"], [DENSE, ROW_SPARSE, CSR])


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.params"
    path.write_bytes(CONTENTS)
    return path


def test_headers_tell_names_shapes_dtypes_storage_and_places(path):
    names, headers = formats.read_headers(path)
    assert names == ["d", "r", "c"]
    assert [header.storage for header in headers] == ["default", "row_sparse", "csr"]
    assert [header.shape for header in headers] == [(2, 3), (5, 2), (2, 4)]
    assert [header.stored_shape for header in headers] == [(2, 3), (2, 2), (3,)]
    assert [header.dtype for header in headers] == [np.float32, np.float16, np.float64]
    assert [header.version for header in headers] == [2, 2, 2]
    assert [header.nbytes for header in headers] == [24, 8, 24]
    for header, record in zip(headers, (DENSE, ROW_SPARSE, CSR), strict=True):
        place = slice(header.data_offset, header.data_offset + header.nbytes)
        assert CONTENTS[place] == record.data.tobytes()
    (ids,) = headers[1].index_headers
    assert CONTENTS[ids.offset : ids.offset + ids.nbytes] == ROW_SPARSE.indices.tobytes()
    assert headers == formats.read_headers(CONTENTS)[1]


def test_reading_headers_allocates_nothing_for_values(tmp_path):
    path = tmp_path / "big.params"
    formats.write(path, None, [formats.DenseRecord(np.zeros(1_000_000, np.float32))])
    tracemalloc.start()
    try:
        formats.read_headers(path)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_values_are_read_straight_into_given_memory(path):
    with formats.ParamsReader(path) as params:
        data = np.zeros((2, 3), np.float32)
        params.read_into(params.headers[0], data)
        rows, ids = np.zeros((2, 2), np.float16), np.zeros(2, np.int64)
        params.read_into(params.headers[1], rows, ids)
        values, starts, columns = np.zeros(3), np.zeros(3, np.int64), np.zeros(3, np.int64)
        params.read_into(params.headers[2], values, starts, columns)
    assert data.tolist() == DENSE.data.tolist()
    assert (rows.tolist(), ids.tolist()) == ([[1, 1], [1, 1]], [1, 3])
    assert (starts.tolist(), columns.tolist()) == ([0, 1, 3], [0, 1, 3])


def test_reading_into_given_memory_copies_nothing_in_between(tmp_path):
    path = tmp_path / "big.params"
    values = np.arange(1_000_000, dtype=np.float32)
    formats.write(path, None, [formats.DenseRecord(values)])
    out = np.empty_like(values)
    tracemalloc.start()
    try:
        with formats.ParamsReader(path) as params:
            params.read_into(params.headers[0], out)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert np.array_equal(out, values)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((3, 2), np.float32),
        np.empty(6, np.float32),
        np.empty((2, 3), np.float64),
        np.empty((2, 3), ">f4"),
        np.empty((3, 2), np.float32).T,
        np.broadcast_to(np.float32(0), (2, 3)),
    ],
    ids=["shape", "flat", "dtype", "big-endian", "Fortran order", "read-only"],
)
def test_memory_that_does_not_fit_is_refused(out):
    message = r"expected an? "
    with formats.ParamsReader(CONTENTS) as params, pytest.raises(ValueError, match=message):
        params.read_into(params.headers[0], out)


def test_missing_or_foreign_outputs_are_refused():
    with formats.ParamsReader(CONTENTS) as params:
        with pytest.raises(ValueError, match="1 index arrays, got 0"):
            params.read_into(params.headers[1], np.empty((2, 2), np.float16))
        with pytest.raises(TypeError, match="bytearray"):
            params.read_into(params.headers[0], bytearray(24))


def test_bad_ids_are_found_before_given_memory_is_changed():
    damaged = CONTENTS.replace(ROW_SPARSE.indices.tobytes(), np.array([3, 1]).tobytes())
    rows, ids = np.zeros((2, 2), np.float16), np.zeros(2, np.int64)
    with formats.ParamsReader(damaged) as params, pytest.raises(formats.SparseIndexError):
        params.read_into(params.headers[1], rows, ids)
    assert not rows.any()
    assert not ids.any()


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_paths_may_be_strings_or_path_objects(kind, path):
    assert formats.read(kind(path))[0] == ["d", "r", "c"]


class PathLike:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return os.fsencode(self.path)


def test_any_path_like_object_will_do(path):
    assert formats.read(PathLike(path))[0] == ["d", "r", "c"]


def numpy_bytes(contents):
    return np.frombuffer(contents, np.uint8)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, numpy_bytes])
def test_contents_may_be_any_contiguous_bytes(wrap):
    names, records = formats.read(wrap(CONTENTS))
    assert names == ["d", "r", "c"]
    for record in records:
        assert record.data.flags.writeable
        assert record.data.flags.owndata
        assert record.data.flags.aligned


def test_what_is_neither_path_nor_bytes_is_refused():
    with pytest.raises(TypeError, match="path"):
        formats.read(3)
    with pytest.raises(TypeError, match="contiguous"):
        formats.read(np.frombuffer(CONTENTS, np.uint8)[::2])
    with pytest.raises(TypeError, match="read files with read"):
        formats.loads_record("net.params")


def test_an_empty_buffer_of_any_shape_is_a_truncated_file():
    with pytest.raises(formats.TruncatedFileError):
        formats.read(np.empty((0, 3), np.uint8))


def test_a_missing_file_is_both_a_file_not_found_and_an_mxnet_error(tmp_path):
    missing = tmp_path / "missing.params"
    with pytest.raises(
        formats.ParamsFileNotFoundError, match=r"no file 'missing\.params' in the folder"
    ) as caught:
        formats.read(missing)
    assert isinstance(caught.value, FileNotFoundError)
    assert isinstance(caught.value, MXNetError)
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(missing)


def test_a_folder_and_a_pipe_are_refused_without_waiting(tmp_path):
    with pytest.raises(formats.FileAccessError) as caught:
        formats.read(tmp_path)
    assert isinstance(caught.value, (IsADirectoryError, PermissionError))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(formats.FileAccessError, match="Not a regular file"):
            formats.read(tmp_path / "pipe")


def test_a_file_that_shrinks_while_it_is_open_is_truncated(path):
    with formats.ParamsReader(path) as params:
        os.truncate(path, params.headers[2].data_offset + 3)
        with pytest.raises(formats.TruncatedFileError, match="shorter since"):
            params.read(params.headers[2])


def test_a_reader_keeps_the_file_it_opened_when_another_takes_its_place(path):
    with formats.ParamsReader(path) as params:
        formats.write(path, ["d"], [formats.DenseRecord(np.zeros((9, 9)))])
        assert params.read(params.headers[0]).data.tolist() == DENSE.data.tolist()
    assert formats.read(path)[1][0].shape == (9, 9)


def test_booleans_of_any_nonzero_byte_are_true():
    contents = formats.dumps(None, [formats.DenseRecord(np.array([True, False, True]))])
    _, (record,) = formats.read(contents.replace(b"\1\0\1" + bytes(8), b"\2\0\xff" + bytes(8)))
    assert record.data.view(np.uint8).tolist() == [1, 0, 1]


def test_repeated_names_are_all_returned():
    records = [formats.DenseRecord(np.array([value])) for value in (1.0, 2.0)]
    names, found = formats.read(formats.dumps(["a", "a"], records))
    assert names == ["a", "a"]
    assert [record.data[0] for record in found] == [1.0, 2.0]


def test_the_context_it_was_saved_from_is_told():
    contents = formats.dumps(None, [formats.DenseRecord(np.ones(1), 2, 7)])
    _, (record,) = formats.read(contents)
    assert (record.dev_type, record.dev_id) == (2, 7)


def test_a_missing_file_is_not_taken_for_a_folder_of_a_similar_name(tmp_path):
    (tmp_path / "net.param").mkdir()
    with pytest.raises(FileNotFoundError) as missing:
        formats.read(tmp_path / "net.params")
    assert "net.param'?" not in str(missing.value)
    (tmp_path / "net2.params").touch()
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'net2\.params'"):
        formats.read(tmp_path / "net.params")
