"""Incoming gradients: arrays of numparam or another library, or rows with their ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.values import as_host_array, reachable
from numparam.recording.errors import GradientArgumentError

__all__ = ["Dense", "Rows", "on_device", "read"]


class Dense:
    """A gradient of all elements.

    Attributes
    ----------
    values : Buffer or numpy.ndarray
        Memory of the gradient's device, or of the host; of any dtype.
    """

    __slots__ = ("values",)

    def __init__(self, values: Any) -> None:
        self.values = values


class Rows:
    """A gradient of some rows; the others are zero. Ids may repeat, and come in any order.

    Attributes
    ----------
    ids, values : Buffer or numpy.ndarray
        The row of each stored row, and these rows.
    """

    __slots__ = ("ids", "values")

    def __init__(self, ids: Any, values: Any) -> None:
        self.ids = ids
        self.values = values


def read(gradient: Any, target: NDArray, label: str) -> Dense | Rows:
    """Check that a gradient fits, and return its memory; nothing is copied.

    Parameters
    ----------
    gradient : NDArray, RowSparseNDArray, array_like, or tuple of ids and rows
        The incoming gradient.
    target : NDArray
        The array of gradients that it is for.
    label : str
        What it is called in messages.

    Returns
    -------
    Dense or Rows
        Its memory.

    Raises
    ------
    GradientArgumentError
        If it is none of these, or has another shape or context: an MXNetError, a ValueError and a
        TypeError.
    """
    shape = target.shape
    if isinstance(gradient, tuple):
        return _read_pair(gradient, target, label)
    if isinstance(gradient, NDArray) and gradient.stype != "default":
        _check_form(gradient, shape, label)
        _check_context(gradient, target, label)
        if not isinstance(gradient, RowSparseNDArray):
            raise GradientArgumentError(
                f"{label} is a {gradient.stype} array; gradients are dense or row_sparse. Use "
                "tostype('default') first"
            )
        parts = gradient._parts
        return Rows(parts.indices, parts.data)
    values = _memory(gradient, target, label)
    if tuple(values.shape) != shape:
        raise GradientArgumentError(
            f"{label} must have its variable's shape {shape}, not {tuple(values.shape)}; sum it "
            "over the axes along which the variable was stretched"
        )
    return Dense(values)


def _read_pair(gradient: tuple[Any, ...], target: NDArray, label: str) -> Rows:
    if len(gradient) != 2 or not target.shape:
        raise GradientArgumentError(
            f"{label} is a tuple of {len(gradient)} for a variable of shape {target.shape}; a "
            "tuple is a pair of row ids and rows. Make an array of it if it is meant as values"
        )
    ids = _memory(gradient[0], target, f"the ids of {label}")
    rows = _memory(gradient[1], target, f"the rows of {label}")
    wanted = (int(ids.size), *target.shape[1:])
    if tuple(rows.shape) != wanted:
        raise GradientArgumentError(
            f"{label} has {int(ids.size)} row ids and rows of shape {tuple(rows.shape)}; for a "
            f"variable of shape {target.shape} the rows must have the shape {wanted}"
        )
    return Rows(ids, rows)


def _memory(values: Any, target: NDArray, label: str) -> Any:
    """Return the buffer of an array, or anything else as a host array."""
    if isinstance(values, NDArray):
        if values.stype != "default":
            raise GradientArgumentError(f"{label} must be dense, not {values.stype}")
        _check_context(values, target, label)
        return values._buffer
    if type(values) is np.ndarray and values.dtype == target._buffer.dtype:
        return values
    try:
        return as_host_array(values, target._buffer.dtype)
    except (TypeError, ValueError, RuntimeError) as error:
        raise GradientArgumentError(
            f"{label} must be an NDArray, a RowSparseNDArray, a NumPy array or a pair (ids, rows): "
            f"{error}"
        ) from error


def _check_form(gradient: NDArray, shape: tuple[int, ...], label: str) -> None:
    if gradient.shape != shape:
        raise GradientArgumentError(
            f"{label} must have its variable's shape {shape}, not {gradient.shape}"
        )


def _check_context(gradient: NDArray, target: NDArray, label: str) -> None:
    if not reachable(gradient, target):
        raise GradientArgumentError(
            f"{label} is on {gradient._ctx} and its variable's gradient on {target._ctx}; move it "
            f"with as_in_context({target._ctx!r})"
        )


def uses_host_memory(target: NDArray) -> bool:
    """Return whether the kernels of an array's device take host arrays as they are."""
    try:
        target._backend.on_host(target._buffer)
    except MXNetError:
        return False
    return True


def on_device(values: Any, backend: Backend, host_memory: bool) -> Buffer:
    """Return memory that the kernels of a device can read; copy host arrays there."""
    if isinstance(values, np.ndarray) and not host_memory:
        return backend.upload(values)
    return values
