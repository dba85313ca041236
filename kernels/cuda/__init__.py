"""Numba kernels for CUDA GPUs. Importing this package neither imports Numba nor looks for a GPU."""
