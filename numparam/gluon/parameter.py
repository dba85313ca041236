"""Parameters: named arrays that are trained, with a copy on each of their contexts.

The module of this name in MXNet holds these classes, and existing code imports them from it.
"""

from __future__ import annotations

import warnings
from typing import Any

from numparam import autograd, initializer
from numparam.gluon import transfers
from numparam.gluon.changes import as_numbers
from numparam.gluon.errors import DeferredInitializationError
from numparam.gluon.parameter_dict import ParameterDict
from numparam.gluon.pickling import is_mxnet_state, restore_mxnet_state
from numparam.gluon.rows import Rows
from numparam.modes.np_mode import is_np_array
from numparam.ndarray.ndarray import NDArray
from numparam.symbol import Symbol

__all__ = [  # noqa: RUF022 - MXNet's order
    "DeferredInitializationError",
    "Parameter",
    "Constant",
    "ParameterDict",
    "tensor_types",
]

#: What counts as a tensor in ``isinstance`` checks.
tensor_types = (Symbol, NDArray)


class Parameter(Rows):
    """A named array that is trained, with a copy of it and of its gradient on each context.

    Parameters
    ----------
    name : str
        Its name; in files, too.
    grad_req : {'write', 'add', 'null'}, default 'write'
        Whether an incoming gradient replaces the one there is, is added to it, or is not wanted.
    shape : int or tuple of int, optional
        Its shape. Sizes that are not known yet are 0 or -1.
    dtype : str, type or numpy.dtype, default float32
        Its dtype. None leaves it to what is loaded.
    lr_mult, wd_mult : float, default 1.0
        Factors of the learning rate and of the weight decay.
    init : Initializer, str, dict or callable, optional
        What makes its first values.
    allow_deferred_init : bool, default False
        Whether it may be initialised before its shape is known, to take effect when it is.
    differentiable : bool, default True
        If False, ``grad_req`` is always ``'null'``.
    stype, grad_stype : {'default', 'row_sparse', 'csr'}, default 'default'
        The storage types of the array and of its gradient.

    Attributes
    ----------
    name, lr_mult, wd_mult, init
        As given; they may be assigned.

    Raises
    ------
    AssertionError
        If `grad_req` or a storage type does not exist (also a ValueError).
    TypeError
        If the dtype does not exist (also a ValueError), or the name is no string.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
    >>> weight
    Parameter weight (shape=(2, 3), dtype=<class 'numpy.float32'>)
    >>> weight.initialize(mx.init.Xavier(), ctx=[mx.cpu(0), mx.cpu(1)])
    >>> weight.data(mx.cpu(1)).shape, len(weight.list_grad())
    ((2, 3), 2)
    """

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        # What belongs to one process or one Trainer.
        del state["_tables"]
        state["_trainer"] = None
        state["_bound"] = tuple(arrays and list(arrays) for arrays in self._bound)
        state["_fresh"] = [bool(array._fresh_grad) for array in self._data or ()]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if is_mxnet_state(state):
            construct = Constant if isinstance(self, Constant) else Parameter
            restore_mxnet_state(self, state, construct.__init__)
            return
        state = dict(state)
        fresh = state.pop("_fresh", ())
        data, gradients = state.pop("_bound")
        ctx_list = state["_ctx_list"] or []
        self.__dict__.update(state)
        self._tables = None
        self._bound = (None, None)
        if data is None:
            return
        deferred = self._deferred_init
        self._bind(_on(data, ctx_list), _on(gradients, ctx_list), ctx_list)
        self._deferred_init = deferred
        for array, flag in zip(self._data or (), fresh, strict=False):
            array._fresh_grad = flag

    def __copy__(self) -> Parameter:
        duplicate = object.__new__(type(self))
        duplicate.__dict__.update(self.__dict__)
        # The tables are the original's.
        duplicate._tables = None
        data, gradients = self._bound
        duplicate._rebind(data and list(data), gradients and list(gradients))
        return duplicate


def _on(arrays: Any, ctx_list: list[Any]) -> Any:
    """Bring arrays back to their contexts; a pickled array may have lost its own.

    They stay the same objects, which other parameters may hold as well.
    """
    for array, ctx in zip(arrays or (), ctx_list, strict=False):
        if array.context != ctx:
            there = transfers.copied(array, ctx)
            array._ctx, array._backend = ctx, there._backend
            if array.stype == "default":
                array._buffer = there._buffer
            else:
                array._adopt(there._parts)
    return None if arrays is None else list(arrays)


class Constant(Parameter):
    """A parameter that is not trained, such as a table of positions.

    It is initialised, moved, cast, saved and loaded with the others; it has no gradient.

    Parameters
    ----------
    name : str
        Its name.
    value : NDArray, numpy.ndarray or nested list
        Its value, which is copied. Where NumPy arrays are off, everything but an `NDArray` becomes
        float32.

    Attributes
    ----------
    value : NDArray
        The value that `initialize` gives it.

    Notes
    -----
    In MXNet each constant adds a class to the registry of initializers, which stays there, and a
    constant that is pickled cannot be initialised in another process.

    Examples
    --------
    >>> import numparam as mx
    >>> scale = mx.gluon.Constant("scale", [[1, 2]])
    >>> scale.initialize()
    >>> scale.data().asnumpy()
    array([[1., 2.]], dtype=float32)
    """

    value: Any

    def __init__(self, name: str, value: Any) -> None:
        self.value = _constant_value(value, name)
        super().__init__(
            name,
            grad_req="null",
            shape=self.value.shape,
            dtype=self.value.dtype,
            init=initializer.Constant(self.value),
        )

    def __repr__(self) -> str:
        return f"Constant {self.name} (shape={self.shape}, dtype={self.dtype})"

    @property
    def grad_req(self) -> Any:
        """Always ``'null'``; assigning something else warns."""
        return "null"

    @grad_req.setter
    def grad_req(self, grad_req: Any) -> None:
        if grad_req != "null":
            warnings.warn(
                f'Constant parameter "{self.name}" does not support grad_req other than "null", '
                f'and new value "{grad_req}" is ignored.',
                UserWarning,
                stacklevel=2,
            )


def _constant_value(value: Any, name: str) -> Any:
    """Copy a constant's value into a dense array."""
    with autograd.pause():
        if isinstance(value, NDArray):
            if value.stype != "default":
                return value.tostype("default")
            return transfers.copied(value, value.context)
        host = as_numbers(value, name)
        if is_np_array():
            from numparam import numpy as mx_numpy

            return mx_numpy.array(host, dtype=host.dtype)
        from numparam.ndarray.creation import array

        return array(host)
