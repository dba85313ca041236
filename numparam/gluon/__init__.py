"""Gluon's parameters: ``mx.gluon``."""

from __future__ import annotations

from numparam.gluon import parameter, utils
from numparam.gluon.parameter import (
    Constant,
    DeferredInitializationError,
    Parameter,
    ParameterDict,
    tensor_types,
)

__all__ = [
    "Constant",
    "DeferredInitializationError",
    "Parameter",
    "ParameterDict",
    "parameter",
    "tensor_types",
    "utils",
]
