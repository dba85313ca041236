"""Changing a parameter that has arrays: values, dtype, contexts, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from numparam import autograd
from numparam.gluon import averaging, contexts, loading, shape_rules, transfers, zeroing
from numparam.gluon.declaration import checked_dtype
from numparam.gluon.errors import NothingToSetError, UninitializedResetError
from numparam.gluon.initialization import Initialization
from numparam.gluon.overriding import is_overridden
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.values import as_host_array

__all__ = ["Changes"]


class NotAnArrayError(TypeError, AttributeError):
    """Values are not an array; also an AttributeError, as in MXNet."""


class StoragePairError(TypeError, ValueError):
    """An array of one storage type cannot be written into one of another."""


class Changes(Initialization):
    """The part of `Parameter` that changes its arrays."""

    def set_data(self, data: Any) -> None:
        """Write values into the parameter's arrays on all contexts.

        Parameters
        ----------
        data : NDArray or numpy.ndarray
            Of the parameter's shape, of any dtype; converted to the parameter's dtype. A
            row-sparse parameter takes row-sparse arrays too; rows that they do not store are zero.

        Raises
        ------
        AssertionError
            If the shape does not fit, or the parameter is not initialised.
        TypeError
            If it is no array, or of a storage type that does not fit.

        Notes
        -----
        While initialization is deferred, a copy is kept until the shape is known. It may be called
        inside ``autograd.record()``. A refused call changes nothing. A thread that copies one of
        the arrays meanwhile gets the old values or the new ones.

        Examples
        --------
        >>> import numpy as np
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize()
        >>> weight.set_data(np.array([1, 2]))
        >>> weight.data().asnumpy()
        array([1., 2.], dtype=float32)
        """
        source = as_array(data, self.name)
        shape = shape_rules.filled_in(self._settled_shape, tuple(source.shape), self.name)
        if self._data is None and not self._deferred_init:
            raise NothingToSetError(str(self._without_copies()))
        with autograd.pause():
            if self._data is None or self._stype != "default":
                form = self._in_own_form(source)
                if self._data is not None:
                    self._before_writing()
                    for array in self._data:
                        array._adopt(transfers.copied(form, array.context)._parts)
                else:
                    self._deferred_init = (*self._deferred_init[:3], form)
                self._take_shape(shape)
                return
            self._require_storage(source, ("default",))
            for array in self._data:
                array._require_writable()
            self._before_writing()
            for array in self._data:
                transfers.write(array, source)
            self._take_shape(shape)

    def _in_own_form(self, source: Any) -> Any:
        """Copy an array into the parameter's dtype and storage type."""
        if isinstance(source, np.ndarray):
            host, cls = source, transfers.array_class()
            source = transfers.empty(
                host.shape, self._array_dtype, contexts.as_context_list(None, self.name)[0], cls
            )
            transfers.write(source, host)
        else:
            self._require_storage(source, ("default", self._stype))
            source = source.astype(self._array_dtype)
        return transfers.in_storage(source, self._stype)

    def _require_storage(self, source: Any, allowed: tuple[str, ...]) -> None:
        stype = getattr(source, "stype", "default")
        if stype not in allowed:
            raise StoragePairError(
                f"Parameter '{self.name}' has storage type '{self._stype}' and cannot take a "
                f"{stype} array; convert it with tostype('default') first."
            )

    def _before_writing(self) -> None:
        """Prepare for new values; see `Rows`."""

    def zero_grad(self) -> None:
        """Set the gradients on all contexts to zero, in place.

        Notes
        -----
        Sparse gradients come to store nothing. A parameter without gradients is left alone. To
        zero those of many parameters, `ParameterDict.zero_grad` is much faster.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize()
        >>> weight.grad()[:] = 5
        >>> weight.zero_grad()
        >>> weight.grad().asnumpy()
        array([0., 0.], dtype=float32)
        """
        if self._grad is not None:
            zeroing.zero(self._grad)

    def _reduce(self) -> Any:
        """Average the copies of all contexts.

        Returns
        -------
        NDArray, RowSparseNDArray or CSRNDArray
            On ``cpu(0)``, of the parameter's dtype and storage type, in memory of its own.
        """
        with autograd.pause():
            return averaging.mean(self._check_and_get(self._data, list))

    def reset_ctx(self, ctx: Any) -> None:
        """Move the parameter to other contexts.

        Parameters
        ----------
        ctx : Context, list of Context or None
            Where to; None is the current context.

        Raises
        ------
        ValueError
            If the parameter is not initialised.
        MXNetError
            If there is no such device.

        Notes
        -----
        Where there are several copies, the new ones get their mean. Gradients are zero after it.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones")
        >>> weight.reset_ctx([mx.cpu(1), mx.cpu(2)])
        >>> weight.list_ctx()
        [cpu(1), cpu(2)]
        """
        self._prepared_reset_ctx(ctx)()

    def _prepared_reset_ctx(self, ctx: Any) -> Callable[[], None]:
        """Do all of `reset_ctx` that can fail; what is returned does the rest."""
        ctx_list = contexts.as_context_list(ctx, self.name)
        if self._data is not None:
            with autograd.pause():
                # A subclass may give an array that something else holds, too.
                owned = not is_overridden(self, "_reduce")
                return self._prepared_copies(self._reduce(), ctx_list, owned)
        if not self._deferred_init:
            raise UninitializedResetError(
                f"Cannot reset context for Parameter '{self.name}' because it has not been "
                "initialized. Call initialize(ctx=...) with these contexts instead."
            )
        init, _, default_init, data = self._deferred_init

        def defer() -> None:
            self._deferred_init = (init, ctx_list, default_init, data)

        return defer

    def cast(self, dtype: Any) -> None:
        """Convert data and gradients to another dtype.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype; None is float32.

        Raises
        ------
        TypeError
            If there is no such dtype (also a ValueError and a KeyError); nothing is changed.

        Notes
        -----
        The arrays are new ones. Gradients keep their values and are not fresh.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones")
        >>> weight.cast("float16")
        >>> weight.data().asnumpy()
        array([1., 1.], dtype=float16)
        """
        wanted = checked_dtype(dtype, self.name)
        if self._data is not None:
            with autograd.pause():
                data = [array.astype(wanted) for array in self._data]
                gradients = self._grad
                if gradients is not None:
                    gradients = [gradient.astype(wanted) for gradient in gradients]
            self._bind(data, gradients, self._ctx_list or ())
        self._take_dtype(np.float32 if dtype is None else dtype)

    def _take_dtype(self, dtype: Any) -> None:
        if dtype is not self._dtype:
            self._var = None
        self._dtype = dtype

    @property
    def dtype(self) -> Any:
        """The dtype, as it was given. Assigning another one casts."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self.cast(dtype)

    def _load_init(
        self, data: Any, ctx: Any, cast_dtype: bool = False, dtype_source: str = "current"
    ) -> None:
        """Take loaded values, and initialise on the way where that has not happened.

        Parameters
        ----------
        data : NDArray or numpy.ndarray
            The values.
        ctx : Context, list of Context or None
            Where. None: where the parameter is or was going to be, or else ``cpu(0)``.
        cast_dtype : bool, default False
            Whether dtypes may differ.
        dtype_source : {'current', 'saved'}, default 'current'
            With `cast_dtype`: whose dtype the parameter has afterwards, its own or that of `data`.

        Raises
        ------
        AssertionError
            If shape, dtype or contexts do not fit. Nothing is changed.
        ValueError
            If the storage types do not fit. Nothing is changed.
        """
        source = loading.ArraySource(as_array(data, self.name))
        loading.Plan(self, source, ctx, cast_dtype, dtype_source).carry_out()


def as_array(data: Any, name: str) -> Any:
    """Give the NDArray that was given, or anything else with values and a shape as a NumPy array.

    Raises
    ------
    NotAnArrayError
        If it is no array: a TypeError and an AttributeError.
    """
    if isinstance(data, NDArray):
        return data
    if not isinstance(data, (np.ndarray, np.generic)) and not (
        hasattr(data, "__array__") and hasattr(data, "shape")
    ):
        raise NotAnArrayError(
            f"Parameter '{name}': values must be an NDArray or a NumPy array; got "
            f"{type(data).__name__}. numpy.asarray makes an array of nested lists."
        )
    try:
        host = as_host_array(np.asarray(data), np.dtype(np.float32))
    except TypeError as error:
        raise NotAnArrayError(
            f"Parameter '{name}' takes numbers; got a NumPy array of dtype "
            f"{np.asarray(data).dtype}. Convert it with astype first."
        ) from error
    return host.astype(host.dtype.newbyteorder("="), copy=False)


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Give a constant's value as a NumPy array; nested lists become float32.

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
        raise NotAnArrayError(f"Constant '{name}' cannot have this value: {error}.") from error
