"""Parameters: named arrays that are trained, with a copy on each of their contexts.

The module of this name in MXNet holds these classes, and existing code imports them from it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

from numparam import autograd, initializer, symbol
from numparam._missing import show_public_names
from numparam.context import Context, current_context
from numparam.formats.quoting import shown
from numparam.gluon import (
    averaging,
    checks,
    hooks,
    initializing,
    loading,
    pickling,
    replicas,
    row_access,
    rows,
    shape_rules,
    transfers,
    values,
    zeroing,
)
from numparam.gluon.errors import DeferredInitializationError
from numparam.gluon.multipliers import Multiplier
from numparam.gluon.placed import Placed
from numparam.gluon.rows import RowStore
from numparam.gluon.state import Mark, Ready, State, replace_state
from numparam.kernels._callers import warn_caller
from numparam.modes.np_mode import is_np_array, is_np_shape
from numparam.ndarray.creation import array as nd_array
from numparam.ndarray.ndarray import NDArray
from numparam.symbol import Symbol
from numparam.types.dtypes import DTypeLike, as_given

__all__ = [  # noqa: RUF022 - MXNet's order
    "DeferredInitializationError",
    "Parameter",
    "Constant",
    "ParameterDict",
    "tensor_types",
]

#: What counts as a tensor in ``isinstance`` checks.
tensor_types = (Symbol, NDArray)

#: `numparam.gluon.parameter_dict.ParameterDict`, which is above this module and enters itself here:
#: MXNet has it in this module.
ParameterDict: Any

_DENSE = "default"


@hooks.owner_of_steps
class Parameter:
    """A named array that is trained, with a copy of it and of its gradient on each context.

    Parameters
    ----------
    name : str
        Its name; in files, too.
    grad_req : {'write', 'add', 'null'}, default 'write'
        Whether an incoming gradient replaces the previous one, is added to it, or is ignored.
    shape : int or tuple of int, optional
        Its shape; ``()`` for a scalar. Sizes that are not known yet are 0 or -1.
    dtype : str, type or numpy.dtype, default float32
        Its dtype. With None, it takes the dtype of what is loaded.
    lr_mult, wd_mult : float, default 1.0
        Factors of the learning rate and of the weight decay.
    init : Initializer, str, dict or callable, optional
        What makes its first values.
    allow_deferred_init : bool, default False
        Whether `initialize` may be called before the shape is known; see there.
    differentiable : bool, default True
        If False, ``grad_req`` is always ``'null'``.
    stype, grad_stype : {'default', 'row_sparse', 'csr'}, default 'default'
        The storage types of the array and of its gradient.

    Attributes
    ----------
    name, lr_mult, wd_mult, init
        As given; they may be assigned.

    Raises
    ------
    AssertionError
        If `grad_req` or a storage type does not exist (also a ValueError).
    TypeError
        If the dtype does not exist (also a ValueError), or the name is not a string.

    Notes
    -----
    Threads may use a parameter at the same time, and an interrupt may come at any time: shape,
    dtype, contexts, data and gradients always fit each other.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
    >>> weight
    Parameter weight (shape=(2, 3), dtype=<class 'numpy.float32'>)
    >>> weight.initialize(mx.init.Xavier(), ctx=[mx.cpu(0), mx.cpu(1)])
    >>> weight.data(mx.cpu(1)).shape, len(weight.list_grad())
    ((2, 3), 2)
    """

    name: str
    lr_mult = Multiplier()
    wd_mult = Multiplier()
    #: Read by optimizers: both multipliers begin an epoch of memory when they change.
    _announces_multipliers = True
    init: Any

    # Shape, dtype, grad_req, contexts, arrays and deferred initialization: one object, which is
    # read once and replaced at once, by `_replace`.
    _state: State

    _stype: str
    _grad_stype: str
    _differentiable: bool
    _allow_deferred_init: bool

    # The Trainer that owns a sparse parameter's rows between updates.
    _trainer: RowStore | None

    # The symbolic variable, and the attributes that it was made of.
    _variable: tuple[tuple[Any, ...], Any] | None

    # Tables that hold the gradients; they are released when the gradients are replaced.
    _tables: Sequence[weakref.ref[zeroing.GradientTables]] = ()

    # Declared

    def __init__(
        self,
        name: str,
        grad_req: str = "write",
        shape: Any = None,
        dtype: DTypeLike = np.float32,
        lr_mult: float = 1.0,
        wd_mult: float = 1.0,
        init: Any = None,
        allow_deferred_init: bool = False,
        differentiable: bool = True,
        stype: str = _DENSE,
        grad_stype: str = _DENSE,
    ) -> None:
        if not isinstance(name, str):
            checks.check_name(name)
        # `is` first: it is fast, and a non-string may define an odd `==`.
        if stype is not _DENSE or grad_stype is not _DENSE:
            checks.check_storage_type("stype", stype, name)
            checks.check_storage_type("grad_stype", grad_stype, name)
        if dtype is not None and dtype is not np.float32:
            checks.checked_dtype(dtype, name)
            dtype = as_given(dtype)
        if init is not None:
            checks.check_described(init, name)
        self.name = name
        self._variable = None
        self._trainer = None
        self._differentiable = bool(differentiable)
        self._allow_deferred_init = bool(allow_deferred_init)
        self._stype = stype
        self._grad_stype = grad_stype
        if type(self) is Parameter:  # new, so that no optimizer has looked at them
            self._lr_mult = lr_mult
            self._wd_mult = wd_mult
        else:  # a subclass may have properties of these names
            self.lr_mult = lr_mult
            self.wd_mult = wd_mult
        self.init = init
        shape = shape_rules.as_shape(shape, name)
        if type(self).grad_req is Parameter.grad_req:
            checks.check_grad_req(grad_req, name)
            self._state = State(shape, dtype, grad_req if differentiable else "null")
        else:  # a subclass decides
            self._state = State(shape, dtype, None)
            self.grad_req = grad_req

    def __repr__(self) -> str:
        return (
            f"Parameter {shown(self.name, newlines=True)} (shape={self.shape}, dtype={self.dtype})"
        )

    @property
    def grad_req(self) -> str:
        """What happens to incoming gradients: ``'write'``, ``'add'`` or ``'null'``.

        Assigning another value to an initialized parameter makes new gradients of zeros; with
        ``'null'`` it has none, and its data arrays are new handles on the same memory that are not
        marked. A parameter that is not differentiable always has ``'null'``.

        Raises
        ------
        InvalidGradReqError
            If another value is assigned: a ValueError and an AssertionError.
        """
        return self._state.grad_req  # type: ignore[return-value]  # None in the constructor only

    @grad_req.setter
    def grad_req(self, grad_req: str) -> None:
        checks.check_grad_req(grad_req, self.name)
        if not self._differentiable:
            grad_req = "null"
        self._make(values.prepare_grad_req(self, grad_req))

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape; unknown dimensions are 0, or -1 where NumPy shapes are on.

        Another shape may be assigned if it has the same number of dimensions and differs only
        where this one is unknown. Assigning None changes nothing. Arrays are never resized.

        Raises
        ------
        ShapeMismatchError
            If the shapes do not fit: a ValueError and an AssertionError.
        """
        shape = self._state.shape
        if shape is not None and 0 in shape and is_np_shape():
            return tuple(size or -1 for size in shape)
        return shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        given = shape_rules.as_shape(shape, self.name)
        if given is not None:
            self._update(
                lambda now: now.but(shape=shape_rules.filled_in(now.shape, given, self.name))
            )

    @property
    def dtype(self) -> Any:
        """The dtype, as it was given; NumPy's type for one of another library. Assigning casts."""
        return self._state.dtype

    @dtype.setter
    def dtype(self, dtype: DTypeLike) -> None:
        self.cast(dtype)

    def var(self) -> Symbol:
        """Return the symbolic variable that stands for the parameter.

        Returns
        -------
        Symbol
            With shape, dtype, multipliers, initializer and storage type as attributes. The same
            object each time, until one of them changes. An initializer that has no text form, such
            as a function, is left out.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.gluon.Parameter("weight", shape=(2, 3)).var().attr("__shape__")
        '(2, 3)'
        """
        described, held = _described(self), self._variable
        if held is None or not _same(held[0], described):
            held = self._variable = (described, _new_variable(self))
        return held[1]

    # Arrays

    def initialize(
        self,
        init: Any = None,
        ctx: Any = None,
        default_init: Any = initializing.NEW_UNIFORM,
        force_reinit: bool = False,
    ) -> None:
        """Make the parameter's arrays, with the same values on all contexts.

        Parameters
        ----------
        init : Initializer, str, dict or callable, optional
            What makes the values. If not given, the parameter's own ``init``; if it has none,
            `default_init`. A callable gets the name and the array.
        ctx : Context or list of Context, optional
            Where; the current context if not given.
        default_init : same as `init`, optional
            The last resort; a new ``Uniform()`` if not given.
        force_reinit : bool, default False
            Whether to make new arrays even if there are some.

        Raises
        ------
        ValueError
            If the shape is not known, and deferred initialization is not allowed.
        AssertionError
            If `init` is not an initializer.
        MXNetError
            If a context does not exist or cannot be used.

        Warns
        -----
        UserWarning
            If the parameter is initialized already; then it stays as it is.

        Notes
        -----
        If the shape is not known and deferred initialization is allowed, this is remembered: assign
        the shape, then call `finish_deferred_init`; or load values. A failed call changes nothing.

        With `force_reinit`, an initialized parameter whose shape, dtype and contexts stay keeps the
        memory of its arrays: the values are written into it, and the gradients are zeroed.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 2))
        >>> weight.initialize(mx.init.Constant(3), ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.list_ctx()
        [cpu(0), cpu(1)]
        """
        request = initializing.Request(init, ctx, default_init, force_reinit)
        self._make(initializing.prepare(self, request))

    def finish_deferred_init(self) -> None:
        """Make the arrays of a deferred initialization, now that the shape is known.

        A parameter that is initialized already, or was never asked to be, stays as it is.

        Raises
        ------
        UnknownShapeError
            If the shape is still not known: an AssertionError and a ValueError.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(0, 2), allow_deferred_init=True)
        >>> weight.initialize("ones")
        >>> weight.shape = (1, 2)
        >>> weight.finish_deferred_init()
        >>> weight.data().asnumpy()
        array([[1., 1.]], dtype=float32)
        """
        self._finish_deferred_init()

    def data(self, ctx: Context | None = None) -> NDArray:
        """Return the parameter's array on a context.

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
            If the parameter is not initialized (on this context), or is sparse.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.data(mx.cpu(1))[:] = 5
        >>> weight.data(mx.cpu(1)).asnumpy(), weight.data(mx.cpu(0)).asnumpy()
        (array([5., 5.], dtype=float32), array([1., 1.], dtype=float32))
        """
        # The fast path is here whole: a call more costs a fifth of it.
        arrays = self._state.data
        if ctx is None and arrays and len(arrays) > 1:
            ctx = current_context()
        try:
            return arrays[arrays.positions[ctx]]  # type: ignore[index, union-attr]
        except (LookupError, TypeError, AttributeError):
            replicas.require_dense(self, "data")
            return replicas.look_up(self, arrays, ctx)

    def list_data(self) -> list[NDArray]:
        """Return the arrays of all contexts.

        Returns
        -------
        list of NDArray
            The parameter's own arrays, in the order of `list_ctx`, in a new list.

        Raises
        ------
        RuntimeError
            If the parameter is not initialized, or is sparse.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> [array.context for array in weight.list_data()]
        [cpu(0), cpu(1)]
        """
        if self._stype != _DENSE:
            replicas.require_dense(self, "list_data")
        return list(self._check_and_get(self._settled_data(), list))

    def grad(self, ctx: Context | None = None) -> NDArray:
        """Return the gradient on a context.

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
            If there is no gradient: the parameter is not initialized (on this context), or its
            ``grad_req`` is ``'null'``.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> with mx.autograd.record():
        ...     loss = (2 * weight.data(mx.cpu(1))).sum()
        >>> loss.backward()
        >>> weight.grad(mx.cpu(1)).asnumpy()
        array([[2., 2., 2.],
               [2., 2., 2.]], dtype=float32)
        """
        arrays = self._state.gradients
        if ctx is None and arrays and len(arrays) > 1:
            ctx = current_context()
        try:
            return arrays[arrays.positions[ctx]]  # type: ignore[index, union-attr]
        except (LookupError, TypeError, AttributeError):
            replicas.require_gradients(self)
            return replicas.look_up(self, arrays, ctx)

    def list_grad(self) -> list[NDArray]:
        """Return the gradients of all contexts.

        Returns
        -------
        list of NDArray or RowSparseNDArray
            In the order of `list_ctx`, in a new list.

        Raises
        ------
        RuntimeError
            As for `grad`.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> [array.asnumpy().sum() for array in weight.list_grad()]
        [np.float32(0.0), np.float32(0.0)]
        """
        replicas.require_gradients(self)
        return list(self._check_and_get(self._state.gradients, list))

    def list_ctx(self) -> list[Context]:
        """Return the contexts that the parameter is, or will be, initialized on.

        Returns
        -------
        list of Context
            In the order given to `initialize`, in a new list.

        Raises
        ------
        RuntimeError
            If the parameter is not initialized.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.list_ctx()
        [cpu(0), cpu(1)]
        """
        state = self._state
        if state.data is not None:
            return list(state.contexts or ())
        if not state.deferred:
            raise replicas.no_arrays(self)
        return list(state.deferred[1])

    def row_sparse_data(self, row_id: NDArray) -> NDArray:
        """Return some rows of a row-sparse parameter, on the context of their ids.

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
            If the parameter is not row-sparse, has no Trainer, or is not initialized on that
            context.
        IndexError
            If an id is negative or too large.

        Notes
        -----
        MXNet returns the same array each time, which the next call overwrites, and reads foreign
        memory for ids that are out of range.

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.gluon.Parameter("table", shape=(4, 2), stype="row_sparse")
        >>> table.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> trainer = mx.gluon.Trainer([table], "sgd")
        >>> rows = table.row_sparse_data(mx.nd.array([2, 0, 2]))
        >>> rows.indices.asnumpy(), rows.shape
        (array([0, 2]), (4, 2))
        """
        rows.require_row_sparse(self, "row_sparse_data")
        rows.check_row_ids(self, row_id)
        return self._get_row_sparse(self._state.data, row_id.context, row_id)

    def list_row_sparse_data(self, row_id: NDArray) -> list[NDArray]:
        """Return the same rows on all contexts of a row-sparse parameter.

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

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.gluon.Parameter("table", shape=(4, 2), stype="row_sparse")
        >>> table.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> trainer = mx.gluon.Trainer([table], "sgd")
        >>> rows = table.list_row_sparse_data(mx.nd.array([1, 3]))
        >>> [(array.context, array.indices.asnumpy().tolist()) for array in rows]
        [(cpu(0), [1, 3]), (cpu(1), [1, 3])]
        """
        rows.require_row_sparse(self, "list_row_sparse_data")
        return self._get_row_sparse(self._state.data, list, row_id)

    def rows(self, ids: Any, ctx: Context | None = None) -> NDArray:
        """Return some rows of the parameter's array on a context, dense or row-sparse.

        Parameters
        ----------
        ids : NDArray or array_like
            Row ids of any shape; they may repeat. Floating-point ids must be whole numbers.
        ctx : Context, optional
            As for `data`.

        Returns
        -------
        NDArray
            A new dense array of shape ``ids.shape + shape[1:]`` on that context.

        Raises
        ------
        RuntimeError
            If the parameter is not initialized (on this context), or is a csr matrix.
        IndexError
            If an id is negative or too large.

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.gluon.Parameter("table", shape=(4, 2), stype="row_sparse")
        >>> table.initialize("zeros")
        >>> table.set_rows([1, 3], [[1, 1], [3, 3]])
        >>> table.add_rows([1, 1], [[1, 1], [1, 1]])
        >>> table.rows([3, 1, 0]).asnumpy()
        array([[3., 3.],
               [3., 3.],
               [0., 0.]], dtype=float32)
        """
        return row_access.read(self, ids, ctx)

    # Changes

    def set_rows(self, ids: Any, rows: Any, ctx: Context | None = None) -> None:
        """Write some rows of the parameter's arrays, dense or row-sparse, in place.

        Parameters
        ----------
        ids : NDArray or array_like
            Row ids; of ids that repeat, the last row counts.
        rows : NDArray or array_like
            The rows, of shape ``ids.shape + shape[1:]``; converted to the parameter's dtype.
        ctx : Context, optional
            Where; on all contexts if not given.

        Raises
        ------
        RuntimeError
            If the parameter is not initialized (on this context), or is a csr matrix.
        IndexError
            If an id is negative or too large; nothing is changed.
        ValueError
            If the shape of `rows` does not fit; nothing is changed.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(3, 2))
        >>> weight.initialize("zeros")
        >>> weight.set_rows([2, 0], [[5, 6], [1, 2]])
        >>> weight.data().asnumpy()
        array([[1., 2.],
               [0., 0.],
               [5., 6.]], dtype=float32)
        """
        row_access.write(self, ids, rows, ctx)

    def add_rows(self, ids: Any, rows: Any, ctx: Context | None = None) -> None:
        """Add to some rows of the parameter's arrays, dense or row-sparse, in place.

        Parameters
        ----------
        ids : NDArray or array_like
            Row ids; rows of ids that repeat are summed.
        rows, ctx
            As for `set_rows`.

        Raises
        ------
        RuntimeError, IndexError, ValueError
            As for `set_rows`.

        Notes
        -----
        Each element is rounded once, however often its row is there.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(3, 2))
        >>> weight.initialize("zeros")
        >>> weight.add_rows([2, 2], [[5, 6], [1, 2]])
        >>> weight.data().asnumpy()
        array([[0., 0.],
               [0., 0.],
               [6., 8.]], dtype=float32)
        """
        row_access.add(self, ids, rows, ctx)

    def mean_data(self) -> None:
        """Average the arrays of all contexts, in place: afterwards each holds the mean.

        Raises
        ------
        RuntimeError
            If the parameter is not initialized.

        Notes
        -----
        Each element is rounded once. A row-sparse array stores the rows that any of them stored.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.data(mx.cpu(0))[:] = 3
        >>> weight.mean_data()
        >>> weight.data(mx.cpu(1)).asnumpy()
        array([1.5, 1.5], dtype=float32)
        """
        averaging.average_in_place([self._check_and_get(self._settled_data(), list)])

    def mean_grads(self) -> None:
        """Average the gradients of all contexts, in place: afterwards each holds the mean.

        Notes
        -----
        As `mean_data`. A parameter without gradients stays as it is.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> for factor, gradient in enumerate(weight.list_grad()):
        ...     gradient[:] = factor
        >>> weight.mean_grads()
        >>> weight.grad(mx.cpu(0)).asnumpy()
        array([[0.5, 0.5, 0.5],
               [0.5, 0.5, 0.5]], dtype=float32)
        """
        gradients = self._state.gradients
        if gradients is not None:
            averaging.average_in_place([gradients])

    def set_data(self, data: Any) -> None:
        """Write values into the parameter's arrays on all contexts.

        Parameters
        ----------
        data : NDArray or numpy.ndarray
            Of the parameter's shape, of any dtype; converted to the parameter's dtype. A
            row-sparse parameter takes row-sparse arrays too; rows that they do not store become
            zero: to write some rows, use `set_rows`. The array may share memory with the
            parameter's own.

        Raises
        ------
        AssertionError
            If the shape does not fit, or the parameter is not initialized.
        TypeError
            If `data` is not an array, or its storage type does not fit.

        Notes
        -----
        While initialization is deferred, a copy is kept until the shape is known. It may be called
        inside ``autograd.record()``. A failed call changes nothing. A thread that copies one of
        the arrays meanwhile gets the old values or the new ones.

        Examples
        --------
        >>> import numpy as np
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize()
        >>> weight.set_data(np.array([1, 2]))
        >>> weight.data().asnumpy()
        array([1., 2.], dtype=float32)
        """
        values.set_values(self, data)

    def zero_grad(self) -> None:
        """Set the gradients on all contexts to zero, in place.

        Notes
        -----
        Sparse gradients store nothing afterwards. A parameter without gradients stays as it is. To
        zero the gradients of many parameters, `ParameterDict.zero_grad` is much faster.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize()
        >>> weight.grad()[:] = 5
        >>> weight.zero_grad()
        >>> weight.grad().asnumpy()
        array([0., 0.], dtype=float32)
        """
        gradients = self._state.gradients
        if gradients is not None:
            zeroing.zero(gradients)

    def reset_ctx(self, ctx: Any) -> None:
        """Move the parameter to other contexts.

        Parameters
        ----------
        ctx : Context, list of Context or None
            Where to; None is the current context.

        Raises
        ------
        ValueError
            If the parameter is not initialized.
        MXNetError
            If a device does not exist.

        Notes
        -----
        If there are several copies, the new ones get their mean. Gradients are zero afterwards. If
        the contexts are those that it has, in any order, the memory of the arrays is kept.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones")
        >>> weight.reset_ctx([mx.cpu(1), mx.cpu(2)])
        >>> weight.list_ctx()
        [cpu(1), cpu(2)]
        """
        self._make(values.prepare_move(self, ctx))

    def cast(self, dtype: DTypeLike) -> None:
        """Convert data and gradients to another dtype.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype; None is float32.

        Raises
        ------
        TypeError
            If the dtype does not exist (also a ValueError and a KeyError); nothing is changed.

        Notes
        -----
        The arrays are new ones; if they have this dtype already, they are handles on the same
        memory. Gradients keep their values and are not fresh.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones")
        >>> weight.cast("float16")
        >>> weight.data().asnumpy()
        array([1., 1.], dtype=float16)
        """
        self._make(values.prepare_cast(self, dtype))

    # What other libraries ask for

    def __array__(self, dtype: DTypeLike = None, copy: bool | None = None) -> NoReturn:
        """Raise: a parameter is not an array; pass `data(ctx)`."""
        raise replicas.not_an_array(self)

    def __dlpack__(self, **keywords: Any) -> NoReturn:
        """Raise: a parameter is not an array; pass `data(ctx)`."""
        raise replicas.not_an_array(self)

    def __dlpack_device__(self) -> NoReturn:
        """Raise: a parameter is not an array; pass `data(ctx)`."""
        raise replicas.not_an_array(self)

    def __jax_array__(self) -> NoReturn:
        """Raise: a parameter is not an array; pass `data(ctx)`."""
        raise replicas.not_an_array(self)

    # Steps that MXNet-era code calls and replaces; see `hooks`

    def _finish_deferred_init(self) -> None:
        """Make the arrays of a deferred initialization.

        Raises
        ------
        UnknownShapeError
            If it is still not known: an AssertionError and a ValueError. The initialization stays
            deferred, as it does when the initializer fails.
        """
        self._make(initializing.prepare_finish(self))

    def _init_impl(self, data: NDArray, ctx_list: Iterable[Context]) -> None:
        """Set copies of an array on some contexts as data, with new gradients."""
        self._make(values.prepare_copies(self, data, ctx_list))

    def _init_grad(self) -> None:
        """Make new gradients of zeros for the data, unless ``grad_req`` is ``'null'``."""
        self._make(values.prepare_gradients(self))

    def _load_init(
        self, data: Any, ctx: Any, cast_dtype: bool = False, dtype_source: str = "current"
    ) -> None:
        """Set loaded values; a parameter that is not initialized becomes initialized.

        Parameters
        ----------
        data : NDArray or numpy.ndarray
            The values.
        ctx : Context, list of Context or None
            Where. None: where the parameter is or was going to be, or else ``cpu(0)``.
        cast_dtype : bool, default False
            Whether dtypes may differ.
        dtype_source : {'current', 'saved'}, default 'current'
            With `cast_dtype`: whose dtype the parameter has afterwards, its own or that of `data`.

        Raises
        ------
        AssertionError
            If shape, dtype or contexts do not fit. Nothing is changed.
        ValueError
            If the storage types do not fit. Nothing is changed.
        """
        source = loading.ArraySource(checks.as_array(data, self.name))
        loading.LoadPlan(self, source, ctx, cast_dtype, dtype_source).carry_out()

    def _reduce(self) -> NDArray:
        """Average the copies of all contexts.

        Returns
        -------
        NDArray, RowSparseNDArray or CSRNDArray
            On ``cpu(0)``, of the parameter's dtype and storage type, in memory of its own.
        """
        return rows.reduced(self)

    def _check_and_get(self, arr_list: list[Any] | None, ctx: Any) -> Any:
        """Return the array for a context, or all for the type ``list``.

        Raises
        ------
        DeferredInitializationError, NotInitializedError, ContextNotFoundError
            If there is none; all are RuntimeError.
        """
        return replicas.check_and_get(self, arr_list, ctx)

    def _get_row_sparse(self, arr_list: list[Any] | None, ctx: Any, row_id: NDArray) -> Any:
        """Pull rows into new arrays: one for a context, or a list for the type ``list``."""
        return rows.pull(self, arr_list, ctx, row_id)

    def _set_trainer(self, trainer: RowStore | None) -> None:
        """Set the Trainer that owns the parameter; None releases it.

        Raises
        ------
        SecondTrainerError
            If another Trainer owns the parameter and it is sparse: a RuntimeError.
        """
        rows.check_owner(self, trainer)
        self._trainer = trainer

    def _settled_data(self) -> Placed | None:
        """Return the arrays; of a row-sparse parameter with all steps made that its rows miss."""
        if self._trainer is not None and self._stype != _DENSE:
            rows.settle(self)
        return self._state.data

    # Parts of the state, which MXNet-era code reads and assigns one by one. It may change the lists
    # in any way, too: what is read here is watched, and numparam itself reads the state.

    @property
    def _data(self) -> Placed | None:
        arrays = self._settled_data()
        return None if arrays is None else arrays.handed_out()

    @_data.setter
    def _data(self, arrays: Iterable[NDArray] | None) -> None:
        data = None if arrays is None else Placed(arrays)
        self._update(lambda now: now.but(data=data))

    @property
    def _grad(self) -> Placed | None:
        gradients = self._state.gradients
        return None if gradients is None else gradients.handed_out()

    @_grad.setter
    def _grad(self, arrays: Iterable[NDArray] | None) -> None:
        gradients = None if arrays is None else Placed(arrays)
        self._update(lambda now: now.but(gradients=gradients))

    @property
    def _ctx_list(self) -> list[Context] | None:
        places = self._state.contexts
        return None if places is None else list(places)

    @_ctx_list.setter
    def _ctx_list(self, ctx_list: Iterable[Context] | None) -> None:
        places = None if ctx_list is None else tuple(ctx_list)
        self._update(lambda now: now.but(contexts=places))

    @property
    def _ctx_map(self) -> list[list[int | None]] | None:
        """Derived from the contexts. MXNet's subclasses assign it; that is ignored."""
        return replicas.positions_by_device_type(self._state.contexts)

    @_ctx_map.setter
    def _ctx_map(self, positions: object) -> None:
        pass

    @property
    def _deferred_init(self) -> tuple[Any, ...]:
        return self._state.deferred

    @_deferred_init.setter
    def _deferred_init(self, deferred: tuple[Any, ...]) -> None:
        self._update(lambda now: now.but(deferred=deferred))

    @property
    def _shape(self) -> tuple[int, ...] | None:
        return self._state.shape

    @_shape.setter
    def _shape(self, shape: tuple[int, ...] | None) -> None:
        self._update(lambda now: now.but(shape=shape))

    @property
    def _dtype(self) -> Any:
        return self._state.dtype

    @_dtype.setter
    def _dtype(self, dtype: DTypeLike) -> None:
        self._update(lambda now: now.but(dtype=as_given(dtype)))

    @property
    def _grad_req(self) -> str | None:
        return self._state.grad_req

    @_grad_req.setter
    def _grad_req(self, grad_req: str | None) -> None:
        self._update(lambda now: now.but(grad_req=grad_req))

    @property
    def _var(self) -> Symbol | None:
        return None if self._variable is None else self._variable[1]

    @_var.setter
    def _var(self, variable: Symbol | None) -> None:
        self._variable = None if variable is None else (_described(self), variable)

    # The places where the state changes

    def _make(self, ready: Ready | None) -> None:
        """Make a prepared change; None means that there is nothing to change."""
        if ready is not None:
            ready()

    def _update(self, change: Callable[[State], State]) -> None:
        """Replace the state by one computed from it; repeat if another thread was faster."""
        while True:
            previous = self._state
            if self._replace(previous, change(previous)):
                return

    def _replace(self, previous: State, state: State, marks: Sequence[Mark] = ()) -> bool:
        """Replace the state, if it is still the previous one.

        Parameters
        ----------
        previous : State
            The state that `state` was prepared from.
        state : State
            The new one.
        marks : sequence of Mark
            Where gradients of arrays go that the parameter keeps.

        Returns
        -------
        bool
            Whether it was replaced; False if another thread has replaced it.
        """
        if not replace_state(self, previous, state, marks):
            return False
        self._release_tables(previous, state)
        return True

    def _release_tables(self, previous: State, state: State) -> None:
        """Release the tables of gradients that were replaced."""
        if self._tables and previous.gradients is not state.gradients:
            tables, self._tables = self._tables, ()
            zeroing.release(tables)

    # Copies and pickles

    def __getstate__(self) -> dict[str, Any]:
        return pickling.state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        if pickling.is_mxnet_state(state):
            made = Constant if isinstance(self, Constant) else Parameter
            pickling.restore_mxnet_state(self, state, made.__init__)
        else:
            pickling.restore(self, state)

    def __copy__(self) -> Parameter:
        return pickling.duplicate(self)


def _described(parameter: Parameter) -> tuple[Any, ...]:
    """Return the attributes that a parameter's symbolic variable depends on."""
    state = parameter._state
    return (
        parameter.name,
        state.shape,
        state.dtype,
        parameter.lr_mult,
        parameter.wd_mult,
        parameter.init,
        is_np_array(),
    )


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Compare descriptions; initializers by identity, since their `==` may compare elements."""
    return one[5] is other[5] and (*one[:5], one[6]) == (*other[:5], other[6])


def _new_variable(parameter: Parameter) -> Symbol:
    init = parameter.init
    if not isinstance(init, str) and not hasattr(init, "dumps"):
        init = None  # a function, `Load` or `Mixed`, which a symbol cannot express
    variable = symbol.var(
        parameter.name,
        shape=parameter.shape,
        dtype=parameter.dtype,
        lr_mult=parameter.lr_mult,
        wd_mult=parameter.wd_mult,
        init=init,
        stype=parameter._stype,
    )
    return variable.as_np_ndarray() if is_np_array() else variable


class Constant(Parameter):
    """A parameter that is not trained, such as a table of positions.

    It is initialized, moved, cast, saved and loaded like the others; it has no gradient.

    Parameters
    ----------
    name : str
        Its name.
    value : NDArray, numpy.ndarray or nested list
        Its value, which is copied. Where NumPy arrays are off, everything but an `NDArray` becomes
        float32.

    Attributes
    ----------
    value : NDArray
        The value that `initialize` writes.

    Notes
    -----
    In MXNet each constant adds a class to the registry of initializers, which stays there, and a
    constant that is pickled cannot be initialized in another process.

    Examples
    --------
    >>> import numparam as mx
    >>> scale = mx.gluon.Constant("scale", [[1, 2]])
    >>> scale.initialize()
    >>> scale.data().asnumpy()
    array([[1., 2.]], dtype=float32)
    """

    value: NDArray

    def __init__(self, name: str, value: Any) -> None:
        self.value = _constant_value(value, name)
        super().__init__(
            name,
            grad_req="null",
            shape=self.value.shape,
            dtype=self.value.dtype,
            init=initializer.Constant(self.value),
        )

    def __repr__(self) -> str:
        return (
            f"Constant {shown(self.name, newlines=True)} (shape={self.shape}, dtype={self.dtype})"
        )

    @property
    def grad_req(self) -> str:
        """Always ``'null'``; assigning another value warns."""
        return "null"

    @grad_req.setter
    def grad_req(self, grad_req: str) -> None:
        if grad_req != "null":
            warn_caller(
                f'Constant parameter "{self.name}" does not support grad_req other than "null", '
                f'and new value "{grad_req}" is ignored.'
            )


def _constant_value(value: Any, name: str) -> NDArray:
    """Copy a constant's value into a dense array."""
    with autograd.pause():
        if isinstance(value, NDArray):
            if value.stype != "default":
                return value.tostype("default")
            return transfers.copied(value, value.context)
        host = checks.as_numbers(value, name)
        if is_np_array():
            # Late: numparam.numpy is large, and not needed where NumPy arrays are off.
            from numparam import numpy as mx_numpy

            return mx_numpy.array(host, dtype=host.dtype)
        return nd_array(host)


show_public_names(__name__)
