"""Waiting for devices."""

from __future__ import annotations

from numparam.devices import registry

__all__ = ["waitall"]


def waitall() -> None:
    """Wait until all work given to all devices is done.

    Notes
    -----
    On the host every operation is done when it returns.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.waitall()
    """
    registry.synchronize_all()
