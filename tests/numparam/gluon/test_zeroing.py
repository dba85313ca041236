import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import numparam as mx
from numparam.devices import epochs
from numparam.gluon import ParameterDict
from numparam.gluon.zeroing import GradientTables
from numparam.kernels.cpu import _pool


@pytest.fixture
def entries(monkeypatch):
    """What has entered compiled code."""
    entered = []
    enter = _pool.enter

    def counting(call, *arguments):
        entered.append(call)
        return enter(call, *arguments)

    monkeypatch.setattr(_pool, "enter", counting)
    return entered


ONE = (mx.cpu(0),)


def dictionary(count, contexts=ONE, dtypes=("float32",), **keywords):
    parameters = ParameterDict("net_")
    for number in range(count):
        dtype = dtypes[number % len(dtypes)]
        parameters.get(f"w{number}", shape=(3, 2), dtype=dtype, **keywords)
    parameters.initialize("zeros", ctx=list(contexts))
    fill(parameters)
    return parameters


def fill(parameters):
    for parameter in parameters.values():
        for gradient in parameter._grad or []:
            full = mx.nd.ones((3, 2), dtype=gradient.dtype, ctx=gradient.context)
            gradient[:] = full if gradient.stype == "default" else full.tostype(gradient.stype)


def is_zero(parameters):
    return all(
        not gradient.asnumpy().any() for p in parameters.values() for gradient in p._grad or []
    )


@pytest.mark.parametrize("count", [1, 2, 200])
def test_zero_grad_enters_compiled_code_once_for_each_context_and_dtype(entries, count):
    contexts = [mx.cpu(0), mx.cpu(1)]
    dtypes = ("float32", "float16")[:count]
    parameters = dictionary(count, contexts, dtypes)
    for _ in range(3):
        fill(parameters)
        entries.clear()
        parameters.zero_grad()
        assert len(entries) == len(contexts) * len(dtypes)
        assert is_zero(parameters)


def test_sparse_gradients_cost_no_further_entries_when_they_are_empty(entries):
    parameters = dictionary(4)
    for stype in ("row_sparse", "csr"):
        parameters.get(stype, shape=(3, 2), grad_stype=stype).initialize("ones")
    fill(parameters)
    parameters.zero_grad()
    assert is_zero(parameters)
    assert parameters["net_row_sparse"].grad().indices.shape == (0,)
    assert parameters["net_csr"].grad().data.shape == (0,)
    entries.clear()
    parameters.zero_grad()
    assert len(entries) == 1


def test_zero_grad_keeps_the_gradient_objects_and_their_memory(device):
    parameters = dictionary(3, [mx.cpu(0), mx.cpu(1)])
    before = [(g, g._buffer) for p in parameters.values() for g in p._grad]
    parameters.zero_grad()
    after = [(g, g._buffer) for p in parameters.values() for g in p._grad]
    assert all(a is b and c is d for (a, c), (b, d) in zip(before, after, strict=True))
    assert is_zero(parameters)


def test_zero_grad_calls_the_kernels_of_each_context(opaque):
    parameters = dictionary(3, [mx.cpu(0), mx.cpu(1)])
    for backend in opaque.backends.values():
        backend.calls.clear()
    parameters.zero_grad()
    assert [backend.calls.count("reset.zero") for backend in opaque.backends.values()] == [1, 1]
    parameters["net_w0"].zero_grad()
    assert opaque.calls.count("reset.zero") == 4


CHANGES = {
    "another parameter": lambda ps: ps.get("new", shape=(3, 2)).initialize("ones"),
    "cast": lambda ps: ps["net_w0"].cast("float64"),
    "reset_ctx": lambda ps: ps["net_w0"].reset_ctx([mx.cpu(3)]),
    "grad_req": lambda ps: ps.setattr("grad_req", "add"),
    "force_reinit": lambda ps: ps.initialize(force_reinit=True),
    "taken over": lambda ps: ps.update(other()),
    "a gradient bound by hand": lambda ps: setattr(ps["net_w1"], "_grad", [mx.nd.ones((3, 2))]),
    "one gradient put into the list": lambda ps: ps["net_w1"]._grad.__setitem__(
        0, mx.nd.ones((3, 2))
    ),
    "a buffer bound anew": lambda ps: setattr(
        ps["net_w1"].grad(), "_buffer", mx.nd.ones((3, 2))._buffer
    ),
    "a parameter put in by hand": lambda ps: ps._params.update(other().items()),
    "a parameter taken out": lambda ps: ps._params.__delitem__("net_w0"),
}


def other():
    parameters = ParameterDict("other_")
    parameters.get("w", shape=(3, 2)).initialize("ones")
    return parameters


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_zero_grad_reaches_all_gradients_after_a_change(device, change):
    parameters = dictionary(3)
    parameters.zero_grad()
    CHANGES[change](parameters)
    for parameter in parameters.values():
        for gradient in parameter._grad:
            gradient[:] = 4
    parameters.zero_grad()
    assert is_zero(parameters)


def test_members_that_come_or_go_make_a_table_stale():
    parameters, stranger = dictionary(1), other()
    stranger["other_w"].grad()[:] = 4
    parameters.zero_grad()
    parameters.update(stranger)
    parameters.zero_grad()
    assert not stranger["other_w"].grad().asnumpy().any()
    del parameters._params["other_w"]
    stranger["other_w"].grad()[:] = 4
    parameters.zero_grad()
    assert stranger["other_w"].grad().asnumpy().all()


def test_a_table_is_built_once_and_again_only_where_arrays_changed(monkeypatch):
    from numparam.devices.registry import backend_of

    built = []
    table = backend_of("cpu").table

    class Counting:
        @staticmethod
        def build(buffers, **keywords):
            built.append(len(buffers))
            return table.build(buffers, **keywords)

    monkeypatch.setattr(backend_of("cpu"), "table", Counting)
    parameters = dictionary(5)
    parameters.zero_grad()
    parameters.zero_grad()
    assert built == [5]
    other()  # epochs of its own, which concern none of these parameters
    parameters.zero_grad()
    assert built == [5]
    parameters["net_w0"].cast("float64")
    parameters.zero_grad()
    assert built == [5, 5]


def test_replaced_gradients_are_not_kept_alive_by_a_table():
    parameters = dictionary(2)
    parameters.zero_grad()
    old = [weakref.ref(g._buffer) for p in parameters.values() for g in p._grad]
    for parameter in parameters.values():
        parameter.cast("float16")
    gc.collect()
    assert [reference() for reference in old] == [None, None]


@pytest.mark.parametrize("tie", ["the same arrays", "handles on the same memory"])
def test_a_tied_gradient_is_zeroed_once(device, tie):
    parameters = dictionary(2)
    first, second = parameters.values()
    same = tie == "the same arrays"
    second._grad = first._grad if same else [gradient.detach() for gradient in first._grad]
    parameters.zero_grad()
    assert [len(device.rows) for device in parameters._zeroing._dense.devices] == [1]
    assert is_zero(parameters)


def test_tables_are_neither_pickled_nor_copied():
    parameters = dictionary(2)
    parameters.zero_grad()
    for duplicate in (
        pickle.loads(pickle.dumps(parameters)),
        copy.deepcopy(parameters),
        copy.copy(parameters),
    ):
        assert duplicate._zeroing is None
    table = GradientTables(parameters._params)
    with pytest.raises(TypeError):
        pickle.dumps(table)
    with pytest.raises(TypeError):
        copy.deepcopy(table)


def test_zeroing_a_copy_leaves_the_original(device):
    parameters = dictionary(2)
    parameters.zero_grad()
    fill(parameters)
    copy.deepcopy(parameters).zero_grad()
    assert not is_zero(parameters)


def test_zero_grad_inside_record_and_in_several_threads(device):
    from concurrent.futures import ThreadPoolExecutor

    parameters = dictionary(50)
    with mx.autograd.record():
        parameters.zero_grad()
        assert mx.autograd.is_recording()
    fill(parameters)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: parameters.zero_grad(), range(20)))
    assert is_zero(parameters)


def test_special_values_and_every_dtype_become_zero(device):
    parameters = ParameterDict()
    dtypes = ("float16", "bfloat16", "float32", "float64", "int8", "int64", "uint8", "bool")
    for dtype in dtypes:
        parameters.get(dtype, shape=(3,), dtype=dtype).initialize("ones")
        parameters[dtype].grad()[:] = 1
    parameters["float32"].grad()[:] = np.float32([np.nan, -0.0, np.inf])
    parameters.zero_grad()
    for parameter in parameters.values():
        assert not np.signbit(parameter.grad().asnumpy().astype("float64")).any()
        assert not parameter.grad().asnumpy().any()


def test_new_rows_of_sparse_gradients_are_no_reason_to_look_at_any_buffer(monkeypatch):
    parameters = ParameterDict()
    dense = parameters.get("dense", shape=(3,))
    table = parameters.get("table", shape=(3, 2), grad_stype="row_sparse")
    late = parameters.get("late", shape=(3,), grad_req="null")
    parameters.initialize()
    parameters.zero_grad()
    built = parameters._zeroing
    looked = []
    monkeypatch.setattr(GradientTables, "_holds", lambda self: looked.append(self) or True)
    for _ in range(3):
        mx.autograd.accumulate_grad(table.data(), ([1], np.ones((1, 2))))
        dense.grad()[:] = 1
        parameters.zero_grad()
        assert parameters._zeroing is built
        assert not dense.grad().asnumpy().any()
        assert not table.grad().indices.shape[0]
    assert not looked
    monkeypatch.undo()
    late.grad_req = "add"
    late.grad()[:] = 1
    parameters.zero_grad()
    assert parameters._zeroing is not built
    assert not late.grad().asnumpy().any()


def test_a_table_that_another_thread_releases_while_it_is_checked_is_stale(monkeypatch):
    parameters = ParameterDict()
    parameters.get("weight", shape=(3,)).initialize()
    parameters.zero_grad()
    table = parameters._zeroing
    epochs.bump()
    monkeypatch.setattr(GradientTables, "_holds", lambda self: self.release() or True)
    assert not table.is_valid(parameters._params)
