import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import initializer as init
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.kernels import set_num_threads
from numparam.kernels.reference import random as reference
from numparam.types.dtypes import as_dtype

pytestmark = pytest.mark.usefixtures("device")

FLOATS = ["float16", "bfloat16", "float32", "float64"]
few = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)


def written(rule, shape, dtype="float32", ctx=None, stype="default"):
    array = nd.zeros(shape, dtype=dtype, ctx=ctx, stype=stype)
    rule._init_weight("w", array)
    return array


@few
@given(
    dtype=st.sampled_from(FLOATS),
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    scale=st.floats(0, 8, width=16),
    seed=st.integers(0, 2**64 - 1),
)
def test_uniform_is_the_kernels_fill_from_the_seed_on(dtype, shape, scale, seed):
    mx.random.seed(seed)
    found = written(init.Uniform(scale), tuple(shape), dtype).asnumpy()
    expected = np.empty(tuple(shape), as_dtype(dtype))
    reference.uniform(expected, -scale, scale, seed=seed)
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


@few
@given(
    dtype=st.sampled_from(FLOATS),
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    sigma=st.floats(0, 8, width=16),
    seed=st.integers(0, 2**64 - 1),
)
def test_normal_is_the_kernels_fill_from_the_seed_on(dtype, shape, sigma, seed):
    mx.random.seed(seed)
    found = written(init.Normal(sigma), tuple(shape), dtype).asnumpy()
    expected = np.empty(tuple(shape), as_dtype(dtype))
    reference.normal(expected, 0, sigma, seed=seed)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("rule", [init.Uniform(), init.Normal(), init.Orthogonal(), init.Xavier()])
def test_the_values_do_not_depend_on_context_or_storage(rule):
    results = []
    for options in ({}, {"ctx": cpu(3)}, {"stype": "row_sparse"}, {"stype": "csr"}):
        mx.random.seed(5)
        results.append(written(rule, (6, 4), **options).asnumpy().tolist())
    assert results == [results[0]] * 4
    assert np.count_nonzero(results[0]) == 24


@pytest.mark.parametrize("rule", [init.Uniform(), init.Normal()])
def test_the_values_do_not_depend_on_the_number_of_threads(rule):
    results = []
    for threads in (1, 2):
        previous = set_num_threads(threads)
        try:
            mx.random.seed(5)
            results.append(written(rule, (700, 700)).asnumpy().tobytes())
        finally:
            set_num_threads(previous)
    assert results[0] == results[1]


def test_one_after_the_other_draws_other_numbers():
    mx.random.seed(1)
    first = written(init.Uniform(), (50,)).asnumpy()
    second = written(init.Uniform(), (50,)).asnumpy()
    assert not (first == second).any()


@pytest.mark.parametrize("rule", [init.Uniform(), init.Normal(), init.Xavier(), init.Orthogonal()])
@pytest.mark.parametrize("dtype", ["int32", "bool", "uint8"])
def test_other_dtypes_are_refused_and_nothing_is_drawn(rule, dtype):
    array = nd.ones((3, 3), dtype=dtype)
    mx.random.seed(2)
    with pytest.raises(MXNetError):
        rule._init_weight("w", array)
    assert (array.asnumpy() == 1).all()
    expected = np.empty(4, np.float32)
    reference.uniform(expected, seed=2)
    assert mx.random.uniform(0, 1, shape=4).asnumpy().tolist() == expected.tolist()


@pytest.mark.parametrize("rule", [init.Uniform(-2), init.Normal(-2)])
def test_the_sign_of_the_scale_does_not_matter(rule):
    positive = type(rule)(2)
    mx.random.seed(4)
    expected = written(positive, (9,)).asnumpy().tolist()
    mx.random.seed(4)
    assert written(rule, (9,)).asnumpy().tolist() == expected


@pytest.mark.parametrize("rule", [init.Uniform(float("nan")), init.Normal(float("nan"))])
def test_scales_that_are_no_number_are_refused(rule):
    with pytest.raises(MXNetError):
        written(rule, (3,))


@few
@given(
    shape=st.lists(st.integers(1, 7), min_size=2, max_size=4),
    rand_type=st.sampled_from(["uniform", "normal"]),
    scale=st.sampled_from([1.414, 1.0, 3.0]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_orthogonal_rows_or_columns_have_length_scale(shape, rand_type, scale, dtype):
    array = written(init.Orthogonal(scale, rand_type), tuple(shape), dtype).asnumpy()
    matrix = array.astype(np.float64).reshape(shape[0], -1)
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    products = matrix @ matrix.T
    np.testing.assert_allclose(
        products, scale**2 * np.eye(len(products)), atol=1e-12 if dtype == "float64" else 1e-5
    )


def test_orthogonal_takes_the_singular_vectors_of_the_draw():
    mx.random.seed(6)
    found = written(init.Orthogonal(1.0), (3, 5), "float64").asnumpy()
    drawn = np.empty((3, 5))
    reference.uniform(drawn, -1, 1, seed=6)
    # Of its row space: the projection on it leaves every row as it is.
    np.testing.assert_allclose(found @ np.linalg.pinv(drawn) @ drawn, found, atol=1e-12)


@pytest.mark.parametrize("shape", [(), (4,)])
def test_orthogonal_refuses_vectors_by_name(shape):
    with mx.util.np_shape(True), pytest.raises(ValueError, match="fc_weight"):
        init.Orthogonal()._init_weight("fc_weight", nd.zeros(shape))


def test_orthogonal_refuses_unknown_distributions():
    with pytest.raises(ValueError, match="cauchy"):
        init.Orthogonal(rand_type="cauchy")


@pytest.mark.parametrize("rule", [init.Uniform(), init.Normal(), init.Xavier(), init.Orthogonal()])
def test_empty_arrays_are_left_empty(rule):
    with mx.util.np_shape(True):
        assert written(rule, (0, 3)).shape == (0, 3)
