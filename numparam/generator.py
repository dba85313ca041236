"""The random number generator of the process: its state and seed, and fills from it.

The numbers come from a counter: each draw takes the next blocks of Philox 4×32-10 and fills an
array from them, by the kernels of `numparam.kernels`. So they are the same for one seed whatever
the number of threads, the context or the backend, and a large array starts like a smaller one.

The state is the process's. `seed` in one thread counts for all; draws of several threads at once
are all different, but which thread gets which depends on their timing. A process starts as after
``seed(0)``, as MXNet's do. NumPy's generators are neither used nor changed. After a fork, parent
and children go on with the same numbers, as in MXNet, unless `reseed_after_fork` is on.

Notes
-----
In MXNet 1.9.1 each thread has a generator of its own: `seed` counts for the calling thread alone,
and every new thread starts with the numbers of seed 0. The numbers of numparam are not MXNet's.

Examples
--------
>>> import numparam as mx
>>> mx.random.seed(7)
>>> first = mx.random.uniform(0, 1, shape=(2, 3))
>>> mx.random.seed(7)
>>> bool((mx.random.uniform(0, 1, shape=(2, 3), ctx=mx.cpu(1)).asnumpy() == first.asnumpy()).all())
True
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.base import MXNetError
from numparam.context import Context

if TYPE_CHECKING:
    from numparam.devices.backend import Backend, Buffer

__all__ = [
    "SeedError",
    "fill_normal",
    "fill_uniform",
    "host_generator",
    "reseed_after_fork",
    "seed",
]

# A fill of up to so many blocks may be served from numbers that were drawn ahead, and how many.
_SMALL_BLOCKS, _AHEAD_BLOCKS = 128, 1 << 13
# The second half of the key of `host_generator`; any number.
_HOST_STREAM = 0x6E756D7061726D


class SeedError(ValueError, TypeError):
    """The seed is not an integer."""


class _Generator:
    """The key and the next block of the process's sequence."""

    def __init__(self) -> None:
        # Re-entrant: a signal handler may draw while its thread does.
        self._lock = threading.RLock()
        self._key = 0
        self._next = 0

    def restart(self, key: int) -> None:
        with self._lock:
            self._key, self._next = key, 0

    def take(self, count: int) -> tuple[int, int]:
        """Take the next `count` blocks; return the key and the number of the first block."""
        with self._lock:
            first = self._next
            self._next = first + count
            return self._key, first

    def after_fork(self, reseed: bool) -> None:
        # Another thread of the parent may have held the lock.
        self._lock = threading.RLock()
        if reseed:
            # Any key that differs from the parent's and from those of its other children.
            self._key ^= (os.getpid() * 0x9E3779B97F4A7C15) & (2**64 - 1)


_generator = _Generator()
_reseed_children = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _generator.after_fork(_reseed_children))


def seed(seed_state: int, ctx: Context | str = "all") -> None:
    """Restart the sequence of random numbers, for all threads and contexts.

    Parameters
    ----------
    seed_state : int
        Equal seeds give equal numbers. Of a number outside 0 to 2**64 - 1 the low 64 bits count.
    ctx : Context or 'all', default 'all'
        Accepted for compatibility with MXNet: there is one sequence for all contexts.

    Raises
    ------
    ValueError
        If the seed is not an integer.
    KeyError
        If `ctx` is neither; also a TypeError and an MXNetError.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.random.seed(42)
    """
    if not isinstance(seed_state, (int, np.integer)):
        raise SeedError(
            f"the seed must be an integer, not {type(seed_state).__name__} {seed_state!r}"
        )
    if ctx != "all" and not isinstance(ctx, Context):
        raise _ContextArgumentError(f"ctx must be a Context or 'all', not {ctx!r}")
    _generator.restart(int(seed_state) & (2**64 - 1))


class _ContextArgumentError(MXNetError, TypeError, KeyError):
    __str__ = Exception.__str__


def reseed_after_fork(active: bool = True) -> None:
    """Set whether child processes that are forked from now on get numbers of their own.

    Parameters
    ----------
    active : bool, default True
        False: children go on with the numbers that the parent would have had, as in MXNet. This is
        how a process starts.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.random.reseed_after_fork(False)
    """
    global _reseed_children
    _reseed_children = bool(active)


def fill_uniform(backend: Backend, buffer: Buffer, low: float = 0.0, high: float = 1.0) -> None:
    """Fill a buffer with the next numbers of the process's sequence, uniform in [low, high).

    Parameters
    ----------
    backend : Backend
        The buffer's.
    buffer : Buffer
        Of a floating-point dtype.
    low, high : float
        The bounds.

    Raises
    ------
    ValueError, TypeError
        As `numparam.kernels.cpu.random.uniform`.
    """
    count = _block_count(buffer)
    key, first = _generator.take(count)
    if count <= _SMALL_BLOCKS and _ahead.copy_into(backend, buffer, low, high, key, first):
        return
    backend.random.uniform(buffer, low, high, seed=key, offset=first)


def take_uniform(backend: Backend, buffer: Buffer, low: float, high: float) -> Callable[[], None]:
    """Take the next numbers for a buffer; return a function that fills it with them.

    Parameters
    ----------
    backend, buffer, low, high
        As for `fill_uniform`, which gives the same numbers at once.

    Returns
    -------
    callable
        Cannot fail.

    Raises
    ------
    ValueError, TypeError
        As `numparam.kernels.cpu.random.uniform`.
    """
    backend.random.uniform(backend.empty((0,), buffer.dtype), low, high, seed=0)  # checks them
    key, first = _generator.take(_block_count(buffer))
    return partial(backend.random.uniform, buffer, low, high, seed=key, offset=first)


class _Ahead:
    """Numbers drawn ahead for thousands of small fills with equal bounds.

    Calling a kernel takes longer than filling a small array. A number depends only on its place in
    the sequence, so those that come next can be made in one call, and are the same.
    """

    def __init__(self) -> None:
        self._asked: tuple[Any, ...] = ()
        self._drawn: tuple[tuple[Any, ...], int, int, Any] = ((), 0, 0, None)

    def copy_into(
        self, backend: Backend, buffer: Buffer, low: float, high: float, key: int, first: int
    ) -> bool:
        """Fill a host buffer and return True; False if drawing ahead is not worth it yet."""
        asked = (backend, buffer.dtype, low, high, key)
        # One object, read once: other threads put others in its place.
        drawn, start, stop, values = self._drawn
        per_block = 2 if buffer.dtype.itemsize == 8 else 4
        place = (first - start) * per_block
        if drawn != asked or first < start or place + buffer.size > stop:
            previous, self._asked = self._asked, asked
            if previous != asked or not isinstance(buffer, np.ndarray):
                return False
            values = np.empty(_AHEAD_BLOCKS * per_block, buffer.dtype)
            backend.random.uniform(values, low, high, seed=key, offset=first)
            self._drawn = (asked, first, values.size, values)
            place = 0
        flat = buffer if buffer.ndim == 1 else buffer.reshape(-1)
        flat[:] = values[place : place + flat.size]
        return True


_ahead = _Ahead()


def fill_normal(backend: Backend, buffer: Buffer, loc: float = 0.0, scale: float = 1.0) -> None:
    """Fill a buffer with the next numbers of the process's sequence, normally distributed.

    Parameters
    ----------
    backend : Backend
        The buffer's.
    buffer : Buffer
        Of a floating-point dtype.
    loc, scale : float
        Mean and standard deviation.

    Raises
    ------
    ValueError, TypeError
        As `numparam.kernels.cpu.random.normal`.
    """
    key, first = _generator.take(_block_count(buffer))
    backend.random.normal(buffer, loc, scale, seed=key, offset=first)


def host_generator() -> np.random.Generator:
    """Return a NumPy generator for one draw, seeded by the process's sequence.

    For distributions that need a varying number of random numbers for each that they return. Each
    call takes one block of the sequence, so equal seeds give equal numbers, however many threads
    kernels use; between versions of NumPy the numbers may differ.

    Returns
    -------
    numpy.random.Generator
        On Philox 4×64-10, keyed by the seed and counting from the place in the sequence.

    Examples
    --------
    >>> from numparam import generator
    >>> generator.seed(7)
    >>> first = generator.host_generator().poisson(3, 5)
    >>> generator.seed(7)
    >>> bool((generator.host_generator().poisson(3, 5) == first).all())
    True
    """
    key, first = _generator.take(1)
    return np.random.Generator(np.random.Philox(counter=[0, 0, first, 0], key=[key, _HOST_STREAM]))


def _block_count(buffer: Buffer) -> int:
    """Return the number of blocks of a fill: a block gives two float64 or four other numbers."""
    return -(-int(buffer.size) // (2 if buffer.dtype.itemsize == 8 else 4))
