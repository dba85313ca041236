import numpy as np
import pytest

import numparam as mx
from numparam.base import MXNetError

random = mx.np.random


def random_uniform():
    return random.uniform()


def random_uniform_size_3():
    return random.uniform(size=3)


def random_uniform_1_2_2_3_float64_cpu_1():
    return random.uniform(1, 2, (2, 3), "float64", mx.cpu(1))


def random_uniform_size_0_2():
    return random.uniform(size=(0, 2))


def random_normal_0_1_size_2_dtype_float16():
    return random.normal(0, 1, size=2, dtype="float16")


def random_randint_5():
    return random.randint(5)


def random_randint_2_5_size_2_2_dtype_int32():
    return random.randint(2, 5, size=(2, 2), dtype="int32")


def random_rand():
    return random.rand()


def random_rand_2_3():
    return random.rand(2, 3)


def random_randn_2_dtype_float64():
    return random.randn(2, dtype="float64")


@pytest.mark.parametrize("np_mode", [False, True])
@pytest.mark.parametrize(
    ("draw", "shape", "dtype"),
    [
        (random_uniform, (), "float32"),
        (random_uniform_size_3, (3,), "float32"),
        (random_uniform_1_2_2_3_float64_cpu_1, (2, 3), "float64"),
        (random_uniform_size_0_2, (0, 2), "float32"),
        (random_normal_0_1_size_2_dtype_float16, (2,), "float16"),
        (random_randint_5, (), "int64"),
        (random_randint_2_5_size_2_2_dtype_int32, (2, 2), "int32"),
        (random_rand, (), "float32"),
        (random_rand_2_3, (2, 3), "float32"),
        (random_randn_2_dtype_float64, (2,), "float64"),
    ],
)
def test_sizes_and_dtypes_are_numpys_in_either_mode(draw, shape, dtype, np_mode):
    with mx.np_shape(np_mode), mx.np_array(np_mode):
        drawn = draw()
    assert type(drawn) is mx.np.ndarray
    assert (drawn.shape, drawn.dtype) == (shape, np.dtype(dtype))


def test_numbers_are_those_of_the_process_and_within_the_bounds():
    mx.npx.random.seed(3)
    drawn = random.uniform(-2, 5, size=(4, 5), ctx=mx.cpu(1))
    assert drawn.ctx == mx.cpu(1)
    mx.random.seed(3)
    np.testing.assert_array_equal(drawn.asnumpy(), mx.random.uniform(-2, 5, (4, 5)).asnumpy())
    assert -2 <= drawn.asnumpy().min() < drawn.asnumpy().max() < 5
    assert set(random.randint(3, size=100).tolist()) == {0, 1, 2}


def test_arrays_of_parameters_are_stretched_to_each_other_and_to_the_size():
    low, high = mx.np.array([0, 10, 20]), mx.np.array([[1], [2]], dtype="float32") + 20
    drawn = random.uniform(low, high)
    assert drawn.shape == (2, 3)
    assert (drawn >= low).all()
    assert (drawn < high).all()
    assert random.uniform(low, 30, size=(4, 3)).shape == (4, 3)
    assert random.normal(low, 0.0, size=(2, 3), dtype="float16").tolist() == [[0, 10, 20]] * 2
    moved = random.normal(low.as_in_ctx(mx.cpu(1)), 1)
    assert (moved.ctx, moved.dtype) == (mx.cpu(1), np.float32)
    for size in ((2, 2), 4, (1,)):
        with pytest.raises(MXNetError, match=r"\(3,\).* do not broadcast to size"):
            random.uniform(low, 30, size=size)


def test_out_is_filled_and_given_back():
    out = mx.np.zeros((3,), dtype="float64")
    assert random.uniform(1, 2, size=3, out=out) is out
    assert (out >= 1).all()
    assert random.normal(mx.np.array([5, 6, 7]), 0, out=out) is out
    assert out.tolist() == [5, 6, 7]
    with pytest.raises(MXNetError, match=r"out of shape \(3,\)"):
        random.normal(mx.np.array([[5], [6]]), 0, out=out)
    assert out.tolist() == [5, 6, 7]


def test_rows_are_shuffled_in_place():
    rows = mx.np.arange(20).reshape((10, 2))
    mx.random.seed(1)
    assert random.shuffle(rows) is None
    assert rows.tolist() != sorted(rows.tolist())
    assert sorted(rows.tolist()) == np.arange(20).reshape(10, 2).tolist()


def random_uniform_zeros_2_1():
    return random.uniform(mx.nd.zeros((2,)), 1)


def random_shuffle_1_2():
    return random.shuffle([1, 2])


def random_uniform_out_zeros_2():
    return random.uniform(out=mx.nd.zeros((2,)))


def random_uniform_2_1():
    return random.uniform(2, 1)


def random_normal_0_minus_1():
    return random.normal(0, -1)


def random_randint_5_2():
    return random.randint(5, 2)


def random_uniform_dtype_int32():
    return random.uniform(dtype="int32")


def random_laplace():
    return random.laplace(1, 2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (random_uniform_zeros_2_1, TypeError, "as_np_ndarray"),
        (random_shuffle_1_2, TypeError, r"mx\.np\.array"),
        (random_uniform_out_zeros_2, TypeError, "as_np_ndarray"),
        (random_uniform_2_1, MXNetError, "low must not be above high"),
        (random_normal_0_minus_1, MXNetError, "must not be negative"),
        (random_randint_5_2, MXNetError, "integers from 5 to below 2"),
        (random_uniform_dtype_int32, MXNetError, "int32"),
        (random_laplace, AttributeError, r"laplace.*uniform.*npx\.random\.seed"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


ONE = {
    "exponential": (2.0, 4.0),  # mean and variance with the arguments of `DRAWS`
    "gamma": (3.0, 4.5),
    "beta": (0.4, 0.04),
    "chisquare": (3.0, 6.0),
    "gumbel": (1 + 2 * 0.5772157, np.pi**2 / 6 * 4),
    "logistic": (1.0, np.pi**2 / 3 * 4),
    "lognormal": (np.exp(0.325), (np.exp(0.25) - 1) * np.exp(0.65)),
    "pareto": (0.25, 5 / (16 * 3)),
    "power": (0.75, 3 / (16 * 5)),
    "rayleigh": (2 * np.sqrt(np.pi / 2), (4 - np.pi) / 2 * 4),
    "weibull": (0.8929795, 0.105333),
}
DRAWS = {
    "exponential": (2.0,),
    "gamma": (2.0, 1.5),
    "beta": (2.0, 3.0),
    "chisquare": (3.0,),
    "gumbel": (1.0, 2.0),
    "logistic": (1.0, 2.0),
    "lognormal": (0.2, 0.5),
    "pareto": (5.0,),
    "power": (3.0,),
    "rayleigh": (2.0,),
    "weibull": (3.0,),
}
REFUSED = {name: (-1.0, 1.0) if name in ("gamma", "beta") else (-1.0,) for name in DRAWS}
REFUSED |= dict.fromkeys(("gumbel", "logistic", "lognormal"), (0.0, -1.0))


@pytest.mark.parametrize("name", DRAWS)
def test_distributions_have_their_mean_and_variance(name):
    mx.random.seed(5)
    numbers = getattr(random, name)(*DRAWS[name], size=40000)
    assert (numbers.dtype, numbers.shape) == (np.float32, (40000,))
    values = numbers.asnumpy().astype("float64")
    assert np.isfinite(values).all()
    mean, variance = ONE[name]
    assert abs(values.mean() - mean) < 4 * np.sqrt(variance / 40000)
    assert abs(values.var() / variance - 1) < 0.15


@pytest.mark.parametrize("name", DRAWS)
def test_shapes_of_distributions_are_those_of_mxnet(name):
    draw, arguments = getattr(random, name), DRAWS[name]
    assert draw(*arguments).shape == ()
    first = mx.np.array([arguments[0], arguments[0]])
    assert draw(first, *arguments[1:]).shape == (2,)
    assert draw(first, *arguments[1:], size=(3, 2)).shape == (3, 2)
    with pytest.raises(MXNetError, match="do not broadcast"):
        draw(first, *arguments[1:], size=(3,))
    if name not in ("beta", "chisquare", "power"):
        out = mx.np.zeros((3, 2))
        assert draw(first, *arguments[1:], size=(3, 2), out=out) is out
        assert (out != 0).all()


@pytest.mark.parametrize("name", DRAWS)
def test_parameters_out_of_range_are_value_errors(name):
    with pytest.raises(ValueError, match="must be"):
        getattr(random, name)(*REFUSED[name])
    with pytest.raises(ValueError, match="must be"):
        getattr(random, name)(*(mx.np.array([1, value]) for value in REFUSED[name]))


@pytest.mark.parametrize("name", ["exponential", "gumbel", "logistic", "rayleigh"])
def test_scales_get_gradients(name):
    scale = mx.np.array([2.0, 3.0])
    scale.attach_grad()
    with mx.autograd.record():
        draw = getattr(random, name)(scale=scale)
    draw.backward()
    np.testing.assert_allclose((scale.grad * scale).asnumpy(), draw.asnumpy(), rtol=1e-5)


def test_choice():
    mx.random.seed(5)
    assert sorted(random.choice(6, size=(2, 3), replace=False).asnumpy().ravel()) == list(range(6))
    assert (random.choice(5).shape, random.choice(5).dtype) == ((), np.int64)
    rows = random.choice(mx.np.array([[1, 2], [3, 4]]), size=20).asnumpy()
    assert {tuple(row) for row in rows} == {(1, 2), (3, 4)}
    picked = random.choice(3, size=20000, p=mx.np.array([0.5, 0.25, 0.25])).asnumpy()
    np.testing.assert_allclose(np.bincount(picked) / 20000, [0.5, 0.25, 0.25], atol=0.02)
    for arguments in ((5, 7, False), (3, 2, True, [0.5, 0.25]), (0,)):
        with pytest.raises(MXNetError, match="choice cannot be drawn"):
            random.choice(*arguments)


def test_multinomial():
    mx.random.seed(5)
    counts = random.multinomial(10, [0.2, 0.3, 0.5], size=(2, 4000))
    assert (counts.shape, counts.dtype) == ((2, 4000, 3), np.int64)
    assert (counts.asnumpy().sum(-1) == 10).all()
    np.testing.assert_allclose(counts.asnumpy().mean((0, 1)), [2, 3, 5], atol=0.1)
    with pytest.raises(MXNetError, match="sum is 1"):
        random.multinomial(10, [0.9, 0.3])


def test_multivariate_normal():
    mx.random.seed(5)
    mean, cov = mx.np.array([1.0, 2.0]), mx.np.array([[2.0, 0.5], [0.5, 1.0]])
    numbers = random.multivariate_normal(mean, cov, size=20000).asnumpy()
    np.testing.assert_allclose(numbers.mean(0), [1, 2], atol=0.05)
    np.testing.assert_allclose(np.cov(numbers.T), cov.asnumpy(), atol=0.1)
    assert random.multivariate_normal(mx.np.zeros((3, 2)), cov, size=4).shape == (4, 3, 2)
    for bad in ([[1.0, 2.0], [2.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]], [[1.0]]):
        with pytest.raises(MXNetError, match="cov must"):
            random.multivariate_normal(mean, mx.np.array(bad))


def test_bernoulli_and_batches():
    mx.random.seed(5)
    draw = mx.npx.random.bernoulli
    assert abs(float(draw(0.3, size=20000).mean()) - 0.3) < 0.02
    assert abs(float(draw(logit=mx.np.array(0.0), size=20000).mean()) - 0.5) < 0.02
    assert (draw(mx.np.array([0.3, 0.6]), dtype="int32").dtype, draw(0.5).shape) == (np.int32, ())
    for arguments in ((), (0.3, 0.4)):
        with pytest.raises(ValueError, match="either prob or logit"):
            draw(*arguments)
    assert mx.npx.random.uniform_n(mx.np.zeros(2), 2.0, batch_shape=(3,)).shape == (3, 2)
    assert mx.npx.random.normal_n(0.0, mx.np.ones((2, 1)), batch_shape=3).shape == (3, 2, 1)
    assert mx.npx.random.normal_n(batch_shape=(2, 3)).shape == (2, 3)
