"""Serialization of optimizer states without pickle.

They are a ``.params`` file: the arrays, named ``state:0``, ``state:1``, … and one array of bytes
named ``description`` that holds JSON: which array is whose state, and if wanted the optimizer. What
reads ``.params`` files, MXNet too, can read the arrays.

MXNet saves a pickle, which runs whatever code its author put into it. It is read only if the caller
says so, and only arrays, optimizers, schedules and plain containers are taken from it.
"""

from __future__ import annotations

import io
import json
import math
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from numparam import formats, lr_scheduler
from numparam.base import MXNetError
from numparam.ndarray.files import array_of, record_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.optimizer.counts import UpdateCounts
from numparam.optimizer.errors import PickledStatesError, StatesError
from numparam.optimizer.optimizer import Optimizer

__all__ = ["dumps", "loads"]

_DESCRIPTION = "description"
_VERSION = 1


def dumps(states: Mapping[Any, Any], optimizer: Optimizer | None = None) -> bytes:
    """Return states as bytes.

    Parameters
    ----------
    states : mapping
        None, arrays, numbers, and tuples and lists of such, by index: a number or a text.
    optimizer : Optimizer, optional
        Saved with them, without its ``param_dict``.

    Returns
    -------
    bytes
        A ``.params`` file.

    Raises
    ------
    StatesError
        If something else is in them: a ValueError and an MXNetError.
    """
    arrays: list[NDArray] = []
    tree = [[_plain(index), _tree(state, arrays, index)] for index, state in states.items()]
    description = {"version": _VERSION, "states": tree}
    if optimizer is not None:
        description["optimizer"] = _described(optimizer, arrays)
    text = json.dumps(description).encode()
    names = [_DESCRIPTION, *(f"state:{i}" for i in range(len(arrays)))]
    records = [formats.DenseRecord(np.frombuffer(text, np.uint8)), *map(record_of, arrays)]
    shapeless = any(array.shape == () for array in arrays)
    return formats.dumps(names, records, np_shape=shapeless)


def loads(
    contents: bytes, *, allow_pickle: bool = False
) -> tuple[dict[Any, Any], Optimizer | None]:
    """Return the states that `dumps` or MXNet saved, and the optimizer, if one was saved.

    Parameters
    ----------
    contents : bytes
        What was saved.
    allow_pickle : bool, default False
        Whether it may be a pickle of MXNet's.

    Returns
    -------
    dict
        States by index. Arrays are on ``cpu(0)``.
    Optimizer or None
        The optimizer.

    Raises
    ------
    PickledStatesError
        If it is a pickle, and those are not allowed.
    StatesError
        If it is damaged, or made of something else: a ValueError and an MXNetError.
    """
    contents = bytes(contents)
    if contents[:1] == b"\x80":
        if not allow_pickle:
            raise PickledStatesError(
                "these states are a pickle, as MXNet saves them: loading it could run any code. If "
                "you trust where it comes from, pass allow_pickle=True, and save the states again"
            )
        return _unpickled(contents)
    try:
        names, records = formats.read(contents)
        named = dict(zip(names or [], records, strict=True))
        description = json.loads(bytes(named.pop(_DESCRIPTION).data))
        if description["version"] != _VERSION:
            raise StatesError(
                f"the states are of version {description['version']}, which this numparam does "
                f"not know; it knows {_VERSION}"
            )
        arrays = {name: array_of(record) for name, record in named.items()}
        states = {index: _grown(tree, arrays) for index, tree in description["states"]}
        optimizer = description.get("optimizer")
        return states, None if optimizer is None else _made(optimizer, arrays)
    except StatesError:
        raise
    except (MXNetError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise StatesError(
            f"these are not states that numparam saved, or they are damaged: {error}"
        ) from error


def _tree(state: Any, arrays: list[NDArray], index: Any) -> Any:
    if isinstance(state, NDArray):
        classic = state if state._array_class is NDArray else state.as_nd_ndarray()
        arrays.append(classic)
        return {"array": len(arrays) - 1}
    if isinstance(state, (tuple, list)):
        return {type(state).__name__: [_tree(one, arrays, index) for one in state]}
    if state is None or isinstance(state, (bool, int, float, str)):
        return {"value": state}
    raise StatesError(
        f"the state of {index!r} holds {type(state).__name__}; only arrays, numbers, texts, None, "
        "and tuples and lists of them can be saved"
    )


def _grown(tree: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Any:
    ((kind, content),) = tree.items()
    if kind == "array":
        return arrays[f"state:{content}"]
    if kind == "value":
        return content
    make: Callable[..., Any] = {"tuple": tuple, "list": list}[kind]
    return make(_grown(one, arrays) for one in content)


# Optimizers and schedules


def _described(thing: Any, arrays: list[NDArray]) -> dict[str, Any]:
    """Return the class and the attributes of an optimizer or a schedule; add to the arrays."""
    attributes = thing.__getstate__() if isinstance(thing, Optimizer) else dict(vars(thing))
    attributes.pop("_index_update_count", None)
    described = {}
    for name, value in attributes.items():
        if isinstance(value, lr_scheduler.LRScheduler):
            described[name] = {"schedule": _described(value, arrays)}
        else:
            described[name] = _attribute(value, f"{type(thing).__name__}.{name}", arrays)
    return {"class": type(thing).__name__, "attributes": described}


def _attribute(value: Any, name: str, arrays: list[NDArray]) -> Any:
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_attribute(one, name, arrays) for one in value]}
    if isinstance(value, NDArray):
        return _tree(value, arrays, name)
    if isinstance(value, Mapping):
        pairs = [
            [_attribute(key, name, arrays), _attribute(one, name, arrays)]
            for key, one in value.items()
        ]
        return {"counts" if isinstance(value, UpdateCounts) else "dict": pairs}
    raise StatesError(
        f"{name} is of type {type(value).__name__}, which cannot be saved; save the states without "
        "the optimizer (dump_optimizer=False), and create it anew"
    )


def _plain(index: Any) -> Any:
    if isinstance(index, np.integer):
        return int(index)
    if isinstance(index, (int, str)):
        return index
    raise StatesError(
        f"states are saved by number or text, not by {type(index).__name__} {index!r}"
    )


def _restored(value: Any, arrays: Mapping[str, NDArray]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return float(content)
    if kind == "tuple":
        return tuple(_restored(one, arrays) for one in content)
    if kind == "list":
        return [_restored(one, arrays) for one in content]
    if kind == "array":
        return _grown(value, arrays)
    if kind == "schedule":
        return _made(content, arrays)
    pairs = {_restored(key, arrays): _restored(one, arrays) for key, one in content}
    return UpdateCounts(pairs) if kind == "counts" else pairs


def _made(described: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Any:
    name = described["class"]
    attributes = {key: _restored(value, arrays) for key, value in described["attributes"].items()}
    if "_all_index_update_counts" not in attributes:
        schedule = getattr(lr_scheduler, name, None) or _named(lr_scheduler.LRScheduler, name)
        made = object.__new__(schedule)
        made.__dict__.update(attributes)
        return made
    klass = Optimizer.opt_registry.get(name.lower())
    if klass is None:
        raise StatesError(
            f"the states are of an optimizer {name!r}, which is not registered here; "
            "numparam.optimizer.register(class) adds it"
        )
    optimizer = object.__new__(klass)
    counts = attributes["_all_index_update_counts"]
    attributes["_index_update_count"] = next(iter(counts.values()), UpdateCounts())
    optimizer.__setstate__(attributes)
    return optimizer


def _named(root: type, name: str) -> type:
    """Find a subclass by its name."""
    waiting = [root]
    while waiting:
        klass = waiting.pop()
        if klass.__name__ == name:
            return klass
        waiting += klass.__subclasses__()
    raise StatesError(f"the states have a schedule {name!r}, which is not defined here")


# Pickles


def _unpickled(contents: bytes) -> tuple[dict[Any, Any], Optimizer | None]:
    try:
        loaded = _Unpickler(io.BytesIO(contents)).load()
    except (StatesError, MemoryError):
        raise
    except Exception as error:
        raise StatesError(f"the pickled states cannot be loaded: {error}") from error
    states, optimizer = loaded if isinstance(loaded, tuple) and len(loaded) == 2 else (loaded, None)
    if not isinstance(states, dict) or not isinstance(optimizer, (Optimizer, type(None))):
        raise StatesError(
            "the pickle holds no states: a dict of them, or a pair of it and an optimizer"
        )
    return states, optimizer


_ARRAYS = {"NDArray": NDArray, "RowSparseNDArray": RowSparseNDArray, "CSRNDArray": CSRNDArray}
#: What makes the arrays of numparam's own pickles.
_OWN = {("numparam", "ndarray.ndarray", "_unpickled")}

_PLAIN = {
    ("collections", "OrderedDict"),
    ("copyreg", "_reconstructor"),
    ("builtins", "object"),
    ("builtins", "set"),
    ("builtins", "bytearray"),
    ("_codecs", "encode"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that loads only arrays, optimizers, schedules and plain containers."""

    def find_class(self, module: str, name: str) -> Any:
        package, _, rest = module.partition(".")
        if package in ("mxnet", "numparam"):
            if rest.startswith("ndarray") and name in _ARRAYS:
                return _ARRAYS[name]
            if (package, rest, name) in _OWN:
                return super().find_class(module, name)
            if rest.startswith("optimizer") and name.lower() in Optimizer.opt_registry:
                return Optimizer.opt_registry[name.lower()]
            if rest == "optimizer.counts" and name == "UpdateCounts":
                return UpdateCounts
            if rest == "lr_scheduler" and name in lr_scheduler.__all__:
                return getattr(lr_scheduler, name)
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        raise StatesError(
            f"the pickled states hold {module}.{name}, which is not one of the arrays, optimizers, "
            "schedules and plain containers"
        )
