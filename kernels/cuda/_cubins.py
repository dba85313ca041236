"""Machine code of CUDA kernels, kept on disk between processes.

The folder, and who may write to it, are those of the CPU's kernels (`numparam.kernels.cpu._cache`):
an entry is stamped with a hash of all kernel sources, and begins with a digest of what follows.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Callable
from typing import Any

from numparam.kernels.cpu import _cache

_PACKAGES = ("numba-cuda", "numba", "llvmlite", "cuda-core", "nvidia-nvvm", "nvidia-nvjitlink")


def load(
    function: Callable, capability: tuple[int, int], compile_one: Callable[..., tuple[bytes, str]]
) -> tuple[bytes, str]:
    """Return a kernel's machine code for one generation of GPUs and its name in it.

    Parameters
    ----------
    function : function
        The kernel, as Python code.
    capability : tuple of int
        Major and minor number of the generation.
    compile_one : callable
        ``compile_one(function, capability)`` makes the code where it is not on disk.
    """
    path = _path(function, capability)
    if path is not None:
        found = _read(path)
        if found is not None:
            return found
    code, entry = compile_one(function, capability)
    if path is not None:
        _write(path, code, entry)
    return code, entry


@functools.cache
def versions() -> str:
    """Return the versions of the packages that make machine code."""
    found = []
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name}=={importlib.metadata.version(name)}")
    return " ".join(found)


def _path(function: Callable, capability: tuple[int, int]) -> str | None:
    """Return the file of a kernel; None where there is no safe folder."""
    folder = _cache.folder()
    if folder is None:
        return None
    constants = [repr(_constant(cell.cell_contents)) for cell in function.__closure__ or ()]
    key = (function.__module__, function.__qualname__, capability, versions(), constants)
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:20]
    name = f"cuda.{function.__qualname__.replace('<locals>', '').replace('.', '_')}"
    return os.path.join(folder, f"{name[:80]}.{digest}.cubin")


def _constant(value: Any) -> Any:
    """Return what tells one constant of a closure from another: of a helper its name."""
    plain = getattr(value, "py_func", value)
    return getattr(plain, "__qualname__", plain)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256((_cache.source_stamp() or b"") + data).digest()


def _read(path: str) -> tuple[bytes, str] | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return None
    digest, data = content[:32], content[32:]
    if digest != _digest(data):
        return None
    header, _, code = data.partition(b"\n")
    return code, json.loads(header)["entry"]


def _write(path: str, code: bytes, entry: str) -> None:
    data = json.dumps({"entry": entry}).encode() + b"\n" + code
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".cubin-")
    except OSError:
        return  # the folder has gone or is full: this process has its code all the same
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_digest(data) + data)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
