"""The functions of `numparam.nd` that Gluon-era code imports from ``mxnet.ndarray.utils``."""

from __future__ import annotations

from numparam._missing import show_public_names
from numparam.ndarray.creation import array, empty, zeros
from numparam.ndarray.files import load, load_frombuffer, save

__all__ = ["array", "empty", "load", "load_frombuffer", "save", "zeros"]


show_public_names(__name__)
