"""The table of operations, and its rows."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "OPERATIONS",
    "REQUIRED",
    "Operation",
    "Vjp",
    "evaluated",
    "operation",
    "register",
    "vjp_of",
]


class Vjp:
    """The vector-Jacobian product of an operation, and what it needs of a call.

    Parameters
    ----------
    function : callable
        ``function(cotangent, *, ...)``. From the cotangent of the result, an array of its shape, it
        computes that of the input, or a tuple with one for each input; None means zero, and a pair
        of row ids and rows stands for an array whose other rows are zero. The names of its other
        parameters say what is passed: an input's name that input (``data`` is an only input, and
        ``left`` and ``right`` are two, whatever they are called), ``output`` the result, an
        input's name with ``_shape`` or ``_dtype`` that of the input, ``needed`` a tuple that says
        of each input whether its cotangent is wanted, and the name of an attribute its value. All
        arrays are to be read only.
    inputs : tuple of str
        The names of the operation's inputs.
    attributes : dict
        The operation's attributes and their defaults.

    Attributes
    ----------
    function : callable
        The same.
    arrays : list of (str, int)
        The inputs that it needs, by name and position; -1 for any number of arrays.
    facts : list of (str, int, str)
        The shapes and dtypes that it needs: its parameter, the position of the input, which of
        the two.
    output : bool
        Whether it needs the result.
    needed : bool
        Whether it asks which cotangents are wanted.
    attributes : dict
        The attributes that it needs, with their defaults.
    single : bool
        Whether it returns one cotangent, not several.
    """

    __slots__ = ("arrays", "attributes", "facts", "function", "needed", "output", "single")

    def __init__(
        self, function: Callable[..., Any], inputs: Sequence[str], attributes: dict[str, Any]
    ) -> None:
        self.function = function
        self.arrays: list[tuple[str, int]] = []
        self.facts: list[tuple[str, int, str]] = []
        self.output = self.needed = False
        self.single = len(inputs) == 1 and not inputs[0].startswith("*")
        self.attributes: dict[str, Any] = {}
        positions = {
            name.lstrip("*"): -1 - place if name.startswith("*") else place
            for place, name in enumerate(inputs)
        }
        for place, name in enumerate(("data",) if len(inputs) == 1 else ("left", "right")):
            if place < len(inputs) and not inputs[place].startswith("*"):
                positions.setdefault(name, place)
        for name in list(inspect.signature(function).parameters)[1:]:
            stem, _, fact = name.rpartition("_")
            if name in attributes:
                self.attributes[name] = attributes[name]
            elif name in positions:
                self.arrays.append((name, positions[name]))
            elif name == "output":
                self.output = True
            elif name == "needed":
                self.needed = True
            elif stem in positions and fact in ("shape", "dtype"):
                self.facts.append((name, positions[stem], fact))
            else:
                raise ValueError(
                    f"{function.__name__}: {name} is neither an input nor an attribute"
                )


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation on arrays: a row of the table.

    Attributes
    ----------
    name : str
        MXNet's name.
    forward : callable
        ``forward(*inputs, **attributes)`` on host arrays gives the result: an array, or a tuple
        of arrays if `outputs` is not 1. Its positional parameters are the inputs, its
        keyword-only parameters the attributes with their defaults.
    aliases : tuple of str
        Further names.
    inputs : tuple of str
        The names of the inputs; a last one that starts with ``*`` takes any number of arrays.
    optional : tuple of str
        The inputs that may be left out.
    attributes : dict
        The attributes in their order, with their defaults; `REQUIRED` has none.
    dtype : {'first', 'computed', 'scalar'}
        Whether the result gets the dtype of the first input, or the one that `forward` gives it,
        or that of an array and a number: the array's, and int64 for booleans.
    agree : bool
        Whether all inputs must have one dtype.
    writes : bool
        Whether the operation writes into its inputs.
    outputs : int
        The number of results; 0 means that an attribute decides.
    kernel : callable or None
        ``kernel(backend, buffers, attributes)`` in place of `forward`, on buffers of the device:
        the compiled kernels of `numparam.kernels`.
    arrays : callable or None
        ``arrays(inputs, attributes, out)`` in place of `forward`, on dense arrays: for what moves
        between contexts, changes the storage type, or writes a part of `out`.
    view : bool
        Whether the result shares the memory of the input: from element ``start`` on, in ``shape``,
        which are the attributes. It may be written if the input may.
    stored_as : str
        The attribute that may name another storage type for the result than dense; '' if none.
    summary : str
        What it does, in a line; with `operation`, the first line of the function's docstring.
    result : str
        What is said of the result, where the dtype's rule does not say enough.
    source : str
        Whose behaviour it keeps, and where it differs.
    differentiable : bool
        False if no gradient flows through the operation: its result is constant almost everywhere,
        an integer, or drawn at random.
    vjp : callable or None
        The vector-Jacobian product; see `Vjp`. `vjp_of` sets it.
    """

    name: str
    forward: Callable[..., Any]
    aliases: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    dtype: str = "first"
    agree: bool = True
    writes: bool = False
    outputs: int = 1
    kernel: Callable[..., Any] | None = None
    arrays: Callable[..., Any] | None = None
    view: bool = False
    stored_as: str = ""
    summary: str = ""
    result: str = ""
    source: str = "As in MXNet 1.9.1."
    differentiable: bool = True
    vjp: Callable[..., Any] | None = None
    #: `vjp` and what it needs.
    product: Vjp | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.vjp is not None:
            product = Vjp(self.vjp, self.inputs, self.attributes)
            object.__setattr__(self, "product", product)  # the row is frozen

    @property
    def variadic(self) -> bool:
        """Return whether the operation takes any number of arrays."""
        return bool(self.inputs) and self.inputs[-1].startswith("*")

    def __repr__(self) -> str:
        return f"Operation({self.name!r})"


REQUIRED = inspect.Parameter.empty

#: Every operation, under its name and under each of its aliases.
OPERATIONS: dict[str, Operation] = {}

#: The variables of the module that added each row.
_ADDED_BY: dict[str, dict[str, Any]] = {}


def _module_variables() -> dict[str, Any]:
    """Return the variables of the module whose body is being run."""
    frame = sys._getframe()
    while frame.f_code.co_name != "<module>" and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_globals


def _runs_again(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether a module runs again, as after an interrupt of its first import."""
    return before is not now and before.get("__name__") == now.get("__name__")


def register(row: Operation) -> Operation:
    """Add a row to the table, under its name and its aliases."""
    module = _module_variables()
    for name in (row.name, *row.aliases):
        if name in OPERATIONS and not _runs_again(_ADDED_BY[name], module):
            raise ValueError(f"two operations are named {name!r}")
        _ADDED_BY[name] = module  # first: an interrupt between the two changes nothing then
        OPERATIONS[name] = row
    return row


def vjp_of(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the vector-Jacobian product of operations; see `Vjp` for its parameters.

    Parameters
    ----------
    *names : str
        The operations, each by one of its names.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            row = OPERATIONS[name]
            present = getattr(row.vjp, "__globals__", function.__globals__)
            if not row.differentiable or (
                row.vjp is not None and not _runs_again(present, function.__globals__)
            ):
                raise ValueError(f"{name} has a vector-Jacobian product, or none by intent")
            object.__setattr__(row, "vjp", function)
            row.__post_init__()
        return function

    return decorate


def evaluated(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that calls a function of host arrays, without catching warnings and errors.

    For functions that cause no warnings and raise their own errors: it saves time.
    """

    def kernel(backend: Any, buffers: Sequence[Any], attributes: dict[str, Any]) -> Any:
        return backend.apply(functools.partial(forward, **attributes), *buffers)

    return kernel


def operation(*names: str, **properties: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of host arrays as an operation; a decorator.

    Parameters
    ----------
    *names : str
        Its name and its aliases.
    **properties : object
        Fields of `Operation`; inputs and attributes come from the function's signature, the
        summary from its docstring.
    """

    def decorate(forward: Callable[..., Any]) -> Callable[..., Any]:
        inputs, optional, attributes = [], [], {}
        for parameter in inspect.signature(forward).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                attributes[parameter.name] = parameter.default
            elif parameter.kind is parameter.VAR_POSITIONAL:
                inputs.append("*" + parameter.name)
            else:
                inputs.append(parameter.name)
                if parameter.default is not REQUIRED:
                    optional.append(parameter.name)
        register(
            Operation(
                names[0],
                forward,
                names[1:],
                tuple(inputs),
                tuple(optional),
                attributes,
                # Python -OO leaves no docstrings.
                summary=(forward.__doc__ or "").partition("\n")[0],
                **properties,
            )
        )
        return forward

    return decorate
