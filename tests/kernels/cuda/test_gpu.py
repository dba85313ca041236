"""The CUDA kernels on a GPU: the reference's bits at sizes of many blocks, and real memory.

``pip install 'numparam[cuda13]'`` (or ``cuda12``), then ``python -m pytest -m gpu``.
"""

from __future__ import annotations

import importlib
import threading

import numpy as np
import pytest

from numparam.kernels import KERNELS
from numparam.kernels.cuda import _memory, _provider, average, reset, retain, table
from numparam.kernels.reference import average as reference
from numparam.kernels.reference import retain as reference_retain
from tests.support.awkward_inputs import KINDS, same_bits, values
from tests.support.on_gpu import Foreign, compare, download, upload
from tests.support.parity import INPUTS

pytestmark = pytest.mark.gpu

SIZES = (0, 1, 7, 255, 256, 257, 4096, 70_001)
FUNCTIONS = [
    (row.name, name) for row in KERNELS if "cuda" in row.backends for name in row.functions
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("operation", "name"), FUNCTIONS)
def test_a_gpu_gives_the_bits_of_the_reference(operation, name, kind):
    function, plain = (
        getattr(importlib.import_module(f"numparam.kernels.{backend}.{operation}"), name)
        for backend in ("cuda", "reference")
    )
    for size in SIZES:
        for arguments in INPUTS[operation, name](kind, size):
            compare(function, plain, arguments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 16])
def test_sums_and_means_of_awkward_values(kind, count):
    seeds = [5] * count if kind == "bool" else range(count)
    arrays = [values(kind, 100_003, seed) for seed in seeds]
    for name in ("mean", "add_n"):
        compare(getattr(average, name), getattr(reference, name), ((arrays,), {}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bool"])
def test_mean_of_identical_copies_is_that_copy(kind):
    array = values(kind, 10_000)
    there = upload(array)
    for count in range(1, 17):
        assert same_bits(download(average.mean([there] * count)), array)


def test_large_arrays_are_zeroed_whole_and_nothing_else():
    memory = [upload(np.ones(3_000_007 + i, np.uint8)) for i in range(3)]
    reset.zero([_memory.view(m, 1, (m.size - 2,)) for m in memory])
    for array in download(memory):
        assert array[0] == array[-1] == 1
        assert not array[1:-1].any()


def test_many_ids():
    generator = np.random.default_rng(0)
    ids = generator.integers(0, 500_000, 300_000)
    assert np.array_equal(download(retain.unique_ids(upload(ids))), np.unique(ids))
    weight = np.zeros((500_000, 3), np.float32)
    rows = generator.standard_normal((300_000, 3)).astype(np.float32)
    compare(retain.scatter, reference_retain.scatter, ((weight, ids, rows), {}))


def test_bad_ids_among_many_are_found():
    ids = np.arange(200_000)
    ids[[150_000, 170_000]] = -7, 10**12
    source = upload(np.ones((200_000, 2), np.float32))
    with pytest.raises(IndexError, match=r"ids\[150000\] is -7"):
        retain.gather(source, upload(ids))


def test_missing_memory_is_an_error_that_leaves_the_gpu_usable():
    with pytest.raises(MemoryError, match=r"gpu\(0\) has no room for"):
        _memory.empty((2**50,), np.float32)
    assert download(average.mean([upload(np.ones(3))])).tolist() == [1, 1, 1]


def test_a_host_address_is_refused():
    with pytest.raises(ValueError, match="not a GPU's memory"):
        average.mean([Foreign(np.ones(64))])


def test_arrays_of_other_libraries_are_taken_without_a_copy():
    cuda = _provider.numba_cuda()
    theirs = cuda.to_device(np.float32([1, 2, 3]))
    out = cuda.to_device(np.zeros(3, np.float32))
    assert average.mean([theirs, theirs], out) is out
    assert out.copy_to_host().tolist() == [1, 2, 3]
    reset.zero([theirs])
    assert theirs.copy_to_host().tolist() == [0, 0, 0]
    mine = upload(np.float32([4, 5]))
    assert cuda.as_cuda_array(mine).copy_to_host().tolist() == [4, 5]


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16", "int64", "bool"])
def test_tensors_of_pytorch_are_taken(kind):
    torch = pytest.importorskip("torch", reason="needs PyTorch with CUDA")
    if not torch.cuda.is_available():
        pytest.skip("needs PyTorch with CUDA")
    one = torch.ones(5, dtype=getattr(torch, kind), device="cuda")
    if not hasattr(one, "__cuda_array_interface__"):
        pytest.skip(f"this PyTorch has no interface for {kind}")
    out = torch.zeros_like(one)
    average.mean([one, one], out)
    _memory.synchronize()
    assert bool((out == one).all())


def test_threads_share_a_gpu():
    arrays = [values("float64", 50_001, seed) for seed in range(3)]
    expected = reference.mean(arrays)
    failures = []

    def work() -> None:
        try:
            there = upload(arrays)
            ready = table.build(there)
            for _ in range(20):
                assert same_bits(download(average.mean(there)), expected)
            reset.zero(ready)
            assert not any(array.any() for array in download(there))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
