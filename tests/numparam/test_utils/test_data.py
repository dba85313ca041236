"""Random arrays and shapes for tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numparam as mx
from numparam import test_utils as helpers


@pytest.fixture(autouse=True)
def _seeded():
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    yield
    np.random.set_state(state)  # noqa: NPY002


@given(dimensions=st.integers(0, 4), longest=st.integers(1, 5), zero=st.booleans())
def test_shapes_stay_in_their_range(dimensions, longest, zero):
    shape = helpers.rand_shape_nd(dimensions, longest, allow_zero_size=zero)
    assert len(shape) == dimensions
    assert all((0 if zero else 1) <= length <= longest for length in shape)
    assert all(type(length) is int for length in shape)


def test_shapes_of_two_and_three_dimensions():
    assert helpers.rand_shape_2d(1, 1) == (1, 1)
    assert helpers.rand_shape_3d(1, 1, 1) == (1, 1, 1)
    row, column = helpers.rand_coord_2d(2, 3, 5, 6)
    assert (row, column) == (2, 5)


def test_random_arrays_are_float32_one_or_a_list():
    assert helpers.random_arrays((2, 3)).dtype == np.float32
    assert [array.shape for array in helpers.random_arrays((2,), (1, 3))] == [(2,), (1, 3)]
    low, _ = helpers.random_uniform_arrays((50,), (1,), low=3, high=4, dtype="float64")
    assert low.dtype == np.float64
    assert ((low >= 3) & (low < 4)).all()
    assert sorted(helpers.random_sample([1, 2, 3], 3)) == [1, 2, 3]


def test_the_seed_of_numpy_reproduces_arrays():
    np.random.seed(1)  # noqa: NPY002
    first = helpers.rand_ndarray((3, 2), "csr").asnumpy()
    np.random.seed(1)  # noqa: NPY002
    assert helpers.same(helpers.rand_ndarray((3, 2), "csr"), first)


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
@pytest.mark.parametrize("dtype", [None, "float64"])
def test_arrays_have_the_storage_type_dtype_and_context_asked_for(stype, dtype):
    array = helpers.rand_ndarray((5, 4), stype, dtype=dtype, ctx=mx.cpu(1))
    assert (array.stype, array.shape, array.ctx) == (stype, (5, 4), mx.cpu(1))
    assert array.dtype == np.dtype(dtype or "float32")


def test_what_a_row_sparse_array_stores_comes_with_it():
    array, (values, rows) = helpers.rand_sparse_ndarray((6, 2), "row_sparse", density=0.5)
    assert helpers.same(array.data, values)
    assert helpers.same(array.indices, rows)
    array.check_format()
    empty, (values, rows) = helpers.rand_sparse_ndarray((6, 2), "row_sparse", density=0)
    assert empty.indices.size == values.size == rows.size == 0


def test_what_a_csr_array_stores_comes_with_it():
    array, (indptr, columns, values) = helpers.rand_sparse_ndarray((6, 5), "csr", density=0.5)
    again = mx.nd.sparse.csr_matrix((values, columns, indptr), shape=(6, 5))
    assert helpers.same(array, again)
    array.check_format()


@pytest.mark.parametrize("density", [0, 1])
@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_density_is_the_share_of_what_is_stored(stype, density):
    array = helpers.create_sparse_array((4, 3), stype, density=density, data_init=2)
    assert helpers.same(array, np.full((4, 3), 2.0 * density))
    none = helpers.create_sparse_array_zd((4, 3), "row_sparse", 0, rsp_indices=[1])
    assert none.indices.size == 0


def test_named_rows_are_sorted_and_values_modified():
    array = helpers.create_sparse_array(
        (4, 2), "row_sparse", data_init=2, rsp_indices=[3, 0], modifier_func=lambda value: -value
    )
    assert array.indices.asnumpy().tolist() == [0, 3]
    assert helpers.same(array.data, [[-2, -2], [-2, -2]])


def test_the_rows_of_a_power_law_double():
    array, _ = helpers.rand_sparse_ndarray((4, 8), "csr", 0.4, distribution="powerlaw")
    counts = np.diff(array.indptr.asnumpy()).tolist()
    assert counts[:3] == [1, 2, 4]
    assert sum(counts) == 12


def test_shuffled_columns_are_refused_by_check_format():
    array, _ = helpers.rand_sparse_ndarray((3, 60), "csr", density=1, shuffle_csr_indices=True)
    with pytest.raises(mx.MXNetError):
        array.check_format()


@pytest.mark.parametrize(
    "arguments",
    [
        {"stype": "default"},
        {"stype": "row_sparse", "distribution": "powerlaw"},
        {"stype": "csr", "distribution": "normal"},
        {"stype": "csr", "density": 2},
        {"stype": "row_sparse", "rsp_indices": [0, 1, 2, 3]},
    ],
)
def test_arrays_that_cannot_be_drawn_are_refused(arguments):
    with pytest.raises(AssertionError) as caught:
        helpers.rand_sparse_ndarray((3, 2), **arguments)
    assert isinstance(caught.value, ValueError)


def test_host_computations():
    values = np.arange(6.0).reshape(2, 3)
    assert helpers.np_reduce(values, None, True, np.sum).tolist() == [[15]]
    assert helpers.np_reduce(values, (0, 1), False, np.sum) == 15
    assert helpers.np_reduce(values, -1, False, np.max).tolist() == [2, 5]
    assert helpers.collapse_sum_like(values, (3,)).tolist() == [3, 5, 7]
    assert helpers.collapse_sum_like(values, (2, 1)).tolist() == [[3], [12]]
    with pytest.raises(AssertionError):
        helpers.collapse_sum_like(values, (2,))
    assert helpers.assign_each(values, lambda x: x + 1).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert helpers.assign_each2(values, values, lambda x, y: x + y)[1].tolist() == [6, 8, 10]
    assert helpers.create_2d_tensor(2, 3).asnumpy().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert helpers.create_vector(3).asnumpy().tolist() == [0, 1, 2]
