import bisect
import copy
import gc
import operator
import pickle
import weakref
from collections import OrderedDict

import numpy as np
import pytest

import numparam as mx
from numparam.devices import epochs
from numparam.gluon import ParameterDict
from numparam.gluon.entries import Entries
from numparam.gluon.placed import Placed
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


def get_another(parameters):
    parameters.get("new", shape=(3, 2)).initialize("ones")


def cast(parameters):
    parameters["net_w0"].cast("float64")


def move(parameters):
    parameters["net_w0"].reset_ctx([mx.cpu(3)])


def set_grad_req(parameters):
    parameters.setattr("grad_req", "add")


def initialize_again(parameters):
    parameters.initialize(force_reinit=True)


def update(parameters):
    parameters.update(other())


def bind_a_list(parameters):
    parameters["net_w1"]._grad = [mx.nd.ones((3, 2))]


def bind_a_buffer(parameters):
    parameters["net_w1"].grad()._buffer = mx.nd.ones((3, 2))._buffer


def init_grad(parameters):
    parameters["net_w1"]._init_grad()


def set_item(gradients):
    gradients[0] = mx.nd.ones((3, 2))


def set_slice(gradients):
    gradients[:] = [mx.nd.ones((3, 2)), mx.nd.ones((3, 2))]


def delete_item(gradients):
    del gradients[0]
    gradients.append(mx.nd.ones((3, 2)))


def delete_slice(gradients):
    del gradients[:]
    gradients.append(mx.nd.ones((3, 2)))


def pop_and_append(gradients):
    gradients.pop()
    gradients.append(mx.nd.ones((3, 2)))


def insert(gradients):
    gradients.insert(0, mx.nd.ones((3, 2)))


def add_in_place(gradients):
    gradients += [mx.nd.ones((3, 2))]


def extend(gradients):
    gradients.extend([mx.nd.ones((3, 2))])


def clear_and_extend(gradients):
    gradients.clear()
    gradients.extend([mx.nd.ones((3, 2))])


def remove(gradients):
    gradients.remove(gradients[0])
    gradients.append(mx.nd.ones((3, 2)))


def reverse(gradients):
    gradients.append(mx.nd.ones((3, 2)))
    gradients.reverse()


def sort(gradients):
    gradients.append(mx.nd.ones((3, 2)))
    gradients.sort(key=id)


def past_its_methods(change):
    """Change a list without its own methods, which would announce it."""

    def changed(gradients):
        change(gradients, mx.nd.ones((3, 2)))

    changed.__name__ = change.__name__
    return changed


def append_to_list(gradients, new):
    list.append(gradients, new)


def set_item_of_list(gradients, new):
    list.__setitem__(gradients, 0, new)


def insert_by_bisection(gradients, new):
    bisect.insort(gradients, new, key=id)


def assign_in_c(gradients, new):
    operator.setitem(gradients, slice(0, 0), [new])


def in_list(change):
    def changed(parameters):
        change(parameters["net_w1"]._grad)

    return changed


def put_in_by_hand(parameters):
    parameters._params.update(other().items())


def put_in_by_setdefault(parameters):
    parameters._params.setdefault("other_w", other()["other_w"])


def merge_in_place(parameters):
    parameters._params |= dict(other().items())


def replace_a_member_past_the_mapping(parameters):
    OrderedDict.pop(parameters._params, "net_w0")
    OrderedDict.__setitem__(parameters._params, "other_w", other()["other_w"])


def put_in_past_the_order(parameters):
    dict.update(parameters._params, net_w0=other()["other_w"])


def keep_a_list_and_change_it_later(parameters):
    gradients = parameters["net_w1"]._grad
    parameters.zero_grad()
    parameters.zero_grad()
    list.append(gradients, mx.nd.ones((3, 2)))


def replace_the_mapping(parameters):
    parameters._params = OrderedDict(other().items())


def another_in_a_plain_mapping(parameters):
    parameters._params = OrderedDict(parameters.items())
    parameters.zero_grad()
    parameters._params["other_w"] = other()["other_w"]


def a_list_in_a_plain_mapping(parameters):
    parameters._params = OrderedDict(parameters.items())
    parameters.zero_grad()
    parameters["net_w1"]._grad.append(mx.nd.ones((3, 2)))


ADDITIONS = [
    pytest.param(get_another, id="another parameter"),
    pytest.param(cast, id="cast"),
    pytest.param(move, id="reset_ctx"),
    pytest.param(set_grad_req, id="grad_req"),
    pytest.param(initialize_again, id="force_reinit"),
    pytest.param(update, id="update"),
    pytest.param(init_grad, id="_init_grad"),
    pytest.param(bind_a_list, id="a list bound by hand"),
    pytest.param(bind_a_buffer, id="a buffer bound anew"),
    *(
        pytest.param(in_list(change), id=f"list: {change.__name__}")
        for change in (
            set_item,
            set_slice,
            delete_item,
            delete_slice,
            pop_and_append,
            insert,
            add_in_place,
            extend,
            clear_and_extend,
            remove,
            reverse,
            sort,
            *map(
                past_its_methods,
                (append_to_list, set_item_of_list, insert_by_bisection, assign_in_c),
            ),
        )
    ),
    pytest.param(put_in_by_hand, id="mapping: update"),
    pytest.param(put_in_by_setdefault, id="mapping: setdefault"),
    pytest.param(merge_in_place, id="mapping: |="),
    pytest.param(replace_a_member_past_the_mapping, id="mapping: another of the same number"),
    pytest.param(put_in_past_the_order, id="mapping: dict.update"),
    pytest.param(keep_a_list_and_change_it_later, id="list: kept, and changed later"),
    pytest.param(replace_the_mapping, id="mapping: replaced"),
    pytest.param(another_in_a_plain_mapping, id="plain mapping: another parameter"),
    pytest.param(a_list_in_a_plain_mapping, id="plain mapping: a list"),
]


def delete(entries):
    del entries["net_w0"]


def pop(entries):
    entries.pop("net_w0")


def pop_first(entries):
    entries.popitem(last=False)


def clear(entries):
    entries.clear()


REMOVALS = [delete, pop, pop_first, clear]


def other():
    parameters = ParameterDict("other_")
    parameters.get("w", shape=(3, 2)).initialize("ones")
    return parameters


@pytest.mark.parametrize("change", ADDITIONS)
def test_zero_grad_reaches_all_gradients_after_a_change(device, change):
    parameters = dictionary(3)
    parameters.zero_grad()
    change(parameters)
    for parameter in parameters.values():
        for gradient in parameter._grad:
            gradient[:] = 4
    parameters.zero_grad()
    assert is_zero(parameters)


@pytest.mark.parametrize("plain", [False, True], ids=["own mapping", "plain mapping"])
@pytest.mark.parametrize("remove", REMOVALS, ids=[remove.__name__ for remove in REMOVALS])
def test_zero_grad_leaves_a_parameter_that_is_gone(device, remove, plain):
    parameters = dictionary(3)
    if plain:
        parameters._params = OrderedDict(parameters.items())
    parameters.zero_grad()
    gone = parameters["net_w0"].grad()
    remove(parameters._params)
    gone[:] = 4
    parameters.zero_grad()
    assert (gone.asnumpy() == 4).all()


def test_zero_grad_leaves_the_members_of_a_mapping_that_was_replaced(device):
    parameters = dictionary(2)
    parameters.zero_grad()
    gone = parameters["net_w0"].grad()
    parameters._params = OrderedDict(net_w1=parameters["net_w1"])
    gone[:] = 4
    parameters.zero_grad()
    assert (gone.asnumpy() == 4).all()


def test_collections_that_nobody_has_are_not_looked_at(monkeypatch):
    parameters = ParameterDict()
    parameters.get("w", shape=(3, 2)).initialize()
    looked = []
    for kind in (Placed, Entries):
        monkeypatch.setattr(kind, "look", lambda self: looked.append(self))
    members = list(parameters.values())
    parameters.zero_grad()
    parameters.mean_grads()
    members[0].zero_grad()
    members[0].list_data()
    members[0].list_grad()
    epochs.current()
    own = [parameters._entries, *(member._state.gradients for member in members)]
    assert not any(collection is one for collection in looked for one in own)
    assert members[0]._grad is own[1]
    epochs.current()
    assert any(collection is own[1] for collection in looked)


def test_a_list_that_is_gone_is_no_longer_watched():
    parameters = dictionary(1)
    reference = weakref.ref(parameters["net_w0"]._grad)
    watched = len(epochs._watched)
    parameters["net_w0"].cast("float64")
    gc.collect()
    assert reference() is None
    assert len(epochs._watched) < watched


def test_a_changed_list_still_serves_its_contexts():
    parameter = dictionary(1, [mx.cpu(0), mx.cpu(1)])["net_w0"]
    first, second = parameter._data
    assert parameter.data(mx.cpu(1)) is second
    assert parameter._data.pop(0) is first
    assert parameter.data(mx.cpu(1)) is second
    parameter._data.insert(0, first)
    parameter._data.reverse()
    assert parameter.data(mx.cpu(1)) is second
    assert parameter.data(mx.cpu(0)) is first


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


def test_a_parameter_that_was_removed_past_the_announcements_is_not_zeroed():
    params = mx.gluon.ParameterDict()
    gone = params.get("gone", shape=2)
    params.get("stays", shape=2)
    params.initialize()
    params.zero_grad()
    gone.grad()[:] = 1
    OrderedDict.pop(params._params, "gone")
    params.zero_grad()
    assert gone.grad().tolist() == [1, 1]


class CastWhileLookedAt(list):
    """Tables of a parameter, which is cast when they are first looked at, as by another thread."""

    def __init__(self, parameter):
        self.parameter = parameter

    def __iter__(self):
        parameter, self.parameter = self.parameter, None
        if parameter is not None:
            parameter.cast("float64")
        return super().__iter__()


def test_tables_released_while_they_are_built_leave_no_gradient_as_it_was():
    parameters = dictionary(3)
    parameters["net_w1"]._tables = CastWhileLookedAt(parameters["net_w0"])
    parameters.zero_grad()
    assert parameters["net_w0"].dtype == "float64"
    assert is_zero(parameters)


def test_tables_released_before_they_are_used_leave_no_gradient_as_it_was(monkeypatch):
    parameters = dictionary(3)
    parameters.zero_grad()
    fill(parameters)
    is_valid = GradientTables.is_valid

    def cast_afterwards(self, members):
        answer = is_valid(self, members)
        monkeypatch.undo()
        parameters["net_w0"].cast("float64")
        return answer

    monkeypatch.setattr(GradientTables, "is_valid", cast_afterwards)
    parameters.zero_grad()
    assert is_zero(parameters)
