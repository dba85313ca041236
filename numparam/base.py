"""Exception types and type groups: what Gluon-era code imports from ``mxnet.base``.

Notes
-----
The exception hierarchy is that of MXNet 1.9.1: every error that the library itself raises is
an :class:`MXNetError`, which is a :class:`RuntimeError`, so that existing ``except`` clauses keep
working. MXNet is a C library behind ctypes, and most of its ``base`` module is plumbing for that;
numparam has no such library and keeps only the names that user code has a reason to import.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam._missing import show_public_names

__all__ = [
    "MXNetError",
    "NotImplementedForSymbol",
    "NotSupportedForSparseNDArray",
    "data_dir",
    "integer_types",
    "mx_float",
    "mx_int",
    "mx_real_t",
    "mx_uint",
    "numeric_types",
    "py_str",
    "string_types",
]

#: The default dtype of arrays.
mx_real_t = np.float32

mx_int = ctypes.c_int
mx_uint = ctypes.c_uint
mx_float = ctypes.c_float

#: What counts as a string, as an integer and as a number in ``isinstance`` checks.
string_types = (str,)
integer_types = (int, np.int32, np.int64)
numeric_types = (float, int, np.generic)


def py_str(value: bytes) -> str:
    """Decode UTF-8 bytes.

    Parameters
    ----------
    value : bytes
        The encoded text.

    Returns
    -------
    str
        The decoded text.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.base.py_str(b"dense0_weight")
    'dense0_weight'
    """
    return value.decode("utf-8")


class MXNetError(RuntimeError):
    """Base class of the errors that the library itself raises.

    The name is MXNet's, so that ``except mx.MXNetError`` and ``except RuntimeError`` in existing
    code keep catching it.

    Examples
    --------
    >>> import numparam as mx
    >>> issubclass(mx.MXNetError, RuntimeError)
    True
    """


class _UnavailableFunctionError(MXNetError):
    """Base of the errors for functions that an array or symbol does not support.

    Parameters
    ----------
    function : callable or str
        The function that was called; its ``__name__`` goes into the message.
    alias : str or None
        The operator's other name, if it has one.
    *args : object
        The arguments of the call. Only their types are kept, so that a stored exception does not
        keep arrays alive.

    Attributes
    ----------
    function : str
        The function's name.
    alias : str or None
        As given.
    args : tuple of str
        The types of the arguments.
    """

    _reason = ""

    def __init__(self, function: Callable[..., Any] | str, alias: str | None, *args: object):
        super().__init__()
        self.function = function if isinstance(function, str) else function.__name__
        self.alias = alias
        self.args = tuple(str(type(arg)) for arg in args)

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with ``self.args``, which are not its arguments.
        state = {"function": self.function, "alias": self.alias, "args": self.args}
        return _unpickle_error, (type(self), state)

    def __str__(self) -> str:
        operator = f" (operator {self.alias!r})" if self.alias else ""
        given = f" called with ({', '.join(self.args)})" if self.args else ""
        return f"Function {self.function}{operator}{given} {self._reason}"


def _unpickle_error(
    kind: type[_UnavailableFunctionError], state: dict[str, Any]
) -> _UnavailableFunctionError:
    error = kind(state["function"], state["alias"])
    error.args = state["args"]
    return error


class NotImplementedForSymbol(_UnavailableFunctionError):
    """The function needs values, which a symbol does not have.

    Parameters
    ----------
    function : callable or str
        The function that was called.
    alias : str or None
        The operator's other name, if it has one.
    *args : object
        The arguments of the call; only their types are kept.

    Examples
    --------
    >>> import numparam as mx
    >>> def asnumpy(): ...
    >>> print(mx.base.NotImplementedForSymbol(asnumpy, None))
    Function asnumpy needs values, which a Symbol does not have: call it on an NDArray.
    """

    _reason = "needs values, which a Symbol does not have: call it on an NDArray."


class NotSupportedForSparseNDArray(_UnavailableFunctionError):
    """The function works on dense arrays; convert with ``tostype('default')`` first.

    Parameters
    ----------
    function : callable or str
        The function that was called.
    alias : str or None
        The operator's other name, if it has one.
    *args : object
        The arguments of the call; only their types are kept.

    Examples
    --------
    >>> import numparam as mx
    >>> def reshape(): ...
    >>> print(mx.base.NotSupportedForSparseNDArray(reshape, None))
    Function reshape needs a dense array, not a sparse one: use tostype('default') first.
    """

    _reason = "needs a dense array, not a sparse one: use tostype('default') first."


def data_dir() -> str:
    """Return the folder in which MXNet and its model zoo keep files.

    Returns
    -------
    str
        The environment variable MXNET_HOME; without it, ``.mxnet`` in the home folder, and on
        Windows ``mxnet`` in that of the applications.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.test_utils.environment("MXNET_HOME", "/data"):
    ...     mx.base.data_dir()
    '/data'
    """
    home = os.environ.get("MXNET_HOME")
    if home is not None:
        return home
    if os.name == "nt":
        return os.path.join(os.path.expanduser(os.environ.get("APPDATA", "~")), "mxnet")
    return os.path.expanduser(os.path.join("~", ".mxnet"))


show_public_names(__name__)
