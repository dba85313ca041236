"""Files of ``mx.np`` arrays: ``np.save`` and ``np.load``, which are ``npx.save`` and ``npx.load``.

The format is that of ``nd.save``, ``.params``, with records of version 3; it is not NumPy's.
"""

from __future__ import annotations

import os
from typing import Any

from numparam import formats
from numparam.base import MXNetError
from numparam.devices.locks import exclusively
from numparam.formats.quoting import quoted
from numparam.modes.np_mode import is_np_array, is_np_shape
from numparam.ndarray.files import SaveArgumentError, read_arrays, record_of
from numparam.ndarray.numpy_array import ndarray

__all__ = ["load", "save"]


class ModeError(MXNetError, ValueError):
    """``mx.np.save`` and ``mx.np.load`` need NumPy mode, which is off."""


class SparseRecordError(MXNetError, TypeError):
    """A file holds a sparse array, which ``mx.np`` does not support."""


def _require_mode(name: str, instead: str) -> None:
    if not (is_np_shape() and is_np_array()):
        raise ModeError(
            f"{name} needs NumPy mode; turn it on with mx.npx.set_np(), or use {instead}"
        )


def save(file: Any, arr: Any) -> None:
    """Write ``mx.np`` arrays into a ``.params`` file, byte for byte as MXNet 1.9.1 does.

    Parameters
    ----------
    file : str, os.PathLike or binary file object
        The file. An old one is replaced once the new one is complete, and stays if that fails.
    arr : ndarray, list of ndarray, or dict of str to ndarray
        The arrays. Contexts are recorded.

    Raises
    ------
    ValueError
        If `arr` is something else, also a TypeError; or if NumPy mode is off.
    MXNetError
        If the file cannot be written; also an OSError.

    Notes
    -----
    The records are of version 3, which MXNet reads with NumPy shapes on.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> with mx.util.np_shape(), mx.util.np_array():
    ...     mx.np.save(path, {"scale": mx.np.array(0.5)})
    ...     mx.np.load(path)
    {'scale': array(0.5)}
    """
    _require_mode("npx.save", "mx.nd.save on as_nd_ndarray()")
    names: list[str] | None = None
    if isinstance(arr, ndarray):
        arrays = [arr]
    elif isinstance(arr, dict):
        names, arrays = list(arr), list(arr.values())
        for name in names:
            if not isinstance(name, str):
                raise SaveArgumentError(
                    f"the names of arrays are str; {name!r} is of type {type(name).__name__}"
                )
    elif isinstance(arr, list):
        arrays = list(arr)
    else:
        raise SaveArgumentError(
            "expected an mx.np array, a list of them or a dict of them by name, got "
            f"{type(arr).__name__}"
        )
    for position, array in enumerate(arrays):
        if not isinstance(array, ndarray):
            label = f"number {position}" if names is None else quoted(names[position])
            raise SaveArgumentError(
                f"array {label} is of type {type(array).__name__}; make an mx.np array of it with "
                "as_np_ndarray() or mx.np.array()"
            )
    formats.write(
        file, names, [record_of(array) for array in arrays], np_shape=True, hold=exclusively
    )


def load(file: Any, *, strict: bool = True, encoding: str = "utf-8", errors: str = "strict") -> Any:
    """Read a ``.params`` file as ``mx.np`` arrays.

    Parameters
    ----------
    file : str, os.PathLike or binary file object
        The file; of any of the format's versions.
    strict : bool, default True
        Whether a file is refused that was saved with NumPy shapes off, as MXNet does.
    encoding, errors : str
        How the names are encoded; as for `mx.nd.load`.

    Returns
    -------
    list of ndarray, or dict of str to ndarray
        A dict if the arrays have names. On ``cpu(0)``, whatever context they were saved from.

    Raises
    ------
    ValueError
        If NumPy mode is off.
    MXNetError
        If the file is missing (also a FileNotFoundError), damaged, of the other mode, or holds
        sparse arrays.

    Examples
    --------
    >>> import numparam as mx
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> with mx.util.np_shape(), mx.util.np_array():
    ...     mx.npx.save(path, mx.np.ones((2,)))
    ...     mx.npx.load(path)
    [array([1., 1.])]
    """
    _require_mode("npx.load", "mx.nd.load")
    if not isinstance(file, (str, os.PathLike)) and not hasattr(file, "read"):
        raise TypeError(
            "expected a path (str or os.PathLike) or a binary file object, got "
            f"{type(file).__name__}"
        )
    names, arrays = read_arrays(file, strict=strict, encoding=encoding, errors=errors)
    for position, array in enumerate(arrays):
        if array.stype != "default":
            label = f"number {position}" if names is None else quoted(names[position])
            raise SparseRecordError(
                f"array {label} is sparse ({array.stype}); read the file with mx.nd.load"
            )
    converted = [array.as_np_ndarray() for array in arrays]
    return converted if names is None else dict(zip(names, converted, strict=True))
