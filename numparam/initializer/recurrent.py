"""Initializers of recurrent layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.initializer.by_name import create, register
from numparam.initializer.errors import FusedRNNError, InitializerArgumentError
from numparam.initializer.initializer import Initializer
from numparam.initializer.writing import write
from numparam.ndarray.ndarray import NDArray

__all__ = ["FusedRNN", "LSTMBias"]


@register
class LSTMBias(Initializer):
    """Write zeros, and another value for the forget gate of a long short-term memory.

    Parameters
    ----------
    forget_bias : float, default 1.0
        The bias of the forget gate: the second quarter of the array.

    Notes
    -----
    Jozefowicz, Zaremba and Sutskever, "An empirical exploration of recurrent network
    architectures", ICML 2015.

    Examples
    --------
    >>> import numparam as mx
    >>> bias = mx.gluon.Parameter("i2h_bias", shape=(8,), init=mx.init.LSTMBias(2.0))
    >>> bias.initialize()
    >>> bias.data().asnumpy()
    array([0., 0., 2., 2., 0., 0., 0., 0.], dtype=float32)
    """

    def __init__(self, forget_bias: float = 1.0) -> None:
        super().__init__(forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def _init_weight(self, name: str, arr: NDArray) -> None:
        if not arr.shape:
            raise InitializerArgumentError(
                f"LSTMBias needs a dimension with four gates, and {str(name)!r} has none"
            )
        gate = arr.shape[0] // 4
        values = np.zeros((arr.shape[0],) + (1,) * (len(arr.shape) - 1))
        values[gate : 2 * gate] = self.forget_bias
        write(arr, values)


@register
class FusedRNN(Initializer):
    """A placeholder for the initializer of fused recurrent layers in checkpoints and JSON.

    numparam has no recurrent cells, which know how the fused array is divided; it keeps the
    description, and raises an error when it should initialize.

    Parameters
    ----------
    init : Initializer, str or None
        The initializer of the parts; a text is its JSON form.
    num_hidden, num_layers : int
        Units in a layer, and layers.
    mode : str
        ``'rnn_relu'``, ``'rnn_tanh'``, ``'lstm'`` or ``'gru'``.
    bidirectional : bool, default False
        Whether there are layers for both directions.
    forget_bias : float, default 1.0
        The bias of the forget gates.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.init.FusedRNN(None, 10, 2, "gru").dumps()[:25]
    '["fusedrnn", {"init": nul'
    """

    def __init__(
        self,
        init: Any,
        num_hidden: int,
        num_layers: int,
        mode: str,
        bidirectional: bool = False,
        forget_bias: float = 1.0,
    ) -> None:
        if init is not None:
            init = create(init)
        super().__init__(
            init=None if init is None else init.dumps(),
            num_hidden=num_hidden,
            num_layers=num_layers,
            mode=mode,
            bidirectional=bidirectional,
            forget_bias=forget_bias,
        )
        self._init = init
        self._num_hidden = num_hidden
        self._num_layers = num_layers
        self._mode = mode
        self._bidirectional = bidirectional
        self._forget_bias = forget_bias

    def _init_weight(self, name: str, arr: NDArray) -> None:
        raise FusedRNNError(
            f"FusedRNN cannot initialize {str(name)!r}: numparam has no recurrent cells, which say "
            "how the array is divided into weights and biases. Initialize it with another "
            "initializer, or load its values"
        )
