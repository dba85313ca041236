"""Waiting for devices."""

from __future__ import annotations

from numparam import backend

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
    backend.synchronize_all()
