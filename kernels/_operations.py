"""The table of operations: one row for each file name that the backends share."""

from __future__ import annotations

from typing import NamedTuple


class Operation(NamedTuple):
    """One operation: a file of this name in every backend that has it.

    Attributes
    ----------
    name : str
        The file's name, without ``.py``.
    functions : tuple of str
        The public functions in it, equal in name and signature in every backend.
    backends : tuple of str
        Where it exists today.
    """

    name: str
    functions: tuple[str, ...]
    backends: tuple[str, ...]


_EVERYWHERE = ("reference", "cpu", "cuda")
_HOST = ("reference", "cpu")

OPERATIONS: tuple[Operation, ...] = (
    Operation("average", ("add_n", "mean"), _EVERYWHERE),
    Operation("reset", ("zero",), _EVERYWHERE),
    Operation("retain", ("unique_ids", "retain", "gather", "scatter"), _EVERYWHERE),
    Operation("table", ("build",), _EVERYWHERE),
    Operation("accumulate", ("assign", "add"), _HOST),
    Operation("merge", ("merge",), _HOST),
    Operation("cast", ("cast", "copy"), _HOST),
    Operation("random", ("bits", "uniform", "normal"), _HOST),
    Operation("norm", ("sum_of_squares", "scale"), _HOST),
)
