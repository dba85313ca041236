"""Gluon's parameter layer without MXNet, on Numba kernels for CPUs and CUDA GPUs."""

from numparam import autograd, base, context, ndarray, random, util
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import Context, cpu, cpu_pinned, cpu_shared, current_context, gpu, num_gpus

__version__ = "0.1.0"

__all__ = [
    "Context",
    "MXNetError",
    "autograd",
    "base",
    "context",
    "cpu",
    "cpu_pinned",
    "cpu_shared",
    "current_context",
    "gpu",
    "nd",
    "ndarray",
    "num_gpus",
    "random",
    "util",
]
