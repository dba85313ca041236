"""Every kernel of every host backend gives the bits of the reference."""

from __future__ import annotations

import importlib
import threading

import numpy as np
import pytest

from numparam import kernels
from numparam.kernels import KERNELS
from tests.support.awkward_inputs import KINDS
from tests.support.parity import INPUTS, compare

BLOCK = 2048
CHUNK = 4096
SIZES = (0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3)
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


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("operation", "name"), FUNCTIONS)
def test_the_number_of_threads_changes_no_bit(operation, name, threads):
    function, reference = entries(operation, name)
    kind = "uint32" if name == "bits" else "float32"
    # More than a megabyte, from which on the work is shared; rows have three columns.
    size = 60_007 if operation in ("merge", "retain") else 300_007
    before = kernels.set_num_threads(threads)
    try:
        for arguments in INPUTS[operation, name](kind, size):
            compare(function, reference, arguments)
    finally:
        kernels.set_num_threads(before)


def test_eight_threads_in_every_kernel_at_once():
    failures = []
    barrier = threading.Barrier(8)

    def work(turn: int) -> None:
        order = FUNCTIONS[turn:] + FUNCTIONS[:turn]
        barrier.wait()
        try:
            for operation, name in order:
                function, reference = entries(operation, name)
                kind = "uint32" if name == "bits" else "float32"
                for arguments in INPUTS[operation, name](kind, CHUNK + 1):
                    compare(function, reference, arguments)
        except BaseException as failure:
            failures.append(failure)

    with np.errstate(all="ignore"):
        threads = [threading.Thread(target=work, args=(turn,)) for turn in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
