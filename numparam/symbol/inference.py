"""Shapes and dtypes of variables, from the caller's arguments or from attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from numparam.base import MXNetError
from numparam.kernels._callers import warn_caller
from numparam.modes.np_mode import is_np_shape
from numparam.symbol.attributes import read_shape
from numparam.types.dtypes import UnsupportedDTypeError, as_dtype, dtype_from_flag
from numparam.types.shapes import shape_is_known

__all__ = ["Variables", "infer_shape", "infer_type"]

Shape = tuple[int, ...]


class Variables(NamedTuple):
    """The variables of a symbol."""

    names: list[str]
    """Names of the arguments."""
    attributes: list[dict[str, str]]
    """Their attributes."""
    outputs: list[int]
    """The argument that each output is."""


def infer_shape(
    variables: Variables, args: Sequence[Any], kwargs: Mapping[str, Any], partial: bool
) -> tuple[Any, Any, Any]:
    """Find the shapes of arguments and outputs.

    Parameters
    ----------
    variables : Variables
        The arguments and outputs.
    args, kwargs : sequence and mapping
        Shapes by position, None for unknown, or by name; one of the two is empty.
    partial : bool
        Whether to return what is known if not everything is.

    Returns
    -------
    argument_shapes, output_shapes, auxiliary_shapes : list of tuple, or None
        All three None if a shape is unknown and ``partial`` is false.

    Raises
    ------
    MXNetError
        For the name of no argument, too many shapes, or an unreadable ``__shape__`` attribute.
    ValueError
        If shapes come both by position and by name.
    TypeError
        If a shape is not a tuple.
    """
    given = _given(variables.names, args, kwargs, "shapes")
    shapes: list[Shape | None] = []
    for name, attributes in zip(variables.names, variables.attributes, strict=True):
        shape = given.get(name)
        if shape is not None and not isinstance(shape, tuple):
            raise TypeError(
                f"Shapes are given as tuples; got {shape!r} of type {type(shape).__name__} "
                f"for argument {name!r}."
            )
        shape = _normal(shape)
        if not shape_is_known(shape) and "__shape__" in attributes:
            shape = _normal(read_shape(attributes["__shape__"]))
        shapes.append(shape)
    complete = all(shape_is_known(shape) for shape in shapes)
    return _result(variables, shapes, complete, partial, "shape")


def infer_type(
    variables: Variables, args: Sequence[Any], kwargs: Mapping[str, Any], partial: bool
) -> tuple[Any, Any, Any]:
    """Find the dtypes of arguments and outputs.

    Parameters
    ----------
    variables : Variables
        The arguments and outputs.
    args, kwargs : sequence and mapping
        Dtypes by position or by name, None for unknown; one of the two is empty.
    partial : bool
        Whether to return what is known if not everything is.

    Returns
    -------
    argument_types, output_types, auxiliary_types : list of type, or None
        NumPy's scalar types. All three None if one is unknown and ``partial`` is false.

    Raises
    ------
    MXNetError
        For the name of no argument, too many dtypes, or an unreadable ``__dtype__`` attribute.
    ValueError
        If dtypes come both by position and by name.
    UnsupportedDTypeError
        For a dtype that arrays cannot have.
    """
    given = _given(variables.names, args, kwargs, "types")
    types: list[type | None] = []
    for name, attributes in zip(variables.names, variables.attributes, strict=True):
        dtype = given.get(name)
        if dtype is not None:
            types.append(as_dtype(dtype).type)
        else:
            types.append(_type_of_attribute(attributes.get("__dtype__", "-1")))
    return _result(variables, types, None not in types, partial, "type")


def _type_of_attribute(text: str) -> type | None:
    if text.strip() == "-1":
        return None
    try:
        return dtype_from_flag(int(text)).type
    except UnsupportedDTypeError:
        raise
    except ValueError:
        raise MXNetError(
            f"The attribute __dtype__ is {text!r}; it is a number from 0 to 12, or -1 for unknown."
        ) from None


def _given(
    names: list[str], args: Sequence[Any], kwargs: Mapping[str, Any], what: str
) -> Mapping[str, Any]:
    if args and kwargs:
        raise ValueError(f"Give the known {what} by position or by name, not both.")
    if len(args) > len(names):
        raise MXNetError(f"{len(args)} {what} were given for {len(names)} argument(s): {names}.")
    unknown = [name for name in kwargs if name not in names]
    if unknown:
        raise MXNetError(f"There is no argument {unknown[0]!r}. The arguments are: {names}.")
    return kwargs or dict(zip(names, args, strict=False))


def _normal(shape: Shape | None) -> Shape | None:
    # The older rules write an unknown dimension as 0 and an unknown shape as ().
    if is_np_shape():
        return shape
    return () if shape is None else tuple(0 if size == -1 else size for size in shape)


def _result(
    variables: Variables, found: list[Any], complete: bool, partial: bool, what: str
) -> tuple[Any, Any, Any]:
    if not complete and not partial:
        unknown = [
            f"{name}: {value}"
            for name, value in zip(variables.names, found, strict=True)
            if (value is None if what == "type" else not shape_is_known(value))
        ]
        warn_caller(
            f"The {what} of these arguments is not known; give it to infer_{what}:\n\t"
            + "\n\t".join(unknown[:10] + ["..."] * (len(unknown) > 10)),
            UserWarning,
        )
        return None, None, None
    return found, [found[position] for position in variables.outputs], []
