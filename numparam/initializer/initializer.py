"""The base class of initializers: rules by name, logging, JSON form and comparison."""

from __future__ import annotations

import copy
import json
import logging
import math
import reprlib
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from numparam._missing import show_public_names
from numparam.class_registry import Registrable
from numparam.initializer.bilinear import bilinear_weights
from numparam.initializer.by_name import create, registry
from numparam.initializer.description import InitDesc
from numparam.initializer.errors import InitializerArgumentError, NoRuleError
from numparam.initializer.writing import element_count, write
from numparam.kernels._callers import warn_caller
from numparam.ndarray import random
from numparam.ndarray.ndarray import NDArray

__all__ = ["Initializer"]

#: For the end of a name, the method that initializes the parameter.
_RULES = {
    "weight": "_init_weight",
    "bias": "_init_bias",
    "gamma": "_init_gamma",
    "beta": "_init_beta",
    "min": "_init_zero",
    "max": "_init_one",
    "weight_quantize": "_init_quantized_weight",
    "bias_quantize": "_init_quantized_bias",
}
#: For the beginning and the end of a name that came as plain text; the first that fits counts.
_PLAIN_TEXT_RULES = (
    ("upsampling", "", "_init_bilinear"),
    ("stn_loc", "weight", "_init_zero"),
    ("stn_loc", "bias", "_init_loc_bias"),
    ("", "bias", "_init_bias"),
    ("", "gamma", "_init_gamma"),
    ("", "beta", "_init_beta"),
    ("", "weight", "_init_weight"),
    ("", "moving_mean", "_init_zero"),
    ("", "moving_var", "_init_one"),
    ("", "moving_inv_var", "_init_zero"),
    ("", "moving_avg", "_init_zero"),
    ("", "min", "_init_zero"),
    ("", "max", "_init_one"),
)


class Initializer(Registrable):
    """Base class of initializers, which make the first values of parameters.

    A subclass passes its arguments to ``super().__init__`` and overrides `_init_weight`.

    Parameters
    ----------
    **kwargs : object
        The arguments of the subclass, for `dumps` and for comparison.

    Notes
    -----
    Called with a name, an initializer looks at the name's end: biases, betas and minima become 0,
    gammas and maxima 1, and only ``..._weight`` gets the initializer's own rule. A parameter of
    `numparam.gluon` always gets that rule. Both are MXNet's behaviour.

    Examples
    --------
    >>> import numparam as mx
    >>> class Halves(mx.init.Initializer):
    ...     def _init_weight(self, name, array):
    ...         array[:] = 0.5
    >>> weight, bias = mx.nd.zeros((2,)), mx.nd.ones((2,))
    >>> Halves()(mx.init.InitDesc("fc_weight"), weight)
    >>> Halves()(mx.init.InitDesc("fc_bias"), bias)
    >>> weight.asnumpy(), bias.asnumpy()
    (array([0.5, 0.5], dtype=float32), array([0., 0.], dtype=float32))
    """

    registry = registry

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs
        self._verbose = False
        self._print_func: Callable[[NDArray], Any] | None = None

    def __call__(self, desc: str, arr: NDArray) -> None:
        """Initialize an array by its name.

        Parameters
        ----------
        desc : InitDesc
            The name. Plain text is deprecated, and has some more rules.
        arr : NDArray
            What is written.

        Raises
        ------
        NoRuleError
            If no rule fits the name; a ValueError.
        TypeError
            If the name is not text, or the array not an NDArray.
        """
        if not isinstance(desc, InitDesc):
            self._legacy_init(desc, arr)
            return
        _require_array(arr, desc)
        if desc.global_init is None:
            desc.global_init = self
        init = desc.attrs.get("__init__", "")
        if isinstance(init, Initializer) or init:
            rule = init if isinstance(init, Initializer) else create(init)
            rule._init_weight(desc, arr)
            self._verbose_print(desc, init, arr)
            return
        for suffix, method in _RULES.items():
            if desc.endswith(suffix):
                getattr(self, method)(desc, arr)
                self._verbose_print(desc, suffix, arr)
                return
        self._init_default(desc, arr)

    def _legacy_init(self, name: Any, arr: NDArray) -> None:
        warn_caller(
            "initializers are called with an InitDesc, not with plain text: "
            f"init(InitDesc({name!r}), array)",
            DeprecationWarning,
        )
        if not isinstance(name, str):
            raise TypeError(f"the name of a parameter is text, not {type(name).__name__} {name!r}")
        _require_array(arr, name)
        for prefix, suffix, method in _PLAIN_TEXT_RULES:
            if name.startswith(prefix) and name.endswith(suffix):
                getattr(self, method)(name, arr)
                return
        self._init_default(name, arr)

    # The rules. Subclasses override them, and call `_legacy_init` and `_verbose_print` in a
    # `__call__` of their own, so their names are MXNet's.

    def _init_weight(self, name: str, arr: NDArray) -> None:
        """Write a weight; subclasses define this."""
        raise NotImplementedError(
            f"{type(self).__name__} must have a method _init_weight(name, array) that writes the "
            "array"
        )

    def _init_default(self, name: str, arr: NDArray) -> None:
        """Write a parameter whose name matches no rule."""
        raise NoRuleError(
            f"no rule says how to initialize {str(name)!r}: names end with "
            f"{', '.join(_RULES)}. Rename it, or give it an initializer of its own, which is used "
            "whatever the name: Parameter(..., init=...), or InitDesc(name, {'__init__': ...})"
        )

    def _init_zero(self, name: str, arr: NDArray) -> None:
        write(arr, 0)

    def _init_one(self, name: str, arr: NDArray) -> None:
        write(arr, 1)

    def _init_bias(self, name: str, arr: NDArray) -> None:
        write(arr, 0)

    def _init_gamma(self, name: str, arr: NDArray) -> None:
        write(arr, 1)

    def _init_beta(self, name: str, arr: NDArray) -> None:
        write(arr, 0)

    def _init_quantized_bias(self, name: str, arr: NDArray) -> None:
        write(arr, 0)

    def _init_quantized_weight(self, name: str, arr: NDArray) -> None:
        """Write an integer from -127 to 126 for each element; MXNet draws one for all."""
        if element_count(arr):
            draws = random.randint(-127, 127, (element_count(arr),), "int32", arr._ctx)
            write(arr, draws._in_shape(arr.shape))

    def _init_bilinear(self, name: str, arr: NDArray) -> None:
        write(arr, bilinear_weights(arr.shape, name))

    def _init_loc_bias(self, name: str, arr: NDArray) -> None:
        """Write the bias that makes a spatial transformer start as the identity."""
        if arr.shape[:1] != (6,):
            raise InitializerArgumentError(
                f"the bias {str(name)!r} of a spatial transformer has 6 elements, for a 2 x 3 "
                f"matrix; its shape is {arr.shape}"
            )
        write(arr, np.array([1, 0, 0, 0, 1, 0], np.float32))

    # Logging

    def set_verbosity(
        self, verbose: bool = False, print_func: Callable[[NDArray], Any] | None = None
    ) -> Self:
        """Turn the log of initialized parameters on or off.

        Parameters
        ----------
        verbose : bool, default False
            Whether each parameter is logged, at level INFO by the root logger.
        print_func : callable, optional
            What the log says about an array; its norm over the square root of its size if not
            given.

        Returns
        -------
        Initializer
            The initializer itself.

        Examples
        --------
        >>> import numparam as mx
        >>> init = mx.init.Zero().set_verbosity(True, lambda array: array.shape)
        """
        self._verbose = verbose
        self._print_func = print_func or root_mean_square
        return self

    def _verbose_copy(self) -> Self:
        """Return a copy with its log turned on."""
        twin = copy.copy(self)
        twin._verbose = True
        twin._print_func = self._print_func or root_mean_square
        return twin

    def _verbose_print(self, desc: str, init: Any, arr: NDArray) -> None:
        if self._verbose and self._print_func is not None:
            logging.info("Initialized %s as %s: %s", desc, init, self._print_func(arr))

    # Text and comparison

    def dumps(self) -> str:
        """Return the JSON form: the class's name in lower case, and its arguments.

        Returns
        -------
        str
            `create` reads it if the class is registered. Arrays become lists.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.init.Xavier().dumps()
        '["xavier", {"rnd_type": "uniform", "factor_type": "avg", "magnitude": 3}]'
        """
        arguments = {name: _plain(value) for name, value in self._kwargs.items()}
        return json.dumps([type(self).__name__.lower(), arguments])

    def __repr__(self) -> str:
        short = reprlib.Repr()
        arguments = [f"{name}={short.repr(_plain(v))}" for name, v in self._kwargs.items()]
        return f"{type(self).__name__}({', '.join(arguments)})"

    def __eq__(self, other: object) -> bool:
        """Return whether another initializer has the same class and equal arguments."""
        if not isinstance(other, Initializer):
            return NotImplemented
        if type(self) is not type(other) or self._kwargs.keys() != other._kwargs.keys():
            return False
        return all(_equal(value, other._kwargs[name]) for name, value in self._kwargs.items())

    __hash__ = None  # type: ignore[assignment]


def _require_array(arr: Any, name: str) -> None:
    if not isinstance(arr, NDArray):
        raise TypeError(
            f"{str(name)!r} is initialized in an NDArray, not in {type(arr).__name__}; make one "
            "with numparam.nd.zeros(shape)"
        )


def root_mean_square(array: NDArray) -> str:
    """Return an array's norm over the square root of its size, as text."""
    squares = array._backend.norm.sum_of_squares([array._buffer])
    total = float(array._backend.download(squares)[0])
    return str(math.sqrt(total / max(element_count(array), 1)))


def _plain(value: Any) -> Any:
    """Convert a value for JSON: arrays to lists, NumPy's numbers to Python's."""
    if isinstance(value, NDArray):
        value = value.asnumpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(element) for element in value]
    return value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, (NDArray, np.ndarray)) or isinstance(other, (NDArray, np.ndarray)):
        return bool(np.array_equal(_plain_array(one), _plain_array(other)))
    return bool(one == other)


def _plain_array(value: Any) -> np.ndarray:
    return value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)


show_public_names(__name__)
