"""Arrays on devices: ``numparam.nd``, with the functions of MXNet's ``mxnet.nd``.

Examples
--------
>>> import numparam as mx
>>> weight = mx.nd.array([[1, 2], [3, 4]], ctx=mx.cpu(1))
>>> mx.nd.sum(weight * 2, axis=1)
<BLANKLINE>
[ 6. 14.]
<NDArray 2 @cpu(1)>
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from numparam.ndarray import (
    _internal,
    contrib,
    kinds,
    linalg,
    op,
    operations,
    random,
    sparse,
    utils,
)
from numparam.ndarray.creation import arange, array, empty, eye, full, linspace, ones, zeros
from numparam.ndarray.dropout import dropout
from numparam.ndarray.files import load, load_frombuffer, save
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.one_hot_encoding import onehot_encode
from numparam.ndarray.sampling import (
    random_exponential,
    random_gamma,
    random_generalized_negative_binomial,
    random_negative_binomial,
    random_poisson,
    sample_exponential,
    sample_gamma,
    sample_generalized_negative_binomial,
    sample_multinomial,
    sample_negative_binomial,
    sample_normal,
    sample_poisson,
    sample_uniform,
)
from numparam.ndarray.sending import send_shared_memory
from numparam.ndarray.shaping import concatenate, moveaxis, split_v2
from numparam.ndarray.sharing import (
    from_dlpack,
    from_numpy,
    to_dlpack_for_read,
    to_dlpack_for_write,
)
from numparam.ndarray.waiting import waitall

if TYPE_CHECKING:
    from numparam.ndarray import numpy_array
    from numparam.ndarray.op import *  # noqa: F403 - the functions that `__getattr__` finds

send_shared_memory(NDArray)
# Late: the operations of mx.np are many, and not needed where NumPy arrays are off.
kinds.numpy_array_from(lambda: importlib.import_module("numparam.ndarray.numpy_array"))
# MXNet has the commonest distributions under these names, too.
uniform = random_uniform = random.uniform
normal = random_normal = random.normal
random_randint, shuffle = random.randint, random.shuffle
Dropout = dropout

__all__ = [
    "Dropout",
    "NDArray",
    "_internal",
    "arange",
    "array",
    "concatenate",
    "contrib",
    "empty",
    "eye",
    "from_dlpack",
    "from_numpy",
    "full",
    "linalg",
    "linspace",
    "load",
    "load_frombuffer",
    "moveaxis",
    "numpy_array",
    "onehot_encode",
    "ones",
    "op",
    "operations",
    "random",
    "random_exponential",
    "random_gamma",
    "random_generalized_negative_binomial",
    "random_negative_binomial",
    "random_poisson",
    "sample_exponential",
    "sample_gamma",
    "sample_generalized_negative_binomial",
    "sample_multinomial",
    "sample_negative_binomial",
    "sample_normal",
    "sample_poisson",
    "sample_uniform",
    "save",
    "sparse",
    "split_v2",
    "to_dlpack_for_read",
    "to_dlpack_for_write",
    "utils",
    "waitall",
    "zeros",
]


if not TYPE_CHECKING:  # a type checker knows all names

    def __getattr__(name: str) -> Any:
        if name == "numpy_array":
            return importlib.import_module("numparam.ndarray.numpy_array")
        function = globals()[name] = getattr(op, name)
        return function


def __dir__() -> list[str]:
    more = ("normal", "random_normal", "random_randint", "random_uniform", "shuffle", "uniform")
    names = {*__all__, *op.__all__, *more}
    return sorted(name for name in names if not name.startswith("_") and name != "operations")
