import copy
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

NUMBERS = st.sampled_from(
    [np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.bool_]
)


@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)))
def test_asnumpy_gives_every_bit_in_memory_of_its_own(values):
    array = nd.array(values, dtype=values.dtype)
    first, second = array.asnumpy(), array.asnumpy()
    assert first.tobytes() == values.tobytes()
    assert (first.shape, first.dtype) == (values.shape, values.dtype)
    assert not np.shares_memory(first, second)
    assert first.flags.writeable


@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)))
def test_lists_and_items_are_pythons_numbers(values):
    array = nd.array(values, dtype=values.dtype)
    np.testing.assert_equal(array.tolist(), values.tolist())
    if values.size:
        index = values.size - 1
        np.testing.assert_equal(array.item(index), values.item(index))


def test_one_element_is_a_number_and_a_truth_value():
    array = nd.array([[2.5]])
    assert array.asscalar() == np.float32(2.5)
    assert isinstance(array.asscalar(), np.float32)
    assert array.item() == 2.5
    assert (float(array), int(array), bool(array)) == (2.5, 2, True)
    assert operator.index(nd.array([3], dtype="int8")) == 3
    assert [10, 20, 30][nd.array([1], dtype="int64")] == 20
    assert not nd.array([])


@pytest.mark.parametrize("convert", [float, int, operator.index])
def test_several_elements_are_no_number(convert):
    with pytest.raises(TypeError, match=r"\(2, 3\)"):
        convert(nd.zeros((2, 3), dtype="int32"))


def test_several_elements_are_no_scalar_and_no_truth_value():
    array = nd.zeros((2, 3))
    with pytest.raises(ValueError, match="has 6"):
        array.asscalar()
    with pytest.raises(ValueError, match="neither true nor false"):
        bool(array)
    with pytest.raises(TypeError, match="float32"):
        operator.index(nd.ones((1,)))


def test_casts_go_through_the_kernels(opaque):
    array = nd.array([1.5, -2.5])
    array.astype("int32")
    array.copyto(nd.zeros((2,), dtype="float16"))
    array.copy()
    assert [call for call in opaque.calls if call.startswith("cast")] == [
        "cast.cast",
        "cast.cast",
        "cast.copy",
    ]


def test_astype_copies_unless_told_not_to():
    array = nd.array([1.5, -2.5])
    assert array.astype("float32") is not array
    assert array.astype("float32", copy=False) is array
    cast = array.astype("int32", copy=False)
    assert (cast.dtype, cast.asnumpy().tolist()) == (np.int32, [1, -2])
    assert array.astype(None).dtype is np.float32


@pytest.mark.parametrize("dtype", ["foo", "complex64", object])
def test_unknown_dtypes_are_type_errors(dtype):
    with pytest.raises(TypeError, match="dtype"):
        nd.ones((1,)).astype(dtype)


def test_casts_to_bfloat16_round_to_nearest_even():
    cast = nd.array([1.00390625, 1.01171875, 3.4e38]).astype("bfloat16").asnumpy()
    np.testing.assert_array_equal(cast.astype(np.float32), np.float32([1, 1.015625, np.inf]))


def test_copies_and_other_contexts_have_memory_of_their_own():
    array = nd.array([1, 2])
    for other in (array.copy(), array.copyto(cpu(1)), array.as_in_context(cpu(2))):
        other[:] = 9
    assert array.asnumpy().tolist() == [1, 2]
    assert array.as_in_context(cpu(0)) is array
    assert array.as_in_ctx(cpu(1)).context == cpu(1)
    assert array.copyto(cpu(3)).context == cpu(3)


def test_detached_arrays_share_the_memory():
    array = nd.array([1, 2])
    array.detach()[:] = 7
    copy.copy(array)[0] = 8
    assert array.asnumpy().tolist() == [8, 7]


@pytest.mark.parametrize("target", ["cpu(0)", "cpu(1)"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
def test_copyto_writes_into_another_array_of_any_context_and_dtype(target, dtype):
    context = cpu(int(target[4]))
    array, other = nd.array([[1, 2], [3, 4]]), nd.zeros((2, 2), context, dtype)
    view = other[0]
    assert array.copyto(other) is other
    assert other.asnumpy().tolist() == [[1, 2], [3, 4]]
    assert view.asnumpy().tolist() == [1, 2]


def test_copyto_refuses_other_shapes_and_other_things():
    array = nd.ones((2, 3))
    other = nd.zeros((3, 2))
    with pytest.raises(MXNetError, match=r"\(2, 3\).*\(3, 2\)"):
        array.copyto(other)
    assert other.asnumpy().sum() == 0
    for wrong in (np.zeros((2, 3)), "cpu", None):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            array.copyto(wrong)


def test_copying_an_array_to_itself_warns():
    array = nd.ones((2,))
    with pytest.warns(RuntimeWarning, match="itself"):
        assert array.copyto(array) is False


def test_deep_copies_stay_on_their_context_and_keep_their_marking():
    array = nd.array([1, 2], cpu(1), "float64")
    array.attach_grad("add")
    array.grad[:] = 3
    array._fresh_grad = 1
    memo_pair = copy.deepcopy({"a": array, "b": array, "g": array.grad})
    other = memo_pair["a"]
    assert memo_pair["b"] is other
    assert (other.context, other._grad_req, other._fresh_grad) == (cpu(1), "add", 1)
    assert other.grad.asnumpy().tolist() == [3, 3]
    other[:] = 9
    other.grad[:] = 9
    assert array.asnumpy().tolist() == [1, 2]
    assert array.grad.asnumpy().tolist() == [3, 3]


def test_storage_types_that_do_not_exist_are_value_errors():
    with pytest.raises(ValueError, match="foo"):
        nd.ones((2, 2)).tostype("foo")
    assert nd.ones((2, 2)).tostype("default").stype == "default"


def test_waiting_returns():
    assert nd.ones((1,)).wait_to_read() is None
    assert nd.waitall() is None


@pytest.mark.parametrize("shape", [(2, 3), (1,), (0,)])
@pytest.mark.parametrize("order", [1, -1])
def test_a_deep_copy_keeps_an_array_and_its_gradient_together(shape, order):
    array = nd.array(np.zeros(shape))
    array.attach_grad()
    pair = copy.deepcopy([array, array._grad][::order])[::order]
    assert pair[0]._grad is pair[1]
    assert pair[1] is not array._grad
