"""How CPU kernels are compiled: flags, caching, and helpers that are inlined.

Every kernel is serial, releases the GIL and is compiled without fast-math flags: contraction and
reassociation would make results depend on the processor and on how work was split.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba

from numparam.kernels import _without_signals
from numparam.kernels.cpu import _cache

if getattr(numba.config, "DISABLE_JIT", False):
    raise ImportError(
        "Numba was told not to compile, but not by the environment variable NUMBA_DISABLE_JIT, "
        "which must be 1 before numparam's kernels are imported to replace them by plain Python"
    )

# For helpers: they become part of each caller's machine code and are not cached alone. Without
# `forceinline` LLVM may leave a call in the loop, which then is not vectorised. Nothing but kernels
# calls them: the entries for Python and for C, a sixth of what there is to compile, are left out.
inline = numba.njit(
    nogil=True,
    error_model="numpy",
    forceinline=True,
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
)


def kernel(function: Callable) -> Any:
    """Compile `function` at its first call: serial, without the GIL, exact, cached on disk."""
    compiled: Any = numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
    _cache.attach(compiled)
    # Numba calls this where no compiled code fits the arguments; other calls do not pass here.
    compiled._compile_for_args = functools.partial(_without_signals.run, compiled._compile_for_args)
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
