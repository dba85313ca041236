"""How often a CUDA operation launches and what comes to the host, counted on the simulator.

``NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim`` runs them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam.kernels.cuda import _memory, _provider, average, average_many, reset, retain, table
from numparam.kernels.reference import average_many as reference_average_many
from tests.support.awkward_inputs import KINDS, values
from tests.support.on_gpu import download, upload

pytestmark = [pytest.mark.cudasim, pytest.mark.usefixtures("few_threads")]


@pytest.fixture
def traffic(monkeypatch):
    """What is launched, allocated, and copied to the host in bytes, in this order of its names."""
    seen = {"launches": [], "read": [], "allocated": [], "written": []}
    memory = _provider.device_memory()
    launch, copy_out = memory.launch, memory.copy_out
    allocate, copy_in = memory.allocate, memory.copy_in

    def launched(kernel, device_id, form, *arguments):
        assert form[0] * form[1] <= 8
        assert all(type(argument) is int for argument in arguments)
        seen["launches"].append(kernel)
        launch(kernel, device_id, form, *arguments)

    def copied_out(device_id, address, host):
        seen["read"].append(host.nbytes)
        copy_out(device_id, address, host)

    def copied_in(device_id, address, host):
        seen["written"].append(host.nbytes)
        copy_in(device_id, address, host)

    def allocated(device_id, nbytes):
        seen["allocated"].append(nbytes)
        return allocate(device_id, nbytes)

    for function, name in (
        (launched, "launch"), (copied_out, "copy_out"), (copied_in, "copy_in"),
        (allocated, "allocate"),
    ):  # fmt: skip
        monkeypatch.setattr(memory, name, function, raising=False)

    def clear() -> dict[str, list]:
        for record in seen.values():
            record.clear()
        return seen

    return clear


@pytest.mark.parametrize("count", [1, 40])
def test_zeroing_is_one_launch_for_any_number_and_dtypes(traffic, count):
    arrays = upload([values(KINDS[i % len(KINDS)], 5, i) for i in range(count)])
    seen = traffic()
    reset.zero(arrays)
    assert len(seen["launches"]) == 1
    assert not any(array.view(np.uint8).any() for array in download(arrays))


def test_a_table_needs_one_launch_and_nothing_else_after_its_first_use(traffic):
    arrays = upload([np.ones(3), np.ones(100, np.int8)])
    ready = table.build(arrays)
    reset.zero(ready)
    seen = traffic()
    reset.zero(ready)
    assert len(seen["launches"]) == 1
    assert not seen["read"] + seen["allocated"] + seen["written"]


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.sampled_from((0, 1, 3, 15, 16, 31, 64, 70))),
        max_size=8,
    ),
    st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_every_element_of_every_array_becomes_zero_and_no_other(forms, before):
    memory = []
    for i, (kind, size) in enumerate(forms):
        array = values(kind, size + before + 2, i)
        array[:before] = array[before + size :] = 1
        memory.append(upload(array))
    sizes = [size for _, size in forms]
    inner = [_memory.view(m, before, (size,)) for m, size in zip(memory, sizes, strict=True)]
    reset.zero(inner)
    for array, size in zip(download(memory), sizes, strict=True):
        assert not array[before : before + size].view(np.uint8).any()
        assert (array[:before] == 1).all()
        assert (array[before + size :] == 1).all()


def test_a_mean_is_one_launch_and_reads_nothing(traffic):
    arrays = upload([values("float32", 9, seed) for seed in range(5)])
    average.mean(arrays)
    out = upload(np.zeros(9, np.float32))
    seen = traffic()
    average.mean(arrays, out)
    assert len(seen["launches"]) == 1
    assert not seen["read"] + seen["allocated"]


@pytest.mark.parametrize("count", [4, 60])
def test_only_the_verdict_on_ids_comes_to_the_host(traffic, count):
    source = upload(np.ones((count, 2), np.float32))
    ids = upload(np.arange(count))
    out = upload(np.zeros((count, 2), np.float32))
    retain.gather(source, ids, out)
    for call in (
        lambda: retain.gather(source, ids, out),
        lambda: retain.retain(ids, source, ids, out),
        lambda: retain.scatter(out, ids, source),
    ):
        seen = traffic()
        call()
        assert len(seen["launches"]) == 2
        assert seen["read"] == [32]
        assert not seen["allocated"]


def test_bad_ids_are_found_without_fetching_the_others(traffic):
    source = upload(np.ones(50))
    ids = upload(np.array([*range(50), 50]))
    seen = traffic()
    with pytest.raises(IndexError):
        retain.gather(source, ids)
    assert seen["read"] == [32, 8]


def test_missing_memory_is_an_error_before_anything_is_launched(traffic, monkeypatch):
    source, ids = upload(np.ones(5)), upload(np.array([1, 2]))

    def full(device_id, nbytes):
        raise MemoryError(f"gpu({device_id}) has no room for {nbytes} more bytes")

    retain.gather(source, ids)
    seen = traffic()
    monkeypatch.setattr(_provider.device_memory(), "allocate", full)
    for call in (lambda: retain.gather(source, ids), lambda: average.mean([source])):
        with pytest.raises(MemoryError, match="no room"):
            call()
    assert not seen["launches"]


def test_sums_of_many_arrays_are_one_launch_for_each_dtype(traffic):
    forms = [("float32", 3), ("int8", 5), ("float32", 70), ("bool", 4), ("float32", 0)]
    sources = [[values(kind, length, seed) for kind, length in forms] for seed in range(3)]
    wanted = [np.zeros_like(array) for array in sources[0]]
    reference_average_many.add_n(sources, wanted)
    uploaded = [[upload(array) for array in one] for one in sources]
    seen = traffic()
    average_many.add_n(uploaded, uploaded[1])
    assert len(seen["launches"]) == 3
    assert seen["read"] == []
    for array, right in zip(uploaded[1], wanted, strict=True):
        np.testing.assert_array_equal(download(array), right)
