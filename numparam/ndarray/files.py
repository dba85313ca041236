"""Files of arrays: ``nd.save``, ``nd.load`` and ``nd.load_frombuffer``."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from numparam import formats
from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.devices.locks import exclusively
from numparam.devices.registry import backend_of
from numparam.formats.quoting import quoted
from numparam.modes.np_mode import is_np_shape, np_shape_mode
from numparam.ndarray import kinds
from numparam.ndarray.foreign import host_array
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
    """The data to save are not arrays; MXNet raises a TypeError or a ValueError."""


def save(fname: Any, data: Any) -> None:
    """Write arrays into a ``.params`` file, byte for byte as MXNet 1.9.1 does.

    Parameters
    ----------
    fname : str, os.PathLike or binary file object
        The file. An old one is replaced once the new one is complete, and stays if that fails. A
        file object, such as ``io.BytesIO``, is written to from its position.
    data : array, list or tuple of arrays, or dict of str to array
        Arrays of any storage type and context, which is recorded; also those of other libraries,
        by ``__dlpack__`` or ``__array__``, such as PyTorch's ``state_dict()``.

    Raises
    ------
    TypeError
        If `data` holds something else; also a ValueError.
    MXNetError
        If an array cannot be saved: one of a dtype that the format lacks, or a sparse one that
        `check_format` refuses. Or if the file cannot be written; then it is an OSError too.

    Warns
    -----
    numparam.formats.InPlaceWarning
        If the file cannot be replaced in one step, and is written in place.

    Notes
    -----
    With NumPy shapes on, the records of dense arrays are of version 3, which MXNet reads only with
    NumPy shapes on; otherwise of version 2, which it reads only with them off. Arrays of shape
    ``()`` are always of version 3 and sparse ones of version 2. MXNet reads a file with both only
    where NumPy shapes are on for the whole process.

    While an array is written its lock is held; see `numparam.formats.write`. Of a regular file that
    costs no memory; for pipes and file objects each array is copied first.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> mx.nd.save(path, {"weight": mx.nd.ones((2, 3))})
    >>> mx.nd.load(path)["weight"].shape
    (2, 3)
    """
    names: list[str] | None = None
    if isinstance(data, dict):
        names, arrays = list(data), list(data.values())
        for name in names:
            if not isinstance(name, str):
                raise SaveArgumentError(
                    f"the names of arrays are str; {name!r:.100} is of type {type(name).__name__}"
                )
    elif isinstance(data, (list, tuple)):
        arrays = list(data)
    elif isinstance(data, NDArray) or _is_foreign(data):
        arrays = [data]
    else:
        raise SaveArgumentError(
            "expected an array, a list of arrays or a dict of arrays by name, got "
            f"{type(data).__name__}"
        )
    records = [
        _record(array, f"number {position}" if names is None else quoted(names[position]))
        for position, array in enumerate(arrays)
    ]
    formats.write(fname, names, records, np_shape=is_np_shape(), hold=exclusively)


def _is_foreign(value: Any) -> bool:
    return hasattr(value, "__dlpack__") or hasattr(value, "__array__") or hasattr(value, "tocsr")


def _record(array: Any, label: str) -> formats.Record:
    """Return the record of an array of any library."""
    if isinstance(array, NDArray):
        if array._array_class is not NDArray:
            raise SaveArgumentError(
                f"array {label} is an mx.np.ndarray; save it with npx.save, or pass as_nd_ndarray()"
            )
        return record_of(array)
    if isinstance(array, (np.ndarray, np.generic)):
        return formats.DenseRecord(np.asarray(array))
    if not _is_foreign(array):
        raise SaveArgumentError(
            f"array {label} is of type {type(array).__name__}; make an NDArray of it with nd.array"
        )
    try:
        return _foreign_record(array)
    except (MXNetError, MemoryError):
        raise
    except Exception as error:  # whatever another library raises
        raise SaveArgumentError(
            f"array {label}, of type {type(array).__name__}, gives its values neither by "
            f"__dlpack__ nor by __array__: {str(error)[:300]}"
        ) from error


def _foreign_record(array: Any) -> formats.Record:
    if hasattr(array, "tocsr"):  # SciPy's sparse matrices
        from numparam.ndarray.sparse.creation import array as sparse_array

        return record_of(sparse_array(array, dtype=array.dtype))
    return formats.DenseRecord(np.asarray(host_array(array), order="C"))


def load(
    fname: Any, *, strict: bool = True, encoding: str = "utf-8", errors: str = "strict"
) -> Any:
    """Read a ``.params`` file.

    Parameters
    ----------
    fname : str, os.PathLike or binary file object
        The file; of any of the format's versions. A file object is read from its position to its
        end.
    strict : bool, default True
        Whether a file is refused that MXNet would refuse in the current mode: one saved with NumPy
        shapes on (`numparam.util.np_shape`) while they are off, or one saved with them off while
        they are on in this thread. With False every file is read.
    encoding : str, default 'utf-8'
        What the names are encoded in, such as ``'gbk'`` for files that Python 2 saved on a Chinese
        system.
    errors : str, default 'strict'
        What becomes of bytes that are not so encoded, as for :func:`open`. With
        ``'surrogateescape'`` names keep them, and `save` writes them as they were.

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
    if not isinstance(fname, (str, os.PathLike)) and not hasattr(fname, "read"):
        raise TypeError(
            "expected a path (str or os.PathLike) or a binary file object, got "
            f"{type(fname).__name__}; bytes of a file are read with load_frombuffer"
        )
    return _loaded(fname, strict, encoding, errors)


def load_frombuffer(
    buf: Any, *, strict: bool = True, encoding: str = "utf-8", errors: str = "strict"
) -> Any:
    """Read the bytes of a ``.params`` file.

    Parameters
    ----------
    buf : bytes-like or str
        The whole file.
    strict, encoding, errors
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
        If `buf` is not made of bytes.

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
    return _loaded(buf, strict, encoding, errors)


def _loaded(source: Any, strict: bool, encoding: str, errors: str) -> Any:
    names, arrays = read_arrays(source, strict=strict, encoding=encoding, errors=errors)
    if names is None:
        return arrays
    return dict(zip(names, arrays, strict=True))


def read_arrays(
    source: Any, *, strict: bool = True, encoding: str = "utf-8", errors: str = "strict"
) -> tuple[list[str] | None, list[NDArray]]:
    """Read the arrays of a ``.params`` file and their names, which may repeat.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or an open file.
    strict, encoding, errors
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
    backend = backend_of("cpu", 0)
    with formats.ParamsReader(source, encoding, errors) as reader:
        if strict:
            _check_mode(reader.headers, source)
        arrays, pairs = [], []
        for header in reader.headers:
            if header.storage != "default":
                arrays.append(array_of(_canonical(reader.read(header)), context))
                continue
            buffer = backend.empty(header.shape, header.dtype)
            arrays.append(NDArray.from_buffer(buffer, context, backend))
            pairs.append((header, buffer))
        _read_dense(reader, backend, pairs)
        return reader.names, arrays


def _read_dense(
    reader: formats.ParamsReader,
    backend: Backend,
    pairs: list[tuple[formats.RecordHeader, Buffer]],
) -> None:
    """Read dense arrays directly into new buffers."""
    try:
        on_host = [(header, backend.on_host(buffer)) for header, buffer in pairs]
    except MXNetError:  # the memory of another device
        for header, buffer in pairs:
            if buffer.size:
                _fill(reader, backend, header, buffer)
        return
    reader.read_many(on_host)


def _fill(
    reader: formats.ParamsReader, backend: Backend, header: formats.RecordHeader, buffer: Buffer
) -> None:
    def fill(memory: memoryview) -> None:
        reader.read_into(header, np.frombuffer(memory, header.dtype).reshape(header.shape))

    backend.read_into(buffer, fill)


def _check_mode(headers: list[formats.RecordHeader], source: Any) -> None:
    """Raise where MXNet does: if the file was saved with the other setting of NumPy shapes.

    A file with records of both kinds is not MXNet's, and says by itself what its shapes mean.
    """
    mode = np_shape_mode()
    versions_3 = {header.version == 3 for header in headers}
    if mode == 2 or len(versions_3) != 1 or versions_3 == {mode == 1}:
        return
    version_3 = versions_3.pop()
    saved, now = ("on", "off") if version_3 else ("off", "on")
    raise NumpyShapeModeError(
        f"the file was saved with NumPy shapes {saved} (record version {headers[0].version}), and "
        f"they are {now} here. Read it with strict=False, or turn them {saved} with "
        f"numparam.util.np_shape({version_3})",
        source=os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else None,
    )


def _canonical(record: formats.Record) -> formats.Record:
    """Sort the columns within each row of a csr matrix, which MXNet's sums leave unsorted."""
    if not isinstance(record, formats.CSRRecord):
        return record
    rows = np.repeat(np.arange(len(record.indptr) - 1), np.diff(record.indptr))
    falls = (record.indices[1:] < record.indices[:-1]) & (rows[1:] == rows[:-1])
    if falls.any():
        order = np.lexsort((record.indices, rows))
        record.indices, record.data = record.indices[order], record.data[order]
    return record


def record_of(array: NDArray) -> formats.Record:
    """Return the record of an array for a file or a pickle.

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
    """Return the array of a record.

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
