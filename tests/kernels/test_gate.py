"""The gate: what enters as it is, what enters as a copy, and what does not enter."""

from __future__ import annotations

import importlib

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.kernels import KERNELS, _gate
from tests.support.awkward_inputs import KINDS, dtype_of, layouts, same_bits, values


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_array_enters_as_it_is_and_any_other_as_a_plain_copy(kind):
    plain = values(kind, 24).reshape(4, 6)
    assert _gate.source(plain, "a") is plain
    for name, other in layouts(plain).items():
        entered = _gate.source(other, "a")
        assert same_bits(entered, plain), name
        assert entered.flags.c_contiguous
        assert entered.flags.aligned
        assert entered.dtype.isnative


def test_the_kind_of_a_dtype_is_its_name():
    assert [_gate.kind(dtype_of(kind)) for kind in KINDS] == list(KINDS)
    assert _gate.kind(np.dtype([("bfloat16", "<u2")])) == "bfloat16"
    with pytest.raises(TypeError, match="complex64 is not supported"):
        _gate.kind(np.dtype("complex64"))


@given(st.lists(st.integers(0, 99), max_size=20), st.sampled_from(["i4", "u1", "f4", "f8", "i8"]))
def test_whole_row_ids_of_any_dtype_become_int64(ids, dtype):
    entered = _gate.row_ids(np.array(ids, dtype), 100)
    assert entered.dtype == np.int64
    assert entered.tolist() == ids


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([0, 4], IndexError, r"ids\[1\] is 4; row ids must be between 0 and 3 for 4 rows"),
        ([-1], IndexError, r"ids\[0\] is -1"),
        ([0.5], ValueError, "whole number"),
        ([np.nan], ValueError, "whole number"),
        ([np.inf], ValueError, "whole number"),
        (np.float32([16777217 + 1]), ValueError, "exact"),
        (np.array([2**63], np.uint64), IndexError, "beyond any row"),
        (["a"], TypeError, "not supported"),
        ([True, False], TypeError, "flatnonzero"),
    ],
)
def test_row_ids_that_are_no_rows_are_refused(ids, error, message):
    with pytest.raises(error, match=message):
        _gate.row_ids(ids, 4)


def test_the_bounds_of_exact_floating_point_ids():
    for dtype, last in ((np.float16, 2**11), (ml_dtypes.bfloat16, 2**8), (np.float32, 2**24)):
        assert _gate.row_ids(np.array([last], dtype), None).tolist() == [last]


def test_a_subclass_enters_as_a_plain_array():
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    assert type(_gate.source(masked, "a")) is np.ndarray
    assert type(_gate.output(masked)) is np.ndarray


def test_bfloat16_in_mxnets_spelling_enters_as_the_dtype_that_numpy_can_add():
    spelled = np.dtype([("bfloat16", "<u2")])
    array = np.array([1.5, -2.0, 3.0], ml_dtypes.bfloat16)
    entered = _gate.source(array.view(spelled), "a")
    assert entered.dtype == ml_dtypes.bfloat16
    assert np.shares_memory(entered, array)
    swapped = array.view(spelled).astype([("bfloat16", ">u2")])
    assert same_bits(_gate.source(swapped, "a"), array)
    assert same_bits(_gate.sources([array, array.view(spelled)])[1], array)
    with pytest.raises(ValueError, match="native byte order"):
        _gate.output(swapped)
    (used,) = _gate.outputs([array.view(spelled)])
    used[0] = 7
    assert array[0] == 7


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_kernels_take_bfloat16_in_mxnets_spelling_wherever_they_take_bfloat16(backend):
    operation = {
        row.name: importlib.import_module(f"numparam.kernels.{backend}.{row.name}")
        for row in KERNELS
    }
    spelled = np.dtype([("bfloat16", "<u2")])
    rows = np.array([[1, 2], [3, 5]], ml_dtypes.bfloat16)
    other = rows.view(spelled)
    out = np.zeros((2, 2), spelled)
    held = out.view(ml_dtypes.bfloat16)
    assert operation["average"].mean([rows, other], out) is out
    assert same_bits(held, rows)
    assert operation["average"].add_n([other, other]).tolist() == [[2, 4], [6, 10]]
    assert operation["retain"].retain([0, 4], other, [4, 1], out).tolist()
    assert held.tolist() == [[3, 5], [0, 0]]
    assert operation["retain"].gather(other, [1]).tolist() == [[3, 5]]
    operation["retain"].scatter(out, [1], rows[:1])
    assert held.tolist() == [[3, 5], [1, 2]]
    _, merged = operation["merge"].merge([[1, 0], [0]], [other, rows[:1]])
    assert merged.tolist() == [[4, 7], [1, 2]]
    assert operation["cast"].cast(other, np.float32).tolist() == rows.tolist()
    assert operation["cast"].cast([[1, 2]], spelled).dtype == ml_dtypes.bfloat16
    assert operation["cast"].copy(other, out) is out
    assert same_bits(held, rows)
    assert operation["norm"].sum_of_squares([out]).tolist() == [39]
    operation["norm"].scale([out], 2)
    assert held.tolist() == [[2, 4], [6, 10]]
    operation["random"].uniform(out, 3, 3, seed=0)
    assert held.tolist() == [[3, 3], [3, 3]]
    operation["random"].normal(out, 2, 0, seed=0)
    assert held.tolist() == [[2, 2], [2, 2]]
    operation["reset"].zero([out])
    assert not held.any()


def test_overlap_of_ranges():
    memory = np.arange(8.0)
    _gate.refuse_partial_overlap(memory[:4], [memory[4:], memory[:4]], "sources")
    with pytest.raises(ValueError, match=r"part of sources\[0\]"):
        _gate.refuse_partial_overlap(memory[:4], [memory[3:7]], "sources")


@pytest.mark.parametrize("way", [_gate._address_by_layout, _gate._address_by_interface])
def test_both_ways_to_learn_an_address_agree(way):
    memory = np.arange(24, dtype=np.float32)
    for array in (
        memory,
        memory[5:],
        memory[::-2],
        memory.reshape(4, 6).T,
        memory.view(type("Sub", (np.ndarray,), {})),
        np.array(1.0),
        np.frombuffer(b"12345678", np.int16),
    ):
        assert way(array) == array.ctypes.data
