"""The walk over a table: every element once, whatever the threads and the pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import _walk, table
from numparam.kernels.cpu._elements import load, store
from numparam.kernels.cpu._jit import kernel
from numparam.kernels.cpu._pointers import CHUNK
from numparam.kernels.cpu._walk import spans

SIZES = (0, 1, 3, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7)


@kernel
def _step(weights, gradients, rates, chunks_per_piece, counter):
    for array, start, stop in spans(weights, chunks_per_piece, counter):
        weight = weights[0, array]
        gradient = gradients[0, array]
        rate = rates[array]
        for i in range(start, stop):
            store(
                weight,
                i,
                load(weight, i, "float64") - rate * load(gradient, i, "float64"),
                "float64",
            )


@kernel
def _list_spans(rows, found, chunks_per_piece, counter):
    place = 0
    for array, start, stop in spans(rows, chunks_per_piece, counter):
        found[place, 0] = array
        found[place, 1] = start
        found[place, 2] = stop
        place += 1
    return place


@given(st.lists(st.sampled_from(SIZES), max_size=9), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_spans_are_ascending_aligned_to_chunks_and_complete(sizes, chunks_per_piece):
    (group,) = table.build([np.zeros(size) for size in (*sizes, 5)]).groups
    found = np.zeros((group.chunks + len(sizes) + 1, 3), np.int64)
    count = _list_spans(group.rows, found, chunks_per_piece, np.zeros(1, np.int64))
    visited = []
    for array, start, stop in found[:count].tolist():
        assert start < stop
        assert start % CHUNK == 0
        visited += [(array, start // CHUNK + i) for i in range(-(-(stop - start) // CHUNK))]
        assert stop <= group.arrays[array].size
    assert visited == [
        (array, chunk)
        for array, size in enumerate((*sizes, 5))
        for chunk in range(-(-size // CHUNK))
    ]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_kernel_walks_several_tables_and_has_numbers_for_each_array(threads):
    sizes = [*SIZES, 300_001, 0, 200_000]
    weights = [np.full(size, 10.0) for size in sizes]
    gradients = [np.arange(size, dtype=float) for size in sizes]
    rates = np.linspace(0.5, 2, len(sizes))
    (walked,) = table.build(weights).groups
    (read,) = table.build(gradients, writeable=False).groups
    before = kernels.set_num_threads(threads)
    try:
        _walk.run(_step, walked, read.rows, rates, nbytes=3 * walked.nbytes)
    finally:
        kernels.set_num_threads(before)
    for weight, gradient, rate in zip(weights, gradients, rates, strict=True):
        np.testing.assert_array_equal(weight, 10.0 - rate * gradient)


@pytest.mark.parametrize("sizes", [(0,), (0, 0, 0)])
def test_arrays_without_elements_are_not_visited(sizes):
    (group,) = table.build([np.zeros(size) for size in sizes]).groups
    found = np.zeros((1, 3), np.int64)
    assert _list_spans(group.rows, found, 1, np.zeros(1, np.int64)) == 0
