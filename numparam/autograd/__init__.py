"""Automatic differentiation: what is recorded, and where gradients go.

Examples
--------
Gradients computed by hand, in NumPy, are handed to the arrays that they belong to:

>>> import numparam as mx
>>> weight = mx.gluon.Parameter("weight", shape=(2,))
>>> weight.initialize("ones")
>>> mx.autograd.accumulate_grad(weight.data(), [0.5, 1.5])
>>> weight.grad().asnumpy()
array([0.5, 1.5], dtype=float32)
"""

from __future__ import annotations

from numparam.autograd.accumulation import accumulate_grad
from numparam.autograd.gradients import backward, grad
from numparam.autograd.marking import mark_variables
from numparam.recording.errors import (
    GradientArgumentError,
    GradientRowsError,
    NoGraphError,
    UnknownGradReqError,
    UnmarkedVariableError,
)
from numparam.recording.scopes import (
    is_recording,
    is_training,
    pause,
    predict_mode,
    record,
    set_recording,
    set_training,
    train_mode,
)

__all__ = [
    "GradientArgumentError",
    "GradientRowsError",
    "NoGraphError",
    "UnknownGradReqError",
    "UnmarkedVariableError",
    "accumulate_grad",
    "backward",
    "grad",
    "is_recording",
    "is_training",
    "mark_variables",
    "pause",
    "predict_mode",
    "record",
    "set_recording",
    "set_training",
    "train_mode",
]
