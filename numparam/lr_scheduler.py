"""Learning-rate schedules: the learning rate as a function of the number of updates.

An optimizer with ``lr_scheduler=schedule`` asks ``schedule(num_update)`` before each step, where
`num_update` is the number of updates that the most updated parameter has had, the coming one
included; the first step asks for 1.

Each schedule is a pure function of `num_update` and its attributes. In MXNet some change their
`base_lr` on the way, so that a schedule that was asked for a late update answers an earlier one
with a rate that is too low.

As in MXNet, the `learning_rate` of an optimizer, also one that is the optimizer's default, replaces
the `base_lr` of factors and steps, but not that of the polynomial and the cosine, nor the rate that
warming up leads to. To be sure of the rates, give the optimizer the schedule's own `base_lr`.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from typing import Any, Literal

from numparam._missing import show_public_names

__all__ = [
    "CosineScheduler",
    "FactorScheduler",
    "LRScheduler",
    "MultiFactorScheduler",
    "PolyScheduler",
    "ScheduleTypeError",
]

WarmupMode = Literal["linear", "constant"]


class ScheduleTypeError(TypeError, AssertionError):
    """An argument of a schedule has the wrong type; also an AssertionError, as in MXNet."""


class LRScheduler:
    """The base class of schedules: a learning rate, with a warm-up to it.

    A subclass defines ``__call__(num_update)``, and calls `get_warmup_lr` while
    ``num_update < warmup_steps``.

    Parameters
    ----------
    base_lr : float, default 0.01
        The learning rate that the schedule starts from. The optimizer's ``learning_rate`` replaces
        it, but not in `PolyScheduler` and `CosineScheduler`, nor in ``warmup_final_lr``.
    warmup_steps : int, default 0
        Number of updates before the schedule starts.
    warmup_begin_lr : float, default 0
        The learning rate that warming up starts from.
    warmup_mode : {'linear', 'constant'}, default 'linear'
        Whether it grows linearly to `base_lr`, or stays at `warmup_begin_lr`.

    Raises
    ------
    ValueError
        If `warmup_begin_lr` is above `base_lr`, `warmup_steps` is negative, or the mode does not
        exist.
    ScheduleTypeError
        If `warmup_steps` is not an int: a TypeError and an AssertionError.

    Examples
    --------
    >>> import numparam as mx
    >>> class Halving(mx.lr_scheduler.LRScheduler):
    ...     def __call__(self, num_update):
    ...         return self.base_lr * 0.5 ** (num_update - 1)
    >>> Halving(base_lr=8)(3)
    2.0
    """

    _warmup_final_lr: float | None = None  # where it is not `base_lr`

    def __init__(
        self,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: WarmupMode = "linear",
    ) -> None:
        _check_int("warmup_steps", warmup_steps)
        if warmup_begin_lr > base_lr:
            raise ValueError(
                f"warmup_begin_lr must be at most base_lr = {base_lr}, but is {warmup_begin_lr}"
            )
        if warmup_steps < 0:
            raise ValueError(f"warmup_steps must be at least 0, but is {warmup_steps}")
        if warmup_mode not in ("linear", "constant"):
            raise ValueError(f"warmup_mode must be 'linear' or 'constant', not {warmup_mode!r}")
        self.base_lr = base_lr
        self.warmup_steps = warmup_steps
        self.warmup_begin_lr = warmup_begin_lr
        self.warmup_mode = warmup_mode

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = dict(state)
        if "warmup_final_lr" in own:  # MXNet's pickles
            own["_warmup_final_lr"] = own.pop("warmup_final_lr")
        self.__dict__.update(own)

    @property
    def warmup_final_lr(self) -> float:
        """The learning rate at the end of the warm-up: `base_lr` as it was set by the caller."""
        return self.base_lr if self._warmup_final_lr is None else self._warmup_final_lr

    def take_learning_rate(self, learning_rate: float) -> None:
        """Take over the learning rate of an optimizer, which calls this when it is made.

        Parameters
        ----------
        learning_rate : float
            It replaces `base_lr`.

        Examples
        --------
        >>> import numparam as mx
        >>> schedule = mx.lr_scheduler.FactorScheduler(step=100, base_lr=1.0)
        >>> sgd = mx.optimizer.SGD(learning_rate=0.5, lr_scheduler=schedule)
        >>> schedule(1)
        0.5
        """
        if learning_rate != self.base_lr:
            self._warmup_final_lr = self.warmup_final_lr
            self.base_lr = learning_rate

    def get_warmup_lr(self, num_update: int) -> float:
        """Return the learning rate during the warm-up.

        Parameters
        ----------
        num_update : int
            Number of updates, below `warmup_steps`.

        Returns
        -------
        float
            Between `warmup_begin_lr` and `warmup_final_lr`.

        Raises
        ------
        ScheduleRangeError
            If warming up is over by then: a ValueError and an AssertionError.

        Examples
        --------
        >>> import numparam as mx
        >>> schedule = mx.lr_scheduler.FactorScheduler(step=100, base_lr=1.0, warmup_steps=4)
        >>> [schedule.get_warmup_lr(step) for step in range(4)]
        [0.0, 0.25, 0.5, 0.75]
        """
        if num_update >= self.warmup_steps:
            raise ScheduleRangeError(
                f"warming up takes {self.warmup_steps} updates; there is no rate for update "
                f"{num_update}"
            )
        if self.warmup_mode == "constant":
            return self.warmup_begin_lr
        growth = self.warmup_final_lr - self.warmup_begin_lr
        return self.warmup_begin_lr + growth * float(num_update) / float(self.warmup_steps)

    def __call__(self, num_update: int) -> float:
        """Return the learning rate of an update.

        Parameters
        ----------
        num_update : int
            Number of updates of the most updated parameter, the coming one included.

        Returns
        -------
        float
            The learning rate.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define __call__(num_update), which returns the rate"
        )


class ScheduleRangeError(ValueError, AssertionError):
    """A schedule has no learning rate for an update; also an AssertionError, as in MXNet."""


# So many products take some microseconds; of more drops the power is within rounding.
_MOST_PRODUCTS = 1000


def _after_drops(base_lr: float, factor: float, drops: int) -> float:
    """Multiply a rate by a factor again and again.

    Up to `_MOST_PRODUCTS` drops with the bits that MXNet gets in this way.
    """
    if drops > _MOST_PRODUCTS:
        return float(base_lr * factor**drops)
    return math.prod(itertools.repeat(factor, drops), start=float(base_lr))


class FactorScheduler(LRScheduler):
    """Multiply the learning rate by a factor after every so many updates.

    After n drops the rate is ``max(base_lr * factor**n, stop_factor_lr)``; the k-th drop comes at
    update ``k * step + 1``.

    Parameters
    ----------
    step : int
        Number of updates between two drops, at least 1.
    factor : float, default 1
        The factor, at most 1.
    stop_factor_lr : float, default 1e-8
        The learning rate drops no further than to this.
    base_lr, warmup_steps, warmup_begin_lr, warmup_mode
        See `LRScheduler`. Drops are counted from update 0, not from the end of warming up.

    Raises
    ------
    ValueError
        If `step` is below 1, or `factor` above 1.

    Examples
    --------
    >>> import numparam as mx
    >>> schedule = mx.lr_scheduler.FactorScheduler(step=10, factor=0.5, base_lr=8)
    >>> [schedule(n) for n in (1, 10, 11, 21)]
    [8.0, 8.0, 4.0, 2.0]
    """

    def __init__(
        self,
        step: int,
        factor: float = 1,
        stop_factor_lr: float = 1e-8,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: WarmupMode = "linear",
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if step < 1:
            raise ValueError(f"step must be at least 1 update, but is {step}")
        _check_factor(factor)
        self.step = step
        self.factor = factor
        self.stop_factor_lr = stop_factor_lr

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = dict(state)
        dropped = own.pop("count", 0)  # MXNet's `base_lr` drops with it
        if dropped:
            own["base_lr"] /= own["factor"] ** (dropped // own["step"])
        super().__setstate__(own)

    def __call__(self, num_update: int) -> float:
        """Return the learning rate of an update; see `LRScheduler.__call__`."""
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        drops = max(0, math.ceil(num_update / self.step) - 1)
        if not drops:
            return float(self.base_lr)
        return max(_after_drops(self.base_lr, self.factor, drops), self.stop_factor_lr)


class MultiFactorScheduler(LRScheduler):
    """Multiply the learning rate by a factor after given numbers of updates.

    Parameters
    ----------
    step : list of int
        Increasing numbers of updates, each at least 1; the k-th drop comes at ``step[k] + 1``.
    factor : float, default 1
        The factor, at most 1.
    base_lr, warmup_steps, warmup_begin_lr, warmup_mode
        See `LRScheduler`.

    Raises
    ------
    ScheduleTypeError
        If `step` is not a list or is empty: a TypeError and an AssertionError.
    ValueError
        If the numbers do not increase or one is below 1, or `factor` is above 1.

    Examples
    --------
    >>> import numparam as mx
    >>> schedule = mx.lr_scheduler.MultiFactorScheduler([10, 30], factor=0.5, base_lr=8)
    >>> [schedule(n) for n in (10, 11, 30, 31)]
    [8.0, 4.0, 4.0, 2.0]
    """

    def __init__(
        self,
        step: Sequence[int],
        factor: float = 1,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: WarmupMode = "linear",
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if not isinstance(step, list) or not step:
            raise ScheduleTypeError(
                f"step must be a list of at least one number of updates, not {step!r:.200}"
            )
        for before, number in zip([0, *step], step, strict=False):
            if number < 1:
                raise ValueError(f"each step must be at least 1 update, but one is {number}")
            if number <= before:
                raise ValueError(f"steps must increase, but {number} follows {before}")
        _check_factor(factor)
        self.step = step
        self.factor = factor

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = dict(state)
        own.pop("count", None)
        own["base_lr"] /= own["factor"] ** own.pop("cur_step_ind", 0)  # MXNet's drops on the way
        super().__setstate__(own)

    def __call__(self, num_update: int) -> float:
        """Return the learning rate of an update; see `LRScheduler.__call__`."""
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        drops = bisect.bisect_left(self.step, num_update)
        return _after_drops(self.base_lr, self.factor, drops)


class _Decay(LRScheduler):
    """A decay from `base_lr` after the warm-up to `final_lr` at update `max_update`."""

    def __init__(
        self,
        max_update: int,
        base_lr: float,
        final_lr: float,
        warmup_steps: int,
        warmup_begin_lr: float,
        warmup_mode: WarmupMode,
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        _check_int("max_update", max_update)
        if max_update < 1:
            raise ValueError(f"max_update must be at least 1, but is {max_update}")
        if max_update <= warmup_steps:
            raise ValueError(
                f"max_update must be above warmup_steps = {warmup_steps}, but is {max_update}: "
                "nothing is left to decay"
            )
        self.max_update = max_update
        self.final_lr = final_lr

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = dict(state)
        own.pop("max_steps", None)
        own["base_lr"] = own.pop("base_lr_orig", own["base_lr"])  # MXNet's changes on the way
        super().__setstate__(own)

    def take_learning_rate(self, learning_rate: float) -> None:
        """Keep the own `base_lr`, as in MXNet."""

    @property
    def max_steps(self) -> int:
        """Number of updates from the end of warming up to `max_update`."""
        return self.max_update - self.warmup_steps

    def __call__(self, num_update: int) -> float:
        """Return the learning rate of an update; see `LRScheduler.__call__`."""
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        done = min(num_update, self.max_update) - self.warmup_steps
        return self.final_lr + (self.base_lr - self.final_lr) * self._remaining(done)

    def _remaining(self, done: int) -> float:
        """Return the remaining fraction of the decay after some updates: from 1 to 0."""
        raise NotImplementedError


class PolyScheduler(_Decay):
    """Decay the learning rate to a final one by a power of the remaining fraction of updates.

    ``final_lr + (base_lr - final_lr) * (1 - n / m)**pwr``, with the number n of updates since
    warming up, and their number m up to `max_update`; from there on, `final_lr`.

    Parameters
    ----------
    max_update : int
        The update that has the final learning rate; above `warmup_steps`.
    base_lr : float, default 0.01
        The learning rate to start from.
    pwr : float, default 2
        The power.
    final_lr : float, default 0
        The final learning rate.
    warmup_steps, warmup_begin_lr, warmup_mode
        See `LRScheduler`.

    Raises
    ------
    ScheduleTypeError
        If `max_update` is not an int: a TypeError and an AssertionError.
    ValueError
        If it is not above 0 and `warmup_steps`. MXNet divides by zero, or raises the rate.

    Examples
    --------
    >>> import numparam as mx
    >>> schedule = mx.lr_scheduler.PolyScheduler(100, base_lr=4, pwr=2)
    >>> [schedule(n) for n in (0, 50, 100, 200)]
    [4.0, 1.0, 0.0, 0.0]
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        pwr: float = 2,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: WarmupMode = "linear",
    ) -> None:
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        self.power = pwr

    def _remaining(self, done: int) -> float:
        return float(pow(1 - float(done) / float(self.max_steps), self.power))


class CosineScheduler(_Decay):
    """Decay the learning rate to a final one along half a cosine.

    ``final_lr + (base_lr - final_lr) * (1 + cos(pi * n / m)) / 2``, with the number n of updates
    since warming up, and their number m up to `max_update`; from there on, `final_lr` [1]_.

    Parameters
    ----------
    max_update : int
        The update that has the final learning rate; above `warmup_steps`.
    base_lr : float, default 0.01
        The learning rate to start from.
    final_lr : float, default 0
        The final learning rate.
    warmup_steps, warmup_begin_lr, warmup_mode
        See `LRScheduler`.

    Raises
    ------
    ScheduleTypeError
        If `max_update` is not an int: a TypeError and an AssertionError.
    ValueError
        If it is not above 0 and `warmup_steps`. MXNet divides by zero, or raises the rate.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: Stochastic gradient descent with warm restarts",
       ICLR 2017.

    Examples
    --------
    >>> import numparam as mx
    >>> schedule = mx.lr_scheduler.CosineScheduler(100, base_lr=4)
    >>> [round(schedule(n), 12) for n in (0, 50, 100, 200)]
    [4.0, 2.0, 0.0, 0.0]
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: WarmupMode = "linear",
    ) -> None:
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)

    def _remaining(self, done: int) -> float:
        return (1 + math.cos(math.pi * done / self.max_steps)) / 2


def _check_int(name: str, value: object) -> None:
    if not isinstance(value, int):
        raise ScheduleTypeError(f"{name} must be an int, not {type(value).__name__} {value!r}")


def _check_factor(factor: float) -> None:
    if factor > 1.0:
        raise ValueError(
            f"factor must be at most 1, so that the rate does not grow; it is {factor}"
        )


show_public_names(__name__)
