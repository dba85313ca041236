"""The moving averages of a gradient and of its square that Adam and its kin keep.

Their coefficients 4 to 8 are beta1, 1 - beta1, beta2, 1 - beta2 and epsilon.
"""

from __future__ import annotations

from numparam.kernels._formulas.scalars import finite, root


def moments(states, slope, coefficients):
    """Return both averages after a step with the gradient `slope`."""
    mean = coefficients[4] * states[0] + coefficients[5] * slope
    return mean, coefficients[6] * states[1] + coefficients[7] * (slope * slope)


def moments_fade(low, high, tiny, roundoff):
    """Return whether mean / (√square + epsilon) shrinks at each step with a gradient of zero.

    One step rounds the mean once to the precision it is computed in and once to that in which it is
    kept: it becomes at most beta1 (1 + 2u) times as large, u being the larger roundoff. √square +
    epsilon becomes at least √beta2 (1 - 6u) times as large. So the quotient shrinks if beta1 is
    below √beta2 by more than that, and rounding it keeps its order.

    Subnormal numbers have larger roundoffs. A subnormal square does no harm if epsilon is so large
    that its root vanishes beside it; that of a subnormal mean is what `moments_rest` allows for.
    """
    for i in range(4, 9):
        if low[i] != high[i]:
            return False
    if not (low[4] >= 0 and low[6] >= 0 and low[6] <= 1):
        return False
    return low[4] <= root(low[6]) * (1 - 16 * roundoff) and low[8] * roundoff >= 4 * root(tiny)


def moments_rest(weight, states, low, high, tiny, size):
    """Return whether the averages no longer move a weight, where `moments_fade` holds.

    `size` is the divisor of the mean. While the mean is a normal number the quotient shrinks; from
    then on it is below tiny / epsilon. The largest rate of all steps bounds what it is multiplied
    by. A change that is too small to move the weight stays so when it becomes smaller.
    """
    # Without branches, so that it becomes vector code.
    quotient = abs(states[0] / size)
    bound = (tiny + tiny) / low[8]  # Numba's products with whole numbers are in float64
    quotient = quotient if quotient > bound else bound
    most = max(abs(low[2]), abs(high[2])) * quotient
    still = (weight + most == weight) & (weight - most == weight)
    return finite(weight) & (size > 0) & (still | (states[0] == 0))
