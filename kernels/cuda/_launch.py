"""Launch sizes: how many blocks and threads a kernel runs on. Tests make them small here.

Every kernel strides over its work by the number of its threads, with 64-bit indices, so that no
result depends on the launch size.
"""

from __future__ import annotations

from typing import Any

from numparam.kernels.cuda import _provider

THREADS = 256  # threads a block: a power of two
MOST_BLOCKS = 2**31 - 1  # what CUDA allows: a grid that covers the work is faster than a stride
LEAST_BLOCKS = 1


def form(threads: int) -> tuple[int, int]:
    """Return the numbers of blocks and of threads a block for a number of threads' work.

    Examples
    --------
    >>> from numparam.kernels.cuda import _launch
    >>> _launch.form(1_000_000)
    (3907, 256)
    """
    return max(LEAST_BLOCKS, min(-(-threads // THREADS), MOST_BLOCKS)), THREADS


def lanes(units: int) -> int:
    """Return log₂ of the number of neighbouring threads that share a row of so many units.

    Examples
    --------
    >>> from numparam.kernels.cuda import _launch
    >>> [_launch.lanes(units) for units in (1, 2, 3, 16, 1000)]
    [0, 1, 2, 4, 5]
    """
    return min((units - 1).bit_length(), 5, THREADS.bit_length() - 1)


def pairs(rows: int) -> int:
    """Return how many rows' threads to start where each takes two rows at once.

    Examples
    --------
    >>> from numparam.kernels.cuda import _launch
    >>> _launch.pairs(5)
    3
    """
    return (rows + 1) // 2


def run(kernel: Any, device_id: int, threads: int, *arguments: int) -> None:
    """Start a kernel on a GPU, after all that was started before; do not wait for it.

    Parameters
    ----------
    kernel : numba.cuda dispatcher
        Takes whole numbers only: addresses, sizes.
    device_id : int
        Number of the GPU.
    threads : int
        Threads that there is work for; if 0, nothing is started.
    *arguments : int
        What the kernel takes.
    """
    if threads > 0:
        _provider.device_memory().launch(kernel, device_id, form(threads), *arguments)


def run_block(kernel: Any, device_id: int, *arguments: int) -> None:
    """Start a kernel whose work one block of threads does; others end at once."""
    _provider.device_memory().launch(kernel, device_id, form(THREADS), *arguments)
