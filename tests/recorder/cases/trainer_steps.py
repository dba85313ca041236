"""The Trainer: steps, contexts, stores, errors, states of parameters trained on the way."""

from __future__ import annotations

import numpy as np
from harness import case, outcome, raises


def _parameters(mx, contexts=1, count=2, **keywords):
    parameters = []
    for i in range(count):
        parameter = mx.gluon.Parameter(f"w{i}", shape=(2, 3), **keywords)
        parameter.initialize("ones", ctx=[mx.cpu(c) for c in range(contexts)])
        parameters.append(parameter)
    return parameters


def _backward(mx, parameters, factor=1.0):
    """Gradients that differ from context to context and from element to element."""
    for parameter in parameters:
        for c, (array, grad) in enumerate(
            zip(parameter.list_data(), parameter.list_grad())  # noqa: B905 - also for older Python
        ):
            values = mx.nd.arange(6, ctx=array.context).reshape((2, 3)) + factor * (c + 1)
            grad[:] = grad + values if parameter.grad_req == "add" else values
            array._fresh_grad = True


def _trained(mx, contexts, optimizer="sgd", arguments=None, steps=3, **keywords):
    parameters = _parameters(mx, contexts)
    chosen = {"learning_rate": 0.1, "wd": 0.01, **(arguments or {})}
    trainer = mx.gluon.Trainer(parameters, optimizer, chosen, **keywords)
    for step in range(steps):
        _backward(mx, parameters, step + 1.0)
        trainer.step(2)
    return [array for parameter in parameters for array in parameter.list_data()]


@case("2.6 steps", rtol=1e-5)
def steps(mx):
    momentum = {"momentum": 0.9}
    return {
        "one context": outcome(lambda: _trained(mx, 1, arguments=momentum)),
        "two contexts": outcome(lambda: _trained(mx, 2, arguments=momentum)),
        "two, beside the store": outcome(
            lambda: _trained(mx, 2, arguments=momentum, update_on_kvstore=False)
        ),
        "two, local": outcome(lambda: _trained(mx, 2, arguments=momentum, kvstore="local")),
        "two, no store": outcome(lambda: _trained(mx, 2, arguments=momentum, kvstore=None)),
        "adam": outcome(lambda: _trained(mx, 2, "adam")),
        "adam, beside the store": outcome(lambda: _trained(mx, 2, "adam", update_on_kvstore=False)),
        "schedule": outcome(
            lambda: _trained(
                mx, 1, arguments={"lr_scheduler": mx.lr_scheduler.FactorScheduler(1, 0.5)}
            )
        ),
    }


@case("2.6 multipliers are read at each step", rtol=1e-5)
def multipliers(mx):
    def run():
        parameters = _parameters(mx)
        parameters[0].lr_mult = 2.0
        trainer = mx.gluon.Trainer(parameters, "sgd", {"learning_rate": 0.1, "wd": 0.5})
        for factor in (0.0, 1.0):
            parameters[1].wd_mult = factor
            _backward(mx, parameters)
            trainer.step(1)
        return [parameter.data() for parameter in parameters]

    return {"weights": outcome(run)}


@case("2.6 grad_req", rtol=1e-5)
def grad_req(mx):
    def run(*requests):
        parameters = _parameters(mx)
        for parameter, request in zip(parameters, requests):  # noqa: B905 - also for older Python
            parameter.grad_req = request
        trainer = mx.gluon.Trainer(parameters, "sgd", {"learning_rate": 0.1})
        for _ in range(2):
            _backward(mx, [one for one in parameters if one.grad_req != "null"])
            trainer.step(1)
        return [parameter.data() for parameter in parameters]

    return {
        "null": outcome(lambda: run("write", "null")),
        "add": outcome(lambda: run("add", "write")),
    }


@case("2.6 stale gradients", rtol=1e-5)
def stale(mx):
    def run(contexts, ignore, **keywords):
        parameters = _parameters(mx, contexts)
        trainer = mx.gluon.Trainer(parameters, "sgd", {"learning_rate": 0.1}, **keywords)
        _backward(mx, parameters)
        trainer.step(1)
        _backward(mx, parameters[:1])
        trainer.step(1, ignore_stale_grad=ignore)
        return [parameter.list_data()[0] for parameter in parameters]

    return {
        "error": outcome(lambda: run(1, False)),
        "ignored": outcome(lambda: run(1, True)),
        "two contexts, error": outcome(lambda: run(2, False, update_on_kvstore=False)),
        "never written": outcome(lambda: mx.gluon.Trainer(_parameters(mx), "sgd").step(1)),
    }


@case(
    "2.6 stale gradients on the store",
    fix="they are checked before anything changes, and left out if that is wanted",
    fixed={"error": raises("UserWarning"), "ignored": lambda actual: "value" in actual},
)
def stale_on_store(mx):
    def run(ignore):
        parameters = _parameters(mx, 2)
        trainer = mx.gluon.Trainer(parameters, "sgd", {"learning_rate": 0.1})
        _backward(mx, parameters)
        trainer.step(1)
        _backward(mx, parameters[:1])
        trainer.step(1, ignore_stale_grad=ignore)
        return [parameter.list_data()[0] for parameter in parameters]

    return {"error": outcome(lambda: run(False)), "ignored": outcome(lambda: run(True))}


@case(
    "2.6 bad arguments",
    fix="a Trainer of no parameters, or with a store it cannot have, is refused clearly",
    fixed={
        "no parameters": raises("TypeError"),
        "update on no store": raises("ValueError"),
        "equal names": raises("ValueError"),
    },
)
def arguments(mx):
    def made(params, optimizer="sgd", *rest, **keywords):
        return type(mx.gluon.Trainer(params, optimizer, *rest, **keywords)).__name__

    def contexts():
        first, second = _parameters(mx, 1, 1), _parameters(mx, 2, 1)
        second[0].name = "other"
        return made([*first, *second])

    def stepped(batch, **keywords):
        parameters = _parameters(mx)
        trainer = mx.gluon.Trainer(parameters, "sgd", **keywords)
        _backward(mx, parameters)
        trainer.step(batch)

    def called(method, *given):
        parameters = _parameters(mx, 2)
        trainer = mx.gluon.Trainer(parameters, "sgd")
        _backward(mx, parameters)
        getattr(trainer, method)(*given)

    def equal_names():
        first, second = _parameters(mx, 1)
        second.name = first.name
        return made([first, second])

    return {
        "list": outcome(lambda: made(_parameters(mx))),
        "dict": outcome(lambda: made({one.name: one for one in _parameters(mx)})),
        "no list": outcome(lambda: made(3)),
        "no Parameters": outcome(lambda: made([3])),
        "no parameters": outcome(lambda: made([])),
        "unknown optimizer": outcome(lambda: made(_parameters(mx), "sdg")),
        "unknown argument": outcome(lambda: made(_parameters(mx), "sgd", {"lr": 1})),
        "an optimizer": outcome(lambda: made(_parameters(mx), mx.optimizer.SGD())),
        "an optimizer with arguments": outcome(
            lambda: made(_parameters(mx), mx.optimizer.SGD(), {"wd": 1})
        ),
        "not initialized": outcome(lambda: made([mx.gluon.Parameter("w", shape=(2,))])),
        "other contexts": outcome(contexts),
        "equal names": outcome(equal_names),
        "batch of 0": outcome(lambda: stepped(0)),
        "store of another type": outcome(lambda: stepped(1, kvstore=3)),
        "update on no store": outcome(lambda: stepped(1, update_on_kvstore=True, kvstore=None)),
        "allreduce on store": outcome(lambda: called("allreduce_grads")),
        "update on store": outcome(lambda: called("update", 1)),
    }


@case("2.6 learning rate")
def learning_rate(mx):
    def run(change, **keywords):
        trainer = mx.gluon.Trainer(_parameters(mx), "sgd", keywords)
        change(trainer)
        return trainer.learning_rate

    schedule = mx.lr_scheduler.FactorScheduler(1, 0.5, base_lr=0.3)
    return {
        "default": outcome(lambda: run(lambda trainer: None)),
        "given": outcome(lambda: run(lambda trainer: None, learning_rate=0.2)),
        "set": outcome(lambda: run(lambda trainer: trainer.set_learning_rate(0.7))),
        "schedule": outcome(lambda: run(lambda trainer: None, lr_scheduler=schedule)),
        "set with a schedule": outcome(
            lambda: run(lambda trainer: trainer.set_learning_rate(0.7), lr_scheduler=schedule)
        ),
    }


@case("2.6 what Gluon-era code reads")
def members(mx):
    def run(contexts, steps, **keywords):
        parameters = _parameters(mx, contexts)
        trainer = mx.gluon.Trainer(parameters, "adam", **keywords)
        for _ in range(steps):
            _backward(mx, parameters)
            trainer.step(4)
        return [
            [one.name for one in trainer._params],
            trainer._scale,
            trainer._optimizer.rescale_grad,
            trainer._kv_initialized,
            trainer._kvstore is None,
            trainer._update_on_kvstore,
            len(trainer._updaters),
            [str(context) for context in trainer._contexts],
            len(trainer._params_to_init),
            trainer._contains_sparse_weight,
            trainer._contains_sparse_grad,
            trainer._optimizer.num_update,
        ]

    return {
        "new": outcome(lambda: run(1, 0)),
        "one context": outcome(lambda: run(1, 2)),
        "two contexts": outcome(lambda: run(2, 2)),
        "beside the store": outcome(lambda: run(2, 2, update_on_kvstore=False)),
        "no store": outcome(lambda: run(2, 1, kvstore=None)),
    }


def _sparse(mx, contexts, **keywords):
    parameter = mx.gluon.Parameter(
        "table", shape=(5, 2), stype="row_sparse", grad_stype="row_sparse"
    )
    parameter.initialize("zeros", ctx=[mx.cpu(c) for c in range(contexts)])
    values = mx.nd.array(np.arange(10.0).reshape(5, 2))
    parameter.set_data(values.tostype("row_sparse"))
    arguments = {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.1, **keywords}
    return parameter, mx.gluon.Trainer([parameter], "sgd", arguments)


@case("2.6 row_sparse parameters", rtol=1e-5)
def sparse(mx):
    def run(contexts, **keywords):
        parameter, trainer = _sparse(mx, contexts, **keywords)
        for ids in ([1, 3], [0, 3]):
            for c in range(contexts):
                index = mx.nd.array(ids, ctx=mx.cpu(c))
                parameter.row_sparse_data(index)
                gradient = mx.nd.sparse.row_sparse_array(
                    (np.ones((2, 2)) * (c + 1), ids), shape=(5, 2), ctx=mx.cpu(c)
                )
                parameter.list_grad()[c][:] = gradient
                parameter._data[c]._fresh_grad = True
            trainer.step(1, ignore_stale_grad=True)
        return parameter.row_sparse_data(mx.nd.arange(5)).asnumpy()

    return {
        "one context": outcome(lambda: run(1)),
        "exact": outcome(lambda: run(1, lazy_update=False)),
    }
