"""The optimizers of MXNet's ``optimizer.contrib``."""

from __future__ import annotations

from numparam._missing import show_public_names
from numparam.optimizer.groupadagrad import GroupAdaGrad

__all__ = ["GroupAdaGrad"]


show_public_names(__name__)
