"""Initializers chosen by a parameter's name: by patterns, or from existing values."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from numparam.formats.quoting import quoted
from numparam.initializer.by_name import create
from numparam.initializer.description import InitDesc
from numparam.initializer.errors import (
    InitializerArgumentError,
    InvalidInitializerError,
    MissingValueError,
    NoRuleError,
)
from numparam.initializer.initializer import Initializer
from numparam.initializer.writing import write
from numparam.ndarray.files import load
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.values import as_host_array

__all__ = ["Load", "Mixed", "as_initializer"]

# What MXNet puts before the names in checkpoints of modules.
_KINDS = ("arg:", "aux:")


class Mixed:
    """Several initializers, each for the names that match a pattern.

    Parameters
    ----------
    patterns : sequence of str
        Regular expressions, which match at the beginning of the name; the first that does counts.
        A last ``'.*'`` is for all other names.
    initializers : sequence of Initializer, str or callable
        As many initializers, or names of such, or functions of a name and an array.

    Raises
    ------
    InitializerArgumentError
        If the numbers differ, or a pattern is broken: an AssertionError and a ValueError.

    Examples
    --------
    >>> import numparam as mx
    >>> params = mx.gluon.ParameterDict("net_")
    >>> weight, bias = params.get("weight", shape=(1,)), params.get("bias", shape=(1,))
    >>> params.initialize(mx.init.Mixed([".*bias", ".*"], ["ones", mx.init.Constant(5)]))
    >>> weight.data().asnumpy(), bias.data().asnumpy()
    (array([5.], dtype=float32), array([1.], dtype=float32))
    """

    def __init__(self, patterns: Sequence[str], initializers: Sequence[Any]) -> None:
        if len(patterns) != len(initializers):
            raise InitializerArgumentError(
                f"Mixed needs an initializer for each pattern; there are {len(patterns)} patterns "
                f"and {len(initializers)} initializers"
            )
        compiled = []
        for pattern in patterns:
            try:
                compiled.append(re.compile(pattern))
            except re.error as error:
                raise InitializerArgumentError(
                    f"the pattern {quoted(pattern)} is not a regular expression: {error}"
                ) from error
        self.map = list(zip(compiled, map(_callable, initializers), strict=True))

    def __call__(self, name: str, arr: NDArray) -> None:
        """Initialize an array by the initializer for its name.

        Parameters
        ----------
        name : InitDesc or str
            The name.
        arr : NDArray
            What is written.

        Raises
        ------
        NoRuleError
            If no pattern matches; a ValueError.
        """
        self.chosen(name)(name, arr)

    def chosen(self, name: str) -> Callable[[str, NDArray], None]:
        """Return the initializer for a name.

        Parameters
        ----------
        name : str
            A parameter's name.

        Returns
        -------
        callable
            Of the first pattern that matches.

        Raises
        ------
        NoRuleError
            If there is none; a ValueError.

        Examples
        --------
        >>> import numparam as mx
        >>> mixed = mx.init.Mixed([".*bias", ".*"], [mx.init.Zero(), mx.init.One()])
        >>> mixed.chosen("net_bias")
        Zero()
        >>> mixed.chosen("net_weight")
        One()
        """
        for pattern, init in self.map:
            if pattern.match(name):
                return init
        raise NoRuleError(
            f"no pattern of Mixed matches {str(name)!r}; patterns match at the beginning of a name "
            f"({', '.join(repr(pattern.pattern) for pattern, _ in self.map)}). Add '.*' as the "
            "last pattern, with an initializer for all other names"
        )


class Load:
    """Existing values by name, and an initializer for all other names.

    Parameters
    ----------
    param : dict or path
        Arrays by name, or a ``.params`` file of such. Names are taken exactly first, and then
        without ``arg:`` or ``aux:`` in front.
    default_init : Initializer, str or callable, optional
        For all other names.
    verbose : bool, default False
        Whether each parameter is logged, at level INFO by the root logger.
    encoding, errors : str
        What the names in a file are encoded in, as for `numparam.nd.load`.

    Raises
    ------
    TypeError
        If the arrays have no names.
    MXNetError
        If the file cannot be read.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2,))
    >>> weight.initialize(mx.init.Load({"arg:weight": mx.nd.array([1, 2])}))
    >>> weight.data().asnumpy()
    array([1., 2.], dtype=float32)
    """

    # Names as they were given, where something may be in front of them: parameters made of a
    # file's names have those. Pickles of MXNet have neither of the two.
    _exact: Mapping[str, Any] = MappingProxyType({})

    # Several of the given names for one without what is in front of them.
    _ambiguous: Mapping[str, list[str]] = MappingProxyType({})

    def __init__(
        self,
        param: Any,
        default_init: Any = None,
        verbose: bool = False,
        *,
        encoding: str = "utf-8",
        errors: str = "strict",
    ) -> None:
        if isinstance(param, (str, os.PathLike)):
            # A file of no arrays does not tell whether they would have names.
            param = load(param, encoding=encoding, errors=errors) or {}
        if not isinstance(param, Mapping):
            raise NamelessArraysError(
                f"Load needs arrays with names, a dict or a file of one, not {type(param).__name__}"
            )
        self.param = {}
        given: dict[str, list[str]] = {}
        for name, array in param.items():
            short = name[4:] if name[:4] in _KINDS else name
            self.param[short] = array
            given.setdefault(short, []).append(name)
        self._exact = {name: array for name, array in param.items() if name[:4] in _KINDS}
        self._ambiguous = {short: names for short, names in given.items() if len(names) > 1}
        self.default_init = None if default_init is None else _callable(default_init)
        self.verbose = verbose

    def __call__(self, name: str, arr: NDArray) -> None:
        """Initialize an array with the value of its name.

        Parameters
        ----------
        name : InitDesc or str
            The name.
        arr : NDArray
            What is written.

        Raises
        ------
        MissingValueError
            If there is no value of the name and no `default_init`, if there are several, or if it
            has another shape: an MXNetError and an AssertionError.
        """
        self._write(name, arr, self.default_init)

    def _write(
        self, name: str, arr: NDArray, default: Callable[[str, NDArray], None] | None
    ) -> None:
        value = self._exact.get(name)
        if value is None:
            if name in self._ambiguous:
                raise MissingValueError(
                    f"there is more than one value for {quoted(str(name))}, as "
                    f"{' and '.join(map(quoted, self._ambiguous[name]))}. Keep one"
                )
            value = self.param.get(name)
        if value is None:
            if default is None:
                raise MissingValueError(
                    f"there is no value for {quoted(str(name))} among the {len(self.param)} loaded "
                    "ones, and Load was given no default_init"
                )
            default(name, arr)
        else:
            if not hasattr(value, "shape"):
                value = as_host_array(value, np.dtype(np.float32))
            shape = tuple(value.shape)
            if shape != tuple(arr.shape):
                raise MissingValueError(
                    f"{quoted(str(name))} has the shape {arr.shape}, and its loaded value {shape}"
                )
            write(arr, value)
        if self.verbose:
            how = "by default_init" if value is None else "by loading"
            logging.info("Initialized %s %s", name, how)


class NamelessArraysError(InvalidInitializerError, AttributeError):
    """Arrays without names cannot be loaded by name; also an AttributeError, as in MXNet."""


class _ByName(Initializer):
    """A Mixed, a Load or a function, as the initializer of a parameter.

    Whatever it chooses applies to the parameter as a weight's initializer does: the parameter's
    name decides which one it is, not whether it is used.
    """

    def __init__(self, chooser: Any) -> None:
        super().__init__()
        self._chooser = chooser

    def __call__(self, desc: str, arr: NDArray) -> None:
        if isinstance(desc, InitDesc) and not desc.attrs.get("__init__"):
            desc = InitDesc(desc, {**desc.attrs, "__init__": self}, desc.global_init)
        super().__call__(desc, arr)

    def _init_weight(self, name: str, arr: NDArray) -> None:
        chooser = self._chooser
        if isinstance(chooser, Mixed):
            _apply(chooser.chosen(name), name, arr)
        elif isinstance(chooser, Load):
            default = chooser.default_init
            chooser._write(name, arr, None if default is None else partial(_apply, default))
        else:
            chooser(name, arr)

    def dumps(self) -> str:
        """Raise an error: patterns, values and functions have no JSON form.

        Raises
        ------
        InitializerArgumentError
            Always.
        """
        raise InitializerArgumentError(
            f"{self!r} has no JSON form; only registered initializers have one"
        )

    def __repr__(self) -> str:
        return getattr(self._chooser, "__name__", type(self._chooser).__name__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByName) and self._chooser is other._chooser

    __hash__ = None


def _apply(chosen: Any, name: str, arr: NDArray) -> None:
    """Initialize a parameter as a weight, or by `__call__` if its class overrides that."""
    rule = as_initializer(chosen)
    if type(rule).__call__ in (Initializer.__call__, _ByName.__call__):
        rule._init_weight(name, arr)
    else:
        rule(InitDesc(name, {"__init__": rule}), arr)


def as_initializer(init: Any) -> Initializer:
    """Return an initializer for any argument that `ParameterDict.initialize` accepts.

    Parameters
    ----------
    init : Initializer, str, dict, Mixed, Load or callable
        An initializer; its name, JSON text or description as for `create`; or what chooses by the
        name: a `Mixed`, a `Load`, or a function of a name and an array.

    Returns
    -------
    Initializer
        It can be the attribute ``__init__`` of an `InitDesc`.

    Raises
    ------
    InvalidInitializerError
        If it is none of these: an AssertionError and a TypeError; or what `create` raises.

    Examples
    --------
    >>> import numparam as mx
    >>> def fives(name, array):
    ...     array[:] = 5
    >>> bias = mx.nd.zeros((2,))
    >>> mx.init.as_initializer(fives)(mx.init.InitDesc("fc_bias"), bias)
    >>> bias.asnumpy()
    array([5., 5.], dtype=float32)
    """
    if isinstance(init, Initializer):
        return init
    if callable(init) and not isinstance(init, type):
        return _ByName(init)
    return create(init)


def _callable(init: Any) -> Callable[[str, NDArray], None]:
    """Return the callable of a Mixed or Load: an initializer, or a function of name and array."""
    return init if callable(init) and not isinstance(init, type) else create(init)
