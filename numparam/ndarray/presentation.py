"""Arrays as bytes, for pickling, and as text."""

from __future__ import annotations

from typing import Any

from numparam.context import Context

__all__ = ["Presentation"]


class Presentation:
    """The part of `NDArray` that pickles and prints.

    The state of a pickled array is one record of MXNet's ``.params`` format, as in MXNet, whose
    pickles are read by an Unpickler that finds the classes here. It comes back on ``cpu(0)``.
    """

    __slots__ = ()

    def __reduce__(self: Any) -> tuple[Any, ...]:
        return _unpickled, (type(self),), self.__getstate__()

    def __getstate__(self: Any) -> dict[str, bytearray]:
        from numparam.formats import DenseRecord, dumps_record
        from numparam.modes.np_mode import is_np_shape

        record = DenseRecord(self.asnumpy(), self._ctx.device_typeid, self._ctx.device_id)
        known_without = self.ndim > 0
        return {
            "handle": bytearray(dumps_record(record, np_shape=is_np_shape() or not known_without))
        }

    def __setstate__(self: Any, state: dict[str, bytearray]) -> None:
        from numparam.formats import DenseRecord, loads_record

        record = loads_record(state["handle"])
        if not isinstance(record, DenseRecord):
            raise TypeError("the state of a sparse array came to a dense one")
        loaded = self.from_buffer(None, Context("cpu", 0))
        loaded._bound = loaded._backend.upload(record.data)
        for name in ("_ctx", "_backend", "_bound", "_marking", "writable"):
            setattr(self, name, getattr(loaded, name))

    def __repr__(self: Any) -> str:
        shape = "x".join(map(str, self.shape))
        return f"\n{self.asnumpy()!s}\n<{type(self).__name__} {shape} @{self._ctx}>"

    def __len__(self: Any) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]


def _unpickled(array_class: type) -> Any:
    return object.__new__(array_class)
