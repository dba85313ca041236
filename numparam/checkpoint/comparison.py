"""The difference of two checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np

from numparam.checkpoint.alignment import aligned
from numparam.checkpoint.converted import is_floating
from numparam.checkpoint.presentation import counted, printable, table
from numparam.devices.registry import backend_of
from numparam.formats.streams import ArrayHeader, ArrayStream
from numparam.types.dtypes import FLAG_BY_DTYPE

__all__ = ["ChangedArray", "Difference", "compare"]

Array = np.ndarray[Any, np.dtype[Any]]
# As `numparam.kernels` has it: elements that differ, largest differences, NaN of both.
_Found: TypeAlias = tuple[int, float, float, tuple[int, int]]
_Comparison: TypeAlias = Callable[[Array, Array, float, float], _Found]

# Elements read at a time, by NumPy's functions and by the kernel, which has threads.
_PIECE, _LARGE_PIECE = 1 << 15, 1 << 18
# Elements that NumPy computes with at a time: their float64 copies stay in the processor's caches.
_IN_CACHE = 1 << 13
# Bytes to compare from which on the kernel is faster, its import and first call included.
_LARGE = 1 << 26
_SHOWN = 60


@dataclass
class ChangedArray:
    """The differences between the values of an array in two checkpoints.

    Attributes
    ----------
    elements : int
        How many differ by more than the tolerance.
    absolute, relative : float
        The largest difference, and the largest in proportion to the larger of both magnitudes.
    nan : tuple of int
        The number of NaN in each of the two arrays.
    """

    elements: int = 0
    absolute: float = 0.0
    relative: float = 0.0
    nan: tuple[int, int] = (0, 0)


@dataclass
class Difference:
    """The difference of two checkpoints.

    Attributes
    ----------
    missing, extra : list of str
        Names that only the first, and only the second one has.
    shapes, dtypes, storages : dict of str to (str, str)
        Of arrays that differ in these. Values of arrays of one shape are compared nevertheless.
    changed : dict of str to ChangedArray
        Arrays whose values differ.
    compared : int
        How many arrays were compared.
    """

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[str, str]] = field(default_factory=dict)
    dtypes: dict[str, tuple[str, str]] = field(default_factory=dict)
    storages: dict[str, tuple[str, str]] = field(default_factory=dict)
    changed: dict[str, ChangedArray] = field(default_factory=dict)
    compared: int = 0

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return any(
            (self.missing, self.extra, self.shapes, self.dtypes, self.storages, self.changed)
        )

    @property
    def equal(self) -> bool:
        """True if nothing differs."""
        return not self

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dictionaries and lists, for JSON.

        Examples
        --------
        >>> import numparam as mx
        >>> a = mx.Checkpoint.from_arrays({"w": mx.nd.array([1, 2])})
        >>> b = mx.Checkpoint.from_arrays({"w": mx.nd.array([3, 3])})
        >>> sorted(a.diff(b).to_dict())
        ['changed', 'compared', 'dtypes', 'equal', 'extra', 'missing', 'shapes', 'storages']
        """
        return {"equal": self.equal, **asdict(self)}

    def rows(self) -> list[tuple[str, str, str]]:
        """Return one (name, what, how) for each thing that differs.

        Examples
        --------
        >>> import numparam as mx
        >>> a = mx.Checkpoint.from_arrays({"w": mx.nd.array([1, 2])})
        >>> b = mx.Checkpoint.from_arrays({"w": mx.nd.array([3, 3])})
        >>> a.diff(b).rows()
        [('w', 'values', '2 differ, by 2 at most, relative 0.67')]
        """
        rows = [(name, "missing", "only in the first") for name in self.missing]
        rows += [(name, "extra", "only in the second") for name in self.extra]
        for what, found in (
            ("shape", self.shapes),
            ("dtype", self.dtypes),
            ("storage", self.storages),
        ):
            rows += [(name, what, f"{one} / {two}") for name, (one, two) in found.items()]
        for name, changed in self.changed.items():
            nan = f", NaN {changed.nan[0]} / {changed.nan[1]}" if any(changed.nan) else ""
            how = (
                f"{changed.elements:,} differ, by {changed.absolute:.3g} at most, "
                f"relative {changed.relative:.2g}{nan}"
            )
            rows.append((name, "values", how))
        return rows

    def __str__(self) -> str:
        rows = [(printable(name), what, how) for name, what, how in self.rows()]
        if not rows:
            return f"equal: {counted(self.compared, 'array')}"
        more = [f"… {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
        return "\n".join([table(("name", "differs in", ""), rows[:_SHOWN], set()), *more])


def compare(
    first: Mapping[str, ArrayStream],
    second: Mapping[str, ArrayStream],
    rtol: float,
    atol: float,
    progress: Callable[[int], None] | None = None,
) -> Difference:
    """Compare two checkpoints; see `Checkpoint.diff`."""
    found = Difference()
    found.missing = [name for name in first if name not in second]
    found.extra = [name for name in second if name not in first]
    both = {name: (one, second[name]) for name, one in first.items() if name in second}
    large = sum(_nbytes(one.header) for one, _ in both.values()) >= _LARGE
    for name, (one, two) in both.items():
        _compare_headers(found, name, one.header, two.header)
        if one.header.shape != two.header.shape:
            continue
        found.compared += 1
        if one.header.storage == two.header.storage:
            comparison = _comparison(one.header.dtype, two.header.dtype, large)
            piece = _PIECE if comparison is _compare_plainly else _LARGE_PIECE
            pairs = _reported(_pairs(one, two, piece), progress)
            changed = _compare_values(pairs, comparison, rtol, atol)
            if changed is not None:
                found.changed[name] = changed
    return found


def _compare_headers(found: Difference, name: str, one: ArrayHeader, two: ArrayHeader) -> None:
    for what, differing in (
        ("shape", found.shapes),
        ("dtype", found.dtypes),
        ("storage", found.storages),
    ):
        if getattr(one, what) != getattr(two, what):
            differing[name] = (str(getattr(one, what)), str(getattr(two, what)))


def _nbytes(header: ArrayHeader) -> int:
    return math.prod(header.shape) * header.dtype.itemsize


def _pairs(one: ArrayStream, two: ArrayStream, piece: int) -> Iterator[tuple[Array, Array]]:
    if one.header.storage == "default":
        yield from zip(one.pieces(piece), two.pieces(piece), strict=True)
        return
    _, (first, second) = aligned([one.read(), two.read()])
    yield first, second


def _reported(
    pairs: Iterator[tuple[Array, Array]], progress: Callable[[int], None] | None
) -> Iterator[tuple[Array, Array]]:
    for one, two in pairs:
        yield one, two
        if progress is not None:
            progress(one.nbytes)


def _comparison(one: np.dtype[Any], two: np.dtype[Any], large: bool) -> _Comparison:
    """Return the function that compares arrays of two dtypes."""
    if not large or one not in FLAG_BY_DTYPE or two not in FLAG_BY_DTYPE:
        return _compare_plainly
    if one == two:
        return backend_of("cpu").difference.difference
    # float64 does not hold every integer.
    return _compare_widened if is_floating(one) and is_floating(two) else _compare_plainly


def _compare_values(
    pairs: Iterator[tuple[Array, Array]], comparison: _Comparison, rtol: float, atol: float
) -> ChangedArray | None:
    changed = ChangedArray()
    for one, two in pairs:
        differing, absolute, relative, nan = comparison(one, two, rtol, atol)
        changed.elements += differing
        changed.absolute = max(changed.absolute, absolute)
        changed.relative = max(changed.relative, relative)
        changed.nan = (changed.nan[0] + nan[0], changed.nan[1] + nan[1])
    return changed if changed.elements else None


def _compare_widened(one: Array, two: Array, rtol: float, atol: float) -> _Found:
    kernels = backend_of("cpu")
    wide = [kernels.cast.cast(array, np.dtype(np.float64)) for array in (one, two)]
    return kernels.difference.difference(*wide, rtol, atol)


def _compare_plainly(one: Array, two: Array, rtol: float, atol: float) -> _Found:
    """Do what the kernel `difference` does, for all pairs of dtypes."""
    if not one.size:
        return 0, 0.0, 0.0, (0, 0)
    if one.dtype == two.dtype and np.array_equal(one.view(np.uint8), two.view(np.uint8)):
        count = 0 if one.dtype.kind in "biu" else int(np.count_nonzero(one != one))
        return 0, 0.0, 0.0, (count, count)
    one, two = one.reshape(-1), two.reshape(-1)
    found = []
    for begin in range(0, one.size, _IN_CACHE):
        part = slice(begin, begin + _IN_CACHE)
        found.append(_compare_part(one[part], two[part], rtol, atol))
    differing, absolute, relative, nan_one, nan_two = zip(*found, strict=True)
    return sum(differing), max(absolute), max(relative), (sum(nan_one), sum(nan_two))


def _compare_part(
    one: Array, two: Array, rtol: float, atol: float
) -> tuple[int, float, float, int, int]:
    wide = np.complex128 if "c" in (one.dtype.kind, two.dtype.kind) else np.float64
    with np.errstate(all="ignore"):
        a, b = one.astype(wide), two.astype(wide)
        nan_a, nan_b = np.isnan(a), np.isnan(b)
        gap = np.abs(a - b)
        gap[nan_a | nan_b | (a == b)] = 0.0  # the difference of equal infinities is NaN
        if rtol or atol:
            differs = (gap > atol + rtol * np.abs(b)) | np.isinf(gap)
            differs |= nan_a != nan_b
        else:
            differs = np.asarray(one != two) & ~(nan_a & nan_b)
        # Where both are zero, the quotient is NaN, which fmax leaves out.
        proportion = gap / np.maximum(np.abs(a), np.abs(b))
        proportion[np.isinf(gap)] = np.inf
    return (
        int(np.count_nonzero(differs)),
        float(np.max(gap)),
        float(np.fmax.reduce(proportion, initial=0.0)),
        int(np.count_nonzero(nan_a)),
        int(np.count_nonzero(nan_b)),
    )
