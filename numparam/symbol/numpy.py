"""The symbols of NumPy mode: ``mx.sym.np``."""

from numparam._missing import show_public_names
from numparam.symbol.symbol import _Symbol

__all__ = ["_Symbol"]


show_public_names(__name__)
