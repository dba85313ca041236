"""Storage types: dense, row-sparse and csr, and their numbers in files."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = ["STORAGE_TYPE_IDS", "StorageTypeNameError", "storage_type_id"]

#: Names of storage types to their numbers in ``.params`` files and symbol attributes.
STORAGE_TYPE_IDS: dict[str, int] = {"default": 0, "row_sparse": 1, "csr": 2}


class StorageTypeNameError(ValueError, KeyError, MXNetError):
    """There is no such storage type. A KeyError too, as in MXNet."""

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


def storage_type_id(stype: str) -> int:
    """Return the number of a storage type.

    Parameters
    ----------
    stype : str
        ``'default'`` (dense), ``'row_sparse'`` or ``'csr'``.

    Returns
    -------
    int
        0, 1 or 2, as in MXNet.

    Raises
    ------
    StorageTypeNameError
        If it is not one of these (also a ValueError and a KeyError).

    Examples
    --------
    >>> storage_type_id("row_sparse")
    1
    """
    number = STORAGE_TYPE_IDS.get(stype) if isinstance(stype, str) else None
    if number is None:
        raise StorageTypeNameError(
            f"Unknown storage type {stype!r:.200}. Use one of: {', '.join(STORAGE_TYPE_IDS)}."
        )
    return number
