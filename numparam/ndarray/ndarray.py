"""The dense array: a handle on a buffer of some device, with MXNet's interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numparam.context import Context
from numparam.devices import epochs
from numparam.devices.backend import Backend, Buffer
from numparam.devices.registry import backend_of
from numparam.ndarray.conversions import Conversions
from numparam.ndarray.gradients import Gradients
from numparam.ndarray.indexing import Indexing
from numparam.ndarray.methods import Methods
from numparam.ndarray.operators import Operators
from numparam.ndarray.presentation import Presentation
from numparam.ndarray.protocols import Protocols

__all__ = ["NDArray"]


class _Marking:
    """What autograd knows about one array."""

    __slots__ = ("fresh", "grad", "grad_req")

    def __init__(self, grad: NDArray | None = None, grad_req: str | None = None) -> None:
        self.grad = grad
        self.grad_req = grad_req
        self.fresh = 0


class NDArray(Operators, Indexing, Methods, Conversions, Gradients, Presentation, Protocols):
    """A dense array of one dtype in the memory of one context.

    Arrays are made by `array`, `zeros` and the other factories of `numparam.nd`, or by operations
    on other arrays. Contiguous slices and reshapes share their array's memory; in-place operations
    write into it.

    Attributes
    ----------
    writable : bool
        Whether item assignment and in-place operations are allowed.

    Notes
    -----
    The interface is that of MXNet 1.9.1's ``mxnet.nd.NDArray``. In addition arrays speak NumPy's
    array, ufunc and DLPack protocols, and have ``item`` and ``tolist``.

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

    __slots__ = ("__weakref__", "_backend", "_bound", "_ctx", "_marking", "writable")

    _ctx: Context
    _backend: Backend
    _bound: Buffer
    _marking: _Marking | None
    writable: bool

    # The class of the dense results of operations on arrays of this class.
    _array_class: type[NDArray]

    def __new__(cls, *arguments: object, **keywords: object) -> NDArray:
        """Refuse to be called; the factories make arrays.

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
    ) -> NDArray:
        """Make a handle on memory that exists.

        Parameters
        ----------
        buffer : object
            What the context's backend made: C-contiguous, with ``shape`` and ``dtype``. It is not
            copied.
        ctx : Context
            Where the memory is.
        backend : Backend, optional
            The backend of `ctx`, where the caller has it at hand.
        writable : bool, default True
            Whether the memory may be written through the array.

        Returns
        -------
        NDArray
            Of the class it is called on.
        """
        array = object.__new__(cls)
        array._ctx = ctx
        array._backend = backend or backend_of(ctx.device_type, ctx.device_id)
        array._bound = buffer
        array._marking = None
        array.writable = writable
        return array

    # Memory

    @property
    def _buffer(self) -> Buffer:
        return self._bound

    @_buffer.setter
    def _buffer(self, buffer: Buffer) -> None:
        self._bound = buffer
        epochs.bump()

    @property
    def handle(self) -> Buffer:
        """The buffer that the array is a handle on."""
        return self._buffer

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return self._buffer.shape

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._buffer.size)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> type:
        """The element type, a NumPy scalar type such as ``numpy.float32``, or bfloat16's."""
        return self._buffer.dtype.type

    @property
    def stype(self) -> str:
        """The storage type: ``'default'``, ``'row_sparse'`` or ``'csr'``."""
        return "default"

    @property
    def context(self) -> Context:
        """The context whose memory holds the array."""
        return self._ctx

    @property
    def ctx(self) -> Context:
        """The same as `context`."""
        return self._ctx

    @property
    def T(self) -> NDArray:
        """A copy with the axes in reverse order; with fewer than two axes, the array itself."""
        return self.transpose() if len(self.shape) > 1 else self

    # Marking for autograd

    def _mark(self, grad: NDArray | None, grad_req: str) -> None:
        """Make gradients of this array go to `grad` as `grad_req` says; they are not fresh."""
        self._marking = _Marking(grad, grad_req)

    @property
    def grad(self) -> NDArray | None:
        """The array that gradients of this one are written to; None if it has none.

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
    def _fresh_grad(self, fresh: bool) -> None:
        if self._marking is None:
            self._marking = _Marking()
        self._marking.fresh = int(bool(fresh))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Stand for the fluent methods, which the table of operations adds."""


NDArray._array_class = NDArray


def __getattr__(name: str) -> Any:
    """Give what ``mxnet.ndarray.ndarray`` holds beside the class: the factories and functions."""
    from numparam.ndarray.legacy_numbers import LEGACY_NAMES

    if name in LEGACY_NAMES:
        return LEGACY_NAMES[name]
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import numparam.ndarray as package

    return getattr(package, name)
