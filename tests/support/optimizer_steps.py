"""What each optimizer's step is tested with: hyper-parameters, states and arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tests.support.awkward_inputs import dtype_of, values

FLOATS = ("float16", "bfloat16", "float32", "float64")

# Element kinds are the business of loads and stores that all optimizers share, and each takes
# compilations. Two optimizers are tested with all of them. Two have bodies of their own, which are
# tested with bfloat16 too, with and without master weights. Of the others, what a formula says of
# rows that rest depends on the precision of states: the exact form is tested with bfloat16 states,
# and the dense one, with which it is compared. `exhaustive` tests go through all of it.
THOROUGH = ("sgd", "adam")
OWN_BODIES = ("groupadagrad", "lamb")


class Optimizer(NamedTuple):
    """One optimizer with a certain number of states."""

    name: str
    states: int
    hyper: dict[str, float]
    exact: bool = True

    @property
    def label(self) -> str:
        return f"{self.name}-{self.states}"


_ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

OPTIMIZERS = (
    Optimizer("sgd", 0, {"lr": 0.1}),
    Optimizer("sgd", 1, {"lr": 0.1, "momentum": 0.9}),
    Optimizer("nag", 0, {"lr": 0.1}),
    Optimizer("nag", 1, {"lr": 0.1, "momentum": 0.9}),
    Optimizer("adam", 2, {"lr": 0.01, "t": 3, **_ADAM}),
    Optimizer("adamw", 2, {"lr": 0.01, "t": 3, **_ADAM}),
    Optimizer("adagrad", 1, {"lr": 0.1, "epsilon": 1e-7}),
    Optimizer("groupadagrad", 1, {"lr": 0.1, "epsilon": 1e-5}),
    Optimizer("rmsprop", 1, {"lr": 0.01, "gamma1": 0.9, "epsilon": 1e-8, "clip_weights": 2.5}),
    Optimizer("rmsprop", 3, {"lr": 0.01, "gamma1": 0.9, "gamma2": 0.8, "epsilon": 1e-4}),
    Optimizer("ftrl", 2, {"lr": 0.1, "lamda1": 0.01, "beta": 1.0}),
    Optimizer("adadelta", 2, {"lr": 0.1, "rho": 0.9, "epsilon": 1e-5}),
    Optimizer("adamax", 2, {"lr": 0.02, "t": 3, "beta1": 0.9, "beta2": 0.999}),
    Optimizer("nadam", 2, {"lr": 0.01, "t": 3, "schedule": 0.2, **_ADAM, "schedule_decay": 0.004}),
    Optimizer("ftml", 3, {"lr": 0.01, "t": 3, **_ADAM, "beta1": 0.6}),
    Optimizer("signum", 0, {"lr": 0.01}),
    Optimizer("signum", 1, {"lr": 0.01, "momentum": 0.9, "wd_lh": 0.02}),
    Optimizer("dcasgd", 1, {"lr": 0.1, "lamda": 0.04}),
    Optimizer("dcasgd", 2, {"lr": 0.1, "lamda": 0.04, "momentum": 0.9}),
    Optimizer("lamb", 3, {"lr": 0.01, "t": 3, **_ADAM, "epsilon": 1e-6}, exact=False),
    Optimizer("sgld", 1, {"lr": 0.1}, exact=False),
    Optimizer("test", 0, {"lr": 0.1}),
)


def tried(optimizer: Optimizer, form: str, kind: str, exhaustive: bool = False) -> tuple[bool, ...]:
    """Return with what a form of a step is tested for a kind: without master weights, with them."""
    both = (False, True) if kind in ("float16", "bfloat16") else (False,)
    if exhaustive or optimizer.name in THOROUGH:
        return both
    if kind == "float32" or (kind == "bfloat16" and optimizer.name in OWN_BODIES):
        return both
    return (False,) if kind == "bfloat16" and form != "rows" else ()


def coefficients(module: Any, optimizer: Optimizer, count: int = 1, **changed: Any) -> np.ndarray:
    """Coefficients of an optimizer; hyper-parameters may be changed."""
    common = {"wd": 0.01, "rescale_grad": 0.5, "clip_gradient": 0.6}
    return module.coefficients(count, **(common | optimizer.hyper | changed))


def state_shape(optimizer: Optimizer, weight: np.ndarray) -> tuple[int, ...]:
    """Shape of the states of a weight."""
    return (len(weight), 1) if optimizer.name == "groupadagrad" else weight.shape


def states_of(optimizer: Optimizer, weight: np.ndarray, dtype: np.dtype) -> list[np.ndarray]:
    """States as they are before the first step."""
    made = [np.zeros(state_shape(optimizer, weight), dtype) for _ in range(optimizer.states)]
    if optimizer.name == "dcasgd":
        made[0][...] = weight
    return made


def many_arguments(
    module: Any, optimizer: Optimizer, kind: str, size: int, masters_held: tuple[bool, ...]
) -> Iterator[tuple]:
    """Arguments of `dense`: arrays of several sizes, without or with master weights."""
    for mixed in masters_held:
        held = "float32" if mixed else kind
        # The simulator starts threads for each row of a GroupAdaGrad step, here for each element.
        sizes = (size, 3, 0, 16 if optimizer.name == "groupadagrad" else 64)
        weights = [values(kind, n, i) for i, n in enumerate(sizes)]
        gradients = [values(kind, n, 10 + i) for i, n in enumerate(sizes)]
        states = [
            [
                abs(values(held, n, 20 + i + 7 * j)).reshape(state_shape(optimizer, weights[i]))
                for i, n in enumerate(sizes)
            ]
            for j in range(optimizer.states)
        ]
        masters = [weight.astype(np.float32) for weight in weights] if mixed else None
        rates = np.array([0.1, 0.2, 0.3, 0.4])
        yield (
            (weights, gradients, states, masters),
            coefficients(module, optimizer, 4, lr=rates),
        )
        yield (
            (weights, gradients, states, masters),
            coefficients(module, optimizer, 4, wd=0.0, clip_gradient=None),
        )


def row_arguments(
    module: Any, optimizer: Optimizer, kind: str, size: int, masters_held: tuple[bool, ...]
) -> Iterator[tuple]:
    """Arguments of `rows`, and of the exact forms: everything that one of them needs."""
    for mixed in masters_held:
        held = "float32" if mixed else kind
        rows = size // 2 + 1
        generator = np.random.default_rng(size)
        weight = values(kind, 3 * rows).reshape(-1, 3)
        shape = state_shape(optimizer, weight)
        states = [
            abs(values(held, shape[0] * shape[1], 5 + j)).reshape(shape)
            for j in range(optimizer.states)
        ]
        master = weight.astype(np.float32) if mixed else None
        ids = np.flatnonzero(generator.random(rows) < 0.5)
        gradient = values(kind, 3 * len(ids), 3).reshape(-1, 3)
        for wd in (0.0, 0.01):
            history = np.concatenate(
                [coefficients(module, optimizer, lr=0.1 / k, wd=wd) for k in range(1, 7)]
            )
            last = generator.integers(2, 8, rows)
            yield {
                "weight": weight, "ids": ids, "gradient": gradient, "states": states,
                "last_steps": last, "history": history, "first": 3, "master": master,
            }  # fmt: skip


def dtype_held(kind: str, mixed: bool) -> np.dtype:
    """Dtype of states."""
    return np.dtype(np.float32) if mixed else dtype_of(kind)
