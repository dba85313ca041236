"""The layers of ``mx.npx``: classic operations on ``mx.np`` arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numparam.ndarray.numpy_operations.functions import array_function
from numparam.ndarray.operations import OPERATIONS

__all__ = ["FUNCTIONS", "TABLE"]

#: The name here, the name in the table of operations, and what it gives.
TABLE = (
    ("activation", "Activation", "Compute an activation function, named by act_type."),
    ("batch_dot", "batch_dot", "Multiply the matrices of two batches."),
    ("batch_flatten", "flatten", "Return a matrix with one row for each sample."),
    ("cast", "cast", "Convert the elements to a dtype."),
    ("embedding", "Embedding", "Return the rows of a weight at the indices in data."),
    ("erf", "erf", "Compute the error function."),
    ("erfinv", "erfinv", "Compute the inverse of the error function."),
    ("fully_connected", "FullyConnected", "Multiply with a transposed weight, and add a bias."),
    ("gamma", "gamma", "Compute the gamma function."),
    ("gammaln", "gammaln", "Compute the logarithm of the gamma function's magnitude."),
    ("gather_nd", "gather_nd", "Return the elements at positions along the first axes."),
    ("layer_norm", "LayerNorm", "Normalize to mean 0 and variance 1 along an axis."),
    ("leaky_relu", "LeakyReLU", "Scale the negative elements by a slope."),
    ("log_softmax", "log_softmax", "Return the logarithms of the softmax along an axis."),
    ("one_hot", "one_hot", "Return a row of zeros with a one at each index."),
    ("pick", "pick", "Return one element along an axis for each index."),
    ("relu", "relu", "Return the elements, and 0 for the negative ones."),
    ("reshape_like", "reshape_like", "Return a copy in the shape of another array."),
    ("sequence_mask", "SequenceMask", "Set what is behind the end of each sequence."),
    ("shape_array", "shape_array", "Return the shape as an array of int64."),
    ("sigmoid", "sigmoid", "Compute 1 / (1 + exp(-x))."),
    ("slice", "slice", "Return a part, by begin, end and step along each axis."),
    ("smooth_l1", "smooth_l1", "Return squares near 0, and distances farther away."),
    ("softmax", "softmax", "Return exponentials that sum to 1 along an axis."),
    ("topk", "topk", "Return the largest elements along an axis, or their positions."),
)

#: The functions by name.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: array_function(name, OPERATIONS[row], "numparam.numpy_extension", summary)
    for name, row, summary in TABLE
}
