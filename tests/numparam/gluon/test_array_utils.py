import math
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.gluon.utils import clip_global_norm, split_and_load, split_data

pytestmark = pytest.mark.usefixtures("device")

few = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)


# split_data, split_and_load


@few
@given(
    shape=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    axis=st.integers(-3, 2),
    count=st.integers(1, 9),
    even=st.booleans(),
)
def test_slices_are_those_of_numpys_array_split(shape, axis, count, even):
    host = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    if not -len(shape) <= axis < len(shape):
        with pytest.raises(IndexError):
            split_data(nd.array(host), count, axis, even)
        return
    if even and shape[axis] % count:
        with pytest.raises(ValueError, match=str(count)):
            split_data(nd.array(host), count, axis, even)
        return
    expected = [part.tolist() for part in np.array_split(host, count, axis)]
    assert [s.asnumpy().tolist() for s in split_data(nd.array(host), count, axis, even)] == expected
    assert [s.tolist() for s in split_data(host, count, axis, even)] == expected


def test_slices_of_the_first_axis_share_memory():
    data = nd.zeros((4, 2))
    split_data(data, 2)[1][:] = 3
    assert data.asnumpy().tolist() == [[0, 0], [0, 0], [3, 3], [3, 3]]


def test_csr_batches_are_split_by_rows():
    parts = split_data(nd.array(np.arange(8).reshape(4, 2)).tostype("csr"), 2)
    assert [part.stype for part in parts] == ["csr", "csr"]
    assert parts[1].asnumpy().tolist() == [[4, 5], [6, 7]]


@pytest.mark.parametrize("count", [0, -1])
@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError])
def test_too_few_slices_are_refused(count, error):
    with pytest.raises(error, match=str(count)):
        split_data(nd.zeros((4,)), count)


@pytest.mark.parametrize("error", [TypeError, AttributeError])
def test_what_is_no_array_is_not_split(error):
    with pytest.raises(error, match="list"):
        split_data([1, 2], 2)


@pytest.mark.parametrize(
    "data", [[[1, 2], [3, 4]], np.array([[1, 2], [3, 4]]), nd.array([[1, 2], [3, 4]])]
)
def test_each_context_gets_a_slice(data):
    if isinstance(data, nd.NDArray):
        data = nd.array([[1, 2], [3, 4]])  # on the device of this test
    for contexts in ([cpu(0), cpu(1)], (cpu(2), cpu(0))):
        parts = split_and_load(data, contexts)
        assert [part.context for part in parts] == list(contexts)
        assert [part.asnumpy().tolist() for part in parts] == [[[1, 2]], [[3, 4]]]
    by_columns = split_and_load(data, [cpu(0), cpu(1)], batch_axis=1)
    assert [part.asnumpy().tolist() for part in by_columns] == [[[1], [3]], [[2], [4]]]


def test_one_context_gets_the_array_itself():
    data = nd.zeros((3,))
    assert split_and_load(data, [cpu(0)])[0] is data
    assert split_and_load(data, [cpu(1)])[0].context == cpu(1)


def test_uneven_batches_need_permission():
    with pytest.raises(ValueError, match="even_split=False"):
        split_and_load(nd.zeros((3,)), [cpu(0), cpu(1)])
    parts = split_and_load(nd.zeros((3,)), [cpu(0), cpu(1)], even_split=False)
    assert [part.shape for part in parts] == [(2,), (1,)]


@pytest.mark.parametrize(
    ("contexts", "error"), [(cpu(0), TypeError), ([], ValueError), (["cpu"], TypeError)]
)
def test_contexts_must_be_a_list_of_contexts(contexts, error):
    with pytest.raises(error):
        split_and_load(nd.zeros((2,)), contexts)


def test_numpy_arrays_are_split_and_clipped_as_such():
    with mx.util.np_shape(True), mx.util.np_array(True):
        parts = split_and_load([[3.0, 4.0]], [cpu(0), cpu(1)], batch_axis=1)
        assert [type(part) for part in parts] == [mx.np.ndarray] * 2
        assert [part.asnumpy().tolist() for part in parts] == [[[3]], [[4]]]
        assert type(clip_global_norm(parts, 1, check_isfinite=False)) is mx.np.ndarray
        np.testing.assert_allclose(parts[0].asnumpy(), [[0.6]], rtol=1e-6)


# clip_global_norm


@few
@given(
    shapes=st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=4),
    dtype=st.sampled_from(["float16", "float32", "float64"]),
    max_norm=st.floats(0, 20),
    seed=st.integers(0, 100),
)
def test_the_norm_afterwards_is_at_most_the_bound(shapes, dtype, max_norm, seed):
    generator = np.random.default_rng(seed)
    hosts = [generator.normal(size=shape).astype(dtype) for shape in shapes]
    arrays = [nd.array(h, dtype=dtype, ctx=cpu(i % 2)) for i, h in enumerate(hosts)]
    before = math.sqrt(sum((host.astype("float64") ** 2).sum() for host in hosts))
    found = clip_global_norm(arrays, max_norm)
    assert type(found) is np.float32
    np.testing.assert_allclose(found, before, rtol=1e-6)
    factor = min(1.0, max_norm / (before + 1e-8))
    for host, array in zip(hosts, arrays, strict=True):
        assert array.asnumpy().dtype == host.dtype
        expected = (host.astype("float64") * factor).astype(dtype)
        rtol = {"float16": 1e-3, "float32": 1e-6, "float64": 1e-12}[dtype]
        np.testing.assert_allclose(array.asnumpy(), expected, rtol=rtol, atol=1e-7)


def test_small_norms_change_no_bit():
    values = np.float32([0.3, -0.4, -0.0])
    arrays = [nd.array(values)]
    clip_global_norm(arrays, 0.500001)
    assert arrays[0].asnumpy().tobytes() == values.tobytes()


def test_the_norm_does_not_depend_on_the_contexts():
    # Added one after the other, the small squares would vanish beside the large one.
    values = [1e8] + [1.0] * 64
    clipped = []
    for spread in (lambda i: 0, lambda i: i % 3, lambda i: 2 * (i == 0)):
        arrays = [nd.array([v], cpu(spread(i)), "float64") for i, v in enumerate(values)]
        clip_global_norm(arrays, 1)
        clipped.append([float(array.asnumpy()[0]) for array in arrays])
    assert clipped[0][1] == 1 / (math.sqrt(1e16 + 64) + 1e-8)
    assert clipped == [clipped[0]] * 3


def test_row_sparse_gradients_stay_row_sparse():
    table = nd.sparse.row_sparse_array(([[3, 4]], [1]), shape=(3, 2))
    dense = nd.array([12])
    assert clip_global_norm([table, dense], 1.3) == 13
    assert table.stype == "row_sparse"
    np.testing.assert_allclose(table.asnumpy(), [[0, 0], [0.3, 0.4], [0, 0]], rtol=1e-6)
    np.testing.assert_allclose(dense.asnumpy(), [1.2], rtol=1e-6)


def test_an_array_that_is_there_twice_counts_once():
    array = nd.array([3, 4])
    assert clip_global_norm([array, array.detach()], 1) == 5
    np.testing.assert_allclose(array.asnumpy(), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_norms_that_are_not_finite_make_a_warning(bad):
    arrays = [nd.array([3, bad]), nd.array([2])]
    with pytest.warns(UserWarning, match="nothing useful") as caught:
        norm = clip_global_norm(arrays, 1)
    assert caught[0].filename == __file__
    assert not np.isfinite(norm)
    assert np.isnan(arrays[0].asnumpy()[1])


def test_unchecked_norms_are_arrays_without_a_warning():
    arrays = [nd.array([3], ctx=cpu(1)), nd.array([4])]
    norm = clip_global_norm(arrays, 1, check_isfinite=False)
    assert norm.shape == (1,)
    assert norm.context == cpu(1)
    assert norm.dtype == np.float32
    assert norm.asnumpy().tolist() == [5]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(clip_global_norm([nd.array([np.nan])], 1, False).asnumpy()[0])


def test_norms_beyond_float32_are_infinite_but_clip():
    array = nd.array([3e300, 4e300], dtype="float64")
    with pytest.warns(UserWarning, match="inf"):
        assert clip_global_norm([array], 1) == np.inf


def test_large_float32_values_have_a_norm():
    array = nd.array([3e30, 4e30])
    assert clip_global_norm([array], 1) == np.float32(5e30)
    np.testing.assert_allclose(array.asnumpy(), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("max_norm", [-1, float("nan"), None, "1", True])
def test_impossible_bounds_are_refused(max_norm):
    array = nd.array([3, 4])
    with pytest.raises(ValueError, match="max_norm"):
        clip_global_norm([array], max_norm)
    assert array.asnumpy().tolist() == [3, 4]


def test_arrays_that_cannot_be_clipped_are_refused_and_none_is_scaled():
    array = nd.array([3, 4])
    with pytest.raises(MXNetError, match=r"arrays\[1\].*int32"):
        clip_global_norm([array, nd.ones((2,), dtype="int32")], 1)
    with pytest.raises(TypeError, match=r"arrays\[1\]"):
        clip_global_norm([array, np.ones(2)], 1)
    unordered = nd.sparse.row_sparse_array(([[1], [1]], [1, 1]), shape=(3, 1))
    with pytest.raises(MXNetError):
        clip_global_norm([array, unordered], 1)
    for nothing in ([], ()):
        with pytest.raises(AssertionError):
            clip_global_norm(nothing, 1)
    assert array.asnumpy().tolist() == [3, 4]


def test_one_kernel_call_sums_and_one_scales_the_arrays_of_a_context(opaque):
    arrays = [nd.full((3,), i + 1) for i in range(20)]
    for backend in opaque.backends.values():
        backend.calls.clear()
    clip_global_norm(arrays, 1)
    assert [call for call in opaque.calls if call.startswith("norm")] == [
        "norm.sum_of_squares",
        "norm.scale",
    ]


def test_contexts_of_a_batch_may_come_from_an_iterator():
    for contexts in (map(cpu, [0, 1]), iter((cpu(0), cpu(1))), {cpu(0): 1, cpu(1): 2}.keys()):
        parts = split_and_load(nd.zeros((4, 2)), contexts)
        assert [part.context for part in parts] == [cpu(0), cpu(1)]
