"""Random numbers, under MXNet's names: ``mx.random``.

There is one sequence of numbers for the whole process, which `numparam.generator` describes. The
functions that draw arrays are those of `numparam.ndarray.random`, imported when first asked for:
importing this module to set a seed loads no arrays.

Examples
--------
>>> import numparam as mx
>>> mx.random.seed(7)
>>> mx.random.uniform(0, 1, shape=(2, 3)).shape
(2, 3)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from numparam._missing import missing, show_public_names
from numparam.generator import reseed_after_fork, seed

if TYPE_CHECKING:
    from numparam.ndarray.random import (
        exponential,
        gamma,
        generalized_negative_binomial,
        multinomial,
        negative_binomial,
        normal,
        poisson,
        randint,
        randn,
        shuffle,
        uniform,
    )

__all__ = [
    "exponential",
    "gamma",
    "generalized_negative_binomial",
    "multinomial",
    "negative_binomial",
    "normal",
    "poisson",
    "randint",
    "randn",
    "reseed_after_fork",
    "seed",
    "shuffle",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        # Late: arrays take forty times as long to import as this module.
        value = getattr(importlib.import_module("numparam.ndarray.random"), name)
        globals()[name] = value
        return value
    raise missing(
        "numparam.random",
        name,
        __all__,
        f"It has {', '.join(__all__)}. For other distributions draw with "
        "numpy.random.default_rng(seed) and make arrays with nd.array",
    )


show_public_names(__name__)
