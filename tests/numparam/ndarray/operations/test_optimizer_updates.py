"""Update operators: what they write, and that a failed call changes nothing.

Their values are compared with those recorded from MXNet in ``arrays_updates``.
"""

import numpy as np
import pytest

from numparam import ndarray as nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")


def test_without_out_the_weight_stays_and_the_states_are_written():
    weight, momentum = nd.ones((2,)), nd.zeros((2,))
    moved = nd.sgd_mom_update(weight, nd.ones((2,)), momentum, lr=0.5, momentum=0.9)
    assert moved.asnumpy().tolist() == [0.5, 0.5]
    assert weight.asnumpy().tolist() == [1, 1]
    assert momentum.asnumpy().tolist() == [-0.5, -0.5]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"out": (3,)}, id="out-of-another-shape"),
        pytest.param({"grad": (3,)}, id="gradient-of-another-shape"),
    ],
)
def test_a_failed_update_changes_no_state(broken):
    weight, momentum = nd.ones((2,)), nd.zeros((2,))
    grad = nd.ones(broken.get("grad", (2,)))
    out = nd.zeros(broken.get("out", (2,)))
    with pytest.raises(MXNetError):
        nd.sgd_mom_update(weight, grad, momentum, lr=0.5, momentum=0.9, out=out)
    assert momentum.asnumpy().tolist() == [0, 0]
    assert weight.asnumpy().tolist() == [1, 1]


def test_float16_is_rounded_once():
    weight = nd.array([1], dtype="float16")
    grad = nd.array([0.3], dtype="float16")
    moved = nd.sgd_update(weight, grad, lr=0.1, wd=0.01).asnumpy()
    expected = np.float32(1) - np.float32(0.1) * (np.float32(np.float16(0.3)) + np.float32(0.01))
    assert moved[0] == np.float16(expected)


def test_a_lazy_update_touches_the_rows_of_the_gradient_alone():
    rows = nd.sparse.row_sparse_array((np.float32([[1, 1]]), [1]), shape=(3, 2))
    weight, mean, var = nd.ones((3, 2)), nd.ones((3, 2)), nd.ones((3, 2))
    nd.adam_update(weight, rows, mean, var, lr=0.1, wd=0.1, out=weight)
    for array in (weight, mean, var):
        changed = (array.asnumpy() != 1).any(axis=1)
        assert changed.tolist()[0::2] == [False, False]
    assert (weight.asnumpy()[1] != 1).all()
