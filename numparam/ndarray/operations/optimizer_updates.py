"""The steps of optimizers as operations: ``sgd_update``, ``adam_update`` and others.

Each returns a new weight, which ``out=weight`` writes into the weight itself, and writes the states
of the optimizer in place. In all of them the gradient is multiplied by ``rescale_grad`` and clipped
to ``clip_gradient`` unless that is negative. float16 and bfloat16 are computed in float32 and
rounded once. Operations whose names begin with ``mp_`` keep a float32 copy of a 16-bit weight,
which they update, and from which they round the weight.

`numparam.optimizer` does not need these: its steps are compiled kernels. They are here for code
that calls MXNet's operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from numparam.ndarray.operations.invoke import OperationError, write_out
from numparam.ndarray.operations.operation import (
    OPERATIONS,
    REQUIRED,
    Operation,
    operation,
    register,
)
from numparam.ndarray.quiet import quietly
from numparam.ndarray.values import own_memory, reachable

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["UPDATES", "Update"]

Array = np.ndarray
Arrays = tuple[Array, ...]

_RESULT = "The new weight. The states are written in place."


class Update(NamedTuple):
    """The function of an update, and its states.

    Attributes
    ----------
    step : callable
        ``step(*inputs, **attributes)`` of host arrays returns the result, then the new states.
    written : tuple of int
        The positions of the states among the inputs.
    """

    step: Callable[..., Arrays]
    written: tuple[int, ...]


#: The updates of one weight, by name.
UPDATES: dict[str, Update] = {}


def _update(
    name: str, written: tuple[int, ...] = (), result: str = _RESULT
) -> Callable[[Callable[..., Arrays]], Callable[..., Arrays]]:
    """Register a function that returns a result and new states as an operation.

    `written` are the positions of its inputs that are states.
    """

    def decorate(step: Callable[..., Arrays]) -> Callable[..., Arrays]:
        def arrays(inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any) -> Any:
            return _computed(name, step, inputs, written, attributes, out)

        operation(name, agree=False, differentiable=False, arrays=arrays, result=result)(step)
        UPDATES[name] = Update(step, written)
        return step

    return decorate


def _computed(
    name: str,
    step: Callable[..., Arrays],
    inputs: Sequence[NDArray],
    written: Sequence[int],
    attributes: dict[str, Any],
    out: Any,
    results: int = 1,
) -> Any:
    """Compute new weights and states, and write them after all have been checked."""
    first = inputs[0]
    backend = first._backend
    for array in inputs:
        if not reachable(array, first):
            raise OperationError(
                f"{name} got arrays on {first._ctx} and on {array._ctx}; move one first, for "
                f"example with as_in_context({first._ctx!r})"
            )
    for place in written:
        inputs[place]._require_writable()

    def evaluate(*buffers: Array) -> Arrays:
        try:
            return quietly(step, *buffers, **attributes)
        except (ValueError, TypeError) as error:
            raise OperationError(f"{name} cannot be computed: {error}") from error

    evaluate.__name__ = name
    computed = backend.apply(evaluate, *(array._memory for array in inputs))
    weights, states = computed[:results], computed[results:]
    row_result = weights if results > 1 else weights[0]
    if out is not None:
        write_out(OPERATIONS[name], row_result, first, out)
    for place, state in zip(written, states, strict=True):
        backend.update(_assign, inputs[place]._memory, state)
    if out is not None:
        return out
    made = [type(first).from_buffer(weight, first._ctx, backend) for weight in weights]
    return made if results > 1 else made[0]


def _assign(target: Array, source: Array) -> None:
    target[...] = own_memory(source, target)


# Parts of the steps


def _wide(*arrays: Array) -> list[Array]:
    """Check that all arrays have one shape, and convert 16-bit ones to float32."""
    for array in arrays:
        if array.shape != arrays[0].shape:
            raise ValueError(
                f"weight, gradient and states must have one shape, not {arrays[0].shape} and "
                f"{array.shape}"
            )
        if array.dtype.kind in "iub":
            raise ValueError(f"the arrays must be of a floating-point dtype, not {array.dtype}")
    return [array.astype(np.float32) if array.dtype.itemsize == 2 else array for array in arrays]


def _one_dtype(*arrays: Array) -> None:
    for array in arrays:
        if array.dtype != arrays[0].dtype:
            raise ValueError(
                f"weight, gradient and states must have one dtype, not {arrays[0].dtype} and "
                f"{array.dtype}"
            )


def _opened(*arrays: Array) -> list[Array]:
    _one_dtype(*arrays)
    return _wide(*arrays)


def _opened_with_master(weight: Array, grad: Array, *rest: Array) -> list[Array]:
    """Return gradient, states and float32 weight of a mixed-precision update."""
    _one_dtype(weight, grad)
    for array in rest:
        if array.dtype != np.float32:
            raise ValueError(
                f"states and weight32 must be float32 beside a 16-bit weight, not {array.dtype}"
            )
    return _wide(weight, grad, *rest)[1:]


def _rounded(like: Sequence[Array], *values: Array) -> Arrays:
    return tuple(
        value.astype(array.dtype, copy=False) for array, value in zip(like, values, strict=True)
    )


def _clipped(grad: Array, rescale_grad: float, bound: float) -> Array:
    return _within(grad * float(rescale_grad), bound)


def _within(values: Array, bound: float) -> Array:
    return np.clip(values, -float(bound), float(bound)) if bound >= 0 else values


# Stochastic gradient descent


def _sgd(weight: Array, grad: Array, *, lr: float, wd: float, rescale: float, clip: float) -> Array:
    return weight - float(lr) * (_clipped(grad, rescale, clip) + float(wd) * weight)


def _momentum(
    weight: Array,
    grad: Array,
    mom: Array,
    *,
    lr: float,
    momentum: float,
    wd: float,
    rescale: float,
    clip: float,
) -> Array:
    slope = _clipped(grad, rescale, clip) + float(wd) * weight
    return float(momentum) * mom - float(lr) * slope


@_update("sgd_update", result="The new weight.")
def _sgd_update(
    weight: Array,
    grad: Array,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> Arrays:
    """Make a step of gradient descent: ``weight -= lr * (grad + wd * weight)``."""
    wide = _opened(weight, grad)
    return _rounded((weight,), _sgd(*wide, lr=lr, wd=wd, rescale=rescale_grad, clip=clip_gradient))


@_update("sgd_mom_update", (2,))
def _sgd_mom_update(
    weight: Array,
    grad: Array,
    mom: Array,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> Arrays:
    """Make a step of gradient descent with momentum.

    ``mom = momentum * mom - lr * (grad + wd * weight)``, then ``weight += mom``.
    """
    wide = _opened(weight, grad, mom)
    speed = _momentum(
        *wide, lr=lr, momentum=momentum, wd=wd, rescale=rescale_grad, clip=clip_gradient
    )
    return _rounded((weight, mom), wide[0] + speed, speed)


@_update("mp_sgd_update", (2,))
def _mp_sgd_update(
    weight: Array,
    grad: Array,
    weight32: Array,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> Arrays:
    """Make a step of `sgd_update` in float32, for a 16-bit weight."""
    slope, master = _opened_with_master(weight, grad, weight32)
    master = _sgd(master, slope, lr=lr, wd=wd, rescale=rescale_grad, clip=clip_gradient)
    return _rounded((weight, weight32), master, master)


@_update("mp_sgd_mom_update", (2, 3))
def _mp_sgd_mom_update(
    weight: Array,
    grad: Array,
    mom: Array,
    weight32: Array,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> Arrays:
    """Make a step of `sgd_mom_update` in float32, for a 16-bit weight."""
    slope, speed, master = _opened_with_master(weight, grad, mom, weight32)
    speed = _momentum(
        master,
        slope,
        speed,
        lr=lr,
        momentum=momentum,
        wd=wd,
        rescale=rescale_grad,
        clip=clip_gradient,
    )
    master = master + speed
    return _rounded((weight, mom, weight32), master, speed, master)


def _nesterov(
    weight: Array,
    grad: Array,
    mom: Array,
    *,
    lr: float,
    momentum: float,
    wd: float,
    rescale: float,
    clip: float,
) -> Arrays:
    lr, momentum, wd = float(lr), float(momentum), float(wd)
    slope = _clipped(grad, rescale, clip)
    kept = momentum * mom
    moved = weight - kept + (momentum + 1) * (kept - lr * (slope + wd * weight))
    # MXNet's kernel reads the weight again after it has written it.
    return moved, kept - lr * (slope + wd * moved)


@_update("nag_mom_update", (2,))
def _nag_mom_update(
    weight: Array,
    grad: Array,
    mom: Array,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step of Nesterov's accelerated gradient.

    The weight decay in ``mom`` is that of the new weight, as in MXNet with ``out=weight``.
    """
    wide = _opened(weight, grad, mom)
    moved = _nesterov(
        *wide, lr=lr, momentum=momentum, wd=wd, rescale=rescale_grad, clip=clip_gradient
    )
    return _rounded((weight, mom), *moved)


@_update("mp_nag_mom_update", (2, 3))
def _mp_nag_mom_update(
    weight: Array,
    grad: Array,
    mom: Array,
    weight32: Array,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step of `nag_mom_update` in float32, for a 16-bit weight."""
    slope, speed, master = _opened_with_master(weight, grad, mom, weight32)
    master, speed = _nesterov(
        master,
        slope,
        speed,
        lr=lr,
        momentum=momentum,
        wd=wd,
        rescale=rescale_grad,
        clip=clip_gradient,
    )
    return _rounded((weight, mom, weight32), master, speed, master)


@_update("signsgd_update", result="The new weight.")
def _signsgd_update(
    weight: Array,
    grad: Array,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step by the sign of the gradient: ``weight -= lr * (sign(grad) + wd * weight)``.

    ``rescale_grad`` and ``clip_gradient`` have no influence.
    """
    old, slope = _opened(weight, grad)
    return _rounded((weight,), (1 - float(lr) * float(wd)) * old - float(lr) * np.sign(slope))


@_update("signum_update", (2,))
def _signum_update(
    weight: Array,
    grad: Array,
    mom: Array,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    wd_lh: float = 0.0,
) -> Arrays:
    """Make a step by the sign of the momentum; ``wd_lh`` is a decoupled weight decay.

    Bernstein and others, "signSGD: compressed optimisation for non-convex problems", 2018.
    """
    old, slope, speed = _opened(weight, grad, mom)
    momentum, lr = float(momentum), float(lr)
    speed = (
        momentum * speed
        - (1 - momentum) * float(wd) * old
        - (1 - momentum) * _clipped(slope, rescale_grad, clip_gradient)
    )
    new = (1 - lr * float(wd_lh)) * old + lr * np.sign(speed)
    return _rounded((weight, mom), new, speed)


# Steps with moments of the gradient


@_update("adam_update", (2, 3))
def _adam_update(
    weight: Array,
    grad: Array,
    mean: Array,
    var: Array,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> Arrays:
    """Make a step of Adam, without correction for the bias of the moments.

    The gradient is clipped after ``wd * weight`` was added. ``lr`` is to hold the correction,
    ``sqrt(1 - beta2**t) / (1 - beta1**t)``. Kingma and Ba, "Adam", 2014.
    """
    old, slope, first, second = _opened(weight, grad, mean, var)
    slope = _within(slope * float(rescale_grad) + float(wd) * old, clip_gradient)
    first, second = _moments(slope, first, second, beta1, beta2)
    new = old - float(lr) * first / (np.sqrt(second) + float(epsilon))
    return _rounded((weight, mean, var), new, first, second)


def _moments(
    slope: Array, first: Array, second: Array, beta1: float, beta2: float
) -> tuple[Array, Array]:
    beta1, beta2 = float(beta1), float(beta2)
    return (
        beta1 * first + (1 - beta1) * slope,
        beta2 * second + (1 - beta2) * np.square(slope),
    )


@_update("rmsprop_update", (2,))
def _rmsprop_update(
    weight: Array,
    grad: Array,
    n: Array,
    *,
    lr: float,
    gamma1: float = 0.95,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
) -> Arrays:
    """Make a step of RMSProp: divided by the root of a running mean of squares.

    The gradient is clipped after ``wd * weight`` was added. Tieleman and Hinton, 2012.
    """
    old, slope, squares = _opened(weight, grad, n)
    slope = _within(slope * float(rescale_grad) + float(wd) * old, clip_gradient)
    gamma1 = float(gamma1)
    squares = (1 - gamma1) * np.square(slope) + gamma1 * squares
    new = old - float(lr) * slope / np.sqrt(squares + float(epsilon))
    return _rounded((weight, n), _within(new, clip_weights), squares)


@_update("rmspropalex_update", (2, 3, 4))
def _rmspropalex_update(
    weight: Array,
    grad: Array,
    n: Array,
    g: Array,
    delta: Array,
    *,
    lr: float,
    gamma1: float = 0.95,
    gamma2: float = 0.9,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
) -> Arrays:
    """Make a step of the centred RMSProp: divided by a running standard deviation, with momentum.

    The gradient is clipped after ``wd * weight`` was added. Graves, "Generating sequences with
    recurrent neural networks", 2013, equations 38 to 45.
    """
    old, slope, squares, mean, step = _opened(weight, grad, n, g, delta)
    slope = _within(slope * float(rescale_grad) + float(wd) * old, clip_gradient)
    gamma1 = float(gamma1)
    squares = (1 - gamma1) * np.square(slope) + gamma1 * squares
    mean = (1 - gamma1) * slope + gamma1 * mean
    deviation = np.sqrt(squares - np.square(mean) + float(epsilon))
    step = float(gamma2) * step - float(lr) * slope / deviation
    new = _within(old + step, clip_weights)
    return _rounded((weight, n, g, delta), new, squares, mean, step)


@_update("ftrl_update", (2, 3))
def _ftrl_update(
    weight: Array,
    grad: Array,
    z: Array,
    n: Array,
    *,
    lr: float,
    lamda1: float = 0.01,
    beta: float = 1.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step of FTRL-Proximal, which keeps small weights at zero.

    McMahan and others, "Ad click prediction", 2013, algorithm 1.
    """
    old, slope, sums, squares = _opened(weight, grad, z, n)
    lr, lamda1 = float(lr), float(lamda1)
    slope = _clipped(slope, rescale_grad, clip_gradient)
    new_squares = squares + np.square(slope)
    sums = sums + slope - (np.sqrt(new_squares) - np.sqrt(squares)) * old / lr
    new = (np.sign(sums) * lamda1 - sums) / ((float(beta) + np.sqrt(new_squares)) / lr + float(wd))
    new = np.where(np.abs(sums) > lamda1, new, new.dtype.type(0))
    return _rounded((weight, z, n), new, sums, new_squares)


@_update("ftml_update", (2, 3, 4))
def _ftml_update(
    weight: Array,
    grad: Array,
    d: Array,
    v: Array,
    z: Array,
    *,
    lr: float,
    beta1: float = 0.6,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    t: int,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_grad: float = -1.0,
) -> Arrays:
    """Make step number ``t`` of FTML: follow the moving leader.

    The gradient is clipped after ``wd * weight`` was added. Zheng and Kwok, "Follow the moving
    leader in deep learning", 2017.
    """
    old, slope, last, second, leader = _opened(weight, grad, d, v, z)
    lr, beta1, beta2 = float(lr), float(beta1), float(beta2)
    slope = _within(slope * float(rescale_grad) + float(wd) * old, clip_grad)
    second = beta2 * second + (1 - beta2) * np.square(slope)
    size = (1 - beta1**t) / lr * (np.sqrt(second / (1 - beta2**t)) + float(epsilon))
    leader = beta1 * leader + (1 - beta1) * slope - (size - beta1 * last) * old
    return _rounded((weight, d, v, z), -leader / size, size, second, leader)


_DIRECTION = "The direction of the step. The states are written in place."


def _direction(
    old: Array,
    slope: Array,
    first: Array,
    second: Array,
    beta1: float,
    beta2: float,
    epsilon: float,
    t: int,
    bias_correction: bool,
    wd: float,
) -> Arrays:
    first, second = _moments(slope, first, second, beta1, beta2)
    mean, var = first, second
    if bias_correction:
        mean, var = mean / (1 - float(beta1) ** t), var / (1 - float(beta2) ** t)
    return mean / (np.sqrt(var) + float(epsilon)) + float(wd) * old, first, second


@_update("lamb_update_phase1", (2, 3), result=_DIRECTION)
def _lamb_update_phase1(
    weight: Array,
    grad: Array,
    mean: Array,
    var: Array,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    t: int,
    bias_correction: bool = True,
    wd: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Compute the direction of step number ``t`` of LAMB: Adam's, plus ``wd * weight``.

    You and others, "Large batch optimization for deep learning", 2019.
    """
    old, slope, first, second = _opened(weight, grad, mean, var)
    slope = _clipped(slope, rescale_grad, clip_gradient)
    results = _direction(old, slope, first, second, beta1, beta2, epsilon, t, bias_correction, wd)
    return _rounded((weight, mean, var), *results)


@_update("mp_lamb_update_phase1", (2, 3), result=_DIRECTION + " It is float32.")
def _mp_lamb_update_phase1(
    weight: Array,
    grad: Array,
    mean: Array,
    var: Array,
    weight32: Array,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    t: int,
    bias_correction: bool = True,
    wd: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Compute the direction of `lamb_update_phase1` in float32, for a 16-bit weight."""
    slope, first, second, master = _opened_with_master(weight, grad, mean, var, weight32)
    slope = _clipped(slope, rescale_grad, clip_gradient)
    results = _direction(
        master, slope, first, second, beta1, beta2, epsilon, t, bias_correction, wd
    )
    return _rounded((weight32, mean, var), *results)


def _trusted(
    weight: Array, g: Array, r1: Array, r2: Array, lr: float, lower: float, upper: float
) -> Array:
    length, step = float(r1.reshape(-1)[0]), float(r2.reshape(-1)[0])
    if lower >= 0:
        length = max(length, float(lower))
    if upper >= 0:
        length = min(length, float(upper))
    ratio = length / step if length and step else 1.0
    return weight - float(lr) * ratio * g


@_update("lamb_update_phase2", result="The new weight.")
def _lamb_update_phase2(
    weight: Array,
    g: Array,
    r1: Array,
    r2: Array,
    *,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
) -> Arrays:
    """Make a step of LAMB in the direction ``g``: ``weight -= lr * r1 / r2 * g``.

    ``r1`` and ``r2`` hold the norms of the weight and of ``g``; the ratio is 1 if one is zero.
    """
    old, direction = _opened(weight, g)
    return _rounded((weight,), _trusted(old, direction, r1, r2, lr, lower_bound, upper_bound))


@_update("mp_lamb_update_phase2", (4,))
def _mp_lamb_update_phase2(
    weight: Array,
    g: Array,
    r1: Array,
    r2: Array,
    weight32: Array,
    *,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
) -> Arrays:
    """Make a step of `lamb_update_phase2` in float32, for a 16-bit weight."""
    direction, master = _wide(weight, g, weight32)[1:]
    master = _trusted(master, direction, r1, r2, lr, lower_bound, upper_bound)
    return _rounded((weight, weight32), master, master)


@_update("_adagrad_update", (2,))
def _adagrad_update(
    weight: Array,
    grad: Array,
    history: Array,
    *,
    lr: float,
    epsilon: float = 1e-7,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step of AdaGrad: divided by the root of the sum of all squares."""
    old, slope, sums = _opened(weight, grad, history)
    slope = _clipped(slope, rescale_grad, clip_gradient)
    sums = sums + np.square(slope)
    step = slope / np.sqrt(sums + float(epsilon)) + float(wd) * old
    return _rounded((weight, history), old - float(lr) * step, sums)


@_update("contrib.group_adagrad_update", (2,))
def _group_adagrad_update(
    weight: Array,
    grad: Array,
    history: Array,
    *,
    lr: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    epsilon: float = 1e-5,
) -> Arrays:
    """Make a step of AdaGrad with one history for each row: of the means of its squares.

    ``history`` has the shape ``(rows, 1)``.
    """
    _one_dtype(weight, grad, history)
    if weight.ndim != 2 or history.shape != (weight.shape[0], 1):
        raise ValueError(
            f"a weight of shape (rows, columns) has a history of shape (rows, 1), not "
            f"{weight.shape} and {history.shape}"
        )
    old, slope = _wide(weight, grad)
    slope = _clipped(slope, rescale_grad, clip_gradient)
    means = np.mean(np.square(slope), axis=1, keepdims=True)
    sums = history.astype(old.dtype, copy=False) + means
    step = slope / np.sqrt(sums + float(epsilon))
    return _rounded((weight, history), old - float(lr) * step, sums)


# AdamW


def _decoupled(
    old: Array,
    slope: Array,
    first: Array,
    second: Array,
    rescale: float,
    *,
    lr: float,
    eta: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    wd: float,
    clip: float,
) -> Arrays:
    slope = _clipped(slope, rescale, clip)
    first, second = _moments(slope, first, second, beta1, beta2)
    step = float(lr) * first / (np.sqrt(second) + float(epsilon)) + float(wd) * old
    return old - float(eta) * step, first, second


def _scale_of(rescale_grad: Array) -> float | None:
    """Return the factor of the gradients; None if the step is to be left out."""
    if rescale_grad.size != 1:
        raise ValueError(f"rescale_grad must hold one number, not {rescale_grad.size}")
    scale = float(rescale_grad.reshape(-1)[0])
    return scale if np.isfinite(scale) and scale != 0 else None


@_update("_adamw_update", (2, 3))
def _adamw_update(
    weight: Array,
    grad: Array,
    mean: Array,
    var: Array,
    rescale_grad: Array,
    *,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step of AdamW: ``weight -= eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight)``.

    ``rescale_grad`` is an array of one number; nothing changes where that is 0, NaN or infinite,
    as a scale of gradients that overflowed is. Loshchilov and Hutter, "Decoupled weight decay
    regularization", 2019.
    """
    old, slope, first, second = _opened(weight, grad, mean, var)
    scale = _scale_of(rescale_grad)
    if scale is None:
        return weight, mean, var
    results = _decoupled(
        old,
        slope,
        first,
        second,
        scale,
        lr=lr,
        eta=eta,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        wd=wd,
        clip=clip_gradient,
    )
    return _rounded((weight, mean, var), *results)


@_update("_mp_adamw_update", (2, 3, 4))
def _mp_adamw_update(
    weight: Array,
    grad: Array,
    mean: Array,
    var: Array,
    weight32: Array,
    rescale_grad: Array,
    *,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
) -> Arrays:
    """Make a step of `adamw_update` in float32, for a 16-bit weight."""
    slope, first, second, master = _opened_with_master(weight, grad, mean, var, weight32)
    scale = _scale_of(rescale_grad)
    if scale is None:
        return weight, mean, var, weight32
    master, first, second = _decoupled(
        master,
        slope,
        first,
        second,
        scale,
        lr=lr,
        eta=eta,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        wd=wd,
        clip=clip_gradient,
    )
    return _rounded((weight, mean, var, weight32), master, first, second, master)


# LAMB in one step


def _lamb(
    old: Array,
    slope: Array,
    first: Array,
    second: Array,
    *,
    measured: Array,
    lr: float,
    wd: float,
    t: int,
    beta1: float,
    beta2: float,
    epsilon: float,
    rescale_grad: float,
    lower_bound: float,
    upper_bound: float,
    clip_gradient: float,
    bias_correction: bool,
) -> Arrays:
    slope = _clipped(slope, rescale_grad, clip_gradient)
    direction, first, second = _direction(
        old, slope, first, second, beta1, beta2, epsilon, int(t), bias_correction, wd
    )
    r1, r2 = (np.sqrt(np.sum(np.square(values))) for values in (measured, direction))
    new = _trusted(old, direction, r1, r2, lr, lower_bound, upper_bound)
    return new, first, second


def _lamb_update(weight: Array, grad: Array, mean: Array, var: Array, **settings: Any) -> Arrays:
    wide = _opened(weight, grad, mean, var)
    return _rounded((weight, mean, var), *_lamb(*wide, measured=wide[0], **settings))


def _mp_lamb_update(
    weight: Array, grad: Array, mean: Array, var: Array, weight32: Array, **settings: Any
) -> Arrays:
    slope, first, second, master = _opened_with_master(weight, grad, mean, var, weight32)
    (measured,) = _wide(weight)  # the norm is that of the 16-bit weight, as in MXNet
    master, first, second = _lamb(master, slope, first, second, measured=measured, **settings)
    return _rounded((weight, mean, var, weight32), master, first, second, master)


# Many weights in one call


def _multi(
    name: str,
    step: Callable[..., Arrays],
    per_weight: int,
    summary: str,
    *,
    each: Mapping[str, str],
    shared: Mapping[str, Any],
    count: str = "num_weights",
    preloaded: bool = False,
    trailing: int = 0,
) -> None:
    """Register an operation that makes a step for each of several weights.

    Parameters
    ----------
    name : str
        Of the operation.
    step : callable
        The step of one weight.
    per_weight : int
        How many arrays each weight has, itself included.
    summary : str
        The first line of the documentation.
    each : dict
        Attributes with a number for each weight, and what `step` calls the number.
    shared : dict
        Attributes that are passed on, with their defaults.
    count : str
        The attribute that is the number of weights.
    preloaded : bool
        Whether the numbers of `each` are arrays that follow those of the weights.
    trailing : int
        How many other arrays follow, which each step gets.
    """
    attributes: dict[str, Any] = {} if preloaded else dict.fromkeys(each, REQUIRED)
    attributes |= {**shared, count: 1}
    following = trailing + (len(each) if preloaded else 0)

    def steps(*data: Array, **settings: Any) -> Arrays:
        weights = int(settings.pop(count, 1))
        own, others = data[: weights * per_weight], data[weights * per_weight :]
        given = others if preloaded else [settings.pop(plural) for plural in each]
        numbers = [np.asarray(values, np.float64).reshape(-1) for values in given]
        for plural, values in zip(each, numbers, strict=True):
            if len(values) != weights:
                raise ValueError(f"{plural} must have {weights} numbers, not {len(values)}")
        made = [
            step(
                *own[place * per_weight : (place + 1) * per_weight],
                *([] if preloaded else others),
                **{one: values[place] for one, values in zip(each.values(), numbers, strict=True)},
                **{**shared, **settings},
            )
            for place in range(weights)
        ]
        return tuple(results[0] for results in made) + tuple(
            state for results in made for state in results[1:]
        )

    def arrays(inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any) -> Any:
        weights = int(attributes.get(count, 1))
        expected = weights * per_weight + following
        if len(inputs) != expected:
            raise OperationError(
                f"{name} with {count}={weights} needs {expected} arrays, not {len(inputs)}"
            )
        written = [
            start + place
            for start in range(0, weights * per_weight, per_weight)
            for place in range(2, per_weight)
        ]
        if out is not None and weights == 1 and isinstance(out, (list, tuple)):
            _computed(name, steps, inputs, written, attributes, out[0], weights)
            return out
        return _computed(name, steps, inputs, written, attributes, out, weights)

    register(
        Operation(
            name,
            steps,
            inputs=("*data",),
            attributes=attributes,
            outputs=0,
            agree=False,
            arrays=arrays,
            differentiable=False,
            summary=summary,
            result="The new weights. The states are written in place.",
        )
    )


_RATES = {"lrs": "lr", "wds": "wd"}
_SCALING = {"rescale_grad": 1.0, "clip_gradient": -1.0}

for _name, _step, _arrays, _with_momentum in (
    ("sgd_update", _sgd_update, "weight and gradient", False),
    ("sgd_mom_update", _sgd_mom_update, "weight, gradient and momentum", True),
    ("mp_sgd_update", _mp_sgd_update, "weight, gradient and float32 weight", False),
    (
        "mp_sgd_mom_update",
        _mp_sgd_mom_update,
        "weight, gradient, momentum and float32 weight",
        True,
    ),
):
    for _preloaded in (False, True):
        _multi(
            f"{'preloaded_' if _preloaded else ''}multi_{_name}",
            _step,
            _step.__code__.co_argcount,
            f"Make a step of `{_name}` for several weights: {_arrays} of each"
            f"{', then learning rates and weight decays' if _preloaded else ''}.",
            each=_RATES,
            shared={**({"momentum": 0.0} if _with_momentum else {}), **_SCALING},
            preloaded=_preloaded,
        )

_MOMENTS = "weight, gradient, mean and variance"
for _prefix, _master in (("", ""), ("mp_", " and float32 weight")):
    _multi(
        f"_multi_{_prefix}adamw_update",
        _mp_adamw_update if _prefix else _adamw_update,
        5 if _prefix else 4,
        f"Make a step of `{_prefix}adamw_update` for several weights: {_MOMENTS}{_master} of each, "
        "then the array of rescale_grad.",
        each={**_RATES, "etas": "eta"},
        shared={"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "clip_gradient": -1.0},
        trailing=1,
    )
    _multi(
        f"_multi_{_prefix}lamb_update",
        _mp_lamb_update if _prefix else _lamb_update,
        5 if _prefix else 4,
        f"Make a step of LAMB for several weights: {_MOMENTS}{_master} of each.",
        each={"learning_rates": "lr", "wds": "wd", "step_count": "t"},
        shared={
            "beta1": 0.9,
            "beta2": 0.999,
            "epsilon": 1e-6,
            "rescale_grad": 1.0,
            "lower_bound": -1.0,
            "upper_bound": -1.0,
            "clip_gradient": -1.0,
            "bias_correction": True,
        },
        count="num_tensors",
    )


@operation("multi_lars", agree=False, differentiable=False, result="One rate for each layer.")
def _multi_lars(
    lrs: Array,
    weights_sum_sq: Array,
    grads_sum_sq: Array,
    wds: Array,
    *,
    eta: float,
    eps: float,
    rescale_grad: float = 1.0,
) -> Array:
    """Compute the learning rates of LARS from the sums of squares of weights and gradients.

    You, Gitman and Ginsburg, "Large batch training of convolutional networks", 2017.
    """
    weights = np.sqrt(weights_sum_sq)
    grads = np.sqrt(grads_sum_sq) * float(rescale_grad)
    scaled = lrs * float(eta) * weights / (grads + wds * weights + float(eps))
    return np.where((weights > 0) & (grads > 0), scaled, lrs)
