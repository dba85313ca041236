"""States and optimizers as bytes: nothing is lost, and no pickle is run unasked."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import numparam as mx
from numparam.optimizer.errors import PickledStatesError, StatesError

GOLDEN = Path(__file__).parent / "golden"


def trained(name="adam", steps=3, dtype="float32", **keywords):
    updater = mx.optimizer.get_updater(mx.optimizer.create(name, **keywords))
    weight = mx.nd.ones((2, 3), dtype=dtype)
    for _ in range(steps):
        updater(0, mx.nd.ones((2, 3), dtype=dtype), weight)
    return updater, weight


@pytest.mark.filterwarnings("ignore:.*small changes of it are lost")
@pytest.mark.parametrize("name", sorted(mx.optimizer.Optimizer.opt_registry))
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_training_goes_on_from_saved_states_with_the_same_bits(name, dtype, opaque):
    mixed = {"multi_precision": True} if dtype == "float16" else {}
    updater, weight = trained(name, dtype=dtype, **mixed)
    again = mx.optimizer.get_updater(mx.optimizer.create("sgd"))
    again.set_states(updater.get_states(dump_optimizer=True))
    copy = weight.copy()
    mx.random.seed(1)
    updater(0, mx.nd.ones((2, 3), dtype=dtype), weight)
    mx.random.seed(1)
    again(0, mx.nd.ones((2, 3), dtype=dtype), copy)
    assert type(again.optimizer) is type(updater.optimizer)
    assert again.optimizer.num_update == updater.optimizer.num_update == 4
    assert weight.asnumpy().tobytes() == copy.asnumpy().tobytes()


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_gradients_that_were_added_up_are_saved(stype):
    arguments = {"batch_scale": 2, "momentum": 0.9, "learning_rate": 0.5}
    grads = [mx.nd.array([[value], [0]]).tostype(stype) for value in (1, 2, 3, 4)]

    def trained_over(save):
        updater = mx.optimizer.get_updater(mx.optimizer.create("lbsgd", **arguments))
        weight = mx.nd.ones((2, 1))
        for grad in grads:
            updater(0, grad, weight)
            if save:
                states = updater.get_states(dump_optimizer=True)
                updater = mx.optimizer.get_updater(mx.optimizer.create("sgd"))
                updater.set_states(states)
        return weight.asnumpy()

    assert trained_over(True).tolist() == trained_over(False).tolist()
    assert trained_over(False)[0, 0] != 1


def test_schedules_multipliers_and_odd_numbers_are_saved():
    schedule = mx.lr_scheduler.MultiFactorScheduler([2, 5], 0.5, base_lr=0.3)
    updater, _ = trained("sgd", lr_scheduler=schedule, momentum=0.5)
    updater.optimizer.set_lr_mult({0: 2.0, "bias": 0.5})
    updater.optimizer.clip_gradient = float("inf")
    again = mx.optimizer.get_updater(mx.optimizer.create("adam"))
    again.set_states(updater.get_states(True))
    assert [again.optimizer.lr_scheduler(n) for n in (2, 3, 6)] == [schedule(n) for n in (2, 3, 6)]
    assert again.optimizer.lr_mult == {0: 2.0, "bias": 0.5}
    assert again.optimizer.clip_gradient == float("inf")


def test_saved_states_are_a_params_file(tmp_path):
    updater, _ = trained()
    (tmp_path / "states").write_bytes(updater.get_states())
    loaded = mx.nd.load(tmp_path / "states")
    assert loaded["state:0"].asnumpy().shape == (2, 3)


def test_states_without_the_optimizer_keep_the_one_there_is():
    updater, _ = trained()
    again = mx.optimizer.get_updater(mx.optimizer.create("adam", beta1=0.5))
    again.set_states(updater.get_states())
    assert again.optimizer.beta1 == 0.5
    assert again.states_synced == {0: False}


def test_a_pickle_is_refused_unless_it_is_allowed():
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    updater, _ = trained()
    before = updater.states
    plain = pickle.dumps({0: mx.nd.ones(2), 1: None})
    with pytest.raises(PickledStatesError, match="allow_pickle=True"):
        updater.set_states(plain)
    assert updater.states is before
    updater.set_states(plain, allow_pickle=True)
    assert updater.states[0].asnumpy().tolist() == [1, 1]
    for evil in (Evil(), {0: Evil()}):
        with pytest.raises(StatesError, match="print"):
            updater.set_states(pickle.dumps(evil, 2), allow_pickle=True)


def test_states_that_mxnet_pickled_are_taken_over():
    updater, weight = trained("sgd", 0)
    updater.set_states((GOLDEN / "adam_mxnet_1_9_1.pickle").read_bytes(), allow_pickle=True)
    optimizer = updater.optimizer
    assert type(optimizer) is mx.optimizer.Adam
    assert (optimizer.wd, optimizer.num_update, optimizer.learning_rate) == (0.01, 3, 0.0005)
    assert optimizer._index_update_count == {0: 3}
    mean, variance = updater.states[0]
    again, _ = trained("adam", 3, learning_rate=0.1)
    np.testing.assert_allclose(mean.asnumpy(), again.states[0][0].asnumpy(), rtol=0.02)
    np.testing.assert_allclose(variance.asnumpy(), again.states[0][1].asnumpy(), rtol=0.03)
    updater(0, mx.nd.ones((2, 3)), weight)
    assert optimizer.num_update == 4


@pytest.mark.parametrize(
    ("dtype", "before", "after"),
    [
        (
            "float32",
            [[-0.03750002384185791, 1.4812500476837158], [4.037499904632568, 3.870312452316284]],
            [[-11.367874145507812, -0.9833123683929443], [15.367874145507812, 3.254171848297119]],
        ),
        (
            "float16",
            [[-0.037506103515625, 1.4814453125], [4.0390625, 3.87109375]],
            [[-11.3671875, -0.9833984375], [15.3671875, 3.25390625]],
        ),
    ],
)
@pytest.mark.parametrize("saved_again", [False, True])
def test_a_large_batch_that_mxnet_began_is_finished(dtype, before, after, saved_again):
    updater = mx.optimizer.get_updater(mx.optimizer.create("sgd"))
    contents = (GOLDEN / f"lbsgd_{dtype}_mxnet_1_9_1.pickle").read_bytes()
    updater.set_states(contents, allow_pickle=True)
    if saved_again:
        updater.set_states(updater.get_states(dump_optimizer=True))
    weight = mx.nd.array(before, dtype=dtype)
    for k in range(5, 10):  # one of three gradients is in the sum already
        updater(0, mx.nd.array([[k, 1], [-k, 0.25]], dtype=dtype), weight)
    rounding = 1e-6 if dtype == "float32" else 1e-3
    np.testing.assert_allclose(weight.asnumpy().astype(float), after, rtol=rounding)


def test_gradients_of_16_bits_are_added_up_without_rounding():
    arguments = {"warmup_strategy": "lars", "learning_rate": 1.0, "multi_precision": True}
    updater = mx.optimizer.get_updater(mx.optimizer.create("lbsgd", batch_scale=64, **arguments))
    weight = mx.nd.zeros(2, dtype="float16")
    for _ in range(64):
        updater(0, mx.nd.array([1.0009765625, 100.0625], dtype="float16"), weight)
    # Sums of float16 would lose the last bits of each. The factor is at its least, 0.01.
    expected = (np.float32([1.0009765625, 100.0625]) * np.float32(-0.01)).astype("float16")
    assert weight.asnumpy().tolist() == expected.tolist()


def test_an_optimizer_that_has_only_what_mxnet_pickles_goes_on():
    lars = mx.optimizer.LARS(momentum=0.9, eta=0.1)
    lars.__dict__ = {key: value for key, value in vars(lars).items() if key != "_rated"}
    lars.last_lr = lars.cur_lr = 0.01
    updater = mx.optimizer.get_updater(lars)
    weight = mx.nd.ones((2, 3))
    updater(0, mx.nd.ones((2, 3)), weight)
    assert (weight.asnumpy() != 1).all()


@pytest.mark.parametrize("mixed", [False, True])
def test_states_of_mxnets_optimizer_for_tests_are_not_read(mixed):
    dtype = "float16" if mixed else "float32"
    updater = mx.optimizer.get_updater(mx.optimizer.create("test", multi_precision=mixed))
    weight, copy = mx.nd.ones(2, dtype=dtype), mx.nd.array([1, 2])
    states = {0: (mx.nd.ones(2), copy) if mixed else copy}
    updater.set_states(pickle.dumps(states), allow_pickle=True)
    updater(0, mx.nd.array([1, 2], dtype=dtype), weight)
    assert weight.asnumpy().tolist() == [2, 3]


def test_damage_is_noticed_and_changes_nothing():
    updater, _ = trained()
    contents = updater.get_states(True)
    before = updater.states
    for damaged in (b"", b"nonsense", contents[:100], contents[: len(contents) // 2]):
        with pytest.raises(StatesError):
            updater.set_states(damaged)
    with pytest.raises(StatesError):
        updater.set_states(contents.replace(b'"class": "Adam"', b'"class": "Adom"'))
    assert updater.states is before


def test_what_cannot_be_saved_is_named():
    updater, _ = trained("sgd", lr_scheduler=lambda n: 0.1)
    with pytest.raises(StatesError, match=r"SGD\.lr_scheduler is of type function"):
        updater.get_states(dump_optimizer=True)
    assert np.frombuffer(updater.get_states(), np.uint8).size


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        (
            "adam",
            [0.7499984502792358, 0.7499983906745911],
            [0.4999968409538269, 0.49999675154685974],
        ),
        (
            "lars",
            [0.9998418688774109, 0.9996837973594666],
            [0.9996837973594666, 0.9993676543235779],
        ),
    ],
)
def test_an_updater_that_mxnet_pickled_goes_on_where_it_was(name, first, second, monkeypatch):
    monkeypatch.setitem(sys.modules, "mxnet", mx)
    updater = pickle.loads((GOLDEN / f"updater_{name}_mxnet_1_9_1.pickle").read_bytes())
    assert type(updater) is mx.optimizer.Updater
    weight = mx.nd.array(first)
    updater(0, mx.nd.array([1, 2]), weight)
    np.testing.assert_allclose(weight.asnumpy(), second, rtol=1e-5)
    assert updater.optimizer.num_update == 2
    again = pickle.loads(pickle.dumps(updater))
    again(0, mx.nd.array([1, 2]), weight)
    assert again.optimizer.num_update == 3


def test_a_parameter_that_mxnet_pickled_with_its_trainer_comes_back_without_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mxnet", mx)
    contents = (GOLDEN / "parameter_with_trainer_mxnet_1_9_1.pickle").read_bytes()
    weight = pickle.loads(contents)
    assert weight._trainer is None
    assert weight.data().asnumpy().tolist() == [[1.5] * 3] * 2
    mx.gluon.Trainer([weight], "sgd").step(1, ignore_stale_grad=True)


def test_every_optimizer_is_in_the_module_that_mxnet_has_it_in():
    for name in set(mx.optimizer.__all__) - {"contrib"}:
        assert getattr(mx.optimizer.optimizer, name) is getattr(mx.optimizer, name)
