"""Numba kernels for the host. Importing this package does not import Numba; its files do."""
