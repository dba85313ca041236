"""Registries of classes whose objects are created by name or from JSON.

Each kind has a `Registry` of its own. A class belongs to a kind if it descends from the kind's root
class, which descends from `Registrable`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar

from numparam._missing import close_matches

__all__ = ["Registrable", "Registry", "RegistryErrors"]

Class = TypeVar("Class", bound=type)


class RegistryErrors(NamedTuple):
    """The exception classes that a `Registry` raises."""

    invalid: type[Exception]
    """For something that is not of the kind, or arguments beside something complete."""
    unknown: type[Exception]
    """For a name that nothing is registered with."""
    text: type[Exception]
    """For a broken JSON text."""


class Registrable:
    """The root of all classes that can be registered; a kind's root class has the registry.

    Attributes
    ----------
    registry : Registry
        Where the class and its subclasses can be registered.
    """

    registry: ClassVar[Registry]


class Registry:
    """The classes of one kind by their case-insensitive names.

    Parameters
    ----------
    kind : str
        What messages call the kind, such as ``'initializer'``; also the key of a JSON object that
        holds the name.
    root : str
        Full name of the kind's root class, for messages.
    example : str
        A registered name, for messages.
    errors : RegistryErrors
        The exceptions to raise.

    Examples
    --------
    >>> from numparam.class_registry import Registrable, Registry, RegistryErrors
    >>> errors = RegistryErrors(TypeError, ValueError, ValueError)
    >>> shapes = Registry("shape", "Shape", "square", errors)
    >>> class Shape(Registrable):
    ...     registry = shapes
    >>> @shapes.register
    ... class Square(Shape):
    ...     def __init__(self, side):
    ...         self.side = side
    >>> shapes.create("square", 3).side, shapes.create('["square", {"side": 4}]').side
    (3, 4)
    """

    def __init__(self, kind: str, root: str, example: str, errors: RegistryErrors) -> None:
        self._kind = kind
        self._article = "an" if kind[0] in "aeiou" else "a"
        self._root = root
        self._example = example
        self._errors = errors
        self._classes: dict[str, type] = {}

    @property
    def classes(self) -> dict[str, Any]:
        """The registry's own dictionary of classes by lower-case names."""
        return self._classes

    def register(self, klass: Class, name: str | None = None, *, stacklevel: int = 2) -> Class:
        """Register a class under a name, by default its own; usable as a decorator.

        Parameters
        ----------
        klass : type
            A subclass of the kind's root class.
        name : str, optional
            The name; that of the class if not given.
        stacklevel : int, default 2
            Where the warning points to, as for `warnings.warn`; 2 is the caller.

        Returns
        -------
        type
            The class.

        Raises
        ------
        RegistryErrors.invalid
            If it is not such a class.

        Warns
        -----
        UserWarning
            If another class has the name; it is replaced.
        """
        named = klass.__name__ if name is None and isinstance(klass, type) else name
        self._add(klass, named, stacklevel + 1)
        return klass

    def alias(self, *aliases: str) -> Callable[[Class], Class]:
        """Return a decorator that registers a class under more names.

        Parameters
        ----------
        *aliases : str
            The names.

        Returns
        -------
        callable
            It takes a class, and returns it.
        """

        def decorate(klass: Class) -> Class:
            for name in aliases:
                self._add(klass, name, 3)
            return klass

        return decorate

    def create(self, *args: Any, **kwargs: Any) -> Any:
        """Return an object of the kind.

        Parameters
        ----------
        *args : object
            First an object of the kind, which is returned; or a registered name, in any case,
            whose arguments may follow; or a JSON text, ``'["name", {"argument": 0.5}]'`` or
            ``'{"kind": "name", "argument": 0.5}'``; or such a dict.
        **kwargs : object
            Arguments for a registered name; the name itself may be given with the kind as keyword.

        Returns
        -------
        object
            A new one, unless one was given.

        Raises
        ------
        RegistryErrors.unknown, RegistryErrors.invalid, RegistryErrors.text
            If the name is not registered, the first argument is none of these, or the JSON text is
            broken.
        TypeError
            If the arguments are not those of the class.
        """
        if args:
            described, *rest = args
        elif self._kind in kwargs:
            described, rest = kwargs.pop(self._kind), []
        else:
            raise self._errors.invalid(
                f"expected {self._article} {self._kind}'s name, JSON text or dict, such as "
                f"create({self._example!r})"
            )
        if self._accepts(type(described)):
            self._check_alone(described, rest, kwargs)
            return described
        if isinstance(described, dict):
            self._check_alone(described, rest, kwargs)
            if isinstance(described.get(self._kind), dict):
                raise self._errors.invalid(
                    f"the dict {described!r:.200} must have a name under {self._kind!r}, not "
                    "another dict"
                )
            return self.create(**described)
        if not isinstance(described, str):
            hint = " (make an object of it)" if isinstance(described, type) else ""
            raise self._errors.invalid(
                f"{self._article} {self._kind} is {self._article} {self._kind.capitalize()}, a "
                f"registered name such as {self._example!r}, its JSON text or a dict; got "
                f"{described!r:.200} of type {type(described).__name__}{hint}"
            )
        if described.startswith(("[", "{")):
            self._check_alone(described, rest, kwargs)
            name, arguments = self._parsed(described)
            return self.create(name, **arguments)
        klass = self._classes.get(described.lower())
        if klass is None:
            raise self._unknown(described)
        return klass(*rest, **kwargs)

    def _accepts(self, klass: type) -> bool:
        return issubclass(klass, Registrable) and klass.registry is self

    def _add(self, klass: Any, name: Any, stacklevel: int) -> None:
        if not isinstance(klass, type) or not self._accepts(klass):
            raise self._errors.invalid(
                f"only subclasses of {self._root} can be registered, not {klass!r:.200}"
            )
        key = str(name).lower()
        # Without a lock: what a signal handler or another thread registers in between is replaced.
        previous = self._classes.get(key)
        self._classes[key] = klass
        if previous is not None and previous is not klass:
            warnings.warn(
                f"the {self._kind} name {key!r} meant "
                f"{previous.__module__}.{previous.__qualname__}; from now on it means "
                f"{klass.__module__}.{klass.__qualname__}",
                UserWarning,
                stacklevel=stacklevel,
            )

    def _check_alone(self, described: Any, rest: list[Any], kwargs: dict[str, Any]) -> None:
        if rest or kwargs:
            given = ", ".join([*map(repr, rest), *kwargs])
            raise self._errors.invalid(
                f"{described!r:.200} has its arguments already; leave out {given:.200}, or give a "
                "name"
            )

    def _parsed(self, text: str) -> tuple[str, dict[str, Any]]:
        """Return the name and the arguments in a JSON text."""
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise self._errors.text(
                f"the {self._kind} {text!r:.200} is broken JSON: {error}"
            ) from error
        except RecursionError:
            raise self._errors.text(
                f"the {self._kind} {text!r:.80} is nested too deeply to be read as JSON"
            ) from None
        if isinstance(value, dict) and isinstance(value.get(self._kind), str):
            return value.pop(self._kind), value
        if (
            isinstance(value, list)
            and len(value) == 2
            and isinstance(value[0], str)
            and isinstance(value[1], dict)
        ):
            return value[0], value[1]
        raise self._errors.text(
            f"the {self._kind} {text!r:.200} is neither a JSON list of a name and a dict of "
            f'arguments, such as ["{self._example}", {{}}], nor a JSON object with "{self._kind}"'
        )

    def _unknown(self, name: str) -> Exception:
        known = list(self._classes)  # in the order of registration: the library's own come first
        near = close_matches(name[:100].lower(), known, 3)
        hint = f"Near names: {', '.join(near)}" if near else f"There are: {_listed(known)}"
        return self._errors.unknown(
            f"no {self._kind} is registered as {name!r:.200}. {hint}. Registering a class adds one"
        )


def _listed(names: list[str], most: int = 40) -> str:
    """Return the first names as text, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
