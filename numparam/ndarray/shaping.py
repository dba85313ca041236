"""Functions of ``numparam.nd`` that join, split or transpose arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.ndarray.operations.axes import axis_of, integers

__all__ = ["concatenate", "moveaxis", "split_v2"]


class NothingToJoinError(ValueError, AssertionError):
    """There are no arrays to join; also an AssertionError, as in MXNet."""


def concatenate(arrays: Iterable[NDArray], axis: int = 0, always_copy: bool = True) -> NDArray:
    """Join arrays along an axis.

    Parameters
    ----------
    arrays : iterable of NDArray
        Arrays of one dtype and, but for `axis`, one shape.
    axis : int, default 0
        The axis.
    always_copy : bool, default True
        With False, a single array is returned itself.

    Returns
    -------
    NDArray
        On the context of the first array.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.concatenate([mx.nd.ones((1, 2)), mx.nd.zeros((1, 2))]).shape
    (2, 2)
    """
    arrays = list(arrays)
    if not arrays:
        raise NothingToJoinError("concatenate needs at least one array")
    if len(arrays) == 1 and not always_copy:
        return arrays[0]
    return invoke(OPERATIONS["concat"], arrays, {"dim": axis})


def moveaxis(
    tensor: NDArray, source: int | Sequence[int], destination: int | Sequence[int]
) -> NDArray:
    """Move axes to other positions; the others keep their order.

    Parameters
    ----------
    tensor : NDArray
        The array.
    source, destination : int or sequence of int
        Where the axes are, and where they go.

    Returns
    -------
    NDArray
        A copy.

    Raises
    ------
    ValueError
        If an axis does not exist or is named twice, or the numbers of axes differ.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.moveaxis(mx.nd.zeros((2, 3, 4)), 0, 2).shape
    (3, 4, 2)
    """
    origins = [axis_of(axis, tensor.ndim) for axis in integers(source)]
    targets = [axis_of(axis, tensor.ndim) for axis in integers(destination)]
    if len(origins) != len(targets):
        raise ValueError(
            f"source names {len(origins)} axes and destination {len(targets)}; they must be as many"
        )
    if len(set(origins)) < len(origins) or len(set(targets)) < len(targets):
        raise ValueError(f"an axis is named twice in {source} or {destination}")
    order = [axis for axis in range(tensor.ndim) if axis not in origins]
    for target, origin in sorted(zip(targets, origins, strict=True)):
        order.insert(target, origin)
    return invoke(OPERATIONS["transpose"], (tensor,), {"axes": tuple(order)})


def split_v2(
    ary: NDArray,
    indices_or_sections: int | Sequence[int],
    axis: int = 0,
    squeeze_axis: bool = False,
) -> list[NDArray]:
    """Split an array along an axis.

    Parameters
    ----------
    ary : NDArray
        The array.
    indices_or_sections : int or sequence of int
        The number of equal parts, or the positions at which the parts after the first start.
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
    >>> [part.shape for part in mx.nd.split_v2(mx.nd.zeros((5, 2)), (1, 3))]
    [(1, 2), (2, 2), (2, 2)]
    """
    return ary.split_v2(indices_or_sections, axis, squeeze_axis)
