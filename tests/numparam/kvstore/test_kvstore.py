"""Key-value stores beyond MXNet's recorded behaviour: what is fixed."""

from __future__ import annotations

import pickle
import threading
import tracemalloc

import numpy as np
import pytest

import numparam as mx


def table(rows=6, dtype="float32"):
    return mx.nd.array(np.arange(rows * 2).reshape(rows, 2), dtype=dtype).tostype("row_sparse")


def rows(ids, values=1.0, shape=(6, 2)):
    data = np.full((len(ids), shape[1]), values, np.float32)
    return mx.nd.sparse.row_sparse_array((data, ids), shape=shape)


def test_an_updater_may_wait_for_a_thread_that_uses_the_store():
    # As may a signal handler that runs while the main thread pushes.
    store = mx.kv.create()
    store.init(0, mx.nd.ones(2))
    pulled = []

    def updater(key, pushed, stored):
        out = mx.nd.zeros(2)
        thread = threading.Thread(target=lambda: pulled.append(store.pull(0, out)), daemon=True)
        thread.start()
        thread.join(30)
        stored += pushed

    store._set_updater(updater)
    store.push(0, mx.nd.ones(2))
    out = mx.nd.zeros(2)
    store.pull(0, out)
    assert pulled
    assert out.asnumpy().tolist() == [2, 2]


def test_errors_of_updaters_reach_the_caller():
    store = mx.kv.create()
    store.init(0, mx.nd.ones(2))

    def broken(key, pushed, stored):
        raise RuntimeError("broken")

    store._set_updater(broken)
    with pytest.raises(RuntimeError, match="broken"):
        store.push(0, mx.nd.ones(2))


def test_functions_of_ones_own_get_str_keys_as_bytes():
    keys = []
    store = mx.kv.create()
    store.init("w", mx.nd.ones(2))
    store._set_updater(lambda key, pushed, stored: keys.append(key))
    store.push("w", mx.nd.ones(2))
    assert keys == [b"w"]


def test_a_push_that_fails_changes_nothing(device):
    store = mx.kv.create()
    store.init([0, 1], [mx.nd.ones(2), table()])
    store.set_optimizer(mx.optimizer.SGD(learning_rate=1.0))
    for bad in (rows([7]), rows([-1]), rows([1], shape=(5, 2))):
        with pytest.raises(mx.MXNetError):
            store.push([0, 1], [mx.nd.ones(2), bad])
    out = mx.nd.zeros(2)
    store.pull(0, out=out)
    assert out.asnumpy().tolist() == [1, 1]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64", "float16", "float64"])
def test_row_ids_may_have_any_dtype(dtype, device):
    store = mx.kv.create()
    store.init("t", table())
    out = mx.nd.zeros((6, 2), stype="row_sparse")
    store.row_sparse_pull("t", out=out, row_ids=mx.nd.array([[5, 0], [5, 2]]).astype(dtype))
    assert out.indices.asnumpy().tolist() == [0, 2, 5]
    assert out.data.asnumpy().tolist() == [[0, 1], [4, 5], [10, 11]]


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        pytest.param([0, 6], IndexError, r"key 't': .*\[1\] is 6", id="large"),
        pytest.param([-1], IndexError, r"key 't': .*\[0\] is -1", id="negative"),
        pytest.param([0.5], ValueError, "key 't'", id="fraction"),
    ],
)
def test_row_ids_that_are_no_rows_are_refused(ids, error, message, device):
    store = mx.kv.create()
    store.init("t", table())
    out = mx.nd.zeros((6, 2), stype="row_sparse")
    with pytest.raises(error, match=message):
        store.row_sparse_pull("t", out=out, row_ids=mx.nd.array(ids, dtype="float64"))
    assert out.indices.asnumpy().size == 0


def test_outputs_share_no_memory_with_the_store_or_each_other(device):
    store = mx.kv.create()
    store.init("t", table())
    outs = [mx.nd.zeros((6, 2), stype="row_sparse") for _ in range(2)]
    store.row_sparse_pull("t", out=outs, row_ids=mx.nd.array([1]))
    outs[0][:] = 9
    assert outs[1].data.asnumpy().tolist() == [[2, 3]]
    whole = mx.nd.zeros((6, 2))
    store.pull("t", out=whole)
    assert whole.asnumpy()[1].tolist() == [2, 3]


def test_of_outputs_that_share_memory_the_last_one_stays(device):
    store = mx.kv.create("device")
    store.init([3, 5, 7], [mx.nd.ones((2, 2)), mx.nd.ones((2, 2)) * 2, mx.nd.ones((2, 2)) * 3])
    out = mx.nd.zeros((2, 2))
    store.pull([3, 5, 7], out=[out] * 3)
    assert out.asnumpy().tolist() == [[3, 3], [3, 3]]
    store.pull([7, 5], out=[out, out.reshape((2, 2))])
    assert out.asnumpy().tolist() == [[2, 2], [2, 2]]


def test_exact_rows_are_up_to_date_when_they_are_pulled(device):
    store = mx.kv.create()
    store.init("t", table())
    optimizer = mx.optimizer.SGD(learning_rate=1.0, wd=0.5, lazy_update=False)
    updater = mx.optimizer.get_updater(optimizer)
    updater.delays_rows = True
    store._set_updater(updater)
    store.push("t", rows([1]))
    out = mx.nd.zeros((6, 2), stype="row_sparse")
    store.row_sparse_pull("t", out=out, row_ids=mx.nd.array([2]))
    assert out.data.asnumpy().tolist() == [[2, 2.5]]
    assert updater.histories["t"].is_behind
    whole = mx.nd.zeros((6, 2))
    store.pull("t", out=whole)
    assert whole.asnumpy()[5].tolist() == [5, 5.5]


def test_optimizer_states_are_saved_and_loaded(tmp_path):
    stores = []
    for _ in range(2):
        store = mx.kv.create()
        store.init(0, mx.nd.ones(2))
        store.set_optimizer(mx.optimizer.Adam(learning_rate=0.1))
        stores.append(store)
    first, second = stores
    first.push(0, mx.nd.ones(2))
    second._values[0][:] = first._values[0]
    first.save_optimizer_states(tmp_path / "states", dump_optimizer=True)
    second.load_optimizer_states(tmp_path / "states")
    for store in stores:
        store.push(0, mx.nd.full(2, 3))
    assert first._values[0].asnumpy().tolist() == second._values[0].asnumpy().tolist()


def test_a_store_is_not_pickled():
    with pytest.raises(TypeError, match="one process"):
        pickle.dumps(mx.kv.create())


def test_rows_of_large_tables_cost_memory_for_these_rows_alone():
    store = mx.kv.create()
    count = 1_000_000
    ids = mx.nd.array(np.arange(count), dtype="int64")
    large = mx.nd.sparse.row_sparse_array((mx.nd.zeros((count, 16)), ids), shape=(count, 16))
    store.adopt(0, large)
    store.set_optimizer(mx.optimizer.SGD(learning_rate=1.0, wd=0.1))
    gradient = rows([3, 999_999], shape=(count, 16))
    out = mx.nd.zeros((count, 16), stype="row_sparse")
    few = mx.nd.array([3, 5], dtype="int64")
    for _ in range(2):  # the first time compiles
        tracemalloc.start()
        store.push(0, [gradient, gradient])
        store.row_sparse_pull(0, out=out, row_ids=few)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("again", ["set_optimizer", "_set_updater"])
def test_an_optimizer_that_is_set_again_starts_anew(again, tmp_path):
    def momentum_of(store):
        store.push("w", mx.nd.array([1.0]))
        out = mx.nd.zeros(1)
        store.pull("w", out)
        return out.asscalar()

    optimizer = mx.optimizer.SGD(learning_rate=1.0, momentum=0.5)
    store = mx.kv.create()
    store.init("w", mx.nd.zeros(1))
    store.set_optimizer(optimizer)
    assert [momentum_of(store), momentum_of(store)] == [-1, -2.5]  # -1, then -1 and half of it
    store.save_optimizer_states(tmp_path / "states")
    if again == "set_optimizer":
        store.set_optimizer(optimizer)
    else:
        store._set_updater(mx.optimizer.get_updater(optimizer))
    assert momentum_of(store) == -3.5  # not -4.25: the momentum is forgotten
    store.load_optimizer_states(tmp_path / "states")
    assert momentum_of(store) == -5.25  # -1 and half of -1.5 again


def test_the_only_worker_waits_for_no_other():
    store = mx.kv.create()
    assert (store.rank, store.num_workers) == (0, 1)
    store._barrier()


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_dense_values_are_pulled_into_sparse_arrays(stype):
    store = mx.kv.create("local")
    store.init("w", mx.nd.array([[1, 0], [0, 2]]))
    out = mx.nd.zeros((2, 2), stype=stype)
    store.pull("w", out=out, ignore_sparse=False)
    assert out.stype == stype
    assert out.asnumpy().tolist() == [[1, 0], [0, 2]]
