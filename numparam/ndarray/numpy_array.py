"""The array of ``mx.np``: a handle on a buffer of some device, with NumPy's interface."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Self, overload

import numpy as np

from numparam._missing import show_public_names
from numparam.context import Context
from numparam.ndarray import indexing, kinds
from numparam.ndarray.ndarray import AnyNDArray, NDArray
from numparam.ndarray.numpy_operations.arithmetic import BINARY
from numparam.ndarray.numpy_operations.functions import FUNCTIONS, of_ufunc
from numparam.ndarray.numpy_operations.linear import MATMUL
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.operations.axes import axes_of, axis_of, integers
from numparam.ndarray.operators import forward, in_place, reflected, unary
from numparam.ndarray.values import NUMBERS, as_host_array
from numparam.types.dtypes import DTypeLike
from numparam.types.shapes import as_integers

if TYPE_CHECKING:  # the types of the methods that are made from the table of operations
    from numparam.ndarray.operation_methods import NumpyOperationMethods
else:
    NumpyOperationMethods = NDArray

__all__ = ["answer_numpy", "c_order", "ndarray"]

# The dtypes that the printed values show by themselves.
_SHOWN_BY_VALUES = (np.dtype(np.float32), np.dtype(np.bool_))


# The functions of `mx.np`, and their signatures, by those of NumPy that they answer for.
_ANSWERS: dict[Any, tuple[Callable[..., Any], inspect.Signature]] = {}


def answer_numpy(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Register functions that compute what NumPy's of the same names are asked for.

    Parameters
    ----------
    functions : mapping of str to callable
        By the names of the functions of `numpy`.
    """
    for name, function in functions.items():
        _ANSWERS[getattr(np, name)] = function, inspect.signature(function)


def c_order(order: str | None, name: str, *, of_new: bool = False) -> None:
    """Check that an order of memory is C's.

    Parameters
    ----------
    order : str or None
        The order that was asked for.
    name : str
        The function, for the message.
    of_new : bool, default False
        True for functions without an input array, where the orders 'A' and 'K' make no sense.

    Raises
    ------
    NotImplementedError
        For another order.
    """
    if order != "C" and (of_new or order not in ("K", "A", None)):
        raise NotImplementedError(f"{name} makes arrays in C order only, not in order {order!r}")


class _Unavailable:
    """A method of classic arrays that ``mx.np`` arrays do not have."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, array: Any, array_class: type) -> NoReturn:
        if self._name in _FUNCTIONS_INSTEAD or f"_np_{self._name}" in OPERATIONS:
            instead = f"mx.np.{self._name}(array)"
        else:
            instead = f"array.as_nd_ndarray().{self._name}(...) or mx.npx, which has the layers"
        raise AttributeError(f"an mx.np array has no method {self._name!r}; use {instead}")


@kinds.enter_numpy_array
class ndarray(NumpyOperationMethods):
    """A dense array of one dtype in the memory of one context, with NumPy's semantics.

    Made by `numparam.np.array` and the other factories of `numparam.np`, by operations on such
    arrays, and by ``as_np_ndarray()`` of a classic array, which shares its memory.

    Notes
    -----
    Against classic arrays: ``()`` and lengths of 0 are ordinary shapes, whatever the mode; results
    of one element have shape ``()``; comparisons give booleans, which select as masks; arrays of
    different dtypes mix. Classic arrays do not: convert with ``as_np_ndarray()`` and
    ``as_nd_ndarray()``. As in MXNet a number takes the dtype of the array it meets, so that an
    int32 array times 1.5 is the array times 1.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.np.array([[1, 2], [3, 4]])
    >>> weight[weight > 2] = 0
    >>> weight
    array([[1., 2.],
           [0., 0.]])
    >>> weight.sum().shape
    ()
    """

    __slots__ = ()

    def __new__(cls, *arguments: object, **keywords: object) -> Self:
        """Raise a TypeError: the factories make arrays.

        ``ndarray(None)``, which MXNet's pickles call before they set the state, is an exception.
        """
        if arguments == (None,) and not keywords:
            return object.__new__(cls)
        raise TypeError(
            "mx.np.ndarray is not made by calling it; use mx.np.array(values), mx.np.zeros(shape), "
            "or another factory"
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type, as `numpy.dtype`."""
        return self._buffer.dtype

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return int(self._buffer.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return int(self._buffer.nbytes)

    @property
    def grad(self) -> ndarray | None:
        """The array that gradients of this one are written to, or None."""
        grad = super().grad
        return None if grad is None or grad.stype != "default" else grad.as_np_ndarray()

    def attach_grad(self, grad_req: str = "write") -> None:  # type: ignore[override]
        """Attach a gradient array of zeros.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}, default 'write'
            What happens to incoming gradients.

        Raises
        ------
        KeyError
            If there is no such `grad_req`.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.np.ones((2,))
        >>> weight.attach_grad()
        >>> weight.grad
        array([0., 0.])
        """
        super().attach_grad(grad_req)

    def astype(  # type: ignore[override]
        self,
        dtype: DTypeLike,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> ndarray:
        """Convert the elements.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype.
        order : {'K', 'C', 'A'}
            Accepted for compatibility with NumPy; the memory is in C order.
        casting : {'unsafe'}
            Accepted for compatibility with NumPy; every conversion is allowed.
        subok : bool
            Accepted for compatibility with NumPy.
        copy : bool, default True
            With False, an array that has the dtype already is returned itself.

        Returns
        -------
        ndarray
            On the same context.

        Raises
        ------
        UnsupportedDTypeError
            If there is no such dtype; also a TypeError.
        NotImplementedError
            For another `order` or `casting`.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.np.array([1.7, -2.7]).astype('int32')
        array([ 1, -2], dtype=int32)
        """
        if order == "F" or casting != "unsafe":
            raise NotImplementedError(
                f"astype supports only order='K' and casting='unsafe', not order={order!r} and "
                f"casting={casting!r}"
            )
        return super().astype(dtype, copy=copy)

    @overload
    def copyto(self, other: Context) -> Self: ...
    @overload
    def copyto(self, other: AnyNDArray) -> AnyNDArray: ...
    def copyto(self, other: Any) -> Any:
        """Copy the elements into another array, or to another context.

        Parameters
        ----------
        other : ndarray or Context
            An array of the same shape, of any dtype and on any context, which is written in place
            and returned; or the context of a new array.

        Returns
        -------
        ndarray
            The array that was written.

        Raises
        ------
        TypeError
            If `other` is something else; also for a classic array.
        MXNetError
            If the shapes differ.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.np.ones((2,)).copyto(mx.np.zeros((2,)))
        array([1., 1.])
        """
        if not isinstance(other, (ndarray, Context)):
            hint = "; pass it as_np_ndarray()" if isinstance(other, NDArray) else ""
            raise TypeError(
                "an mx.np array is copied into another one or to a Context, not into "
                f"{type(other).__name__}{hint}"
            )
        return super().copyto(other)

    def as_np_ndarray(self) -> ndarray:
        """Return the array as an ``mx.np`` array: itself.

        Returns
        -------
        ndarray
            This array.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.as_np_ndarray() is x
        True
        """
        return self

    def as_nd_ndarray(self) -> NDArray:
        """Return a classic array that shares this array's memory.

        Returns
        -------
        NDArray
            With MXNet's older rules for shapes, dtypes and indexes.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.np.zeros((2,))
        >>> weight.as_nd_ndarray()[:] = 5
        >>> weight
        array([5., 5.])
        """
        return self._as_class(NDArray)

    # Other shapes

    def reshape(self, *shape: Any, order: str = "C") -> Self:
        """Return an array on the same memory in another shape.

        Parameters
        ----------
        *shape : int, or one tuple
            The new lengths; one of them may be -1, for what is left.
        order : {'C'}
            The order of the elements.

        Returns
        -------
        ndarray
            It shares this array's memory.

        Raises
        ------
        ValueError
            If the elements do not fit; also an MXNetError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.np.zeros((2, 3)).reshape(-1, 2).shape
        (3, 2)
        """
        c_order(order, "reshape")
        lengths = as_integers(shape[0] if len(shape) == 1 else shape)
        return self._in_shape(_completed(lengths, self.shape))

    def ravel(self, order: str = "C") -> Self:
        """Return a one-dimensional array on the same memory.

        Parameters
        ----------
        order : {'C'}
            The order of the elements.

        Returns
        -------
        ndarray
            It shares this array's memory.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.ravel()
        array([1., 2., 3., 4.])
        """
        c_order(order, "ravel")
        return self._in_shape((self.size,))

    def flatten(self, order: str = "C") -> Self:  # type: ignore[override]
        """Return a one-dimensional copy.

        Parameters
        ----------
        order : {'C'}
            The order of the elements.

        Returns
        -------
        ndarray
            A copy.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.flatten()
        array([1., 2., 3., 4.])
        """
        c_order(order, "flatten")
        return invoke(OPERATIONS["_np_flatten"], (self,), {})

    def squeeze(self, axis: int | Sequence[int] | None = None) -> Self:  # type: ignore[override]
        """Return an array on the same memory without axes of length 1.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Which; all of them if not given.

        Returns
        -------
        ndarray
            It shares this array's memory.

        Raises
        ------
        ValueError
            If an axis is longer, or does not exist; also an MXNetError.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x[:1].squeeze()
        array([1., 2.])
        """
        shape = self.shape
        if axis is None:
            return self._in_shape(tuple(length for length in shape if length != 1))
        try:
            axes = axes_of(axis, len(shape)) if integers(axis) else ()
        except ValueError as error:
            raise OperationError(str(error)) from None
        for number in axes:
            if shape[number] != 1:
                raise OperationError(
                    f"axis {number} of shape {shape} has length {shape[number]}; only axes of "
                    "length 1 can be left out"
                )
        return self._in_shape(tuple(n for number, n in enumerate(shape) if number not in axes))

    def _expanded(self, axis: int | Sequence[int]) -> Self:
        """Return an array on the same memory with new axes of length 1 at the given positions."""
        numbers = integers(axis)
        try:
            places = {axis_of(number, self.ndim + len(numbers)) for number in numbers}
        except ValueError as error:
            raise OperationError(str(error)) from None
        if len(places) < len(numbers):
            raise OperationError(f"axis {axis} names an axis twice")
        rest = iter(self.shape)
        total = self.ndim + len(numbers)
        return self._in_shape(tuple(1 if at in places else next(rest) for at in range(total)))

    def transpose(self, *axes: Any) -> Self:
        """Return a copy with the axes in another order.

        Parameters
        ----------
        *axes : int, or one tuple
            The order; the reverse one if not given.

        Returns
        -------
        ndarray
            A copy.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.transpose()
        array([[1., 3.],
               [2., 4.]])
        """
        if len(axes) == 1:
            order = None if axes[0] is None else as_integers(axes[0])
        else:
            order = axes or None
        return invoke(OPERATIONS["_np_transpose"], (self,), {"axes": order})

    def copy(self, order: str = "C") -> Self:
        """Copy the array, on its context.

        Parameters
        ----------
        order : {'C'}
            The order of the memory.

        Returns
        -------
        ndarray
            Equal elements in memory of its own.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.copy()
        array([[1., 2.],
               [3., 4.]])
        """
        c_order(order, "copy")
        return self.copyto(self._ctx)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        out = keywords.get("out")
        to_numpy = out is not None and any(isinstance(target, np.ndarray) for target in out)
        function = of_ufunc(ufunc)
        if function is None or method != "__call__" or set(keywords) - {"out"} or to_numpy:
            return super().__array_ufunc__(ufunc, method, *inputs, **keywords)
        return function(*inputs, out=None if out is None else out[0])

    def __array_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Compute what ``mx.np`` has under a NumPy function's name, so that gradients flow.

        Other functions, keywords that only NumPy knows, and calls with NumPy's arrays beside these
        are NumPy's own, as on `numpy.asarray` of each array.
        """
        if function in _ANSWERS and all(issubclass(kind, ndarray) for kind in types):
            answer, signature = _ANSWERS[function]
            try:
                signature.bind(*arguments, **keywords)
            except TypeError:  # arguments that only NumPy's function takes
                pass
            else:
                return answer(*arguments, **keywords)
        return function._implementation(*arguments, **keywords)

    # Reading and writing parts

    def __getitem__(self, key: Any) -> Self:
        if type(key) is int:
            return indexing.row(self, key, ())
        if (type(key) is tuple and not key) or (isinstance(key, slice) and key == slice(None)):
            return self
        return indexing.read(self, _with_masks(key), ())

    def _at(self, position: int) -> Self:
        return indexing.row(self, position, ())

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, NDArray) and not isinstance(value, ndarray):
            raise TypeError(
                f"an {type(value).__name__} cannot be written into an mx.np array; write its "
                "as_np_ndarray(), which shares its memory"
            )
        indexing.write(self, _with_masks(key), value)

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def nonzero(self) -> tuple[Self, ...]:
        """Return the positions of the nonzero elements.

        Returns
        -------
        tuple of ndarray
            One array of int64 for each axis; as a key, they select the elements.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.nonzero()
        (array([0, 0, 1, 1], dtype=int64), array([0, 1, 0, 1], dtype=int64))
        """
        return tuple(invoke(OPERATIONS["_np_nonzero"], (self,), {}))

    def take(  # type: ignore[override]
        self,
        indices: Any,
        axis: int | None = None,
        out: ndarray | None = None,
        mode: str = "raise",
    ) -> Self:
        """Return the elements at positions; see `numparam.np.take`.

        Examples
        --------
        >>> import numparam as mx
        >>> x = mx.np.array([[1, 2], [3, 4]])
        >>> x.take(mx.np.array([1]), axis=0)
        array([[3., 4.]])
        """
        positions = self._beside(indices, np.dtype(np.int64), "take")
        attributes = {"axis": axis, "mode": mode}
        return invoke(OPERATIONS["_np_take"], (self, positions), attributes, out)

    def _beside(self, value: Any, dtype: np.dtype[Any], name: str) -> ndarray:
        """Return a number, list or NumPy array as an array on this one's context."""
        if isinstance(value, ndarray):
            return value
        if isinstance(value, (*NUMBERS, list, tuple)):
            host = as_host_array(value, dtype).astype(dtype, copy=False)
        elif isinstance(value, np.ndarray):
            host = as_host_array(value, value.dtype)
        else:
            raise kind_error(name, value)
        return self.from_buffer(self._backend.upload(host), self._ctx, self._backend)

    # Text

    def __repr__(self) -> str:
        host = self.asnumpy()
        parts = [np.array2string(host, separator=", ", prefix="array(") if host.size else "[]"]
        if not host.size and host.shape != (0,):
            parts.append(f"shape={host.shape}")
        if host.dtype not in _SHOWN_BY_VALUES:
            parts.append(f"dtype={host.dtype.name}")
        if self._ctx.device_type == "gpu":
            parts.append(f"ctx={self._ctx}")
        return f"array({', '.join(parts)})"

    def __str__(self) -> str:
        return str(self.asnumpy())

    def __format__(self, format_spec: str) -> str:
        if not self.shape:
            return format(self.item(), format_spec)
        if format_spec:
            raise TypeError(
                f"an array of shape {self.shape} cannot be formatted with {format_spec!r}; one "
                "element can"
            )
        return str(self)

    # Operators. Arrays of different dtypes mix; comparisons give booleans. In-place forms write
    # into the array's memory and keep its dtype: a result of another dtype is refused.

    __add__ = forward(BINARY["add"])
    __sub__ = forward(BINARY["subtract"])
    __mul__ = forward(BINARY["multiply"])
    __truediv__ = forward(BINARY["divide"])
    __floordiv__ = forward(BINARY["floor_divide"])
    __mod__ = forward(BINARY["remainder"])
    __pow__ = forward(BINARY["power"])
    __matmul__ = forward(MATMUL)
    __and__ = forward(BINARY["bitwise_and"])
    __or__ = forward(BINARY["bitwise_or"])
    __xor__ = forward(BINARY["bitwise_xor"])
    __eq__ = forward(BINARY["equal"])  # type: ignore[assignment]
    __ne__ = forward(BINARY["not_equal"])  # type: ignore[assignment]
    __lt__ = forward(BINARY["less"])
    __le__ = forward(BINARY["less_equal"])
    __gt__ = forward(BINARY["greater"])
    __ge__ = forward(BINARY["greater_equal"])

    __radd__ = reflected(BINARY["add"])
    __rsub__ = reflected(BINARY["subtract"])
    __rmul__ = reflected(BINARY["multiply"])
    __rtruediv__ = reflected(BINARY["divide"])
    __rfloordiv__ = reflected(BINARY["floor_divide"])
    __rmod__ = reflected(BINARY["remainder"])
    __rpow__ = reflected(BINARY["power"])
    __rmatmul__ = reflected(MATMUL)
    __rand__ = reflected(BINARY["bitwise_and"])
    __ror__ = reflected(BINARY["bitwise_or"])
    __rxor__ = reflected(BINARY["bitwise_xor"])

    __iadd__ = in_place(BINARY["add"])
    __isub__ = in_place(BINARY["subtract"])
    __imul__ = in_place(BINARY["multiply"])
    __itruediv__ = in_place(BINARY["divide"])
    __ifloordiv__ = in_place(BINARY["floor_divide"])
    __imod__ = in_place(BINARY["remainder"])
    # No `**=`: as in MXNet it makes a new array.
    __imatmul__ = in_place(MATMUL)
    __iand__ = in_place(BINARY["bitwise_and"])
    __ior__ = in_place(BINARY["bitwise_or"])
    __ixor__ = in_place(BINARY["bitwise_xor"])

    __neg__ = unary(OPERATIONS["_np_negative"])
    __pos__ = unary(OPERATIONS["_np_positive"])
    __abs__ = unary(OPERATIONS["_np_abs"])
    __invert__ = unary(OPERATIONS["_np_invert"])
    __floor__ = unary(OPERATIONS["_np_floor"])
    __ceil__ = unary(OPERATIONS["_np_ceil"])
    __trunc__ = unary(OPERATIONS["_np_trunc"])

    def __round__(self, ndigits: int = 0) -> Self:
        return invoke(OPERATIONS["_np_around"], (self,), {"decimals": ndigits})

    def __hash__(self) -> int:
        return id(self) >> 4

    # Operations of the table that are methods, too

    if not TYPE_CHECKING:  # their types are those of `NumpyOperationMethods`
        all = FUNCTIONS["all"]
        any = FUNCTIONS["any"]
        argmax = FUNCTIONS["argmax"]
        argmin = FUNCTIONS["argmin"]
        argsort = FUNCTIONS["argsort"]
        broadcast_to = FUNCTIONS["broadcast_to"]
        clip = FUNCTIONS["clip"]
        cumsum = FUNCTIONS["cumsum"]
        dot = FUNCTIONS["dot"]
        max = FUNCTIONS["max"]
        mean = FUNCTIONS["mean"]
        min = FUNCTIONS["min"]
        prod = FUNCTIONS["prod"]
        repeat = FUNCTIONS["repeat"]
        round = FUNCTIONS["round"]
        std = FUNCTIONS["std"]
        sum = FUNCTIONS["sum"]
        swapaxes = FUNCTIONS["swapaxes"]
        var = FUNCTIONS["var"]


ndarray.__module__ = "numparam.numpy"  # its place in pickles, and in MXNet
ndarray._array_class = ndarray

# Functions of `numparam.np` that are methods of classic arrays, and that no row of the table makes.
_FUNCTIONS_INSTEAD = ("expand_dims", "zeros_like", "ones_like")
_CLASSIC = ("flip", "reshape_like", "slice_assign", "slice_assign_scalar", "split_v2", "tostype")

for _name in (*_CLASSIC, *(name for name in vars(NDArray) if name in OPERATIONS)):
    if _name not in vars(ndarray):
        setattr(ndarray, _name, _Unavailable(_name))


def _with_masks(key: Any) -> Any:
    """Convert the bools in a key to masks without dimensions, as NumPy does."""
    if isinstance(key, (bool, np.bool_)):
        return np.asarray(key)
    if isinstance(key, tuple) and any(isinstance(entry, (bool, np.bool_)) for entry in key):
        return tuple(
            np.asarray(entry) if isinstance(entry, (bool, np.bool_)) else entry for entry in key
        )
    return key


def _completed(wanted: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape in which -1 is replaced by the remaining length."""
    size = math.prod(shape)
    given = math.prod(length for length in wanted if length != -1)
    unknown = wanted.count(-1)
    problem = None
    if any(length < -1 for length in wanted):
        problem = "lengths are not negative, but for one -1"
    elif unknown > 1:
        problem = "only one -1 can be worked out"
    elif unknown and (given == 0 or size % given):
        problem = "no whole number stands for -1"
    elif not unknown and given != size:
        problem = f"that takes {given} elements"
    if problem is not None:
        raise OperationError(
            f"the {size} elements of shape {shape} cannot be arranged as {wanted}: {problem}"
        )
    return tuple(size // given if length == -1 else length for length in wanted)


show_public_names(__name__)
