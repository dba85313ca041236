"""``mx.np`` arrays as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.presentation import Presentation as ClassicPresentation

__all__ = ["Presentation"]

# The dtypes that the values show by themselves.
_UNSAID = (np.dtype(np.float32), np.dtype(np.bool_))


class Presentation(ClassicPresentation):
    """The part of ``mx.np.ndarray`` that pickles and prints, as NumPy prints."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        host = self.asnumpy()
        parts = [np.array2string(host, separator=", ", prefix="array(") if host.size else "[]"]
        if not host.size and host.shape != (0,):
            parts.append(f"shape={host.shape}")
        if host.dtype not in _UNSAID:
            parts.append(f"dtype={host.dtype.name}")
        if self._ctx.device_type == "gpu":
            parts.append(f"ctx={self._ctx}")
        return f"array({', '.join(parts)})"

    def __str__(self: Any) -> str:
        return str(self.asnumpy())

    def __format__(self: Any, format_spec: str) -> str:
        if not self.shape:
            return format(self.item(), format_spec)
        if format_spec:
            raise TypeError(
                f"an array of shape {self.shape} cannot be formatted with {format_spec!r}; one "
                "element can"
            )
        return str(self)
