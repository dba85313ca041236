"""Sums of gradients over the contexts of a Trainer, in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.gluon.lineup import Lineup
from numparam.kvstore import KVStore, KVStoreBase
from numparam.kvstore.merging import copy_all, total, total_dense

__all__ = ["Reduction", "without_csr"]


class Reduction:
    """A sum of all gradients over their contexts.

    Parameters
    ----------
    lineup : Lineup
        The gradients.
    store : KVStoreBase
        What sums; stores of other classes than `KVStore` are asked for each gradient.
    """

    def __init__(self, lineup: Lineup, store: KVStoreBase) -> None:
        self._store = store
        self._keys = lineup.indices
        self._columns = list(zip(*lineup.grads, strict=True))
        self._before: list[tuple[Any, Any]] = []

    def sum_rows(self) -> None:
        """Sum sparse gradients; everything that can fail is done before any of them changes."""
        sums = []
        for column in self._columns:
            if column[0].stype != "default" and len(column) > 1:
                sums.append((column, _sum_of_sparse(column)))
        for column, made in sums:
            for gradient in column:
                self._before.append((gradient, gradient._parts))
                if gradient._backend is made._backend:
                    # The parts of a gradient are replaced whole, never written in place.
                    gradient._adopt(made._parts)
                else:
                    made.copyto(gradient)

    def undo(self) -> None:
        """Restore the sparse gradients to their values before the sum."""
        for gradient, parts in self._before:
            gradient._adopt(parts)

    def sum_dense(self) -> None:
        """Sum dense gradients."""
        dense = [
            (key, column)
            for key, column in zip(self._keys, self._columns, strict=True)
            if column[0].stype == "default"
        ]
        if not isinstance(self._store, KVStore):
            for key, column in dense:
                self._store.pushpull(key, list(column), priority=-key)
            return
        columns = [column for _, column in dense if len(column) > 1]
        total_dense(columns, [column[0] for column in columns])
        copy_all((column[0], other) for column in columns for other in column[1:])


def _sum_of_sparse(column: Sequence[Any]) -> Any:
    """Return the sum of sparse gradients: csr ones are summed as dense arrays, and round once."""
    if column[0].stype == "csr":
        return total([gradient.tostype("default") for gradient in column]).tostype("csr")
    return total(column)


def without_csr(gradient: Any) -> Any:
    """Return a gradient, in dense form if it is a csr matrix."""
    return gradient.tostype("default") if gradient.stype == "csr" else gradient
