"""From a kernel's Python code to machine code for one generation of GPUs; needs no GPU.

Nothing is contracted: without the compiler's leave to fuse ``a * b + c`` into one rounding, every
operation rounds by itself, as on the host.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from numparam.kernels.cuda import _provider

Capability = tuple[int, int]

#: What LLVM is told, of kernels and of their helpers.
OPTIONS = {"opt": 3, "fma": False}
#: The oldest generation of GPUs; helpers that are inlined are the same for all.
LEAST = (7, 5)


def ptx(function: Callable, capability: Capability) -> tuple[str, str]:
    """Compile a kernel that takes whole numbers only to PTX.

    Returns
    -------
    text, entry : str
        The assembly, and the kernel's name in it.
    """
    library, entry = lowered(function, capability)
    return library.get_asm_str(cc=capability), entry


def lowered(function: Callable, capability: Capability) -> tuple[Any, str]:
    """Compile a kernel as far as all generations have in common; return it and its name."""
    compiler, types = _provider.part("compiler"), _provider.part("types")
    count = len(inspect.signature(function).parameters)
    result = compiler.compile_cuda(
        function, types.void, (types.int64,) * count,
        nvvm_options=OPTIONS, cc=capability,
    )  # fmt: skip
    library = result.library
    entry = library.get_function(result.fndesc.llvm_func_name)
    library._entry_name = result.fndesc.llvm_func_name
    compiler.kernel_fixup(entry, False)
    return library, entry.name


def cubin(function: Callable, capability: Capability) -> tuple[bytes, str]:
    """Compile a kernel to machine code; return it and the kernel's name in it."""
    text, entry = ptx(function, capability)
    return assembled(text, capability), entry


def assembled(text: str, capability: Capability) -> bytes:
    """Turn PTX into machine code."""
    core = importlib.import_module("cuda.core")
    architecture = "sm_{}{}".format(*capability)
    options = core.LinkerOptions(arch=architecture, fma=False)
    linker = core.Linker(core.ObjectCode.from_ptx(text.encode()), options=options)
    try:
        return bytes(linker.link("cubin").code)
    finally:
        linker.close()
