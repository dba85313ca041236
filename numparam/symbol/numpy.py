"""The symbols of NumPy mode: ``mx.sym.np``."""

from numparam.symbol.symbol import _Symbol

__all__ = ["_Symbol"]
