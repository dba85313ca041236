import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam import initializer as init
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.initializer.bilinear import bilinear_weights


def element(shape, x, y):
    """One weight, as the formula of the semantics says it."""
    f = math.ceil(shape[3] / 2)
    c = (2 * f - 1 - f % 2) / (2 * f)
    return (1 - abs(x / f - c)) * (1 - abs(y / f - c))


@given(st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(1, 9)] * 2))
def test_each_weight_follows_the_formula(shape):
    weights = bilinear_weights(shape)
    assert weights.dtype == np.float32
    assert weights.shape == shape
    for index in itertools.product(*map(range, shape)):
        assert weights[index] == np.float32(element(shape, index[3], index[2]))


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_the_initializer_writes_them(stype):
    array = nd.zeros((2, 1, 4, 4), stype=stype)
    init.Bilinear()._init_weight("up_weight", array)
    np.testing.assert_array_equal(array.asnumpy(), bilinear_weights((2, 1, 4, 4)))


@pytest.mark.parametrize("shape", [(), (4,), (4, 4), (1, 1, 4, 4, 4)])
def test_other_numbers_of_dimensions_are_refused_by_name(shape):
    with pytest.raises((ValueError, MXNetError), match="up_weight"):
        bilinear_weights(shape, "up_weight")


@pytest.mark.parametrize("shape", [(0, 1, 2, 2), (1, 1, 0, 2), (1, 1, 2, 0)])
def test_empty_shapes_give_empty_weights(shape):
    assert bilinear_weights(shape).shape == shape
