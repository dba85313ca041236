"""Key-value stores: init, push, pull, pushpull, broadcast, rows, updaters, errors."""

from __future__ import annotations

from harness import case, outcome, raises, refused


def _ones(mx, count=3, value=1.0):
    return [mx.nd.full((2, 2), value * (i + 1), ctx=mx.cpu(i)) for i in range(count)]


@case(
    "2.7 create",
    fix="unknown names are refused; MXNet makes some store for any name",
    fixed={"device_sync": raises("MXNetError"), "other": raises("MXNetError")},
)
def create(mx):
    results = {}
    for name in ("local", "device", "DEVICE", "local_allreduce_cpu", "teststore"):
        results[name] = outcome(lambda name=name: mx.kv.create(name).type)
    for name in ("device_sync", "other"):
        results[name] = outcome(lambda name=name: mx.kv.create(name).type)
    results["no name"] = outcome(lambda: mx.kv.create(None))
    store = mx.kv.create("local")
    results["rank"] = outcome(lambda: [store.rank, store.num_workers])
    results["capable"] = outcome(lambda: store.is_capable("optimizer"))
    results["unknown capability"] = outcome(lambda: store.is_capable("other"))
    test = mx.kv.create("teststore")
    results["teststore capable"] = outcome(lambda: test.is_capable("optimizer"))
    results["teststore optimizer"] = outcome(lambda: test.set_optimizer(None))
    return results


@case("2.7 values")
def values(mx):
    def pulled(keys, use):
        store = mx.kv.create("local")
        outs = [mx.nd.zeros((2, 2), ctx=mx.cpu(i)) for i in range(2)]
        use(store, outs)
        return outs

    def init(store, outs):
        store.init("a", mx.nd.full((2, 2), 7))
        store.pull("a", out=outs)

    def push(store, outs):
        store.init(3, mx.nd.zeros((2, 2)))
        store.push(3, _ones(mx))
        store.pull(3, out=outs)

    def push_one(store, outs):
        store.init(3, mx.nd.zeros((2, 2)))
        store.push(3, mx.nd.full((2, 2), 4))
        store.pull(3, out=outs[1])

    def repeated(store, outs):
        store.init(3, mx.nd.zeros((2, 2)))
        store.push([3, 3], [mx.nd.ones((2, 2)), mx.nd.ones((2, 2))])
        store.pull(3, out=outs)

    def lists(store, outs):
        store.init([1, 2], [mx.nd.zeros((2, 2))] * 2)
        store.push([1, 2], [_ones(mx), _ones(mx, value=10.0)])
        store.pull([1, 2], out=outs)

    def pushpull(store, outs):
        store.init(3, mx.nd.zeros((2, 2)))
        store.pushpull(3, _ones(mx), out=outs)

    def in_place(store, outs):
        store.init(3, mx.nd.zeros((2, 2)))
        given = _ones(mx, 2)
        store.pushpull(3, given)
        outs[:] = given

    def broadcast(store, outs):
        store.broadcast("k", mx.nd.full((2, 2), 5), out=outs)

    def updater(store, outs):
        store.init(3, mx.nd.ones((2, 2)))

        def add(key, pushed, stored):
            stored += pushed * (key + 1)

        store._set_updater(add)
        store.push(3, _ones(mx))
        store.pull(3, out=outs)

    def optimizer(store, outs):
        store.init(3, mx.nd.ones((2, 2)))
        store.set_optimizer(mx.optimizer.create("sgd", learning_rate=0.5, momentum=0.5))
        for _ in range(2):
            store.push(3, _ones(mx))
        store.pull(3, out=outs)

    uses = (
        init,
        push,
        push_one,
        repeated,
        lists,
        pushpull,
        in_place,
        broadcast,
        updater,
        optimizer,
    )
    return {use.__name__: outcome(lambda use=use: pulled(None, use)) for use in uses}


@case(
    "2.7 what is pushed is copied",
    fix="a single value that is pushed is copied, too",
    fixed={"one value": {"value": {"float": "1.0"}}},
)
def copies(mx):
    def run(count):
        store = mx.kv.create("local")
        store.init(0, mx.nd.zeros((2, 2)))
        given = _ones(mx, count)
        store.push(0, given if count > 1 else given[0])
        out = mx.nd.zeros((2, 2))
        store.pull(0, out=out)
        mx.nd.waitall()
        given[0][:] = 9
        store.pull(0, out=out)
        return float(out.asnumpy()[0, 0])

    return {"one value": outcome(lambda: run(1)), "two values": outcome(lambda: run(2))}


@case("2.7 row_sparse_pull")
def rows(mx):
    def store_of(rows=4):
        store = mx.kv.create("local")
        table = mx.nd.arange(8).reshape((4, 2)).tostype("row_sparse")
        store.init("t", table)
        return store

    def pulled(ids, dtype="int64", count=1):
        store = store_of()
        outs = [mx.nd.zeros((4, 2), stype="row_sparse", ctx=mx.cpu(i)) for i in range(count)]
        out = outs if count > 1 else outs[0]
        store.row_sparse_pull("t", out=out, row_ids=mx.nd.array(ids, dtype=dtype))
        return outs

    def dense():
        store = store_of()
        out = mx.nd.zeros((4, 2))
        store.pull("t", out=out, ignore_sparse=False)
        return out

    def ignored():
        store = store_of()
        out = mx.nd.zeros((4, 2), stype="row_sparse")
        store.pull("t", out=out)
        return out.indices.asnumpy().tolist()

    def summed():
        store = store_of()
        first = mx.nd.sparse.row_sparse_array(([[1.0, 1.0]], [2]), shape=(4, 2))
        second = mx.nd.sparse.row_sparse_array(([[2.0, 2.0], [3.0, 3.0]], [0, 2]), shape=(4, 2))
        store.push("t", [first, second])
        out = mx.nd.zeros((4, 2), stype="row_sparse")
        store.row_sparse_pull("t", out=out, row_ids=mx.nd.array([0, 1, 2, 3]))
        return out

    return {
        "unsorted": outcome(lambda: pulled([3, 1, 3])),
        "int32": outcome(lambda: pulled([3, 1], "int32")),
        "float32": outcome(lambda: pulled([3, 1], "float32")),
        "two outputs": outcome(lambda: pulled([3, 1], count=2)),
        "dense": outcome(dense),
        "ignored": outcome(ignored),
        "summed": outcome(summed),
        "no ids": outcome(lambda: store_of().row_sparse_pull("t", out=mx.nd.zeros((4, 2)))),
        "no rows": outcome(lambda: pulled([])),
    }


@case(
    "2.7 bad arguments",
    fix="all of a csr push is refused",
    fixed={"csr": refused},
)
def errors(mx):
    def store_of():
        store = mx.kv.create("local")
        store.init(1, mx.nd.zeros((2, 2)))
        return store

    out = mx.nd.zeros((2, 2))
    csr = mx.nd.array([[1, 0], [0, 2]]).tostype("csr")
    return {
        "init twice": outcome(lambda: store_of().init(1, out)),
        "mixed keys": outcome(lambda: store_of().init("a", out)),
        "float key": outcome(lambda: store_of().init(1.5, out)),
        "pull unknown": outcome(lambda: store_of().pull(2, out=out)),
        "push unknown": outcome(lambda: store_of().push(2, out)),
        "no out": outcome(lambda: store_of().pull(1)),
        "other shape": outcome(lambda: store_of().pull(1, out=mx.nd.zeros((3, 2))).asnumpy()),
        "numbers": outcome(lambda: store_of().push(1, [1, 2])),
        "save without optimizer": outcome(lambda: store_of().save_optimizer_states("x")),
        "load without optimizer": outcome(lambda: store_of().load_optimizer_states("x")),
        "csr": outcome(lambda: store_of().push(1, csr)),
    }


@case("2.7 a registered store")
def registered(mx):
    class CountingStore(mx.kvstore.KVStoreBase):
        pass

    mx.kvstore.KVStoreBase.register(CountingStore)
    made = mx.kv.create("countingstore")
    return {
        "class": outcome(lambda: type(made).__name__),
        "broadcast": outcome(lambda: made.broadcast(1, None, None)),
        "pushpull": outcome(lambda: made.pushpull(1, None)),
        "type": outcome(lambda: made.type),
        "capable": outcome(lambda: made.is_capable("optimizer")),
    }
