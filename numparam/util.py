"""The functions that Gluon-era code imports from ``mxnet.util``.

The NumPy modes are defined in :mod:`numparam.modes.np_mode`, their decorators in
:mod:`numparam.modes.np_decorators`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from numparam import context
from numparam._missing import show_public_names
from numparam.modes.np_decorators import use_np, use_np_array, use_np_shape
from numparam.modes.np_mode import _NumpyArrayScope as _NumpyArrayScope
from numparam.modes.np_mode import (
    is_np_array,
    is_np_shape,
    np_array,
    np_shape,
    reset_np,
    set_np,
    set_np_shape,
)

__all__ = [
    "get_gpu_count",
    "get_gpu_memory",
    "getenv",
    "is_np_array",
    "is_np_shape",
    "np_array",
    "np_shape",
    "reset_np",
    "set_module",
    "set_np",
    "set_np_shape",
    "setenv",
    "use_np",
    "use_np_array",
    "use_np_shape",
]

Decorated = TypeVar("Decorated")


def getenv(name: str) -> str | None:
    """Read an environment variable.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    str or None
        Its value; None if it is not set.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.util.getenv("NUMPARAM_NO_SUCH_VARIABLE") is None
    True
    """
    return os.environ.get(name)


def setenv(name: str, value: str | None) -> None:
    """Set or remove an environment variable of this process.

    Parameters
    ----------
    name : str
        Its name.
    value : str or None
        Its value; None removes it.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.util.setenv("NUMPARAM_EXAMPLE", "1"); mx.util.getenv("NUMPARAM_EXAMPLE")
    '1'
    >>> mx.util.setenv("NUMPARAM_EXAMPLE", None)
    """
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def set_module(module: str | None) -> Callable[[Decorated], Decorated]:
    """Return a decorator that sets the module under which a function or class shows itself.

    Parameters
    ----------
    module : str or None
        The module's name; None changes nothing.

    Returns
    -------
    callable
        The decorator, which returns what it is given.

    Examples
    --------
    >>> import numparam as mx
    >>> @mx.util.set_module("numparam.numpy")
    ... def zeros(): ...
    >>> zeros.__module__
    'numparam.numpy'
    """

    def decorate(named: Decorated) -> Decorated:
        if module is not None:
            named.__module__ = module
        return named

    return decorate


def get_gpu_count() -> int:
    """Count the CUDA devices; the same as :func:`numparam.context.num_gpus`.

    Returns
    -------
    int
        0 without CUDA.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.util.get_gpu_count() >= 0
    True
    """
    return context.num_gpus()


def get_gpu_memory(gpu_dev_id: int) -> tuple[int, int]:
    """Return the free and the total memory of a GPU; as :func:`numparam.context.gpu_memory_info`.

    Parameters
    ----------
    gpu_dev_id : int
        The CUDA device's number.

    Returns
    -------
    free, total : int
        Bytes.

    Raises
    ------
    MXNetError
        If there is no such GPU.

    Examples
    --------
    >>> import numparam as mx
    >>> if mx.util.get_gpu_count():
    ...     free, total = mx.util.get_gpu_memory(0)
    """
    return context.gpu_memory_info(gpu_dev_id)


show_public_names(__name__)
