"""Jitted bodies of the random fills: a thread makes one block of the generator, and its values.

Seed, stream and offset are the int64 numbers of the same bits; so are real numbers.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _philox, _polynomials
from numparam.kernels.cuda._elements import (
    bits_of_float32,
    bits_of_float64,
    float32_of,
    float64_of,
    root,
    span,
    store,
    unsigned,
)
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._lanes import store_lanes

_block = inline(_philox.block)


@inline
def _multiply(first, second):
    return first * second


_normals_float32 = inline(
    _polynomials.normals_float32(_multiply, root, bits_of_float32, float32_of)
)
_normals_float64 = inline(
    _polynomials.normals_float64(_multiply, root, bits_of_float64, float64_of)
)


@inline
def _joined(low, high):
    return (high << np.uint64(32)) | low


def _put_of(kind: str, lanes: int):
    """Return a helper that stores the values of a block, cut off at the end of the array."""

    @inline
    def put(address, i, size, values):
        start = i * lanes
        if start + lanes <= size and address & 15 == 0:
            store_lanes(address, start, values, kind, lanes)
        else:
            j = np.int64(0)
            while j < lanes and start + j < size:
                store(address, start + j, values[j], kind)
                j += 1

    return put


_put_bits = _put_of("uint32", 4)
_put_float64 = _put_of("float64", 2)


@kernel
def fill_bits(address, size, seed, stream, offset):
    """Fill with words of Philox."""
    i, step = span()
    while i * 4 < size:
        a, b, c, d = _block(unsigned(offset) + unsigned(i), unsigned(stream), unsigned(seed))
        words = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)
        _put_bits(address, i, size, words)
        i += step


@inline
def _uniform_float32(word, low, distance, top):
    unit = np.float32(2.0**-24)
    value = low + np.float32(np.int32(word >> np.uint64(8))) * unit * distance
    return value if value < top else top


@kernel_per_kind
def fill_uniform(kind):
    """Fill with uniform numbers made in float32."""
    put = _put_of(kind, 4)

    def fill_uniform(address, size, seed, stream, offset, low_bits, span_bits, top_bits):
        low = np.float32(float64_of(low_bits))
        distance = np.float32(float64_of(span_bits))
        top = np.float32(float64_of(top_bits))
        i, step = span()
        while i * 4 < size:
            a, b, c, d = _block(unsigned(offset) + unsigned(i), unsigned(stream), unsigned(seed))
            values = (
                _uniform_float32(a, low, distance, top),
                _uniform_float32(b, low, distance, top),
                _uniform_float32(c, low, distance, top),
                _uniform_float32(d, low, distance, top),
            )
            put(address, i, size, values)
            i += step

    return fill_uniform


@inline
def _uniform_float64(word, low, distance, top):
    value = low + np.float64(np.int64(word >> np.uint64(11))) * 2.0**-53 * distance
    return value if value < top else top


@kernel
def fill_uniform_float64(address, size, seed, stream, offset, low_bits, span_bits, top_bits):
    """Fill with uniform float64 numbers."""
    low, distance, top = float64_of(low_bits), float64_of(span_bits), float64_of(top_bits)
    i, step = span()
    while i * 2 < size:
        a, b, c, d = _block(unsigned(offset) + unsigned(i), unsigned(stream), unsigned(seed))
        first = _uniform_float64(_joined(a, b), low, distance, top)
        second = _uniform_float64(_joined(c, d), low, distance, top)
        _put_float64(address, i, size, (first, second))
        i += step


@kernel_per_kind
def fill_normal(kind):
    """Fill with normal numbers made in float32."""
    put = _put_of(kind, 4)

    def fill_normal(address, size, seed, stream, offset, mean_bits, sigma_bits):
        mean = np.float32(float64_of(mean_bits))
        sigma = np.float32(float64_of(sigma_bits))
        i, step = span()
        while i * 4 < size:
            a, b, c, d = _block(unsigned(offset) + unsigned(i), unsigned(stream), unsigned(seed))
            z0, z1 = _normals_float32(a, b)
            z2, z3 = _normals_float32(c, d)
            values = mean + z0 * sigma, mean + z1 * sigma, mean + z2 * sigma, mean + z3 * sigma
            put(address, i, size, values)
            i += step

    return fill_normal


@kernel
def fill_normal_float64(address, size, seed, stream, offset, mean_bits, sigma_bits):
    """Fill with normal float64 numbers."""
    mean, sigma = float64_of(mean_bits), float64_of(sigma_bits)
    i, step = span()
    while i * 2 < size:
        a, b, c, d = _block(unsigned(offset) + unsigned(i), unsigned(stream), unsigned(seed))
        z0, z1 = _normals_float64(_joined(a, b), _joined(c, d))
        _put_float64(address, i, size, (mean + z0 * sigma, mean + z1 * sigma))
        i += step
