"""One row of the table of operations, and the table."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["OPERATIONS", "REQUIRED", "Operation", "evaluated", "operation", "register"]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation on arrays: what it computes, and what it needs.

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
    summary : str
        What it does, in a line; with `operation`, the first line of the function's docstring.
    result : str
        What is said of the result, where the dtype's rule does not say enough.
    source : str
        Whose behaviour it keeps, and where it differs.
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
    summary: str = ""
    result: str = ""
    source: str = "As in MXNet 1.9.1."

    @property
    def variadic(self) -> bool:
        """Check whether the operation takes any number of arrays."""
        return bool(self.inputs) and self.inputs[-1].startswith("*")

    def __repr__(self) -> str:
        return f"Operation({self.name!r})"


REQUIRED = inspect.Parameter.empty

#: Every operation, under its name and under each of its aliases.
OPERATIONS: dict[str, Operation] = {}


def register(row: Operation) -> Operation:
    """Add a row to the table, under its name and its aliases."""
    for name in (row.name, *row.aliases):
        if name in OPERATIONS:
            raise ValueError(f"two operations are named {name!r}")
        OPERATIONS[name] = row
    return row


def evaluated(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Make a kernel of a function of host arrays that causes no warnings and raises its own errors.

    It saves the time that `invoke` takes to catch those.
    """

    def kernel(backend: Any, buffers: Sequence[Any], attributes: dict[str, Any]) -> Any:
        return backend.apply(functools.partial(forward, **attributes), *buffers)

    return kernel


def operation(*names: str, **properties: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of host arrays an operation.

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
