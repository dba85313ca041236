"""The ``.safetensors`` format: a JSON header and the values.

``u64 length | JSON header | values``, little endian; the header has ``{name: {"dtype", "shape",
"data_offsets": [begin, end]}}`` and, as ``__metadata__``, texts. The format is described at
https://huggingface.co/docs/safetensors. Sparse arrays are stored as `numparam.formats.parts` says.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from .errors import FormatError, UnsupportedRecordError
from .parts import DensePart, check_names, join, split
from .quoting import quoted
from .sources import ByteSource, open_source
from .streams import ArrayStream

__all__ = [
    "SafetensorsError",
    "SafetensorsFile",
    "check_safetensors",
    "read_parts",
    "write_safetensors",
]

Array = np.ndarray[Any, np.dtype[Any]]
Put = Callable[[list[bytes | memoryview]], None]

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(dtype)
    for name, dtype in {
        "BOOL": np.bool_,
        "U8": np.uint8,
        "I8": np.int8,
        "U16": np.uint16,
        "I16": np.int16,
        "F16": np.float16,
        "BF16": ml_dtypes.bfloat16,
        "U32": np.uint32,
        "I32": np.int32,
        "F32": np.float32,
        "U64": np.uint64,
        "I64": np.int64,
        "F64": np.float64,
        "C64": np.complex64,
        "F8_E4M3": ml_dtypes.float8_e4m3fn,
        "F8_E5M2": ml_dtypes.float8_e5m2,
        "F8_E8M0": ml_dtypes.float8_e8m0fnu,
        "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
        "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    }.items()
}
_CODES = {dtype: code for code, dtype in DTYPES.items()}
# As in the format's own library.
_MAX_HEADER = 100_000_000


class SafetensorsError(FormatError):
    """The bytes are not a ``.safetensors`` file that numparam can read."""


class SafetensorsFile:
    """An open ``.safetensors`` file.

    Parameters
    ----------
    source : str, os.PathLike or bytes-like
        The file, or its contents.
    """

    format = "safetensors"
    named = True

    def __init__(self, source: Any):
        self._source = open_source(source, "a .safetensors file")
        try:
            self.arrays: dict[str, ArrayStream] = join(read_parts(self._source), self._source.name)
        except BaseException:
            self._source.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._source.close()


def read_parts(source: ByteSource) -> dict[str, DensePart]:
    """Return the dense arrays of a file, whose header is read; they are read from the open source.

    Raises
    ------
    SafetensorsError
        If the header is damaged.
    """
    if source.size < 8:
        raise SafetensorsError("the file is shorter than its length of 8 bytes", source=source.name)
    (length,) = struct.unpack("<Q", source.read_at(0, 8))
    if length > min(_MAX_HEADER, source.size - 8):
        raise SafetensorsError(
            f"the header is {length} bytes long, and the file has {source.size - 8} more: it is "
            "damaged or cut short",
            source=source.name,
            offset=0,
        )
    try:
        header = json.loads(source.read_at(8, length).decode())
    except (ValueError, RecursionError) as error:
        raise SafetensorsError("the header is not JSON", source=source.name, offset=8) from error
    if not isinstance(header, dict):
        raise SafetensorsError("the header is not a JSON object", source=source.name, offset=8)
    header.pop("__metadata__", None)
    return {name: _part(source, name, entry, 8 + length) for name, entry in header.items()}


def _part(source: ByteSource, name: str, entry: Any, base: int) -> _Part:
    label = f"{source.name}: {quoted(name)}"
    try:
        code, shape = entry["dtype"], tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        if not all(type(size) is int and size >= 0 for size in (*shape, begin, end)):
            raise ValueError("sizes are whole numbers")
    except (KeyError, TypeError, ValueError) as error:
        raise SafetensorsError(
            "expected dtype, shape and data_offsets in the header", source=label
        ) from error
    dtype = DTYPES.get(code) if isinstance(code, str) else None
    if dtype is None:
        raise SafetensorsError(
            f"the dtype {quoted(code)} cannot be read. There are {', '.join(DTYPES)}", source=label
        )
    if end - begin != dtype.itemsize * math.prod(shape) or base + end > source.size:
        raise SafetensorsError(
            f"{end - begin} bytes from {begin} on do not fit the shape {shape} of {dtype}, or the "
            f"file of {source.size} bytes: it is damaged or cut short",
            source=label,
        )
    return _Part(source, shape, dtype, base + begin)


class _Part:
    def __init__(
        self, source: ByteSource, shape: tuple[int, ...], dtype: np.dtype[Any], offset: int
    ):
        self._source = source
        self._offset = offset
        self.shape = shape
        self.dtype = dtype

    def read(self) -> Array:
        data = np.empty(self.shape, self.dtype)
        self._fill(0, data.reshape(-1))
        return data

    def pieces(self, count: int) -> Iterator[Array]:
        size = math.prod(self.shape)
        buffer = np.empty(min(count, size), self.dtype)
        for begin in range(0, size, count):
            piece = buffer[: min(count, size - begin)]
            self._fill(begin, piece)
            yield piece

    def _fill(self, begin: int, out: Array) -> None:
        if not out.size:
            return
        at = self._offset + begin * self.dtype.itemsize
        self._source.read_into(at, [out.view(np.uint8).data])
        if out.dtype == np.bool_:
            # NumPy and Numba rely on booleans being 0 or 1; a file may hold any byte.
            np.not_equal(out.view(np.uint8), 0, out=out)
        elif sys.byteorder == "big":  # pragma: no cover - the file is little endian
            out.byteswap(inplace=True)


def check_safetensors(arrays: Mapping[str, ArrayStream]) -> None:
    """Raise unless the format can hold the arrays; no value is read.

    Raises
    ------
    UnsupportedRecordError
        If a dtype or a name cannot be stored.
    """
    check_names(arrays, ".safetensors")
    for name, array in arrays.items():
        if array.header.dtype not in _CODES:
            raise UnsupportedRecordError(
                f"{quoted(name)}: a .safetensors file has no dtype {array.header.dtype}; there "
                f"are {', '.join(dtype.name for dtype in _CODES)}"
            )
        if name == "__metadata__":
            raise UnsupportedRecordError("__metadata__ is not a name of an array: rename it")


def write_safetensors(put: Put, arrays: Mapping[str, ArrayStream], count: int) -> None:
    """Write a ``.safetensors`` file, one array after the other.

    Parameters
    ----------
    put : callable
        Writes a list of pieces, and keeps none.
    arrays : mapping of str to ArrayStream
        Checked by `check_safetensors`.
    count : int
        How many bytes of an array are in memory at a time.

    Notes
    -----
    The header has the arrays in the order given. Values of wide dtypes come first, so that each
    array is aligned to its elements, as some readers need.
    """
    parts = split(arrays)
    order = sorted(parts, key=lambda name: -parts[name].dtype.itemsize)
    offsets, end = {}, 0
    for name in order:
        begin, end = end, end + _nbytes(parts[name])
        offsets[name] = [begin, end]
    header = {
        name: {"dtype": _CODES[part.dtype], "shape": part.shape, "data_offsets": offsets[name]}
        for name, part in parts.items()
    }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    put([struct.pack("<Q", len(text)) + text])
    for name in order:
        part = parts[name]
        for piece in part.pieces(max(1, count // part.dtype.itemsize)):
            little = np.ascontiguousarray(piece, part.dtype.newbyteorder("<"))
            put([little.view(np.uint8).data])


def _nbytes(part: DensePart) -> int:
    return part.dtype.itemsize * math.prod(part.shape)
