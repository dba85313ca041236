import pytest

import numparam as mx
from numparam.test_utils import compare_optimizer


class Rows(mx.optimizer.Optimizer):
    """Stochastic gradient descent that leaves rows without a gradient, and takes dense arrays."""

    def create_state(self, index, weight):
        return mx.nd.zeros(weight.shape, dtype=weight.dtype)

    def update(self, index, weight, grad, state):
        assert {weight.stype, grad.stype, state.stype} == {"default"}
        self._update_count(index)
        state *= 0.5
        state -= self._get_lr(index) * grad
        weight += state


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "stypes", "count"),
    [
        pytest.param((3, 4), ("default", "default"), 1, id="dense"),
        pytest.param((3, 4), ("default", "row_sparse"), 1, id="row-sparse gradient"),
        pytest.param((3, 4), ("row_sparse", "row_sparse"), 1, id="row-sparse"),
        pytest.param((3, 4), ("csr", "csr"), 1, id="csr"),
        pytest.param([(3, 4), (2,)], ("default", "default"), 2, id="two at once"),
    ],
)
def test_equal_optimizers_pass_and_others_fail(dtype, shape, stypes, count):
    one, other = Rows(learning_rate=0.1), mx.optimizer.SGD(learning_rate=0.1, momentum=0.5)
    compare_optimizer(one, other, shape, dtype, *stypes, ntensors=count)
    for rate in (0.2, 0.0):
        faster = mx.optimizer.SGD(learning_rate=rate, momentum=0.5)
        with pytest.raises(AssertionError, match="further apart"):
            compare_optimizer(one, faster, [(3, 4)] if count == 1 else shape, dtype, ntensors=count)


def test_states_count_unless_they_are_not_compared():
    class Noted(Rows):
        def update(self, index, weight, grad, state):
            super().update(index, weight, grad, state)
            state += 1

    same = mx.optimizer.SGD(learning_rate=0.1, momentum=0.5)
    compare_optimizer(Noted(learning_rate=0.1), same, (3, 4), "float32", compare_states=False)
    with pytest.raises(AssertionError, match="further apart"):
        compare_optimizer(Noted(learning_rate=0.1), same, (3, 4), "float32")


def test_weights_count_where_states_are_not_compared():
    class Shifted(Rows):
        def update(self, index, weight, grad, state):
            super().update(index, weight, grad, state)
            weight += 1

    same = mx.optimizer.SGD(learning_rate=0.1, momentum=0.5)
    with pytest.raises(AssertionError, match="further apart"):
        compare_optimizer(Shifted(learning_rate=0.1), same, (3, 4), "float32", compare_states=False)


def test_bad_arguments_are_refused():
    one, other = Rows(), Rows()
    with pytest.raises(AssertionError, match="2 shapes"):
        compare_optimizer(one, other, [(3, 4), (2,)], "float32")
    with pytest.raises(ValueError, match="'coo'"):
        compare_optimizer(one, other, (3, 4), "float32", g_stype="coo")
