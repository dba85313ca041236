"""How CUDA kernels are compiled: flags, and helpers that are inlined.

Importing this module imports ``numba.cuda``, so only modules of jitted bodies do; they are
themselves imported when a public function is first called.

There are no fast-math flags, and nothing is contracted (see `numparam.kernels.cuda._compile`).

Kernels count with ``while``: Numba's ``range`` counts its steps by a division, and its bookkeeping
stays in every unrolled turn.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.kernels.cuda import _compile, _provider

cuda = _provider.numba_cuda()  # the simulator replaces this very name while a kernel runs
SIMULATED = _provider.simulated()


class Kernel:
    """A function that runs on a GPU, compiled at its first launch on each generation of them.

    Attributes
    ----------
    py_func : function
        Takes whole numbers only: addresses, sizes.
    machine_code : dict
        What `numparam.kernels.cuda._provider` has loaded, for each GPU.
    """

    __slots__ = ("machine_code", "py_func")

    def __init__(self, function: Callable) -> None:
        self.py_func = function
        self.machine_code: dict[int, Any] = {}

    def __repr__(self) -> str:
        return f"<kernel {self.py_func.__qualname__}>"


def kernel(function: Callable) -> Any:
    """Make a kernel of a function, compiled at its first launch."""
    if not SIMULATED:
        return Kernel(function)

    @functools.wraps(function)
    def silent(*arguments):
        # Each simulated thread is a thread of its own: NumPy's scalars would warn in it.
        with np.errstate(all="ignore"):
            function(*arguments)

    return cuda.jit(silent)


def kernel_per_kind(factory: Callable) -> Callable:
    """Turn ``factory(kind, …) -> function`` into a lookup of one compiled kernel for each kind.

    The kind is a constant in the kernel's closure: it selects the loads and stores of
    `numparam.kernels.cuda._elements` at compile time.
    """

    @functools.cache
    def lookup(*kinds):
        function = factory(*kinds)
        function.__name__ = "_".join([factory.__name__, *map(str, kinds)])
        function.__qualname__ = function.__name__
        return kernel(function)

    return functools.wraps(factory)(lookup)


def inline(function: Callable) -> Any:
    """Compile a helper of kernels into each of its callers."""
    if SIMULATED:
        return function
    return _helper_class()(function, {"device": True, "forceinline": True, "opt": True})


def expand(function: Callable) -> Any:
    """Copy a helper into each of its callers in Numba's representation, as shared arrays need."""
    return function if SIMULATED else cuda.jit(function, device=True, inline="always")


@functools.cache
def _helper_class() -> Any:
    compiler = _provider.part("compiler")
    base: Any = _provider.part("dispatcher").CUDADispatcher

    class Helper(base):
        """A function inlined by LLVM, compiled once for the types of its arguments.

        Numba's own class asks a GPU for its generation, and inlining in Numba's representation
        copies the helper for each call: that took minutes for the largest kernels.
        """

        def compile_device(self, args: Any, return_type: Any = None) -> Any:
            if args not in self.overloads:
                with self._compiling_counter:
                    result = compiler.compile_cuda(
                        self.py_func, return_type, args, forceinline=True,
                        nvvm_options=_compile.OPTIONS, cc=_compile.LEAST,
                    )  # fmt: skip
                    self.overloads[args] = result
                    result.target_context.insert_user_function(
                        result.entry_point, result.fndesc, [result.library]
                    )
            return self.overloads[args]

    return Helper
