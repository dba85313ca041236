import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import numparam as mx
from numparam import nd
from numparam.base import MXNetError
from numparam.ndarray.sparse import SparseArgumentError, SparseFormatError
from tests.support.sparse_arrays import parts

pytestmark = pytest.mark.usefixtures("device")
ANY_DEVICE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
DTYPES = ["float16", "float32", "float64", "bfloat16", "int8", "int32", "int64", "uint8", "bool"]
DENSE = hnp.arrays(
    "float32",
    st.tuples(st.integers(1, 5), st.integers(1, 4)),
    elements=st.sampled_from([0.0, -0.0, 1.5, -2.0]),
)


@given(dense=DENSE)
@ANY_DEVICE
def test_dense_values_come_back_from_either_storage_type(dense):
    array = nd.array(dense)
    for made in (
        nd.sparse.row_sparse_array(dense),
        nd.sparse.csr_matrix(dense),
        array.tostype("row_sparse"),
        array.tostype("csr"),
    ):
        made.check_format()
        np.testing.assert_array_equal(made.asnumpy(), dense)
        np.testing.assert_array_equal(made.tostype("default").asnumpy(), dense)
    assert made.data.size == np.count_nonzero(dense)
    assert array.tostype("row_sparse").data.shape[0] == np.count_nonzero(dense.any(axis=1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_every_dtype(stype, dtype):
    dense = nd.array([[0, 1], [0, 0], [1, 0]], dtype=dtype)
    made = dense.tostype(stype)
    assert made.dtype == dense.dtype
    np.testing.assert_array_equal(made.asnumpy(), dense.asnumpy())
    assert nd.zeros((2, 2), dtype=dtype, stype=stype).dtype == dense.dtype


def test_ids_may_be_whole_floating_point_numbers():
    made = nd.sparse.row_sparse_array(([[1], [2]], nd.array([0, 3])), shape=(4, 1))
    assert made.indices.dtype == np.int64
    assert parts(made)[0] == [0, 3]


@pytest.mark.parametrize(
    "ids",
    [
        [0.5],
        [float("nan")],
        [float("inf")],
        np.float32([2**25]),
        np.float16([4096]),
        np.uint64([2**63]),
    ],
)
def test_ids_that_int64_would_change_are_refused(ids):
    with pytest.raises(SparseFormatError):
        nd.sparse.row_sparse_array(([[1.0]], ids), shape=(2**26, 1))
    with pytest.raises(SparseFormatError):
        nd.sparse.row_sparse_array(
            ([[1.0]], nd.array(ids, dtype=getattr(ids, "dtype", None))), shape=(2**26, 1)
        )


def test_without_a_shape_the_last_id_counts():
    assert nd.sparse.row_sparse_array(([[1], [2]], [5, 3])).shape == (4, 1)
    assert nd.sparse.csr_matrix(([1, 2], [4, 1], [0, 1, 2])).shape == (2, 5)
    with pytest.raises(SparseArgumentError, match="shape must be given"):
        nd.sparse.row_sparse_array((np.zeros((0, 2)), []))
    with pytest.raises(SparseArgumentError, match="shape must be given"):
        nd.sparse.csr_matrix(([], [], [0]))


def test_factories_copy():
    data, ids = np.ones((2, 2), "float32"), np.array([0, 1])
    made = nd.sparse.row_sparse_array((data, ids), shape=(3, 2))
    data[:], ids[:] = 9, 2
    assert parts(made) == ([0, 1], [[1, 1], [1, 1]])
    dense = nd.ones((2, 2))
    made = nd.sparse.row_sparse_array((dense, [0, 1]), shape=(3, 2))
    dense[:] = 9
    assert parts(made)[1] == [[1, 1], [1, 1]]


@given(
    places=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(-3, 3)), max_size=9)
)
@ANY_DEVICE
def test_coordinates_in_any_order_are_sorted_and_added(places):
    rows, columns, values = (
        (np.array(part) for part in zip(*places, strict=True))
        if places
        else (np.array([], int),) * 3
    )
    made = nd.sparse.csr_matrix((values.astype("float64"), (rows, columns)), shape=(4, 5))
    made.check_format()
    dense = np.zeros((4, 5))
    np.add.at(dense, (rows, columns), values)
    np.testing.assert_array_equal(made.asnumpy(), dense)


def test_coordinates_outside_are_refused():
    with pytest.raises(SparseFormatError, match="0 to 1"):
        nd.sparse.csr_matrix(([1.0], ([2], [0])), shape=(2, 2))
    with pytest.raises(SparseArgumentError, match="equally long"):
        nd.sparse.csr_matrix(([1.0], ([0, 1], [0])), shape=(2, 2))


class SciPyLike:
    """What a matrix of SciPy offers, with unsorted and repeated columns."""

    shape = (2, 3)
    data = np.array([1.0, 2.0, 3.0, 4.0])
    indices = np.array([2, 0, 2, 1], np.int32)
    indptr = np.array([0, 3, 4], np.int32)

    def tocsr(self):
        return self


@pytest.mark.parametrize("make", [nd.sparse.csr_matrix, nd.sparse.array, nd.array])
def test_matrices_of_scipy_become_canonical(make):
    made = make(SciPyLike())
    made.check_format()
    np.testing.assert_array_equal(made.asnumpy(), [[2, 0, 4], [0, 4, 0]])
    assert made.dtype == np.float64


def test_asscipy_gives_a_matrix_or_says_what_to_install():
    matrix = nd.sparse.csr_matrix(([1, 2], [0, 1], [0, 1, 2]), shape=(2, 2))
    try:
        import scipy  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="pip install scipy"):
            matrix.asscipy()
    else:
        np.testing.assert_array_equal(matrix.asscipy().toarray(), matrix.asnumpy())


def row_sparse_array_1_0_0_1_shape_4_1(sp):
    return sp.row_sparse_array(([[1.0]], [0, 1]), shape=(4, 1))


def row_sparse_array_1_0_0_shape_4_2(sp):
    return sp.row_sparse_array(([[1.0]], [0]), shape=(4, 2))


def row_sparse_array_1_0_0_shape_4_1(sp):
    return sp.row_sparse_array(([[1.0]], [[0]]), shape=(4, 1))


def row_sparse_array_1_2_x(sp):
    return sp.row_sparse_array((1, 2, "x"))


def row_sparse_array_4(sp):
    return sp.row_sparse_array((4,))


def row_sparse_array_3(sp):
    return sp.row_sparse_array(3)


def row_sparse_array_zeros_csr_2_2(sp):
    return sp.row_sparse_array(sp.zeros("csr", (2, 2)))


def row_sparse_array_zeros_csr_2_2_0_1_shape_4_2(sp):
    return sp.row_sparse_array((sp.zeros("csr", (2, 2)), [0, 1]), shape=(4, 2))


def csr_matrix_1_0_0_0_1_shape_4_2(sp):
    return sp.csr_matrix(([1.0], [0], [0, 1]), shape=(4, 2))


def csr_matrix_1_0_0_1_0_1_shape_1_2(sp):
    return sp.csr_matrix(([1.0], [0, 1], [0, 1]), shape=(1, 2))


def csr_matrix_1_0_0_0_1_shape_1_2_1(sp):
    return sp.csr_matrix(([1.0], [0], [0, 1]), shape=(1, 2, 1))


def csr_matrix_1_2_3(sp):
    return sp.csr_matrix([1, 2, 3])


def csr_matrix_zeros_row_sparse_2_2(sp):
    return sp.csr_matrix(sp.zeros("row_sparse", (2, 2)))


def csr_matrix_1_2_3_2(sp):
    return sp.csr_matrix((1, 2, 3))


def zeros_row_sparse_4(sp):
    return sp.zeros("row_sparse", 4)


def zeros_foo_4_2(sp):
    return sp.zeros("foo", (4, 2))


def zeros_csr_4_2_colour_red(sp):
    return sp.zeros("csr", (4, 2), colour="red")


def array_ones_2_2(sp):
    return sp.array(np.ones((2, 2)))


def array_ones_2_2_2(sp):
    return sp.array(nd.ones((2, 2)))


def ones_2_2_2_tostype_csr(sp):
    return nd.ones((2, 2, 2)).tostype("csr")


def ones_2_2_tostype_foo(sp):
    return nd.ones((2, 2)).tostype("foo")


@pytest.mark.parametrize(
    "call",
    [
        row_sparse_array_1_0_0_1_shape_4_1,
        row_sparse_array_1_0_0_shape_4_2,
        row_sparse_array_1_0_0_shape_4_1,
        row_sparse_array_1_2_x,
        row_sparse_array_4,
        row_sparse_array_3,
        row_sparse_array_zeros_csr_2_2,
        row_sparse_array_zeros_csr_2_2_0_1_shape_4_2,
        csr_matrix_1_0_0_0_1_shape_4_2,
        csr_matrix_1_0_0_1_0_1_shape_1_2,
        csr_matrix_1_0_0_0_1_shape_1_2_1,
        csr_matrix_1_2_3,
        csr_matrix_zeros_row_sparse_2_2,
        csr_matrix_1_2_3_2,
        zeros_row_sparse_4,
        zeros_foo_4_2,
        zeros_csr_4_2_colour_red,
        array_ones_2_2,
        array_ones_2_2_2,
        ones_2_2_2_tostype_csr,
        ones_2_2_tostype_foo,
    ],
)
def test_arguments_that_describe_no_sparse_array_are_refused(call):
    for kind in (MXNetError, ValueError):
        with pytest.raises(kind):
            call(nd.sparse)


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_a_scalar_is_not_sparse(stype):
    with mx.util.np_shape(True), pytest.raises(SparseArgumentError, match="rows"):
        nd.zeros((), stype=stype)


def test_zeros_with_out_empties_it():
    out = nd.ones((3, 2)).tostype("row_sparse")
    assert nd.sparse.zeros("row_sparse", (3, 2), out=out) is out
    assert parts(out) == ([], [])
    with pytest.raises(SparseArgumentError):
        nd.sparse.zeros("row_sparse", (4, 2), out=out)


def test_contexts():
    with mx.cpu(3):
        assert nd.zeros((2, 2), stype="csr").context == mx.cpu(3)
        assert nd.sparse.row_sparse_array(np.eye(2)).context == mx.cpu(3)
    moved = nd.sparse.array(nd.ones((2, 2)).tostype("csr"), ctx=mx.cpu(1), dtype="float64")
    assert (moved.context, moved.dtype) == (mx.cpu(1), np.float64)
    ids = nd.array([0, 1], ctx=mx.cpu(2))
    made = nd.sparse.row_sparse_array((nd.ones((2, 1), mx.cpu(1)), ids), shape=(2, 1))
    assert made.asnumpy().tolist() == [[1], [1]]


def test_the_namespace_has_the_operations_and_refuses_other_names():
    assert nd.sparse.add_n is nd.op.add_n
    with pytest.raises(AttributeError, match="Convolution"):
        getattr(nd.sparse, "Convolution")  # noqa: B009


def test_places_are_sorted_where_the_arrays_are(opaque):
    data, ids = nd.array([1, 2, 3], dtype="int32"), nd.array([2, 0, 2])
    opaque.calls.clear()
    matrix = nd.sparse.csr_matrix((data, (ids, ids)))
    assert "download" not in opaque.calls
    assert matrix.dtype is np.int32
    assert matrix.asnumpy().tolist() == [[2, 0, 0], [0, 0, 0], [0, 0, 4]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int8", "uint64", "bool"])
def test_values_of_one_place_are_added_in_their_dtype(device, dtype):
    data = nd.array([1, 1, 1], dtype=dtype)
    matrix = nd.sparse.csr_matrix((data, ([0, 1, 0], [0, 0, 0])))
    assert matrix.dtype is data.dtype
    assert matrix.asnumpy().astype(np.float64).tolist() == [[1 if dtype == "bool" else 2], [1]]


def test_values_of_one_place_are_rounded_once(device):
    data = nd.array([2048, 1, 1], dtype="float16")
    matrix = nd.sparse.csr_matrix((data, ([0, 0, 0], [0, 0, 0])))
    assert matrix.data.tolist() == [2050]


def test_a_shape_may_be_an_array_of_integers(device):
    for stype in ("row_sparse", "csr"):
        assert nd.sparse.zeros(stype, np.array([2, 3])).shape == (2, 3)
