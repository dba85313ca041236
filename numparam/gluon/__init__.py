"""Gluon's parameters: ``mx.gluon``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from numparam._missing import missing
from numparam.gluon import parameter, utils
from numparam.gluon.parameter import (
    Constant,
    DeferredInitializationError,
    Parameter,
    tensor_types,
)
from numparam.gluon.parameter_dict import ParameterDict

if TYPE_CHECKING:
    from numparam.gluon import trainer
    from numparam.gluon.trainer import Trainer

__all__ = [
    "Constant",
    "DeferredInitializationError",
    "Parameter",
    "ParameterDict",
    "Trainer",
    "parameter",
    "tensor_types",
    "trainer",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name in ("Trainer", "trainer"):
        # Late: with it come all optimizers and stores, which who only reads parameters needs not.
        module = importlib.import_module("numparam.gluon.trainer")
        value = module if name == "trainer" else module.Trainer
        globals()[name] = value
        return value
    raise missing(
        "numparam.gluon",
        name,
        __all__,
        "It is Gluon's parameter layer: Parameter, Constant, ParameterDict and Trainer, without "
        "blocks, layers, losses and data sets. Compute gradients with any library, and hand them "
        "over with autograd.accumulate_grad: docs/examples/digits.py shows how",
    )


def __dir__() -> list[str]:
    return __all__
