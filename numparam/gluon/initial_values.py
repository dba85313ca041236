"""The first values of a parameter: which initializer makes them, and how it is called."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam import autograd
from numparam.backend import backend_of
from numparam.base import MXNetError
from numparam.context import Context
from numparam.gluon import transfers
from numparam.initializer import (
    Constant,
    InitDesc,
    Initializer,
    MSRAPrelu,
    Normal,
    One,
    Orthogonal,
    Uniform,
    Xavier,
    Zero,
    as_initializer,
)

__all__ = ["check_initializer", "initial_array"]

_HOST = Context("cpu", 0)
# Initializers that are known to write every element; others may rely on zeros.
_WRITE_ALL = frozenset({Constant, MSRAPrelu, Normal, One, Orthogonal, Uniform, Xavier, Zero})


class SparseNumpyParameterError(MXNetError, ValueError):
    """Sparse arrays were asked for where NumPy arrays are on, which are dense."""


class SparseScalarParameterError(MXNetError, ValueError):
    """A sparse array without dimensions was asked for; it would have no rows."""


def check_initializer(init: Any, name: str) -> None:
    """Refuse what is no initializer, before anything depends on it.

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
        raise type(error)(f"Parameter '{name}' cannot be initialized: {error}") from error


def initial_array(
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    stypes: tuple[str, str],
    init: Any,
    default_init: Any,
    ctx_list: list[Context],
) -> Any:
    """Make an array with a parameter's first values.

    Parameters
    ----------
    name : str
        The parameter's name, which some initializers look at.
    shape : tuple of int
        Its shape; known.
    dtype : numpy.dtype
        Its dtype.
    stypes : tuple of str
        The storage types of the data and of the gradient.
    init : object
        The initializer that makes the values. It may be `default_init` itself.
    default_init : object
        The initializer that is called: it knows how to log, and passes on to `init`.
    ctx_list : list of Context
        Where the parameter will be.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        On the first context if that is in host memory, else on ``cpu(0)``. Values do not depend
        on where. A row-sparse array stores all rows.

    Raises
    ------
    ValueError
        If an array of this storage type cannot be; or what the initializer raises.
    """
    cls = transfers.array_class()
    if stypes != ("default", "default") and cls is not transfers.NDArray:
        raise SparseNumpyParameterError(
            f"Parameter '{name}' has storage types {stypes} for data and gradient, and arrays of "
            "numparam.np are dense. Turn NumPy arrays off, or use the storage type 'default'."
        )
    if not shape and stypes != ("default", "default"):
        raise SparseScalarParameterError(
            f"Parameter '{name}' has shape () and storage types {stypes} for data and gradient; "
            "sparse arrays need rows, so at least one dimension."
        )
    place, backend = ctx_list[0], backend_of("cpu", 0)
    if backend_of(place.device_type, place.device_id) is not backend:
        place = _HOST
    # Text stays as it is: empty text asks for the rule that the name has.
    rule = init if isinstance(init, str) else as_initializer(init)
    caller = as_initializer(default_init or "uniform")
    # Dense whatever the storage type: each initializer then works for all of them.
    known = type(rule) in _WRITE_ALL
    allocate = backend.empty if known else backend.zeros
    array = cls.from_buffer(allocate(shape, dtype), place, backend)
    plain = known and type(caller) in _WRITE_ALL and not caller._verbose
    try:
        if plain and isinstance(rule, Initializer) and not autograd.is_recording():
            # What the caller would come to.
            rule._init_weight(name, array)
        else:
            with autograd.pause():
                caller(InitDesc(name, {"__init__": rule}), array)
    except Exception as error:
        # A note: what initializers raise, their authors' own perhaps, stays what it is.
        error.add_note(
            f"This happened while {rule or caller!r} initialized Parameter '{name}' of shape "
            f"{shape} and dtype {dtype}."
        )
        raise
    if stypes[0] == "row_sparse":
        return transfers.all_rows(array)
    return array if stypes[0] == "default" else array.tostype(stypes[0])
