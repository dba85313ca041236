"""What a parameter is declared to be: name, shape, dtype, gradients, storage, multipliers."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.gluon import shape_rules
from numparam.gluon.errors import InvalidGradReqError
from numparam.gluon.initial_values import check_initializer
from numparam.gluon.replicas import Binding, Copies
from numparam.modes.np_mode import is_np_array, is_np_shape
from numparam.types.dtypes import UnsupportedDTypeError, as_dtype
from numparam.types.storage_types import STORAGE_TYPE_IDS

__all__ = ["Declaration"]

_DENSE = "default"
_GRAD_REQS = ("write", "add", "null")


class InvalidStorageTypeError(ValueError, AssertionError):
    """A storage type is none of ``'default'``, ``'row_sparse'`` and ``'csr'``."""


class InvalidNameError(TypeError, ValueError):
    """A parameter's name is not a string."""


class Declaration(Copies):
    """The part of `Parameter` that keeps what was declared, and refuses what cannot be."""

    def __init__(
        self,
        name: str,
        grad_req: str = "write",
        shape: Any = None,
        dtype: Any = np.float32,
        lr_mult: float = 1.0,
        wd_mult: float = 1.0,
        init: Any = None,
        allow_deferred_init: bool = False,
        differentiable: bool = True,
        stype: str = _DENSE,
        grad_stype: str = _DENSE,
    ) -> None:
        if not isinstance(name, str):
            raise InvalidNameError(
                f"A parameter's name must be a string; got {name!r} of type {type(name).__name__}."
            )
        # By identity: what is no string may compare in its own way. Others are looked at closely.
        if stype is not _DENSE or grad_stype is not _DENSE:
            _check_storage_type("stype", stype, name)
            _check_storage_type("grad_stype", grad_stype, name)
        if dtype is not None and dtype is not np.float32:
            checked_dtype(dtype, name)
        if init is not None:
            check_described(init, name)
        self.name = name
        self._start_without_copies()
        self._var: Any = None
        self._trainer: Any = None
        self._differentiable = bool(differentiable)
        self._allow_deferred_init = bool(allow_deferred_init)
        self._grad_req: str | None = None
        self._shape = shape_rules.as_shape(shape, name)
        self._dtype = dtype
        self._stype = stype
        self._grad_stype = grad_stype
        self.lr_mult = lr_mult
        self.wd_mult = wd_mult
        self.init = init
        self.grad_req = grad_req

    def __repr__(self) -> str:
        return f"Parameter {self.name} (shape={self.shape}, dtype={self.dtype})"

    @property
    def grad_req(self) -> Any:
        """What happens to incoming gradients: ``'write'``, ``'add'`` or ``'null'``.

        Assigning another value to an initialised parameter makes new gradients of zeros; with
        ``'null'`` it has none, and its data arrays are new handles on the same memory that are not
        marked. A parameter that is not differentiable always has ``'null'``.

        Raises
        ------
        InvalidGradReqError
            If something else is assigned: a ValueError and an AssertionError.
        """
        return self._grad_req

    @grad_req.setter
    def grad_req(self, grad_req: str) -> None:
        check_grad_req(grad_req, self.name)
        if not self._differentiable:
            grad_req = "null"
        previous = self._grad_req
        if grad_req == previous:
            return
        self._grad_req = grad_req
        data = self._data
        if data is None:
            return
        ctx_list = self._ctx_list or ()
        try:
            bind = (
                Binding((self, [array.detach() for array in data], None, ctx_list))
                if grad_req == "null"
                else self._prepared_binding(data, ctx_list)
            )
        except BaseException:
            self._grad_req = previous
            raise
        bind()

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape; unknown dimensions are 0, or -1 where NumPy shapes are on.

        Another shape may be assigned if it has the same number of dimensions and differs only
        where this one is unknown. Assigning None asks for nothing. Arrays are never resized.

        Raises
        ------
        ShapeMismatchError
            If the shapes do not fit: a ValueError and an AssertionError.
        """
        shape = self._shape
        if shape is not None and 0 in shape and is_np_shape():
            return tuple(size or -1 for size in shape)
        return shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        given = shape_rules.as_shape(shape, self.name)
        if given is not None:
            self._take_shape(shape_rules.filled_in(self._shape, given, self.name))

    @property
    def _settled_shape(self) -> tuple[int, ...] | None:
        """The shape; where it is not known, that of the arrays if there are some."""
        if self._data is not None and not shape_rules.is_known(self._shape):
            return tuple(self._data[0].shape)
        return self._shape

    def _take_shape(self, shape: tuple[int, ...]) -> None:
        if shape != self._shape:
            self._var = None
        self._shape = shape

    @property
    def _array_dtype(self) -> np.dtype[Any]:
        """The dtype of the parameter's arrays."""
        return as_dtype(self.dtype)

    def var(self) -> Any:
        """Give the symbolic variable that stands for the parameter.

        Returns
        -------
        Symbol
            With shape, dtype, multipliers, initializer and storage type as attributes. The same
            one each time, until the parameter's shape or dtype changes.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.gluon.Parameter("weight", shape=(2, 3)).var().attr("__shape__")
        '(2, 3)'
        """
        if self._var is None:
            from numparam import symbol

            variable = symbol.var(
                self.name,
                shape=self.shape,
                dtype=self.dtype,
                lr_mult=self.lr_mult,
                wd_mult=self.wd_mult,
                init=self.init,
                stype=self._stype,
            )
            self._var = variable.as_np_ndarray() if is_np_array() else variable
        return self._var

    @property
    def dtype(self) -> Any:
        """The dtype, as it was given."""
        return self._dtype


def _check_storage_type(argument: str, stype: Any, name: str) -> None:
    if not (isinstance(stype, str) and stype in STORAGE_TYPE_IDS):
        raise InvalidStorageTypeError(
            f"Parameter '{name}': {argument} must be one of "
            f"{', '.join(map(repr, STORAGE_TYPE_IDS))}; got {stype!r}."
        )


def checked_dtype(dtype: Any, name: str) -> np.dtype[Any]:
    """Give the dtype that is meant; None is float32.

    Raises
    ------
    UnsupportedDTypeError
        If there is no such dtype: a TypeError, a ValueError and a KeyError.
    """
    try:
        return as_dtype(dtype)
    except UnsupportedDTypeError as error:
        raise UnsupportedDTypeError(f"Parameter '{name}': {error}") from None


def check_described(init: Any, name: str) -> None:
    """Refuse what can be no initializer. A name is looked up when it is used: it may come later.

    Raises
    ------
    AssertionError, TypeError, ValueError
        As `check_initializer`.
    """
    if init is not None and not isinstance(init, str):
        check_initializer(init, name)


def check_grad_req(grad_req: Any, name: str) -> None:
    """Refuse what is no ``grad_req``.

    Raises
    ------
    InvalidGradReqError
        A ValueError and an AssertionError.
    """
    if not (isinstance(grad_req, str) and grad_req in _GRAD_REQS):
        raise InvalidGradReqError(
            f"Parameter '{name}': grad_req must be 'write' (replace the gradient), 'add' (sum "
            f"gradients) or 'null' (none); got {grad_req!r}."
        )
