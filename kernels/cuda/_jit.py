"""How CUDA kernels are compiled: flags, and helpers that are inlined.

Importing this module imports ``numba.cuda``, so only modules of jitted bodies do; they are
themselves imported when a public function is first called.

No fast-math flags. The compiler fuses ``a * b + c`` into one rounding by itself, so where a sum
follows, kernels multiply floating-point numbers by `numparam.kernels.cuda._elements.product`. Code
goes through PTX, not through link-time optimisation, so that what the tests inspect is what runs.

Kernels count with ``while``: Numba's ``range`` counts its steps by a division, and its bookkeeping
stays in every unrolled turn.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.kernels.cuda import _provider

cuda = _provider.numba_cuda()  # the simulator replaces this very name while a kernel runs
SIMULATED = _provider.simulated()


def kernel(function: Callable) -> Any:
    """Compile `function` at its first launch, once for each compute capability."""
    if not SIMULATED:
        return cuda.jit(function, lto=False)

    @functools.wraps(function)
    def silent(*arguments):
        # Each simulated thread is a thread of its own: NumPy's scalars would warn in it.
        with np.errstate(all="ignore"):
            function(*arguments)

    return cuda.jit(silent)


def kernel_per_kind(factory: Callable) -> Callable:
    """Turn ``factory(kind) -> function`` into a lookup of one compiled kernel for each kind.

    The kind is a constant in the kernel's closure: it selects the loads and stores of
    `numparam.kernels.cuda._elements` at compile time.
    """

    @functools.cache
    def lookup(kind):
        function = factory(kind)
        function.__name__ = f"{factory.__name__}_{kind}"
        function.__qualname__ = function.__name__
        return kernel(function)

    return functools.wraps(factory)(lookup)


def inline(function: Callable) -> Any:
    """Compile a helper of kernels into each of its callers."""
    if SIMULATED:
        return function
    # In Numba's own representation: a device function of its own would need a GPU to compile.
    return cuda.jit(function, device=True, inline="always")
