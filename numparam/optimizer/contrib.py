"""The optimizers of MXNet's ``optimizer.contrib``."""

from __future__ import annotations

from numparam.optimizer.groupadagrad import GroupAdaGrad

__all__ = ["GroupAdaGrad"]
