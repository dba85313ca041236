"""Steps of a Trainer that an interrupt ends, at each place where Python may notice one."""

import sys

import pytest

import numparam as mx
from numparam.gluon import ParameterDict, Trainer, reducing
from numparam.kernels import _without_signals

BOTH = [mx.cpu(0), mx.cpu(1)]
PACKAGE = mx.__name__


class Interrupted(KeyboardInterrupt):
    """What the interrupt raises."""


def scene(optimizer, contexts, on_store, sparse):
    members = ParameterDict("net_")
    members.get("first", shape=(4, 3), init="ones")
    members.get("second", shape=(5,), init="ones", dtype="float64")
    if sparse:
        members.get("rows", shape=(9, 2), init="ones", grad_stype="row_sparse")
    members.initialize(ctx=contexts)
    keywords = {"learning_rate": 0.1, **({"momentum": 0.9} if optimizer == "sgd" else {})}
    trainer = Trainer(members, optimizer, keywords, update_on_kvstore=on_store)
    for number in (1, 2):  # the second one is the one to interrupt
        for member in members.values():
            for place, data in enumerate(member.list_data()):
                accumulate(member, data, number + place)
        if number == 1:
            trainer.step(1)
    return members, trainer


def accumulate(member, data, value):
    if member._grad_stype == "row_sparse":
        with mx.autograd.record():
            ids = mx.nd.array([1, 4], ctx=data.context)
            taken = mx.nd.Embedding(ids, data, input_dim=9, output_dim=2, sparse_grad=True)
            loss = (taken * value).sum()
        loss.backward()
    else:
        full = mx.nd.full(data.shape, value, ctx=data.context, dtype=data.dtype)
        mx.autograd.accumulate_grad(data, full)


def contents(state):
    if state is None:
        return []
    if isinstance(state, (tuple, list)):
        return [value for one in state for value in contents(one)]
    return [state.asnumpy().tolist()]


def snapshot(members, trainer):
    """Return what a step changes: weights, optimizer states and numbers of updates."""
    updaters = [*trainer._updaters, *filter(None, [trainer._store_updater])]
    counts = trainer.optimizer._all_index_update_counts
    return (
        [[data.asnumpy().tolist() for data in member.list_data()] for member in members.values()],
        [{index: contents(state) for index, state in u.states.items()} for u in updaters],
        {device: dict(own) for device, own in counts.items()},
        trainer.optimizer.num_update,
    )


def interrupted_at(place, call):
    """Call a function, interrupt it at its n-th line of the package; return how many it reached."""
    reached = 0

    def trace(frame, event, argument):
        nonlocal reached
        module = str(frame.f_globals.get("__name__"))
        if not module.startswith(PACKAGE) or frame.f_globals is vars(_without_signals):
            return None  # an interrupt does not come at each line of the latter
        if event in ("call", "line"):
            reached += 1
            if reached == place:
                sys.settrace(None)
                raise Interrupted
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except Interrupted:
        pass
    finally:
        sys.settrace(previous)
    return reached


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    ("optimizer", "contexts", "on_store"),
    [
        pytest.param("sgd", BOTH[:1], None, id="one context"),
        pytest.param("adam", BOTH, True, id="on the store"),
        pytest.param("adam", BOTH, False, id="each context"),
        pytest.param("lamb", BOTH[:1], None, id="in two passes"),
    ],
)
def test_an_interrupt_leaves_a_whole_step_or_none_and_the_next_step_notices(
    optimizer, contexts, on_store, sparse
):
    made = scene(optimizer, contexts, on_store, sparse)
    before = snapshot(*made)
    made[1].step(2)
    after = snapshot(*made)
    _, trainer = scene(optimizer, contexts, on_store, sparse)
    lines = interrupted_at(None, lambda: trainer.step(2))
    seen = {"before": 0, "after": 0}
    # Every tenth line, and all of those at the end, where the step is made.
    for place in sorted({*range(1, lines, 10), *range(lines - 50, lines + 1)}):
        members, trainer = scene(optimizer, contexts, on_store, sparse)
        interrupted_at(place, lambda trainer=trainer: trainer.step(2))
        found = snapshot(members, trainer)
        assert found in (before, after), place
        seen["before" if found == before else "after"] += 1
        try:
            trainer.step(2)
        except UserWarning:
            pass  # the gradients are used, or their sums may be
        else:
            assert found == before, place
            assert snapshot(members, trainer) == after, place
    assert seen["before"] > 10
    assert seen["after"] > 0


def test_lars_steps_by_the_norm_of_the_sum_of_the_gradients_of_all_contexts():
    weights = []
    for on_store in (True, False):
        members = ParameterDict("net_")
        weight = members.get("weight", shape=(4, 3), init="ones")
        members.initialize(ctx=BOTH)
        trainer = Trainer(members, "lars", {"learning_rate": 0.5}, update_on_kvstore=on_store)
        for place, data in enumerate(weight.list_data()):
            accumulate(weight, data, 1 + 10 * place)
        trainer.step(1)
        weights += [data.asnumpy().tolist() for data in weight.list_data()]
    assert weights[0] == weights[1] == weights[2] == weights[3]


@pytest.mark.parametrize("call", ["step", "allreduce_grads"])
def test_a_sum_of_gradients_that_is_interrupted_is_noticed_by_the_next_step(monkeypatch, call):
    _, trainer = scene("sgd", BOTH, False, sparse=False)

    def interrupt(pairs):
        raise Interrupted

    monkeypatch.setattr(reducing, "copy_all", interrupt)
    with pytest.raises(Interrupted):
        trainer.step(2) if call == "step" else trainer.allreduce_grads()
    monkeypatch.undo()
    with pytest.raises(UserWarning):
        trainer.step(2)
