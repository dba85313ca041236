"""The Trainer beyond MXNet's recorded behaviour: what is fixed, and what is exact."""

from __future__ import annotations

import numpy as np
import pytest

import numparam as mx
from numparam import autograd
from numparam.gluon import Parameter, Trainer
from numparam.optimizer import saved_states


def parameters(count=2, contexts=1, **keywords):
    made = [Parameter(f"w{i}", shape=(2, 3), **keywords) for i in range(count)]
    for parameter in made:
        parameter.initialize("ones", ctx=[mx.cpu(c) for c in range(contexts)])
    return made


def backward(members, value=1.0):
    for parameter in members:
        grads = [np.full((2, 3), value)] * len(parameter.list_ctx())
        autograd.accumulate_grad(parameter.list_data(), grads)


def values(parameter):
    return [float(array.asnumpy()[0, 0]) for array in parameter.list_data()]


MODES = [
    pytest.param(1, None, id="one-context"),
    pytest.param(2, True, id="on-the-store"),
    pytest.param(2, False, id="beside-the-store"),
]


@pytest.mark.parametrize(("contexts", "on_store"), MODES)
def test_values_set_behind_its_back_are_kept(contexts, on_store, device):
    (parameter,) = members = parameters(1, contexts)
    trainer = Trainer(members, "sgd", {"learning_rate": 1.0}, update_on_kvstore=on_store)
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [0] * contexts
    for array in parameter.list_data():
        array[:] = 5
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [4] * contexts
    parameter.set_data(mx.nd.full((2, 3), 9))
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [8] * contexts
    parameter.initialize("zeros", ctx=parameter.list_ctx(), force_reinit=True)
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [-1] * contexts


@pytest.mark.parametrize(("contexts", "on_store"), MODES)
def test_optimizer_states_survive_set_data_moves_and_casts(contexts, on_store, device):
    (parameter,) = members = parameters(1, contexts)
    arguments = {"learning_rate": 1.0, "momentum": 0.5}
    trainer = Trainer(members, "sgd", arguments, update_on_kvstore=on_store)
    backward(members)
    trainer.step(contexts)
    parameter.set_data(mx.nd.zeros((2, 3)))
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [-1.5] * contexts
    parameter.reset_ctx([mx.cpu(c + 1) for c in range(contexts)])
    parameter.set_data(mx.nd.zeros((2, 3)))
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [-1.75] * contexts
    parameter.cast("float64")
    parameter.set_data(mx.nd.zeros((2, 3)))
    backward(members)
    trainer.step(contexts)
    assert values(parameter) == [-1.875] * contexts


@pytest.mark.parametrize(("contexts", "on_store"), MODES)
def test_a_failed_step_leaves_everything_as_it_was(contexts, on_store):
    members = parameters(2, contexts)
    trainer = Trainer(members, "adam", update_on_kvstore=on_store)
    backward(members)
    trainer.step(2)
    scale, before = trainer.optimizer.rescale_grad, [values(one) for one in members]
    trainer.optimizer.beta1 = float("nan")
    backward(members, 3.0)
    with pytest.raises(ValueError, match="beta1 must be finite"):
        trainer.step(7)
    with pytest.raises(ZeroDivisionError):
        trainer.step(0)
    assert [values(one) for one in members] == before
    assert trainer.optimizer.rescale_grad == scale
    assert trainer.optimizer.num_update == 1
    assert all((grad.asnumpy() == 3).all() for one in members for grad in one.list_grad())
    trainer.optimizer.beta1 = 0.9
    trainer.step(2)  # the gradients are still fresh
    assert trainer.optimizer.num_update == 2


@pytest.mark.parametrize(("contexts", "on_store"), MODES)
def test_stale_gradients_are_noticed_before_anything_changes(contexts, on_store):
    members = parameters(2, contexts)
    trainer = Trainer(members, "sgd", {"learning_rate": 1.0}, update_on_kvstore=on_store)
    backward(members[:1])
    with pytest.raises(UserWarning, match="Parameter 'w1' on cpu"):
        trainer.step(contexts)
    assert [values(one) for one in members] == [[1] * contexts] * 2
    trainer.step(contexts, ignore_stale_grad=True)
    assert [values(one) for one in members] == [[0] * contexts, [1] * contexts]
    trainer.step(contexts, ignore_stale_grad=True)
    assert [values(one) for one in members] == [[0] * contexts, [1] * contexts]


def test_gradients_written_through_shared_memory_count_as_fresh():
    (parameter,) = members = parameters(1)
    trainer = Trainer(members, "sgd", {"learning_rate": 1.0})
    shared = np.from_dlpack(parameter.grad())
    for step in range(2):
        shared[:] = 2
        trainer.step(1)
        assert values(parameter) == [-1 - 2 * step]


def test_gradients_that_torch_writes_count_as_fresh():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    (parameter,) = members = parameters(1)
    trainer = Trainer(members, "sgd", {"learning_rate": 1.0})
    weight = torch.from_dlpack(parameter.data()).requires_grad_()
    weight.grad = torch.from_dlpack(parameter.grad())
    weight.sum().backward()
    trainer.step(1)
    assert values(parameter) == [0]


def test_states_are_saved_without_pickle_and_loaded(tmp_path, device):
    for contexts, on_store in ((1, None), (2, True), (2, False)):
        members = parameters(1, contexts)
        trainer = Trainer(members, "adam", {"learning_rate": 0.1}, update_on_kvstore=on_store)
        for _ in range(3):
            backward(members)
            trainer.step(1)
        trainer.save_states(tmp_path / "states")
        again = parameters(1, contexts)
        other = Trainer(again, "sgd", update_on_kvstore=on_store)
        other.load_states(tmp_path / "states")
        again[0].set_data(members[0].data(mx.cpu(0)))
        for one, its in ((trainer, members), (other, again)):
            backward(its)
            one.step(1)
        assert values(members[0]) == values(again[0])
        assert other.optimizer.param_dict == {0: again[0]}
        assert other.learning_rate == 0.1


@pytest.mark.parametrize(("contexts", "on_store"), MODES)
def test_loading_that_is_interrupted_changes_nothing(tmp_path, contexts, on_store, monkeypatch):
    def count_until_interrupted(*arguments, **keywords):
        nonlocal loads
        loads -= 1
        if loads < 0:
            raise KeyboardInterrupt
        return loaded(*arguments, **keywords)

    loaded, loads = saved_states.loads, 100
    members = parameters(2, contexts)
    trainer = Trainer(members, "sgd", {"momentum": 0.5}, update_on_kvstore=on_store)
    trainer.save_states(tmp_path / "states")
    backward(members)
    trainer.step(1)
    updaters, optimizer = trainer._active(), trainer.optimizer
    held = [dict(updater.states) for updater in updaters]
    monkeypatch.setattr(saved_states, "loads", count_until_interrupted)
    for reads in range(1 + len(updaters)):  # to check the file, and for each updater
        loads = reads
        with pytest.raises(KeyboardInterrupt):
            trainer.load_states(tmp_path / "states")
        assert [updater.states for updater in updaters] == held
        assert {updater.optimizer for updater in trainer._updaters} == {optimizer}
        assert trainer.optimizer is optimizer
    loads = 100
    trainer.load_states(tmp_path / "states")
    assert not any(updater.states for updater in updaters)
    assert {updater.optimizer for updater in trainer._updaters} == {trainer.optimizer}


def test_states_of_another_model_are_refused(tmp_path):
    members = parameters(2)
    trainer = Trainer(members, "adam")
    backward(members)
    trainer.step(1)
    trainer.save_states(tmp_path / "states")
    other = Trainer(parameters(1), "sgd")
    before = other.optimizer
    with pytest.raises(ValueError, match="parameter number 1"):
        other.load_states(tmp_path / "states")
    assert other.optimizer is before


def sparse(contexts=1, **arguments):
    table = Parameter("table", shape=(6, 2), stype="row_sparse", grad_stype="row_sparse")
    table.initialize("zeros", ctx=[mx.cpu(c) for c in range(contexts)])
    table.set_data(np.arange(12.0).reshape(6, 2))
    chosen = {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.1, **arguments}
    return table, Trainer([table], "sgd", chosen)


def write_rows(table, ids):
    for array in table._state.data:
        autograd.accumulate_grad(array, (ids, np.ones((len(ids), 2), "f")))


def pulled_rows(table):
    return table.row_sparse_data(mx.nd.arange(6)).asnumpy()


def reduce(table):
    return table._reduce().asnumpy()


def data(table):
    return table._data[-1].asnumpy()


def pulled_lists(table):
    return table.list_row_sparse_data(mx.nd.arange(6))[-1].asnumpy()


@pytest.mark.parametrize("contexts", [1, 2])
@pytest.mark.parametrize(
    "read",
    [
        pytest.param(pulled_rows, id="rows"),
        pytest.param(reduce, id="reduce"),
        pytest.param(data, id="data"),
        pytest.param(pulled_lists, id="list"),
    ],
)
def test_exact_rows_are_up_to_date_whoever_looks(contexts, read, device):
    table, trainer = sparse(contexts, lazy_update=False)
    dense = Parameter("dense", shape=(6, 2))
    dense.initialize("zeros")
    dense.set_data(np.arange(12.0).reshape(6, 2))
    twin = Trainer([dense], "sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.1})
    for ids in ([1, 3], [3], [0, 5], [2]):
        write_rows(table, ids)
        trainer.step(1)
        filled = np.zeros((6, 2))
        filled[ids] = contexts
        autograd.accumulate_grad(dense.data(), filled)
        twin.step(1)
    assert trainer._store_updater.histories[0].is_behind
    assert read(table).tobytes() == dense.data().asnumpy().tobytes()


def test_pulled_rows_alone_are_brought_up_to_date(device):
    table, trainer = sparse(lazy_update=False)
    write_rows(table, [1])
    trainer.step(1)
    untouched = table._state.data[0].asnumpy()[4]
    before = table._state.data[0].asnumpy()[5]
    assert (table.row_sparse_data(mx.nd.array([5])).data.asnumpy() < before).all()
    assert (table._state.data[0].asnumpy()[4] == untouched).all()
    assert trainer._store_updater.histories[0].is_behind


def test_sparse_rows_survive_saves_moves_and_casts(tmp_path, device):
    table, trainer = sparse(2, lazy_update=False)
    for ids in ([1, 3], [0]):
        write_rows(table, ids)
        trainer.step(1)
    expected = table._reduce().asnumpy()
    table.reset_ctx([mx.cpu(1), mx.cpu(2)])
    assert (table._data[1].asnumpy() == expected).all()
    table.cast("float64")
    assert (table._data[0].asnumpy() == expected).all()
    write_rows(table, [2])
    trainer.step(1)
    assert (
        table.row_sparse_data(mx.nd.array([2], ctx=mx.cpu(1))).data.asnumpy() != expected[2]
    ).all()


def test_rows_out_of_range_leave_everything_as_it_was():
    table, trainer = sparse(2)
    write_rows(table, [1])
    good = table._grad[0].indices.asnumpy().tolist()
    table._grad[1][:] = mx.nd.sparse.row_sparse_array(
        (np.ones((1, 2), "f"), [9]), shape=(6, 2), ctx=mx.cpu(1)
    )
    before = table._reduce().asnumpy()
    with pytest.raises(IndexError, match="9"):
        trainer.step(1)
    assert (table._reduce().asnumpy() == before).all()
    assert table._grad[0].indices.asnumpy().tolist() == good
    assert trainer.optimizer.num_update == 0


def test_a_step_enters_the_kernel_once_for_each_context(opaque):
    members = parameters(20, 2)
    trainer = Trainer(members, "adam", update_on_kvstore=False)
    for _ in range(2):
        backward(members)
        trainer.step(1)
    assert opaque.calls.count("adam.dense") == 4
    assert opaque.calls.count("adam.bind") == 2


def test_an_overflow_leaves_the_step_out():
    members = parameters(1)
    trainer = Trainer(members, "sgd")

    class Scaler:
        def has_overflow(self, params):
            return params == members

    trainer._amp_loss_scaler = Scaler()
    backward(members)
    trainer.step(1)
    assert values(members[0]) == [1]


def test_errors_of_optimizers_reach_the_caller():
    class Broken(mx.optimizer.Optimizer):
        def update(self, index, weight, grad, state):
            raise RuntimeError("broken")

    for contexts in (1, 2):
        members = parameters(1, contexts)
        trainer = Trainer(members, Broken())
        backward(members)
        with pytest.raises(RuntimeError, match="broken"):
            trainer.step(1)


def test_bad_learning_rates_are_refused():
    trainer = Trainer(parameters(1), "sgd")
    with pytest.raises(ValueError, match="finite"):
        trainer.set_learning_rate(float("nan"))
    assert trainer.learning_rate == 0.01


@pytest.mark.parametrize("contexts", [1, 2])
@pytest.mark.parametrize("lazy", [False, True])
def test_rows_pulled_inside_record_train_their_parameter(contexts, lazy):
    table, trainer = sparse(contexts, lazy_update=lazy)
    for _ in range(2):
        before = table._reduce().asnumpy()
        losses = []
        with autograd.record():
            for context in table.list_ctx():
                ids = mx.nd.array([1, 3, 3], ctx=context)
                rows = table.row_sparse_data(ids)
                losses.append(mx.nd.Embedding(ids, rows, 6, 2, sparse_grad=True).sum())
        autograd.backward(losses)
        trainer.step(contexts)
        assert (table._reduce().asnumpy()[[1, 3]] < before[[1, 3]]).all()
    with pytest.raises(UserWarning, match="not written since"):
        trainer.step(contexts)


def test_two_trainers_of_one_parameter_both_see_whether_its_gradient_is_fresh():
    weight = Parameter("weight", shape=(1,))
    weight.initialize("zeros")
    trainers = [Trainer([weight], "sgd", {"learning_rate": 1.0}) for _ in range(2)]
    for trainer in [*trainers, *trainers]:
        autograd.accumulate_grad(weight.data(), np.ones(1, np.float32))
        trainer.step(1)
        for other in trainers:
            with pytest.raises(UserWarning):
                other.step(1)
    assert weight.data().asscalar() == -4


def test_a_weight_that_was_marked_anew_is_looked_at_anew():
    weight = Parameter("weight", shape=(1,))
    weight.initialize("zeros")
    trainer = Trainer([weight], "sgd", {"learning_rate": 1.0})
    autograd.accumulate_grad(weight.data(), np.ones(1, np.float32))
    trainer.step(1)
    mx.autograd.mark_variables([weight.data()], [weight.grad()])
    with pytest.raises(UserWarning):
        trainer.step(1)
    with mx.autograd.record():
        loss = weight.data() * 2
    loss.backward()
    trainer.step(1)
    assert weight.data().asscalar() == -3


def test_a_parameter_under_two_keys_is_stepped_once():
    members = parameters(1)
    backward(members)
    tied = mx.gluon.ParameterDict()
    tied.update({"encoder": members[0], "decoder": members[0]})
    Trainer(tied, "sgd", {"learning_rate": 0.25}).step(1)
    assert values(members[0]) == [0.75]


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(lambda params: params.values(), id="values"),
        pytest.param(lambda params: iter(params.values()), id="iterator"),
        pytest.param(lambda params: map(params.get, params.keys()), id="map"),
    ],
)
def test_parameters_may_come_from_an_iterator(listed):
    params = mx.gluon.ParameterDict()
    for name in "ab":
        params.get(name, shape=2)
    params.initialize()
    trainer = mx.gluon.Trainer(listed(params), "sgd")
    for parameter in params.values():
        mx.autograd.accumulate_grad(parameter.data(), mx.nd.ones(2))
    before = params["b"].data().asnumpy()
    trainer.step(1)
    assert not (params["b"].data().asnumpy() == before).any()


@pytest.mark.parametrize("owner", ["trainer", "store"])
def test_states_that_are_missing_are_named_with_their_folder(tmp_path, owner):
    weight = mx.gluon.Parameter("weight", shape=2)
    weight.initialize()
    trainer = mx.gluon.Trainer([weight], "adam")
    store = mx.kv.create("local")
    store.set_optimizer(mx.optimizer.Adam())
    load = {"trainer": trainer.load_states, "store": store.load_optimizer_states}[owner]
    trainer.save_states(tmp_path / "net.states")
    with pytest.raises(FileNotFoundError) as caught:
        load(tmp_path / "ent.states")
    assert str(caught.value).startswith("there is no file 'ent.states' in the folder")
    assert "Did you mean 'net.states'?" in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        load(tmp_path / "nowhere" / "net.states")
    with pytest.raises(IsADirectoryError, match="states"):
        load(tmp_path)


def test_a_parameter_that_left_the_trainer_is_not_updated():
    parameters = mx.gluon.ParameterDict()
    stays, leaves = (parameters.get(name, shape=(2,), init="ones") for name in ("stays", "leaves"))
    parameters.initialize()
    trainer = mx.gluon.Trainer(parameters, "sgd", {"learning_rate": 1})
    for expected in (0, 0):
        with mx.autograd.record():
            loss = (stays.data() + leaves.data()).sum()
        loss.backward()
        trainer.step(1)
        trainer._params = [stays]
        assert leaves.data().asnumpy().tolist() == [expected] * 2
    assert stays.data().asnumpy().tolist() == [-1, -1]


class OverProcesses(Trainer):
    """Sums as Horovod's trainer does: in place, over processes of which there are two here."""

    def _allreduce_grads(self):
        super()._allreduce_grads()
        for parameter in self._params:
            for gradient in parameter.list_grad():
                gradient *= 2


class Halved(Trainer):
    def _update(self, ignore_stale_grad=False):
        for parameter in self._params:
            for gradient in parameter.list_grad():
                gradient /= 2
        super()._update(ignore_stale_grad)


@pytest.mark.parametrize("contexts", [1, 2])
@pytest.mark.parametrize(("kind", "factor"), [(OverProcesses, 2), (Halved, 0.5)])
def test_a_subclass_may_replace_the_sums_and_the_update(kind, factor, contexts):
    members = parameters(2, contexts)
    trainer = kind(members, "sgd", {"learning_rate": 0.125}, update_on_kvstore=False)
    backward(members)
    trainer.step(1)
    assert values(members[1]) == [1 - factor * contexts / 8] * contexts
    backward(members)
    trainer.allreduce_grads()
    trainer.update(1)
    assert values(members[1]) == [1 - 2 * factor * contexts / 8] * contexts
    with pytest.raises(UserWarning, match="w0"):
        trainer.step(1)


def test_sums_that_are_replaced_on_one_trainer_are_called():
    members = parameters(1, 2)
    trainer = Trainer(members, "sgd", {"learning_rate": 0.5}, update_on_kvstore=False)
    trainer._allreduce_grads = lambda: None
    backward(members[:1])
    trainer.step(1)
    assert values(members[0]) == [0.5, 0.5]


def test_the_update_on_the_store_may_be_followed_by_ones_own_steps():
    called = []

    class Counting(Trainer):
        def _update(self, ignore_stale_grad=False):
            called.append(ignore_stale_grad)
            super()._update(ignore_stale_grad)

    members = parameters(1, 2)
    trainer = Counting(members, "sgd", {"learning_rate": 0.25}, update_on_kvstore=True)
    backward(members)
    trainer.step(1)
    assert values(members[0]) == [0.5, 0.5]
    assert called == [False]


def test_a_step_looks_again_where_another_thread_moved_parameters_meanwhile(monkeypatch):
    members = parameters(2, 2)
    trainer = Trainer(members, "sgd", {"learning_rate": 0.5}, update_on_kvstore=False)
    first, second = members
    once = [True]

    def moved_after_the_first_was_seen(parameter):
        contexts = list(parameter._state.contexts)
        if once and once.pop():
            for one in (first, second):
                one.reset_ctx([mx.cpu(2)])
            backward(members)
        return contexts

    monkeypatch.setattr(Parameter, "list_ctx", moved_after_the_first_was_seen)
    trainer.step(1, ignore_stale_grad=True)
    assert values(second) == [0.5]


def test_a_step_sees_weights_gradients_and_contexts_of_one_moment(monkeypatch):
    params = mx.gluon.ParameterDict()
    for name in ("one", "two"):
        params.get(name, shape=(2, 3))
    params.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    members = list(params.values())
    trainer = Trainer(params, "sgd", {"learning_rate": 0.5, "momentum": 0.5}, kvstore=None)
    backward(members)
    trainer.step(1)
    params.reset_ctx([mx.cpu(2), mx.cpu(1)])
    looked, once = Trainer._check_contexts, [True]

    def moved_after_contexts_were_seen(self, *moment):
        contexts = looked(self, *moment)
        if once and once.pop():
            params.reset_ctx([mx.cpu(1), mx.cpu(3)])
        return contexts

    monkeypatch.setattr(Trainer, "_check_contexts", moved_after_contexts_were_seen)
    trainer.step(1, ignore_stale_grad=True)
    backward(members)
    trainer.step(1)
    assert members[0].list_ctx() == [mx.cpu(1), mx.cpu(3)]
    assert values(members[0]) == values(members[1]) == [-0.25, -0.25]


@pytest.mark.parametrize(("contexts", "on_store"), MODES)
def test_states_are_saved_and_loaded_while_operations_are_recorded(contexts, on_store, tmp_path):
    members = parameters(1, contexts)
    trainer = Trainer(members, "adam", update_on_kvstore=on_store)
    with autograd.record():
        loss = (members[0].data(mx.cpu(0)) * 3).sum()
        trainer.save_states(tmp_path / "states")
    loss.backward()
    again = Trainer(members, "adam", update_on_kvstore=on_store)
    with autograd.record():
        kept = members[0].data(mx.cpu(0)) * 3
        again.load_states(tmp_path / "states")
    assert kept.shape == (2, 3)
    assert members[0].list_grad()[0].asnumpy().tolist() == [[3.0] * 3] * 2


def test_parameters_on_different_contexts_are_refused_at_once():
    members = parameters(2, 2)
    trainer = Trainer(members, "sgd", {"learning_rate": 0.5})
    members[1].reset_ctx([mx.cpu(2)])
    with pytest.raises(ValueError, match="same contexts"):
        trainer.step(1, ignore_stale_grad=True)


@pytest.mark.parametrize("update_on_kvstore", [None, True, False])
def test_csr_gradients_of_several_contexts_are_summed(update_on_kvstore):
    weight = Parameter("weight", shape=(2, 2), grad_stype="csr")
    weight.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
    for factor, copy in enumerate(weight.list_data(), 1):
        with mx.autograd.record():
            loss = (copy * copy * mx.nd.array([[factor, 0], [0, factor]])).sum()
        loss.backward()
    trainer = Trainer(
        [weight], "sgd", {"learning_rate": 0.125}, update_on_kvstore=update_on_kvstore
    )
    trainer.step(1)
    for copy in weight.list_data():
        assert copy.asnumpy().tolist() == [[0.25, 1], [1, 0.25]]
    if not trainer._update_on_kvstore:
        for gradient in weight.list_grad():
            assert gradient.stype == "csr"
            assert gradient.asnumpy().tolist() == [[6, 0], [0, 6]]
