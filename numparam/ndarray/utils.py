"""The functions of `numparam.nd` that Gluon-era code imports from ``mxnet.ndarray.utils``."""

from __future__ import annotations

from numparam.ndarray.creation import array, empty, zeros
from numparam.ndarray.files import load, load_frombuffer, save

__all__ = ["array", "empty", "load", "load_frombuffer", "save", "zeros"]
