"""Writing: any array and name there and back, and everything checked before a file is touched."""

from __future__ import annotations

import tracemalloc

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import formats
from numparam.base import MXNetError
from numparam.types.dtypes import DTYPE_BY_FLAG

FLAGS = list(DTYPE_BY_FLAG)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
contexts = st.tuples(st.sampled_from([1, 2, 3, 5]), st.integers(0, 2**31 - 1))


def filled(draw, shape):
    dtype = DTYPE_BY_FLAG[draw(st.sampled_from(FLAGS))]
    count = int(np.prod(shape)) * dtype.itemsize
    raw = np.frombuffer(draw(st.binary(min_size=count, max_size=count)), np.uint8)
    return (raw % 2 if dtype == np.bool_ else raw).view(dtype).reshape(shape)


@st.composite
def dense_records(draw, min_dims=1):
    shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=4, min_side=0, max_side=3))
    return formats.DenseRecord(filled(draw, shape), *draw(contexts))


@st.composite
def row_sparse_records(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
    rows = range(shape[0])
    ids = sorted(draw(st.sets(st.sampled_from(rows)))) if shape[0] else []
    data = filled(draw, (len(ids), *shape[1:]))
    return formats.RowSparseRecord(shape, data, np.array(ids, np.int64), *draw(contexts))


@st.composite
def csr_records(draw):
    rows, columns = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    counts = draw(st.lists(st.integers(0, columns), min_size=rows, max_size=rows))
    ids = [draw(st.permutations(range(columns)))[:count] for count in counts]
    indices = np.array([column for row in ids for column in row], np.int64)
    indptr = np.cumsum([0, *counts])
    data = filled(draw, (len(indices),))
    return formats.CSRRecord((rows, columns), data, indptr, indices, *draw(contexts))


def assert_same(found, expected):
    assert type(found) is type(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert (found.dev_type, found.dev_id) == (expected.dev_type, expected.dev_id)
    for part in ("data", "indices", "indptr"):
        if hasattr(expected, part):
            assert getattr(found, part).tobytes() == getattr(expected, part).tobytes()


@given(st.data())
def test_records_and_names_come_back_as_they_were(data):
    kinds = st.one_of(dense_records(), row_sparse_records(), csr_records())
    records = data.draw(st.lists(kinds, max_size=4))
    given_names = data.draw(
        st.none() | st.lists(names, min_size=len(records), max_size=len(records))
    )
    found_names, found = formats.read(formats.dumps(given_names, records))
    assert found_names == (given_names or None)
    assert len(found) == len(records)
    for record, expected in zip(found, records, strict=True):
        assert_same(record, expected)
        assert_same(formats.loads_record(formats.dumps_record(expected)), expected)


@given(dense_records(min_dims=0))
def test_any_dense_array_can_be_saved_under_np_shape(record):
    _, (found,) = formats.read(formats.dumps(None, [record], np_shape=True))
    assert_same(found, record)
    assert found.version == 3
    state = formats.dumps_record(record, np_shape=True)
    assert_same(formats.loads_record(state), record)


@pytest.mark.parametrize("dtype", DTYPE_BY_FLAG.values(), ids=str)
def test_every_dtype_of_the_format_is_written_with_its_number(dtype):
    contents = formats.dumps_record(formats.DenseRecord(np.ones(1, dtype)))
    flag = int.from_bytes(contents[28:32], "little")
    assert DTYPE_BY_FLAG[flag] == dtype
    assert contents[32:] == np.ones(1, dtype).tobytes()


AWKWARD = {
    "Fortran order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(12.0).reshape(2, 6)[:, ::2],
    "reversed": np.arange(6.0).reshape(2, 3)[::-1],
    "big-endian": np.arange(6.0).reshape(2, 3).astype(">f8"),
    "read-only": np.broadcast_to(np.float64(3), (2, 3)),
    "unaligned": np.frombuffer(bytes(49), np.uint8)[1:].view(np.float64).reshape(2, 3),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_arrays_of_any_layout_are_written_in_c_order_and_little_endian(name):
    array = AWKWARD[name]
    _, (record,) = formats.read(formats.dumps(None, [formats.DenseRecord(array)]))
    assert record.data.flags.c_contiguous
    assert record.dtype == np.float64
    assert np.array_equal(record.data, array)


def test_mxnets_own_bfloat16_dtype_is_written_as_bfloat16():
    structured = np.array([(0x3F80,), (0x4020,)], np.dtype([("bfloat16", np.uint16)]))
    _, (record,) = formats.read(formats.dumps(None, [formats.DenseRecord(structured)]))
    assert record.dtype == ml_dtypes.bfloat16
    assert record.data.astype(np.float32).tolist() == [1.0, 2.5]


def test_ids_of_any_integer_dtype_are_written_as_int64():
    for dtype in (np.int32, np.uint8, ">i8"):
        record = formats.RowSparseRecord((5, 1), np.ones((2, 1)), np.array([1, 3], dtype))
        expected = formats.RowSparseRecord((5, 1), np.ones((2, 1)), np.array([1, 3]))
        assert formats.dumps(None, [record]) == formats.dumps(None, [expected])


GOOD = formats.DenseRecord(np.ones(2))
ONES = np.ones((2, 1))


def row_sparse(data=ONES, ids=(0, 2), shape=(3, 1)):
    return formats.RowSparseRecord(shape, np.asarray(data), np.asarray(ids))


def csr(data=(1.0, 2.0), starts=(0, 1, 2), ids=(0, 1), shape=(2, 2)):
    return formats.CSRRecord(shape, np.asarray(data), np.asarray(starts), np.asarray(ids))


BAD = {
    "not a record": (None, [np.ones(2)], formats.UnsupportedRecordError, "ndarray"),
    "not an array": (
        None,
        [formats.DenseRecord([1.0])],
        formats.UnsupportedRecordError,
        "NumPy arrays, got list",
    ),
    "complex": (
        None,
        [formats.DenseRecord(np.ones(2, complex))],
        formats.UnsupportedRecordError,
        "complex128",
    ),
    "objects": (
        None,
        [formats.DenseRecord(np.array([None]))],
        formats.UnsupportedRecordError,
        "object",
    ),
    "text": (
        None,
        [formats.DenseRecord(np.array(["a"]))],
        formats.UnsupportedRecordError,
        "<U1",
    ),
    "dimensions": (
        None,
        [formats.DenseRecord(np.ones((1,) * 33))],
        formats.UnsupportedRecordError,
        "33 dimensions",
    ),
    "fewer names": (["a"], [GOOD, GOOD], formats.CountMismatchError, "2 arrays"),
    "one text as names": ("ab", [GOOD, GOOD], formats.CountMismatchError, "'ab'"),
    "integer name": ([1], [GOOD], formats.UnsupportedRecordError, "int"),
    "lone surrogate": (["\ud800"], [GOOD], formats.NameEncodingError, "rename"),
    "row id too large": (None, [row_sparse(ids=(0, 3))], formats.SparseIndexError, "0 to 2"),
    "negative row id": (None, [row_sparse(ids=(-1, 2))], formats.SparseIndexError, "-1"),
    "row ids descend": (None, [row_sparse(ids=(2, 0))], formats.SparseIndexError, "ascend"),
    "row ids repeat": (None, [row_sparse(ids=(1, 1))], formats.SparseIndexError, "ascend"),
    "row ids missing": (None, [row_sparse(ids=(1,))], formats.CountMismatchError, "row ids"),
    "row ids float": (
        None,
        [row_sparse(ids=(0.0, 1.0))],
        formats.UnsupportedRecordError,
        "integers",
    ),
    "row_sparse scalar": (None, [row_sparse(shape=())], formats.UnsupportedRecordError, "shape"),
    "columns differ": (None, [row_sparse(shape=(3, 2))], formats.CountMismatchError, "row_sparse"),
    "indptr short": (None, [csr(starts=(0, 2))], formats.CountMismatchError, "indptr of 3"),
    "indptr end": (None, [csr(starts=(0, 1, 1))], formats.SparseIndexError, "last element"),
    "indptr begin": (None, [csr(starts=(1, 1, 2))], formats.SparseIndexError, "begin"),
    "indptr descends": (None, [csr(starts=(0, 3, 2))], formats.SparseIndexError, "descend"),
    "column too large": (None, [csr(ids=(0, 2))], formats.SparseIndexError, "0 to 1"),
    "csr of three dimensions": (
        None,
        [csr(shape=(2, 2, 1))],
        formats.CountMismatchError,
        "two dimensions",
    ),
    "csr data of two dimensions": (
        None,
        [csr(data=ONES)],
        formats.CountMismatchError,
        "one dimension",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_back_is_refused_before_the_file_is_touched(name, tmp_path):
    given_names, records, kind, message = BAD[name]
    path = tmp_path / "net.params"
    path.write_bytes(b"old")
    with pytest.raises(kind, match=message) as caught:
        formats.write(path, given_names, records)
    assert isinstance(caught.value, MXNetError)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(kind):
        formats.dumps(given_names, records)


@pytest.mark.parametrize("np_shape", [False, True])
def test_each_array_is_written_in_the_version_that_can_hold_it(np_shape, tmp_path):
    scalar = formats.DenseRecord(np.array(7.0))
    records = [GOOD, scalar, row_sparse(), csr()]
    formats.write(tmp_path / "net.params", list("dsrc"), records, np_shape=np_shape)
    names, found = formats.read(tmp_path / "net.params")
    assert names == list("dsrc")
    assert [record.version for record in found] == [3 if np_shape else 2, 3, 2, 2]
    for record, expected in zip(found, records, strict=True):
        assert_same(record, expected)
    for record in records:
        state = formats.dumps_record(record, np_shape=np_shape)
        assert_same(formats.loads_record(state), record)


def test_shapes_that_an_id_reaches_are_saved_and_read():
    records = [
        row_sparse(np.ones((2, 3)), (0, 2**63 - 2), (2**63 - 1, 3)),
        csr((1.0, 2.0), (0, 1, 2), (0, 2**63 - 2), (2, 2**63 - 1)),
    ]
    _, found = formats.read(formats.dumps(None, records))
    for record, expected in zip(found, records, strict=True):
        assert_same(record, expected)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(row_sparse((), np.zeros(0, np.int64), (2**63,)), id="rows"),
        pytest.param(csr((), (0, 0, 0), np.zeros(0, np.int64), (2, 2**63)), id="columns"),
        pytest.param(csr((), (0, 0, 0), np.zeros(0, np.int64), (2, -1)), id="negative"),
    ],
)
def test_shapes_that_no_reader_accepts_are_refused(record):
    with pytest.raises(formats.UnsupportedRecordError, match="shape"):
        formats.dumps(None, [record])


@given(st.lists(st.binary(max_size=8), max_size=4))
def test_names_of_any_bytes_go_back_as_they_came(given_names):
    decoded = [name.decode("utf-8", "surrogateescape") for name in given_names]
    contents = formats.dumps(decoded, [GOOD] * len(given_names))
    names, records = formats.read(contents, errors="surrogateescape")
    assert names == (decoded or None)
    assert formats.dumps(names, records) == contents


def test_a_name_longer_than_any_reader_accepts_is_refused():
    with pytest.raises(formats.NameLengthError, match="1048577 characters"):
        formats.dumps(["w" * (2**20 + 1)], [GOOD])
    names = ["w" * 2**20]
    assert formats.read(formats.dumps(names, [GOOD]))[0] == names


def test_an_empty_csr_array_may_have_any_number_of_dimensions():
    record = csr((), (0, 0, 0), np.zeros(0, np.int64), (2, 3, 4))
    _, (found,) = formats.read(formats.dumps(None, [record]))
    assert found.shape == (2, 3, 4)


class Holding:
    """Counts who is inside, as the locks of arrays do."""

    def __init__(self):
        self.inside = 0
        self.entered = []

    def __call__(self, function, *arrays):
        self.entered += arrays
        self.inside += 1
        try:
            return function()
        finally:
            self.inside -= 1


@pytest.mark.parametrize("size", [3, 100_000])
def test_arrays_are_held_while_they_are_read_and_never_while_a_file_object_is_written_to(size):
    hold, held_while_writing = Holding(), []

    class Watching:
        def write(self, piece):
            held_while_writing.append(hold.inside)

    array = np.ones(size)
    formats.write(Watching(), None, [formats.DenseRecord(array), row_sparse()], hold=hold)
    assert held_while_writing
    assert not any(held_while_writing)
    assert any(held is array for held in hold.entered)
    assert hold.inside == 0


def test_large_arrays_are_held_while_they_go_to_a_regular_file_without_a_copy(tmp_path):
    hold = Holding()
    array = np.ones(1_000_000)
    tracemalloc.start()
    try:
        formats.write(tmp_path / "x", None, [formats.DenseRecord(array)], hold=hold)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert any(held is array for held in hold.entered)
    assert formats.read(tmp_path / "x")[1][0].data.tobytes() == array.tobytes()
