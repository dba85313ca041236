"""``numparam.npx``, MXNet's ``mxnet.npx``: functions of ``mx.np`` arrays that NumPy lacks.

The switches of NumPy mode, devices, files, the seed, and the few layers that parameter code uses.

Examples
--------
>>> import numparam as mx
>>> mx.npx.set_np()
>>> mx.npx.relu(mx.np.array([-1, 1]))
array([0., 1.])
>>> mx.npx.reset_np()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numparam._missing import missing
from numparam.context import (
    Context,
    cpu,
    cpu_pinned,
    current_context,
    gpu,
    gpu_memory_info,
    num_gpus,
)
from numparam.modes.np_mode import is_np_array, is_np_shape, reset_np, set_np
from numparam.ndarray.waiting import waitall
from numparam.numpy.files import load, save
from numparam.numpy_extension import random
from numparam.numpy_extension.dropout import dropout
from numparam.numpy_extension.operations import FUNCTIONS
from numparam.random import seed

if TYPE_CHECKING:
    from numparam.numpy_extension.functions import *  # noqa: F403 - those of FUNCTIONS

globals().update(FUNCTIONS)

__all__ = [
    "Context",
    "cpu",
    "cpu_pinned",
    "current_context",
    "dropout",
    "gpu",
    "gpu_memory_info",
    "is_np_array",
    "is_np_shape",
    "load",
    "num_gpus",
    "random",
    "reset_np",
    "save",
    "seed",
    "set_np",
    "waitall",
]
__all__ += list(FUNCTIONS)


if not TYPE_CHECKING:  # a type checker knows all names

    def __getattr__(name: str) -> Any:
        raise missing(
            "mx.npx",
            name,
            __all__,
            "numparam is Gluon's parameter layer: it has the layers "
            f"{', '.join(sorted([*FUNCTIONS, 'dropout']))}; mx.nd has more operations, on "
            "as_nd_ndarray()",
        )


def __dir__() -> list[str]:
    return __all__
