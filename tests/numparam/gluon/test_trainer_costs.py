"""What a step costs beside its arithmetic: calls into compiled code, and memory."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import numparam as mx
from numparam import autograd
from numparam.gluon import Parameter, Trainer
from numparam.kernels.cpu import _walk


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


def test_compiled_code_is_entered_once_for_each_dtype_and_context(monkeypatch):
    members = [*dense(30, contexts=2), *dense(30, "float64", contexts=2)]
    trainer = Trainer(members, "sgd", {"momentum": 0.9}, kvstore=None)
    write(members)
    trainer.step(1)
    entered = []
    run = _walk.run

    def counted(kernel, *arguments, **keywords):
        entered.append(kernel)
        return run(kernel, *arguments, **keywords)

    monkeypatch.setattr(_walk, "run", counted)
    write(members)
    entered.clear()
    trainer.step(1)
    assert len(entered) == 4


def peak_of_a_warm_step(count, name):
    members = dense(count)
    trainer = Trainer(members, name)
    for _ in range(3):
        write(members)
        trainer.step(1)
    write(members)
    gc.collect()
    tracemalloc.start()
    try:
        trainer.step(1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_warm_step_allocates_nothing_that_grows_with_the_model(name):
    # One byte for each parameter would show.
    few, many = peak_of_a_warm_step(20, name), peak_of_a_warm_step(4020, name)
    assert many - few < 4000


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

ROWS, COLUMNS = 10_000_000, 8
HELD = 1000


@pytest.mark.parametrize("lazy", [True, False])
def test_no_array_of_all_rows_and_columns_is_allocated(lazy):
    """Whatever is pulled, merged, retained or stepped takes a part of the table's 320 MB."""
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
            autograd.accumulate_grad(pulled, (ids, rows))
            trainer.step(1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    steps = 0 if lazy else 8 * ROWS  # the last step of each row
    assert peak < steps + ROWS * COLUMNS
