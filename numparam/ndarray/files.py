"""Files of arrays: ``nd.save``, ``nd.load`` and ``nd.load_frombuffer``."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from numparam import formats
from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.modes.np_mode import is_np_shape, np_shape_mode
from numparam.ndarray import kinds
from numparam.ndarray.ndarray import NDArray

__all__ = [
    "NumpyShapeModeError",
    "array_of",
    "load",
    "load_frombuffer",
    "read_arrays",
    "record_of",
    "save",
]


class NumpyShapeModeError(formats.FormatError):
    """The file was saved with NumPy shapes on and is read with them off, or the other way round."""


class SaveArgumentError(TypeError, ValueError, MXNetError):
    """What is to be saved is not made of arrays; MXNet raises a TypeError or a ValueError."""


def save(fname: str | os.PathLike[Any], data: Any) -> None:
    """Write arrays into a ``.params`` file, byte for byte as MXNet 1.9.1 does.

    Parameters
    ----------
    fname : str or os.PathLike
        The file. An old one is replaced once the new one is complete, and stays if that fails.
    data : NDArray, list of NDArray, or dict of str to NDArray
        Arrays of any storage type and context. Contexts are recorded.

    Raises
    ------
    TypeError
        If `data` holds something else; also a ValueError.
    MXNetError
        If an array cannot be saved: without NumPy shapes one with shape ``()``; with them
        (`numparam.util.np_shape`) a sparse one; a sparse one that `check_format` refuses. Or if the
        file cannot be written; then it is an OSError too.

    Notes
    -----
    With NumPy shapes on, the records are of version 3, which MXNet reads only with NumPy shapes on;
    otherwise of version 2, which it reads only with them off.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> mx.nd.save(path, {"weight": mx.nd.ones((2, 3))})
    >>> mx.nd.load(path)["weight"].shape
    (2, 3)
    """
    if not isinstance(fname, (str, os.PathLike)):
        raise TypeError(f"expected a path (str or os.PathLike), got {type(fname).__name__}")
    names: list[str] | None = None
    if isinstance(data, NDArray):
        arrays = [data]
    elif isinstance(data, dict):
        names, arrays = list(data), list(data.values())
        for name in names:
            if not isinstance(name, str):
                raise SaveArgumentError(
                    f"the names of arrays are str; {name!r} is of type {type(name).__name__}"
                )
    elif isinstance(data, (list, tuple)):
        arrays = list(data)
    else:
        raise SaveArgumentError(
            f"expected an NDArray, a list of them or a dict of them by name, got "
            f"{type(data).__name__}"
        )
    for position, array in enumerate(arrays):
        _check(array, f"number {position}" if names is None else repr(names[position]))
    formats.write(fname, names, [record_of(array) for array in arrays], np_shape=is_np_shape())


def _check(array: Any, label: str) -> None:
    if not isinstance(array, NDArray):
        raise SaveArgumentError(
            f"array {label} is of type {type(array).__name__}; make an NDArray of it with nd.array"
        )
    if array._array_class is not NDArray:
        raise SaveArgumentError(
            f"array {label} is an mx.np.ndarray; save it with npx.save, or pass as_nd_ndarray()"
        )


def load(fname: str | os.PathLike[Any], *, strict: bool = True) -> Any:
    """Read a ``.params`` file.

    Parameters
    ----------
    fname : str or os.PathLike
        The file; of any of the format's versions.
    strict : bool, default True
        Whether a file is refused that MXNet would refuse in the current mode: one saved with NumPy
        shapes on (`numparam.util.np_shape`) while they are off, or one saved with them off while
        they are on in this thread. With False every file is read.

    Returns
    -------
    list of NDArray, or dict of str to NDArray
        A dict if the arrays have names; of equal names the last one stays. On ``cpu(0)``, whatever
        context they were saved from.

    Raises
    ------
    MXNetError
        If the file is missing (also a FileNotFoundError), is damaged or something else (of the
        class in `numparam.formats` that fits, with the offset), or is of the other mode.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> mx.nd.save(path, [mx.nd.ones((2,)), mx.nd.zeros((3,))])
    >>> [array.shape for array in mx.nd.load(path)]
    [(2,), (3,)]
    """
    if not isinstance(fname, (str, os.PathLike)):
        raise TypeError(
            f"expected a path (str or os.PathLike), got {type(fname).__name__}; bytes of a file "
            "are read with load_frombuffer"
        )
    return _loaded(fname, strict)


def load_frombuffer(buf: Any, *, strict: bool = True) -> Any:
    """Read the bytes of a ``.params`` file.

    Parameters
    ----------
    buf : bytes-like or str
        The whole file.
    strict : bool, default True
        As for `load`.

    Returns
    -------
    list of NDArray, or dict of str to NDArray
        As from `load`.

    Raises
    ------
    MXNetError
        As for `load`.
    TypeError
        If `buf` is no bytes.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> from numparam import formats
    >>> contents = formats.dumps(["bias"], [formats.DenseRecord(np.ones(2, np.float32))])
    >>> mx.nd.load_frombuffer(contents)["bias"].asnumpy()
    array([1., 1.], dtype=float32)
    """
    if isinstance(buf, str):  # never a path here
        buf = buf.encode()
    elif isinstance(buf, os.PathLike):
        raise TypeError("load_frombuffer reads bytes; a path is for load")
    return _loaded(buf, strict)


def _loaded(source: Any, strict: bool) -> Any:
    names, arrays = read_arrays(source, strict=strict)
    if names is None:
        return arrays
    return dict(zip(names, arrays, strict=True))


def read_arrays(source: Any, *, strict: bool = True) -> tuple[list[str] | None, list[NDArray]]:
    """Read the arrays of a ``.params`` file and their names, of which some may be equal.

    Parameters
    ----------
    source : str, os.PathLike or bytes-like
        A path, or the contents of a file.
    strict : bool, default True
        As for `load`.

    Returns
    -------
    names : list of str or None
        None if the file is a list.
    arrays : list of NDArray
        In file order, on ``cpu(0)``.

    Raises
    ------
    MXNetError
        As for `load`. No array is read before all headers are checked.
    """
    context = Context("cpu", 0)
    with formats.ParamsReader(source) as reader:
        if strict:
            for header in reader.headers:
                _check_mode(header, source)
        return reader.names, [_read(reader, header, context) for header in reader.headers]


def _check_mode(header: formats.RecordHeader, source: Any) -> None:
    """Refuse what MXNet refuses: its shapes mean another thing in the other mode."""
    mode = np_shape_mode()
    if mode == 2 or (header.version == 3) == (mode == 1):
        return
    saved, now = ("on", "off") if header.version == 3 else ("off", "on")
    raise NumpyShapeModeError(
        f"the file was saved with NumPy shapes {saved} (record version {header.version}), and they "
        f"are {now} here. Read it with strict=False, or turn them {saved} with "
        f"numparam.util.np_shape({saved == 'on'})",
        source=os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else None,
    )


def _read(reader: formats.ParamsReader, header: formats.RecordHeader, context: Context) -> NDArray:
    if header.storage != "default":
        return array_of(_canonical(reader.read(header)), context)
    array = NDArray.from_buffer(None, context)
    array._memory = _filled(array._backend, reader, header)
    return array


def _filled(backend: Backend, reader: formats.ParamsReader, header: formats.RecordHeader) -> Buffer:
    """Give a buffer with the values of a dense array, read straight into its memory."""
    buffer = backend.empty(header.shape, header.dtype)
    if buffer.size:

        def fill(memory: memoryview) -> None:
            reader.read_into(header, np.frombuffer(memory, header.dtype).reshape(header.shape))

        backend.read_into(buffer, fill)
    return buffer


def _canonical(record: formats.Record) -> formats.Record:
    """Sort the columns within the rows of a csr matrix: sums by MXNet leave them in any order."""
    if not isinstance(record, formats.CSRRecord):
        return record
    rows = np.repeat(np.arange(len(record.indptr) - 1), np.diff(record.indptr))
    falls = (record.indices[1:] < record.indices[:-1]) & (rows[1:] == rows[:-1])
    if falls.any():
        order = np.lexsort((record.indices, rows))
        record.indices, record.data = record.indices[order], record.data[order]
    return record


def record_of(array: NDArray) -> formats.Record:
    """Make a record of an array, as files and pickles hold it.

    Parameters
    ----------
    array : NDArray
        Of any storage type and context.

    Returns
    -------
    DenseRecord, RowSparseRecord or CSRRecord
        It shares the memory of an array on the host.

    Raises
    ------
    MXNetError
        If `check_format` refuses a sparse array; also an IndexError.
    """
    return array._record()


def array_of(record: formats.Record, context: Context | None = None) -> NDArray:
    """Make an array of a record.

    Parameters
    ----------
    record : DenseRecord, RowSparseRecord or CSRRecord
        What a file or a pickle held.
    context : Context, optional
        Where the array goes; ``cpu(0)`` if not given.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        With memory of its own.
    """
    context = context or Context("cpu", 0)
    if isinstance(record, formats.DenseRecord):
        array = NDArray.from_buffer(None, context)
        array._memory = array._backend.upload(record.data)
        return array
    return kinds.sparse("of_record")(record, context)
