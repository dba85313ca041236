"""The class of ``mx.np`` arrays, where code for MXNet imports it from."""

from numparam.ndarray.numpy_array import ndarray

__all__ = ["ndarray"]
