"""Gradients of bound PyTorch parameters: tensors on the memory of numparam's gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from numparam.autograd import accumulate_grad
from numparam.gluon import zeroing
from numparam.interop.tensors import array_of, tensor_on, tensor_on_host
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

__all__ = ["DenseGradient", "RowGradient", "gradient_on"]


class DenseGradient:
    """A dense gradient as a tensor on its memory.

    Parameters
    ----------
    array : NDArray
        The gradient.
    """

    def __init__(self, array: NDArray) -> None:
        self.array = array
        self._memory = array._memory
        self._tensor = tensor_on(array)

    def tensor(self) -> torch.Tensor:
        """Return the tensor; the same one as long as the gradient has the same memory."""
        if self.array._memory is not self._memory:
            self._memory, self._tensor = self.array._memory, tensor_on(self.array)
        return self._tensor

    def take(self, data: NDArray, incoming: torch.Tensor) -> None:
        """Write or add what a backward pass computed, as `grad_req` says."""
        if data._grad_req == "add":
            self.tensor().add_(incoming)
        else:
            self.assign(data, incoming)
        data._fresh_grad = 1

    def assign(self, data: NDArray, values: torch.Tensor) -> None:
        """Write values."""
        tensor = self.tensor()
        if values.is_sparse:
            tensor.zero_().add_(values)
        else:
            tensor.copy_(values)
        data._fresh_grad = 1

    def clear(self) -> None:
        """Set all elements to zero."""
        self.tensor().zero_()


class RowTensor(torch.Tensor):
    """A sparse tensor on the ids and rows of a row-sparse gradient.

    PyTorch's in-place operations on sparse tensors do not write into ids and rows, but replace
    them; the gradient then takes the new ones.
    """

    owner: RowGradient | None

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> torch.Tensor:
        with torch._C.DisableTorchFunctionSubclass():
            result = func(*args, **(kwargs or {}))
            for tensor in _row_tensors((args, kwargs)):
                if tensor.owner is not None:
                    tensor.owner.follow(tensor)
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        return memo.setdefault(id(self), self.clone())


class RowGradient:
    """A row-sparse gradient as a sparse tensor on the memory of its ids and rows.

    numparam replaces ids and rows whole whenever the gradient changes: there is another tensor
    then.

    Parameters
    ----------
    array : RowSparseNDArray
        The gradient.
    siblings : sequence of RowSparseNDArray
        The parameter's gradients on all contexts, which may share ids and rows after a sum.
    """

    def __init__(self, array: RowSparseNDArray, siblings: list[RowSparseNDArray]) -> None:
        self.array = array
        self._siblings = siblings
        self._parts: Parts | None = None
        self._tensor: RowTensor | None = None

    def tensor(self) -> torch.Tensor:
        """Return a sparse tensor on the ids and rows that there are now."""
        parts = self.array._parts
        if self._tensor is None or parts is not self._parts:
            in_order = self.array._checked()
            shared = any(
                other is not self.array and other._parts is parts for other in self._siblings
            )
            if shared or in_order is not parts:
                # What PyTorch writes into one context's rows must not change another one's.
                parts = Parts(in_order.data.copy(), in_order.indices.copy(), valid=True)
                self.array._adopt(parts)
            self._parts, self._tensor = parts, _sparse_tensor(parts, self.array.shape)
            self._tensor.owner = self
        return self._tensor

    def follow(self, tensor: RowTensor) -> None:
        """Adopt a tensor's ids and rows, if an operation has replaced them."""
        parts = self._parts
        if tensor is not self._tensor or parts is None or self.array._parts is not parts:
            return  # the gradient has another tensor by now
        if not tensor.is_coalesced():  # ids may repeat, and their rows are summed
            self._tensor = None
            tensor = tensor.coalesce()
        ids, rows = tensor._indices()[0], tensor._values()
        if (ids.data_ptr(), rows.data_ptr()) != _addresses(parts):
            self._parts = Parts(array_of(rows), array_of(ids), valid=True)
            self.array._adopt(self._parts)

    def take(self, data: NDArray, incoming: torch.Tensor) -> None:
        """Write or add what a backward pass computed, as `grad_req` says."""
        accumulate_grad(data, _rows_of(incoming))

    def assign(self, data: NDArray, values: torch.Tensor) -> None:
        """Write values."""
        rows = _rows_of(values)
        if isinstance(rows, tuple):  # they may be the gradient's own, which are about to be cleared
            rows = rows[0].copy(), rows[1].copy()
        self.clear()
        accumulate_grad(data, rows)

    def clear(self) -> None:
        """Empty the gradient: it then stores no rows."""
        zeroing.zero([self.array])

    def __reduce__(self) -> Any:
        return type(None), ()  # a copy of a tensor is no parameter's gradient


def gradient_on(array: NDArray, siblings: list[NDArray]) -> DenseGradient | RowGradient:
    """Return a gradient as a tensor; see the two classes."""
    if isinstance(array, RowSparseNDArray):
        return RowGradient(array, siblings)  # type: ignore[arg-type]  # all are of one storage
    return DenseGradient(array)


def _sparse_tensor(parts: Parts, shape: tuple[int, ...]) -> RowTensor:
    tensor = torch.sparse_coo_tensor(
        tensor_on_host(np.asarray(parts.indices)).unsqueeze(0),
        tensor_on_host(np.asarray(parts.data)),
        shape,
        is_coalesced=True,
        check_invariants=False,
    )
    return torch.Tensor._make_subclass(RowTensor, tensor)


def _addresses(parts: Parts) -> tuple[int, int]:
    ids, rows = np.asarray(parts.indices), np.asarray(parts.data)
    return tensor_on_host(ids).data_ptr(), tensor_on_host(rows).data_ptr()


def _row_tensors(arguments: Any) -> Iterator[RowTensor]:
    """Yield the tensors of this class among an operation's arguments, and in lists of them."""
    if isinstance(arguments, RowTensor):
        yield arguments
    elif isinstance(arguments, (tuple, list)):
        for argument in arguments:
            yield from _row_tensors(argument)
    elif isinstance(arguments, dict):
        yield from _row_tensors(list(arguments.values()))


def _rows_of(gradient: torch.Tensor) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
    """Return ids, which may repeat, and rows; all values of a dense tensor."""
    if gradient.is_sparse and gradient.sparse_dim() > 1:
        gradient = gradient.to_dense()
    if not gradient.is_sparse:
        return array_of(gradient)
    return array_of(gradient._indices()[0]), array_of(gradient._values())
