"""Initializers whose variance depends on the numbers of inputs and outputs."""

from __future__ import annotations

import math

from numparam.initializer.by_name import register
from numparam.initializer.errors import InitializerArgumentError
from numparam.initializer.initializer import Initializer
from numparam.initializer.writing import element_count, write_normal, write_uniform
from numparam.ndarray.ndarray import NDArray

__all__ = ["MSRAPrelu", "Xavier"]


@register
class Xavier(Initializer):
    """Draw weights whose variance keeps that of activations and gradients over many layers.

    Parameters
    ----------
    rnd_type : {'uniform', 'gaussian'}, default 'uniform'
        The distribution: uniform in [-s, s), or normal with standard deviation s.
    factor_type : {'avg', 'in', 'out'}, default 'avg'
        The factor: inputs of one output, outputs of one input, or their mean.
    magnitude : float, default 3
        ``s = sqrt(magnitude / factor)``.

    Raises
    ------
    ValueError
        If an argument is impossible; when it initializes, if the array has less than two
        dimensions.

    Notes
    -----
    An array of shape (outputs, inputs, height, width, …) has inputs × height × width × … inputs of
    one output. Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010. Note that ``magnitude`` is divided by the mean of the two numbers, as
    in MXNet, not by their sum.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(100, 50), init=mx.init.Xavier())
    >>> weight.initialize()
    >>> bool(abs(weight.data().asnumpy()).max() <= (3 / 75) ** 0.5)
    True
    """

    def __init__(
        self, rnd_type: str = "uniform", factor_type: str = "avg", magnitude: float = 3
    ) -> None:
        super().__init__(rnd_type=rnd_type, factor_type=factor_type, magnitude=magnitude)
        if rnd_type not in ("uniform", "gaussian"):
            raise InitializerArgumentError(
                f"rnd_type must be 'uniform' or 'gaussian', not {rnd_type!r}"
            )
        if factor_type not in ("avg", "in", "out"):
            raise InitializerArgumentError(
                f"factor_type must be 'avg', 'in' or 'out', not {factor_type!r}"
            )
        self.rnd_type = rnd_type
        self.factor_type = factor_type
        self.magnitude = float(magnitude)
        if not self.magnitude >= 0:
            raise InitializerArgumentError(f"magnitude must not be negative; it is {magnitude}")

    def _init_weight(self, name: str, arr: NDArray) -> None:
        shape = arr.shape
        if len(shape) < 2:
            raise InitializerArgumentError(
                f"{type(self).__name__} needs at least the two dimensions (outputs, inputs), and "
                f"{str(name)!r} has the shape {shape}; use another initializer for it"
            )
        if not element_count(arr):
            return
        receptive_field = math.prod(shape[2:])
        inputs, outputs = shape[1] * receptive_field, shape[0] * receptive_field
        factors = {"avg": (inputs + outputs) / 2.0, "in": inputs, "out": outputs}
        spread = math.sqrt(self.magnitude / factors[self.factor_type])
        if self.rnd_type == "uniform":
            write_uniform(arr, spread)
        else:
            write_normal(arr, spread)


@register
class MSRAPrelu(Xavier):
    """Draw normal weights with the variance that suits rectified units.

    Parameters
    ----------
    factor_type : {'avg', 'in', 'out'}, default 'avg'
        As for `Xavier`.
    slope : float, default 0.25
        The slope of the units for negative inputs; 0 for plain rectifiers.

    Notes
    -----
    `Xavier` with ``rnd_type='gaussian'`` and ``magnitude = 2 / (1 + slope**2)``. He, Zhang, Ren and
    Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.init.MSRAPrelu("in", 0).magnitude
    2.0
    """

    def __init__(self, factor_type: str = "avg", slope: float = 0.25) -> None:
        super().__init__("gaussian", factor_type, 2.0 / (1 + slope**2))
        self._kwargs = {"factor_type": factor_type, "slope": slope}
