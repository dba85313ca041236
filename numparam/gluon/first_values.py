"""The first values of parameters, made by an initializer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam import autograd
from numparam.context import Context
from numparam.devices.registry import backend_of
from numparam.formats.quoting import quoted
from numparam.generator import fill_uniform
from numparam.gluon import transfers
from numparam.gluon.errors import SparseNumpyParameterError, SparseScalarParameterError
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
from numparam.initializer.constants import NUMBERS
from numparam.initializer.distributions import DRAW_UNIFORM
from numparam.initializer.writing import FLOATS
from numparam.ndarray.ndarray import NDArray

__all__ = ["FirstValues"]

_HOST = Context("cpu", 0)
_DENSE = ("default", "default")
# Initializers that are known to write every element; others may rely on zeros.
_WRITE_ALL = frozenset({Constant, MSRAPrelu, Normal, One, Orthogonal, Uniform, Xavier, Zero})


class FirstValues:
    """The first values of parameters that share initializer and contexts.

    Parameters
    ----------
    init : object
        The initializer that makes the values. It may be `default_init` itself.
    default_init : object
        The initializer that is called: it knows how to log, and passes on to `init`.
    ctx_list : list of Context
        Where the parameters will be.

    Attributes
    ----------
    init
        As given.
    contexts : tuple of Context
        Those of `ctx_list`.
    backend : Backend
        Makes the arrays.
    array_class : type
        The class of the arrays.
    in_place : bool
        Whether there is one context, and the arrays are made there.
    deferred : tuple
        All of it, in the form of ``Parameter._deferred_init``.
    """

    def __init__(self, init: Any, default_init: Any, ctx_list: list[Context]) -> None:
        self.init = init
        self.contexts = tuple(ctx_list)
        self.deferred = (init, ctx_list, default_init, None)
        place, backend = ctx_list[0], backend_of("cpu", 0)
        if backend_of(place.device_type, place.device_id) is not backend:
            place = _HOST
        self._place, self.backend = place, backend
        self._in_host_memory = backend.buffers_are_arrays
        self.in_place = len(ctx_list) == 1 and place is ctx_list[0]
        # Text stays as it is: empty text asks for the rule that the name has.
        self._rule = init if isinstance(init, str) else as_initializer(init)
        self._caller = as_initializer(default_init or "uniform")
        rule = as_initializer(init) if init and isinstance(init, str) else self._rule
        known = type(rule) in _WRITE_ALL
        self._allocate = backend.empty if known else backend.zeros
        self.array_class = transfers.array_class()
        # The function that calling the initializer would end in; where it is known beforehand, it
        # is called directly.
        self._write: Any = None
        if (
            isinstance(rule, Initializer)
            and known
            and type(self._caller) in _WRITE_ALL
            and not self._caller._verbose
            and not autograd.is_recording()
        ):
            self._write = rule._init_weight
        #: Of numbers that can be drawn later, into an existing array; None of others.
        self.bound: float | None = None
        function = getattr(self._write, "__func__", None)
        # Where the initializer's own method is known, what it does is done in fewer calls.
        if function is DRAW_UNIFORM and type(scale := rule.scale) is float:  # type: ignore[union-attr]
            self.bound = abs(scale) if math.isfinite(scale) else None
        self._number = NUMBERS.get(function)
        if self._number == 0:
            self._allocate = backend.zeros

    def array(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], stypes: tuple[str, str]
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

        Returns
        -------
        NDArray, RowSparseNDArray or CSRNDArray
            On the first context if that is in host memory, else on ``cpu(0)``; the values are the
            same. A row-sparse array stores all rows.

        Raises
        ------
        ValueError
            If an array of this storage type is impossible; or what the initializer raises.
        """
        dense = stypes == _DENSE
        if not dense:
            self._require_sparse(name, shape, stypes)
        # Dense, whatever the storage type: each initializer then works for all of them.
        array = self.dense_array(name, shape, dtype)
        return array if dense else transfers.in_storage(array, stypes[0])

    def dense_array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray:
        """Make a dense array with a parameter's first values; otherwise as `array`."""
        buffer = self._allocate(shape, dtype)
        array = self.array_class.from_buffer(buffer, self._place, self.backend)
        if self.bound is not None and dtype in FLOATS:
            # What the initializer would do, in fewer calls: there may be thousands of parameters.
            fill_uniform(self.backend, buffer, -self.bound, self.bound)
        elif self._number is None:
            self._fill(array, name)
        elif self._number:
            if self._in_host_memory:  # new, so that nobody else reads or writes it
                buffer.fill(self._number)
            else:
                self.backend.write(buffer, self._number)
        return array

    def _fill(self, array: Any, name: str) -> None:
        try:
            if self._write is not None:
                self._write(name, array)
            else:
                with autograd.pause():
                    self._caller(InitDesc(name, {"__init__": self._rule}), array)
        except Exception as error:
            # A note, since the error's type may be the initializer's own.
            error.add_note(
                f"This happened while {self._rule or self._caller!r} initialized Parameter "
                f"{quoted(name)} of shape {array.shape} and dtype {array._buffer.dtype}."
            )
            raise

    def _require_sparse(self, name: str, shape: tuple[int, ...], stypes: tuple[str, str]) -> None:
        if self.array_class is not transfers.NDArray:
            raise SparseNumpyParameterError(
                f"Parameter {quoted(name)} has storage types {stypes} for data and gradient, and "
                "arrays of numparam.np are dense. Turn NumPy arrays off, or use the storage type "
                "'default'."
            )
        if not shape:
            raise SparseScalarParameterError(
                f"Parameter {quoted(name)} has shape () and storage types {stypes} for data and "
                "gradient; sparse arrays need rows, so at least one dimension."
            )
