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
        # In the way of plain attributes: an object whose `__dict__` was used is larger and slower.
        self._name, self._held = name, f"_{name}"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            return getattr(instance, self._held)
        except AttributeError:
            raise AttributeError(
                f"{type(instance).__name__} has no attribute {self._name!r}"
            ) from None

    def __set__(self, instance: Any, value: float) -> None:
        setattr(instance, self._held, value)
        epochs.bump()

    def __delete__(self, instance: Any) -> None:
        delattr(instance, self._held)
        epochs.bump()
