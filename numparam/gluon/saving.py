"""Writing parameters to a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numparam import formats
from numparam.devices.locks import exclusively
from numparam.formats.quoting import quoted
from numparam.formats.streams import RecordStream
from numparam.formats.suffixes import is_params_target
from numparam.gluon import hooks, transfers
from numparam.gluon.errors import UnsaveableNameError
from numparam.kernels._first_use import check_imports_work
from numparam.modes.np_mode import is_np_shape

__all__ = ["save"]


def save(parameters: Iterable[Any], filename: Any, strip_prefix: str) -> None:
    """Write parameters to a file; see `ParameterDict.save`."""
    if not isinstance(strip_prefix, str):
        raise TypeError(
            f"strip_prefix must be a string; got {strip_prefix!r} of type "
            f"{type(strip_prefix).__name__}."
        )
    named: dict[str, Any] = {}
    for parameter in parameters:
        if not parameter.name.startswith(strip_prefix):
            raise UnsaveableNameError(
                f"Prefix '{strip_prefix}' cannot be stripped: the name of Parameter "
                f"{quoted(parameter.name)} does not begin with it. Pass a prefix that all names "
                "share, or no prefix."
            )
        name = parameter.name[len(strip_prefix) :]
        if named.setdefault(name, parameter) is not parameter:
            raise UnsaveableNameError(
                f"Two parameters would be saved as {quoted(name)}, and only one could be loaded "
                "again. Rename one of them."
            )
    records = [_record(parameter) for parameter in named.values()]
    if not is_params_target(filename):
        check_imports_work()
        # Late: it imports zipfile and more, and most files are .params files.
        from numparam.formats.array_files import write_arrays

        streams = {
            name: RecordStream(record, exclusively)
            for name, record in zip(named, records, strict=True)
        }
        write_arrays(filename, streams)
        return
    # MXNet reads files of one version only, so the one that holds everything is taken for all.
    # Where none does, scalars are of version 3, and the rest is of version 2.
    dense = all(record.storage == "default" for record in records)
    np_shape = dense and (
        is_np_shape() or any(not record.shape or 0 in record.shape for record in records)
    )
    formats.write(filename, list(named), records, np_shape=np_shape, hold=exclusively)


def _record(parameter: Any) -> formats.Record:
    """Return the record of the mean of a parameter's copies."""
    data = parameter._state.data
    alone = data is not None and len(data) == 1 and data[0].stype == "default"
    # The only copy is its own mean: it is written from where it is.
    array = (
        data[0] if alone and not hooks.is_replaced(parameter, "_reduce") else parameter._reduce()
    )
    backend = array._backend
    if array.stype == "default":
        host = transfers.host_view(array)
        return formats.DenseRecord(backend.download(array._buffer) if host is None else host)
    parts = array._checked()
    rows, indices = backend.download(parts.data), backend.download(parts.indices)
    if array.stype == "row_sparse":
        return formats.RowSparseRecord(array.shape, rows, indices)
    return formats.CSRRecord(array.shape, rows, backend.download(parts.indptr), indices)
