"""Conversion of loaded values from any element kind to any other, on a GPU."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _conversions
from numparam.kernels.cuda import _elements, _provider
from numparam.kernels.cuda._jit import SIMULATED


def _compiled():
    intrinsic, types = _provider.extending()
    type_of = _elements.value_types(types)

    @intrinsic
    def convert(typing_context, value, source, target):
        """Convert a loaded value from kind `source` to kind `target`, both constant strings.

        For float16 and bfloat16 the result is a float32, which a store still has to round.
        """
        given, wanted = _elements.literal(source), _elements.literal(target)
        if given is None or wanted is None:
            return None

        def codegen(context, builder, signature, arguments):
            return _conversions.converted(builder, arguments[0], given, wanted)

        return type_of[wanted](type_of[given], source, target), codegen

    return convert


def _simulated():
    from numparam.kernels.reference import cast  # what conversions mean

    def convert(value, source, target):
        made = np.array([value]).astype(_elements.STORAGE[source])
        result = cast.cast(made, _elements.STORAGE[target])[0]
        if source in ("float16", "bfloat16"):
            # A product that is still to be rounded is held in more bits than its kind.
            result = cast.cast(np.array([np.float32(value)]), _elements.STORAGE[target])[0]
        return np.float32(result) if target in ("float16", "bfloat16") else result

    return convert


convert = _simulated() if SIMULATED else _compiled()
