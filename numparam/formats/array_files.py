"""The table of formats: files are opened by their contents, and written by their suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from .atomic import write_file
from .errors import FileAccessError, UnsupportedRecordError
from .kinds import kind_of
from .npz import NpzFile, check_npz, write_npz
from .params_stream import ParamsFile, check_params, write_params
from .quoting import quoted, shown_path
from .safetensors import SafetensorsFile, check_safetensors, write_safetensors
from .shards import ShardedFile, divided, write_shards
from .signatures import PREFIX_LENGTH, check_file_magic
from .sources import is_file_object, open_source
from .streams import ArrayFile, ArrayStream
from .suffixes import INDEX_SUFFIX, SUFFIXES
from .torch_files import TorchFile, check_torch, write_torch
from .writer import FileObject

__all__ = [
    "FORMATS",
    "Format",
    "UnknownFormatError",
    "WriteOptions",
    "format_of",
    "is_params_source",
    "open_arrays",
    "write_arrays",
]

Put = Callable[[list[bytes | memoryview]], None]

# For messages.
_EXPECTED = "a .params, .safetensors, .npz or PyTorch file"


class UnknownFormatError(UnsupportedRecordError):
    """numparam writes no format of this name, or no files with this suffix."""


class Format(NamedTuple):
    """One format of files.

    Attributes
    ----------
    name : str
        Its name, for ``format=``.
    suffixes : tuple of str
        What its files' names end in.
    check : callable
        Raises unless the format can hold arrays, before any value is read.
    write : callable
        ``write(put, arrays, count)``; see `write_params`.
    """

    name: str
    suffixes: tuple[str, ...]
    check: Callable[[Mapping[str, ArrayStream]], None]
    write: Callable[[Put, Mapping[str, ArrayStream], int], None]


FORMATS: tuple[Format, ...] = (
    Format("params", SUFFIXES["params"], check_params, write_params),
    Format("safetensors", SUFFIXES["safetensors"], check_safetensors, write_safetensors),
    Format("npz", SUFFIXES["npz"], check_npz, write_npz),
    Format("torch", SUFFIXES["torch"], check_torch, write_torch),
)


class WriteOptions(NamedTuple):
    """How arrays are written.

    Attributes
    ----------
    named : bool
        For ``.params``: write the names; otherwise a list.
    np_shape : bool or None
        For ``.params``; see `write_params`.
    shard_size : int
        The most bytes of one file, where an index of several is written.
    piece : int
        How many bytes of an array are in memory at a time.
    progress : callable or None
        Called with the number of bytes that were written since the last call.
    sources : collection of (device, inode)
        Files that the arrays are read from, which must not be overwritten in place.
    """

    named: bool = True
    np_shape: bool | None = None
    shard_size: int = 5_000_000_000
    piece: int = 1 << 20
    progress: Callable[[int], None] | None = None
    sources: Collection[tuple[int, int]] = ()


def open_arrays(source: Any, encoding: str = "utf-8", errors: str = "strict") -> ArrayFile:
    """Open a file of any format and read its headers.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or something with ``read``, which is read to its end.
    encoding, errors : str
        How the names in a ``.params`` file are encoded; as for `ParamsReader`.

    Returns
    -------
    ArrayFile
        Open; the caller closes it.

    Raises
    ------
    FormatError
        Of the class that fits the damage.
    FileAccessError
        If the file is missing or may not be read.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam import formats
    >>> file = open_arrays(formats.dumps(["w"], [formats.DenseRecord(np.ones(3))]))
    >>> file.format, file.arrays["w"].header.shape
    ('params', (3,))
    """
    if is_file_object(source):
        source = source.read()
        if isinstance(source, str):
            raise TypeError("expected a binary file object; open it with mode 'rb'")
    bytes_source = open_source(source, "a file of arrays")
    try:
        kind = kind_of(bytes_source)
        if kind == "params":
            prefix = bytes_source.read_at(0, min(bytes_source.size, PREFIX_LENGTH))
            check_file_magic(prefix, bytes_source.name, _EXPECTED)
    finally:
        bytes_source.close()
    if kind == "index":
        if not isinstance(source, (str, os.PathLike)):
            raise TypeError("the index of several files is opened by its path")
        return ShardedFile(source)
    if kind == "safetensors":
        return SafetensorsFile(source)
    if kind == "npz":
        return NpzFile(source)
    if kind == "torch":
        return TorchFile(source)
    return ParamsFile(source, encoding, errors)


def is_params_source(source: Any) -> bool:
    """Return whether a file is read as ``.params``: unless its contents are of another format.

    What cannot be read, and file objects, count as ``.params``, whose reader says what is wrong.
    """
    if is_file_object(source):
        return True
    try:
        bytes_source = open_source(source)
    except (OSError, TypeError):
        return True
    try:
        return kind_of(bytes_source) == "params"
    finally:
        bytes_source.close()


def format_of(target: Any, format: str | None = None) -> Format:
    """Return the format that a file is written in.

    Parameters
    ----------
    target : str, os.PathLike or file object
        The file, whose suffix decides.
    format : str, optional
        The format's name, which then decides.

    Returns
    -------
    Format
        A row of `FORMATS`.

    Raises
    ------
    UnknownFormatError
        If there is no such format or suffix; also a TypeError and a ValueError.

    Examples
    --------
    >>> format_of("net.safetensors").name, format_of("net.bin", "params").name
    ('safetensors', 'params')
    """
    names = ", ".join(row.name for row in FORMATS)
    if format is not None:
        for row in FORMATS:
            if format in (row.name, row.suffixes[0], row.suffixes[0][1:]):
                return row
        raise UnknownFormatError(f"there is no format {format!r:.100}; there are {names}")
    if isinstance(target, (str, os.PathLike)):
        path = os.fsdecode(target)
        for row in FORMATS:
            if path.lower().endswith(row.suffixes):
                return row
        suffixes = ", ".join(suffix for row in FORMATS for suffix in row.suffixes)
        raise UnknownFormatError(
            f"the suffix of {shown_path(path)} does not say which format is wanted. Use one of "
            f"{suffixes}, or pass format=, one of {names}"
        )
    raise UnknownFormatError(f"a file object has no suffix: pass format=, one of {names}")


def write_arrays(
    target: Any,
    arrays: Mapping[str, ArrayStream],
    format: str | None = None,
    options: WriteOptions | None = None,
) -> None:
    """Write arrays into a file of any format, one after the other.

    Parameters
    ----------
    target : str, os.PathLike or binary file object
        The file. A path's old file is replaced once the new one is complete. For a path that ends
        in ``.safetensors.index.json``, files of ``options.shard_size`` are written beside it.
    arrays : mapping of str to ArrayStream
        The arrays.
    format : str, optional
        A name in `FORMATS`; the suffix decides otherwise.
    options : WriteOptions, optional
        Those of the formats.

    Raises
    ------
    UnsupportedRecordError
        If the format cannot hold the arrays. Before any file is touched.
    FileAccessError
        If the operating system refuses; the old file is then as it was.
    """
    chosen = format_of(target, format)
    options = options or WriteOptions()
    chosen.check(arrays)
    if is_file_object(target):
        _write(chosen, FileObject(target).write_pieces, arrays, options)
        return
    name = os.fsdecode(target)
    if chosen.name != "safetensors" or not name.lower().endswith(INDEX_SUFFIX):
        _write_one(name, chosen, arrays, options)
        return
    groups = divided(arrays, options.shard_size)
    write_shards(name, groups, lambda file, some: _write(chosen, file.write_pieces, some, options))


def _write_one(
    path: str, chosen: Format, arrays: Mapping[str, ArrayStream], options: WriteOptions
) -> None:
    def fill(file: Any, regular: bool) -> None:
        at = os.fstat(file.fileno())
        if regular and (at.st_dev, at.st_ino) in options.sources:
            raise FileAccessError(
                1,
                f"{quoted(path)} is being read, and its folder is not writeable, so that it could "
                "only be overwritten in place. Save to another folder",
                path,
            )
        _write(chosen, file.write_pieces, arrays, options)

    write_file(path, fill)


def _write(
    chosen: Format, put: Put, arrays: Mapping[str, ArrayStream], options: WriteOptions
) -> None:
    progress = options.progress

    def put_and_report(pieces: list[bytes | memoryview]) -> None:
        put(pieces)
        if progress is not None:
            progress(sum(map(len, pieces)))

    if chosen.name == "params":
        write_params(
            put_and_report,
            arrays,
            options.piece,
            named=options.named,
            np_shape=options.np_shape,
        )
    else:
        chosen.write(put_and_report, arrays, options.piece)
