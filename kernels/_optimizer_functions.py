"""The public functions of an optimizer's module, made of the forms of its step.

They are the same for every optimizer and backend, apart from the object that does the work, so
they are written once here. `numparam.kernels.cpu.sgd` writes them out, and documents them.
On a GPU they take arrays of one GPU, and do not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np

from numparam.kernels import _coefficients

Bound = Any  # what a backend's `bind` returns


class Steps(Protocol):
    """The forms of one optimizer's step: the class of this name in a backend."""

    name: str
    bind: Callable[..., Any]
    dense: Callable[..., None]
    rows: Callable[..., None]
    exact_rows: Callable[..., None]
    catch_up: Callable[..., None]


def functions(steps: Steps, module: str) -> tuple[Callable, ...]:
    """Return ``coefficients, bind, dense, rows, exact_rows, catch_up``, functions of a module."""

    def coefficients(count: int, **hyper: object) -> np.ndarray:
        """Return what the steps of `count` parameters compute with, from the hyper-parameters.

        The hyper-parameters are listed in the docstring of the optimizer's module in
        `numparam.kernels.cpu`; see `numparam.kernels.cpu.sgd.coefficients` for their form.
        """
        return _coefficients.rows(steps.name, count, hyper)

    def bind(
        weights: Iterable[object],
        gradients: Iterable[object],
        states: Iterable[Iterable[object]],
        masters: Iterable[object] | None = None,
    ) -> Bound:
        """Check the arrays of many parameters together, once for many calls of `dense`.

        Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.bind`.
        """
        return steps.bind(weights, gradients, states, masters)

    def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
        """Step many parameters, in one compiled call for each dtype.

        Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.dense`.
        """
        steps.dense(arrays, coefficients)

    def rows(
        weight: np.ndarray,
        ids: object,
        gradient: object,
        states: Iterable[object],
        coefficients: np.ndarray,
        master: np.ndarray | None = None,
    ) -> None:
        """Step the rows that a row-sparse gradient holds, and no others.

        Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.rows`.
        """
        steps.rows(weight, ids, gradient, states, coefficients, master)

    def exact_rows(
        weight: np.ndarray,
        ids: object,
        gradient: object,
        states: Iterable[object],
        last_steps: np.ndarray,
        history: np.ndarray,
        first: int = 1,
        master: np.ndarray | None = None,
    ) -> None:
        """Step the rows that a row-sparse gradient holds, after the steps they have missed.

        Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.exact_rows`.
        """
        steps.exact_rows(weight, ids, gradient, states, last_steps, history, first, master)

    def catch_up(
        weight: np.ndarray,
        states: Iterable[object],
        last_steps: np.ndarray,
        history: np.ndarray,
        first: int = 1,
        ids: object = None,
        master: np.ndarray | None = None,
    ) -> None:
        """Make the steps that rows have missed, with a gradient of zero.

        Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.catch_up`.
        """
        steps.catch_up(weight, states, last_steps, history, first, ids, master)

    made = (coefficients, bind, dense, rows, exact_rows, catch_up)
    for function in made:
        function.__module__ = module
        function.__qualname__ = function.__name__
    return made
