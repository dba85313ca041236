"""The gate: what enters as it is, what enters as a copy, and what does not enter."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from awkward import KINDS, dtype_of, layouts, same_bits, values
from hypothesis import given
from hypothesis import strategies as st

from numparam.kernels import _gate


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


def test_overlap_of_ranges():
    memory = np.arange(8.0)
    _gate.refuse_partial_overlap(memory[:4], [memory[4:], memory[:4]], "sources")
    with pytest.raises(ValueError, match=r"part of sources\[0\]"):
        _gate.refuse_partial_overlap(memory[:4], [memory[3:7]], "sources")
    with pytest.raises(ValueError, match="shares memory with table"):
        _gate.refuse_any_overlap(memory[:4], [memory[:4]], "table")
