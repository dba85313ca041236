"""MXNet's numbers for dtypes, storage types and gradient requests, under its private names.

``from mxnet.ndarray.ndarray import _DTYPE_NP_TO_MX`` and the like appear in exporters and
serializers, ``py_slice`` in tests: there `slice` is the operation. New code uses
`numparam.types.dtypes`.
"""

from __future__ import annotations

from typing import Any

from numparam.types.dtypes import DTYPE_BY_FLAG

__all__ = ["LEGACY_NAMES"]

#: The names and what they stand for.
LEGACY_NAMES: dict[str, Any] = {
    "_DTYPE_MX_TO_NP": {-1: None} | {flag: kind.type for flag, kind in DTYPE_BY_FLAG.items()},
    "_DTYPE_NP_TO_MX": {None: -1} | {kind.type: flag for flag, kind in DTYPE_BY_FLAG.items()},
    "_GRAD_REQ_MAP": {"null": 0, "write": 1, "add": 3},
    "_STORAGE_TYPE_UNDEFINED": -1,
    "_STORAGE_TYPE_DEFAULT": 0,
    "_STORAGE_TYPE_ROW_SPARSE": 1,
    "_STORAGE_TYPE_CSR": 2,
    "_STORAGE_TYPE_ID_TO_STR": {-1: "undefined", 0: "default", 1: "row_sparse", 2: "csr"},
    "_STORAGE_TYPE_STR_TO_ID": {"undefined": -1, "default": 0, "row_sparse": 1, "csr": 2},
    "py_slice": slice,
}
