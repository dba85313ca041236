"""The functions of mx.np against NumPy's, and their dtypes against MXNet's."""

from __future__ import annotations

import inspect

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

import numparam as mx
from numparam.ndarray.numpy_operations.arithmetic import BINARY
from numparam.ndarray.numpy_operations.elementwise import UNARY
from numparam.ndarray.numpy_operations.functions import FUNCTIONS

np = mx.np
OUTSIDE_OF_DOMAIN = {"arccosh": 1.5, "arctanh": 0.25, "arcsin": 0.25, "arccos": 0.25}


def host_function(name):
    return getattr(numpy, {"fix": "trunc", "round_": "round"}.get(name, name))


@pytest.mark.parametrize("name", sorted(UNARY))
def test_functions_of_one_array_give_numpys_values(device, name):
    start = OUTSIDE_OF_DOMAIN.get(name, 0.5)
    host = numpy.array([[start, start + 0.25], [start + 0.5, start + 0.1]], dtype="float32")
    if name in ("invert", "bitwise_not"):
        host = numpy.array([[1, 2], [3, -4]], dtype="int32")
    made = getattr(np, name)(np.array(host))
    expected = host_function(name)(host)
    assert type(made) is np.ndarray
    assert made.dtype == expected.dtype
    numpy.testing.assert_allclose(made.asnumpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(UNARY))
def test_functions_of_integers_keep_integers_or_give_float32(device, name):
    made = getattr(np, name)(np.array([0], dtype="int32"))
    with numpy.errstate(all="ignore"):
        of_numpy = host_function(name)(numpy.array([0], dtype="int32")).dtype
    if name == "reciprocal":  # of integers an integer, in NumPy
        of_numpy = numpy.float64
    expected = numpy.float32 if of_numpy == numpy.float64 else of_numpy
    assert made.dtype == expected


@pytest.mark.parametrize("name", sorted(BINARY))
def test_functions_of_two_arrays_give_numpys_values_in_every_form(device, name):
    dtype = "int32" if name.startswith("bitwise") else "float32"
    first = numpy.array([[1, 5, 2], [7, 3, 4]], dtype=dtype)
    second = numpy.array([2, 5, 1], dtype=dtype)
    function, host = getattr(np, name), getattr(numpy, name)
    for left, right in ((first, second), (first, 2), (2, first)):
        mine = [
            np.array(side) if isinstance(side, numpy.ndarray) else side for side in (left, right)
        ]
        expected = host(left, right)
        made = function(*mine)
        assert made.dtype == expected.dtype
        numpy.testing.assert_allclose(made.asnumpy(), expected, rtol=1e-6)
    out = np.zeros(first.shape, dtype=host(first, second).dtype)
    assert function(np.array(first), np.array(second), out=out) is out
    numpy.testing.assert_allclose(out.asnumpy(), host(first, second), rtol=1e-6)


def test_functions_of_numbers_give_numbers():
    assert np.add(1, 2) == 3
    assert np.exp(2) == numpy.exp(2)
    assert np.divide(1, 3) == 1 / 3
    assert np.fix(-1.5) == -1
    assert type(np.maximum(1, 2)) is int


def test_the_remainder_by_zero_is_zero_as_in_mxnet(device):
    assert np.mod(np.array([5.0, 5.0]), np.array([0.0, 3.0])).tolist() == [0, 2]


REDUCTIONS = ["sum", "prod", "mean", "std", "var", "max", "min", "any", "all", "amax", "amin"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_reductions_give_numpys_shapes_and_values(data):
    host = data.draw(
        shapes.arrays(
            "float64",
            shapes.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4),
            elements=st.floats(-8, 8, width=16),
        )
    )
    name = data.draw(st.sampled_from(REDUCTIONS))
    axis = data.draw(st.none() | shapes.valid_tuple_axes(host.ndim))
    keepdims = data.draw(st.booleans())
    made = getattr(np, name)(np.array(host), axis=axis, keepdims=keepdims)
    expected = getattr(numpy, name)(host, axis=axis, keepdims=keepdims)
    assert made.shape == numpy.shape(expected)
    assert made.dtype == numpy.asarray(expected).dtype
    numpy.testing.assert_allclose(made.asnumpy(), expected, rtol=1e-9, atol=1e-9)


# What MXNet 1.9.1 gives; of integers it has variances as integers, and here they are float32.
@pytest.mark.parametrize(
    ("name", "dtype", "expected"),
    [
        ("sum", "int8", "int8"),
        ("sum", "int32", "int32"),
        ("sum", "bool", "int64"),
        ("sum", "float16", "float16"),
        ("prod", "int32", "int32"),
        ("mean", "int32", "float32"),
        ("mean", "bool", "float32"),
        ("mean", "float64", "float64"),
        ("var", "int32", "float32"),
        ("max", "int32", "int32"),
        ("argmax", "float32", "int64"),
        ("argmin", "float32", "int64"),
        ("cumsum", "int32", "int32"),
        ("any", "float32", "bool"),
        ("all", "int32", "bool"),
    ],
)
def test_reductions_have_mxnets_dtypes(device, name, dtype, expected):
    array = np.ones((4,), dtype=dtype)
    assert getattr(np, name)(array).dtype == expected
    assert getattr(array, name)().dtype == expected


def test_sums_are_accumulated_wider_than_the_array(device):
    ones = np.ones((4096,), dtype="float16")
    assert ones.sum().item() == 4096
    assert ones.mean().item() == 1
    assert np.full((3,), 100, dtype="int8").sum(dtype="int32").item() == 300
    assert np.cumsum(ones).asnumpy()[-1] == 4096


def test_degrees_of_freedom_are_taken_off_the_count(device):
    array = np.array([1, 2, 4])
    host = array.asnumpy()
    assert array.var(ddof=1).item() == pytest.approx(host.var(ddof=1))
    assert np.std(array, ddof=2).item() == pytest.approx(host.std(ddof=2))


def test_reductions_of_nothing(device):
    empty = np.zeros((0,))
    assert empty.sum().item() == 0
    assert np.isnan(empty.mean()).item()
    assert np.zeros((0, 2)).sum(axis=0).tolist() == [0, 0]
    for name in ("max", "min", "argmax"):
        with pytest.raises(mx.MXNetError):
            getattr(np, name)(empty)


def test_positions_of_extremes_and_orders(device):
    array = np.array([[3, 1, 2], [0, 5, 4]])
    assert (array.argmax().item(), np.argmin(array).item()) == (4, 3)
    assert array.argmax(1).tolist() == [0, 1]
    assert np.sort(array).tolist() == [[1, 2, 3], [0, 4, 5]]
    assert array.argsort(axis=0).tolist() == [[1, 0, 0], [0, 1, 1]]


def transpose(lib, a):
    return lib.transpose(a, (2, 0, 1))


def swapaxes(lib, a):
    return lib.swapaxes(a, 0, 1)


def moveaxis(lib, a):
    return lib.moveaxis(a, 0, -1)


def expand_dims(lib, a):
    return lib.expand_dims(a, (0, 2))


def squeeze(lib, a):
    return lib.squeeze(a, -1)


def squeeze_all(lib, a):
    return lib.squeeze(a)


def reshape(lib, a):
    return lib.reshape(a, (3, -1))


def ravel(lib, a):
    return lib.ravel(a)


def flip(lib, a):
    return lib.flip(a, 1)


def tile(lib, a):
    return lib.tile(a, (2, 1))


def repeat(lib, a):
    return lib.repeat(a, 2, axis=1)


def broadcast_to(lib, a):
    return lib.broadcast_to(a, (2, 4, 3))


def take(lib, a):
    return lib.take(a, lib.array([2, 0], dtype="int64"), axis=1)


def take_wrapped(lib, a):
    return lib.take(a, lib.array([7]), mode="wrap")


def clip(lib, a):
    return lib.clip(a, 1, 4)


def clip_above(lib, a):
    return lib.clip(a, None, 4)


def around(lib, a):
    return lib.around(a / 8, 1)


def where(lib, a):
    return lib.where(a > 2, a, -a)


def concatenate(lib, a):
    return lib.concatenate([a, a], axis=1)


def concatenate_flat(lib, a):
    return lib.concatenate([a, a], axis=None)


def stack(lib, a):
    return lib.stack([a, a], axis=-1)


def vstack(lib, a):
    return lib.vstack([a, a])


def hstack(lib, a):
    return lib.hstack((a, a))


def dot(lib, a):
    return lib.dot(a, a)


def matmul(lib, a):
    return lib.matmul(a, a[0])


def tensordot(lib, a):
    return lib.tensordot(a, a, axes=2)


def outer(lib, a):
    return lib.outer(a, a)


SHAPING = {
    "transpose": ((2, 3, 4), transpose),
    "swapaxes": ((2, 3), swapaxes),
    "moveaxis": ((2, 3, 4), moveaxis),
    "expand_dims": ((2, 3), expand_dims),
    "squeeze": ((2, 1, 3, 1), squeeze),
    "squeeze all": ((1, 2, 1), squeeze_all),
    "reshape": ((2, 3), reshape),
    "ravel": ((2, 3), ravel),
    "flip": ((2, 3), flip),
    "tile": ((2, 3), tile),
    "repeat": ((2, 3), repeat),
    "broadcast_to": ((1, 3), broadcast_to),
    "take": ((2, 3), take),
    "take wrapped": ((3,), take_wrapped),
    "clip": ((2, 3), clip),
    "clip above": ((2, 3), clip_above),
    "around": ((2, 3), around),
    "where": ((2, 3), where),
    "concatenate": ((2, 3), concatenate),
    "concatenate flat": ((2, 3), concatenate_flat),
    "stack": ((2, 3), stack),
    "vstack": ((3,), vstack),
    "hstack": ((3,), hstack),
    "dot": ((3, 3), dot),
    "matmul": ((2, 3, 3), matmul),
    "tensordot": ((2, 3), tensordot),
    "outer": ((3,), outer),
}


@pytest.mark.parametrize("name", SHAPING)
def test_functions_of_shape_give_numpys_results(device, name):
    shape, call = SHAPING[name]
    host = numpy.arange(numpy.prod(shape), dtype="float32").reshape(shape)
    made = call(np, np.array(host))
    assert type(made) is np.ndarray
    numpy.testing.assert_allclose(made.asnumpy(), call(numpy, host), rtol=1e-6, strict=True)


def test_splits_and_positions_come_as_several_arrays(device):
    assert [part.tolist() for part in np.split(np.arange(4), 2)] == [[0, 1], [2, 3]]
    assert [part.tolist() for part in np.split(np.arange(4), [1])] == [[0], [1, 2, 3]]
    assert [part.size for part in np.array_split(np.arange(5), 2)] == [3, 2]
    with pytest.raises(ValueError):
        np.split(np.arange(4), 3)
    positions = np.array([[0, 1], [2, 0]]).nonzero()
    assert isinstance(positions, tuple)
    assert [part.tolist() for part in positions] == [[0, 1], [1, 0]]
    assert [part.dtype for part in np.where(np.array([0, 1]))] == [numpy.int64]
    array = np.array([5, 0, 6])
    assert array[np.nonzero(array)].tolist() == [5, 6]


def test_where_takes_numbers_and_mixes_dtypes(device):
    mask = np.array([True, False], dtype="bool")
    assert np.where(mask, 1, np.array([3, 4])).tolist() == [1, 4]
    assert np.where(mask, np.array([1, 2], dtype="int32"), 9).dtype == numpy.int32
    assert np.where(mask, np.ones((2,), dtype="int32"), np.ones((2,))).dtype == numpy.float32
    with pytest.raises(ValueError):
        np.where(mask, 1)


def test_joins_mix_dtypes_and_refuse_nothing_to_join(device):
    joined = np.concatenate([np.ones((1,)), np.zeros((1,), dtype="float64")])
    assert joined.dtype == numpy.float64
    for wrong in ([], 3):
        with pytest.raises(mx.MXNetError):
            np.concatenate(wrong)
    with pytest.raises(mx.MXNetError):
        np.concatenate([np.ones((1, 2)), np.zeros((2, 2))], axis=1)
    with pytest.raises(TypeError, match="as_np_ndarray"):
        np.stack([mx.nd.ones((1,))])


def test_comparisons_of_whole_arrays_give_a_bool(device):
    array = np.array([1, 2])
    assert np.array_equal(array, np.array([1, 2], dtype="int32")) is True
    assert np.array_equal(array, np.array([1])) is False
    assert np.allclose(array, array * 1.000001) is True
    assert np.allclose(array, numpy.array([1, 3])) is False
    assert np.allclose(np.array([numpy.nan]), np.array([numpy.nan]), equal_nan=True) is True
    assert (np.shape(array), np.ndim(array), np.size(array)) == ((2,), 1, 2)


@pytest.mark.parametrize("name", sorted({*FUNCTIONS, "take", "where", "reshape", "shape"}))
def test_every_function_refuses_lists_and_classic_arrays_with_the_way_out(name):
    more = {"clip": (1, 2), "repeat": (2,), "tile": (2,), "swapaxes": (0, 0), "moveaxis": (0, 0),
            "broadcast_to": ((2,),), "split": (1,), "array_split": (1,), "reshape": ((1,),),
            "take": (0,)}.get(name, ())  # fmt: skip
    arrays = 2 if name in BINARY or name in ("dot", "matmul", "tensordot", "outer") else 1
    for wrong, hint in (([1.0], "mx.np.array"), (mx.nd.ones((1,)), "as_np_ndarray")):
        with pytest.raises(TypeError, match=hint):
            getattr(np, name)(*[wrong] * arrays, *more)


def axis_outside(array):
    return array.sum(axis=5)


def other_inner_length(array):
    return np.matmul(array, np.ones((3, 3)))


def shapes_that_do_not_broadcast(array):
    return array + np.ones((3,))


def position_outside(array):
    return np.take(array, [9])


def no_bound(array):
    return np.clip(array, None, None)


def unknown_argument(array):
    return np.sum(array, wrong=1)


def difference_of_booleans(array):
    return np.subtract(array > 0, array > 1)


@pytest.mark.parametrize(
    "call",
    [
        axis_outside,
        other_inner_length,
        shapes_that_do_not_broadcast,
        position_outside,
        no_bound,
        unknown_argument,
        difference_of_booleans,
    ],
)
def test_impossible_calls_are_errors_of_the_mxnet_kind(device, call):
    with pytest.raises(mx.MXNetError):
        call(np.ones((2, 2)))


def test_numpys_own_functions_reach_the_methods(device):
    array = np.array([[1, 2], [3, 4]])
    for made, expected in (
        (numpy.sum(array, axis=0), [4, 6]),
        (numpy.clip(array, 2, 3), [[2, 2], [3, 3]]),
        (numpy.transpose(array), [[1, 3], [2, 4]]),
        (numpy.sqrt(array * array), [[1, 2], [3, 4]]),
        (numpy.logaddexp2(array, array), [[2, 3], [4, 5]]),
    ):
        assert type(made) is np.ndarray
        assert made.tolist() == expected


def test_every_function_is_documented():
    for name, function in FUNCTIONS.items():
        summary, blank, *rest = inspect.getdoc(function).splitlines()
        assert summary.endswith("."), name
        assert len(summary.split()) > 2, name
        assert blank == "", name
        for part in ("Parameters", "Returns", "Raises", "Notes"):
            assert rest[rest.index(part) + 1] == "-" * len(part), name
        assert rest[rest.index("Returns") + 3].startswith("    O"), name
        assert "MXNet 1.9.1" in rest[rest.index("Notes") + 2], name
        assert function.__name__.rstrip("_"), name
        assert function.__module__ == "numparam.numpy"
