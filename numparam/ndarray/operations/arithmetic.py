"""Elementwise operations on two arrays, or on an array and a number."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from numparam.ndarray.operations.binary import BinaryFunction
from numparam.ndarray.operations.operation import (
    OPERATIONS,
    REQUIRED,
    Operation,
    operation,
    register,
)
from numparam.ndarray.quiet import quietly
from numparam.ndarray.values import as_host_array, is_array

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["ARITHMETIC", "BINARY", "Partials"]


def _divide(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Divide; quotients of integers are truncated toward zero, and 0 where the divisor is 0."""
    if left.dtype == np.bool_:
        raise ValueError("arrays of bool are not divided; convert them with astype('int32') first")
    if left.dtype.kind not in "iu":
        return np.divide(left, right)
    quotient = left // right
    inexact = left - quotient * right != 0
    return quotient + (inexact & ((left < 0) != (right < 0))).astype(left.dtype)


def _true_divide(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Divide; quotients of integers are float32."""
    if left.dtype.kind in "iub":
        return np.divide(left, right, dtype=np.float64).astype(np.float32)
    return np.divide(left, right)


def _modulo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Compute the remainder with the sign of the divisor, and 0 where the divisor is 0."""
    remainder = np.mod(left, right)
    return np.where(right == 0, np.zeros_like(remainder), remainder)


def _power(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if left.dtype.kind in "iu" and (right < 0).any():
        return np.power(left.astype(np.float64), right).astype(left.dtype)
    return np.power(left, right)


class Partials(NamedTuple):
    """The partial derivatives of a function of two operands, each times a cotangent.

    Attributes
    ----------
    left, right : callable
        By the first and by the second operand, as a function of the cotangent and of what else it
        needs: ``left`` and ``right``, the operands, and ``output``, the result.
    """

    left: Callable[..., Any]
    right: Callable[..., Any]

    def of_arrays(self) -> Callable[..., Any]:
        """Return the vector-Jacobian product for two inputs."""
        first, second = _by_position(self.left), _by_position(self.right)

        def vjp(
            cotangent: Any,
            *,
            needed: tuple[bool, bool],
            left: Any = None,
            right: Any = None,
            output: Any = None,
        ) -> tuple[Any, Any]:
            return (
                first(cotangent, left, right, output) if needed[0] else None,
                second(cotangent, left, right, output) if needed[1] else None,
            )

        used = dict.fromkeys(("needed", *_names(self.left), *_names(self.right)))
        return _with_parameters(vjp, used)

    def of_number(self, swapped: bool) -> Callable[..., Any]:
        """Return it for one input and the attribute ``scalar``, the first operand if `swapped`."""
        partial = self.right if swapped else self.left
        compute = _by_position(partial)

        def vjp(cotangent: Any, *, scalar: Any = None, data: Any = None, output: Any = None) -> Any:
            number = scalar.item() if isinstance(scalar, np.generic) else scalar
            left, right = (number, data) if swapped else (data, number)
            return compute(cotangent, left, right, output)

        known = {"left": "data", "right": "scalar"}
        if swapped:
            known = {"left": "scalar", "right": "data"}
        return _with_parameters(vjp, [known.get(name, name) for name in _names(partial)])


def _names(partial: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(partial).parameters)[1:]


def _by_position(partial: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a derivative so that it takes the cotangent, both operands and the result."""
    return _BY_POSITION[tuple(_names(partial))](partial)


_BY_POSITION: dict[tuple[str, ...], Callable[..., Callable[..., Any]]] = {
    (): lambda partial: lambda cotangent, left, right, output: partial(cotangent),
    ("left",): lambda partial: lambda cotangent, left, right, output: partial(cotangent, left),
    ("right",): lambda partial: lambda cotangent, left, right, output: partial(cotangent, right),
    ("left", "right"): (
        lambda partial: lambda cotangent, left, right, output: partial(cotangent, left, right)
    ),
    ("left", "output"): (
        lambda partial: lambda cotangent, left, right, output: partial(cotangent, left, output)
    ),
    ("right", "output"): (
        lambda partial: lambda cotangent, left, right, output: partial(cotangent, right, output)
    ),
    ("left", "right", "output"): lambda partial: partial,
}


def _with_parameters(function: Any, names: Iterable[str]) -> Callable[..., Any]:
    """Set the signature of a function after its first parameter."""
    kind = inspect.Parameter.KEYWORD_ONLY
    first = inspect.Parameter("cotangent", inspect.Parameter.POSITIONAL_ONLY)
    rest = [inspect.Parameter(name, kind) for name in names]
    function.__signature__ = inspect.Signature([first, *rest])
    return function


def _itself(cotangent: Any) -> Any:
    return cotangent


def _negated(cotangent: Any) -> Any:
    return -cotangent


_ADD = Partials(_itself, _itself)
_SUBTRACT = Partials(_itself, _negated)


def _times_right(cotangent: Any, right: Any) -> Any:
    return cotangent * right


def _times_left(cotangent: Any, left: Any) -> Any:
    return cotangent * left


_MULTIPLY = Partials(_times_right, _times_left)


def _by_dividend(cotangent: Any, right: Any) -> Any:
    return cotangent / right


def _by_divisor(cotangent: Any, right: Any, output: Any) -> Any:
    return cotangent * output / -right


_DIVIDE = Partials(_by_dividend, _by_divisor)


def _modulo_by_divisor(cotangent: Any, left: Any, right: Any) -> Any:
    return -cotangent * np.floor(left / right)


_MODULO = Partials(_itself, _modulo_by_divisor)


def _power_by_base(cotangent: Any, left: Any, right: Any) -> Any:
    # With exponent 0 the power is 1 for every base, 0 among them, where 0 / 0 would come out.
    return cotangent * right * np.power(left, np.where(right == 0, 1, right - 1))


def _power_by_exponent(cotangent: Any, left: Any, right: Any, output: Any) -> Any:
    # Positive powers of 0 are 0 for every exponent nearby.
    flat = (left == 0) & (right >= 0)
    return cotangent * np.where(flat, 0, output * np.log(np.where(flat, 1, left)))


_POWER = Partials(_power_by_base, _power_by_exponent)


def _where_larger(cotangent: Any, left: Any, right: Any) -> Any:
    return cotangent * (left >= right)


def _where_not_larger(cotangent: Any, left: Any, right: Any) -> Any:
    return cotangent * (left < right)


# Of equal operands the first one gets the gradient, as in MXNet.
_MAXIMUM = Partials(_where_larger, _where_not_larger)


def _where_smaller(cotangent: Any, left: Any, right: Any) -> Any:
    return cotangent * (left <= right)


def _where_not_smaller(cotangent: Any, left: Any, right: Any) -> Any:
    return cotangent * (left > right)


_MINIMUM = Partials(_where_smaller, _where_not_smaller)


def _hypot_by_left(cotangent: Any, left: Any, output: Any) -> Any:
    return cotangent * left / output


def _hypot_by_right(cotangent: Any, right: Any, output: Any) -> Any:
    return cotangent * right / output


_HYPOT = Partials(_hypot_by_left, _hypot_by_right)


def _logical(function: Callable[..., Any]) -> Callable[..., Any]:
    return functools.partial(_of_truth, function)


def _of_truth(function: Callable[..., Any], left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return function(left != 0, right != 0)


class Arithmetic(NamedTuple):
    """A binary function and the names of its operations.

    Attributes
    ----------
    name : str
        The function of ``numparam.nd`` that takes arrays and numbers.
    function : callable
        What it computes of two host arrays.
    broadcast : tuple of str
        The operation on two arrays that broadcasts, and its aliases.
    elementwise : tuple of str
        The operation on two arrays of one shape, and its aliases.
    scalar, reflected : str
        The operation on an array and a number, and on a number and an array.
    summary : str
        What it gives.
    source : str
        Whose behaviour it keeps, and where it differs.
    partials : Partials or None
        Its derivatives; None for functions that are constant almost everywhere.
    """

    name: str
    function: Callable[..., Any]
    broadcast: tuple[str, ...]
    elementwise: tuple[str, ...]
    scalar: str
    reflected: str
    summary: str
    source: str
    partials: Partials | None


def _row(
    name: str,
    function: Callable[..., Any],
    stem: str,
    summary: str,
    *,
    broadcast: tuple[str, ...] = (),
    elementwise: tuple[str, ...] = (),
    reflected: str | None = None,
    source: str = "As in MXNet 1.9.1.",
    partials: Partials | None = None,
) -> Arithmetic:
    return Arithmetic(
        name,
        function,
        (f"broadcast_{stem}", *broadcast),
        elementwise or (f"_{stem}",),
        f"_{stem}_scalar",
        f"_{reflected or 'r' + stem}_scalar",
        summary,
        source,
        partials,
    )


#: Every function of two operands.
ARITHMETIC: dict[str, Arithmetic] = {
    row.name: row
    for row in (
        _row(
            "add",
            np.add,
            "plus",
            "the sum",
            broadcast=("broadcast_add",),
            elementwise=("elemwise_add", "_plus", "_add", "_grad_add"),
            reflected="plus",
            partials=_ADD,
        ),
        _row(
            "subtract",
            np.subtract,
            "minus",
            "the difference",
            broadcast=("broadcast_sub",),
            elementwise=("elemwise_sub", "_minus", "_sub"),
            partials=_SUBTRACT,
        ),
        _row(
            "multiply",
            np.multiply,
            "mul",
            "the product",
            elementwise=("elemwise_mul", "_mul"),
            reflected="mul",
            partials=_MULTIPLY,
        ),
        _row(
            "divide",
            _divide,
            "div",
            "the quotient, of integers cut off toward zero",
            elementwise=("elemwise_div", "_div"),
            source="As in MXNet 1.9.1, which crashes for an integer divisor 0; here that gives 0.",
            partials=_DIVIDE,
        ),
        _row(
            "true_divide",
            _true_divide,
            "true_div",
            "the quotient, of integers as float32",
            source="As in MXNet 1.9.1, which cuts off the quotients of integers.",
            partials=_DIVIDE,
        ),
        _row(
            "modulo",
            _modulo,
            "mod",
            "the remainder with the sign of the divisor; 0 for divisor 0",
            partials=_MODULO,
        ),
        _row("power", _power, "power", "the power", partials=_POWER),
        _row(
            "maximum",
            np.maximum,
            "maximum",
            "the larger one",
            reflected="maximum",
            partials=_MAXIMUM,
        ),
        _row(
            "minimum",
            np.minimum,
            "minimum",
            "the smaller one",
            reflected="minimum",
            partials=_MINIMUM,
        ),
        _row(
            "hypot",
            np.hypot,
            "hypot",
            "the length of the hypotenuse",
            reflected="hypot",
            partials=_HYPOT,
        ),
        _row("equal", np.equal, "equal", "1 where equal, else 0", reflected="equal"),
        _row(
            "not_equal", np.not_equal, "not_equal", "0 where equal, else 1", reflected="not_equal"
        ),
        _row(
            "greater",
            np.greater,
            "greater",
            "1 where the first is greater, else 0",
            reflected="lesser",
        ),
        _row(
            "greater_equal",
            np.greater_equal,
            "greater_equal",
            "1 where the first is greater or equal, else 0",
            reflected="lesser_equal",
        ),
        _row(
            "lesser",
            np.less,
            "lesser",
            "1 where the first is smaller, else 0",
            reflected="greater",
        ),
        _row(
            "lesser_equal",
            np.less_equal,
            "lesser_equal",
            "1 where the first is smaller or equal, else 0",
            reflected="greater_equal",
        ),
        _row(
            "logical_and",
            _logical(np.logical_and),
            "logical_and",
            "1 where both are nonzero, else 0",
            reflected="logical_and",
        ),
        _row(
            "logical_or",
            _logical(np.logical_or),
            "logical_or",
            "1 where one is nonzero, else 0",
            reflected="logical_or",
        ),
        _row(
            "logical_xor",
            _logical(np.logical_xor),
            "logical_xor",
            "1 where exactly one is nonzero, else 0",
            reflected="logical_xor",
        ),
    )
}


def _elementwise(function: Callable[..., Any], lhs: np.ndarray, rhs: np.ndarray) -> Any:
    if lhs.shape != rhs.shape:
        raise ValueError(
            "both arrays must have one shape; use the broadcast_ operations for others"
        )
    return function(lhs, rhs)


def _with_scalar(
    function: Callable[..., Any], swapped: bool, data: np.ndarray, *, scalar: Any
) -> Any:
    kind = data.dtype.kind
    if kind == "b":
        data = data.astype(np.int64)
    number: Any
    if kind == "f":
        if function is _divide:
            function = np.divide
        if type(scalar) in (int, float) and isinstance(function, np.ufunc):
            number = float(scalar)  # NumPy converts it to the dtype of the array, and faster
        else:
            number = data.dtype.type(scalar)
    else:
        number = as_host_array(scalar, data.dtype).astype(data.dtype)
        if function is _divide and not swapped and scalar and not number:
            raise ValueError(
                f"{scalar} is 0 in {data.dtype}, and integers cannot be divided by 0; convert "
                "the array with astype('float32') first"
            )
    return function(number, data) if swapped else function(data, number)


def _register(row: Arithmetic) -> None:
    pair = ("lhs", "rhs")
    dtype, scalar_dtype = "first", "scalar"
    texts: dict[str, Any] = {"source": row.source}
    their_dtype = "their dtype"
    if row.name == "true_divide":
        dtype = scalar_dtype = "computed"
        their_dtype = "their dtype, or float32 for integers"
        texts["result"] = "Of the shape and dtype of ``data``; of float32 for integers."
    partials = row.partials
    texts["differentiable"] = partials is not None
    vjp = partials and partials.of_arrays()
    names = row.broadcast[::-1] if len(row.broadcast) > 1 else row.broadcast
    texts["summary"] = f"Return {row.summary}, element by element, with broadcasting."
    both = {**texts, "result": f"Of the shape that both broadcast to, and of {their_dtype}."}
    register(Operation(names[0], row.function, names[1:], pair, dtype=dtype, vjp=vjp, **both))
    names = row.elementwise
    forward = functools.partial(_elementwise, row.function)
    texts["summary"] = f"Return {row.summary}, element by element, of two arrays of one shape."
    both = {**texts, "result": f"Of their shape and {their_dtype}."}
    register(Operation(names[0], forward, names[1:], pair, dtype=dtype, vjp=vjp, **both))
    attributes = {"scalar": REQUIRED}
    for name, swapped in ((row.scalar, False), (row.reflected, True)):
        if name in OPERATIONS or (swapped and not name.startswith("_r")):
            continue
        operands = "a number and each element" if swapped else "each element and a number"
        texts["summary"] = f"Return {row.summary}, for {operands}."
        forward = functools.partial(_with_scalar, row.function, swapped)
        register(
            Operation(
                name,
                forward,
                (),
                ("data",),
                attributes=attributes,
                dtype=scalar_dtype,
                vjp=partials and partials.of_number(swapped),
                **texts,
            )
        )


for _arithmetic in ARITHMETIC.values():
    _register(_arithmetic)


@operation("_scatter_plus_scalar", dtype="scalar", vjp=_itself)
def _scatter_plus_scalar(data: np.ndarray, *, scalar: Any) -> np.ndarray:
    """Return the sum of each stored element and a number; other elements stay zero."""
    return _with_scalar(np.add, False, data, scalar=scalar)


@operation("_scatter_minus_scalar", dtype="scalar", vjp=_itself)
def _scatter_minus_scalar(data: np.ndarray, *, scalar: Any) -> np.ndarray:
    """Return the difference of each stored element and a number; other elements stay zero."""
    return _with_scalar(np.subtract, False, data, scalar=scalar)


@operation("_scatter_elemwise_div", vjp=_DIVIDE.of_arrays())
def _scatter_elemwise_div(lhs: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """Return the quotient of two arrays of one shape, in the rows that the first one stores."""
    return _elementwise(_divide, lhs, rhs)


def _converted(operand: Any, array: NDArray, name: str) -> Any:
    """Convert a list or NumPy array to an array of the other operand's dtype and context."""
    if operand is None and name in ("equal", "not_equal"):
        return NotImplemented
    if not isinstance(operand, (list, tuple, np.ndarray)):
        if name in ("equal", "not_equal") or isinstance(operand, str) or operand is None:
            raise TypeError(
                f"{name} takes arrays and numbers, not {type(operand).__name__} {operand!r}"
            )
        return NotImplemented
    dtype = array._buffer.dtype
    host = quietly(as_host_array(operand, dtype).astype, dtype)
    backend = array._backend
    return array._array_class.from_buffer(backend.upload(host), array._ctx, backend)


#: Each function of two operands, by its name: it converts lists and NumPy arrays to the dtype and
#: the context of the other operand.
BINARY: dict[str, BinaryFunction] = {
    row.name: BinaryFunction(
        row.name,
        OPERATIONS[row.broadcast[0]],
        OPERATIONS[row.scalar],
        OPERATIONS[row.reflected],
        is_array,
        _converted,
    )
    for row in ARITHMETIC.values()
}
