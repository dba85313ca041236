"""Every kernel of every host backend gives the bits of the reference."""

from __future__ import annotations

import importlib
import threading

import numpy as np
import pytest

from numparam import kernels
from numparam.kernels import KERNELS
from numparam.kernels.cpu import _pool
from tests.support.awkward_inputs import KINDS
from tests.support.parity import FLOATS, INPUTS, check, compare, optimizer_inputs, outcome

BLOCK = 2048
CHUNK = 4096
SIZES = (0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3)
EXHAUSTIVE = optimizer_inputs(exhaustive=True)
FUNCTIONS = [(row.name, name) for row in KERNELS for name in row.functions]


def entries(operation: str, name: str):
    return [
        getattr(importlib.import_module(f"numparam.kernels.{backend}.{operation}"), name)
        for backend in ("cpu", "reference")
    ]


def test_every_function_has_its_inputs():
    assert set(INPUTS) == set(FUNCTIONS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("operation", "name"), FUNCTIONS)
def test_cpu_gives_the_bits_of_the_reference(operation, name, kind):
    function, reference = entries(operation, name)
    for size in SIZES:
        for arguments in INPUTS[operation, name](kind, size):
            compare(function, reference, arguments)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize(("operation", "name"), EXHAUSTIVE)
def test_steps_of_every_kind_give_the_bits_of_the_reference(operation, name, kind):
    function, reference = entries(operation, name)
    for size in SIZES:
        for arguments in EXHAUSTIVE[operation, name](kind, size):
            compare(function, reference, arguments)


@pytest.mark.parametrize(("operation", "name"), FUNCTIONS)
def test_the_number_of_threads_changes_no_bit(operation, name, monkeypatch):
    monkeypatch.setattr(_pool, "PARALLEL_BYTES", 1)  # so that small arrays are shared, too
    function, reference = entries(operation, name)
    before = kernels.set_num_threads(1)
    try:
        for arguments in INPUTS[operation, name](kind_for(name), 5 * CHUNK + 7):
            expected = outcome(reference, arguments)
            for threads in (1, 2, 3):
                kernels.set_num_threads(threads)
                check(outcome(function, arguments), expected)
    finally:
        kernels.set_num_threads(before)


def kind_for(name: str) -> str:
    return "uint32" if name == "bits" else "float32"


def test_eight_threads_in_every_kernel_at_once():
    work = []
    for operation, name in FUNCTIONS:
        function, reference = entries(operation, name)
        for arguments in INPUTS[operation, name](kind_for(name), CHUNK + 1):
            work.append((function, arguments, outcome(reference, arguments)))
    failures = []
    barrier = threading.Barrier(8)

    def run(turn: int) -> None:
        first = turn * len(work) // 8
        barrier.wait()
        try:
            for function, arguments, expected in work[first:] + work[:first]:
                check(outcome(function, arguments), expected)
        except BaseException as failure:
            failures.append(failure)

    with np.errstate(all="ignore"):
        threads = [threading.Thread(target=run, args=(turn,)) for turn in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
