"""Optimizers: rules by which gradients change weights, dense or row-sparse.

Examples
--------
>>> import numparam as mx
>>> adam = mx.optimizer.create("adam", learning_rate=0.01, wd=1e-4)
>>> updater = mx.optimizer.get_updater(adam)
>>> weight, grad = mx.nd.ones((2, 3)), mx.nd.ones((2, 3))
>>> updater("weight", grad, weight)
>>> adam.num_update
1
"""

from __future__ import annotations

from typing import NoReturn

from numparam._missing import missing
from numparam.optimizer import contrib, optimizer
from numparam.optimizer.adadelta import AdaDelta
from numparam.optimizer.adagrad import AdaGrad
from numparam.optimizer.adam import Adam
from numparam.optimizer.adamax import Adamax
from numparam.optimizer.adamw import AdamW
from numparam.optimizer.dcasgd import DCASGD
from numparam.optimizer.ftml import FTML
from numparam.optimizer.ftrl import Ftrl
from numparam.optimizer.fused import FusedOptimizer
from numparam.optimizer.groupadagrad import GroupAdaGrad
from numparam.optimizer.lamb import LAMB
from numparam.optimizer.lars import LARS
from numparam.optimizer.lbsgd import LBSGD
from numparam.optimizer.nadam import Nadam
from numparam.optimizer.nag import NAG
from numparam.optimizer.optimizer import Optimizer, create, register
from numparam.optimizer.rmsprop import RMSProp
from numparam.optimizer.sgd import SGD, ccSGD
from numparam.optimizer.sgld import SGLD
from numparam.optimizer.signum import Signum
from numparam.optimizer.test import Test
from numparam.optimizer.updater import Updater, get_updater

__all__ = [
    "DCASGD",
    "FTML",
    "LAMB",
    "LARS",
    "LBSGD",
    "NAG",
    "SGD",
    "SGLD",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "FusedOptimizer",
    "GroupAdaGrad",
    "Nadam",
    "Optimizer",
    "RMSProp",
    "Signum",
    "Test",
    "Updater",
    "ccSGD",
    "contrib",
    "create",
    "get_updater",
    "register",
]

# MXNet has all of them in its module of the base class: imports and pickles name them there.
for _name in set(__all__) - {"contrib"}:
    setattr(optimizer, _name, globals()[_name])


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> NoReturn:
    advice = "numparam.optimizer.register(class) adds an optimizer of your own"
    raise missing("numparam.optimizer", name, __all__, advice)
