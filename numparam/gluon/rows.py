"""Rows of row-sparse parameters, and the Trainer that owns their values between updates.

While a Trainer updates on its store, the parameter's own arrays are older than the store's. So
rows, and the whole parameter, are pulled from it; and before values are written, which makes the
Trainer forget its store, every row-sparse parameter of that Trainer is brought up to date.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam import autograd
from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices.registry import backend_of
from numparam.gluon import transfers
from numparam.gluon.changes import Changes
from numparam.gluon.errors import NoTrainerError, ParameterStorageError, SecondTrainerError
from numparam.ndarray.creation import zeros
from numparam.ndarray.ndarray import NDArray

__all__ = ["Rows"]


class RowIdTypeError(TypeError, AttributeError):
    """Row ids are not an NDArray; also an AttributeError, as in MXNet."""


class SparseRowIdError(MXNetError, TypeError):
    """Row ids came as a sparse array."""


class RowIdRangeError(IndexError, MXNetError):
    """A row id is negative, or not below the number of rows."""


class RowIdValueError(ValueError, MXNetError):
    """A row id is no whole number."""


class Rows(Changes):
    """The part of `Parameter` that gives rows, and knows the Trainer."""

    def row_sparse_data(self, row_id: NDArray) -> Any:
        """Give some rows of a row-sparse parameter, on the context of their ids.

        Parameters
        ----------
        row_id : NDArray
            Row ids of any dtype and shape; floating-point ids must be whole numbers.

        Returns
        -------
        RowSparseNDArray
            A new array of the parameter's shape that stores these rows, sorted, each once. Its
            gradient is the parameter's.

        Raises
        ------
        RuntimeError
            If the parameter is not row-sparse, has no Trainer, or is not initialised on that
            context.
        IndexError
            If an id is negative or too large.

        Notes
        -----
        MXNet gives the same array each time, which the next call overwrites, and reads foreign
        memory for ids that are out of range.
        """
        self._require_row_sparse("row_sparse_data")
        if not isinstance(row_id, NDArray):
            raise self._no_row_ids(row_id)
        return self._get_row_sparse(self._data, row_id.context, row_id)

    def list_row_sparse_data(self, row_id: NDArray) -> list[Any]:
        """Give the same rows on all contexts of a row-sparse parameter.

        Parameters
        ----------
        row_id : NDArray
            As for `row_sparse_data`, on any context.

        Returns
        -------
        list of RowSparseNDArray
            In the order of `list_ctx`.

        Raises
        ------
        RuntimeError, IndexError
            As for `row_sparse_data`.
        """
        self._require_row_sparse("list_row_sparse_data")
        return self._get_row_sparse(self._data, list, row_id)

    def _get_row_sparse(self, arr_list: list[Any] | None, ctx: Any, row_id: NDArray) -> Any:
        """Pull rows into new arrays: one for a context, or a list for the type ``list``."""
        if not isinstance(row_id, NDArray):
            raise self._no_row_ids(row_id)
        if self._trainer is None:
            raise NoTrainerError(
                f"Parameter '{self.name}' is row_sparse: its rows come from a Trainer, and it has "
                "none. Create Trainer(parameters, ...) with this parameter first."
            )
        held = self._check_and_get(arr_list, ctx)
        ids = self._unique_rows(row_id)
        arrays = arr_list or []
        of = list(range(len(held))) if ctx is list else [self._position(arrays, ctx)]
        results = []
        for position in of:
            array = arrays[position]
            rows = transfers.zeros_like(array, "row_sparse")
            if self._grad is not None:
                rows._mark(self._grad[position], self.grad_req)
            results.append(rows)
        result = results if ctx is list else results[0]
        with autograd.pause():
            self._trainer._row_sparse_pull(self, result, ids)
        return result

    def _unique_rows(self, row_id: NDArray) -> NDArray:
        """Sort row ids, each once, after all were found to be rows."""
        if row_id.stype != "default":
            raise SparseRowIdError(
                f"Parameter '{self.name}': row ids must be a dense array; got a {row_id.stype} one."
            )
        rows = (self._shape or (0,))[0]
        backend = row_id._backend
        try:
            ids = backend.retain.unique_ids(row_id._buffer, rows)
        except IndexError as error:
            raise RowIdRangeError(f"Parameter '{self.name}': {error}.") from error
        except (TypeError, ValueError) as error:
            raise RowIdValueError(f"Parameter '{self.name}': {error}.") from error
        return NDArray.from_buffer(ids, row_id.context, backend)

    def _require_row_sparse(self, method: str) -> None:
        if self._stype != "row_sparse":
            raise ParameterStorageError(
                f"{method}() gives rows of row_sparse parameters, and Parameter '{self.name}' has "
                f"storage type '{self._stype}'. Use data() or list_data()."
            )

    def _no_row_ids(self, row_id: Any) -> RowIdTypeError:
        return RowIdTypeError(
            f"Parameter '{self.name}': row_id must have type NDArray, such as "
            f"nd.array([0, 3], dtype='int64'); got {type(row_id).__name__}."
        )

    def _set_trainer(self, trainer: Any) -> None:
        """Tell the parameter its Trainer; None releases it.

        Raises
        ------
        SecondTrainerError
            If another Trainer owns the parameter and it is sparse: a RuntimeError.
        """
        if (
            self._stype != "default"
            and self._trainer is not None
            and trainer is not None
            and trainer is not self._trainer
        ):
            raise SecondTrainerError(
                f"Parameter '{self.name}' is {self._stype} and belongs to a Trainer already; its "
                "rows cannot be in two stores. Call parameter._set_trainer(None) to release it."
            )
        self._trainer = trainer

    def _reduce(self) -> Any:
        """Average the copies of all contexts; see `Changes._reduce`."""
        if self._stype == "row_sparse" and self._trainer is not None and self._data is not None:
            return self._pulled()
        return super()._reduce()

    def _pulled(self) -> Any:
        """All rows, from the Trainer's store, on ``cpu(0)``."""
        array = (self._data or [])[0]
        context = Context("cpu", 0)
        everything = backend_of("cpu", 0).upload(np.arange(array.shape[0], dtype=np.int64))
        result = zeros(array.shape, context, array.dtype, "row_sparse")
        with autograd.pause():
            self._trainer._row_sparse_pull(
                self, result, NDArray.from_buffer(everything, context), full_idx=True
            )
        return transfers.all_rows(result)

    def _before_writing(self) -> None:
        """Make the Trainer forget its store, which would overwrite what is written now."""
        trainer = self._trainer
        if trainer is None or not getattr(trainer, "_kv_initialized", False):
            return
        if not getattr(trainer, "_update_on_kvstore", False):
            return
        if any(waiting is self for waiting in getattr(trainer, "_params_to_init", ())):
            return
        for parameter in getattr(trainer, "_params", ()):
            if parameter._stype == "row_sparse" and parameter._data is not None:
                whole = parameter._pulled()
                for array in parameter._data:
                    array._adopt(transfers.copied(whole, array.context)._parts)
        trainer._reset_kvstore()
