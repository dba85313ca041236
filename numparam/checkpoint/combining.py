"""Arithmetic of several checkpoints: checked by headers, computed array by array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from numparam.checkpoint.alignment import aligned, with_data
from numparam.checkpoint.converted import cast, is_floating
from numparam.checkpoint.errors import CheckpointMismatchError, CheckpointPlanError
from numparam.devices.registry import backend_of
from numparam.formats.quoting import quoted
from numparam.formats.records import DenseRecord, Record
from numparam.formats.streams import ArrayHeader, ArrayStream, header_of_record
from numparam.types.dtypes import FLAG_BY_DTYPE

__all__ = ["CombinedArray", "check_alike", "ema_weights", "mean_rule", "sum_rule", "weighted_rule"]

Array = np.ndarray[Any, np.dtype[Any]]
#: Computes one array of several, all of one shape and dtype.
Rule = Callable[[Sequence[Array]], Array]

_SHOWN = 10


def check_alike(checkpoints: Sequence[Mapping[str, ArrayStream]], labels: Sequence[str]) -> None:
    """Raise unless all checkpoints have arrays of the same names, shapes, dtypes and storage.

    Raises
    ------
    CheckpointMismatchError
        With all differences; no value was read.
    """
    first = checkpoints[0]
    problems = []
    for other, label in zip(checkpoints[1:], labels[1:], strict=True):
        for name in first:
            if name not in other:
                problems.append(f"{label} has no {quoted(name)}")
        for name, array in other.items():
            if name not in first:
                problems.append(f"{label} has {quoted(name)}, which {labels[0]} lacks")
                continue
            problems += _differences(name, first[name].header, array.header, labels[0], label)
    if problems:
        more = f"\n  … and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise CheckpointMismatchError(
            "the checkpoints cannot be combined; nothing was read:\n  "
            + "\n  ".join(problems[:_SHOWN])
            + more
            + "\nMake them alike first, with select, rename, astype or to_dense",
            problems,
        )


def _differences(
    name: str, first: ArrayHeader, other: ArrayHeader, first_label: str, label: str
) -> Iterator[str]:
    for what in ("shape", "dtype", "storage"):
        expected, found = getattr(first, what), getattr(other, what)
        if expected != found:
            yield (
                f"{quoted(name)}: the {what} is {expected} in {first_label} and {found} in {label}"
            )


class CombinedArray:
    """An array computed from arrays of the same shape, dtype and storage type.

    Parameters
    ----------
    sources : sequence of ArrayStream
        The arrays.
    rule : callable
        Computes the values of theirs.
    name : str
        For messages.
    """

    def __init__(self, sources: Sequence[ArrayStream], rule: Rule, name: str):
        self._sources = sources
        self._rule = rule
        self._name = name
        self._header: ArrayHeader | None = None

    @property
    def header(self) -> ArrayHeader:
        """The header; for sparse arrays their ids are read first."""
        if self._header is None:
            first = self._sources[0].header
            if first.storage == "default" or len(self._sources) == 1:
                self._header = replace(first)
            else:
                self._header = header_of_record(self.read())
        return self._header

    def read(self) -> Record:
        """Read the arrays and compute the result."""
        records = [source.read() for source in self._sources]
        first = records[0]
        if isinstance(first, DenseRecord):
            data = self._computed([record.data for record in records])
            first.data = data.copy() if data.ndim == 1 else data  # a rule may use memory again
            return first
        if len(records) == 1:
            first.data = self._computed([first.data])
            return first
        ids, values = aligned(records)
        return with_data(first, ids, self._computed(values))

    def pieces(self, count: int) -> Iterator[Array]:
        """Yield the computed elements."""
        for pieces in zip(*[source.pieces(count) for source in self._sources], strict=True):
            yield self._computed(pieces)

    def _computed(self, arrays: Sequence[Array]) -> Array:
        try:
            return self._rule(arrays)
        except CheckpointPlanError as error:
            raise CheckpointPlanError(f"{quoted(self._name)}: {error}") from error


def mean_rule(dtype: np.dtype[Any], integers: str) -> Rule:
    """Return the rule for means of one dtype; see `Checkpoint.mean`."""
    if dtype.kind == "b" and integers == "mean":
        return _agreeing
    if not is_floating(dtype) and dtype.kind != "c" and integers != "mean":
        return _first if integers == "first" else _last
    if dtype not in FLAG_BY_DTYPE:
        return _plain_mean
    return _Mean()


class _Mean:
    """A mean by the kernel, into memory that is reused."""

    def __init__(self) -> None:
        self._out: Array | None = None

    def __call__(self, arrays: Sequence[Array]) -> Array:
        average = backend_of("cpu").average
        first = arrays[0]
        if first.ndim != 1:
            return average.mean(arrays)
        if self._out is None or self._out.size < first.size:
            self._out = np.empty(first.size, first.dtype)
        out = self._out[: first.size]
        average.mean(arrays, out)
        return out


def sum_rule(dtype: np.dtype[Any], sign: int) -> Rule:
    """Return the rule for ``a + sign * b``; see `Checkpoint.add`."""
    if dtype.kind == "b":
        return _first
    if dtype.kind in "iu":
        return lambda arrays: arrays[0] + arrays[1] if sign > 0 else arrays[0] - arrays[1]
    return weighted_rule(dtype, (1.0, float(sign)), "first")


def weighted_rule(dtype: np.dtype[Any], weights: Sequence[float], integers: str) -> Rule:
    """Return the rule for sums of products with weights; see `Checkpoint.weighted`."""
    if not is_floating(dtype) and dtype.kind != "c":
        return _first if integers == "first" else _last
    wide = np.dtype(np.complex128 if dtype.kind == "c" else np.float64)

    def rule(arrays: Sequence[Array]) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            total: Array = arrays[0].astype(wide)
            total *= weights[0]
            for array, weight in zip(arrays[1:], weights[1:], strict=True):
                total += array.astype(wide) * weight
            return cast(total, dtype)

    return rule


def ema_weights(count: int, decay: float) -> list[float]:
    """Return the weights that ``e = decay * e + (1 - decay) * x`` gives to its inputs.

    Examples
    --------
    >>> ema_weights(3, 0.5)
    [0.25, 0.25, 0.5]
    """
    later = [(1 - decay) * decay ** (count - 1 - position) for position in range(1, count)]
    return [decay ** (count - 1), *later]


def _first(arrays: Sequence[Array]) -> Array:
    return arrays[0]


def _last(arrays: Sequence[Array]) -> Array:
    return arrays[-1]


def _agreeing(arrays: Sequence[Array]) -> Array:
    for array in arrays[1:]:
        if not np.array_equal(array, arrays[0]):
            raise CheckpointPlanError(
                "booleans have no mean where they differ; pass integers='first' or 'last'"
            )
    return arrays[0]


def _plain_mean(arrays: Sequence[Array]) -> Array:
    dtype = arrays[0].dtype
    wide = np.dtype(np.complex128 if dtype.kind == "c" else np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        total = arrays[0].astype(wide)
        for array in arrays[1:]:
            total += array.astype(wide)
        return np.asarray((total / len(arrays)).astype(dtype))
