"""All policy for compiling CPU kernels: which flags, and which helpers a kernel is made of.

Every kernel is serial, releases the GIL and is compiled without fast-math flags: contraction and
reassociation would make results depend on the processor and on how work was split.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from numparam.kernels.cpu import _cache

# The first array that Numba types makes it import modules, outside its compiler's lock. A child
# forked in that moment would wait for their import locks for ever: so let it happen here.
numba.typeof(np.empty(0))

# A helper of kernels: part of each caller's machine code, so never cached on its own. LLVM left to
# itself keeps a helper as a call in the loop, which then is not vectorised.
inline = numba.njit(nogil=True, error_model="numpy", forceinline=True)


def kernel(function: Callable) -> Any:
    """Compile `function` at its first call: serial, without the GIL, exact, cached on disk."""
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    _cache.attach(compiled)
    return compiled


def kernel_per_kind(factory: Callable[[str], Callable]) -> Callable[[str], Any]:
    """Turn ``factory(kind) -> function`` into a lookup of one compiled kernel for each kind.

    The kind is a string constant in the kernel's closure: it selects the loads and stores of
    `numparam.kernels.cpu._elements` at compile time, and is part of the cache's key.
    """

    @functools.cache
    def lookup(kind: str) -> Any:
        function = factory(kind)
        function.__qualname__ = f"{factory.__name__}.{kind}"
        return kernel(function)

    return functools.wraps(factory)(lookup)
