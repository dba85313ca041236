"""Arrays of every storage type and dtype for the tests of files, as strategies of Hypothesis."""

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from numparam.formats import CSRRecord, DenseRecord, RowSparseRecord

PARAMS_DTYPES = [
    *map(np.dtype, ["float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"]),
    *map(np.dtype, ["int16", "uint16", "uint32", "uint64", ml_dtypes.bfloat16]),
]
NARROW = [np.dtype(ml_dtypes.float8_e4m3fn), np.dtype(ml_dtypes.float8_e5m2)]


def values(draw, shape, dtype):
    count = int(np.prod(shape))
    raw = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if dtype == np.bool_:
        return (np.frombuffer(raw, np.uint8) % 2).astype(bool).reshape(shape)
    return np.frombuffer(raw, dtype).reshape(shape).copy()


@st.composite
def records(draw, dtypes=tuple(PARAMS_DTYPES), storages=("default", "row_sparse", "csr")):
    dtype = draw(st.sampled_from(dtypes))
    storage = draw(st.sampled_from(storages))
    if storage == "default":
        shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
        return DenseRecord(values(draw, shape, dtype))
    if storage == "row_sparse":
        shape = (draw(st.integers(1, 6)), draw(st.integers(1, 3)))
        ids = np.array(sorted(draw(st.sets(st.integers(0, shape[0] - 1)))), np.int64)
        return RowSparseRecord(shape, values(draw, (len(ids), shape[1]), dtype), ids)
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    mask = np.array(draw(st.lists(st.booleans(), min_size=16, max_size=16))).reshape(4, 4)
    mask = mask[: shape[0], : shape[1]]
    indptr = np.concatenate([[0], np.cumsum(mask.sum(1))]).astype(np.int64)
    data = values(draw, (int(mask.sum()),), dtype)
    return CSRRecord(shape, data, indptr, np.nonzero(mask)[1].astype(np.int64))


def named_records(dtypes=tuple(PARAMS_DTYPES), storages=("default", "row_sparse", "csr")):
    names = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0#"), min_size=1, max_size=8
    ).filter(lambda name: not name.endswith(".npy"))
    return st.dictionaries(names, records(dtypes, storages), max_size=5)


def assert_same(found, expected):
    assert type(found) is type(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.data.shape == expected.data.shape
    for name in ("data", "indptr", "indices"):
        if hasattr(expected, name):
            assert getattr(found, name).tobytes() == getattr(expected, name).tobytes()
