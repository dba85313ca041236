"""Random sparse arrays, and their dense forms in NumPy, for tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import nd

VALUES = st.integers(-4, 4).map(float)


@st.composite
def row_sparse(draw, shape=None, dtype="float32"):
    """A row-sparse array, which may store zero rows, and its dense form."""
    rows, columns = shape or draw(st.tuples(st.integers(1, 6), st.integers(1, 3)))
    ids = sorted(draw(st.sets(st.integers(0, rows - 1))))
    data = draw(hnp.arrays(dtype, (len(ids), columns), elements=VALUES))
    dense = np.zeros((rows, columns), dtype)
    dense[ids] = data
    array = nd.sparse.row_sparse_array((data, np.array(ids, np.int64)), shape=(rows, columns))
    return array, dense


@st.composite
def csr(draw, shape=None, dtype="float32"):
    """A csr matrix, which may store zeros, and its dense form."""
    rows, columns = shape or draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    stored = draw(hnp.arrays(bool, (rows, columns)))
    values = draw(hnp.arrays(dtype, (rows, columns), elements=VALUES))
    dense = np.where(stored, values, 0).astype(dtype)
    indptr = np.concatenate([[0], np.cumsum(stored.sum(axis=1))])
    parts = (values[stored], np.nonzero(stored)[1], indptr)
    return nd.sparse.csr_matrix(parts, shape=(rows, columns)), dense


@st.composite
def pair(draw, kind):
    """Two sparse arrays of one shape."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 3)))
    return draw(kind(shape)), draw(kind(shape))


def parts(array):
    """What a sparse array stores, as lists."""
    if array.stype == "csr":
        return (
            array.indptr.asnumpy().tolist(),
            array.indices.asnumpy().tolist(),
            array.data.asnumpy().tolist(),
        )
    return array.indices.asnumpy().tolist(), array.data.asnumpy().tolist()
