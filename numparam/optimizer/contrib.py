"""Optimizers that MXNet has in ``optimizer.contrib``."""

from __future__ import annotations

from numparam.optimizer.groupadagrad import GroupAdaGrad

__all__ = ["GroupAdaGrad"]
