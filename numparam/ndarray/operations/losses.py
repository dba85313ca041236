"""Output layers of networks, whose gradients are those of a loss, whatever the head gradients.

Each returns a prediction, or the loss itself, and sends back the gradient of a loss that it does
not compute, as MXNet's layers of these names do. Head gradients count only for ``SoftmaxOutput``
with ``out_grad``.
"""

from __future__ import annotations

import math

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []

Array = np.ndarray

_NORMALIZATIONS = ("null", "batch", "valid")
_HEADS = "As in MXNet 1.9.1. Head gradients are ignored"


def _check_normalization(normalization: str) -> None:
    if normalization not in _NORMALIZATIONS:
        raise ValueError(f"normalization must be 'null', 'batch' or 'valid', not {normalization!r}")


def _softmax(data: Array, axis: int) -> Array:
    values = data.astype(np.float64)
    values = np.exp(values - values.max(axis=axis, keepdims=True, initial=-np.inf))
    return values / values.sum(axis=axis, keepdims=True)


def _in_classes(data: Array, multi_output: bool, preserve_shape: bool) -> Array:
    """Reshape data to (samples, classes, positions)."""
    if multi_output:
        return data.reshape(data.shape[0], data.shape[1], math.prod(data.shape[2:]))
    if preserve_shape:
        return data.reshape(math.prod(data.shape[:-1]), data.shape[-1], 1)
    return data.reshape(data.shape[0], math.prod(data.shape[1:]), 1)


@operation(
    "SoftmaxOutput",
    "Softmax",
    source="As in MXNet 1.9.1. The gradient of ``data`` is that of the cross-entropy with "
    "``label``; head gradients are ignored, but are factors with ``out_grad``.",
)
def _softmax_output(
    data: Array,
    label: Array,
    *,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: str = "null",
    out_grad: bool = False,
    smooth_alpha: float = 0.0,
) -> Array:
    """Compute the softmax, with the gradient of its cross-entropy with labels.

    The classes are along axis 1 with ``multi_output``, along the last axis with
    ``preserve_shape``, else all of a sample.
    """
    if data.dtype.kind in "iub":
        raise ValueError(f"SoftmaxOutput takes floating-point numbers, not {data.dtype}")
    if data.ndim < 2:
        raise ValueError(f"data must have at least 2 dimensions, not {data.ndim}")
    _check_normalization(normalization)
    _check_label(data.shape, label.shape, multi_output)
    return _softmax(_in_classes(data, multi_output, preserve_shape), 1).reshape(data.shape)


def _check_label(shape: tuple[int, ...], label: tuple[int, ...], multi_output: bool) -> None:
    if label == shape:
        return
    if multi_output:
        positions = shape[2:]
        fitting = [(shape[0], *positions), (shape[0], 1, *positions)]
        fitting.append((shape[0], math.prod(positions)))
    else:
        fitting = [shape[:-1]]
    if label not in fitting:
        raise ValueError(
            f"label must have the shape {fitting[0]}, or that of data, {shape}; not {label}"
        )


@vjp_of("SoftmaxOutput")
def _softmax_output_vjp(
    cotangent: Array,
    *,
    label: Array,
    output: Array,
    grad_scale: float,
    ignore_label: float,
    multi_output: bool,
    use_ignore: bool,
    preserve_shape: bool,
    normalization: str,
    out_grad: bool,
    smooth_alpha: float,
) -> tuple[Array, Array]:
    no_gradient = np.zeros(label.shape, label.dtype)
    if label.shape == output.shape:  # probabilities
        result = (output - label) * output.dtype.type(grad_scale)
        return (result * cotangent if out_grad else result), no_gradient
    predicted = _in_classes(output, multi_output, preserve_shape)
    samples, _, positions = predicted.shape
    result = predicted - _targets(label, predicted.shape, 0 if multi_output else smooth_alpha)
    if use_ignore:
        ignored = label.reshape(samples, 1, positions) == ignore_label
        result = np.where(ignored, output.dtype.type(0), result)
    scale = grad_scale
    if multi_output and normalization != "valid":
        scale /= max(positions, 1)
    if normalization == "batch":
        scale /= output.shape[0]
    elif normalization == "valid":
        # Whether `use_ignore` is on or not, as in MXNet.
        scale /= max(int(np.sum(label.astype(np.int64) != int(ignore_label))), 1)
    result = (result * output.dtype.type(scale)).reshape(output.shape)
    return (result * cotangent if out_grad else result), no_gradient


def _targets(label: Array, shape: tuple[int, int, int], smooth_alpha: float) -> Array:
    """Return one-hot targets for the labels, smoothed if wanted."""
    samples, classes, positions = shape
    numbers = label.reshape(samples, 1, positions).astype(np.int64)
    hot = numbers == np.arange(classes).reshape(1, classes, 1)
    off = smooth_alpha / max(classes - 1, 1)
    return np.where(hot, label.dtype.type(1 - smooth_alpha), label.dtype.type(off))


def _check_outputs(name: str, data: Array, label: Array) -> None:
    if data.size != label.size or data.shape[:1] != label.shape[:1]:
        raise ValueError(
            f"{name} needs a label for each output; the shapes are {data.shape} and {label.shape}"
        )


def _scaled(difference: Array, label: Array, grad_scale: float) -> tuple[Array, Array]:
    """Scale a gradient as the regression layers do, by the number of outputs of a sample."""
    outputs = max(label.size // max(label.shape[0], 1), 1)
    scaled = difference * difference.dtype.type(grad_scale / outputs)
    return scaled, np.zeros(label.shape, label.dtype)


@operation("LinearRegressionOutput", source=f"{_HEADS}; the gradient is that of the squared error.")
def _linear_regression_output(data: Array, label: Array, *, grad_scale: float = 1.0) -> Array:
    """Return the prediction, with the gradient of half its squared error."""
    _check_outputs("LinearRegressionOutput", data, label)
    return np.array(data)


@operation(
    "LogisticRegressionOutput", source=f"{_HEADS}; the gradient is that of the cross-entropy."
)
def _logistic_regression_output(data: Array, label: Array, *, grad_scale: float = 1.0) -> Array:
    """Compute the sigmoid, with the gradient of its cross-entropy with labels."""
    _check_outputs("LogisticRegressionOutput", data, label)
    return 1 / (1 + np.exp(-data))


@vjp_of("LinearRegressionOutput", "LogisticRegressionOutput")
def _difference_vjp(
    cotangent: Array, *, label: Array, output: Array, grad_scale: float
) -> tuple[Array, Array]:
    return _scaled(output - label.reshape(output.shape), label, grad_scale)


@operation("MAERegressionOutput", source=f"{_HEADS}; the gradient is that of the absolute error.")
def _mae_regression_output(data: Array, label: Array, *, grad_scale: float = 1.0) -> Array:
    """Return the prediction, with the gradient of its absolute error."""
    _check_outputs("MAERegressionOutput", data, label)
    return np.array(data)


@vjp_of("MAERegressionOutput")
def _sign_vjp(
    cotangent: Array, *, label: Array, output: Array, grad_scale: float
) -> tuple[Array, Array]:
    one = output.dtype.type(1)
    # An exact prediction has the gradient of one that is too small, as in MXNet.
    signs = np.where(output > label.reshape(output.shape), one, -one)
    return _scaled(signs, label, grad_scale)


@operation("MakeLoss", source=f"{_HEADS}; the gradient is ``grad_scale``, normalized.")
def _scaled_loss(
    data: Array,
    *,
    grad_scale: float = 1.0,
    valid_thresh: float = 0.0,
    normalization: str = "null",
) -> Array:
    """Return the data as a loss whose gradient has a given scale.

    The scale is divided by the number of samples for the normalization 'batch', by that of
    elements above ``valid_thresh`` for 'valid'.
    """
    _check_normalization(normalization)
    return np.array(data)


@vjp_of("MakeLoss")
def _scaled_loss_vjp(
    cotangent: Array, *, output: Array, grad_scale: float, valid_thresh: float, normalization: str
) -> Array:
    if normalization == "batch":
        grad_scale /= max(output.shape[0], 1)
    elif normalization == "valid":
        grad_scale /= max(int(np.sum(output > valid_thresh)), 1)
    return np.full(output.shape, grad_scale, output.dtype)
