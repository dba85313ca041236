"""Random words to standard normals by polynomials of our own: the same bits everywhere.

The Box-Muller transform (doi:10.1214/aoms/1177706645) turns two uniform numbers into two
independent normals: radius sqrt(-2 log u) times the cosine and the sine of a uniform angle. The
logarithm and the sine of libm and libdevice differ from one another in the last bits, so here they
are additions, multiplications, one division (float64) and one square root, which IEEE 754 rounds in
one way only.

Each factory takes a few functions of the backend and returns plain Python code that the backend
wraps. A multiplication is a call because CUDA fuses ``a * b + c`` into one rounding unless the
product is protected (``libdevice.fmul_rn``); NumPy and the CPU kernels multiply as they are. A root
and a look at a float's bits are calls because each backend spells them differently. On NumPy arrays
of words the code works on all at once.

The coefficients are minimax in relative error (Remez's algorithm), rounded to the working
precision: log1p on [sqrt(1/2) - 1, sqrt(2) - 1] to 6.4e-9 and 1.2e-18; the sine and cosine of up to
an eighth of a turn to 2.8e-8 and 4.4e-10 in float32 (half an ulp is 6.0e-8), to 1e-17 in float64.
"""

from __future__ import annotations

import numpy as np

_F = np.float32

# float32: log(1 + f) = f - f²/2 + f³ (L0 + L1 f + …)
_L0, _L1, _L2, _L3 = _F(0.33333331), _F(-0.2500082), _F(0.20001227), _F(-0.16623357)
_L4, _L5, _L6, _L7 = _F(0.14201762), _F(-0.13160189), _F(0.12761553), _F(-0.076344505)
# sin(πf/2) = f (S0 + S1 f² + …) and cos(πf/2) = 1 + f² (C0 + C1 f² + …)
_S0, _S1, _S2, _S3 = _F(1.5707964), _F(-0.64596665), _F(0.079712525), _F(-0.004685965)
_C0, _C1, _C2, _C3 = _F(-1.2337005), _F(0.25366855), _F(-0.020855596), _F(0.0008944866)
_LN2_HIGH, _LN2_LOW = _F(0.693115234375), _F(3.1946183e-05)  # the first has 12 bits
_ROOT_HALF_BITS = 0x3F3504F3  # of sqrt(1/2)
_WORD, _HALF_WORD = _F(2.0**-32), _F(2.0**-33)
_ONE, _HALF, _MINUS_TWO = _F(1.0), _F(0.5), _F(-2.0)
_SHIFT_2, _SHIFT_3, _SHIFT_12 = np.uint64(2), np.uint64(3), np.uint64(12)
_EIGHTH, _EIGHTH_64 = np.uint64(1 << 29), np.uint64(1 << 58)  # of a turn; the second shifted by 3
_SIGN, _SIGN_64 = np.int32(-(1 << 31)), np.int64(-(1 << 63))

# float64: log(1 + f) = f - f²/2 + s (f²/2 + s² (L0 + L1 s² + …)), s = f / (2 + f)
_L0_64, _L1_64, _L2_64 = 0.6666666666666734, 0.39999999999416364, 0.2857142874201571
_L3_64, _L4_64 = 0.2222219861083666, 0.18183562400009778
_L5_64, _L6_64 = 0.15314099003883444, 0.14795473260734027
_S0_64, _S1_64, _S2_64 = 1.5707963267948966, -0.6459640975062443, 0.07969262624603955
_S3_64, _S4_64 = -0.004681754132282392, 0.00016044115029153398
_S5_64, _S6_64 = -3.598641754280158e-06, 5.633721016747073e-08
_C0_64, _C1_64, _C2_64 = -1.2337005501361697, 0.2536695079010468, -0.02086348076331257
_C3_64, _C4_64 = 0.0009192602741910718, -2.5202036788323924e-05
_C5_64, _C6_64 = 4.7106096704526205e-07, -6.321202198099122e-09
_LN2_HIGH_64, _LN2_LOW_64 = 0.6931471803691238, 1.9082149292705877e-10  # the first has 32 bits
_ROOT_HALF_BITS_64 = 0x3FE6A09E667F3BCD


def normals_float32(multiply, square_root, bits_of, from_bits):
    """Return code for two float32 normals from two words.

    Parameters
    ----------
    multiply : callable
        Product of two float32, rounded before anything is added to it.
    square_root : callable
        Root of a float32, correctly rounded.
    bits_of, from_bits : callable
        A float32 as the int32 of the same bits, and back.

    Returns
    -------
    callable
        ``pair(word_0, word_1)`` of uint64 below 2**32: cosine and sine value. The radius is of
        u = word_0 * 2**-32 + 2**-33 (both steps rounded), so at most 6.77; the angle is word_1 *
        2**-32 turns.
    """

    def pair(word_0, word_1):
        uniform = multiply(_F(word_0), _WORD) + _HALF_WORD
        # uniform = 2**exponent * (1 + f), and 1 + f is between sqrt(1/2) and sqrt(2).
        bits = bits_of(uniform)
        exponent = np.int32(np.int32(bits - _ROOT_HALF_BITS) >> 23)
        f = from_bits(np.int32(bits - (exponent << 23))) - _ONE
        square = multiply(f, f)
        tail = multiply(_L7, f) + _L6
        tail = multiply(tail, f) + _L5
        tail = multiply(tail, f) + _L4
        tail = multiply(tail, f) + _L3
        tail = multiply(tail, f) + _L2
        tail = multiply(tail, f) + _L1
        tail = multiply(tail, f) + _L0
        tail = multiply(multiply(tail, f), square)
        power = _F(exponent)
        tail = tail + multiply(power, _LN2_LOW)
        tail = tail - multiply(square, _HALF)
        logarithm = (f + tail) + multiply(power, _LN2_HIGH)
        radius = square_root(multiply(logarithm, _MINUS_TWO))

        # What remains of the angle beyond the nearest quarter turn, in quarter turns.
        f = multiply(_F(np.int32(word_1 << _SHIFT_2)), _WORD)
        square = multiply(f, f)
        sine = multiply(_S3, square) + _S2
        sine = multiply(sine, square) + _S1
        sine = multiply(sine, square) + _S0
        sine = bits_of(multiply(multiply(sine, f), radius))
        cosine = multiply(_C3, square) + _C2
        cosine = multiply(cosine, square) + _C1
        cosine = multiply(cosine, square) + _C0
        cosine = bits_of(multiply(multiply(cosine, square) + _ONE, radius))
        # The number of that quarter in the highest two bits: odd ones exchange cosine and sine,
        # the middle two turn the cosine's sign, the last two the sine's.
        quarter = np.int32(word_1 + _EIGHTH)
        doubled = np.int32(quarter << 1)
        exchange = (cosine ^ sine) & (doubled >> 31)
        cosine = cosine ^ exchange ^ ((quarter ^ doubled) & _SIGN)
        sine = sine ^ exchange ^ (quarter & _SIGN)
        return from_bits(np.int32(cosine)), from_bits(np.int32(sine))

    return pair


def normals_float64(multiply, square_root, bits_of, from_bits):
    """Return code for two float64 normals from two 64-bit words.

    Parameters
    ----------
    multiply : callable
        Product of two float64, rounded before anything is added to it.
    square_root : callable
        Root of a float64, correctly rounded.
    bits_of, from_bits : callable
        A float64 as the int64 of the same bits, and back.

    Returns
    -------
    callable
        ``pair(word_0, word_1)`` of uint64: cosine and sine value. The radius is of
        u = (word_0 >> 12) * 2**-52 + 2**-53, so at most 8.57; the angle is word_1 * 2**-64 turns.
    """

    def pair(word_0, word_1):
        fraction = np.float64(np.int64(word_0 >> _SHIFT_12))
        uniform = multiply(fraction + 0.5, 2.0**-52)
        bits = bits_of(uniform)
        exponent = (bits - _ROOT_HALF_BITS_64) >> 52
        f = from_bits(np.int64(bits - (exponent << 52))) - 1.0
        half_square = multiply(multiply(f, f), 0.5)
        s = f / (f + 2.0)
        square = multiply(s, s)
        tail = multiply(_L6_64, square) + _L5_64
        tail = multiply(tail, square) + _L4_64
        tail = multiply(tail, square) + _L3_64
        tail = multiply(tail, square) + _L2_64
        tail = multiply(tail, square) + _L1_64
        tail = multiply(tail, square) + _L0_64
        tail = multiply(tail, square)
        power = np.float64(exponent)
        tail = multiply(s, half_square + tail) + multiply(power, _LN2_LOW_64)
        logarithm = multiply(power, _LN2_HIGH_64) - ((half_square - tail) - f)
        radius = square_root(multiply(logarithm, -2.0))

        f = multiply(np.float64(np.int64(word_1 << _SHIFT_2)), 2.0**-64)
        square = multiply(f, f)
        sine = multiply(_S6_64, square) + _S5_64
        sine = multiply(sine, square) + _S4_64
        sine = multiply(sine, square) + _S3_64
        sine = multiply(sine, square) + _S2_64
        sine = multiply(sine, square) + _S1_64
        sine = multiply(sine, square) + _S0_64
        sine = bits_of(multiply(multiply(sine, f), radius))
        cosine = multiply(_C6_64, square) + _C5_64
        cosine = multiply(cosine, square) + _C4_64
        cosine = multiply(cosine, square) + _C3_64
        cosine = multiply(cosine, square) + _C2_64
        cosine = multiply(cosine, square) + _C1_64
        cosine = multiply(cosine, square) + _C0_64
        cosine = bits_of(multiply(multiply(cosine, square) + 1.0, radius))
        # As above; the three lowest bits are left out so that the sum cannot overflow.
        quarter = np.int64(((word_1 >> _SHIFT_3) + _EIGHTH_64) << _SHIFT_3)
        doubled = quarter << 1
        exchange = (cosine ^ sine) & (doubled >> 63)
        cosine = cosine ^ exchange ^ ((quarter ^ doubled) & _SIGN_64)
        sine = sine ^ exchange ^ (quarter & _SIGN_64)
        return from_bits(np.int64(cosine)), from_bits(np.int64(sine))

    return pair
