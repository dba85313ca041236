"""Arrays with NumPy's semantics on devices: ``numparam.np``, as MXNet's ``mxnet.np``.

The arrays are those of :class:`~numparam.numpy.ndarray`. Around them are the factories, indexing
with masks, files, and the elementwise functions, reductions and products that parameter code
uses; any other name of NumPy raises an AttributeError that says what to use. Defaults are MXNet's:
numbers and lists become float32.

Examples
--------
>>> import numparam as mx
>>> weight = mx.np.array([[1, -2], [3, 4]], ctx=mx.cpu(1))
>>> weight[weight < 0] = 0
>>> mx.np.sum(weight * 2, axis=1)
array([ 2., 14.])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as _numpy

from numparam.ndarray.numpy_array import answer_numpy, ndarray
from numparam.ndarray.numpy_operations.functions import FUNCTIONS
from numparam.ndarray.sending import send_shared_memory
from numparam.numpy import linalg, multiarray, random
from numparam.numpy.creation import array, empty, full, ones, zeros
from numparam.numpy.files import load, save
from numparam.numpy.like import copy, empty_like, full_like, ones_like, zeros_like
from numparam.numpy.ranges import arange, eye, identity, linspace, logspace
from numparam.numpy.selection import allclose, array_equal, nonzero, take, where
from numparam.numpy.shaping import (
    concatenate,
    expand_dims,
    hstack,
    ndim,
    ravel,
    reshape,
    shape,
    size,
    squeeze,
    stack,
    vstack,
)
from numparam.numpy.unavailable import refuse

if TYPE_CHECKING:
    from numparam.numpy.functions import *  # noqa: F403 - those of FUNCTIONS

globals().update(FUNCTIONS)

# What NumPy's functions of these names compute from arrays of this kind; as in MXNet.
_ANSWERED = (
    *("all", "any", "argmax", "argmin", "argsort", "around", "broadcast_to", "clip", "concatenate"),
    *("copy", "cumsum", "dot", "expand_dims", "flip", "hstack", "max", "mean", "min", "nonzero"),
    *("ones_like", "outer", "prod", "ravel", "repeat", "reshape", "sort", "split", "squeeze"),
    *("stack", "std", "sum", "swapaxes", "take", "tensordot", "tile", "transpose", "var", "vstack"),
    *("where", "zeros_like"),
)
answer_numpy({name: globals()[name] for name in _ANSWERED})

pi, e = _numpy.pi, _numpy.e
inf = PINF = _numpy.inf
NINF = -_numpy.inf
nan = NaN = NAN = _numpy.nan
PZERO, NZERO = 0.0, -0.0
newaxis = None

float16, float32, float64 = _numpy.float16, _numpy.float32, _numpy.float64
int8, int16, int32, int64 = _numpy.int8, _numpy.int16, _numpy.int32, _numpy.int64
uint8, uint16, uint32, uint64 = _numpy.uint8, _numpy.uint16, _numpy.uint32, _numpy.uint64
bool_ = _numpy.bool_
finfo = _numpy.finfo
# Last, since the functions above are annotated with them.
bool = bool

send_shared_memory(ndarray)

__all__ = [
    "NAN",
    "NINF",
    "NZERO",
    "PINF",
    "PZERO",
    "NaN",
    "allclose",
    "arange",
    "array",
    "array_equal",
    "bool",
    "bool_",
    "concatenate",
    "copy",
    "e",
    "empty",
    "empty_like",
    "expand_dims",
    "eye",
    "finfo",
    "float16",
    "float32",
    "float64",
    "full",
    "full_like",
    "hstack",
    "identity",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "linalg",
    "linspace",
    "load",
    "logspace",
    "multiarray",
    "nan",
    "ndarray",
    "ndim",
    "newaxis",
    "nonzero",
    "ones",
    "ones_like",
    "pi",
    "random",
    "ravel",
    "reshape",
    "save",
    "shape",
    "size",
    "squeeze",
    "stack",
    "take",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]
__all__ += list(FUNCTIONS)


if not TYPE_CHECKING:  # a type checker knows all names

    def __getattr__(name: str) -> Any:
        refuse(name)


def __dir__() -> list[str]:
    return __all__
