import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numparam import nd
from numparam.base import MXNetError
from numparam.ndarray.sparse import SparseFormatError
from tests.support.sparse_arrays import parts, row_sparse

pytestmark = pytest.mark.usefixtures("device")
ANY_DEVICE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


@given(data=st.data(), dtype=st.sampled_from(["float32", "float64", "int32", "int64", "uint8"]))
@ANY_DEVICE
def test_rows_come_in_the_order_of_the_ids_and_missing_ones_as_zeros(data, dtype):
    table, dense = data.draw(row_sparse())
    ids = data.draw(st.lists(st.integers(0, len(dense) - 1), max_size=7))
    result = nd.sparse.retain(table, nd.array(np.array(ids), dtype=dtype))
    if table.data.shape[0] == 0:
        ids = []
    assert result.shape == table.shape
    assert result.indices.asnumpy().tolist() == ids
    np.testing.assert_array_equal(result.data.asnumpy(), dense[ids])


@given(data=st.data())
@ANY_DEVICE
def test_ids_out_of_range_are_refused_by_retention_take_and_embedding(data):
    table, dense = data.draw(row_sparse())
    bad = data.draw(st.one_of(st.integers(-(2**40), -1), st.integers(len(dense), 2**40)))
    ids = nd.array([0, bad], dtype="int64")
    with pytest.raises(SparseFormatError):
        nd.sparse.retain(table, ids)
    with pytest.raises(SparseFormatError):
        table.retain(ids)
    with pytest.raises(SparseFormatError):
        nd.Embedding(ids, table, input_dim=len(dense), output_dim=dense.shape[1])


def table():
    return nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2))


@pytest.mark.parametrize("ids", [[0.5], [float("nan")], np.float32([2**25])])
def test_ids_that_are_not_whole_or_not_exact_are_refused(ids):
    with pytest.raises(SparseFormatError):
        table().retain(nd.array(ids))


def test_ids_above_two_to_the_24_keep_every_digit():
    rows = nd.sparse.row_sparse_array(([[1], [2]], np.array([2**24, 2**24 + 1])), shape=(2**25, 1))
    assert parts(rows.retain(nd.array([2**24 + 1], dtype="int64"))) == ([2**24 + 1], [[2]])


def test_results_with_unsorted_and_repeated_ids_can_be_used():
    unsorted = table().retain(nd.array([2, 0, 0]))
    assert parts(unsorted) == ([2, 0, 0], [[3, 4], [1, 2], [1, 2]])
    with pytest.raises(SparseFormatError):
        unsorted.check_format()
    dense = [[1, 2], [0, 0], [3, 4], [0, 0]]
    assert unsorted.tolist() == dense
    assert unsorted.tostype("default").tolist() == dense
    assert (unsorted * 2).tolist() == [[2, 4], [0, 0], [6, 8], [0, 0]]
    assert parts(unsorted + unsorted) == ([0, 2], [[2, 4], [6, 8]])
    assert parts(unsorted.retain(nd.array([0]))) == ([0], [[1, 2]])
    assert parts(unsorted) == ([2, 0, 0], [[3, 4], [1, 2], [1, 2]])


def test_out():
    source, out = table(), nd.zeros((4, 2), stype="row_sparse")
    assert nd.sparse.retain(source, nd.array([2]), out=out) is out
    assert parts(out) == ([2], [[3, 4]])
    for wrong in (source, nd.zeros((4, 2)), nd.zeros((5, 2), stype="row_sparse")):
        with pytest.raises(MXNetError):
            nd.sparse.retain(source, nd.array([0]), out=wrong)
    assert parts(source) == parts(table())


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        pytest.param(table(), [0], id="a list of ids"),
        pytest.param(np.ones((4, 2)), nd.array([0]), id="data of NumPy"),
    ],
)
def test_what_is_no_array_is_an_assertion_error_as_in_mxnet(data, ids):
    with pytest.raises(AssertionError):
        nd.sparse.retain(data, ids)


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        pytest.param((table(),), {}, id="no ids"),
        pytest.param((table(), nd.array([0])), {"colour": "red"}, id="unknown argument"),
        pytest.param((nd.ones((4, 2)), nd.array([0])), {}, id="dense data"),
        pytest.param((nd.ones((4, 2)).tostype("csr"), nd.array([0])), {}, id="csr data"),
        pytest.param((table(), table()), {}, id="sparse ids"),
    ],
)
def test_impossible_arguments_are_errors(arguments, keywords):
    with pytest.raises(MXNetError):
        nd.sparse.retain(*arguments, **keywords)


def test_take_and_embedding_of_a_row_sparse_table_are_dense_rows():
    ids = nd.array([[2, 1], [0, 2]])
    expected = table().asnumpy()[ids.asnumpy().astype(int)]
    for result in (
        nd.take(table(), ids),
        nd.Embedding(ids, table(), input_dim=4, output_dim=2),
    ):
        assert result.stype == "default"
        np.testing.assert_array_equal(result.asnumpy(), expected)
    clipped = nd.take(table(), nd.array([-3, 9]))
    np.testing.assert_array_equal(clipped.asnumpy(), [[1, 2], [0, 0]])
    wrapped = nd.take(table(), nd.array([-2, 4]), mode="wrap")
    np.testing.assert_array_equal(wrapped.asnumpy(), [[3, 4], [1, 2]])
    with pytest.raises(SparseFormatError):
        nd.take(table(), nd.array([4]), mode="raise")
    with pytest.raises(MXNetError, match="input_dim"):
        nd.Embedding(ids, table(), input_dim=5, output_dim=2)


def test_retention_is_the_kernel_of_the_device(opaque):
    table().retain(nd.array([2, 3]))
    assert "retain.retain" in opaque.calls
    assert "download" not in opaque.calls


def test_rows_of_a_full_array_are_taken_by_position(opaque):
    full = nd.array([[1, 2], [3, 4], [5, 6]]).tostype("row_sparse")
    assert full.retain(nd.array([2, 0])).data.asnumpy().tolist() == [[5, 6], [1, 2]]
    assert "retain.gather" in opaque.calls
    with pytest.raises(SparseFormatError, match="is 3; row ids must be between 0 and 2"):
        full.retain(nd.array([0, 3]))
