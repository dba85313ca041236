import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu

pytestmark = pytest.mark.usefixtures("device")

ARITHMETIC = [operator.add, operator.sub, operator.mul]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
IN_PLACE = [operator.iadd, operator.isub, operator.imul]
FINITE = st.floats(-1e6, 1e6, width=32)


@st.composite
def two_arrays(draw):
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=1, min_side=1))
    return tuple(
        draw(hnp.arrays(np.float32, shape, elements=FINITE)) for shape in shapes.input_shapes
    )


@given(two_arrays(), st.sampled_from(ARITHMETIC))
def test_arithmetic_of_arrays_is_numpys(pair, op):
    left, right = pair
    result = op(nd.array(left), nd.array(right))
    np.testing.assert_array_equal(result.asnumpy(), op(left, right))
    assert result.dtype is np.float32


@given(two_arrays(), st.sampled_from(COMPARISONS))
def test_comparisons_give_0_and_1_in_the_dtype(pair, op):
    left, right = pair
    result = op(nd.array(left), nd.array(right))
    np.testing.assert_array_equal(result.asnumpy(), op(left, right).astype(np.float32))
    assert result.dtype is np.float32


@given(hnp.arrays(np.float32, hnp.array_shapes(), elements=FINITE), FINITE)
def test_numbers_are_operands_on_either_side(values, number):
    array = nd.array(values)
    with np.errstate(all="ignore"):
        for op in (*ARITHMETIC, *COMPARISONS, operator.truediv):
            np.testing.assert_array_equal(
                op(array, number).asnumpy(), op(values, np.float32(number)).astype(np.float32)
            )
            np.testing.assert_array_equal(
                op(number, array).asnumpy(), op(np.float32(number), values).astype(np.float32)
            )


@given(two_arrays(), st.sampled_from(IN_PLACE))
def test_in_place_operations_write_into_the_array_and_its_views(pair, op):
    left, right = pair
    if np.broadcast_shapes(left.shape, right.shape) != left.shape:
        array = nd.array(left)
        with pytest.raises(MXNetError, match=op.__name__[1:4]):
            op(array, nd.array(right))
        np.testing.assert_array_equal(array.asnumpy(), left)
        return
    array = nd.array(left)
    view = array.reshape((-1,))
    assert op(array, nd.array(right)) is array
    expected = op(left.copy(), right)
    np.testing.assert_array_equal(array.asnumpy(), expected)
    np.testing.assert_array_equal(view.asnumpy(), expected.reshape(-1))


def test_a_power_assigned_makes_a_new_array():
    array = nd.array([1, 2, 3])
    squared = array
    squared **= 2
    assert squared.asnumpy().tolist() == [1, 4, 9]
    assert array.asnumpy().tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
def test_integers_divide_toward_zero_and_by_true_divide_into_float32(dtype):
    array = nd.array([7, -7, 1, 0], dtype=dtype)
    divisor = nd.array([2, 2, 0, 0], dtype=dtype)
    for quotient, expected in (
        (array / divisor, [3, -3, 0, 0]),
        (array / 2, [3, -3, 0, 0]),
        (10 / divisor, [5, 5, 0, 0]),
    ):
        assert quotient.asnumpy().tolist() == expected
        assert quotient.dtype is np.dtype(dtype).type
    exact = nd.true_divide(array, divisor).asnumpy()
    np.testing.assert_array_equal(exact, np.float32([3.5, -3.5, np.inf, np.nan]))
    np.testing.assert_array_equal(
        nd.true_divide(array, 2).asnumpy(), np.float32([3.5, -3.5, 0.5, 0])
    )
    array /= divisor
    assert array.asnumpy().tolist() == [3, -3, 0, 0]
    assert array.dtype is np.dtype(dtype).type


def test_integers_are_not_divided_by_a_number_that_is_zero_among_them():
    array = nd.array([7, -7], dtype="int32")
    for divide in (operator.truediv, operator.itruediv, nd.divide):
        with pytest.raises(MXNetError, match=r"0\.5 is 0 in int32"):
            divide(array, 0.5)
    assert array.asnumpy().tolist() == [7, -7]


@given(hnp.arrays(np.int64, 5), hnp.arrays(np.int64, 5))
def test_elementwise_division_of_integers_is_exact(left, right):
    right[right == 0] = 3
    got = nd.elemwise_div(nd.array(left, dtype="int64"), nd.array(right, dtype="int64")).asnumpy()
    for a, b, quotient in zip(left.tolist(), right.tolist(), got.tolist(), strict=True):
        exact = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        assert quotient == (exact + 2**63) % 2**64 - 2**63


@given(
    hnp.arrays(np.float64, 4, elements=st.floats(-1e9, 1e9)),
    hnp.arrays(np.float64, 4, elements=st.floats(-1e9, 1e9)),
)
def test_remainders_have_the_sign_of_the_divisor_and_0_for_0(left, right):
    got = (nd.array(left, dtype="float64") % nd.array(right, dtype="float64")).asnumpy()
    with np.errstate(all="ignore"):
        expected = np.where(right == 0, 0, np.mod(left, right))
    np.testing.assert_array_equal(got, expected)


def test_integers_wrap_and_numbers_lose_their_fraction():
    array = nd.array([250, 1], dtype="uint8")
    assert (array + 10).asnumpy().tolist() == [4, 11]
    assert (array * 1.9).asnumpy().tolist() == [250, 1]
    assert (array - 2).asnumpy().tolist() == [248, 255]
    assert (-array).asnumpy().tolist() == [6, 255]
    array += 1.7
    assert array.asnumpy().tolist() == [251, 2]


def test_negative_powers_of_integers_are_cut_off():
    array = nd.array([1, -1, 2, -3], dtype="int32")
    assert (array**-1).asnumpy().tolist() == [1, -1, 0, 0]
    assert (array**2).asnumpy().tolist() == [1, 1, 4, 9]


@pytest.mark.parametrize("op", [*ARITHMETIC, *COMPARISONS, *IN_PLACE])
def test_dtypes_do_not_mix(op):
    left, right = nd.ones((2,)), nd.ones((2,), dtype="float64")
    with pytest.raises(MXNetError, match=r"float32 and float64.*astype\('float32'\)"):
        op(left, right)
    assert left.asnumpy().tolist() == [1, 1]


def test_results_are_on_the_context_of_the_left_operand():
    left, right = nd.ones((2,), cpu(1)), nd.ones((2,), cpu(2))
    assert (left + right).context == cpu(1)
    assert (1 - right).context == cpu(2)
    left += right
    assert (left.context, left.asnumpy().tolist()) == (cpu(1), [2, 2])


@pytest.mark.parametrize("other", [[1, 2], (1, 2), np.array([1, 2]), np.float16([1, 2])])
def test_lists_and_numpy_arrays_take_the_dtype_of_the_array(other):
    array = nd.array([10, 20])
    for result, expected in (
        (array + other, [11, 22]),
        (other - array, [-9, -18]),
        (array > other, [1, 1]),
    ):
        assert result.asnumpy().tolist() == expected
        assert (type(result), result.dtype) == (nd.NDArray, np.float32)


@pytest.mark.parametrize("other", [None, "x", object(), {}])
def test_other_operands_are_type_errors(other):
    array = nd.ones((2,))
    for op in (*ARITHMETIC, operator.lt, operator.iadd):
        with pytest.raises(TypeError):
            op(array, other)
    assert array.asnumpy().tolist() == [1, 1]


def test_comparison_with_none_is_an_ordinary_one():
    array = nd.ones((2,))
    assert (array == None) is False  # noqa: E711
    assert (array != None) is True  # noqa: E711


def test_nothing_warns_at_overflow_or_division_by_zero():
    array = nd.array([1, -1, 0])
    np.testing.assert_array_equal((array / 0).asnumpy(), [np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal((array * 1e300).asnumpy(), [np.inf, -np.inf, np.nan])
    assert (nd.array([127], dtype="int8") + 1).asnumpy().tolist() == [-128]


def test_shapes_that_do_not_broadcast_say_both():
    with pytest.raises(MXNetError, match=r"\(2, 3\).*\(2,\)"):
        nd.ones((2, 3)) + nd.ones((2,))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sixteen_bit_floats_compute_in_their_dtype(dtype):
    array = nd.array([1.5, 3], dtype=dtype)
    result = (array * array + 1) / 2 - array
    assert result._buffer.dtype.name == dtype
    assert result.asnumpy().astype(np.float32).tolist() == [0.125, 2]
