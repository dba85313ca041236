"""Gluon's parameter layer without MXNet, on Numba kernels for CPUs and CUDA GPUs."""

__version__ = "0.1.0"
