"""Gluon's parameters: ``mx.gluon``."""

from __future__ import annotations

from numparam.gluon import parameter, utils
from numparam.gluon.parameter import (
    Constant,
    DeferredInitializationError,
    Parameter,
    tensor_types,
)
from numparam.gluon.parameter_dict import ParameterDict

__all__ = [
    "Constant",
    "DeferredInitializationError",
    "Parameter",
    "ParameterDict",
    "parameter",
    "tensor_types",
    "utils",
]
