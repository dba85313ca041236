"""What ``numparam doctor`` reports: the machine, or a file's values."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam import __version__, kernels
from numparam.checkpoint import Checkpoint
from numparam.context import num_gpus
from numparam.formats.records import Record
from numparam.formats.streams import ArrayStream
from numparam.kernels.cpu import _cache

__all__ = ["examine", "machine"]

_PACKAGES = ("numpy", "numba", "llvmlite", "ml_dtypes", "numba-cuda", "torch", "jax", "safetensors")
_PIECE = 1 << 16


def machine() -> dict[str, Any]:
    """Return versions, the processor, threads, the kernels' cache and the GPUs."""
    found: dict[str, Any] = {
        "numparam": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
    }
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    found["system"] = f"{platform.system()} {platform.release()}"
    found["processor"] = _processor()
    found["cores"] = os.cpu_count()
    found["threads of kernels"] = kernels.num_threads()
    found["cache of kernels"] = _cache.folder() or "none: kernels are compiled in each process"
    found["driver"] = _driver()
    try:
        found["GPUs"] = num_gpus()
    except Exception as error:  # whatever a driver answers is to be reported, not raised
        found["GPUs"] = f"not available: {error}"
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _driver() -> str:
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8", errors="replace") as file:
            return file.readline().partition(":")[2].strip()
    except OSError:
        return "none found"


def examine(
    checkpoint: Checkpoint, progress: Callable[[int], None] | None = None
) -> list[dict[str, Any]]:
    """Return what is unusual about each array: NaN, infinities, rows of zeros, equal copies.

    Parameters
    ----------
    checkpoint : Checkpoint
        The arrays.
    progress : callable, optional
        Called with the number of bytes examined since the last call.

    Returns
    -------
    list of dict
        With the keys ``name``, ``nan``, ``inf``, ``zero_rows``, ``rows`` and ``same_as``; only
        arrays about which there is something to say.
    """
    found = []
    first_by_digest: dict[bytes, str] = {}
    for name, array in checkpoint._arrays.items():
        entry = {"name": name, "nan": 0, "inf": 0, "zero_rows": 0, "rows": 0, "same_as": None}
        digest = _examine_values(array, entry, progress or _no_progress)
        if array.header.nbytes >= 64:  # small arrays are often equal by chance
            same = first_by_digest.setdefault(digest, name)
            entry["same_as"] = same if same != name else None
        if entry["nan"] or entry["inf"] or entry["zero_rows"] or entry["same_as"]:
            found.append(entry)
    return found


def _no_progress(count: int) -> None:
    pass


def _examine_values(
    array: ArrayStream, entry: dict[str, Any], progress: Callable[[int], None]
) -> bytes:
    header = array.header
    digest = hashlib.blake2b(repr((header.shape, header.dtype.name, header.storage)).encode())
    if header.storage != "default":
        record: Record = array.read()
        for ids in ("indptr", "indices"):
            if hasattr(record, ids):
                digest.update(np.ascontiguousarray(getattr(record, ids)).data)
        _count(np.ascontiguousarray(record.data).reshape(-1), entry, digest)
        progress(header.nbytes)
        return digest.digest()
    row = int(np.prod(header.shape[1:]))
    by_rows = len(header.shape) > 1 and row > 0
    count = max(1, _PIECE // row) * row if by_rows else _PIECE
    for piece in array.pieces(count):
        any_value = _count(piece, entry, digest)
        progress(piece.nbytes)
        if by_rows:
            rows = any_value.reshape(-1, row).any(axis=1)
            entry["rows"] += len(rows)
            entry["zero_rows"] += int(len(rows) - np.count_nonzero(rows))
    return digest.digest()


def _count(data: np.ndarray[Any, Any], entry: dict[str, Any], digest: Any) -> Any:
    """Return the numbers of NaN and of infinities, and which elements are not zero."""
    digest.update(data.view(np.uint8).data)
    if data.dtype.kind not in "biu":
        wide = data if data.dtype.kind in "fc" else data.astype(np.float32)
        entry["nan"] += int(np.count_nonzero(np.isnan(wide)))
        entry["inf"] += int(np.count_nonzero(np.isinf(wide)))
        return wide != 0
    return data != 0
