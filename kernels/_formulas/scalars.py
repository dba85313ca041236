"""Functions that the formulas of the optimizers share.

A formula is plain Python on scalars of one precision. Backends compile it, with all that it calls,
by `compiled`: so it is written once, and every form of an optimizer, dense, lazy and exact, makes
the same bits of the same numbers on every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np


class Formula(NamedTuple):
    """The functions of scalars that make up an optimizer with a certain number of states.

    Attributes
    ----------
    step : callable
        ``step(weight, gradient, states, coefficients)``, with tuples of the last two, returns the
        new weight and the tuple of new states.
    can_rest : callable
        ``can_rest(low, high, tiny, roundoff)``: whether weights can come to rest under coefficients
        between the tuples `low` and `high`. `tiny` is the smallest normal number in which states
        are stored, `roundoff` half of the distance between 1 and the next.
    rests : callable
        ``rests(weight, states, low, high, tiny)``: whether no step with a gradient of zero moves
        the weight any more, as far as `can_rest` holds, after at least one such step; or, if it
        does, whether the last one alone decides where to.
    fade : callable
        ``fade(states, coefficients)``: states after a step with a gradient of zero, where the
        weight rests; exactly what `step` makes of them.
    fading : tuple of int
        The coefficients that `fade` uses.
    """

    step: Any
    can_rest: Any
    rests: Any
    fade: Any
    fading: tuple[int, ...] = ()


def never(low, high, tiny, roundoff):
    """Return False, as the `can_rest` of a formula whose weights never come to rest."""
    return False


def no_rest(weight, states, low, high, tiny):
    """Return False, as the `rests` of a formula whose weights never come to rest."""
    return False


def unchanged(states, coefficients):
    """Return the states unchanged, as a formula's `fade`."""
    return states


def clipped(gradient, bound):
    """Bound a gradient on both sides; NaN stays."""
    lowered = bound if gradient > bound else gradient
    return -bound if lowered < -bound else lowered


def no_decay(low, high):
    """Return whether a zero gradient stays +0 in all steps: no decay, and a usable factor."""
    return low[3] == 0 and high[3] == 0 and low[0] >= 0 and finite(high[0])


def finite(value):
    """Return whether a number is neither infinite nor NaN."""
    return value - value == 0


def root(value):
    """Return the square root, correctly rounded."""
    return np.sqrt(value)


def compiled(
    function: Any, compile_one: Callable[[Any], Any], known: dict[Any, Any] | None = None
) -> Any:
    """Compile a plain function and, before it, the plain functions of this package that it calls.

    Parameters
    ----------
    function : function
        Of this package.
    compile_one : callable
        Compiles one function that calls compiled ones only: what a backend calls ``inline``.
    known : dict, optional
        What stands for functions that a backend has its own for; those compiled are added.

    Returns
    -------
    Any
        What `compile_one` returns.
    """
    made = {} if known is None else known
    if function not in made:
        names: Mapping[str, Any] = function.__globals__
        called = {
            name: compiled(names[name], compile_one, made)
            for name in function.__code__.co_names
            if isinstance(names.get(name), FunctionType)
        }
        copy = FunctionType(function.__code__, {**names, **called}, function.__name__)
        copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
        made[function] = compile_one(copy)
    return made[function]


def all_compiled(
    formulas: Mapping[int, Formula],
    compile_one: Callable[[Any], Any],
    known: Mapping[Any, Any] | None = None,
) -> dict[int, Formula | None]:
    """Compile the functions of an optimizer's formulas; see `compiled`."""
    known_or_made = dict(known or {})
    made: dict[int, Formula | None] = {}
    for states, formula in formulas.items():
        parts = [compiled(part, compile_one, known_or_made) for part in formula[:4]]
        step, can_rest, rests, fade = parts
        made[states] = Formula(step, can_rest, rests, fade, formula.fading)
    return made
