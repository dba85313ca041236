"""Arrays for kernels on a GPU, made of host arrays, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.kernels.cuda import _memory
from tests.support.parity import Arguments, agree

ON_HOST = ("coefficients", "history")  # numbers that every backend takes from the host


def upload(value: Any) -> Any:
    """Copy every array within lists, tuples and dictionaries to the GPU."""
    if isinstance(value, np.ndarray):
        return _memory.upload(value)
    if isinstance(value, list | tuple):
        return type(value)(upload(part) for part in value)
    if isinstance(value, dict):
        return {key: part if key in ON_HOST else upload(part) for key, part in value.items()}
    return value


def download(value: Any) -> Any:
    """Copy every array within lists, tuples and dictionaries to the host."""
    if isinstance(value, _memory.DeviceArray):
        return _memory.download(value)
    if isinstance(value, list | tuple):
        parts = [download(part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)  # named ones, too
    if isinstance(value, dict):
        return {key: download(part) for key, part in value.items()}
    return value


def compare(function: Callable, reference: Callable, arguments: Arguments) -> None:
    """Call one on the GPU and one on the host with the same arguments; both must do the same."""
    positional, named = arguments
    mine, theirs = (upload(positional), upload(named)), download(upload(arguments))
    if function.__name__ == "dense":
        arrays, coefficients = positional
        mine = (upload(arrays), coefficients), {}
    result, expected = download(function(*mine[0], **mine[1])), reference(*theirs[0], **theirs[1])
    assert agree(result, expected), (result, expected)
    mine = download(mine)
    assert agree(mine, theirs), (mine, theirs)


class Foreign:
    """An array of some other library: nothing but the interface, over memory that it holds."""

    def __init__(self, array: Any, **changes: Any) -> None:
        self._array = array
        self._changes = changes

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        if isinstance(self._array, np.ndarray):  # the simulator's memory is the host's
            form = {
                "shape": self._array.shape,
                "strides": self._array.strides,
                "typestr": self._array.dtype.str,
                "data": self._array.__array_interface__["data"],
                "version": 2,
            }
        else:
            form = dict(self._array.__cuda_array_interface__)
        return form | self._changes
