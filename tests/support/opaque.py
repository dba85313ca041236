"""A third device type, whose buffers cannot be touched from the host.

Its kernels are the reference behind a recorder of calls. What passes on it goes through the
dispatch seam: anything that reads or writes a buffer as if it were host memory raises.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.devices import registry
from numparam.devices.backend import Backend
from numparam.devices.host import HostBackend
from numparam.kernels import KERNELS


class OpaqueBuffer:
    """Memory of the opaque device: a shape and a dtype, and contents that only its backend sees."""

    __array_ufunc__ = None

    def __init__(self, contents: np.ndarray) -> None:
        self.__contents = contents
        self.shape = contents.shape
        self.dtype = contents.dtype
        self.size = contents.size
        self.nbytes = contents.nbytes
        self.ndim = contents.ndim

    def __array__(self, *arguments: object, **keywords: object) -> np.ndarray:
        raise TypeError("a buffer of the opaque device was converted to a host array")

    def __len__(self) -> int:
        raise TypeError("a buffer of the opaque device was measured as a sequence")

    def __iter__(self) -> Iterator:
        raise TypeError("a buffer of the opaque device was iterated over")

    def __getitem__(self, key: object) -> object:
        raise TypeError("a buffer of the opaque device was indexed on the host")

    def __setitem__(self, key: object, value: object) -> None:
        raise TypeError("a buffer of the opaque device was written on the host")

    def __bool__(self) -> bool:
        raise TypeError("a buffer of the opaque device was used as a truth value")


def _contents(buffer: OpaqueBuffer) -> np.ndarray:
    return buffer._OpaqueBuffer__contents


def _opened(value: Any) -> Any:
    if isinstance(value, OpaqueBuffer):
        return _contents(value)
    if type(value) in (list, tuple):
        return type(value)(_opened(part) for part in value)
    if callable(value) and not isinstance(value, type):  # what allocates memory for a result
        return lambda *arguments: _opened(value(*arguments))
    return value


def _closed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return OpaqueBuffer(value)
    if type(value) in (list, tuple):
        return type(value)(_closed(part) for part in value)
    return value


class OpaqueBackend(HostBackend):
    """The reference kernels on opaque buffers; `calls` lists what was asked for, in order."""

    def __init__(self, device_id: int = 0) -> None:
        super().__init__("reference")
        self.device_id = device_id
        self.calls: list[str] = []

    def __getattr__(self, operation: str) -> Any:
        module = super().__getattr__(operation)
        row = next(row for row in KERNELS if row.name == operation)
        entries = {name: self._recorded(operation, getattr(module, name)) for name in row.functions}
        recorder = SimpleNamespace(**entries)
        self.__dict__[operation] = recorder
        return recorder

    def _recorded(self, operation: str, function: Any) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.calls.append(f"{operation}.{function.__name__}")
            opened = {name: _opened(value) for name, value in keywords.items()}
            result = function(*[_opened(value) for value in arguments], **opened)
            # An output that the caller passed is handed back as it was given.
            for given in (*arguments, *keywords.values()):
                if isinstance(given, OpaqueBuffer) and _contents(given) is result:
                    return given
            return _closed(result)

        return call

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> OpaqueBuffer:
        return OpaqueBuffer(super().empty(shape, dtype))

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> OpaqueBuffer:
        made = self.empty(shape, dtype)
        _contents(made).fill(0)
        return made

    def upload(self, array: np.ndarray) -> OpaqueBuffer:
        if isinstance(array, OpaqueBuffer):
            raise TypeError("a buffer of the opaque device was uploaded as if it were a host array")
        made = self.empty(array.shape, array.dtype)
        self.write(made, array)
        return made

    def download(self, buffer: OpaqueBuffer) -> np.ndarray:
        self.calls.append("download")
        return super().download(_contents(buffer))

    def write(self, buffer: OpaqueBuffer, values: np.ndarray | int) -> None:
        super().write(_contents(buffer), values)

    def read_into(self, buffer: OpaqueBuffer, fill: Any) -> None:
        super().read_into(_contents(buffer), fill)

    def view(self, buffer: OpaqueBuffer, start: int, shape: tuple[int, ...]) -> OpaqueBuffer:
        return OpaqueBuffer(super().view(_contents(buffer), start, shape))

    def apply(self, function: Any, *buffers: OpaqueBuffer) -> Any:
        self.calls.append(f"apply.{getattr(function, '__name__', 'function')}")
        return _closed(super().apply(function, *map(_contents, buffers)))

    # Not the host's short ways, which pass buffers to functions as they are.
    buffers_are_arrays = False
    evaluate = Backend.evaluate
    copied, converted, convert_into = Backend.copied, Backend.converted, Backend.convert_into
    fetched, download_into = Backend.fetched, Backend.download_into

    def update(self, function: Any, target: OpaqueBuffer, *buffers: OpaqueBuffer) -> None:
        self.calls.append(f"update.{getattr(function, '__name__', 'function')}")
        super().update(function, _contents(target), *map(_contents, buffers))

    def on_host(self, buffer: OpaqueBuffer) -> np.ndarray:
        raise MXNetError("the opaque device's memory cannot be shared with the host")


@contextlib.contextmanager
def opaque_device(device_type: str = "cpu") -> Iterator[dict[int, OpaqueBackend]]:
    """Let the opaque device serve `device_type` inside the block; yields its backends by number."""
    made: dict[int, OpaqueBackend] = {}

    def factory(device_id: int) -> OpaqueBackend:
        return made.setdefault(device_id, OpaqueBackend(device_id))

    before = registry.factory_of(device_type)
    registry.register(device_type, factory)
    try:
        yield made
    finally:
        registry.register(device_type, before)
