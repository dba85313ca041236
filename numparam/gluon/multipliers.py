"""The learning-rate and weight-decay multipliers of a parameter."""

from __future__ import annotations

from typing import Any

from numparam.devices import epochs

__all__ = ["Multiplier"]


class Multiplier:
    """An attribute that holds a number; setting it begins an epoch of memory.

    Optimizers read the multipliers of thousands of parameters at each step. Within an epoch they
    need not look again.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            return instance.__dict__[self._name]
        except KeyError:
            raise AttributeError(
                f"{type(instance).__name__} has no attribute {self._name!r}"
            ) from None

    def __set__(self, instance: Any, value: float) -> None:
        instance.__dict__[self._name] = value
        epochs.bump()

    def __delete__(self, instance: Any) -> None:
        del instance.__dict__[self._name]
        epochs.bump()
