"""The table of kernels: one row for each file name that the backends share."""

from __future__ import annotations

from typing import NamedTuple


class Kernel(NamedTuple):
    """One subject: a file of this name in every backend that has it.

    Attributes
    ----------
    name : str
        The file's name, without ``.py``.
    functions : tuple of str
        The public functions in it, equal in name and signature in every backend.
    backends : tuple of str
        The backends that have it.
    """

    name: str
    functions: tuple[str, ...]
    backends: tuple[str, ...]


_EVERYWHERE = ("reference", "cpu", "cuda")

_DENSE = ("coefficients", "bind", "dense", "rows")
_EXACT = (*_DENSE, "exact_rows", "catch_up")

KERNELS: tuple[Kernel, ...] = (
    Kernel("average", ("add_n", "mean"), _EVERYWHERE),
    Kernel("reset", ("zero",), _EVERYWHERE),
    Kernel(
        "retain",
        ("unique_ids", "retain", "gather", "scatter", "add_rows", "subtract_rows"),
        _EVERYWHERE,
    ),
    Kernel("table", ("build",), _EVERYWHERE),
    Kernel("accumulate", ("assign", "add"), _EVERYWHERE),
    Kernel("average_many", ("mean_in_place", "add_n"), _EVERYWHERE),
    Kernel("merge", ("merge",), _EVERYWHERE),
    Kernel("merge_many", ("mean",), _EVERYWHERE),
    Kernel("cast", ("cast", "copy"), _EVERYWHERE),
    Kernel("random", ("bits", "uniform", "normal"), _EVERYWHERE),
    Kernel("difference", ("difference",), _EVERYWHERE),
    Kernel("norm", ("sum_of_squares", "scale"), _EVERYWHERE),
    Kernel("sgd", _EXACT, _EVERYWHERE),
    Kernel("nag", _EXACT, _EVERYWHERE),
    Kernel("adam", _EXACT, _EVERYWHERE),
    Kernel("adamw", _EXACT, _EVERYWHERE),
    Kernel("adagrad", _EXACT, _EVERYWHERE),
    Kernel("groupadagrad", _EXACT, _EVERYWHERE),
    Kernel("rmsprop", _EXACT, _EVERYWHERE),
    Kernel("ftrl", _EXACT, _EVERYWHERE),
    Kernel("adadelta", _EXACT, _EVERYWHERE),
    Kernel("adamax", _EXACT, _EVERYWHERE),
    Kernel("nadam", _EXACT, _EVERYWHERE),
    Kernel("ftml", _EXACT, _EVERYWHERE),
    Kernel("signum", _EXACT, _EVERYWHERE),
    Kernel("dcasgd", _EXACT, _EVERYWHERE),
    Kernel("lamb", _DENSE, _EVERYWHERE),
    Kernel("sgld", _DENSE, _EVERYWHERE),
    Kernel("test", _EXACT, _EVERYWHERE),
)
