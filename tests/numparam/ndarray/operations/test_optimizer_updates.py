"""Update operators: what they write, and that a failed call changes nothing.

Their values are compared with those recorded from MXNet in ``arrays_updates`` and
``arrays_decoupled_updates``.
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


def _adamw(count):
    """Return lists of weights, gradients, means and variances."""
    return [[nd.ones((2,)) for _ in range(count)] for _ in range(4)]


@pytest.mark.parametrize("count", [1, 3])
def test_many_adamw_steps_are_those_of_each(count):
    lists, alone = _adamw(count), _adamw(count)
    rates = [0.1 * (place + 1) for place in range(count)]
    nd.contrib.multi_adamw_update(*lists, 0.5, rates, rates, rates, out=lists[0], beta1=0.5)
    for place, rate in enumerate(rates):
        weight, *rest = (arrays[place] for arrays in alone)
        nd.contrib.adamw_update(weight, *rest, 0.5, rate, rate, wd=rate, beta1=0.5, out=weight)
    for arrays, others in zip(lists, alone, strict=True):
        for array, other in zip(arrays, others, strict=True):
            np.testing.assert_array_equal(array.asnumpy(), other.asnumpy())
    assert (lists[0][0].asnumpy() < 1).all()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda own: nd.contrib.multi_adamw_update(*own, 1, [1], [0], [1]), id="rates"),
        pytest.param(
            lambda own: nd.contrib.multi_adamw_update(
                *own[:3], own[3][:1], 1, [1] * 2, [0] * 2, [1]
            ),
            id="lists-of-other-lengths",
        ),
        pytest.param(
            lambda own: nd.contrib.adamw_update(
                *(arrays[0] for arrays in own), nd.ones(2), lr=1, eta=1
            ),
            id="two-scales",
        ),
        pytest.param(
            lambda own: nd.contrib.multi_lamb_update(*own, [1], [1] * 2, [0] * 2), id="counts"
        ),
    ],
)
def test_updates_whose_lists_do_not_fit_change_nothing(call):
    own = _adamw(2)
    with pytest.raises(MXNetError):
        call(own)
    for arrays in own:
        for array in arrays:
            assert array.asnumpy().tolist() == [1, 1]


def test_adagrad_by_rows_needs_a_history_with_one_column():
    weight, history = nd.ones((3, 2)), nd.ones((3, 2))
    with pytest.raises(MXNetError, match=r"\(rows, 1\)"):
        nd.contrib.group_adagrad_update(weight, weight, history, lr=0.1)


def test_adagrad_by_rows_leaves_rows_that_the_gradient_does_not_store():
    rows = nd.sparse.row_sparse_array((np.float32([[1, 1]]), [1]), shape=(3, 2))
    weight, history = nd.ones((3, 2)), nd.ones((3, 1))
    nd.contrib.group_adagrad_update(weight, rows, history, lr=0.5, out=weight)
    assert history.asnumpy().tolist() == [[1], [2], [1]]
    assert (weight.asnumpy() != 1).any(axis=1).tolist() == [False, True, False]
