"""Arrays in the form of other arrays."""

import numpy as np
import pytest

import numparam as mx


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        pytest.param({}, [[0, 1, 2], [3, 4, 5]], id="shape of the array"),
        pytest.param({"axis": -1}, [0, 1, 2], id="length of an axis"),
        pytest.param({"axis": 0, "start": 2, "step": 0.5}, [2, 2.5], id="start and step"),
        pytest.param({"repeat": 2}, [[0, 0, 1], [1, 2, 2]], id="repeated"),
        pytest.param({"axis": 1, "repeat": 3}, [0, 0, 0], id="repeated along an axis"),
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_evenly_spaced_numbers_in_the_form_of_an_array(keywords, expected, dtype):
    made = mx.nd.contrib.arange_like(mx.nd.zeros((2, 3), dtype=dtype), **keywords)
    assert made.dtype == np.dtype(dtype)
    assert made.asnumpy().tolist() == expected


def test_numbers_repeat_at_least_once():
    with pytest.raises(ValueError, match="repeat must be 1 or more"):
        mx.nd.contrib.arange_like(mx.nd.zeros((2, 3)), repeat=0)
