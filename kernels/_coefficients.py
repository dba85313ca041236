"""Coefficients of the optimizers' steps: what one step multiplies, adds and divides by.

Each rule takes an optimizer's hyper-parameters under their usual names and returns, in float64, the
numbers that its step needs: bias corrections and complements such as 1 - beta are worked out here,
once for all backends. A kernel rounds each coefficient once, to the precision it computes in.

The first four are the same for every optimizer: the factor of the gradient, the bound it is clipped
to (infinity for none), the learning rate or what takes its place, and the weight decay.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Value = Any  # a float, or a float64 array with one number for each array of parameters

RESCALE, CLIP, RATE, DECAY = range(4)


def rows(optimizer: str, count: int, hyper: Mapping[str, object]) -> np.ndarray:
    """Return the coefficients of `count` arrays (or steps), one row each.

    Parameters
    ----------
    optimizer : str
        A key of `RULES`.
    count : int
        Number of rows, at least 0.
    hyper : mapping
        Exactly the hyper-parameters of the rule that have no default; each a real number, or
        `count` of them.

    Returns
    -------
    numpy.ndarray
        float64, (count, number of coefficients), C-contiguous.

    Raises
    ------
    TypeError
        If a hyper-parameter is missing, unknown or not a real number.
    ValueError
        If one is NaN or infinite, of a wrong shape, or makes the formula meaningless.
    """
    rule = RULES[optimizer]
    known, needed = _parameters(optimizer)
    missing = [name for name in needed if name not in hyper]
    unknown = [name for name in hyper if name not in known]
    if missing or unknown:
        raise TypeError(
            f"{optimizer} takes the hyper-parameters {', '.join(known)}; "
            f"missing: {', '.join(missing) or 'none'}, unknown: {', '.join(unknown) or 'none'}"
        )
    values = {name: _checked(name, value, count) for name, value in hyper.items()}
    columns = rule(**values)
    made = np.empty((count, len(columns)))
    for i, column in enumerate(columns):
        made[:, i] = column
    return made


@functools.cache
def _parameters(optimizer: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of an optimizer's hyper-parameters, and of those without a default."""
    parameters = inspect.signature(RULES[optimizer]).parameters.values()
    needed = [one.name for one in parameters if one.default is one.empty]
    return tuple(one.name for one in parameters), tuple(needed)


_MAY_BE_ABSENT = ("clip_gradient", "clip_weights", "lower_bound", "upper_bound")


def _checked(name: str, value: object, count: int) -> Value:
    if value is None and name in _MAY_BE_ABSENT:
        return None
    if isinstance(value, np.ndarray):
        if value.shape != (count,):
            raise ValueError(
                f"{name} has shape {value.shape}; it must be a number or have one for each of the "
                f"{count} rows"
            )
        numbers = value.astype(np.float64, casting="same_kind")
        if not np.isfinite(numbers).all():
            position = int(np.flatnonzero(~np.isfinite(numbers))[0])
            raise ValueError(f"{name}[{position}] is {numbers[position]}; it must be finite")
        return numbers
    if isinstance(value, (str, bytes, complex)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a real number, not {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, but is {number}")
    return number


def _bound(value: Value) -> Value:
    """Return a bound as a positive float; infinity where it is absent, zero or negative."""
    if value is None:
        return math.inf
    if isinstance(value, float):
        return value if value > 0 else math.inf
    return np.where(value > 0, value, math.inf)


def _power(base: Value, exponent: Value) -> Value:
    """Raise to a power by Python's arithmetic: NumPy's may depend on the length of the array."""
    if isinstance(base, float) and isinstance(exponent, float):
        return base**exponent
    bases, exponents = np.broadcast_arrays(base, exponent)
    pairs = list(zip(bases.tolist(), exponents.tolist(), strict=True))
    known = {pair: pair[0] ** pair[1] for pair in set(pairs)}
    return np.array([known[pair] for pair in pairs])


def _same(value: Value) -> Value:
    """Return the common number of an array whose numbers are all equal; else the array."""
    if isinstance(value, float) or not len(value) or (value != value[0]).any():
        return value
    return float(value[0])


def _root(value: Value) -> Value:
    return math.sqrt(value) if isinstance(value, float) else np.sqrt(value)


def _step_number(t: Value) -> Value:
    if np.less(t, 1).any():
        raise ValueError(f"t counts the steps from 1, but is {np.min(t)}")
    return _same(t)


def _common(rescale_grad: Value, clip_gradient: Value) -> tuple[Value, Value]:
    return rescale_grad, _bound(clip_gradient)


def _sgd(*, lr, wd, rescale_grad, clip_gradient, momentum=0.0):
    return *_common(rescale_grad, clip_gradient), lr, wd, momentum


def _nag(*, lr, wd, rescale_grad, clip_gradient, momentum=0.0):
    return *_common(rescale_grad, clip_gradient), lr, wd, momentum, 1.0 + momentum


def _adam(*, lr, wd, t, rescale_grad, clip_gradient, beta1, beta2, epsilon):
    count = _step_number(t)
    rate = lr * _root(1.0 - _power(beta2, count)) / (1.0 - _power(beta1, count))
    common = _common(rescale_grad, clip_gradient)
    return *common, rate, wd, beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon


def _adamw(*, lr, wd, t, rescale_grad, clip_gradient, beta1, beta2, epsilon):
    count = _step_number(t)
    rate = lr / (1.0 - _power(beta1, count))
    widening = 1.0 / _root(1.0 - _power(beta2, count))
    common = _common(rescale_grad, clip_gradient)
    return *common, rate, lr * wd, beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon, widening


def _adagrad(*, lr, wd, rescale_grad, clip_gradient, epsilon):
    return *_common(rescale_grad, clip_gradient), lr, wd, epsilon


def _rmsprop(
    *, lr, wd, rescale_grad, clip_gradient, gamma1, epsilon, gamma2=0.0, clip_weights=None
):
    common = _common(rescale_grad, clip_gradient)
    return *common, lr, wd, gamma1, 1.0 - gamma1, gamma2, epsilon, _bound(clip_weights)


def _ftrl(*, lr, wd, rescale_grad, clip_gradient, lamda1, beta):
    return *_common(rescale_grad, clip_gradient), lr, wd, lamda1, beta


def _adadelta(*, lr=0.0, wd, rescale_grad, clip_gradient, rho, epsilon):
    return *_common(rescale_grad, clip_gradient), lr, wd, rho, 1.0 - rho, epsilon


def _adamax(*, lr, wd, t, rescale_grad, clip_gradient, beta1, beta2):
    rate = lr / (1.0 - _power(beta1, _step_number(t)))
    return *_common(rescale_grad, clip_gradient), rate, wd, beta1, 1.0 - beta1, beta2


def _nadam(
    *, lr, wd, t, schedule, rescale_grad, clip_gradient, beta1, beta2, epsilon, schedule_decay
):
    count = _step_number(t)
    momentum = nadam_momentum(count, beta1, schedule_decay)
    following = nadam_momentum(count + 1.0, beta1, schedule_decay)
    product = schedule * momentum
    now = (1.0 - momentum) / (1.0 - product)
    ahead = following / (1.0 - product * following)
    wider = 1.0 / (1.0 - _power(beta2, count))
    common = _common(rescale_grad, clip_gradient)
    averages = beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon
    return *common, lr, wd, *averages, now, ahead, wider


def nadam_momentum(t: Value, beta1: Value, schedule_decay: Value) -> Value:
    """Return the momentum of Nadam's step t, by which ``schedule`` is multiplied after the step."""
    return beta1 * (1.0 - 0.5 * _power(0.96, t * schedule_decay))


def _ftml(*, lr, wd, t, rescale_grad, clip_gradient, beta1, beta2, epsilon):
    count = _step_number(t)
    if np.any(np.equal(lr, 0.0)):
        raise ValueError("lr must not be 0: ftml divides by it")
    rate = (1.0 - _power(beta1, count)) / lr
    wider = 1.0 / (1.0 - _power(beta2, count))
    common = _common(rescale_grad, clip_gradient)
    return *common, rate, wd, beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon, wider


def _signum(*, lr, wd, rescale_grad, clip_gradient, momentum=0.0, wd_lh=0.0):
    common = _common(rescale_grad, clip_gradient)
    return *common, lr, wd, momentum, 1.0 - momentum, wd_lh, 1.0


def _dcasgd(*, lr, wd, rescale_grad, clip_gradient, lamda, momentum=0.0):
    return *_common(rescale_grad, clip_gradient), lr, wd, lamda, momentum


def _lamb(
    *, lr, wd, t, rescale_grad, clip_gradient, beta1, beta2, epsilon,
    bias_correction=1.0, lower_bound=None, upper_bound=None,
):  # fmt: skip
    count = _step_number(t)
    whole = not bias_correction
    scale1 = 1.0 if whole else 1.0 / (1.0 - _power(beta1, count))
    scale2 = 1.0 if whole else 1.0 / (1.0 - _power(beta2, count))
    common = _common(rescale_grad, clip_gradient)
    averages = beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon
    lowest = 0.0 if lower_bound is None else lower_bound
    return *common, lr, wd, *averages, scale1, scale2, lowest, _bound(upper_bound)


def trusted(coefficients: np.ndarray, weights: np.ndarray, updates: np.ndarray) -> np.ndarray:
    """Return LAMB's coefficients with the rates that follow from each array's sums of squares."""
    made = coefficients.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.minimum(np.maximum(np.sqrt(weights), coefficients[:, -2]), coefficients[:, -1])
        change = np.sqrt(updates)
        made[:, RATE] *= np.where((size > 0) & (change > 0), size / change, 1.0)
    return made


def _sgld(*, lr, wd, rescale_grad, clip_gradient):
    return *_common(rescale_grad, clip_gradient), lr / 2.0, wd, _root(lr)


def _test(*, rescale_grad, lr=0.0, wd=0.0, clip_gradient=None):
    return *_common(rescale_grad, clip_gradient), lr, wd


RULES: dict[str, Callable[..., tuple[Value, ...]]] = {
    "sgd": _sgd,
    "nag": _nag,
    "adam": _adam,
    "adamw": _adamw,
    "adagrad": _adagrad,
    "groupadagrad": _adagrad,
    "rmsprop": _rmsprop,
    "ftrl": _ftrl,
    "adadelta": _adadelta,
    "adamax": _adamax,
    "nadam": _nadam,
    "ftml": _ftml,
    "signum": _signum,
    "dcasgd": _dcasgd,
    "lamb": _lamb,
    "sgld": _sgld,
    "test": _test,
}


def names(optimizer: str) -> tuple[str, ...]:
    """Return the names of an optimizer's hyper-parameters."""
    return _parameters(optimizer)[0]


def width(optimizer: str) -> int:
    """Return the number of an optimizer's coefficients."""
    ones = dict.fromkeys(_parameters(optimizer)[0], 0.5)
    return len(RULES[optimizer](**ones | ({"t": 1.0} if "t" in ones else {})))
