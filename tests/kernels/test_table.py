"""Pointer tables: what enters, and what they refuse to become."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

from numparam.kernels.cpu import reset, table
from numparam.kernels.cpu._pointers import CHUNK
from numparam.kernels.reference import table as reference_table


def test_a_table_groups_by_kind_and_counts_chunks():
    arrays = [np.ones(CHUNK + 1, np.float32), np.ones(3, np.int8), np.ones(0, np.float32)]
    ready = table.build(arrays)
    first, second = ready.groups
    assert (first.kind, first.chunks, first.nbytes) == ("float32", 2, 4 * (CHUNK + 1))
    assert first.positions.tolist() == [0, 2]
    assert first.rows[0, 0] == arrays[0].ctypes.data
    assert second.positions.tolist() == [1]
    assert len(ready) == 3


def test_a_table_keeps_its_arrays_alive_and_lets_them_go():
    array = np.ones(3)
    watched = weakref.ref(array)
    ready = table.build([array])
    del array
    gc.collect()
    assert watched() is not None
    del ready
    gc.collect()
    assert watched() is None


def test_a_group_keeps_its_arrays_alive_without_its_table():
    # A kernel that is given a generator holds nothing else while it runs.
    array = np.ones(3)
    watched = weakref.ref(array)
    groups = table.build(iter([array])).groups
    del array
    gc.collect()
    assert watched() is not None
    del groups
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_table_is_never_pickled_or_copied(attempt):
    for holder in (table.build([np.ones(3)]), table.build([np.ones(3)]).groups[0]):
        with pytest.raises(TypeError, match="addresses of this process"):
            attempt(holder)


def test_a_table_is_immutable():
    ready = table.build([np.ones(3)])
    with pytest.raises(AttributeError, match="immutable"):
        ready.arrays = ()
    with pytest.raises(ValueError, match="read-only"):
        ready.groups[0].rows[0, 0] = 0


@pytest.mark.parametrize("backend", [table, reference_table], ids=["cpu", "reference"])
def test_a_table_for_reading_takes_read_only_arrays_but_no_kernel_writes_through_it(backend):
    array = np.ones(3)
    array.flags.writeable = False
    ready = backend.build([array], writeable=False)
    assert backend.build(ready, writeable=False) is ready
    with pytest.raises(ValueError, match="writeable=False"):
        backend.build(ready)
    if backend is table:
        with pytest.raises(ValueError, match="writeable=False"):
            reset.zero(ready)
    with pytest.raises(ValueError, match="C-contiguous"):
        backend.build([np.ones(4)[::2]], writeable=False)
