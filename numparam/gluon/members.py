"""Names in a dictionary of parameters: looking them up, making parameters, taking others' over."""

from __future__ import annotations

import copy
import difflib
import os
import threading
from collections import OrderedDict
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self

import numpy as np

from numparam.devices import epochs
from numparam.gluon import agreement, parameter, zeroing
from numparam.gluon.changes import as_numbers
from numparam.gluon.declaration import InvalidNameError
from numparam.gluon.errors import ParameterConflictError, UnknownParameterError
from numparam.gluon.utils import _indent

__all__ = ["Members"]

# Looking a name up and inserting it is one step for all threads. One lock for all dictionaries,
# since dictionaries that share parameters ask each other.
_names = threading.RLock()

if hasattr(os, "register_at_fork"):
    # A child must not inherit the lock from a thread that it does not have.
    os.register_at_fork(
        before=_names.acquire, after_in_parent=_names.release, after_in_child=_names.release
    )


class NotAParameterError(TypeError, AttributeError):
    """Something else than parameters was put into a dictionary of parameters."""


class _Entries(OrderedDict[str, Any]):
    """Parameters by name; another member makes tables of all gradients stale."""

    def __setitem__(self, name: str, member: Any) -> None:
        OrderedDict.__setitem__(self, name, member)  # faster than by super()
        epochs.bump()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        epochs.bump()


class Members:
    """The part of `ParameterDict` that is a mapping from names to parameters."""

    def __init__(self, prefix: str = "", shared: Members | None = None) -> None:
        if shared is not None and not hasattr(shared, "_params"):
            raise NotAParameterError(
                f"shared must be a ParameterDict, where parameters are looked for; got {shared!r}."
            )
        self._prefix = prefix
        self._params: OrderedDict[str, Any] = _Entries()
        self._shared = shared
        self._zeroing: zeroing.GradientTables | None = None

    def __repr__(self) -> str:
        lines = "\n".join(_indent(f"  {member}", 2) for member in self.values())
        return f"{self._prefix + ' ' if self._prefix else ''}(\n{lines}\n)"

    def __getitem__(self, key: str) -> Any:
        try:
            return self._params[key]
        except KeyError:
            near = difflib.get_close_matches(str(key), list(self._params), 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UnknownParameterError(
                f"There is no Parameter {key!r} among the {len(self._params)} here; names include "
                f"the prefix '{self._prefix}'.{hint}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __contains__(self, name: object) -> bool:
        return name in self._params

    def __len__(self) -> int:
        return len(self._params)

    def __bool__(self) -> bool:
        # As in MXNet, where a dictionary has no length: `if params:` asks whether there is one.
        return True

    def keys(self) -> KeysView[str]:
        """Give the names."""
        return self._params.keys()

    def values(self) -> ValuesView[Any]:
        """Give the parameters."""
        return self._params.values()

    def items(self) -> ItemsView[str, Any]:
        """Give pairs of name and parameter."""
        return self._params.items()

    @property
    def prefix(self) -> str:
        """What `get` puts before a name."""
        return self._prefix

    # Copies

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_zeroing": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._zeroing = None  # pickles of MXNet have no such thing

    def __copy__(self) -> Self:
        duplicate = object.__new__(type(self))
        duplicate.__dict__.update(self.__getstate__(), _params=copy.copy(self._params))
        return duplicate

    # Members

    def _full_name(self, name: str) -> str:
        if not (isinstance(name, str) and isinstance(self._prefix, str)):
            raise InvalidNameError(
                "The name of a parameter, and the prefix before it, must be strings; got the name "
                f"{name!r} and the prefix {self._prefix!r}."
            )
        return self._prefix + name

    def _find(self, name: str) -> Any:
        found = self._params.get(name)
        if found is None and self._shared is not None:
            found = self._shared._params.get(name)
        return found

    def _get_impl(self, name: str) -> Any:
        """Find a parameter here or in the shared dictionary, then it is here too; or None."""
        with _names:
            found = self._find(name)
            if found is not None and name not in self._params:
                self._params[name] = found
            return found

    def get(self, name: str, **kwargs: Any) -> Any:
        """Give the parameter of a name; make it if there is none.

        Parameters
        ----------
        name : str
            Its name without the prefix.
        **kwargs
            Arguments of `Parameter`. If there is one already, they are compared with it: unknown
            sizes of the shape are filled in, None asks for nothing, the rest must agree.

        Returns
        -------
        Parameter
            From here, or else from the shared dictionary, or else a new one.

        Raises
        ------
        AssertionError
            If the parameter is there and does not agree; nothing is changed. Also a ValueError.
        TypeError
            If a keyword is none of `Parameter`'s.

        Notes
        -----
        Several threads that ask for one name get one parameter.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict("net_")
        >>> weight = parameters.get("weight", shape=(0, 3), allow_deferred_init=True)
        >>> parameters.get("weight", shape=(2, 0)).shape
        (2, 3)
        """
        name = self._full_name(name)
        with _names:
            found = self._find(name)
            if found is None:
                agreement.check_keywords(kwargs, name)
                found = parameter.Parameter(name, **kwargs)
            else:
                agreement.merge(found, kwargs)
            if name not in self._params:
                self._params[name] = found
            return found

    def get_constant(self, name: str, value: Any = None) -> Any:
        """Give the constant of a name; make it if there is none.

        Parameters
        ----------
        name : str
            Its name without the prefix.
        value : NDArray, numpy.ndarray or nested list, optional
            Its value. A constant that exists must have an equal one. None asks for nothing.

        Returns
        -------
        Constant
            From here, or else from the shared dictionary, or else a new one.

        Raises
        ------
        KeyError
            If there is none, and no value.
        AssertionError
            If there is one with another value, or a parameter that is no constant. Also a
            ValueError.
        """
        name = self._full_name(name)
        with _names:
            found = self._find(name)
            if found is None:
                if value is None:
                    raise UnknownParameterError(
                        f"There is no constant named '{name}'. Give a value to make one."
                    )
                found = parameter.Constant(name, value)
            elif value is not None:
                _check_constant(found, value)
            if name not in self._params:
                self._params[name] = found
            return found

    def update(self, other: Mapping[str, Any] | Members) -> None:
        """Take all parameters of another dictionary.

        Parameters
        ----------
        other : ParameterDict or mapping
            Parameters by name. A name that is here already must stand for the same object.

        Raises
        ------
        AssertionError
            If it does not; nothing is taken. Also a ValueError.
        TypeError
            If `other` is no mapping to parameters; nothing is taken.
        """
        if not hasattr(other, "items"):
            raise NotAParameterError(
                f"update takes a ParameterDict or a dict of parameters; got {type(other).__name__}."
            )
        with _names:
            members = dict(other.items())
            for name, member in members.items():
                if not isinstance(member, parameter.Parameter):
                    raise NotAParameterError(
                        f"update takes parameters; under '{name}' there is a "
                        f"{type(member).__name__}."
                    )
                if self._params.get(name, member) is not member:
                    raise ParameterConflictError(
                        f"Cannot take the other dictionary's Parameter '{name}': there is another "
                        "one of this name here. Give the two dictionaries different prefixes."
                    )
            for name, member in members.items():
                if name not in self._params:
                    self._params[name] = member


def _check_constant(found: Any, value: Any) -> None:
    if not isinstance(found, parameter.Constant):
        raise ParameterConflictError(
            f"Parameter '{found.name}' is there and is no constant. Use get, or another name."
        )
    wanted = as_numbers(value, found.name)
    stored = found.value.asnumpy()
    if wanted.dtype.kind == stored.dtype.kind == "f":
        wanted = wanted.astype(stored.dtype)  # as a constant made of it would be
    if wanted.shape != stored.shape:
        raise ParameterConflictError(
            f"Constant '{found.name}' is there with shape {stored.shape}, and was asked for with "
            f"shape {wanted.shape}. Use another name."
        )
    if not bool(np.all((wanted == stored) | ((wanted != wanted) & (stored != stored)))):
        raise ParameterConflictError(
            f"Constant '{found.name}' is there with another value. Use another name, or ask "
            "without a value."
        )
