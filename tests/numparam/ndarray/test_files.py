import io
import pathlib
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import formats, nd
from numparam.base import MXNetError
from numparam.ndarray import files
from tests.support.sparse_arrays import csr, parts, row_sparse

pytestmark = pytest.mark.usefixtures("device")
ANY_DEVICE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
DTYPES = [
    *("float16", "bfloat16", "float32", "float64", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
]
SHAPES = [(), (0,), (2, 0, 3), (1,), (2, 3), (1, 2, 1, 2)]


def same(one, other):
    assert (one.stype, one.shape, one.dtype) == (other.stype, other.shape, other.dtype)
    if one.stype == "default":
        np.testing.assert_array_equal(one.asnumpy(), other.asnumpy())
    else:
        assert parts(one) == parts(other)


@pytest.mark.parametrize("path_type", [str, pathlib.Path])
def test_paths_of_either_kind(tmp_path, path_type):
    path = path_type(tmp_path / "net.params")
    assert nd.save(path, {"w": nd.ones((2, 3))}) is None
    same(nd.load(path)["w"], nd.ones((2, 3)))
    same(nd.load_frombuffer(pathlib.Path(path).read_bytes())["w"], nd.ones((2, 3)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_dense_arrays_of_every_dtype_and_shape(tmp_path, dtype, shape):
    with mx.util.np_shape(True):
        array = nd.array(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2, dtype=dtype)
        nd.save(tmp_path / "x", [array])
        (loaded,) = nd.load(tmp_path / "x")
        same(loaded, array)


@given(data=st.data())
@ANY_DEVICE
def test_sparse_arrays_keep_what_they_store(tmp_path, data):
    table, matrix = data.draw(row_sparse())[0], data.draw(csr())[0]
    dtype = data.draw(st.sampled_from(["float32", "float64", "int32", "bfloat16"]))
    arrays = {"t": table.astype(dtype), "m": matrix, "d": nd.ones((2,))}
    nd.save(tmp_path / "x", arrays)
    loaded = nd.load(tmp_path / "x")
    assert list(loaded) == list(arrays)
    for name, array in arrays.items():
        same(loaded[name], array)


def test_arrays_of_every_context_come_back_on_cpu_0(tmp_path):
    arrays = [nd.ones((1,), mx.cpu(3)), nd.ones((2, 2), mx.cpu(1)).tostype("csr")]
    nd.save(tmp_path / "x", arrays)
    _, headers = formats.read_headers(tmp_path / "x")
    assert [header.dev_id for header in headers] == [3, 1]
    with mx.cpu(2):
        assert [array.context for array in nd.load(tmp_path / "x")] == [mx.cpu(0)] * 2


def test_lists_dicts_and_single_arrays(tmp_path):
    one = nd.ones((1,))
    for value, expected in ((one, 1), ([one, one], 2), ((one,), 1), ([], 0), ({}, 0)):
        nd.save(tmp_path / "x", value)
        loaded = nd.load(tmp_path / "x")
        assert isinstance(loaded, list)
        assert len(loaded) == expected


def test_of_equal_names_the_last_one_stays():
    records = [formats.DenseRecord(np.float32([value])) for value in (1, 2)]
    contents = formats.dumps(["a", "a"], records)
    assert nd.load_frombuffer(contents)["a"].asnumpy() == 2
    names, arrays = files.read_arrays(contents)
    assert (names, len(arrays)) == (["a", "a"], 2)


@pytest.mark.parametrize(
    "value", [None, 3, "x", ["x"], [[1.0]], {"a": 3}, {1: None}, [None], {None}, object()]
)
def test_what_is_no_array_is_refused_before_the_file_is_touched(tmp_path, value):
    nd.save(tmp_path / "x", nd.ones((2,)))
    for kind in (TypeError, ValueError):
        with pytest.raises(kind):
            nd.save(tmp_path / "x", value)
    same(nd.load(tmp_path / "x")[0], nd.ones((2,)))


def row_id_out_of_range():
    return nd.sparse.row_sparse_array(([[1.0]], [9]), shape=(4, 1))


def complex_numbers():
    return np.ones(2, complex)


@pytest.mark.parametrize("bad", [row_id_out_of_range, complex_numbers])
def test_arrays_that_cannot_be_saved_leave_the_old_file(tmp_path, bad):
    nd.save(tmp_path / "x", nd.ones((2,)))
    with pytest.raises(MXNetError):
        nd.save(tmp_path / "x", [nd.zeros((2,)), bad()])
    same(nd.load(tmp_path / "x")[0], nd.ones((2,)))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("np_shape", [False, True])
def test_scalars_sparse_and_dense_arrays_are_saved_in_one_file_in_either_mode(tmp_path, np_shape):
    with mx.util.np_shape(True):
        scalar = nd.array(np.float32(3))
    arrays = {"s": scalar, "t": nd.ones((2, 2)).tostype("row_sparse"), "m": nd.ones((1, 2))}
    with mx.util.np_shape(np_shape):
        nd.save(tmp_path / "x", arrays)
    for mode in (False, True):
        with mx.util.np_shape(mode):
            loaded = nd.load(tmp_path / "x")
        assert list(loaded) == list(arrays)
        for name, array in arrays.items():
            same(loaded[name], array)


@pytest.mark.parametrize("rows", [2**60, 2**62, 2**63 - 1])
def test_tables_of_as_many_rows_as_an_id_reaches_are_made_saved_and_loaded(tmp_path, rows):
    table = nd.sparse.row_sparse_array(([[1.0, 2.0]], [rows - 1]), shape=(rows, 2))
    nd.save(tmp_path / "x", {"table": table, "beside": nd.ones((2,))})
    loaded = nd.load(tmp_path / "x")
    assert loaded["table"].shape == (rows, 2)
    assert loaded["table"].indices.asnumpy().tolist() == [rows - 1]
    same(loaded["beside"], nd.ones((2,)))


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_more_rows_or_columns_than_an_id_reaches_are_refused_at_once(stype):
    with pytest.raises(MXNetError, match="64 bits"):
        nd.sparse.zeros(stype, (2**63, 1) if stype == "row_sparse" else (1, 2**63))


class OfAnotherLibrary:
    """What a library that is not imported here may hand over."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class ByDLPack(OfAnotherLibrary):
    """An array that needs gradients, which PyTorch exports only when detached."""

    __array__ = None

    def __dlpack__(self, **keywords):
        raise BufferError("it requires gradients")

    def detach(self):
        return self.values


@pytest.mark.parametrize("wrap", [np.asarray, OfAnotherLibrary, ByDLPack])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "uint8"])
def test_arrays_of_other_libraries_are_saved_with_their_dtype(tmp_path, wrap, dtype):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    nd.save(tmp_path / "x", {"w": wrap(values), "step": np.array(7)})
    loaded = nd.load(tmp_path / "x")
    assert loaded["w"].dtype == values.dtype
    np.testing.assert_array_equal(loaded["w"].asnumpy(), values)
    assert (loaded["step"].shape, int(loaded["step"].asnumpy())) == ((), 7)


def test_an_array_that_another_library_does_not_hand_over_is_named(tmp_path):
    class Broken(OfAnotherLibrary):
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("its memory is elsewhere")

    with pytest.raises(TypeError, match=r"'w'.*Broken.*elsewhere"):
        nd.save(tmp_path / "x", {"w": Broken(1)})


def test_file_objects_are_written_to_and_read_from_where_they_stand():
    file = io.BytesIO()
    file.write(b"before")
    nd.save(file, {"w": nd.ones((2, 3))})
    file.seek(6)
    same(nd.load(file)["w"], nd.ones((2, 3)))
    with pytest.raises(TypeError, match="binary"):
        nd.save(io.StringIO(), nd.ones((1,)))
    with pytest.raises(TypeError, match="binary"):
        nd.load(io.StringIO("text"))
    with pytest.raises(TypeError, match="write"):
        nd.save(type("Reader", (), {"read": None})(), nd.ones((1,)))


def test_names_in_other_encodings(tmp_path):
    contents = formats.dumps(["xxxx"], [formats.DenseRecord(np.ones(1))])
    (tmp_path / "x").write_bytes(contents.replace(b"xxxx", "权重".encode("gbk")))
    assert list(nd.load(tmp_path / "x", encoding="gbk")) == ["权重"]
    kept = nd.load(tmp_path / "x", errors="surrogateescape")
    nd.save(tmp_path / "y", kept)
    assert (tmp_path / "y").read_bytes() == (tmp_path / "x").read_bytes()
    with pytest.raises(MXNetError, match="encoding='gbk'"):
        nd.load(tmp_path / "x")


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("loaded", [False, True])
def test_files_of_the_other_mode_of_shapes_need_strict_false(tmp_path, saved, loaded):
    with mx.util.np_shape(saved):
        nd.save(tmp_path / "x", nd.ones((2,)))
    with mx.util.np_shape(loaded):
        for read, source in (
            (nd.load, tmp_path / "x"),
            (nd.load_frombuffer, (tmp_path / "x").read_bytes()),
        ):
            same(read(source, strict=False)[0], nd.ones((2,)))
            if saved == loaded:
                same(read(source)[0], nd.ones((2,)))
            else:
                with pytest.raises(MXNetError, match="strict=False"):
                    read(source)


@pytest.mark.parametrize("saved", [False, True])
def test_the_global_mode_of_shapes_reads_both(saved):
    contents = formats.dumps(None, [formats.DenseRecord(np.ones(2))], np_shape=saved)
    mx.util.set_np_shape(2)
    try:
        assert nd.load_frombuffer(contents)[0].shape == (2,)
    finally:
        mx.util.set_np_shape(0)


def test_no_array_is_made_before_all_headers_are_checked(monkeypatch):
    monkeypatch.setattr(files, "_read_dense", lambda *_: pytest.fail("an array was read"))
    records = [formats.DenseRecord(np.ones(2)), formats.DenseRecord(np.ones(2))]
    contents = bytearray(formats.dumps(None, records))
    contents[24 + 48 : 24 + 52] = struct.pack("<I", 77)  # the second record's magic
    with pytest.raises(MXNetError, match="byte 72"):
        nd.load_frombuffer(contents)
    contents = formats.dumps(None, records, np_shape=True)  # the other mode of shapes
    with pytest.raises(MXNetError, match="strict=False"):
        nd.load_frombuffer(contents)


def test_a_missing_file_and_other_sources():
    with pytest.raises(FileNotFoundError):
        nd.load("/nonexistent/net.params")
    with pytest.raises(MXNetError):
        nd.load(pathlib.Path("/nonexistent/net.params"))
    for source in (3, b"bytes", None):
        with pytest.raises(TypeError):
            nd.load(source)
    for source in (3, None, pathlib.Path("x")):
        with pytest.raises(TypeError):
            nd.load_frombuffer(source)
    with pytest.raises(TypeError):
        nd.save(3, nd.ones((1,)))


@given(cut=st.integers(0, 10**6))
@ANY_DEVICE
def test_files_cut_anywhere_are_refused(cut):
    arrays = [formats.DenseRecord(np.ones(3)), formats.RowSparseRecord((3,), np.ones(1), np.r_[1])]
    contents = formats.dumps(["a", "b"], arrays)
    with pytest.raises(MXNetError):
        nd.load_frombuffer(contents[: cut % len(contents)])


def test_csr_columns_in_any_order_are_sorted_as_sums_by_mxnet_leave_them():
    record = formats.CSRRecord(
        (2, 3), np.float32([1, 2, 3]), np.array([0, 2, 3]), np.array([2, 0, 1])
    )
    (loaded,) = nd.load_frombuffer(formats.dumps(None, [record]))
    loaded.check_format()
    np.testing.assert_array_equal(loaded.asnumpy(), [[2, 0, 1], [0, 3, 0]])


def test_values_are_read_straight_into_memory_of_the_array():
    contents = formats.dumps(None, [formats.DenseRecord(np.float32([1, 2]))])
    (loaded,) = nd.load_frombuffer(contents)
    loaded += 1
    np.testing.assert_array_equal(loaded.asnumpy(), [2, 3])
    (again,) = nd.load_frombuffer(contents)
    np.testing.assert_array_equal(again.asnumpy(), [1, 2])
