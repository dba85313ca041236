"""The arrays of a parameter: one copy of its data, and of its gradient, on each context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

from numparam.context import Context, current_context
from numparam.devices import epochs
from numparam.gluon import contexts, transfers, zeroing
from numparam.gluon.contexts import Placed
from numparam.gluon.errors import (
    ContextNotFoundError,
    DeferredInitializationError,
    NoGradientError,
    NotInitializedError,
    ParameterStorageError,
)
from numparam.gluon.overriding import is_overridden

__all__ = ["Binding", "Copies"]


class Binding(tuple[Any, ...]):
    """Complete arrays for a parameter, which takes them when this is called; that never fails.

    Of a parameter, its data, its gradients or None, and its contexts. One object and no more:
    thousands of them wait until the last parameter is ready.
    """

    __slots__ = ()

    def __call__(self) -> None:
        """Bind the arrays."""
        parameter, data, gradients, ctx_list = self
        parameter._bind(data, gradients, ctx_list)


class Copies:
    """The part of `Parameter` that holds arrays and gives access to them.

    Attributes
    ----------
    name : str
        The parameter's name.
    """

    name: str
    grad_req: Any
    _shape: tuple[int, ...] | None
    _dtype: Any
    _stype: str
    _grad_stype: str
    _deferred_init: tuple[Any, ...]
    _ctx_list: list[Context] | None

    # What the properties _data and _grad give. One object: of two threads that bind data and
    # gradients, one wins with both.
    _bound: tuple[Placed | None, Placed | None]
    # Pointer tables that hold the gradients, and let go of them when there are others.
    _tables: WeakSet[zeroing.GradientTables] | None

    def _start_without_copies(self) -> None:
        self._tables = None
        self._ctx_list = None
        # Nothing was bound before: the storage epoch stays.
        self._bound = (None, None)
        self._deferred_init = ()

    @property
    def _data(self) -> list[Any] | None:
        return self._bound[0]

    @_data.setter
    def _data(self, arrays: list[Any] | None) -> None:
        self._rebind(None if arrays is None else list(arrays), self._bound[1])

    @property
    def _grad(self) -> list[Any] | None:
        return self._bound[1]

    @_grad.setter
    def _grad(self, arrays: list[Any] | None) -> None:
        self._rebind(self._bound[0], None if arrays is None else list(arrays))

    @property
    def _ctx_map(self) -> list[list[int | None]] | None:
        """Positions by ``device_typeid & 1`` and ``device_id``, as MXNet keeps them.

        They follow from the contexts. Subclasses may assign them, which says nothing new.
        """
        if self._ctx_list is None:
            return None
        positions: list[list[int | None]] = [[], []]
        for position, context in enumerate(self._ctx_list):
            row = positions[context.device_typeid & 1]
            row.extend([None] * (context.device_id + 1 - len(row)))
            row[context.device_id] = position
        return positions

    @_ctx_map.setter
    def _ctx_map(self, positions: Any) -> None:
        pass

    def _rebind(self, data: list[Any] | None, gradients: list[Any] | None) -> None:
        previous = self._bound[1]
        self._bound = (Placed.of(data), Placed.of(gradients))
        epochs.bump()
        if self._tables is not None and previous is not gradients:
            for table in self._tables:
                table.release()
            self._tables = None

    def _bind(
        self, data: list[Any], gradients: list[Any] | None, ctx_list: Sequence[Context]
    ) -> None:
        """Take arrays that are complete; nothing here fails."""
        if gradients is not None:
            grad_req = self.grad_req
            for array, gradient in zip(data, gradients, strict=True):
                array._mark(gradient, grad_req)
        self._ctx_list = list(ctx_list)
        self._rebind(data, gradients)
        self._deferred_init = ()

    def _prepared_binding(self, data: list[Any], ctx_list: Sequence[Context]) -> Callable[[], None]:
        """Make new gradients for arrays; what is returned binds both.

        A subclass may make the gradients in its own way.
        """
        if not is_overridden(self, "_init_grad"):
            return Binding((self, data, self._new_gradients(data), ctx_list))

        def bind() -> None:
            self._bind(data, None, ctx_list)
            self._init_grad()

        return bind

    def _new_gradients(self, data: Sequence[Any]) -> list[Any] | None:
        """Make gradients of zeros for arrays; None where the parameter has none."""
        if self.grad_req == "null":
            return None
        stype = self._grad_stype
        if len(data) == 1:  # as mostly: faster than a comprehension
            return Placed((transfers.zeros_like(data[0], stype),))
        return Placed(transfers.zeros_like(array, stype) for array in data)

    def _init_grad(self) -> None:
        """Give the data new gradients of zeros, or none, as ``grad_req`` says."""
        if self._data is not None and self._ctx_list is not None:
            self._bind(self._data, self._new_gradients(self._data), self._ctx_list)

    def _check_and_get(self, arr_list: list[Any] | None, ctx: Any) -> Any:
        """Give the array for a context, or all for the type ``list``.

        Raises
        ------
        DeferredInitializationError, NotInitializedError, ContextNotFoundError
            If there is none; all are RuntimeError.
        """
        if arr_list is None:
            raise self._without_copies()
        if ctx is list:
            return arr_list
        if ctx is None:
            if len(arr_list) == 1:
                return arr_list[0]
            ctx = current_context()
        return arr_list[self._position(arr_list, ctx)]

    def _position(self, arrays: list[Any], ctx: Context) -> int:
        if isinstance(arrays, Placed):
            places = [array.context for array in arrays]
        else:  # a subclass's own list, which may hold anything
            places = list(self._ctx_list or ())
        position = contexts.position_of(ctx, places, self.name)
        if position is None:
            raise ContextNotFoundError(
                f"Parameter '{self.name}' was not initialized on context {ctx}. It was only "
                f"initialized on {places}. Ask for one of these, or call "
                f"reset_ctx with {ctx} among the contexts."
            )
        return position

    def _without_copies(self) -> Exception:
        if self._deferred_init:
            return DeferredInitializationError(
                f"Parameter '{self.name}' has not been initialized yet because its shape "
                f"{self._shape} is not known. Set parameter.shape and call "
                "_finish_deferred_init(), or pass one batch of data through the network first."
            )
        return NotInitializedError(
            f"Parameter '{self.name}' has not been initialized. Call initialize() on it or on the "
            "ParameterDict that holds it; Block.params holds only the block's own parameters, "
            "Block.collect_params() those of its children too."
        )

    def _require_dense(self, method: str) -> None:
        if self._stype != "default":
            raise ParameterStorageError(
                f"{method}() gives dense arrays, and Parameter '{self.name}' has storage type "
                f"'{self._stype}'. Use row_sparse_data(row_id) or list_row_sparse_data(row_id)."
            )

    def data(self, ctx: Context | None = None) -> Any:
        """Give the parameter's array on a context.

        Parameters
        ----------
        ctx : Context, optional
            The context. If not given, the only one there is, or else the current one.

        Returns
        -------
        NDArray
            The parameter's own array: writing into it changes the parameter.

        Raises
        ------
        RuntimeError
            If the parameter is not initialised (on this context), or is sparse.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.data(mx.cpu(1))[:] = 5
        >>> weight.data(mx.cpu(1)).asnumpy(), weight.data(mx.cpu(0)).asnumpy()
        (array([5., 5.], dtype=float32), array([1., 1.], dtype=float32))
        """
        arrays = self._bound[0]
        if ctx is None and arrays and len(arrays) > 1:
            ctx = current_context()
        try:
            return arrays[arrays.positions[ctx]]  # type: ignore[index, union-attr]
        except (KeyError, TypeError, AttributeError):
            self._require_dense("data")
            return self._looked_up(arrays, ctx)

    def _looked_up(self, arrays: Placed | None, ctx: Any) -> Any:
        """Find the array for a context, and make its next look-up one of a dictionary."""
        if (
            arrays is None
            or ctx is list
            or (ctx is None and len(arrays) != 1)
            or is_overridden(self, "_check_and_get")
        ):
            return self._check_and_get(arrays, ctx)
        position = 0 if ctx is None else self._position(arrays, ctx)
        if not hasattr(arrays, "positions"):
            arrays.positions = {}
        arrays.positions[ctx] = position
        return arrays[position]

    def list_data(self) -> list[Any]:
        """Give the arrays of all contexts.

        Returns
        -------
        list of NDArray
            The parameter's own arrays, in the order of `list_ctx`, in a new list.

        Raises
        ------
        RuntimeError
            If the parameter is not initialised, or is sparse.
        """
        self._require_dense("list_data")
        return list(self._check_and_get(self._data, list))

    def grad(self, ctx: Context | None = None) -> Any:
        """Give the gradient on a context.

        Parameters
        ----------
        ctx : Context, optional
            As for `data`.

        Returns
        -------
        NDArray or RowSparseNDArray
            The array that gradients of this context's data are written to.

        Raises
        ------
        RuntimeError
            If there is no gradient: the parameter is not initialised (on this context), or its
            ``grad_req`` is ``'null'``.
        """
        arrays = self._bound[1]
        if ctx is None and arrays and len(arrays) > 1:
            ctx = current_context()
        try:
            return arrays[arrays.positions[ctx]]  # type: ignore[index, union-attr]
        except (KeyError, TypeError, AttributeError):
            self._require_gradients()
            return self._looked_up(arrays, ctx)

    def list_grad(self) -> list[Any]:
        """Give the gradients of all contexts.

        Returns
        -------
        list of NDArray or RowSparseNDArray
            In the order of `list_ctx`, in a new list.

        Raises
        ------
        RuntimeError
            As for `grad`.
        """
        self._require_gradients()
        return list(self._check_and_get(self._grad, list))

    def _require_gradients(self) -> None:
        if self._data is not None and self._grad is None:
            raise NoGradientError(
                f"Parameter '{self.name}' has no gradient array because its grad_req='null'. "
                "Set grad_req to 'write' or 'add' to get one."
            )

    def list_ctx(self) -> list[Context]:
        """Give the contexts that the parameter is initialised on, or will be.

        Returns
        -------
        list of Context
            In the order given to `initialize`, in a new list.

        Raises
        ------
        RuntimeError
            If the parameter is not initialised.
        """
        if self._data is None:
            if self._deferred_init:
                return list(self._deferred_init[1])
            raise self._without_copies()
        return list(self._ctx_list or ())
