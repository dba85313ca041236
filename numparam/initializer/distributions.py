"""Initializers that draw from a distribution which does not depend on the shape."""

from __future__ import annotations

import math

import numpy as np

from numparam.initializer.by_name import register
from numparam.initializer.errors import InitializerArgumentError
from numparam.initializer.initializer import Initializer
from numparam.initializer.writing import element_count, write, write_normal, write_uniform
from numparam.ndarray import random
from numparam.ndarray.ndarray import NDArray

__all__ = ["Normal", "Orthogonal", "Uniform"]

_FLOATS = ("float16", "bfloat16", "float32", "float64")


@register
class Uniform(Initializer):
    """Draw uniformly from [-scale, scale).

    Parameters
    ----------
    scale : float, default 0.07
        The bound.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(100, 100), init=mx.init.Uniform(0.5))
    >>> weight.initialize()
    >>> bool(abs(weight.data().asnumpy()).max() <= 0.5)
    True
    """

    def __init__(self, scale: float = 0.07) -> None:
        super().__init__(scale=scale)
        self.scale = scale

    def _init_weight(self, name: str, arr: NDArray) -> None:
        write_uniform(arr, self.scale)


#: The method, also where another one was put in its place.
DRAW_UNIFORM = Uniform._init_weight


@register
class Normal(Initializer):
    """Draw from a normal distribution with mean 0.

    Parameters
    ----------
    sigma : float, default 0.01
        The standard deviation.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(100, 100), init=mx.init.Normal(2))
    >>> weight.initialize()
    >>> bool(1.9 < weight.data().asnumpy().std() < 2.1)
    True
    """

    def __init__(self, sigma: float = 0.01) -> None:
        super().__init__(sigma=sigma)
        self.sigma = sigma

    def _init_weight(self, name: str, arr: NDArray) -> None:
        write_normal(arr, self.sigma)


@register
class Orthogonal(Initializer):
    """Write a matrix with orthogonal rows or columns, of equal length.

    Parameters
    ----------
    scale : float, default 1.414
        Their length.
    rand_type : {'uniform', 'normal'}, default 'uniform'
        What the matrix is drawn from whose singular vectors are taken.

    Notes
    -----
    An array of more than two dimensions counts as a matrix whose rows are those of the first one.
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", arXiv:1312.6120. The decomposition is NumPy's, in float64, so equal
    seeds give equal weights on machines with the same LAPACK only.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2, 5), init=mx.init.Orthogonal(scale=1))
    >>> weight.initialize()
    >>> rows = weight.data().asnumpy()
    >>> (rows @ rows.T).round(4) + 0.0
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, scale: float = 1.414, rand_type: str = "uniform") -> None:
        super().__init__(scale=scale, rand_type=rand_type)
        if rand_type not in ("uniform", "normal"):
            raise InitializerArgumentError(
                f"rand_type of Orthogonal must be 'uniform' or 'normal', not {rand_type!r}"
            )
        self.scale = scale
        self.rand_type = rand_type

    def _init_weight(self, name: str, arr: NDArray) -> None:
        if len(arr.shape) < 2:
            raise InitializerArgumentError(
                f"Orthogonal needs at least two dimensions, and {str(name)!r} has the shape "
                f"{arr.shape}; use another initializer for it"
            )
        if arr._buffer.dtype.name not in _FLOATS:
            raise InitializerArgumentError(
                f"Orthogonal needs a floating-point dtype, and {str(name)!r} is {arr._buffer.dtype}"
            )
        if not element_count(arr):
            return
        rows, columns = arr.shape[0], math.prod(arr.shape[1:])
        drawn = (
            random.uniform(-1, 1, (rows, columns), "float64", arr._ctx)
            if self.rand_type == "uniform"
            else random.normal(0, 1, (rows, columns), "float64", arr._ctx)
        )
        left, _, right = np.linalg.svd(drawn.asnumpy(), full_matrices=False)
        vectors = left if left.shape == (rows, columns) else right
        write(arr, (self.scale * vectors).reshape(arr.shape))
