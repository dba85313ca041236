import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam.ndarray.operations.shapes import coded_shape


@pytest.mark.parametrize(
    ("codes", "reverse", "expected"),
    [
        ((0, -1), False, (2, 12)),
        ((-1, 0), False, (8, 3)),
        ((-1, 0), True, (6, 4)),
        ((-2,), False, (2, 3, 4)),
        ((0, -2), False, (2, 3, 4)),
        ((-2, 1, 1), False, (2, 3, 4, 1, 1)),
        ((-3, 4), False, (6, 4)),
        ((0, -3), False, (2, 12)),
        ((-3, 0), True, (6, 4)),
        ((-4, 1, 2, -2), False, (1, 2, 3, 4)),
        ((2, -4, -1, 3, -2), False, (2, 1, 3, 4)),
        ((0, 0, -4, 2, -1), False, (2, 3, 2, 2)),
        ((0, -4, 3, 1, 0), True, (2, 3, 1, 4)),
    ],
)
def test_codes_mean_what_mxnet_means(codes, reverse, expected):
    assert coded_shape((2, 3, 4), codes, reverse) == expected


@given(hnp.array_shapes(max_dims=5), st.booleans())
def test_keeping_merging_and_the_rest_keep_the_number_of_elements(shape, reverse):
    for codes in ((0,) * len(shape), (-1,), (-2,), (0,) * (len(shape) - 1) + (-1,)):
        assert math.prod(coded_shape(shape, codes, reverse)) == math.prod(shape)
    assert coded_shape(shape, (-2,), reverse) == shape
    if len(shape) > 1:
        merged = coded_shape(shape, (-3, -2), False)
        assert merged == (shape[0] * shape[1], *shape[2:])


@given(st.lists(st.integers(-6, 30), max_size=5), st.booleans())
def test_any_codes_give_a_shape_of_as_many_elements_or_a_value_error(codes, reverse):
    try:
        shape = coded_shape((2, 3, 4), codes, reverse)
    except ValueError:
        return
    assert math.prod(shape) == 24
    assert min(shape) > 0
