"""Marking arrays as variables: where their gradients go, and whether they replace or add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.values import reachable
from numparam.recording.errors import GradientArgumentError, UnknownGradReqError

__all__ = ["mark_variables"]

_GRAD_REQS = ("null", "write", "add")


def mark_variables(
    variables: NDArray | Sequence[NDArray],
    gradients: NDArray | Sequence[NDArray],
    grad_reqs: str | Sequence[str] = "write",
) -> None:
    """Set where the gradients of arrays go.

    Parameters
    ----------
    variables : NDArray or sequence of NDArray
        The arrays. Each becomes a variable; what it was marked with before is forgotten.
    gradients : NDArray or sequence of NDArray
        For each variable the array of its gradients, dense or sparse, of the same shape on the same
        context. Its dtype may be another one, such as float32 for a float16 variable.
    grad_reqs : str or sequence of str, default 'write'
        For each variable, or for all, what incoming gradients do: ``'write'`` replaces the
        gradient, ``'add'`` adds to it, ``'null'`` leaves it.

    Raises
    ------
    GradientArgumentError
        If the numbers of variables, gradients and requests differ, something is not an array, or a
        gradient has another shape or context than its variable: an MXNetError, a ValueError and a
        TypeError. No variable was marked then.
    UnknownGradReqError
        If there is no such request; a KeyError.

    Notes
    -----
    MXNet 1.9.1 does not look at lengths (a shorter list is a segmentation fault), nor at shapes.
    The mark belongs to the handle: views and copies of the array do not have it.

    Examples
    --------
    >>> import numparam as mx
    >>> weight, gradient = mx.nd.ones((2,)), mx.nd.zeros((2,))
    >>> mx.autograd.mark_variables([weight], [gradient], "add")
    >>> gradient[:] = 7
    >>> weight.grad.asnumpy()
    array([7., 7.], dtype=float32)
    """
    marked = as_list(variables, "variables")
    given = as_list(gradients, "gradients")
    if isinstance(variables, NDArray) != isinstance(gradients, NDArray):
        raise GradientArgumentError(
            "variables and gradients must both be arrays, or both lists of arrays"
        )
    requests = [grad_reqs] * len(marked) if isinstance(grad_reqs, str) else list(grad_reqs)
    for name, items in (("gradients", given), ("grad_reqs", requests)):
        if len(items) != len(marked):
            raise GradientArgumentError(
                f"there are {len(marked)} variables and {len(items)} {name}; give one for each"
            )
    for request in requests:
        if not isinstance(request, str) or request not in _GRAD_REQS:
            raise UnknownGradReqError(f"grad_req must be 'write', 'add' or 'null', not {request!r}")
    for position, (variable, gradient) in enumerate(zip(marked, given, strict=True)):
        _check_pair(position, variable, gradient)
    for variable, gradient, request in zip(marked, given, requests, strict=True):
        variable._mark(gradient, request)


def as_list(arrays: Any, name: str) -> list[NDArray]:
    """Return one array, or several, as a list.

    Raises
    ------
    GradientArgumentError
        If it is neither: an MXNetError, a ValueError and a TypeError.
    """
    if isinstance(arrays, NDArray):
        return [arrays]
    if not isinstance(arrays, (list, tuple)):
        raise GradientArgumentError(
            f"{name} must be an NDArray or a list of such, not {type(arrays).__name__}"
        )
    for position, array in enumerate(arrays):
        if not isinstance(array, NDArray):
            raise GradientArgumentError(
                f"{name}[{position}] must be an NDArray, not {type(array).__name__}"
            )
    return list(arrays)


def _check_pair(position: int, variable: NDArray, gradient: NDArray) -> None:
    if variable.shape != gradient.shape:
        raise GradientArgumentError(
            f"gradients[{position}] must have its variable's shape {variable.shape}, not "
            f"{gradient.shape}"
        )
    if not reachable(gradient, variable):
        raise GradientArgumentError(
            f"gradients[{position}] is on {gradient._ctx} and its variable on {variable._ctx}; "
            "make it on the variable's context"
        )
