"""Gradients of recorded operations; numparam does not record any yet."""

from __future__ import annotations

from typing import Any, NoReturn

from numparam.recording.errors import NoGraphError

__all__ = ["backward", "grad"]

_ADVICE = (
    "no operation was recorded, so there is nothing to differentiate. Compute the gradients "
    "yourself, with NumPy or another library, and pass them to "
    "numparam.autograd.accumulate_grad(variables, gradients)"
)


def backward(
    heads: Any, head_grads: Any = None, retain_graph: bool = False, train_mode: bool = True
) -> NoReturn:
    """Raise NoGraphError: operations are not recorded. Use `accumulate_grad`.

    Parameters
    ----------
    heads, head_grads, retain_graph, train_mode : object
        As in MXNet; not looked at.

    Raises
    ------
    NoGraphError
        Always: an MXNetError, as MXNet raises for an array that was not computed under `record`.
    """
    raise NoGraphError(f"backward: {_ADVICE}")


def grad(
    heads: Any,
    variables: Any,
    head_grads: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    train_mode: bool = True,
) -> NoReturn:
    """Raise NoGraphError: operations are not recorded.

    Parameters
    ----------
    heads, variables, head_grads, retain_graph, create_graph, train_mode : object
        As in MXNet; not looked at.

    Raises
    ------
    NoGraphError
        Always: an MXNetError, as MXNet raises for an array that was not computed under `record`.
    """
    raise NoGraphError(f"grad: {_ADVICE}")
