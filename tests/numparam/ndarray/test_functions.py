import inspect

import numpy as np
import pytest

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.ndarray import _internal, contrib, op
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.ndarray.operations.arithmetic import ARITHMETIC

pytestmark = pytest.mark.usefixtures("device")

MATRIX = [[1, -2, 3], [4, 5, -6]]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_a_documented_function_of_its_name(name):
    if name.startswith("contrib."):
        function = getattr(contrib, name.removeprefix("contrib."))
    elif name.startswith("_"):
        function = getattr(_internal, name)
    else:
        function = getattr(nd, name)
        assert getattr(op, name).__name__ == function.__name__
    assert function.__name__ == name.removeprefix("contrib.")
    for part in ("Parameters", "Returns"):
        assert part in inspect.getdoc(function)
    for attribute in OPERATIONS[name].attributes:
        assert attribute in function.__doc__ or name in ARITHMETIC


def _public():
    return sorted(name for name in {**OPERATIONS, **ARITHMETIC} if not name.startswith("_"))


@pytest.mark.parametrize("name", _public())
def test_every_public_operation_says_what_it_is_for(name):
    bare = name.removeprefix("contrib.")
    function = getattr(contrib if name.startswith("contrib.") else nd, bare)
    summary, blank, *rest = inspect.getdoc(function).splitlines()
    assert summary.endswith(".")
    assert len(summary.split()) > 2
    assert f"``{bare}``" not in summary
    assert blank == ""
    # Asterisks that are not in a literal would start emphasis.
    assert "*" not in "".join(summary.split("``")[::2])
    for part in ("Parameters", "Returns", "Raises", "Notes"):
        assert rest[rest.index(part) + 1] == "-" * len(part)
    assert rest[rest.index("Returns") + 2].strip(), "it must say which dtype or shape comes out"
    assert {"MXNetError", "TypeError"} <= set(rest)
    assert "MXNet 1.9.1" in rest[rest.index("Notes") + 2]


def test_operations_that_do_different_things_say_different_things():
    summaries = {}
    for row in OPERATIONS.values():
        assert row.summary, row.name
        if not row.name.startswith("_"):
            summaries.setdefault(row.summary, set()).add(row.name)
    assert [names for names in summaries.values() if len(names) > 1] == [{"trunc", "fix"}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("take", "Of the dtype of ``a``."),
        ("cast", "Of the dtype ``dtype``."),
        ("cumsum", "Of the dtype ``dtype``; None means that of ``a``."),
        ("sqrt", "integers are computed in float64 and cut off"),
        ("stack", "The arrays must have one dtype"),
        ("broadcast_div", "which crashes for an integer divisor 0; here that gives 0."),
        ("true_divide", "which cuts off the quotients of integers"),
    ],
)
def test_dtypes_and_differences_from_mxnet_are_written_down(name, words):
    assert words in inspect.getdoc(getattr(nd, name))


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, row in OPERATIONS.items()
        if row.result.startswith("Of the shape and dtype of ``")
        and len(row.inputs) == 1
        and not row.attributes
        and not name.startswith("_np_")
    ),
)
@pytest.mark.parametrize("dtype", ["int32", "float16", "float32"])
def test_operations_that_promise_the_shape_and_dtype_of_the_input_keep_them(name, dtype):
    row = OPERATIONS[name]
    result = invoke(row, [nd.ones((2, 3), dtype=dtype)], {})
    floats = dtype == "int32" and "float32 for integers" in row.result
    assert (result.shape, result.dtype) == ((2, 3), np.dtype("float32" if floats else dtype))


def test_an_axis_that_take_does_not_find_is_an_mxnet_error_too():
    for kind in (MXNetError, ValueError):
        with pytest.raises(kind, match="axis 7 is outside"):
            nd.take(nd.ones((2, 3)), nd.zeros((2,)), axis=7)


@pytest.mark.parametrize("name", sorted(name for name in vars(nd.NDArray) if name in OPERATIONS))
def test_the_rows_that_say_so_are_methods(name):
    if "." not in name and not name.startswith("_"):
        assert callable(getattr(nd.NDArray, name))


def test_inputs_and_attributes_come_by_position_or_name():
    a = nd.array(MATRIX)
    expected = np.sum(MATRIX, 1, keepdims=True).tolist()
    out = nd.zeros((2, 1))
    for result in (
        nd.sum(a, 1, True),
        nd.sum(a, axis=1, keepdims=True),
        nd.sum(data=a, axis=1, keepdims=True, name="total"),
        a.sum(1, True),
        nd.sum(a, axis=1, keepdims=True, out=out),
    ):
        assert result.tolist() == expected
    assert result is out


def test_a_function_says_what_an_input_must_be():
    with pytest.raises(AssertionError, match=r"data of sum must be an NDArray, not ndarray"):
        nd.sum(np.ones(3))
    with pytest.raises(TypeError, match=r"nd\.array"):
        nd.concat([nd.ones((1,))], dim=0)


def sum_a_foo_1(a):
    return nd.sum(a, foo=1)


def sum_2(a):
    return nd.sum()


def clip_a_0(a):
    return nd.clip(a, 0)


def add_n(a):
    return nd.add_n()


def exp_a_a_name_1(a):
    return nd.exp(a, a, "name", 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (sum_a_foo_1, "no attribute 'foo'; it has axis, keepdims, exclude"),
        (sum_2, "needs the array 'data'"),
        (clip_a_0, "needs the attribute 'a_max'"),
        (add_n, "at least one array"),
        (exp_a_a_name_1, "at most 3"),
    ],
)
def test_unknown_and_missing_arguments_are_named(call, words):
    with pytest.raises(MXNetError, match=words):
        call(nd.array(MATRIX))
    with pytest.raises(TypeError):
        call(nd.array(MATRIX))


def test_an_argument_given_twice_is_a_type_error():
    a = nd.ones((2,))
    with pytest.raises(TypeError, match="lhs twice"):
        nd.elemwise_add(a, a, lhs=a)


@pytest.mark.parametrize("name", ["Convolution", "sotfmax", "no_such_thing"])
def test_unknown_names_say_what_numparam_is(name):
    for place in (nd, op, contrib, _internal):
        with pytest.raises(AttributeError, match="parameter layer"):
            getattr(place, name)
    assert not hasattr(nd, name)


def test_unknown_names_come_with_near_ones():
    with pytest.raises(AttributeError, match="softmax"):
        nd.sotfmax  # noqa: B018


@pytest.mark.parametrize("name", sorted(ARITHMETIC))
def test_binary_functions_take_arrays_and_numbers(name):
    function = getattr(nd, name)
    left, right = np.float32([1, 2, 3]), np.float32([3, 2, 1])
    expected = function(nd.array(left), nd.array(right)).asnumpy()
    np.testing.assert_allclose(
        expected, np.float32(ARITHMETIC[name].function(left, right)), rtol=1e-6
    )
    for position in range(3):
        x, y = float(left[position]), float(right[position])
        assert function(nd.array(left), y).asnumpy()[position] == expected[position]
        assert function(x, nd.array(right)).asnumpy()[position] == expected[position]
        np.testing.assert_allclose(function(x, y), expected[position], rtol=1e-6)


@pytest.mark.parametrize("pair", [("x", 1), (None, None), ([1], [2]), ({}, 1)])
def test_binary_functions_refuse_other_things(pair):
    with pytest.raises(TypeError, match="takes arrays and numbers"):
        nd.add(*pair)
