"""The class of ``mx.np`` arrays, where code for MXNet imports it from."""

from numparam._missing import show_public_names
from numparam.ndarray.numpy_array import ndarray

__all__ = ["ndarray"]


show_public_names(__name__)
