"""Automatic differentiation: recording, backward passes and gradients computed elsewhere.

Examples
--------
What is computed inside `record` can be differentiated:

>>> import numparam as mx
>>> weight = mx.gluon.Parameter("weight", shape=(2,))
>>> weight.initialize("ones")
>>> with mx.autograd.record():
...     loss = (weight.data() * 3).sum()
>>> loss.backward()
>>> weight.grad().asnumpy()
array([3., 3.], dtype=float32)

Gradients computed by hand, in NumPy, are handed to the arrays that they belong to:

>>> mx.autograd.accumulate_grad(weight.data(), [0.5, 1.5])
>>> weight.grad().asnumpy()
array([0.5, 1.5], dtype=float32)
"""

from __future__ import annotations

from numparam._missing import show_public_names
from numparam.autograd.accumulation import accumulate_grad
from numparam.autograd.function import Function
from numparam.autograd.gradients import backward, get_symbol, grad
from numparam.autograd.marking import mark_variables
from numparam.recording.errors import (
    FunctionReusedError,
    GradientArgumentError,
    GradientRowsError,
    NoGraphError,
    NoSymbolError,
    NotDifferentiableError,
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
    "Function",
    "FunctionReusedError",
    "GradientArgumentError",
    "GradientRowsError",
    "NoGraphError",
    "NoSymbolError",
    "NotDifferentiableError",
    "UnknownGradReqError",
    "UnmarkedVariableError",
    "accumulate_grad",
    "backward",
    "get_symbol",
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


show_public_names(__name__)
