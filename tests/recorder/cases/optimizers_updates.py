"""Optimizers: weights after some updates, dense and row-sparse, in float32 and float16."""

from __future__ import annotations

import numpy as np
from harness import case, outcome

STEPS = 4
COMMON = {"learning_rate": 0.1, "wd": 0.03, "rescale_grad": 0.5}

#: Optimizers with arguments that use all of their formula.
OPTIMIZERS = {
    "sgd": {},
    "sgd, momentum": {"momentum": 0.9},
    "sgd, negative momentum": {"momentum": -0.5},
    "nag": {},
    "nag, momentum": {"momentum": 0.9},
    "adam": {"beta1": 0.8},
    "adagrad": {"eps": 1e-3},
    "rmsprop": {"gamma1": 0.8},
    "rmsprop, centered": {"centered": True, "gamma2": 0.7, "clip_weights": 0.9},
    "ftrl": {"lamda1": 0.05},
    "adadelta": {"rho": 0.8},
    "adamax": {"beta1": 0.8},
    "nadam": {"beta1": 0.8},
    "ftml": {},
    "signum": {"wd_lh": 0.1},
    "signum, no momentum": {"momentum": 0.0},
    "lamb": {},
    "lamb, bounds": {"lower_bound": 0.1, "upper_bound": 0.5, "bias_correction": False},
    "lars": {},
    "lars, momentum": {"momentum": 0.9, "eta": 0.01},
    "lbsgd": {"warmup_epochs": 1, "updates_per_epoch": 2, "batch_scale": 2, "momentum": 0.9},
    "dcasgd": {},
    "ccsgd": {"momentum": 0.9},
    "test": {},
}


def _values(seed, shape):
    """Numbers that are no sums of a few powers of two, the same with every NumPy."""
    count = int(np.prod(shape))
    return (((np.arange(count) * 37 + seed * 101) % 89 - 44) / 40.0).reshape(shape)


def _made(mx, name, **arguments):
    return mx.optimizer.create(
        name.partition(",")[0], **{**COMMON, **OPTIMIZERS[name], **arguments}
    )


def _after_updates(mx, name, dtype="float32", **arguments):
    optimizer = _made(mx, name, **arguments)
    updater = mx.optimizer.get_updater(optimizer)
    weights = [mx.nd.array(_values(i, (3, 4)), dtype=dtype) for i in range(2)]
    for step in range(STEPS):
        grads = [mx.nd.array(_values(7 * step + i + 3, (3, 4)), dtype=dtype) for i in range(2)]
        for i in range(2):
            updater(i, grads[i], weights[i])
    return [weight.astype("float32") for weight in weights]


def _all(mx, names, **arguments):
    return {
        name: outcome(lambda name=name: _after_updates(mx, name, **arguments)) for name in names
    }


def _differs(actual):
    return "value" in actual


@case(
    "2.8 optimizers: dense float32",
    rtol=1e-3,
    fix="nadam's schedule grows once for each update of the parameter",
    fixed={"nadam": _differs},
)
def dense(mx):
    return _all(mx, OPTIMIZERS)


@case(
    "2.8 optimizers: dense float32, clipped",
    rtol=1e-3,
    fix="nadam's schedule grows once for each update of the parameter",
    fixed={"nadam": _differs},
)
def clipped(mx):
    return _all(mx, OPTIMIZERS, clip_gradient=0.3)


@case("2.8 nadam: of a single parameter", rtol=1e-3)
def nadam_single(mx):
    updater = mx.optimizer.get_updater(_made(mx, "nadam"))
    weight = mx.nd.array(_values(0, (3, 4)))
    for step in range(STEPS):
        updater(0, mx.nd.array(_values(7 * step + 3, (3, 4))), weight)
    return {"weight": outcome(lambda: weight)}


@case(
    "2.8 optimizers: no clipping by 0",
    rtol=1e-3,
    fix="0 means no bound, for every optimizer",
    fixed=dict.fromkeys(("adagrad", "adadelta", "adamax", "nadam", "dcasgd"), _differs),
)
def clipped_by_zero(mx):
    return _all(mx, OPTIMIZERS, clip_gradient=0)


_MIXED = ("sgd", "sgd, momentum", "nag, momentum", "adam", "adagrad", "rmsprop", "ftrl")


@case("2.8 optimizers: float16 with a float32 copy", rtol=2e-3)
def mixed_precision(mx):
    return _all(mx, (*_MIXED, "adamax", "ftml", "signum"), dtype="float16", multi_precision=True)


@case("2.8 optimizers: row-sparse gradients, rows present only", rtol=1e-3)
def lazy_rows(mx):
    results = {}
    for name, wd in (("sgd", 0.03), ("sgd, momentum", 0.03), ("adam", 0.03), ("adagrad", 0.0)):
        results[name] = outcome(lambda name=name, wd=wd: _after_sparse(mx, name, wd=wd))
    return results


@case("2.8 optimizers: row-sparse gradients, all rows", rtol=1e-3)
def exact_rows(mx):
    return {
        name: outcome(lambda name=name: _after_sparse(mx, name, lazy_update=False))
        for name in ("sgd", "sgd, momentum", "adam")
    }


@case(
    "2.8 optimizers: row-sparse gradients that MXNet refuses",
    fix="every optimizer takes row-sparse gradients with weight decay",
    fixed={"adagrad": _differs},
)
def refused_rows(mx):
    return {"adagrad": outcome(lambda: _after_sparse(mx, "adagrad"))}


def _after_sparse(mx, name, **arguments):
    updater = mx.optimizer.get_updater(_made(mx, name, **arguments))
    weight = mx.nd.array(_values(0, (6, 3))).tostype("row_sparse")
    for step, ids in enumerate(([0, 3], [3, 4], [1], [0, 5])):
        rows = mx.nd.array(_values(step + 3, (len(ids), 3)))
        grad = mx.nd.sparse.row_sparse_array((rows, ids), shape=(6, 3))
        updater(0, grad, weight)
    return weight.tostype("default")


@case("2.8 states: classes and values after two updates", rtol=1e-3)
def states(mx):
    results = {}
    for name in ("sgd", "sgd, momentum", "adam", "rmsprop", "rmsprop, centered", "ftrl", "ftml"):

        def after(name=name):
            optimizer = _made(mx, name)
            weight = mx.nd.array(_values(0, (2, 3)))
            state = optimizer.create_state_multi_precision(0, weight)
            for step in range(2):
                grad = mx.nd.array(_values(step + 3, (2, 3)))
                optimizer.update_multi_precision(0, weight, grad, state)
            return state

        results[name] = outcome(after)
    return results


@case(
    "2.8 dcasgd with momentum",
    fix="momentum works",
    fixed={"dcasgd": _differs},
)
def dcasgd_momentum(mx):
    def after():
        optimizer = mx.optimizer.create("dcasgd", momentum=0.9)
        weight, grad = mx.nd.ones((2, 2)), mx.nd.ones((2, 2))
        optimizer.update(0, weight, grad, optimizer.create_state(0, weight))
        return weight

    return {"dcasgd": outcome(after)}
