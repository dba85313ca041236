"""LAMB on a GPU: two steps, and between them the rates that follow from the norms of each array."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients, _step_gate
from numparam.kernels.cuda import _launch, _memory, norm, retain
from numparam.kernels.cuda._memory import DeviceArray
from numparam.kernels.cuda._steps import Bound, Rows, Steps


def dense(first: Steps, second: Steps, arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters: averages and directions, norms, and the move; none leaves the GPU."""
    bound = arrays if isinstance(arrays, Bound) else first.bind(*arrays)
    width = _coefficients.width("lamb")
    numbers = _step_gate.coefficients(coefficients, len(bound.held), width)
    first.dense(bound, numbers)
    if not bound.groups:
        return
    there = _memory.upload(numbers, bound.device_id)
    sums = [norm.sum_of_squares(one) for one in (bound.held, bound.states[2])]
    _trust(there, *sums)
    second.dense_with(bound, there.address)


def _trust(coefficients: DeviceArray, weights: DeviceArray, updates: DeviceArray) -> None:
    """Multiply the rates by the ratio of norms, as `numparam.kernels._coefficients.trusted`."""
    from numparam.kernels.cuda import _trusting  # needs numba-cuda

    count, width = coefficients.shape
    _launch.run(
        _trusting.trust, coefficients.device_id, count,
        coefficients.address, count, width, weights.address, updates.address,
    )  # fmt: skip


def rows(
    first: Steps,
    second: Steps,
    weight: object,
    ids: object,
    gradient: object,
    states: Iterable[object],
    coefficients: np.ndarray,
    master: object,
) -> None:
    """Step the rows of a row-sparse gradient, by the norms of those rows alone."""
    given = list(states)
    first.rows(weight, ids, gradient, given, coefficients, master)
    checked = Rows(second, weight, given, master)
    numbers, read = checked.gradient(ids, gradient)
    held = checked.weight if checked.master is None else checked.master
    taken = [retain.gather(array, numbers) for array in (held, checked.held[2])]
    squares = (_memory.download(norm.sum_of_squares([array])) for array in taken)
    trusted = _coefficients.trusted(coefficients, *squares)
    second.rows(weight, numbers, read, given, trusted, master)
