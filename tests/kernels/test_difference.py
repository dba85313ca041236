"""Comparison of two arrays: what it means, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import difference as cpu
from numparam.kernels.reference import difference as reference
from tests.support.awkward_inputs import KINDS, values

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
FLOAT32 = st.floats(width=32)


@pytest.mark.parametrize("kind", KINDS)
def test_backends_agree_across_pieces_and_threads(kind):
    size = 3 * cpu._PIECE + 5
    first, second = values(kind, size), values(kind, size, 1)
    second[::7] = first[::7]
    for tolerances in ((), (1e-3, 0.25)):
        expected = reference.difference(first, second, *tolerances)
        assert cpu.difference(first, second, *tolerances) == expected
    before = kernels.num_threads()
    kernels.set_num_threads(1)
    try:
        assert cpu.difference(first, second, 1e-3, 0.25) == expected
    finally:
        kernels.set_num_threads(before)


@BACKENDS
@given(st.lists(st.tuples(FLOAT32, FLOAT32), max_size=20), st.sampled_from([0.0, 1e-3, 0.5]))
def test_elements_are_compared_as_python_compares_numbers(backend, pairs, tolerance):
    a, b = (np.array([pair[side] for pair in pairs], np.float32) for side in (0, 1))
    differing, absolute, relative = 0, 0.0, 0.0
    for x, y in pairs:
        if math.isnan(x) or math.isnan(y):
            differing += math.isnan(x) != math.isnan(y)
        elif x != y:
            gap = abs(x - y)
            differing += gap > tolerance + tolerance * abs(y) or math.isinf(gap)
            absolute = max(absolute, gap)
            relative = max(relative, math.inf if math.isinf(gap) else gap / max(abs(x), abs(y)))
    nan = (int(np.isnan(a).sum()), int(np.isnan(b).sum()))
    found = backend.difference(a, b, tolerance, tolerance)
    assert found == (differing, absolute, relative, nan)


@BACKENDS
def test_an_infinity_is_beyond_every_tolerance(backend):
    found = backend.difference(np.array([1.0, np.inf]), np.array([np.inf, np.inf]), rtol=1.0)
    assert found == (1, np.inf, np.inf, (0, 0))


@BACKENDS
@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_neighbours_of_64_bits_differ_where_float64_does_not_tell_them_apart(backend, dtype):
    found = backend.difference(np.array([2**62], dtype), np.array([2**62 + 1], dtype))
    assert found == (1, 0.0, 0.0, (0, 0))


@BACKENDS
def test_layouts_and_numbers_without_dimensions(backend):
    square = np.arange(6.0).reshape(2, 3)
    assert backend.difference(square.T, np.ascontiguousarray(square.T)).differing == 0
    assert backend.difference(square[:, ::-1], square).differing == 4
    assert backend.difference(np.float32(1), np.float32(3)).absolute == 2
    assert backend.difference(np.zeros((0, 4)), np.ones((0, 4))) == (0, 0.0, 0.0, (0, 0))


@BACKENDS
def test_bad_arguments_are_named(backend):
    one = np.ones(2)
    with pytest.raises(ValueError, match=r"arrays\[1\]"):
        backend.difference(one, np.ones(3))
    with pytest.raises(ValueError, match=r"arrays\[1\]"):
        backend.difference(one, np.float32([1, 1]))
    with pytest.raises(TypeError, match="rtol must be a real number, not str"):
        backend.difference(one, one, "1")
    with pytest.raises(ValueError, match="atol must not be negative or NaN, got -1"):
        backend.difference(one, one, 0, -1)
    with pytest.raises(ValueError, match="rtol must not be negative or NaN, got nan"):
        backend.difference(one, one, math.nan)
