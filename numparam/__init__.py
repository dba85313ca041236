"""Gluon's parameter layer without MXNet, on Numba kernels for CPUs and CUDA GPUs.

``import numparam as mx`` lets Gluon-era parameter code run: the names below ``mx`` are MXNet's.
Each one is imported when it is first used, so that importing numparam costs next to nothing, and
imports neither Numba nor anything of CUDA.

The names are attributes: ``mx.nd``, ``mx.sym``, ``mx.np``, ``mx.npx``, ``mx.init`` and ``mx.rnd``
are short for the modules ``numparam.ndarray``, ``numparam.symbol``, ``numparam.numpy``,
``numparam.numpy_extension``, ``numparam.initializer`` and ``numparam.random``, as they are in
MXNet. ``from numparam import nd`` works and ``import numparam.nd`` does not: each module is in
``sys.modules`` once, under its own name. Code that says ``import mxnet`` runs after
``sys.modules["mxnet"] = numparam``: its modules are then found by that name, too.

Examples
--------
>>> import numparam as mx
>>> with mx.cpu(1):
...     weight = mx.nd.ones((2, 3))
>>> weight.context
cpu(1)
>>> from numparam.base import MXNetError
>>> MXNetError is mx.MXNetError
True
"""

from __future__ import annotations

import importlib
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from numparam._missing import explain_imports, missing
from numparam._other_name import find_by_any_name

if TYPE_CHECKING:
    from numparam import (
        attribute,
        autograd,
        base,
        checkpoint,
        context,
        engine,
        formats,
        gluon,
        initializer,
        interop,
        kernels,
        kvstore,
        lr_scheduler,
        model,
        name,
        ndarray,
        numpy,
        numpy_extension,
        optimizer,
        random,
        runtime,
        symbol,
        test_utils,
        util,
    )
    from numparam import initializer as init
    from numparam import kvstore as kv
    from numparam import ndarray as nd
    from numparam import numpy as np
    from numparam import numpy_extension as npx
    from numparam import random as rnd
    from numparam import symbol as sym
    from numparam.attribute import AttrScope
    from numparam.base import MXNetError
    from numparam.checkpoint import Checkpoint
    from numparam.context import (
        Context,
        cpu,
        cpu_pinned,
        cpu_shared,
        current_context,
        gpu,
        num_gpus,
    )
    from numparam.modes.np_decorators import use_np, use_np_array, use_np_shape
    from numparam.modes.np_mode import is_np_array, is_np_shape, np_array, np_shape, set_np_shape

__version__ = "0.1.0"

__all__ = [
    "AttrScope",
    "Checkpoint",
    "Context",
    "MXNetError",
    "attribute",
    "autograd",
    "base",
    "checkpoint",
    "context",
    "cpu",
    "cpu_pinned",
    "cpu_shared",
    "current_context",
    "engine",
    "formats",
    "gluon",
    "gpu",
    "init",
    "initializer",
    "interop",
    "is_np_array",
    "is_np_shape",
    "kernels",
    "kv",
    "kvstore",
    "lr_scheduler",
    "model",
    "name",
    "nd",
    "ndarray",
    "np",
    "np_array",
    "np_shape",
    "npx",
    "num_gpus",
    "numpy",
    "numpy_extension",
    "optimizer",
    "random",
    "rnd",
    "runtime",
    "set_np_shape",
    "sym",
    "symbol",
    "test_utils",
    "use_np",
    "use_np_array",
    "use_np_shape",
    "util",
]

#: The attributes that are modules of another name.
_SHORT_NAMES = {
    "init": "initializer",
    "kv": "kvstore",
    "nd": "ndarray",
    "np": "numpy",
    "npx": "numpy_extension",
    "rnd": "random",
    "sym": "symbol",
}

#: The attributes that are classes and functions, and the modules that they are in.
_HOMES = {
    "AttrScope": "attribute",
    "Checkpoint": "checkpoint",
    "Context": "context",
    "MXNetError": "base",
    "cpu": "context",
    "cpu_pinned": "context",
    "cpu_shared": "context",
    "current_context": "context",
    "gpu": "context",
    "is_np_array": "modes.np_mode",
    "is_np_shape": "modes.np_mode",
    "np_array": "modes.np_mode",
    "np_shape": "modes.np_mode",
    "num_gpus": "context",
    "set_np_shape": "modes.np_mode",
    "use_np": "modes.np_decorators",
    "use_np_array": "modes.np_decorators",
    "use_np_shape": "modes.np_decorators",
}

find_by_any_name()
explain_imports()


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    elif name in __all__:
        value = importlib.import_module(f"{__name__}.{_SHORT_NAMES.get(name, name)}")
    elif name.startswith("_") or PathFinder.find_spec(f"{__name__}.{name}", __path__):
        # Of a module that exists, ``from numparam import module`` asks for the attribute first.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r:.200}", name=name)
    else:
        raise missing(
            "numparam",
            name,
            [*__all__, *_names_in("nd", "ndarray"), *_names_in("gluon", "gluon")],
            "It is Gluon's parameter layer without MXNet: parameters, arrays, gradients, "
            "optimizers and files; no layers, data sets or graphs. dir(numparam) lists its names",
        )
    globals()[name] = value
    return value


def _names_in(short: str, module: str) -> list[str]:
    """Return the names of a public module, as they are written after ``import numparam as mx``."""
    try:
        return [f"{short}.{name}" for name in dir(importlib.import_module(f"{__name__}.{module}"))]
    except ImportError:  # it is being imported at the moment: the error is about something else
        return []


def __dir__() -> list[str]:
    return __all__
