"""Updates of optimizers that take lists of arrays, and numbers in place of arrays.

These are the functions of ``nd.contrib`` for AdamW and LAMB. Each calls an operation of
`numparam.ndarray.operations.optimizer_updates`, returns the new weights or writes them into `out`,
and writes the states of the optimizer in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.context import Context
from numparam.ndarray.creation import full
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke

__all__ = [
    "adamw_update",
    "mp_adamw_update",
    "multi_adamw_update",
    "multi_lamb_update",
    "multi_mp_adamw_update",
    "multi_mp_lamb_update",
]

Arrays = Sequence[NDArray]


def adamw_update(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    rescale_grad: NDArray | float,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Make a step of AdamW: ``weight -= eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight)``.

    Parameters
    ----------
    weight, grad, mean, var : NDArray
        The weight, its gradient and the running means of gradients and their squares, which are
        written in place. All have one shape and dtype.
    rescale_grad : NDArray or float
        Factor of the gradient, or an array of one number. Nothing changes where it is 0, NaN or
        infinite, as the scale of gradients that overflowed is.
    lr, eta : float
        Learning rate of the means alone, and of the whole step.
    beta1, beta2, epsilon, wd : float
        Hyper-parameters of AdamW.
    clip_gradient : float, default -1.0
        Bound of the rescaled gradient; a negative number means none.
    out : NDArray, optional
        Where the new weight is written, such as `weight` itself.
    name : str, optional
        Has no influence.

    Returns
    -------
    NDArray
        The new weight.

    Raises
    ------
    MXNetError
        If shapes, dtypes or contexts do not fit. Then nothing is changed.

    Examples
    --------
    >>> import numparam as mx
    >>> weight, grad = mx.nd.array([1, -1]), mx.nd.array([2, 4])
    >>> mean, var = mx.nd.zeros(2), mx.nd.zeros(2)
    >>> _ = mx.nd.contrib.adamw_update(weight, grad, mean, var, 0.5, lr=1, eta=0.5, out=weight)
    >>> mean.asnumpy().round(3)
    array([0.1, 0.2], dtype=float32)
    """
    row, scale = OPERATIONS["_adamw_update"], _array_of(rescale_grad, weight.context)
    settings = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd}
    attributes = {"lr": lr, "eta": eta, "clip_gradient": clip_gradient, **settings}
    return invoke(row, (weight, grad, mean, var, scale), attributes, out)


def mp_adamw_update(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    weight32: NDArray,
    rescale_grad: NDArray | float,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Make a step of `adamw_update` in float32, for a 16-bit weight.

    Parameters
    ----------
    weight, grad : NDArray
        The 16-bit weight and its gradient.
    mean, var, weight32 : NDArray
        The float32 means and copy of the weight, which are written in place.
    rescale_grad, lr, eta, beta1, beta2, epsilon, wd, clip_gradient, out, name
        As for `adamw_update`.

    Returns
    -------
    NDArray
        The new weight: `weight32`, rounded.
    """
    row, scale = OPERATIONS["_mp_adamw_update"], _array_of(rescale_grad, weight.context)
    settings = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd}
    attributes = {"lr": lr, "eta": eta, "clip_gradient": clip_gradient, **settings}
    return invoke(row, (weight, grad, mean, var, weight32, scale), attributes, out)


def multi_adamw_update(
    weights: Arrays,
    grads: Arrays,
    mean: Arrays,
    var: Arrays,
    rescale_grad: NDArray | float,
    lrs: Sequence[float],
    wds: Sequence[float],
    etas: Sequence[float],
    out: Any = None,
    name: str | None = None,
    size: int = 0,
    **kwargs: Any,
) -> Any:
    """Make a step of `adamw_update` for each of several weights.

    Parameters
    ----------
    weights, grads, mean, var : sequence of NDArray
        The arrays of each weight.
    rescale_grad : NDArray or float
        As for `adamw_update`; one for all.
    lrs, wds, etas : sequence of float
        Hyper-parameters of each weight.
    out : sequence of NDArray, optional
        Where the new weights are written.
    name : str, optional
        Has no influence.
    size : int, default 0
        Number of weights; 0 means all that are given.
    **kwargs : float
        ``beta1``, ``beta2``, ``epsilon`` and ``clip_gradient``, as for `adamw_update`.

    Returns
    -------
    list of NDArray, or NDArray
        The new weights; of one weight the array itself.
    """
    scale = _array_of(rescale_grad, weights[0].context)
    count = size or len(weights)
    attributes = {"lrs": lrs, "wds": wds, "etas": etas, "num_weights": count, **kwargs}
    data = (*_interleaved(weights, grads, mean, var), scale)
    return invoke(OPERATIONS["_multi_adamw_update"], data, attributes, out)


def multi_mp_adamw_update(
    weights: Arrays,
    grads: Arrays,
    mean: Arrays,
    var: Arrays,
    weights32: Arrays,
    rescale_grad: NDArray | float,
    lrs: Sequence[float],
    wds: Sequence[float],
    etas: Sequence[float],
    out: Any = None,
    name: str | None = None,
    size: int = 0,
    **kwargs: Any,
) -> Any:
    """Make a step of `mp_adamw_update` for each of several 16-bit weights.

    Parameters
    ----------
    weights, grads, mean, var, weights32 : sequence of NDArray
        The arrays of each weight.
    rescale_grad, lrs, wds, etas, out, name, size, **kwargs
        As for `multi_adamw_update`.

    Returns
    -------
    list of NDArray, or NDArray
        The new weights; of one weight the array itself.
    """
    scale = _array_of(rescale_grad, weights[0].context)
    count = size or len(weights)
    attributes = {"lrs": lrs, "wds": wds, "etas": etas, "num_weights": count, **kwargs}
    data = (*_interleaved(weights, grads, mean, var, weights32), scale)
    return invoke(OPERATIONS["_multi_mp_adamw_update"], data, attributes, out)


def multi_lamb_update(
    weights: Arrays,
    grads: Arrays,
    mean: Arrays,
    var: Arrays,
    step_count: Sequence[int],
    lrs: Sequence[float],
    wds: Sequence[float],
    out: Any = None,
    num_tensors: int = 0,
    **kwargs: Any,
) -> Any:
    """Make a step of LAMB for each of several weights.

    Parameters
    ----------
    weights, grads, mean, var : sequence of NDArray
        The arrays of each weight.
    step_count : sequence of int
        Number of the step of each weight, counted from 1.
    lrs, wds : sequence of float
        Learning rate and weight decay of each.
    out : sequence of NDArray, optional
        Where the new weights are written.
    num_tensors : int, default 0
        Number of weights; 0 means all that are given.
    **kwargs : object
        ``beta1``, ``beta2``, ``epsilon``, ``rescale_grad``, ``lower_bound``, ``upper_bound``,
        ``clip_gradient`` and ``bias_correction``.

    Returns
    -------
    list of NDArray, or NDArray
        The new weights; of one weight the array itself.
    """
    rates = {"learning_rates": lrs, "wds": wds, "step_count": step_count}
    attributes = {**rates, "num_tensors": num_tensors or len(weights), **kwargs}
    data = _interleaved(weights, grads, mean, var)
    return invoke(OPERATIONS["_multi_lamb_update"], data, attributes, out)


def multi_mp_lamb_update(
    weights: Arrays,
    grads: Arrays,
    mean: Arrays,
    var: Arrays,
    weights32: Arrays,
    step_count: Sequence[int],
    lrs: Sequence[float],
    wds: Sequence[float],
    out: Any = None,
    num_tensors: int = 0,
    **kwargs: Any,
) -> Any:
    """Make a step of LAMB in float32 for each of several 16-bit weights.

    Parameters
    ----------
    weights, grads, mean, var, weights32 : sequence of NDArray
        The arrays of each weight.
    step_count, lrs, wds, out, num_tensors, **kwargs
        As for `multi_lamb_update`.

    Returns
    -------
    list of NDArray, or NDArray
        The new weights; of one weight the array itself.
    """
    rates = {"learning_rates": lrs, "wds": wds, "step_count": step_count}
    attributes = {**rates, "num_tensors": num_tensors or len(weights), **kwargs}
    data = _interleaved(weights, grads, mean, var, weights32)
    return invoke(OPERATIONS["_multi_mp_lamb_update"], data, attributes, out)


def _array_of(scale: NDArray | float, context: Context) -> NDArray:
    if isinstance(scale, NDArray):
        return scale.as_in_context(context)
    return full((1,), scale, ctx=context)


def _interleaved(*lists: Arrays) -> list[NDArray]:
    """Return the arrays of the first weight, then those of the next."""
    lengths = sorted({len(arrays) for arrays in lists})
    if len(lengths) > 1:
        raise OperationError(
            "the lists of weights, gradients and states must be of one length, with an array of "
            f"each for every weight; their lengths are {', '.join(map(str, lengths))}"
        )
    return [array for arrays in zip(*lists, strict=True) for array in arrays]
