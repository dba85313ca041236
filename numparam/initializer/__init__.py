"""Initializers, which make the first values of parameters; also named ``numparam.init``.

Random ones draw from the process's generator (`numparam.random.seed`) through the kernels of the
array's context, so that equal seeds give equal parameters whatever the number of threads and the
context.

Examples
--------
>>> import numparam as mx
>>> mx.random.seed(7)
>>> weight = mx.gluon.Parameter("weight", shape=(64, 32))
>>> weight.initialize(mx.init.Xavier())
>>> weight.data().shape
(64, 32)
"""

from __future__ import annotations

from typing import NoReturn

from numparam._missing import missing
from numparam.initializer.by_name import alias, create, register
from numparam.initializer.constants import Bilinear, Constant, One, Zero
from numparam.initializer.description import InitDesc
from numparam.initializer.distributions import Normal, Orthogonal, Uniform
from numparam.initializer.errors import (
    FusedRNNError,
    InitializerArgumentError,
    InitializerTextError,
    InvalidInitializerError,
    MissingValueError,
    NoRuleError,
    UnknownInitializerError,
)
from numparam.initializer.initializer import Initializer
from numparam.initializer.recurrent import FusedRNN, LSTMBias
from numparam.initializer.selection import Load, Mixed, as_initializer
from numparam.initializer.variance_scaling import MSRAPrelu, Xavier

__all__ = [
    "Bilinear",
    "Constant",
    "FusedRNN",
    "FusedRNNError",
    "InitDesc",
    "Initializer",
    "InitializerArgumentError",
    "InitializerTextError",
    "InvalidInitializerError",
    "LSTMBias",
    "Load",
    "MSRAPrelu",
    "MissingValueError",
    "Mixed",
    "NoRuleError",
    "Normal",
    "One",
    "Orthogonal",
    "Uniform",
    "UnknownInitializerError",
    "Xavier",
    "Zero",
    "alias",
    "as_initializer",
    "create",
    "register",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> NoReturn:
    advice = "numparam.init.register(class) adds an initializer of your own"
    raise missing("numparam.init", name, __all__, advice)
