"""What a step costs beside its arithmetic: calls into compiled code, and memory."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import numparam as mx
from numparam import autograd, kernels
from numparam.gluon import Parameter, Trainer
from numparam.kernels.cpu import _pool


def dense(count, dtype="float32", contexts=1, shape=(64,)):
    made = [Parameter(f"{dtype}{i}", shape=shape, dtype=dtype) for i in range(count)]
    for parameter in made:
        parameter.initialize("ones", ctx=[mx.cpu(c) for c in range(contexts)])
    return made


def write(members):
    for parameter in members:
        arrays = parameter.list_data()
        ones = np.ones(parameter.shape, parameter.dtype)
        autograd.accumulate_grad(arrays, [ones] * len(arrays))


def entered(monkeypatch, trainer, members):
    """Return the kernels that a warm step enters, on one thread."""
    names = []
    enter = _pool.enter

    def counted(kernel, *arguments):
        names.append(kernel.__qualname__)
        return enter(kernel, *arguments)

    for _ in range(4):  # of a large batch of two gradients, the second one makes a step
        write(members)
        names.clear()
        with monkeypatch.context() as patched:
            patched.setattr(_pool, "enter", counted)
            trainer.step(1)
    return names


MOMENTUM = {"momentum": 0.9}
OPTIMIZERS = [
    *(
        pytest.param(name, {}, 1, id=name)
        for name in (
            "sgd", "ccsgd", "nag", "adam", "adamw", "adagrad", "groupadagrad", "rmsprop", "ftrl",
            "adadelta", "adamax", "nadam", "ftml", "signum", "dcasgd", "lbsgd", "test",
        )
    ),
    *(
        pytest.param(name, MOMENTUM, 1, id=f"{name} with momentum")
        for name in ("sgd", "nag", "dcasgd", "lbsgd")
    ),
    pytest.param("rmsprop", {"centered": True}, 1, id="centered rmsprop"),
    pytest.param("lamb", {}, 1, id="lamb"),
    # Those whose learning rate depends on norms, or that draw numbers, do so in a call before.
    pytest.param("lars", MOMENTUM, 2, id="lars"),
    pytest.param("sgld", {}, 2, id="sgld"),
    pytest.param("lbsgd", {"batch_scale": 2}, 3, id="lbsgd of two gradients"),
    pytest.param("lbsgd", {"warmup_strategy": "lars"}, 2, id="lbsgd with norms"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "passes"), OPTIMIZERS)
def test_compiled_code_is_entered_once_for_any_number_of_parameters(
    monkeypatch, name, arguments, passes
):
    counts = []
    for count in (2, 20):
        members = dense(count, shape=(3, 2))
        counts.append(len(entered(monkeypatch, Trainer(members, name, arguments), members)))
    assert counts == [passes, passes]


def test_compiled_code_is_entered_once_for_each_dtype_and_context(monkeypatch):
    members = [*dense(30, contexts=2), *dense(30, "float64", contexts=2)]
    trainer = Trainer(members, "sgd", {"momentum": 0.9}, kvstore=None)
    assert len(entered(monkeypatch, trainer, members)) == 4


@pytest.mark.parametrize("contexts", [2, 3])
@pytest.mark.parametrize("on_store", [True, False])
def test_sums_over_contexts_are_one_call_for_any_number_of_parameters(
    monkeypatch, contexts, on_store
):
    for count in (2, 20):
        members = dense(count, contexts=contexts, shape=(3, 2))
        options = {"update_on_kvstore": on_store}
        trainer = Trainer(members, "sgd", {"momentum": 0.9}, **options)
        # A sum, copies to the other contexts, and the steps on the store or on all contexts.
        expected = 2 + (1 if on_store else contexts)
        assert len(entered(monkeypatch, trainer, members)) == expected


def peak_of_a_warm_step(count, name, shape=(64,)):
    members = dense(count, shape=shape)
    trainer = Trainer(members, name)
    for _ in range(3):
        write(members)
        trainer.step(1)
    write(members)
    gc.collect()
    threads = kernels.set_num_threads(1)  # helpers take some memory, whatever the size
    tracemalloc.start()
    try:
        trainer.step(1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        kernels.set_num_threads(threads)


@pytest.mark.parametrize("name", ["sgd", "adam", "nadam", "groupadagrad", "sgld", "lbsgd"])
def test_a_warm_step_allocates_nothing_that_grows_with_the_number_of_parameters(name):
    # Two bytes for each parameter would show.
    few, many = peak_of_a_warm_step(20, name), peak_of_a_warm_step(2020, name)
    assert many - few < 4000


@pytest.mark.parametrize("name", ["sgd", "adam", "lamb", "lars", "sgld"])
def test_a_warm_step_allocates_nothing_that_grows_with_the_parameters(name):
    # One byte for each 4,096 elements would show, but for the sums of squares of so many.
    small, large = (peak_of_a_warm_step(2, name, (rows, 1024)) for rows in (4, 2004))
    assert large - small < (1000 if name not in ("lamb", "lars") else 2 * 2 * 8 * 501 + 2000)


def test_multipliers_and_states_that_change_are_noticed():
    members = dense(2, shape=(1,))
    trainer = Trainer(members, "sgd", {"learning_rate": 1.0, "momentum": 0.5})

    def step():
        before = [float(p.data().asscalar()) for p in members]
        write(members)
        trainer.step(1)
        return [float(p.data().asscalar()) - b for p, b in zip(members, before, strict=True)]

    assert step() == [-1, -1]
    assert step() == [-1.5, -1.5]
    members[0].lr_mult = 0.5
    assert step() == [-1.25, -1.75]
    trainer.optimizer.set_lr_mult({0: 2.0})  # those of the parameters come first, as in MXNet
    assert step() == [-1.125, -1.875]
    trainer.optimizer.set_lr_mult({})
    trainer._updaters[0].states[1] = mx.nd.zeros(1)
    assert step() == [-1.0625, -1]
    members[0].wd_mult, trainer.optimizer.wd = 0.0, 1.0
    assert step()[0] == -1.03125


# Row-sparse parameters

ROWS, COLUMNS = 10_000_000, 64
HELD = 1000


@pytest.mark.parametrize("lazy", [True, False])
def test_no_array_of_all_rows_and_columns_is_allocated(lazy):
    """Whatever is pulled, merged, retained or stepped takes a part of the table's 2.56 GB.

    The system commits pages of zeros when they are written to, so that the table takes little.
    """
    ids = np.arange(0, ROWS, ROWS // HELD)
    table = Parameter("table", shape=(ROWS, COLUMNS), stype="row_sparse", grad_stype="row_sparse")
    table.initialize("zeros")
    trainer = Trainer([table], "sgd", {"lazy_update": lazy, "wd": 0.1})
    rows = np.ones((len(ids), COLUMNS), np.float32)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(2):
            pulled = table.row_sparse_data(mx.nd.array(ids, dtype="int64"))
            mx.nd.sparse.retain(pulled, mx.nd.array(ids[:10], dtype="int64"))
            part = mx.nd.sparse.row_sparse_array((rows, ids), shape=(ROWS, COLUMNS))
            mx.nd.sparse.add_n(part, part)
            store = mx.kv.create("local")
            store.init("part", part)
            store.push("part", [part, part])
            store.row_sparse_pull("part", out=pulled, row_ids=mx.nd.array(ids, dtype="int64"))
            autograd.accumulate_grad(pulled, (ids, rows))
            trainer.step(1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    steps = 0 if lazy else 8 * ROWS  # the last step of each row
    assert peak < steps + ROWS * COLUMNS / 10
