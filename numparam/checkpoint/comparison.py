"""The difference of two checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from numparam.checkpoint.alignment import aligned
from numparam.checkpoint.presentation import counted, printable, table
from numparam.formats.streams import ArrayHeader, ArrayStream

__all__ = ["ChangedArray", "Difference", "compare"]

Array = np.ndarray[Any, np.dtype[Any]]

_PIECE = 1 << 15
# Elements that are computed with at a time: their float64 copies stay in the processor's caches.
_IN_CACHE = 1 << 13
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
    for name, one in first.items():
        if name not in second:
            continue
        two = second[name]
        _compare_headers(found, name, one.header, two.header)
        if one.header.shape != two.header.shape:
            continue
        found.compared += 1
        if one.header.storage == two.header.storage:
            changed = _compare_values(_reported(_pairs(one, two), progress), rtol, atol)
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


def _pairs(one: ArrayStream, two: ArrayStream) -> Iterator[tuple[Array, Array]]:
    if one.header.storage == "default":
        yield from zip(one.pieces(_PIECE), two.pieces(_PIECE), strict=True)
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


def _compare_values(
    pairs: Iterator[tuple[Array, Array]], rtol: float, atol: float
) -> ChangedArray | None:
    changed = ChangedArray()
    for one, two in pairs:
        if one.dtype == two.dtype and np.array_equal(one.view(np.uint8), two.view(np.uint8)):
            if _may_be_nan(one.dtype):
                count = int(np.count_nonzero(one != one))
                changed.nan = (changed.nan[0] + count, changed.nan[1] + count)
            continue
        one, two = one.reshape(-1), two.reshape(-1)
        for begin in range(0, one.size, _IN_CACHE):
            part = slice(begin, begin + _IN_CACHE)
            _add(changed, one[part], two[part], rtol, atol)
    return changed if changed.elements else None


def _may_be_nan(dtype: np.dtype[Any]) -> bool:
    return dtype.kind not in "biu"


def _add(changed: ChangedArray, one: Array, two: Array, rtol: float, atol: float) -> None:
    wide = np.complex128 if "c" in (one.dtype.kind, two.dtype.kind) else np.float64
    with np.errstate(all="ignore"):
        a, b = one.astype(wide), two.astype(wide)
        gap = np.abs(a - b)
        if not np.isfinite(np.sum(gap)):  # NaN or infinities among them: rarely
            _add_not_finite(changed, a, b, gap, rtol, atol)
            return
        size_a, size_b = np.abs(a), np.abs(b)
        differs = gap > atol + rtol * size_b if rtol or atol else one != two
        count = int(np.count_nonzero(differs))
        if not count:
            return
        changed.elements += count
        changed.absolute = max(changed.absolute, float(np.max(gap)))
        gap /= np.maximum(size_a, size_b, out=size_b)
        # Where both are zero, the quotient is NaN, which fmax leaves out.
        changed.relative = max(changed.relative, float(np.fmax.reduce(gap)))


def _add_not_finite(
    changed: ChangedArray, a: Array, b: Array, gap: Array, rtol: float, atol: float
) -> None:
    nan_a, nan_b = np.isnan(a), np.isnan(b)
    changed.nan = (changed.nan[0] + int(nan_a.sum()), changed.nan[1] + int(nan_b.sum()))
    differs = gap > atol + rtol * np.abs(b) if rtol or atol else np.asarray(a != b)
    differs |= (a != b) & np.isnan(gap)
    differs &= ~(nan_a & nan_b)
    count = int(np.count_nonzero(differs))
    if not count:
        return
    gap = np.where(nan_a | nan_b | (a == b), 0.0, gap)
    changed.elements += count
    changed.absolute = max(changed.absolute, float(np.max(gap)))
    larger = np.maximum(np.abs(a), np.abs(b))
    relative = np.divide(gap, larger, out=np.zeros_like(gap), where=larger > 0)
    # An infinity differs infinitely, in proportion too.
    relative = np.where(np.isnan(relative) & np.isinf(gap), np.inf, relative)
    changed.relative = max(changed.relative, float(np.nanmax(relative)))
