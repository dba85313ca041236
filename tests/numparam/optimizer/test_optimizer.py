"""The base of optimizers: registry, multipliers, counts, errors; and custom optimizers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import numparam as mx
from numparam.optimizer.counts import UpdateCounts


def test_names_are_registered_in_any_case():
    assert type(mx.optimizer.create("ADAM")) is mx.optimizer.Adam
    with pytest.raises(ValueError, match="Near names: adam"):
        mx.optimizer.create("adamm")
    with pytest.raises(TypeError, match="'sgd' was not created"):
        mx.optimizer.create("sgd", lr=0.1)
    with pytest.raises(AssertionError):
        mx.optimizer.register(int)


def test_multipliers_come_from_parameters_then_indices_then_names():
    names = {0: "a_weight", 1: "a_bias", 2: "b_gamma"}
    optimizer = mx.optimizer.create("sgd", param_idx2name=names, learning_rate=1.0, wd=1.0)
    assert optimizer._get_wds([0, 1, 2]) == [1, 0, 1]
    optimizer.set_lr_mult({0: 0.5, "a_bias": 0.25})
    assert optimizer._get_lrs([0, 1, 2]) == [0.5, 0.25, 1]
    parameter = mx.gluon.Parameter("w", lr_mult=3.0, wd_mult=4.0)
    optimizer.param_dict = {0: parameter}
    assert (optimizer._get_lr(0), optimizer._get_wd(0)) == (3, 4)


def test_multipliers_are_part_of_fused_steps(opaque):
    optimizer = mx.optimizer.create("sgd", learning_rate=1.0)
    optimizer.set_lr_mult({0: 0.5})
    weights = [mx.nd.ones(1), mx.nd.ones(1)]
    updater = mx.optimizer.get_updater(optimizer)
    for expected in ([0.5, 0], [0, -1]):
        updater([0, 1], [mx.nd.ones(1)] * 2, weights)
        assert [one.asscalar() for one in weights] == expected
    optimizer.set_lr_mult({1: 0.5})
    updater([0, 1], [mx.nd.ones(1)] * 2, weights)
    assert [one.asscalar() for one in weights] == [-1, -1.5]


def test_a_schedule_is_asked_for_the_coming_update():
    asked = []

    def schedule(num_update):
        asked.append(num_update)
        return 1.0 / num_update

    updater = mx.optimizer.get_updater(mx.optimizer.create("sgd", lr_scheduler=schedule))
    weight = mx.nd.zeros(1)
    for _ in range(3):
        updater(0, mx.nd.ones(1), weight)
    assert asked == [1, 2, 3]
    assert weight.asscalar() == pytest.approx(-(1 + 1 / 2 + 1 / 3))
    with pytest.raises(UserWarning, match="lr_scheduler"):
        updater.optimizer.set_learning_rate(0.1)


@pytest.mark.parametrize(
    ("schedule", "recorded"),
    [
        pytest.param(
            lambda: mx.lr_scheduler.FactorScheduler(1, 0.3, base_lr=0.1),
            [0x3D8F5C29, 0x3CAC0831, 0x3BCE703B, 0x3AF7B9E0],
            id="factor",
        ),
        pytest.param(
            lambda: mx.lr_scheduler.PolyScheduler(7, base_lr=0.1, pwr=3, final_lr=0.001),
            [0x3D359EB7, 0x3CD49FCB, 0x3C5F52EE, 0x3BC9B0BD],
            id="poly",
        ),
        pytest.param(
            lambda: mx.lr_scheduler.CosineScheduler(
                7, base_lr=0.1, warmup_steps=2, warmup_begin_lr=0.003
            ),
            [0x3D13A92A, 0x3D8F5C29, 0x3D81AB9B, 0x3D3BA922],
            id="cosine",
        ),
    ],
)
def test_the_kernel_gets_the_rates_that_mxnet_computes(schedule, recorded):
    optimizer = mx.optimizer.SGD(lr_scheduler=schedule())
    optimizer.set_lr_mult({0: 0.7})
    updater = mx.optimizer.get_updater(optimizer)
    rates = []
    for _ in recorded:
        weight = mx.nd.zeros(1)
        updater(0, mx.nd.ones(1), weight)
        rates.append(int((-weight.asnumpy()).view(np.uint32)[0]))
    assert rates == recorded


BAD = [
    pytest.param({"learning_rate": float("nan")}, None, "lr must be finite", id="nan"),
    pytest.param({"rescale_grad": float("inf")}, None, "rescale_grad must be finite", id="inf"),
    pytest.param({}, mx.nd.ones(3), r"the gradient must be float32\(2,\)", id="shape"),
    pytest.param({}, mx.nd.ones(2, dtype="float64"), "it is float64", id="dtype"),
    pytest.param({}, mx.nd.ones(2, ctx=mx.cpu(1)), "same context", id="context"),
]


@pytest.mark.parametrize(("arguments", "grad", "message"), BAD)
def test_a_step_that_fails_changes_nothing(arguments, grad, message):
    optimizer = mx.optimizer.create("adam", **arguments)
    updater = mx.optimizer.get_updater(optimizer)
    weights = [mx.nd.ones(2), mx.nd.ones(2)]
    with pytest.raises(ValueError, match=message):
        updater([0, 1], [mx.nd.ones(2), mx.nd.ones(2) if grad is None else grad], weights)
    assert [one.asnumpy().tolist() for one in weights] == [[1, 1], [1, 1]]
    assert not optimizer._index_update_count
    assert optimizer.num_update == 0


def test_plans_notice_other_memory_and_other_states(opaque):
    updater = mx.optimizer.get_updater(mx.optimizer.create("sgd", momentum=0.5, learning_rate=1))
    weight, grad = mx.nd.zeros(2), mx.nd.ones(2)
    updater(0, grad, weight)
    weight._buffer = mx.nd.full(2, 10)._buffer
    updater(0, grad, weight)
    assert weight.asnumpy().tolist() == [8.5, 8.5]
    updater.states[0] = mx.nd.zeros(2)
    updater(0, grad, weight)
    assert weight.asnumpy().tolist() == [7.5, 7.5]


def test_any_number_of_parameters_enters_the_kernel_once(opaque):
    updater = mx.optimizer.get_updater(mx.optimizer.create("adam"))
    weights = [mx.nd.ones(3) for _ in range(50)]
    grads, indices = [mx.nd.ones(3) for _ in weights], list(range(50))
    for _ in range(3):
        updater(indices, grads, weights)
    assert opaque.calls.count("adam.dense") == 3
    assert opaque.calls.count("adam.bind") == 1


def test_custom_optimizers_are_called_for_each_parameter():
    calls = []

    class Custom(mx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return mx.nd.zeros_like(weight)

        def update(self, index, weight, grad, state):
            calls.append(index)
            self._update_count(index)
            state += grad
            weight -= self._get_lr(index) * state

    updater = mx.optimizer.get_updater(Custom(learning_rate=1.0, multi_precision=True))
    weight = mx.nd.ones(2, dtype="float16")
    updater(
        [b"a", b"b"], [mx.nd.ones(2, dtype="float16")] * 2, [weight, mx.nd.ones(2, dtype="float16")]
    )
    assert calls == ["a", "b"]
    assert weight.asnumpy().tolist() == [0, 0]
    assert updater.states["a"][0].dtype == np.float32


def test_subclasses_of_fused_optimizers_may_replace_the_step():
    class Still(mx.optimizer.SGD):
        def update_multi_precision(self, index, weight, grad, state):
            pass

    weight = mx.nd.ones(2)
    mx.optimizer.get_updater(Still())(0, mx.nd.ones(2), weight)
    assert weight.asnumpy().tolist() == [1, 1]


def test_optimizers_are_copied_without_their_parameters():
    optimizer = mx.optimizer.create("adam", param_dict={0: object()})
    optimizer._update_count(0)
    for again in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert again.param_dict == {}
        assert again._index_update_count == {0: 1}
        assert again._index_update_count is again._all_index_update_counts[0]


def test_counts_are_a_mapping():
    counts = UpdateCounts({1: 4})
    places = counts.places([1, 2])
    assert dict(counts) == {1: 4}
    counts.store(places, counts.following(places, begin=7))
    assert dict(counts) == {1: 5, 2: 8}
    del counts[1]
    assert (len(counts), 1 in counts, counts.get(1, 0)) == (1, False, 0)
    with pytest.raises(KeyError):
        counts[1]


def test_float16_without_a_copy_warns():
    with pytest.warns(UserWarning, match="multi_precision"):
        mx.optimizer.create("sgd").create_state_multi_precision(0, mx.nd.ones(2, dtype="float16"))


def test_counts_fit_when_room_for_new_ones_could_not_be_made(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    counts = UpdateCounts({"old": 4})
    for function in ("full", "concatenate"):
        monkeypatch.setattr(np, function, interrupt)
        with pytest.raises(KeyboardInterrupt):
            counts.places(["new", "old", "newer"])
        monkeypatch.undo()
        assert dict(counts) == {"old": 4}
    places = counts.places(["new", "old", "new"])
    assert places.tolist() == [1, 0, 1]
    assert counts.following(places, 0).tolist() == [1, 5, 1]
