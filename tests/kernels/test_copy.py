"""Copies of any layout, by the operation `cast`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from numparam.kernels.cpu import cast as cpu
from numparam.kernels.reference import cast as reference
from tests.support.awkward_inputs import KINDS, dtype_of, layouts, same_bits, values

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])


@BACKENDS
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_keeps_every_bit(backend, kind):
    raw = np.random.default_rng(3).integers(0, 256, 1 << 13, np.uint8)
    array = raw.view(dtype_of(kind))  # NaNs of every payload, and booleans that are neither 0 nor 1
    out = np.empty_like(array)
    for result in (backend.copy(array), backend.copy(array, out), backend.cast(array, kind)):
        assert result.dtype == array.dtype
        assert not np.shares_memory(result, array)
        assert result.tobytes() == raw.tobytes()
    assert backend.copy(array, array) is array
    assert array.tobytes() == raw.tobytes()


@BACKENDS
def test_a_copy_gathers_any_layout(backend):
    array = values("float32", 60).reshape(3, 4, 5)
    for name, given_ in layouts(array).items():
        fresh = backend.copy(given_)
        assert same_bits(fresh, array), name
        assert fresh.flags.c_contiguous
        assert fresh.flags.writeable
        assert not np.shares_memory(fresh, given_)
        out = np.zeros_like(array)
        assert backend.copy(given_, out) is out
        assert same_bits(out, array), name


@BACKENDS
def test_a_copy_into_memory_of_its_own_scattered_source_is_right(backend):
    memory = np.arange(16, dtype=np.float64)
    expected = memory[::-2].copy()
    assert backend.copy(memory[::-2], memory[:8]).tolist() == expected.tolist()
    square = np.arange(9).reshape(3, 3)
    expected = square.T.copy()
    assert backend.copy(square.T, square).tolist() == expected.tolist()


@BACKENDS
def test_a_copy_to_another_form_is_refused(backend):
    with pytest.raises(ValueError, match=r"out must be float64\(2,\)"):
        backend.copy(np.ones(2), np.zeros(2, np.float32))
    out = np.zeros(2)
    with pytest.raises(ValueError, match=r"out must be float64\(3,\)"):
        backend.copy(np.ones(6)[::2], out)
    assert not out.any()


@BACKENDS
@pytest.mark.parametrize("function", ["copy", "cast"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_results_are_as_if_an_overlapping_source_had_been_copied_first(backend, function, data):
    memory = np.arange(60, dtype=np.int32)
    shape = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    size = math.prod(shape)
    first = data.draw(st.integers(0, 60 - size))
    out = memory[first : first + size].reshape(shape)
    # Any strides that stay inside: transposed, reversed, repeated, shifted.
    strides = [data.draw(st.integers(-8, 8)) for _ in shape]
    reach = [step * (n - 1) for step, n in zip(strides, shape, strict=True)]
    low, high = sum(min(r, 0) for r in reach), sum(max(r, 0) for r in reach)
    assume(high - low < 60)
    start = data.draw(st.integers(-low, 59 - high))
    source = np.lib.stride_tricks.as_strided(memory[start:], shape, [4 * step for step in strides])
    expected = source.copy()
    if source.flags.c_contiguous and np.shares_memory(source, out):
        same = source.ctypes.data == out.ctypes.data
        if not same:
            with pytest.raises(ValueError, match="overlaps"):
                getattr(backend, function)(source, out=out)
            return
    getattr(backend, function)(source, out=out)
    assert out.tolist() == expected.tolist()


@BACKENDS
def test_a_copy_is_right_where_numpy_takes_memory_to_be_apart(backend):
    memory = np.arange(20)
    backend.copy(memory[2:14:2], out=memory[3:9])
    assert memory[3:9].tolist() == [2, 4, 6, 8, 10, 12]
