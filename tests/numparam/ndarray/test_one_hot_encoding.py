"""One-hot rows written into an array that exists."""

from __future__ import annotations

import pytest

from numparam import nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")


@pytest.mark.parametrize("dtype", ["float32", "int32", "float16"])
def test_each_row_gets_one_1_in_the_dtype_of_the_array(dtype):
    out = nd.full((3, 2), 7, dtype=dtype)
    assert nd.onehot_encode(nd.array([1, 0, 5]), out=out) is out
    assert out.asnumpy().tolist() == [[0, 1], [1, 0], [0, 0]]


@pytest.mark.parametrize("shape", [(3, 2), (2,), (2, 2, 1)])
def test_shapes_that_do_not_fit_are_refused_and_nothing_is_written(shape):
    out = nd.ones(shape)
    with pytest.raises(MXNetError, match="rows, columns"):
        nd.onehot_encode(nd.array([1, 0]), out)
    assert out.asnumpy().min() == 1
