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


def random_beta_1_2():
    return random.beta(1, 2)


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
        (random_beta_1_2, AttributeError, r"beta.*uniform.*npx\.random\.seed"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
