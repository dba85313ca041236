"""Row-sparse gradients in valid form: ids in range, in order, each once."""

from __future__ import annotations

from typing import NamedTuple

from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.errors import RowRangeError

__all__ = ["Rows", "checked_rows"]


class Rows(NamedTuple):
    """Some rows of an array.

    Attributes
    ----------
    ids : Buffer
        int64, strictly ascending.
    data : Buffer
        The rows.
    """

    ids: Buffer
    data: Buffer


def checked_rows(gradient: NDArray, name: str) -> Rows:
    """Return the rows of a row-sparse gradient in valid form.

    Parameters
    ----------
    gradient : RowSparseNDArray
        Its ids may be unsorted and repeated; rows of equal ids are summed.
    name : str
        What messages call the parameter.

    Returns
    -------
    Rows
        The gradient's own buffers, if they are valid.

    Raises
    ------
    RowRangeError
        If an id is out of range: an IndexError and an MXNetError that names the position and the
        id.
    """
    parts = gradient._parts  # type: ignore[attr-defined]  # of sparse arrays
    if parts.valid or gradient._problem(parts) is None:  # type: ignore[attr-defined]
        parts.valid = True
        return Rows(parts.indices, parts.data)
    try:
        ids, data = gradient._backend.merge.merge(
            [parts.indices], [parts.data], rows=gradient.shape[0]
        )
    except IndexError as error:
        reason = str(error).replace("ids[0][", "ids[", 1)  # there is one source
        raise RowRangeError(f"{name}: the row-sparse gradient cannot be used: {reason}") from error
    return Rows(ids, data)
