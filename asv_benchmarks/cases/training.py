"""Cases for training: steps of a Trainer, dense and row-sparse."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import numparam as mx
from cases.aims import Aim, as_fast_as, at_most_times_baseline
from cases.case import Case
from cases.inputs import parameters, random_rows
from cases.prepared import Prepared
from cases.resnet50 import resnet50_shapes
from competitors.competitors import Competitors

_PIECE = 1 << 15  # elements that a thread of the C loop claims at once
_ROWS, _COLUMNS = 1_000_000, 64

#: Of each optimizer: arguments, PyTorch's class and arguments, and the number of states.
_OPTIMIZERS: dict[str, tuple[dict[str, Any], str, dict[str, Any], int]] = {
    "sgd": (
        {"learning_rate": 1e-3, "momentum": 0.9, "wd": 1e-4},
        "SGD",
        {"lr": 1e-3, "momentum": 0.9, "weight_decay": 1e-4},
        1,
    ),
    "adam": ({"learning_rate": 1e-3, "wd": 1e-4}, "Adam", {"lr": 1e-3, "weight_decay": 1e-4}, 2),
}
_C_LOOP = {"sgd": "sgd_momentum", "adam": "adam"}


def step(
    competitors: Competitors, shapes: list[tuple[int, ...]], name: str, aims: tuple[Aim, ...]
) -> Prepared:
    """Make one step of many dense parameters; their gradients stay what they are."""
    arguments, torch_class, torch_arguments, states = _OPTIMIZERS[name]
    members = list(parameters(shapes).values())
    trainer = mx.gluon.Trainer(members, name, arguments)
    for member in members:
        # Memory that another library has counts as written at each step.
        np.from_dlpack(member.grad())[...] = 1e-3
    sizes = [int(np.prod(shape)) for shape in shapes]
    prepared = Prepared(lambda: trainer.step(1), 4 * (3 + 2 * states) * sum(sizes), aims)
    prepared.add("baseline", _c_loop(competitors, _C_LOOP[name], sizes, states))
    torch = competitors.torch
    if torch is not None:
        weights = [torch.ones(shape, requires_grad=True) for shape in shapes]
        for weight in weights:
            weight.grad = torch.full_like(weight, 1e-3)
        optimizer = getattr(torch.optim, torch_class)(weights, fused=True, **torch_arguments)
        prepared.add("torch", optimizer.step)
    return prepared


def _c_loop(
    competitors: Competitors, name: str, sizes: list[int], states: int
) -> Callable[[], object] | None:
    """Return a C loop over arrays of its own: weights, gradients and states."""
    loops = competitors.c_loops
    if loops is None:
        return None
    arrays = [[np.full(size, 1e-3, np.float32) for _ in range(2 + states)] for size in sizes]
    pieces = [
        [*(array.ctypes.data + 4 * first for array in group), min(_PIECE, size - first)]
        for group, size in zip(arrays, sizes, strict=True)
        for first in range(0, size, _PIECE)
    ]
    table = np.array(pieces, np.int64)
    return loops.loop_at(name, len(table), table, 0, piece=-(-len(table) // 64), keep=arrays)


def sparse_step(competitors: Competitors, name: str, held: int, lazy: bool) -> Prepared:
    """Make one step of some rows of a table, with the ids of the step before or other ones."""
    table = mx.gluon.Parameter(
        "table", shape=(_ROWS, _COLUMNS), stype="row_sparse", grad_stype="row_sparse"
    )
    table.initialize(mx.init.One())
    trainer = mx.gluon.Trainer([table], name, {"learning_rate": 1e-3, "lazy_update": lazy})
    choices = [_drawn(seed, held, lazy) for seed in range(8)]
    gradients = [(ids, np.full((len(ids), _COLUMNS), 1e-3, np.float32)) for ids in choices]
    turn = 0

    def call() -> None:
        nonlocal turn
        turn = (turn + 1) % len(gradients)
        mx.autograd.accumulate_grad(table._data[0], gradients[turn])
        trainer.step(1)

    states = {"sgd": 0, "adam": 2}[name]
    count = len(choices[0])
    aims = ()
    if lazy:
        aims = (as_fast_as("torch", 1.5 if name == "sgd" else 4),)
    prepared = Prepared(call, 4 * _COLUMNS * count * (3 + 2 * states), aims)
    ids, rows = gradients[0]
    held_arrays = [np.ones((_ROWS, _COLUMNS), np.float32) for _ in range(states + 1)]
    loop = {"sgd": "subtract_rows", "adam": "adam_rows"}[name]
    arrays = [rows, ids, *held_arrays]
    prepared.add("baseline", competitors.c_loop(loop, count, arrays, _COLUMNS, piece=1024))
    torch = competitors.torch
    if torch is not None:
        prepared.add("torch", _in_torch(torch, name, ids, rows, lazy))
    return prepared


def _drawn(seed: int, held: int, lazy: bool) -> np.ndarray:
    """Return different rows for lazy steps, and those of Zipf draws for exact ones."""
    if lazy:
        return random_rows(seed, held, _ROWS)
    weights = np.arange(1, _ROWS + 1) ** -1.05
    chances = weights / weights.sum()
    return np.unique(np.random.default_rng(seed).choice(_ROWS, held, p=chances))


def _in_torch(
    torch: Any, name: str, ids: np.ndarray, rows: np.ndarray, lazy: bool
) -> Callable[[], object]:
    """Return PyTorch's lazy step, or its dense one, which is the exact one that it has."""
    weight = torch.ones((_ROWS, _COLUMNS), requires_grad=True)
    if lazy:
        weight.grad = torch.sparse_coo_tensor(
            torch.from_numpy(ids)[None],
            torch.from_numpy(rows),
            weight.shape,
            check_invariants=False,
            is_coalesced=True,
        )
        chosen = torch.optim.SGD if name == "sgd" else torch.optim.SparseAdam
        return chosen([weight], lr=1e-3).step
    weight.grad = torch.zeros_like(weight)
    weight.grad[torch.from_numpy(ids)] = torch.from_numpy(rows)
    chosen = torch.optim.SGD if name == "sgd" else torch.optim.Adam
    return chosen([weight], lr=1e-3, fused=True).step


_SMALL = [(64,)] * 2000

CASES = [
    Case(
        "step of ResNet-50, SGD with momentum",
        functools.partial(
            step,
            shapes=resnet50_shapes(),
            name="sgd",
            aims=(at_most_times_baseline(1.05), as_fast_as("torch", 1.2)),
        ),
        3.0,
    ),
    Case(
        "step of ResNet-50, Adam",
        functools.partial(
            step,
            shapes=resnet50_shapes(),
            name="adam",
            aims=(at_most_times_baseline(0.9), as_fast_as("torch", 1)),
        ),
        4.0,
    ),
    Case(
        "step of 2,000 x 64, SGD with momentum",
        functools.partial(step, shapes=_SMALL, name="sgd", aims=(as_fast_as("torch", 20),)),
        1.0,
    ),
    Case(
        "step of 2,000 x 64, Adam",
        functools.partial(step, shapes=_SMALL, name="adam", aims=()),
        1.0,
    ),
    *(
        Case(
            f"lazy {name} step of 50,000 of 1,000,000 x 64",
            functools.partial(sparse_step, name=name, held=50_000, lazy=True),
            4.0,
        )
        for name in ("sgd", "adam")
    ),
    Case(
        "exact adam step of 100,000 Zipf draws of 1,000,000 x 64",
        functools.partial(sparse_step, name="adam", held=100_000, lazy=False),
        8.0,
    ),
]
