"""Random bits, uniform and normal numbers on a GPU: the same bits as on the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.kernels import _distributions, _gate
from numparam.kernels.cuda import _device_gate, _launch
from numparam.kernels.cuda._memory import DeviceArray


def bits(out: np.ndarray, *, seed: int, offset: int = 0, stream: int = 0) -> int:
    """Fill `out` with random 32-bit words: Philox 4×32-10.

    Parameters, return value and errors are those of `numparam.kernels.cpu.random.bits`, with an
    array of a GPU, which is not waited for.
    """
    target, kind = _destination(out, ("uint32",))
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    if target.size:
        from numparam.kernels.cuda import _filling  # needs numba-cuda

        _fill(_filling.fill_bits, target, kind, state)
    return following


def uniform(
    out: np.ndarray,
    low: float = 0.0,
    high: float = 1.0,
    *,
    seed: int,
    offset: int = 0,
    stream: int = 0,
) -> int:
    """Fill `out` with numbers uniform in [low, high).

    Parameters, return value and errors are those of `numparam.kernels.cpu.random.uniform`, with an
    array of a GPU, which is not waited for.
    """
    target, kind = _destination(out)
    bounds = _distributions.uniform_bounds(low, high, kind)
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    if target.size:
        from numparam.kernels.cuda import _filling  # needs numba-cuda

        narrow = kind != "float64"
        call = _filling.fill_uniform(kind) if narrow else _filling.fill_uniform_float64
        _fill(call, target, kind, state, *bounds)
    return following


def normal(
    out: np.ndarray,
    mean: float = 0.0,
    sigma: float = 1.0,
    *,
    seed: int,
    offset: int = 0,
    stream: int = 0,
) -> int:
    """Fill `out` with normally distributed numbers.

    Parameters, return value and errors are those of `numparam.kernels.cpu.random.normal`, with an
    array of a GPU, which is not waited for.
    """
    target, kind = _destination(out)
    moments = _distributions.normal_moments(mean, sigma, kind)
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    if target.size:
        from numparam.kernels.cuda import _filling  # needs numba-cuda

        narrow = kind != "float64"
        call = _filling.fill_normal(kind) if narrow else _filling.fill_normal_float64
        _fill(call, target, kind, state, *moments)
    return following


def _destination(out: object, kinds: tuple[str, ...] = _gate.FLOATS) -> tuple[DeviceArray, str]:
    """Check that `out` can be filled in place; return it and its element kind."""
    target = _device_gate.output(out)
    kind = _gate.kind(target.dtype)
    if kind not in kinds:
        raise TypeError(
            f"out must be an array of {' or '.join(kinds)} to be filled, not of {target.dtype}"
        )
    return target, kind


def _fill(kernel: Any, target: DeviceArray, kind: str, state: np.ndarray, *reals: float) -> None:
    seed, stream, offset = state.view(np.int64).tolist()
    blocks = -(-target.size // _distributions.VALUES_PER_BLOCK[kind])
    numbers = np.array(reals, np.float64).view(np.int64).tolist()
    _launch.run(
        kernel, target.device_id, blocks,
        target.address, target.size, seed, stream, offset, *numbers,
    )  # fmt: skip
