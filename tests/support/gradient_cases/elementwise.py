"""Operations on one array, element by element."""

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(2)
_ANY = np.array([[-2.3, -0.7, -0.01], [0.02, 0.6, 3.1]])
_POSITIVE = np.array([[0.1, 0.5], [1.5, 40.0]])
_UNIT = np.array([-0.9, -0.2, 0.1, 0.95])
_ABOVE_ONE = np.array([1.1, 2.0, 30.0])

_EVERYWHERE = (
    *("abs", "negative", "square", "exp", "expm1", "sin", "cos", "tan", "arctan"),
    *("sinh", "cosh", "tanh", "arcsinh", "degrees", "radians"),
)
_CLASSIC = ["erf", "sigmoid", "relu", "softsign", "identity", "reciprocal", "cbrt", "rcbrt"]
_OF_POSITIVE = ["sqrt", "log", "log2", "log10", "log1p"]
_OF_UNIT = ["arcsin", "arccos", "arctanh"]

CASES = [
    *(Case(name, [_ANY]) for name in (*_EVERYWHERE, *_CLASSIC)),
    *(Case(name, [_ANY[:, :0]], {}, "empty") for name in (*_EVERYWHERE, *_CLASSIC)),
    *(Case(name, [_ANY[0, 0]], {}, "0-d") for name in (*_EVERYWHERE, *_CLASSIC)),
    *(Case(name, [_POSITIVE]) for name in (*_OF_POSITIVE, "rsqrt")),
    *(Case(name, [_UNIT]) for name in _OF_UNIT),
    Case("arccosh", [_ABOVE_ONE]),
    *(Case(f"_np_{name}", [_ANY]) for name in (*_EVERYWHERE, "fabs", "positive")),
    *(Case(f"_np_{name}", [_ANY]) for name in ("reciprocal", "cbrt")),
    *(Case(f"_np_{name}", [_POSITIVE]) for name in _OF_POSITIVE),
    *(Case(f"_np_{name}", [_UNIT]) for name in _OF_UNIT),
    Case("_np_arccosh", [_ABOVE_ONE]),
    Case("clip", [_ANY], {"a_min": -1, "a_max": 0.5}),
    Case("_np_clip", [_ANY], {"a_min": -1, "a_max": 0.5}),
    Case("_np_clip", [_ANY], {"a_min": None, "a_max": 0.5}, "open below"),
    Case("smooth_l1", [_ANY], {"scalar": 1.3}),
    Case("hard_sigmoid", [_ANY], {"alpha": 0.3, "beta": 0.4}),
    *(
        Case("Activation", [_ANY], {"act_type": name}, name)
        for name in ("relu", "sigmoid", "softrelu", "softsign", "tanh")
    ),
    Case("LeakyReLU", [_ANY], {}, "leaky"),
    Case("LeakyReLU", [_ANY], {"act_type": "elu", "slope": 0.7}, "elu"),
    Case("LeakyReLU", [_ANY], {"act_type": "selu"}, "selu"),
    Case("LeakyReLU", [_ANY], {"act_type": "gelu"}, "gelu"),
    Case("LeakyReLU", [_ANY], {"act_type": "rrelu", "lower_bound": 0.2, "upper_bound": 0.2}, "r"),
    Case("LeakyReLU", [_ANY, np.array([0.1, 0.2, 0.3])], {"act_type": "prelu"}, "columns"),
    Case("LeakyReLU", [_ANY, np.array([0.1, 0.2])], {"act_type": "prelu"}, "rows"),
    Case("LeakyReLU", [_ANY, np.array([[0.1], [0.2]])], {"act_type": "prelu"}, "two axes"),
    Case("_scatter_plus_scalar", [_ANY], {"scalar": 2.0}),
    Case("_scatter_minus_scalar", [_ANY], {"scalar": 2.0}),
    Case("_scatter_elemwise_div", [_ANY, np.array([[1.5, -2, 3], [0.5, 4, -1]])]),
]
