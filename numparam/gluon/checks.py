"""Checks of the arguments with which parameters are declared and changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.formats.quoting import quoted
from numparam.gluon.errors import (
    InvalidGradReqError,
    InvalidNameError,
    InvalidStorageTypeError,
    NotAnArrayError,
)
from numparam.initializer import Initializer, as_initializer
from numparam.ndarray.foreign import is_foreign
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.values import as_host_array
from numparam.types.dtypes import UnsupportedDTypeError, as_dtype
from numparam.types.storage_types import STORAGE_TYPE_IDS

__all__ = [
    "as_array",
    "as_numbers",
    "check_described",
    "check_grad_req",
    "check_initializer",
    "check_name",
    "check_storage_type",
    "checked_dtype",
]

_GRAD_REQS = ("write", "add", "null")


def check_name(name: object) -> None:
    """Check that a parameter's name is a string.

    Raises
    ------
    InvalidNameError
        A TypeError and a ValueError.
    """
    if not isinstance(name, str):
        raise InvalidNameError(
            f"A parameter's name must be a string; got {name!r:.200} of type {type(name).__name__}."
        )


def check_storage_type(argument: str, stype: object, name: str) -> None:
    """Check a storage type; `argument` is its name in messages.

    Raises
    ------
    InvalidStorageTypeError
        A ValueError and an AssertionError.
    """
    if not (isinstance(stype, str) and stype in STORAGE_TYPE_IDS):
        raise InvalidStorageTypeError(
            f"Parameter {quoted(name)}: {argument} must be one of "
            f"{', '.join(map(repr, STORAGE_TYPE_IDS))}; got {stype!r:.200}."
        )


def checked_dtype(dtype: object, name: str) -> np.dtype[Any]:
    """Return the NumPy dtype for an argument; None means float32.

    Raises
    ------
    UnsupportedDTypeError
        If there is no such dtype: a TypeError, a ValueError and a KeyError.
    """
    try:
        return as_dtype(dtype)
    except UnsupportedDTypeError as error:
        raise UnsupportedDTypeError(f"Parameter {quoted(name)}: {error}") from None


def check_grad_req(grad_req: object, name: str) -> None:
    """Check a ``grad_req``.

    Raises
    ------
    InvalidGradReqError
        A ValueError and an AssertionError.
    """
    if not (isinstance(grad_req, str) and grad_req in _GRAD_REQS):
        raise InvalidGradReqError(
            f"Parameter {quoted(name)}: grad_req must be 'write' (replace the gradient), 'add' "
            f"(sum gradients) or 'null' (none); got {grad_req!r:.200}."
        )


def check_described(init: object, name: str) -> None:
    """Check the initializer in a parameter's declaration.

    A name is looked up when it is used: the initializer may be registered later.

    Raises
    ------
    AssertionError, TypeError, ValueError
        As `check_initializer`.
    """
    if init is not None and not isinstance(init, str):
        check_initializer(init, name)


def check_initializer(init: Any, name: str) -> None:
    """Check that an argument is an initializer, before anything is changed.

    Parameters
    ----------
    init : Initializer, str, dict or callable
        An initializer; its name, JSON text or description; or a function of a name and an array.
    name : str
        The parameter's name, for messages.

    Raises
    ------
    AssertionError, TypeError, ValueError
        What `numparam.initializer.as_initializer` raises, with the parameter's name.
    """
    if isinstance(init, Initializer) or (isinstance(init, str) and not init):
        return
    try:
        as_initializer(init)
    except (AssertionError, TypeError, ValueError) as error:
        raise type(error)(f"Parameter {quoted(name)} cannot be initialized: {error}") from error


def as_array(data: Any, name: str) -> NDArray | np.ndarray:
    """Return an NDArray itself, and other arrays as NumPy arrays.

    Raises
    ------
    NotAnArrayError
        If it is not an array: a TypeError and an AttributeError.
    """
    if isinstance(data, NDArray):
        return data
    if not isinstance(data, (np.ndarray, np.generic)) and not is_foreign(data):
        raise NotAnArrayError(
            f"Parameter {quoted(name)}: values must be an NDArray or a NumPy array; got "
            f"{type(data).__name__}. numpy.asarray makes an array of nested lists."
        )
    try:
        array = data if is_foreign(data) else np.asarray(data)
        host = as_host_array(array, np.dtype(np.float32))
    except TypeError as error:
        raise NotAnArrayError(
            f"Parameter {quoted(name)} takes arrays of numbers; got a {type(data).__name__} of "
            f"dtype {getattr(data, 'dtype', None)}: {str(error).removesuffix('.')}."
        ) from error
    return host.astype(host.dtype.newbyteorder("="), copy=False)


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Return a constant's value as a NumPy array; nested lists become float32.

    Raises
    ------
    NotAnArrayError
        If it is not made of numbers: a TypeError and an AttributeError.
    """
    if hasattr(value, "shape"):
        array = as_array(value, name)
        return array.asnumpy() if isinstance(array, NDArray) else array
    try:
        return as_host_array(value, np.dtype(np.float32)).astype(np.float32)
    except TypeError as error:
        raise NotAnArrayError(
            f"Constant {quoted(name)} cannot have this value: {error}."
        ) from error
