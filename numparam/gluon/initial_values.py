"""The first values of a parameter: which initializer makes them, and how it is called."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam import autograd
from numparam.backend import backend_of
from numparam.base import MXNetError
from numparam.context import Context
from numparam.gluon import transfers
from numparam.gluon.errors import InvalidInitializerError

__all__ = ["check_initializer", "initial_array"]


class SparseNumpyParameterError(MXNetError, ValueError):
    """Sparse arrays were asked for where NumPy arrays are on, which are dense."""


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
    InvalidInitializerError
        If it is something else: an AssertionError and a TypeError. Unknown names and broken JSON
        raise what `numparam.initializer.create` raises.
    """
    from numparam import initializer

    if isinstance(init, (str, dict)):
        if init != "":
            initializer.create(init)
    elif isinstance(init, type) or not callable(init):
        raise InvalidInitializerError(
            f"Parameter '{name}': an initializer must be an Initializer such as Xavier(), a name "
            f"such as 'xavier', its JSON text or dict, or a function of (name, array); got "
            f"{init!r} of type {type(init).__name__}."
        )


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
    place = Context("cpu", 0)
    if backend_of(ctx_list[0].device_type, ctx_list[0].device_id) is backend_of("cpu", 0):
        place = ctx_list[0]
    # Dense whatever the storage type: each initializer then works for all of them.
    array = transfers.zeros(shape, dtype, place, "default", cls)
    with autograd.pause():
        _fill(array, name, init, default_init)
    if stypes[0] == "row_sparse":
        return transfers.all_rows(array)
    return array if stypes[0] == "default" else array.tostype(stypes[0])


def _fill(array: Any, name: str, init: Any, default_init: Any) -> None:
    from numparam import initializer

    known = (str, dict, initializer.Initializer)
    if not isinstance(init, known):
        # Mixed, Load and functions choose by the name.
        init(initializer.InitDesc(name), array)
        return
    caller = default_init if isinstance(default_init, known) else init
    if caller == "":
        caller = "uniform"
    initializer.create(caller)(initializer.InitDesc(name, {"__init__": init}), array)
