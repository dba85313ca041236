"""Copies of any layout, by the operation `cast`."""

from __future__ import annotations

import numpy as np
import pytest

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
