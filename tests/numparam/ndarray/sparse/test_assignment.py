import numpy as np
import pytest

import numparam as mx
from numparam import nd
from numparam.base import MXNetError
from numparam.ndarray.sparse import SparseKeyError
from tests.support.sparse_arrays import parts

pytestmark = pytest.mark.usefixtures("device")


def table():
    return nd.sparse.row_sparse_array(([[1, 2], [0, 0]], [0, 2]), shape=(4, 2))


def matrix():
    return nd.sparse.csr_matrix(([1, 2, 3], [0, 1, 1], [0, 2, 2, 3, 3]), shape=(4, 2))


DENSE = np.float32([[0, 5], [0, 0], [6, 0], [0, 0]])


@pytest.mark.parametrize("make", [table, matrix])
def test_dense_values_are_stored_without_their_zeros(make):
    array = make()
    array[:] = nd.array(DENSE, ctx=mx.cpu(1), dtype="float64")
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array.asnumpy(), DENSE)
    array = make()
    with pytest.warns(RuntimeWarning, match="NumPy"):
        array[:] = DENSE.astype("float64")
    np.testing.assert_array_equal(array.asnumpy(), DENSE)
    assert array.data.size == 2 * (2 if make is table else 1)


def test_stored_zeros_of_the_same_storage_type_stay_and_nothing_is_shared():
    target, source = nd.zeros((4, 2), stype="row_sparse"), table()
    target[:] = source
    source[:] = 9
    assert parts(target) == ([0, 2], [[1, 2], [0, 0]])
    target[:] = target
    assert parts(target) == ([0, 2], [[1, 2], [0, 0]])


@pytest.mark.parametrize("number", [0, 2.5, True, np.float64(7), float("nan")])
def test_a_number_stores_all_rows(number):
    array = table()
    array[:] = number
    assert array.indices.asnumpy().tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(array.asnumpy(), np.full((4, 2), number, "float32"))
    with pytest.raises(ValueError, match="dense"):
        matrix()[:] = number


@pytest.mark.parametrize("make", [table, matrix])
def test_what_cannot_be_written_leaves_the_array(make):
    array, before = make(), parts(make())
    other = matrix() if make is table else table()
    for value in (other, [[1, 2]] * 4, "x", None):
        with pytest.raises(TypeError):
            array[:] = value
    for value in (nd.ones((5, 2)), nd.ones((2,)), nd.zeros((5, 2), stype=array.stype)):
        with pytest.raises(MXNetError):
            array[:] = value
    for key in (0, slice(0, 1), (0, 1), [0], "x", None, ...):
        with pytest.raises(SparseKeyError):
            array[key] = 1
    assert parts(array) == before


def test_row_sparse_arrays_are_read_whole():
    array = table()
    assert array[:] is array
    for key in (0, slice(0, 1), (0, 1), [0], "x", None, ..., slice(None, None, 2)):
        with pytest.raises(SparseKeyError):
            array[key]
    with pytest.raises(SparseKeyError):
        iter(array)
    assert matrix()[:].shape == (4, 2)
    for key in ((0, 1), [0], "x", None, ..., slice(None, None, 2)):
        with pytest.raises(SparseKeyError):
            matrix()[key]


@pytest.mark.parametrize("make", [table, matrix])
def test_zeros_like_and_ones_like(make):
    array = make()
    empty = nd.zeros_like(array)
    assert (empty.stype, empty.data.size) == (array.stype, 0)
    ones = nd.ones_like(array)
    assert ones.stype == "default"
    for stype in ("default", "row_sparse", "csr"):
        out = nd.array(DENSE).tostype(stype)
        assert nd.ones_like(array, out=out) is out
        np.testing.assert_array_equal(out.asnumpy(), np.ones((4, 2)))
        assert nd.zeros_like(array, out=out) is out
        assert out.stype == stype
        np.testing.assert_array_equal(out.asnumpy(), np.zeros((4, 2)))
    assert nd.zeros_like(array, out=array) is array
    assert array.data.size == 0
    with pytest.raises(MXNetError):
        nd.zeros_like(array, out=nd.ones((5, 2)))


def test_reset_arrays_of_every_storage_type_on_several_contexts():
    arrays = [nd.ones((2, 2), mx.cpu(i)) for i in (0, 1)] + [table(), matrix()]
    nd.reset_arrays(*arrays, num_arrays=4)
    for array in arrays:
        assert not array.asnumpy().any()
    assert arrays[2].data.shape == (0, 2)
    with pytest.raises(MXNetError):
        nd.reset_arrays(*arrays, num_arrays=3)


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_cast_storage(stype):
    dense = nd.array(DENSE)
    for source in (dense, dense.tostype(stype)):
        result = nd.cast_storage(source, stype)
        assert result.stype == stype
        np.testing.assert_array_equal(result.asnumpy(), DENSE)
    with pytest.raises(MXNetError):
        nd.cast_storage(table(), "csr")
    with pytest.raises(ValueError, match="Unknown storage type"):
        nd.cast_storage(dense, "foo")
