"""PyTorch's ``.pt``, ``.pth`` and ``.bin`` files; needs torch.

Files are read with ``weights_only=True``: no code of theirs runs. Sparse arrays are stored as
`numparam.formats.parts` says.
"""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from .errors import FormatError, UnsupportedRecordError
from .mapped_pages import release_pages
from .npz import SourceFile
from .parts import DensePart, check_names, join, split
from .quoting import quoted
from .sources import open_source
from .streams import ArrayStream, flat_pieces

__all__ = [
    "TorchFile",
    "TorchFileError",
    "TorchMissingError",
    "check_torch",
    "read_tensors",
    "write_torch",
]

Array = np.ndarray[Any, np.dtype[Any]]
Put = Callable[[list[bytes | memoryview]], None]

# The dtypes that torch and NumPy exchange by name.
_PLAIN: tuple[str, ...] = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
)
_PLAIN += ("uint16", "uint32", "uint64", "complex64", "complex128")
# Those that NumPy alone does not have; the same names in torch and ml_dtypes.
_NARROW: tuple[str, ...] = ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu")
_NARROW += ("float8_e4m3fnuz", "float8_e5m2fnuz")
# Where dictionaries of tensors are found in the files of training loops.
_NESTED = ("state_dict", "model", "model_state_dict", "module")
# More bytes than this go through a file that is mapped into memory.
_IN_MEMORY = 64 << 20


class TorchFileError(FormatError):
    """PyTorch cannot read the file, or it contains no dictionary of tensors."""


class TorchMissingError(ImportError):
    """PyTorch is not installed."""


def _torch() -> Any:
    try:
        import torch  # Here, since it is an extra and takes seconds to import.
    except ImportError as error:
        raise TorchMissingError(
            "PyTorch's files need PyTorch: pip install 'numparam[torch]'"
        ) from error
    return torch


class TorchFile:
    """An open PyTorch file with a dictionary of tensors.

    Parameters
    ----------
    source : str, os.PathLike or bytes-like
        The file, or its contents.
    """

    format = "torch"
    named = True

    def __init__(self, source: Any):
        name = source if isinstance(source, (str, os.PathLike)) else "<bytes in memory>"
        self.arrays: dict[str, ArrayStream] = join(read_tensors(source), os.fsdecode(name))

    def close(self) -> None:
        """Release the tensors."""
        self.arrays = {}


def read_tensors(source: Any) -> dict[str, DensePart]:
    """Return the tensors of a file by name.

    Parameters
    ----------
    source : str, os.PathLike or bytes-like
        The file, or its contents.

    Raises
    ------
    TorchMissingError
        If PyTorch is not installed.
    TorchFileError
        If PyTorch cannot read the file, or it contains no dictionary of tensors.
    """
    torch = _torch()
    bytes_source = open_source(source, "a PyTorch file")
    try:
        path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
        mapped = path is not None and _is_zip(bytes_source)
        try:
            loaded = _load(torch, path if mapped else None, bytes_source)
        except MemoryError:
            raise
        except Exception as error:  # torch raises many kinds
            reason = str(error).strip().partition("\n")[0]
            raise TorchFileError(
                f"torch.load(…, weights_only=True) failed: {reason}", source=bytes_source.name
            ) from error
        return {
            name: _Tensor(torch, name, tensor, bytes_source.name, mapped)
            for name, tensor in _tensors(torch, loaded, bytes_source.name).items()
        }
    finally:
        bytes_source.close()


def _is_zip(source: Any) -> bool:
    return bool(source.read_at(0, min(4, source.size)) == b"PK\x03\x04")


def _load(torch: Any, path: str | None, source: Any) -> Any:
    """Load a file: by mapping that of a path, or else by reading it whole."""
    options = {"map_location": "cpu", "weights_only": True}
    if path is not None:
        return torch.load(path, mmap=True, **options)
    return torch.load(io.BufferedReader(SourceFile(source)), **options)


def _tensors(torch: Any, loaded: Any, source: str) -> dict[str, Any]:
    """Return the tensors of a dictionary, or of one nested in it as training loops save them."""
    candidates = [loaded]
    if isinstance(loaded, Mapping):
        candidates += [loaded[key] for key in _NESTED if key in loaded]
    for candidate in candidates:
        if isinstance(candidate, Mapping):
            found = {
                name: tensor
                for name, tensor in candidate.items()
                if isinstance(name, str) and isinstance(tensor, torch.Tensor)
            }
            if found or not candidate:
                return found
    keys = f" with the keys {', '.join(map(repr, loaded))}" if isinstance(loaded, Mapping) else ""
    raise TorchFileError(
        f"expected a dictionary of tensors, or one under {', '.join(_NESTED)}; found an object of "
        f"type {type(loaded).__name__}{keys:.300}",
        source=source,
    )


class _Tensor:
    def __init__(self, torch: Any, name: str, tensor: Any, source: str, mapped: bool):
        kind = str(tensor.dtype).removeprefix("torch.")
        strided = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if not strided or tensor.is_quantized or kind not in _PLAIN + _NARROW:
            raise TorchFileError(
                f"{quoted(name)} is a tensor of dtype {kind} and layout {tensor.layout}, which is "
                "not read",
                source=source,
            )
        self._torch = torch
        self._tensor = tensor.detach()
        self._kind = kind
        self._mapped = mapped
        self.shape = tuple(tensor.shape)
        self.dtype = np.dtype(getattr(ml_dtypes, kind)) if kind in _NARROW else np.dtype(kind)

    def read(self) -> Array:
        view = self._view()
        values = np.array(view)
        self._release(view)
        return values

    def pieces(self, count: int) -> Iterator[Array]:
        for piece in flat_pieces(self._view(), count):
            yield piece
            self._release(piece)

    def _release(self, part: Array) -> None:
        """Release the memory of a part if it belongs to the mapped file, not to a copy."""
        if self._mapped and part.nbytes:
            storage = self._tensor.untyped_storage()
            begin = storage.data_ptr()
            if begin <= part.ctypes.data < begin + storage.nbytes():
                release_pages(part)

    def _view(self) -> Array:
        tensor = self._tensor.resolve_conj().resolve_neg().contiguous()
        if self._kind in _NARROW:
            bits = self._torch.uint8 if self.dtype.itemsize == 1 else self._torch.int16
            return np.asarray(tensor.view(bits).numpy()).view(self.dtype)
        return np.asarray(tensor.numpy())


def check_torch(arrays: Mapping[str, ArrayStream]) -> None:
    """Raise unless PyTorch is installed and its format can hold the arrays; no value is read.

    Raises
    ------
    TorchMissingError
        If PyTorch is not installed.
    UnsupportedRecordError
        If a dtype or a name cannot be stored.
    """
    torch = _torch()
    check_names(arrays, "PyTorch")
    for name, array in arrays.items():
        dtype = array.header.dtype
        if dtype.name not in _PLAIN + _NARROW or not hasattr(torch, dtype.name):
            raise UnsupportedRecordError(f"{quoted(name)}: PyTorch has no dtype {dtype}")


def write_torch(put: Put, arrays: Mapping[str, ArrayStream], count: int) -> None:
    """Write a PyTorch file with a dictionary of tensors.

    Parameters
    ----------
    put : callable
        Writes a list of pieces, and keeps none.
    arrays : mapping of str to ArrayStream
        Checked by `check_torch`.
    count : int
        How many bytes of an array are in memory at a time.

    Notes
    -----
    ``torch.save`` wants all tensors at once. Beyond 64 MiB they are written into a temporary file
    first, which it then sees as memory.
    """
    torch = _torch()
    parts = split(arrays)
    sizes = [part.dtype.itemsize * math.prod(part.shape) for part in parts.values()]
    total = sum(-(-size // 64) * 64 for size in sizes)
    with tempfile.TemporaryFile() as file:
        mapped = total > _IN_MEMORY
        if mapped:
            _reserve(file.fileno(), total)
            memory: Array = np.asarray(np.memmap(file, np.uint8, "r+"))
        else:
            memory = np.empty(total, np.uint8)
        tensors, at = {}, 0
        for (name, part), size in zip(parts.items(), sizes, strict=True):
            own = memory[at : at + size]
            begin = 0
            for piece in part.pieces(max(1, count // part.dtype.itemsize)):
                own[begin : begin + piece.nbytes] = np.ascontiguousarray(piece).view(np.uint8)
                begin += piece.nbytes
            tensors[name] = _tensor_of(torch, own, part)
            at += -(-size // 64) * 64
            if mapped:
                release_pages(own)
        output = _Output(put, memory if mapped else memory[:0])
        try:
            torch.save(tensors, output)
        except RuntimeError as error:  # which is all that torch makes of a full disk
            raise output.failure or error from None


def _reserve(descriptor: int, size: int) -> None:
    """Make a file as large as it will be; in a hole, a full disk would end the process."""
    if not hasattr(os, "posix_fallocate"):
        os.ftruncate(descriptor, size)
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        raise OSError(
            error.errno, f"{error.strerror} in the temporary folder {tempfile.gettempdir()}"
        ) from None


def _tensor_of(torch: Any, memory: Array, part: DensePart) -> Any:
    dtype = getattr(torch, part.dtype.name)
    if not memory.size:
        return torch.empty(part.shape, dtype=dtype)
    return torch.frombuffer(memory.data, dtype=dtype).reshape(part.shape)


class _Output:
    """The file object that ``torch.save`` writes to.

    Parameters
    ----------
    put : callable
        Writes a list of pieces, and keeps none.
    mapped : numpy.ndarray
        Memory of a mapped file, whose parts are released once they are written.
    """

    def __init__(self, put: Put, mapped: Array):
        self._put = put
        self._begin = mapped.ctypes.data
        self._end = self._begin + mapped.nbytes
        self.failure: Exception | None = None

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        try:
            for start in range(0, len(view), _IN_MEMORY):
                self._put_piece(view[start : start + _IN_MEMORY])
        except Exception as failure:
            self.failure = self.failure or failure
            raise
        return len(view)

    def _put_piece(self, piece: memoryview) -> None:
        self._put([piece])
        written = np.frombuffer(piece, np.uint8)
        if self._begin <= written.ctypes.data < self._end:
            release_pages(written)

    def flush(self) -> None:
        """Do nothing: everything is written at once."""
