import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import nd
from numparam.base import MXNetError, NotSupportedForSparseNDArray
from numparam.ndarray.sparse import SparseFormatError
from tests.support.sparse_arrays import parts

pytestmark = pytest.mark.usefixtures("device")


def table():
    return nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2))


def matrix():
    return nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 3))


BOTH = pytest.mark.parametrize("make", [table, matrix])


def rows_of(*ids, rows=4):
    return nd.sparse.row_sparse_array(([[1, 2]] * len(ids), ids), shape=(rows, 2))


def csr_of(indices, indptr, columns=3):
    values = [1.0] * len(indices)
    return nd.sparse.csr_matrix((values, indices, indptr), shape=(len(indptr) - 1, columns))


INVALID_ROWS = [
    pytest.param((0, 4), id="row too large"),
    pytest.param((0, 2**40), id="row far too large"),
    pytest.param((-1, 0), id="negative row"),
]
INVALID_MATRICES = [
    pytest.param(([0, 3], [0, 1, 2]), id="column too large"),
    pytest.param(([-1, 0], [0, 1, 2]), id="negative column"),
    pytest.param(([1, 1], [0, 2, 2]), id="repeated columns"),
    pytest.param(([0, 2, 1], [0, 2, 1, 3]), id="indptr falls"),
    pytest.param(([0, 2], [1, 1, 2]), id="indptr starts late"),
    pytest.param(([0, 2], [0, 1, 1]), id="indptr ends early"),
    pytest.param(([0, 2], [0, 1, 9]), id="indptr ends late"),
]


def check(array):
    array.check_format()


def to_numpy(array):
    return array.asnumpy()


def copy_to_dense(array):
    array.copyto(nd.zeros(array.shape))


def add_to_itself(array):
    return array + array


def subtract(array):
    return array - array


def add_dense(array):
    return array + nd.ones(array.shape)


def multiply(array):
    return array * array


def multiply_dense(array):
    return array * nd.ones(array.shape)


def double(array):
    return array * 2


def add_n(array):
    return nd.add_n(array, array)


def mean_over_rows(array):
    return array.mean(axis=0)


def make_dense(array):
    return array.tostype("default")


USES = [
    *(check, copy_to_dense, add_to_itself, subtract, add_dense, multiply, multiply_dense, double),
    *(add_n, mean_over_rows, make_dense, to_numpy, nd.abs, nd.max, nd.sum, nd.norm, pickle.dumps),
]


def _refuses(array, use):
    assert array.data.shape[0] >= 2
    array.check_format(full_check=False)
    for kind in (MXNetError, IndexError):
        with pytest.raises(kind):
            use(array)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("ids", INVALID_ROWS)
def test_row_ids_out_of_range_are_stored_and_refused_at_every_use(ids, use):
    _refuses(rows_of(*ids), use)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("parts", INVALID_MATRICES)
def test_matrices_that_check_format_refuses_are_stored_and_refused_at_every_use(parts, use):
    _refuses(csr_of(*parts), use)


@given(ids=st.lists(st.integers(0, 3), min_size=1, max_size=6))
@settings(max_examples=30)
@pytest.mark.parametrize("use", USES[1:])
def test_rows_may_be_given_in_any_order_and_the_last_of_an_id_counts(ids, use):
    rows = np.arange(2 * len(ids), dtype=np.float32).reshape(-1, 2) + 1
    given_order = nd.sparse.row_sparse_array((rows, ids), shape=(4, 2))
    dense = np.zeros((4, 2), np.float32)
    for number, row in zip(ids, rows, strict=True):
        dense[number] = row
    assert (given_order.asnumpy() == dense).all()
    assert given_order.indices.tolist() == ids
    result, expected = use(given_order), use(nd.array(dense).tostype("row_sparse"))
    if isinstance(result, nd.NDArray):
        assert result.stype == expected.stype
        assert (result.asnumpy() == expected.asnumpy()).all()


def test_the_message_names_the_id_and_its_place():
    with pytest.raises(SparseFormatError, match=r"0 to 3, but one is 9 \(indices\[1\]\)"):
        rows_of(0, 9).asnumpy()
    with pytest.raises(SparseFormatError, match=r"0 follows 2 \(indices\[1\]\)"):
        csr_of([2, 0, 1], [0, 2, 3]).check_format()


def test_columns_may_fall_from_one_row_to_the_next():
    csr_of([1, 2, 0, 0], [0, 2, 2, 3, 4]).check_format()
    csr_of([0, 0], [0, 0, 1, 2, 2]).check_format()


@BOTH
def test_what_does_not_rely_on_ids_takes_any(make):
    array = rows_of(9, -1) if make is table else csr_of([7, -1], [0, 1, 2])
    before = parts(array)
    for same in (
        array.copy(),
        array.astype("float64"),
        array.as_in_context(mx.cpu(1)),
        copy.deepcopy(array),
        array.detach(),
    ):
        assert parts(same) == before
    assert "NDArray" in repr(array)
    assert len(array) == array.shape[0]


@BOTH
def test_properties(make):
    array = make()
    assert (array.ndim, array.dtype, array.context) == (2, np.float32, mx.cpu())
    assert repr(array) == (f"\n<{type(array).__name__} {array.shape[0]}x{array.shape[1]} @cpu(0)>")
    assert len(array) == array.shape[0]
    assert array._num_aux == (1 if make is table else 2)


@BOTH
@pytest.mark.parametrize("name", ["data", "indices", "indptr"])
def test_parts_are_copies_and_cannot_be_set(make, name):
    array = make()
    if make is table and name == "indptr":
        assert not hasattr(array, name)
        return
    before = parts(array)
    part = getattr(array, name)
    with pytest.raises(ValueError, match="a copy in which"):
        part[:] = 0
    part.copy()[:] = 0
    assert parts(array) == before
    with pytest.raises(NotImplementedError, match=name):
        setattr(array, name, part)


@BOTH
def test_what_needs_a_dense_array_says_so(make):
    array = make()
    for call in (lambda: array.reshape((1, -1)), lambda: array._at(0), lambda: array._slice(0, 1)):
        with pytest.raises(NotSupportedForSparseNDArray, match="dense"):
            call()
    for call in (lambda: array.size, array.asscalar):
        with pytest.raises(NotImplementedError, match=r"data|dense"):
            call()
    with pytest.raises(ValueError, match="true nor false"):
        bool(array)
    with pytest.raises(TypeError):
        float(array)
    with pytest.raises(TypeError):
        type(array)()
    with pytest.raises(TypeError, match="from_parts"):
        type(array).from_buffer(None, mx.cpu())


@BOTH
def test_numpy_gets_no_dense_array_silently(make):
    array = make()
    with pytest.raises(TypeError, match="asnumpy"):
        np.asarray(array)
    with pytest.raises(ValueError, match="asnumpy"):
        np.array(array, copy=False)
    np.testing.assert_array_equal(np.array(array, copy=True), array.asnumpy())
    assert not hasattr(array, "__array_interface__")
    with pytest.raises(MXNetError):
        array.__dlpack__()


@BOTH
def test_numpy_scalars_are_numbers_on_either_side(make):
    array = make()
    for product in (np.float32(2) * array, array * np.float32(2)):
        assert product.stype == array.stype
        np.testing.assert_array_equal(product.asnumpy(), 2 * array.asnumpy())


@BOTH
def test_detached_handles_share_what_is_stored_later_too(make):
    array = make()
    detached = array.detach()
    array *= 3
    assert parts(detached) == parts(array)


@BOTH
def test_copies_do_not_share(make):
    array = make()
    before = parts(array)
    for duplicate in (array.copy(), copy.deepcopy(array), array.tostype(array.stype)):
        duplicate *= 5
        assert parts(array) == before


@BOTH
def test_pickles_come_back_on_cpu_0(make):
    array = make().as_in_context(mx.cpu(2)).astype("float64")
    back = pickle.loads(pickle.dumps(array))
    assert type(back) is type(array)
    assert (back.dtype, back.context, back.shape) == (np.float64, mx.cpu(0), array.shape)
    assert parts(back) == parts(array)


def test_pickles_load_whatever_the_mode_of_shapes():
    contents = pickle.dumps(table())
    with mx.util.np_shape(True):
        assert parts(pickle.loads(contents)) == parts(table())
        assert parts(pickle.loads(pickle.dumps(matrix()))) == parts(matrix())


def test_deepcopy_keeps_the_marking():
    array = table()
    array.attach_grad("add")
    duplicate = copy.deepcopy(array)
    assert duplicate._grad_req == "add"
    assert duplicate.grad is not array.grad
    assert duplicate.grad.stype == "row_sparse"


@BOTH
def test_astype(make):
    array = make()
    assert array.astype("float32", copy=False) is array
    half = array.astype("float16")
    assert (half.dtype, half.stype) == (np.float16, array.stype)
    np.testing.assert_array_equal(half.asnumpy(), array.asnumpy())
    with pytest.raises(TypeError):
        array.astype("foo")


def test_astype_keeps_what_becomes_zero():
    small = nd.sparse.row_sparse_array(([[0.4, -0.7]], [1]), shape=(2, 2))
    assert parts(small.astype("int32")) == ([1], [[0, 0]])


@BOTH
def test_copyto_writes_in_place_converts_and_crosses_contexts(make):
    array = make()
    target = nd.zeros(array.shape, mx.cpu(1), "float64", array.stype)
    assert array.copyto(target) is target
    assert target.dtype == np.float64
    assert parts(target) == parts(array)
    dense = nd.ones(array.shape, mx.cpu(1))
    assert array.copyto(dense) is dense
    np.testing.assert_array_equal(dense.asnumpy(), array.asnumpy())


@BOTH
def test_copyto_refuses_and_leaves_the_target(make):
    array = make()
    target = nd.ones(array.shape).tostype("csr" if make is table else "row_sparse")
    before = parts(target)
    with pytest.raises(TypeError):
        array.copyto(target)
    with pytest.raises(MXNetError):
        array.copyto(nd.zeros((7, 7), stype=array.stype))
    with pytest.raises(TypeError):
        array.copyto("x")
    assert parts(target) == before
    with pytest.warns(RuntimeWarning):
        assert array.copyto(array) is False


def test_no_array_of_all_elements_is_made_on_the_way(device):
    rows = 2**40  # of 64 columns: 256 TB
    ids = np.array([5, 2**39, rows - 1])
    array = nd.sparse.row_sparse_array((np.ones((3, 64), "float32"), ids), shape=(rows, 64))
    double = nd.add_n(array, array) + array * 2 - array
    wanted = nd.array([5, 7, rows - 1], dtype="int64")
    assert double.data.asnumpy().sum() == 3 * 64 * 3
    assert nd.sparse.retain(double, wanted).data.asnumpy().sum() == 2 * 64 * 3
    assert nd.zeros_like(array).data.shape == (0, 64)
    assert (array * array).data.shape == (3, 64)
    assert array.norm().asnumpy() == np.sqrt(np.float32(192))
    assert nd.clip(array, 0, 0.5).sum(axis=0).asnumpy().tolist() == [1.5] * 64
    if device.name == "opaque":
        assert {"merge.merge", "retain.retain"} <= set(device.calls)


def test_index_arrays_are_numbered_in_the_order_of_files():
    rows = nd.sparse.row_sparse_array(([[1.0, 2.0]], [1]), shape=(3, 2))
    matrix = nd.sparse.csr_matrix(([5.0], [1], [0, 1, 1]), shape=(2, 3))
    assert rows._aux_types == [np.int64]
    assert matrix._aux_types == [np.int64, np.int64]
    assert rows._aux_type(0) is np.int64
    assert rows._aux_data(0).asnumpy().tolist() == [1]
    assert [matrix._aux_data(i).asnumpy().tolist() for i in range(2)] == [[0, 1, 1], [1]]
    with pytest.raises(MXNetError, match="_sync_copyfrom"):
        rows._sync_copyfrom(np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("columns", "dense"),
    [
        ([2, 0, 1], [[2, 0, 1], [0, 3, 0]]),
        ([1, 0, 0], [[2, 1, 0], [3, 0, 0]]),
    ],
)
def test_columns_of_a_csr_matrix_may_be_given_in_any_order(tmp_path, columns, dense):
    matrix = nd.sparse.csr_matrix(([1, 2, 3], columns, [0, 2, 3]), shape=(2, 3))
    assert matrix.asnumpy().tolist() == dense
    assert matrix.tostype("default").asnumpy().tolist() == dense
    assert (matrix * 2).asnumpy().tolist() == (2 * np.array(dense)).tolist()
    assert nd.dot(matrix, nd.array(np.eye(3))).asnumpy().tolist() == dense
    assert matrix[0:1].asnumpy().tolist() == dense[:1]
    assert matrix.indices.asnumpy().tolist() == columns
    nd.save(tmp_path / "matrix", [matrix])
    assert nd.load(tmp_path / "matrix")[0].asnumpy().tolist() == dense
    with pytest.raises(MXNetError, match="must ascend"):
        matrix.check_format()
