"""Rows that are updated later: any interleaving gives the bits of the dense optimizer."""

from __future__ import annotations

import copy
import faulthandler
import os
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam.optimizer import exact_rows
from tests.support.opaque import opaque_device

ROWS, COLUMNS = 6, 2
OPTIMIZERS = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("nag", {"momentum": 0.9}),
    ("adam", {}),
    ("adamw", {}),
    ("adagrad", {}),
    ("groupadagrad", {}),
    ("rmsprop", {}),
    ("rmsprop", {"centered": True, "epsilon": 1e-3}),
    ("ftrl", {}),
    ("adadelta", {}),
    ("adamax", {}),
    ("nadam", {}),
    ("ftml", {}),
    ("signum", {"wd_lh": 0.1}),
    ("dcasgd", {"momentum": 0.5}),
    ("test", {}),
]


def optimizer_of(name, own, wd, clip, schedule, **keywords):
    scheduler = mx.lr_scheduler.FactorScheduler(2, 0.7, base_lr=0.2) if schedule else None
    rate = {} if schedule else {"learning_rate": 0.2}
    return mx.optimizer.create(
        name, wd=wd, clip_gradient=clip, lr_scheduler=scheduler, **rate, **own, **keywords
    )


class Pair:
    """A weight trained by row-sparse gradients, some rows later, and its dense twin."""

    def __init__(self, seed, dtype, **arguments):
        numbers = np.random.default_rng(seed)
        values = mx.nd.array(numbers.normal(size=(ROWS, COLUMNS))).astype(dtype)
        self.dtype = dtype
        self.dense, self.sparse = values, values.tostype("row_sparse")
        self.whole = mx.optimizer.get_updater(optimizer_of(**arguments))
        self.exact = mx.optimizer.get_updater(optimizer_of(lazy_update=False, **arguments))
        self.exact.delays_rows = True

    def step(self, ids, seed):
        numbers = np.random.default_rng(seed).normal(size=(len(ids), COLUMNS))
        rows = mx.nd.array(numbers.reshape(-1, COLUMNS), dtype=self.dtype)
        gradient = mx.nd.sparse.row_sparse_array(
            (rows, mx.nd.array(ids, dtype="int64")), shape=(ROWS, COLUMNS)
        )
        summed = np.zeros((ROWS, COLUMNS))
        np.add.at(summed, ids, rows.astype("float64").asnumpy())
        self.exact("table", gradient, self.sparse)
        self.whole("table", mx.nd.array(summed, dtype=self.dtype), self.dense)

    def set(self, name, value):
        for updater in (self.exact, self.whole):
            setattr(updater.optimizer, name, value)

    def catch_up(self, ids=None):
        buffer = None if ids is None else mx.nd.array(sorted(ids), dtype="int64")._buffer
        self.exact.catch_up("table", buffer)
        chosen = list(range(ROWS)) if ids is None else sorted(ids)
        assert self.bits(self.sparse)[chosen].tobytes() == self.bits(self.dense)[chosen].tobytes()

    def save_and_load(self):
        for name in ("exact", "whole"):
            updater = getattr(self, name)
            again = mx.optimizer.get_updater(mx.optimizer.create("sgd"))
            again.set_states(updater.get_states(dump_optimizer=True))
            again.delays_rows = updater.delays_rows
            setattr(self, name, again)

    @staticmethod
    def bits(array):
        return array.tostype("default").astype("float32").asnumpy().view(np.uint32)

    def check_all(self):
        self.exact.catch_up()
        assert self.bits(self.sparse).tobytes() == self.bits(self.dense).tobytes()
        for one, other in zip(
            arrays(self.exact.states["table"]), arrays(self.whole.states["table"]), strict=True
        ):
            assert self.bits(one).tobytes() == self.bits(other).tobytes()


def arrays(state):
    if isinstance(state, (tuple, list)):
        return [array for one in state for array in arrays(one)]
    return [] if state is None else [state]


ids = st.lists(st.integers(0, ROWS - 1), max_size=4)
actions = st.one_of(
    st.tuples(st.just("step"), ids, st.integers(0, 99)),
    st.tuples(st.just("step"), ids, st.integers(0, 99)),
    st.tuples(st.just("catch_up"), st.one_of(st.none(), st.sets(st.integers(0, ROWS - 1)))),
    st.tuples(st.just("save_and_load")),
    st.tuples(
        st.just("set"), st.sampled_from(["wd", "rescale_grad"]), st.sampled_from([0.0, 0.1, 0.5])
    ),
)


@pytest.mark.filterwarnings("ignore:.*small changes of it are lost")
@settings(max_examples=150)
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    dtype=st.sampled_from(["float32", "float32", "float16", "bfloat16"]),
    multi_precision=st.booleans(),
    wd=st.sampled_from([0.0, 0.02]),
    clip=st.sampled_from([None, 0.5]),
    schedule=st.booleans(),
    sequence=st.lists(actions, min_size=1, max_size=12),
)
def test_any_interleaving_has_the_bits_of_the_dense_optimizer(
    optimizer, dtype, multi_precision, wd, clip, schedule, sequence
):
    name, own = optimizer
    # On the reference, which compiles nothing; the kernels' own tests compare the others with it.
    with opaque_device("cpu"):
        interleave(name, own, dtype, multi_precision, wd, clip, schedule, sequence)


def interleave(name, own, dtype, multi_precision, wd, clip, schedule, sequence):
    pair = Pair(
        0, dtype, name=name, own=own, wd=wd, clip=clip, schedule=schedule,
        multi_precision=multi_precision,
    )  # fmt: skip
    pair.step([0, 2], 1)
    for action, *arguments in sequence:
        getattr(pair, action)(*arguments)
    pair.check_all()


@settings(max_examples=30)
@given(
    optimizer=st.sampled_from([("sgd", {"momentum": 0.9}), ("adam", {})]),
    schedule=st.booleans(),
    sequence=st.lists(actions, min_size=1, max_size=12),
)
def test_any_interleaving_has_the_same_bits_when_compiled(optimizer, schedule, sequence):
    name, own = optimizer
    interleave(name, own, "float32", False, 0.02, None, schedule, sequence)


def behind(updater):
    return updater.histories["table"].is_behind


def some_pair(**keywords):
    arguments = {"name": "sgd", "own": {"momentum": 0.9}, "wd": 0.01, "clip": None}
    pair = Pair(0, "float32", schedule=False, **{**arguments, **keywords})
    pair.step([1], 1)
    return pair


def test_rows_without_a_gradient_wait_and_a_catch_up_brings_them():
    pair = some_pair()
    assert behind(pair.exact)
    untouched = pair.sparse.asnumpy()
    pair.step([1], 2)
    assert (pair.sparse.asnumpy()[[0, 2]] == untouched[[0, 2]]).all()
    pair.check_all()
    assert not behind(pair.exact)


def test_dense_weights_never_wait():
    updater = mx.optimizer.get_updater(optimizer_of("sgd", {}, 0.5, None, False, lazy_update=False))
    updater.delays_rows = True
    weight = mx.nd.ones((ROWS, COLUMNS))
    gradient = mx.nd.zeros((ROWS, COLUMNS), stype="row_sparse")
    updater(0, gradient, weight)
    assert not updater.histories
    assert (weight.asnumpy() < 1).all()


def test_the_number_of_noted_steps_is_bounded(monkeypatch):
    monkeypatch.setattr(exact_rows, "LIMIT", 5)
    pair = some_pair()
    for step in range(23):
        pair.step([step % ROWS], step)
        assert len(pair.exact.histories["table"]._steps) <= 16
        assert pair.exact.histories["table"]._count <= 5
    pair.check_all()


def test_a_dense_gradient_and_lazy_updates_come_after_the_missed_steps():
    pair = some_pair()
    dense = mx.nd.ones((ROWS, COLUMNS))
    pair.exact("table", dense, pair.sparse)
    pair.whole("table", dense, pair.dense)
    pair.step([2], 3)
    pair.check_all()
    pair.step([2], 3)
    pair.exact.optimizer.lazy_update = True
    gradient = mx.nd.sparse.row_sparse_array((np.ones((1, 2), "f"), [0]), shape=(ROWS, COLUMNS))
    before = pair.dense.asnumpy()
    pair.exact("table", gradient, pair.sparse)
    assert pair.sparse.asnumpy()[1:].tobytes() == before[1:].tobytes()


def test_other_arrays_of_the_weight_or_states_are_noticed():
    pair = some_pair()
    pair.step([3], 2)
    pair.exact.catch_up()
    pair.exact.states["table"] = pair.exact.states["table"].copy()
    pair.step([3], 3)
    pair.check_all()
    pair.sparse = pair.sparse.copy()
    pair.step([4], 4)
    pair.check_all()


def test_histories_are_neither_pickled_nor_copied():
    pair = some_pair()
    history = pair.exact.histories["table"]
    with pytest.raises(TypeError, match="one process"):
        pickle.dumps(history)
    with pytest.raises(TypeError, match="one weight"):
        copy.deepcopy(history)


def test_pickling_an_updater_brings_rows_up_to_date():
    pair = some_pair()
    again = pickle.loads(pickle.dumps(pair.exact))
    assert pair.sparse.asnumpy().tobytes() == pair.dense.asnumpy().tobytes()
    assert not again.histories


@pytest.mark.parametrize("ids", [[6], [-1], [0, 7]])
def test_rows_out_of_range_are_refused_and_nothing_changes(ids):
    pair = some_pair()
    before = pair.exact.optimizer.num_update, pair.sparse.asnumpy().tobytes()
    rows = np.ones((len(ids), COLUMNS), "f")
    gradient = mx.nd.sparse.row_sparse_array((rows, ids), shape=(ROWS, COLUMNS))
    with pytest.raises(IndexError, match=r"Parameter 'table'.*ids\[\d\] is"):
        pair.exact("table", gradient, pair.sparse)
    assert (pair.exact.optimizer.num_update, pair.sparse.asnumpy().tobytes()) == before
    pair.check_all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_while_another_thread_makes_a_step_can_catch_up(monkeypatch):
    pair = some_pair()
    history = pair.exact.histories["table"]
    inside, over = threading.Event(), threading.Event()

    def wait(*_):
        inside.set()
        over.wait(60)

    monkeypatch.setattr(history, "_catch_up", wait)
    thread = threading.Thread(target=history.catch_up)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(30, exit=True)
        monkeypatch.undo()
        history.catch_up()
        os._exit(0 if not history.is_behind else 1)
    over.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
