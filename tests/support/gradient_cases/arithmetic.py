"""Operations on two arrays, or on an array and a number."""

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(1)
_LEFT = _random.uniform(0.5, 2, (3, 4))
_RIGHT = _random.uniform(2.2, 4, (3, 4))  # no ties, and no jumps of the remainder
_ROW = _random.uniform(2.2, 4, (4,))
_COLUMN = _random.uniform(2.2, 4, (3, 1))

_STEMS = ("plus", "minus", "mul", "div", "true_div", "mod", "power", "maximum", "minimum", "hypot")
_REFLECTED = ("minus", "div", "true_div", "mod", "power")
_NP = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "remainder",
    "power",
    "maximum",
    "minimum",
    "hypot",
    "arctan2",
)

CASES = [
    *(Case(f"_{stem}", [_LEFT, _RIGHT]) for stem in _STEMS),
    *(Case(f"_{stem}", [_RIGHT, _LEFT], {}, "other way") for stem in _STEMS),
    *(Case(f"broadcast_{stem}", [_LEFT, _ROW], {}, "row") for stem in _STEMS),
    *(Case(f"broadcast_{stem}", [_COLUMN, _LEFT[:1]], {}, "both stretched") for stem in _STEMS),
    *(Case(f"broadcast_{stem}", [_COLUMN[:0], _ROW], {}, "empty") for stem in _STEMS),
    *(Case(f"broadcast_{stem}", [_LEFT[0, 0], _RIGHT], {}, "0-d") for stem in _STEMS),
    *(Case(f"_{stem}_scalar", [_LEFT], {"scalar": 3}) for stem in _STEMS),
    *(
        Case(f"_{stem}_scalar", [_LEFT[0, 0]], {"scalar": np.float32(2.5)}, "0-d")
        for stem in _STEMS
    ),
    *(Case(f"_r{stem}_scalar", [_LEFT], {"scalar": 3.5}) for stem in _REFLECTED),
    *(Case(f"_np_{name}", [_LEFT, _RIGHT]) for name in _NP),
    *(Case(f"_np_{name}", [_COLUMN, _LEFT[:1]], {}, "both stretched") for name in _NP),
    *(Case(f"_np_{name}", [_LEFT, np.arange(3, 7)], {}, "integers") for name in _NP),
    *(Case(f"_np_{name}", [np.float64(1.5), _RIGHT], {}, "0-d") for name in _NP),
    *(Case(f"_np_{name}_scalar", [_LEFT], {"scalar": 3}) for name in _NP),
    *(Case(f"_np_{name}_reflected", [_LEFT], {"scalar": 3.25}) for name in _NP),
    Case("_power_scalar", [np.array([0.0, 1, -2])], {"scalar": 2}, "of zero"),
    Case("_power_scalar", [np.array([0.0, 1, -2])], {"scalar": 0}, "exponent zero"),
    Case("_rpower_scalar", [np.array([0.5, 1, 2])], {"scalar": 0}, "base zero"),
]
