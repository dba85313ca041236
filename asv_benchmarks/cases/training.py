"""Cases for training: steps of a Trainer, dense and row-sparse."""

from __future__ import annotations

import functools
import itertools
import time
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
    competitors: Competitors,
    shapes: list[tuple[int, ...]],
    name: str,
    aims: tuple[Aim, ...],
    contexts: int = 1,
) -> Prepared:
    """Make one step of many dense parameters; their gradients stay what they are."""
    arguments, torch_class, torch_arguments, states = _OPTIMIZERS[name]
    members = list(parameters(shapes, contexts).values())
    trainer = mx.gluon.Trainer(members, name, arguments)
    for member in members:
        for gradient in member.list_grad():
            # Memory that another library has counts as written at each step.
            np.from_dlpack(gradient)[...] = 1e-3
    sizes = [int(np.prod(shape)) for shape in shapes]
    # On several contexts their gradients are summed, and the weights of one are copied.
    moved = 3 + 2 * states + 3 * (contexts - 1) + 2 * (contexts - 1)
    prepared = Prepared(lambda: trainer.step(1), 4 * moved * sum(sizes), aims)
    wanted = {"shapes": shapes, "name": name, "arguments": arguments, "contexts": contexts}
    prepared.add_timed("mxnet", competitors.in_mxnet("trainer_step", **wanted))
    if contexts > 1:
        return prepared
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


class _Table:
    """A row-sparse parameter, of which each step changes other rows."""

    def __init__(self, name: str, lazy: bool, draw: Callable[[], np.ndarray]) -> None:
        self._draw = draw
        self._parameter = mx.gluon.Parameter(
            "table", shape=(_ROWS, _COLUMNS), stype="row_sparse", grad_stype="row_sparse"
        )
        self._parameter.initialize(mx.init.One())
        arguments = {"learning_rate": 1e-3, "lazy_update": lazy}
        self._trainer = mx.gluon.Trainer([self._parameter], name, arguments)

    def step(self) -> float:
        """Make one step, and return the seconds that it took; the gradient is there before."""
        ids = self._draw()
        rows = np.full((len(ids), _COLUMNS), 1e-3, np.float32)
        mx.autograd.accumulate_grad(self._parameter._data[0], (ids, rows))
        start = time.perf_counter()
        self._trainer.step(1)
        return time.perf_counter() - start

    def steps(self, repeats: int) -> float:
        """Make some steps, and return their seconds."""
        return sum(self.step() for _ in range(repeats))


def lazy_step(competitors: Competitors, name: str, held: int) -> Prepared:
    """Make one step of some rows of a table, which stand for all."""
    choices = [random_rows(seed, held, _ROWS) for seed in range(8)]
    table = _Table(name, True, _in_turn(choices))
    states = {"sgd": 0, "adam": 2}[name]
    prepared = Prepared(
        table.step,
        4 * _COLUMNS * held * (3 + 2 * states),
        (as_fast_as("torch", 1.5 if name == "sgd" else 4),),
    )
    prepared.add_timed("numparam", table.steps)
    rows = np.full((held, _COLUMNS), 1e-3, np.float32)
    held_arrays = [np.ones((_ROWS, _COLUMNS), np.float32) for _ in range(states + 1)]
    loop = {"sgd": "subtract_rows", "adam": "adam_rows"}[name]
    arrays = [rows, choices[0], *held_arrays]
    prepared.add("baseline", competitors.c_loop(loop, held, arrays, _COLUMNS, piece=1024))
    if competitors.torch is not None:
        prepared.add("torch", _lazily_in_torch(competitors.torch, name, choices, rows))
    return prepared


def exact_step(competitors: Competitors, draws: int, before: int) -> Prepared:
    """Make one step of Adam of the rows that are drawn, as exact as a dense one.

    The longer rows have waited, the more steps they have missed: `before` steps are made first.
    """
    exact = _Table("adam", False, _zipf_rows(draws))
    held = int(np.mean([len(_zipf_rows(draws)()) for _ in range(4)]))
    aims = (as_fast_as("torch", 4), Aim("lazy", 3))
    prepared = Prepared(exact.step, 4 * _COLUMNS * held * 7, aims)
    prepared.add_timed("numparam", exact.steps)
    prepared.add_timed("lazy", _Table("adam", True, _zipf_rows(draws)).steps)
    exact.steps(before)
    torch = competitors.torch
    if torch is not None:
        weight = torch.ones((_ROWS, _COLUMNS), requires_grad=True)
        weight.grad = torch.full_like(weight, 1e-3)
        prepared.add("torch", torch.optim.Adam([weight], lr=1e-3, fused=True).step)
    return prepared


def _in_turn(choices: list[np.ndarray]) -> Callable[[], np.ndarray]:
    return itertools.cycle(choices).__next__


def _zipf_rows(draws: int) -> Callable[[], np.ndarray]:
    """Return what draws the rows of a step: those of the numbers that are in the table."""
    generator = np.random.default_rng(0)

    def draw() -> np.ndarray:
        numbers = generator.zipf(1.05, draws)
        return np.unique(numbers[numbers <= _ROWS]) - 1

    return draw


def _lazily_in_torch(
    torch: Any, name: str, choices: list[np.ndarray], rows: np.ndarray
) -> Callable[[], object]:
    """Return PyTorch's lazy step."""
    weight = torch.ones((_ROWS, _COLUMNS), requires_grad=True)
    gradients = itertools.cycle(
        [
            torch.sparse_coo_tensor(
                torch.from_numpy(ids)[None],
                torch.from_numpy(rows),
                weight.shape,
                check_invariants=False,
                is_coalesced=True,
            )
            for ids in choices
        ]
    )
    chosen = torch.optim.SGD if name == "sgd" else torch.optim.SparseAdam
    optimizer = chosen([weight], lr=1e-3)

    def step() -> None:
        weight.grad = next(gradients)
        optimizer.step()

    return step


def pull_rows(competitors: Competitors, wanted: int = 100_000) -> Prepared:
    """Pull rows of random ids, in any order and some more than once, out of a parameter."""
    table = mx.gluon.Parameter("table", shape=(_ROWS, _COLUMNS), stype="row_sparse")
    table.initialize(mx.init.One())
    mx.gluon.Trainer([table], "sgd")
    numbers = np.random.default_rng(0).integers(0, _ROWS, wanted)
    ids = mx.nd.array(numbers, dtype="int64")
    aims = (as_fast_as("mxnet", 8), as_fast_as("torch", 1.5))
    held = len(np.unique(numbers))
    prepared = Prepared(lambda: table.row_sparse_data(ids), 2 * 4 * _COLUMNS * held, aims)
    torch = competitors.torch
    if torch is not None:
        rows, asked = torch.ones((_ROWS, _COLUMNS)), torch.from_numpy(numbers)
        prepared.add("torch", lambda: torch.index_select(rows, 0, asked))
    arguments = {"rows": _ROWS, "columns": _COLUMNS, "wanted": wanted}
    prepared.add_timed("mxnet", competitors.in_mxnet("row_sparse_data", **arguments))
    return prepared


_SMALL = [(64,)] * 2000

CASES = [
    Case(
        "step of ResNet-50, SGD with momentum",
        functools.partial(
            step,
            shapes=resnet50_shapes(),
            name="sgd",
            aims=(at_most_times_baseline(1.05), as_fast_as("torch", 1.2), as_fast_as("mxnet", 9)),
        ),
        3.0,
    ),
    Case(
        "step of ResNet-50 on two contexts, SGD with momentum",
        functools.partial(
            step,
            shapes=resnet50_shapes(),
            name="sgd",
            aims=(as_fast_as("mxnet", 6),),
            contexts=2,
        ),
        4.0,
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
            functools.partial(lazy_step, name=name, held=50_000),
            4.0,
        )
        for name in ("sgd", "adam")
    ),
    *(
        Case(
            f"exact adam step of 100,000 Zipf draws of 1,000,000 x 64, after {before}",
            functools.partial(exact_step, draws=100_000, before=before),
            12.0,
        )
        for before in (60, 300)
    ),
    Case("row_sparse_data of 100,000 ids of 1,000,000 x 64", pull_rows, 3.0),
]
