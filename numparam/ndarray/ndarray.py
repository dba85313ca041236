"""The dense array: a handle on a buffer of some device, with MXNet's interface."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

import numpy as np

from numparam._missing import show_public_names
from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices import epochs, exports
from numparam.devices.backend import Backend, Buffer
from numparam.devices.locks import exclusively
from numparam.devices.registry import backend_of
from numparam.formats import DenseRecord, Record, dumps_record, loads_record
from numparam.kernels._callers import warn_caller
from numparam.modes.np_mode import is_np_shape
from numparam.ndarray import capsules, device_capsules, host_memory, indexing, kinds
from numparam.ndarray.converting import COPY, MOVE, check_copyto
from numparam.ndarray.functions import method
from numparam.ndarray.legacy_numbers import LEGACY_NAMES
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.operations.arithmetic import BINARY
from numparam.ndarray.operations.axes import integers
from numparam.ndarray.operations.numpy_functions import apply_ufunc
from numparam.ndarray.operations.shapes import coded_shape
from numparam.ndarray.operators import forward, in_place, reflected
from numparam.ndarray.values import is_array
from numparam.recording import differentiation
from numparam.recording.scopes import recording
from numparam.recording.tape import Mark, Variable
from numparam.types.dtypes import DTypeLike, as_dtype, bfloat16
from numparam.types.shapes import as_integers

if TYPE_CHECKING:  # the types of the methods that are made from the table of operations
    from numparam.ndarray.operation_methods import OperationMethods
else:
    OperationMethods = object

__all__ = ["NDArray"]

AnyNDArray = TypeVar("AnyNDArray", bound="NDArray")

_WHOLE = slice(None)


class MissingShapeError(TypeError, AssertionError):
    """`reshape` was called without a shape; also an AssertionError, as in MXNet."""


class CannotReshapeError(OperationError):
    """The elements do not fit the new shape: an MXNetError and a ValueError."""


class NDArray(OperationMethods):
    """A dense array of one dtype in the memory of one context.

    Arrays are made by `array`, `zeros` and the other factories of `numparam.nd`, or by operations
    on other arrays. Contiguous slices and reshapes share their array's memory; in-place operations
    write into it.

    Attributes
    ----------
    stype : str
        The storage type: ``'default'``; ``'row_sparse'`` or ``'csr'`` of sparse arrays.
    writable : bool
        Whether item assignment and in-place operations are allowed.

    Notes
    -----
    The interface is that of MXNet 1.9.1's ``mxnet.nd.NDArray``. In addition arrays speak NumPy's
    array, ufunc and DLPack protocols, and have ``item`` and ``tolist``.

    Operands of operators have one dtype; a number is converted to the array's. Comparisons give 0
    and 1 in that dtype, and quotients of integers are cut off toward zero. In-place operators write
    into the array's memory and keep its dtype.

    Keys of ``array[key]`` are NumPy's. What is one piece of memory shares it; the rest is copied.
    Where NumPy returns a scalar, the result has shape ``(1,)``, or ``()`` with NumPy shapes on.

    The state of a pickled array is one record of MXNet's ``.params`` format, as in MXNet, whose
    pickles are read by an Unpickler that finds the classes here. It comes back on ``cpu(0)``.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.nd.array([[1, 2], [3, 4]])
    >>> weight[0] += 10
    >>> weight
    <BLANKLINE>
    [[11. 12.]
     [ 3.  4.]]
    <NDArray 2x2 @cpu(0)>
    """

    __slots__ = ("__weakref__", "_backend", "_ctx", "_marking", "_memory", "writable")

    _ctx: Context
    _backend: Backend
    # C-contiguous memory of the backend. Replaced only by `_buffer`, which begins a new epoch.
    _memory: Buffer
    # Where gradients of the array go, or the recorded operation that made it; None for most.
    _marking: Mark | None
    writable: bool

    stype: ClassVar[str] = "default"
    # The class of the dense results of operations on arrays of this class.
    _array_class: ClassVar[type[NDArray]]

    # Before numpy.ndarray in mixed expressions.
    __array_priority__ = 1000.0

    # Making arrays

    def __new__(cls, *arguments: object, **keywords: object) -> Self:
        """Raise a TypeError: the factories make arrays.

        ``NDArray(None)``, of which MXNet's pickles make an array by their state, is an exception.
        """
        if arguments == (None,) and not keywords:
            return object.__new__(cls)
        raise TypeError(
            f"{cls.__name__} is not made by calling it; use numparam.nd.array(values), "
            "zeros(shape), or another factory"
        )

    @classmethod
    def from_buffer(
        cls,
        buffer: Buffer,
        ctx: Context,
        backend: Backend | None = None,
        writable: bool = True,
    ) -> Self:
        """Return a handle on existing memory.

        Parameters
        ----------
        buffer : object
            What the context's backend made: C-contiguous, with ``shape`` and ``dtype``. It is not
            copied.
        ctx : Context
            Where the memory is.
        backend : Backend, optional
            The backend of `ctx`, if the caller knows it.
        writable : bool, default True
            Whether the memory may be written through the array.

        Returns
        -------
        NDArray
            Of the class it is called on.

        Examples
        --------
        >>> import numparam as mx
        >>> import numpy as np
        >>> from numparam.context import cpu
        >>> mx.nd.NDArray.from_buffer(np.ones(2, np.float32), cpu()).asnumpy()
        array([1., 1.], dtype=float32)
        """
        array = object.__new__(cls)
        array._ctx = ctx
        array._backend = backend or backend_of(ctx.device_type, ctx.device_id)
        array._memory = buffer
        array._marking = None
        array.writable = writable
        return array

    def _handle(self, array_class: type[AnyNDArray]) -> AnyNDArray:
        """Return another array on the same memory, without marking for gradients."""
        return array_class.from_buffer(self._memory, self._ctx, self._backend, self.writable)

    # Properties

    @property
    def _buffer(self) -> Buffer:
        return self._memory

    @_buffer.setter
    def _buffer(self, buffer: Buffer) -> None:
        self._memory = buffer
        epochs.bump()

    @property
    def handle(self) -> Buffer:
        """The buffer that the array is a handle on."""
        return self._buffer

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return self._memory.shape

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._memory.size)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> Any:
        """The element type, a NumPy scalar type such as ``numpy.float32``, or bfloat16's."""
        return self._buffer.dtype.type

    @property
    def context(self) -> Context:
        """The context whose memory holds the array."""
        return self._ctx

    @property
    def ctx(self) -> Context:
        """The same as `context`."""
        return self._ctx

    @property
    def T(self) -> Self:
        """A copy with the axes in reverse order; with fewer than two axes, the array itself."""
        return self.transpose() if len(self.shape) > 1 else self

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]

    def __hash__(self) -> int:
        return id(self) >> 4

    # Gradients

    @property
    def grad(self) -> NDArray | None:
        """The array that gradients of this one are written to, or None.

        A new handle on the same memory each time, as in MXNet.
        """
        grad = self._grad
        return None if grad is None else grad.detach()

    @property
    def _grad(self) -> NDArray | None:
        return None if self._marking is None else self._marking.grad

    @property
    def _grad_req(self) -> str | None:
        return None if self._marking is None else self._marking.grad_req

    @property
    def _fresh_grad(self) -> int:
        return 0 if self._marking is None else self._marking.fresh

    @_fresh_grad.setter
    def _fresh_grad(self, fresh: int) -> None:
        if isinstance(self._marking, Variable):
            self._marking.fresh = int(bool(fresh))

    def _mark(self, grad: NDArray | None, grad_req: str | None) -> None:
        """Make gradients of this array go to `grad` as `grad_req` says; they are not fresh."""
        before = self._marking
        self._marking = None if grad_req is None else Variable(grad, grad_req)
        if type(before) is Variable:
            epochs.bump()  # a Trainer looks at the marks of its parameters once an epoch

    def attach_grad(self, grad_req: str = "write", stype: str | None = None) -> None:
        """Attach a gradient array of zeros.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}, default 'write'
            What happens to incoming gradients.
        stype : str, optional
            The storage type of the gradient; the array's own if not given.

        Raises
        ------
        KeyError
            If there is no such `grad_req`.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.nd.ones((2,))
        >>> weight.attach_grad()
        >>> weight.grad.asnumpy()
        array([0., 0.], dtype=float32)
        """
        if grad_req not in ("write", "add", "null"):
            raise KeyError(f"grad_req must be 'write', 'add' or 'null', not {grad_req!r}")
        stype = stype or self.stype
        if stype == "default":
            zeros = self._backend.zeros(self.shape, self._buffer.dtype)
            grad = self._array_class.from_buffer(zeros, self._ctx, self._backend)
        else:
            grad = kinds.sparse("zeros")(stype, self.shape, ctx=self._ctx, dtype=self.dtype)
        self._mark(grad, grad_req)

    def backward(
        self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True
    ) -> None:
        """Compute gradients of the sum of the elements; see `numparam.autograd.backward`.

        Parameters
        ----------
        out_grad : NDArray, optional
            The gradient of something else with respect to this array, of its shape; ones if not
            given.
        retain_graph : bool, default False
            Whether a second backward pass may follow.
        train_mode : bool, default True
            Whether the pass runs in training mode.

        Raises
        ------
        MXNetError
            If the array was not computed from variables under ``record``, or the graph was used.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.nd.array([1, 2])
        >>> weight.attach_grad()
        >>> with mx.autograd.record():
        ...     loss = (weight * weight).sum()
        >>> loss.backward()
        >>> weight.grad.asnumpy()
        array([2., 4.], dtype=float32)
        """
        differentiation.backward([self], [out_grad], retain_graph, train_mode)

    def detach(self) -> Self:
        """Return an array on the same memory, without a gradient.

        Returns
        -------
        NDArray
            A new handle on the same memory.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.attach_grad()
        >>> with mx.autograd.record():
        ...     loss = (x * x.detach()).sum()
        >>> loss.backward()
        >>> x.grad.asnumpy()
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        return self.from_buffer(self._memory, self._ctx, self._backend, self.writable)

    # Reading and writing parts

    def __getitem__(self, key: Any) -> Self:
        if type(key) is int:
            return indexing.row(self, key)
        if (type(key) is tuple and not key) or (isinstance(key, slice) and key == _WHOLE):
            return self
        return indexing.read(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        indexing.write(self, key, value)

    def __iter__(self) -> Iterator[Self]:
        if not self.shape:
            raise TypeError("an array without dimensions cannot be iterated over")
        return map(self._at, range(self.shape[0]))

    def _at(self, position: int) -> Self:
        return indexing.row(self, position)

    def _slice(self, start: int | None, stop: int | None) -> Self:
        return self[start:stop]

    def slice_assign(self, rhs: NDArray, begin: Any, end: Any, step: Any = ()) -> Self:
        """Write an array into a part of this one, and return this array.

        Parameters
        ----------
        rhs : NDArray
            The array, of the shape of the part.
        begin, end, step : sequence of int or None
            Where the part begins along each axis, the index behind its last one, and the step.

        Returns
        -------
        NDArray
            This array.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.slice_assign(mx.nd.zeros((1, 2)), begin=(1, 0), end=(2, 2)).asnumpy()
        array([[1., 2.],
               [0., 0.]], dtype=float32)
        """
        keywords = {"begin": begin, "end": end, "step": step}
        return invoke(OPERATIONS["_slice_assign"], (self, rhs), keywords, out=self)

    def slice_assign_scalar(self, value: float, begin: Any, end: Any, step: Any = ()) -> Self:
        """Write a number into a part of this array, and return this array.

        Parameters
        ----------
        value : float
            The number.
        begin, end, step : sequence of int or None
            As for `slice_assign`.

        Returns
        -------
        NDArray
            This array.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.slice_assign_scalar(7, begin=(0, 1), end=(2, 2)).asnumpy()
        array([[1., 7.],
               [3., 7.]], dtype=float32)
        """
        keywords = {"scalar": value, "begin": begin, "end": end, "step": step}
        return invoke(OPERATIONS["_slice_assign_scalar"], (self,), keywords, out=self)

    def _full(self, value: float) -> Self:
        """Fill the array with a number, and return it."""
        self[:] = value
        return self

    def _sync_copyfrom(self, source_array: Any) -> None:
        """Write host values of the same shape."""
        host = np.asarray(source_array)
        if host.shape != self.shape:
            raise ValueError(f"expected values of shape {self.shape}, got {host.shape}")
        self[:] = host

    def _require_writable(self) -> None:
        """Raise unless the array may be written; every in-place operation calls this first.

        Raises
        ------
        ValueError
            If the memory was given for reading only, or is a copy of a sparse array's part.
        MXNetError
            If operations are being recorded and gradients flow through the array.
        """
        if not self.writable:
            raise ValueError(
                "the array must not be written: it was made from a read-only array or capsule, or "
                "it is what data, indices or indptr of a sparse array returned, a copy in which "
                "changes would be lost. Write into a copy(); write a sparse array by array[:] = "
                "value, and rows of a parameter by its set_rows(ids, rows)"
            )
        if self._marking is not None and recording.value:
            raise MXNetError(
                "an array that gradients flow through was written in place while operations are "
                "recorded; write under autograd.pause(), or into detach()"
            )

    # To NumPy and Python

    def asnumpy(self) -> np.ndarray:
        """Copy the array to the host.

        Returns
        -------
        numpy.ndarray
            A new array of the same shape and dtype.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([1, 2]).asnumpy()
        array([1., 2.], dtype=float32)
        """
        return self._backend.download(self._memory)

    def asscalar(self) -> Any:
        """Return the only element.

        Returns
        -------
        numpy.generic
            A NumPy scalar of the array's dtype.

        Raises
        ------
        ValueError
            If there is not exactly one element.

        Examples
        --------
        >>> import numparam as mx
        >>> print(mx.nd.array([3]).asscalar())
        3.0
        """
        if self.size != 1:
            raise ValueError(
                f"asscalar needs an array of one element; this one has {self.size}, in shape "
                f"{self.shape}. Use asnumpy() for all of them, or an index for one"
            )
        return self.asnumpy().reshape(1)[0]

    def item(self, *index: int) -> Any:
        """Return one element as a Python number.

        Parameters
        ----------
        *index : int
            Which element, as for `numpy.ndarray.item`; may be left out if there is only one.

        Returns
        -------
        int, float or bool
            The element.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.sum().item()
        10.0
        """
        if not index:
            return self.asscalar().item()
        return self.asnumpy().item(*index)

    def tolist(self) -> Any:
        """Return all elements as nested lists of Python numbers.

        Returns
        -------
        list
            As `numpy.ndarray.tolist`.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.tolist()
        [[1.0, 2.0], [3.0, 4.0]]
        """
        return self.asnumpy().tolist()

    def __bool__(self) -> bool:
        if self.size == 0:
            return False
        if self.size == 1:
            return bool(self.asscalar())
        raise ValueError(
            f"an array of {self.size} elements is neither true nor false; compare, for example "
            "(a > 0).sum(), or look at one element"
        )

    def __float__(self) -> float:
        return float(self._only_element("float"))

    def __int__(self) -> int:
        return int(self._only_element("int"))

    def __index__(self) -> int:
        if self._buffer.dtype.kind not in "iu":
            raise TypeError(
                f"only integer arrays serve as an index; this one holds {self._buffer.dtype}"
            )
        return int(self._only_element("index"))

    def _only_element(self, wanted: str) -> Any:
        if self.size != 1:
            raise TypeError(f"{wanted}() needs an array of one element; the shape is {self.shape}")
        return self.asscalar()

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        return f"\n{self.asnumpy()!s}\n<{type(self).__name__} {shape} @{self._ctx}>"

    # Protocols of other array libraries

    def __array__(self, dtype: DTypeLike = None, copy: bool | None = None) -> np.ndarray:
        """Return the elements as a NumPy array, sharing host memory unless a copy is needed."""
        return host_memory.as_numpy(self, dtype, copy)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        if not self._shares_host_memory:
            raise AttributeError(f"an array on {self._ctx} has no __array_interface__")
        if self._buffer.dtype == bfloat16:
            # Its type string says no more than two bytes, and NumPy asks here before __array__.
            raise AttributeError("__array_interface__ cannot describe bfloat16; use np.asarray")
        return self._exported_memory().__array_interface__

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        return apply_ufunc(self, ufunc, method, inputs, keywords)

    def __jax_array__(self) -> np.ndarray:
        """Return the elements for JAX, which does not call ``__array__``."""
        return np.asarray(self)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        if not self._is_on_gpu:
            raise AttributeError(f"an array on {self._ctx} has no __cuda_array_interface__")
        exports.note(self._buffer)
        interface = dict(self._buffer.__cuda_array_interface__)
        address, read_only = interface["data"]
        return {**interface, "data": (address, read_only or not self.writable)}

    def __dlpack__(self, **keywords: Any) -> Any:
        if not self._is_on_gpu:
            return capsules.exported(self._exported_memory(), **keywords)
        exports.note(self._buffer)
        return device_capsules.exported(self._buffer, self._backend, self.writable, **keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        if self._is_on_gpu:
            return device_capsules.device_of(self._buffer)
        self._host_memory()
        return (1, 0)

    def to_dlpack_for_read(self) -> Any:
        """Return a DLPack capsule for reading; another library makes an array of it.

        Returns
        -------
        PyCapsule
            It can be used once.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> mx.nd.from_dlpack(x.to_dlpack_for_read()).asnumpy()
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        if self._is_on_gpu:
            return self.__dlpack__()
        return capsules.exported(self._host_memory())

    def to_dlpack_for_write(self) -> Any:
        """Return a DLPack capsule for writing into the array's memory.

        Returns
        -------
        PyCapsule
            It can be used once.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> shared = mx.nd.from_dlpack(x.to_dlpack_for_write())
        >>> shared[:] = 0
        >>> x.asnumpy()
        array([[0., 0.],
               [0., 0.]], dtype=float32)
        """
        self._require_writable()
        if self._is_on_gpu:
            exports.note(self._buffer)
            return device_capsules.exported_for_writing(self._buffer, self._backend)
        return capsules.exported_for_writing(self._exported_memory())

    @property
    def _is_on_gpu(self) -> bool:
        return hasattr(self._buffer, "__cuda_array_interface__")

    @property
    def _shares_host_memory(self) -> bool:
        return isinstance(self._buffer, np.ndarray)

    def _host_memory(self) -> np.ndarray:
        """Return the NumPy array that shares the memory; raise a ValueError if none can."""
        return host_memory.shared(self)

    def _exported_memory(self) -> np.ndarray:
        """Return `_host_memory()` for another library, which may write to it."""
        exports.note(self._buffer)
        return self._host_memory()

    # Pickling

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self),), self.__getstate__()

    def __getstate__(self) -> dict[str, bytearray]:
        np_shape = is_np_shape() or not self.shape
        contents = dumps_record(self._record(), np_shape=np_shape, hold=exclusively)
        return {"handle": bytearray(contents)}

    def __setstate__(self, state: dict[str, bytearray]) -> None:
        record = loads_record(state["handle"])
        if not isinstance(record, DenseRecord):
            raise TypeError("this is the state of a sparse array, and the array is dense")
        self._ctx = Context("cpu", 0)
        self._backend = backend_of("cpu", 0)
        self._memory = self._backend.upload(record.data)
        self._marking = None
        self.writable = True

    def _record(self) -> Record:
        """Return the array's record for files and pickles; it may share the host's memory."""
        try:
            host = self._backend.on_host(self._memory)
        except MXNetError:  # the memory of another device
            host = self.asnumpy()
        return DenseRecord(host, self._ctx.device_typeid, self._ctx.device_id)

    # To other contexts, dtypes, storage types and classes

    def copy(self) -> Self:
        """Copy the array, on its context.

        Returns
        -------
        NDArray
            Equal elements in memory of its own.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> y = x.copy()
        >>> y[:] = 0
        >>> x.asnumpy()
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        return self.copyto(self._ctx)

    @overload
    def copyto(self, other: Context) -> Self: ...
    @overload
    def copyto(self, other: AnyNDArray) -> AnyNDArray: ...
    def copyto(self, other: Any) -> Any:
        """Copy the elements into another array, or to another context.

        Parameters
        ----------
        other : NDArray or Context
            An array of the same shape, of any dtype and on any context, which is written in place
            and returned; or the context of a new array.

        Returns
        -------
        NDArray
            The array that was written.

        Raises
        ------
        TypeError
            If `other` is something else.
        MXNetError
            If the shapes differ.

        Notes
        -----
        Copying an array to itself warns and returns False, as in MXNet.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([1, 2]).copyto(mx.cpu(1)).context
        cpu(1)
        """
        if isinstance(other, Context):
            return invoke(MOVE, (self,), {"ctx": other})
        if not is_array(other):
            raise TypeError(
                f"copyto writes into an NDArray or onto a Context, not {type(other).__name__}"
            )
        if other is self or self._is_same_memory(other):
            warn_caller("an array was copied to itself", RuntimeWarning)
            return False
        check_copyto(self, other)
        return invoke(COPY, (self,), {}, out=other)

    def _is_same_memory(self, other: NDArray) -> bool:
        return other._buffer is self._memory

    def as_in_context(self, context: Context) -> Self:
        """Return the array itself if it is on a context, else a copy there.

        Parameters
        ----------
        context : Context
            Where it is wanted.

        Returns
        -------
        NDArray
            On `context`.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.as_in_context(mx.cpu(1)).context
        cpu(1)
        >>> x.as_in_context(mx.cpu(0)) is x
        True
        """
        return self if self._ctx == context else self.copyto(context)

    def as_in_ctx(self, ctx: Context) -> Self:
        """Return the array on a context; the same as `as_in_context`.

        Parameters
        ----------
        ctx : Context
            Where it is wanted.

        Returns
        -------
        NDArray
            On `ctx`.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.as_in_ctx(mx.cpu(1)).context
        cpu(1)
        """
        return self.as_in_context(ctx)

    def astype(self, dtype: DTypeLike, copy: bool = True) -> Self:
        """Convert the elements.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype. Floats become integers by dropping the fraction; narrower floats are
            rounded to nearest, ties to even.
        copy : bool, default True
            With False, an array that has the dtype already is returned itself.

        Returns
        -------
        NDArray
            On the same context, and of the same storage type: a sparse array keeps its ids, and
            what becomes zero stays stored.

        Raises
        ------
        UnsupportedDTypeError
            If there is no such dtype; also a TypeError.

        Notes
        -----
        MXNet cuts bits off when it converts to bfloat16; here they are rounded.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([1.7, -2.7]).astype('int32')
        <BLANKLINE>
        [ 1 -2]
        <NDArray 2 @cpu(0)>
        """
        wanted = as_dtype(dtype)
        if not copy and wanted == self._buffer.dtype:
            return self
        return invoke(MOVE, (self,), {"ctx": self._ctx, "dtype": wanted})

    def tostype(self, stype: str) -> NDArray:
        """Convert to a storage type.

        Parameters
        ----------
        stype : {'default', 'row_sparse', 'csr'}
            The storage type wanted; ``'csr'`` needs two dimensions.

        Returns
        -------
        NDArray, RowSparseNDArray or CSRNDArray
            A copy. Stored zeros stay stored if the storage type does.

        Raises
        ------
        ValueError
            If there is no such storage type, or the array does not fit it: a sparse array does not
            convert to the other sparse storage type.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[0, 0], [3, 4]])
        >>> x.tostype("row_sparse").indices.asnumpy()
        array([1])
        """
        return invoke(OPERATIONS["cast_storage"], (self,), {"stype": stype})

    def as_np_ndarray(self) -> Any:
        """Return an ``mx.np.ndarray`` that shares this array's memory.

        Returns
        -------
        numparam.np.ndarray
            With NumPy's shapes and indexing.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.as_np_ndarray()
        array([[1., 2.],
               [3., 4.]])
        """
        return self._as_class(kinds.numpy_array())

    def as_nd_ndarray(self) -> NDArray:
        """Return the array as an `NDArray`: itself.

        Returns
        -------
        NDArray
            This array.

        Examples
        --------
        >>> import numparam as mx
        >>> type(mx.np.ones((2,)).as_nd_ndarray()).__name__
        'NDArray'
        """
        return self

    def _as_class(self, array_class: type[AnyNDArray]) -> AnyNDArray:
        """Return an array of another class on the same memory, with the same marking."""
        result = self._handle(array_class)
        result._marking = self._marking
        return result

    def __copy__(self) -> NDArray:
        return self._handle(self._array_class)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        duplicate = self.copy()
        memo[id(self)] = duplicate
        if self._marking is not None and self._marking.grad_req is not None:
            grad = self._marking.grad
            if grad is not None:
                known = memo.get(id(grad))
                grad = grad.__deepcopy__(memo) if known is None else known
            duplicate._mark(grad, self._marking.grad_req)
            duplicate._fresh_grad = self._fresh_grad
        return duplicate

    def wait_to_read(self) -> None:
        """Wait until the array's values are computed.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.wait_to_read()
        """
        self._backend.synchronize()

    # Other shapes

    def reshape(self, *shape: Any, **keywords: Any) -> Self:
        """Return an array on the same memory in another shape.

        Parameters
        ----------
        *shape : int, or one tuple
            The new lengths. 0 keeps a length, -1 stands for what is left, -2 for all remaining
            dimensions, -3 for the product of two, -4 for one split into the two numbers after it.
        reverse : bool, default False
            Whether these codes are matched from the last dimension to the first.

        Returns
        -------
        NDArray
            It shares this array's memory.

        Raises
        ------
        ValueError
            If the elements do not fit; also an MXNetError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.zeros((2, 3, 4)).reshape((0, -1)).shape
        (2, 12)
        """
        reverse = bool(keywords.pop("reverse", False))
        if not shape:
            if "shape" not in keywords:
                raise MissingShapeError("reshape needs a shape, such as reshape((2, -1))")
            shape = (keywords.pop("shape"),)
        if keywords:
            raise TypeError(
                f"reshape has no argument {', '.join(keywords)}; it has shape and reverse"
            )
        codes = as_integers(shape[0] if len(shape) == 1 else shape)
        try:
            wanted = coded_shape(self.shape, codes, reverse)
        except ValueError as error:
            raise CannotReshapeError(f"cannot reshape {self.shape} as asked: {error}") from None
        return self._in_shape(wanted)

    def _in_shape(self, shape: tuple[int, ...]) -> Self:
        """Return an array on the same memory in a shape of equal size."""
        return indexing.view(self, 0, shape)

    def flatten(
        self, inplace: bool = False, out: NDArray | None = None, name: str | None = None
    ) -> NDArray:
        """Return a matrix with one row for each index of the first axis.

        Parameters
        ----------
        inplace : bool, default False
            Whether the result shares this array's memory; else it is a copy.
        out : NDArray, optional
            Where to write the copy.
        name : str, optional
            Ignored; MXNet's symbols have names.

        Returns
        -------
        NDArray
            Of shape ``(d1, d2 * d3 * …)``.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.zeros((2, 3, 4))
        >>> x.flatten(inplace=True)[:] = 1
        >>> x.sum().asnumpy()
        array([24.], dtype=float32)
        """
        if not inplace:
            return invoke(OPERATIONS["flatten"], (self,), {}, out)
        return self._in_shape((self.shape[0], math.prod(self.shape[1:])))

    def expand_dims(
        self,
        axis: int,
        inplace: bool = False,
        out: NDArray | None = None,
        name: str | None = None,
    ) -> NDArray:
        """Return the array with a further axis of length 1.

        Parameters
        ----------
        axis : int
            Where it stands in the new shape; negative numbers count from the end.
        inplace : bool, default False
            Whether the result shares this array's memory; else it is a copy.
        out : NDArray, optional
            Where to write the copy.
        name : str, optional
            Ignored; MXNet's symbols have names.

        Returns
        -------
        NDArray
            With one dimension more.

        Raises
        ------
        MXNetError
            If there is no such axis in the new shape.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.zeros((2, 3)).expand_dims(1).shape
        (2, 1, 3)
        """
        if not inplace:
            return invoke(OPERATIONS["expand_dims"], (self,), {"axis": axis}, out)
        return self._in_shape(self._shape_after("expand_dims", {"axis": axis}))

    def squeeze(
        self,
        axis: int | Sequence[int] | None = None,
        inplace: bool = False,
        out: NDArray | None = None,
        name: str | None = None,
    ) -> NDArray:
        """Return the array without axes of length 1.

        Parameters
        ----------
        axis : int or sequence of int, optional
            The axes to drop; all of length 1 by default.
        inplace : bool, default False
            Whether the result shares this array's memory; else it is a copy.
        out : NDArray, optional
            Where to write the copy.
        name : str, optional
            Ignored; MXNet's symbols have names.

        Returns
        -------
        NDArray
            With at least one dimension.

        Raises
        ------
        MXNetError
            If there is no such axis, or its length is not 1.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.zeros((1, 3, 1)).squeeze().shape, mx.nd.zeros((1, 3, 1)).squeeze(0).shape
        ((3,), (3, 1))
        """
        if not inplace:
            return invoke(OPERATIONS["squeeze"], (self,), {"axis": axis}, out)
        return self._in_shape(self._shape_after("squeeze", {"axis": axis}))

    def _shape_after(self, name: str, attributes: dict[str, Any]) -> tuple[int, ...]:
        """Return the shape that an operation gives, from an array without memory of its own."""
        one = np.broadcast_to(np.zeros((), "bool"), self.shape)
        try:
            return OPERATIONS[name].forward(one, **attributes).shape
        except ValueError as error:
            raise CannotReshapeError(
                f"{name} of an array of shape {self.shape} cannot be computed: {error}"
            ) from error

    def reshape_like(self, rhs: NDArray, **keywords: Any) -> Self:
        """Return a copy in the shape of another array.

        Parameters
        ----------
        rhs : NDArray
            The array with the shape.
        **keywords : int
            ``lhs_begin``, ``lhs_end``, ``rhs_begin``, ``rhs_end``: which dimensions of this array
            are replaced by which of the other.

        Returns
        -------
        NDArray
            A copy.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.reshape_like(mx.nd.zeros((4, 1))).shape
        (4, 1)
        """
        return invoke(OPERATIONS["reshape_like"], (self, rhs), keywords)

    def transpose(self, axes: Any = (), *more: int) -> Self:
        """Return a copy with the axes in another order.

        Parameters
        ----------
        axes : tuple of int, or int, default ()
            The order; reversed if not given. A number is the one axis of a vector.
        *more : int
            Not allowed: the axes are one tuple.

        Returns
        -------
        NDArray
            A copy.

        Raises
        ------
        TypeError
            If the axes are not one tuple.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.zeros((2, 3, 4)).transpose((1, 0, 2)).shape
        (3, 2, 4)
        """
        if more:
            raise TypeError("axes must be one tuple, such as transpose((1, 0))")
        return invoke(OPERATIONS["transpose"], (self,), {"axes": integers(axes)})

    def flip(self, axis: Any) -> Self:
        """Return a copy in reverse order along axes.

        Parameters
        ----------
        axis : int or tuple of int
            The axes.

        Returns
        -------
        NDArray
            A copy.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> x.flip(axis=1).asnumpy()
        array([[2., 1.],
               [4., 3.]], dtype=float32)
        """
        return invoke(OPERATIONS["flip"], (self,), {"axis": axis})

    def broadcast_to(self, shape: Any) -> Self:
        """Return a copy broadcast to a shape.

        Parameters
        ----------
        shape : tuple of int
            The new shape.

        Returns
        -------
        NDArray
            A copy.

        Raises
        ------
        ValueError
            If the array does not broadcast to `shape`; also an MXNetError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([[1], [2]]).broadcast_to((2, 3)).asnumpy()
        array([[1., 1., 1.],
               [2., 2., 2.]], dtype=float32)
        """
        wanted = integers(shape)
        missing = len(wanted) - self.ndim
        if missing < 0:
            raise OperationError(f"an array of shape {self.shape} does not broadcast to {wanted}")
        stretched = self._in_shape((1,) * missing + tuple(self.shape)) if missing else self
        return invoke(OPERATIONS["broadcast_to"], (stretched,), {"shape": wanted})

    def broadcast_like(self, other: NDArray) -> Self:
        """Return a copy in the shape of another array, as `broadcast_to` does.

        Parameters
        ----------
        other : NDArray
            The array with the shape.

        Returns
        -------
        NDArray
            A copy.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([[1], [2]]).broadcast_like(mx.nd.zeros((2, 3))).asnumpy()
        array([[1., 1., 1.],
               [2., 2., 2.]], dtype=float32)
        """
        return self.broadcast_to(other.shape)

    def split_v2(
        self, indices_or_sections: int | Sequence[int], axis: int = 0, squeeze_axis: bool = False
    ) -> list[NDArray]:
        """Split along an axis.

        Parameters
        ----------
        indices_or_sections : int or sequence of int
            How many equal parts, or where the parts after the first one begin.
        axis : int, default 0
            The axis.
        squeeze_axis : bool, default False
            Whether parts of length 1 lose the axis.

        Returns
        -------
        list of NDArray
            The parts; a single array if there is one part.

        Raises
        ------
        ValueError
            If the array cannot be split into equal parts.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.nd.array([[1, 2], [3, 4]])
        >>> [part.asnumpy().tolist() for part in x.split_v2(2, axis=1)]
        [[[1.0], [3.0]], [[2.0], [4.0]]]
        """
        attributes: dict[str, Any] = {"axis": axis, "squeeze_axis": squeeze_axis}
        if isinstance(indices_or_sections, int):
            attributes["sections"] = indices_or_sections
        else:
            attributes["indices"] = integers(indices_or_sections)
        return invoke(OPERATIONS["_split_v2"], (self,), attributes)

    # Operators

    __add__ = forward(BINARY["add"])
    __sub__ = forward(BINARY["subtract"])
    __mul__ = forward(BINARY["multiply"])
    __truediv__ = forward(BINARY["divide"])
    __mod__ = forward(BINARY["modulo"])
    __pow__ = forward(BINARY["power"])
    __eq__ = forward(BINARY["equal"])  # type: ignore[assignment]
    __ne__ = forward(BINARY["not_equal"])  # type: ignore[assignment]
    __lt__ = forward(BINARY["lesser"])
    __le__ = forward(BINARY["lesser_equal"])
    __gt__ = forward(BINARY["greater"])
    __ge__ = forward(BINARY["greater_equal"])

    __radd__ = reflected(BINARY["add"])
    __rsub__ = reflected(BINARY["subtract"])
    __rmul__ = reflected(BINARY["multiply"])
    __rtruediv__ = reflected(BINARY["divide"])
    __rmod__ = reflected(BINARY["modulo"])
    __rpow__ = reflected(BINARY["power"])

    __iadd__ = in_place(BINARY["add"])
    __isub__ = in_place(BINARY["subtract"])
    __imul__ = in_place(BINARY["multiply"])
    __itruediv__ = in_place(BINARY["divide"])
    __imod__ = in_place(BINARY["modulo"])
    # No `**=`: as in MXNet it makes a new array, so that a parameter under another name stays.

    def __neg__(self) -> Self:
        return self * -1.0

    def __abs__(self) -> Self:
        return invoke(OPERATIONS["abs"], (self,), {})

    # Operations of the table that are methods, too

    if not TYPE_CHECKING:  # their types are those of `OperationMethods`
        abs = method("abs")
        arccos = method("arccos")
        arccosh = method("arccosh")
        arcsin = method("arcsin")
        arcsinh = method("arcsinh")
        arctan = method("arctan")
        arctanh = method("arctanh")
        argmax = method("argmax")
        argmax_channel = method("argmax_channel")
        argmin = method("argmin")
        argsort = method("argsort")
        broadcast_axes = method("broadcast_axes")
        broadcast_axis = method("broadcast_axis")
        cbrt = method("cbrt")
        ceil = method("ceil")
        choose_element_0index = method("choose_element_0index")
        clip = method("clip")
        cos = method("cos")
        cosh = method("cosh")
        crop = method("crop")
        degrees = method("degrees")
        depth_to_space = method("depth_to_space")
        diag = method("diag")
        exp = method("exp")
        expm1 = method("expm1")
        fix = method("fix")
        Flatten = method("Flatten")
        floor = method("floor")
        log = method("log")
        log10 = method("log10")
        log1p = method("log1p")
        log2 = method("log2")
        log_softmax = method("log_softmax")
        max = method("max")
        max_axis = method("max_axis")
        mean = method("mean")
        min = method("min")
        min_axis = method("min_axis")
        nanprod = method("nanprod")
        nansum = method("nansum")
        norm = method("norm")
        one_hot = method("one_hot")
        ones_like = method("ones_like")
        pad = method("pad")
        Pad = method("Pad")
        pick = method("pick")
        prod = method("prod")
        radians = method("radians")
        rcbrt = method("rcbrt")
        reciprocal = method("reciprocal")
        relu = method("relu")
        repeat = method("repeat")
        rint = method("rint")
        round = method("round")
        rsqrt = method("rsqrt")
        shape_array = method("shape_array")
        sigmoid = method("sigmoid")
        sign = method("sign")
        sin = method("sin")
        sinh = method("sinh")
        size_array = method("size_array")
        slice = method("slice")
        slice_axis = method("slice_axis")
        slice_like = method("slice_like")
        SliceChannel = method("SliceChannel")
        softmax = method("softmax")
        softmin = method("softmin")
        sort = method("sort")
        space_to_depth = method("space_to_depth")
        split = method("split")
        sqrt = method("sqrt")
        square = method("square")
        sum = method("sum")
        sum_axis = method("sum_axis")
        swapaxes = method("swapaxes")
        SwapAxis = method("SwapAxis")
        take = method("take")
        tan = method("tan")
        tanh = method("tanh")
        tile = method("tile")
        topk = method("topk")
        trunc = method("trunc")
        zeros_like = method("zeros_like")


NDArray._array_class = NDArray


def _unpickled(array_class: type) -> Any:
    return object.__new__(array_class)


def __getattr__(name: str) -> Any:
    """Return the factories and functions that ``mxnet.ndarray.ndarray`` holds beside the class."""
    if name in LEGACY_NAMES:
        return LEGACY_NAMES[name]
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r:.200}")
    return getattr(sys.modules[__package__], name)


show_public_names(__name__)
