"""Initializers that write given values."""

from __future__ import annotations

from typing import Any

from numparam.initializer.bilinear import bilinear_weights
from numparam.initializer.by_name import alias, register
from numparam.initializer.initializer import Initializer
from numparam.initializer.writing import write
from numparam.ndarray.ndarray import NDArray

__all__ = ["Bilinear", "Constant", "One", "Zero"]


@alias("zeros")
@register
class Zero(Initializer):
    """Write zeros. Also named ``'zeros'``.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2,))
    >>> weight.initialize("zeros")
    >>> weight.data().asnumpy()
    array([0., 0.], dtype=float32)
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        write(arr, 0)


@alias("ones")
@register
class One(Initializer):
    """Write ones. Also named ``'ones'``.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2,))
    >>> weight.initialize(mx.init.One())
    >>> weight.data().asnumpy()
    array([1., 1.], dtype=float32)
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        write(arr, 1)


#: What the methods write that write one number. By method: a subclass, or whoever puts another one
#: in its place, has it called.
NUMBERS: dict[Any, int] = {Zero._init_weight: 0, One._init_weight: 1}


@register
class Constant(Initializer):
    """Write a number, or an array that stretches to the parameter's shape.

    Parameters
    ----------
    value : number, list, numpy.ndarray or NDArray
        What is written, in the parameter's dtype.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2, 2), init=mx.init.Constant([1, 2]))
    >>> weight.initialize()
    >>> weight.data().asnumpy()
    array([[1., 2.],
           [1., 2.]], dtype=float32)
    """

    def __init__(self, value: Any) -> None:
        super().__init__(value=value)
        self.value = value

    def _init_weight(self, name: str, arr: NDArray) -> None:
        write(arr, self.value)


@register
class Bilinear(Initializer):
    """Write the weights of bilinear upsampling, for transposed convolutions.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(1, 1, 3, 3), init=mx.init.Bilinear())
    >>> weight.initialize()
    >>> weight.data().asnumpy()[0, 0, 1]
    array([0.1875, 0.5625, 0.5625], dtype=float32)
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        write(arr, bilinear_weights(arr.shape, name))
