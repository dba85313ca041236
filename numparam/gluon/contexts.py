"""The contexts that a parameter has copies on, and the copy for a given context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numparam.base import MXNetError
from numparam.context import Context, current_context
from numparam.formats.quoting import quoted
from numparam.gluon.errors import NoContextsError, UnusableContextError
from numparam.ndarray.arguments import ContextArgumentError, device_of
from numparam.types.device_types import HOST_TYPES

__all__ = ["as_context_list", "position_of", "read_once"]


def read_once(ctx: Any) -> Any:
    """Return an argument ``ctx`` in a form that can be read repeatedly: iterators become lists."""
    return list(ctx) if isinstance(ctx, Iterator) else ctx


def as_context_list(ctx: Any, name: str, default: Context | None = None) -> list[Context]:
    """Return the contexts in an argument ``ctx``, each once, in order.

    Parameters
    ----------
    ctx : Context, iterable of Context or None
        The argument.
    name : str
        The parameter's name, for messages.
    default : Context, optional
        What None means; the current context if not given.

    Returns
    -------
    list of Context
        A new list. Each context can be used: its backend exists.

    Raises
    ------
    ContextArgumentError
        If it is something else: an MXNetError, a TypeError and an AttributeError.
    NoContextsError
        If it is empty.
    UnusableContextError
        If a device does not exist: an MXNetError.
    """
    if ctx is None:
        contexts = [default or current_context()]
    elif isinstance(ctx, Context):
        contexts = [ctx]
    elif isinstance(ctx, (str, bytes)):
        raise _not_a_context(ctx, name)
    else:
        try:
            contexts = list(ctx)
        except TypeError:
            raise _not_a_context(ctx, name) from None
    if not contexts:
        raise NoContextsError(
            f"Parameter {quoted(name)} got an empty list of contexts, which would leave it without "
            "values. Pass at least one, such as [cpu(0)]."
        )
    for context in contexts:
        if not isinstance(context, Context):
            raise _not_a_context(context, name)
        try:
            device_of(context)
        except MXNetError as error:
            raise UnusableContextError(
                f"Parameter {quoted(name)} cannot be put on {context}: {error}"
            ) from error
    return list(dict.fromkeys(contexts))


def position_of(context: Any, contexts: Sequence[Context], name: str) -> int | None:
    """Find the copy for a context.

    Parameters
    ----------
    context : Context
        Where the copy is wanted.
    contexts : sequence of Context
        Where there are copies.
    name : str
        The parameter's name, for messages.

    Returns
    -------
    int or None
        The position of the context itself; else the last of another host context (cpu, cpu_pinned,
        cpu_shared) of the same number; else None.

    Notes
    -----
    MXNet looks up the parity of the device type first, so that beside a copy in shared memory the
    one on the cpu cannot be reached.

    Examples
    --------
    >>> from numparam.context import cpu, cpu_pinned
    >>> position_of(cpu_pinned(1), [cpu(0), cpu(1)], "weight")
    1
    """
    if not isinstance(context, Context):
        raise _not_a_context(context, name)
    found = None
    for position, other in enumerate(contexts):
        if other == context:
            return position
        if (
            other.device_id == context.device_id
            and other.device_type in HOST_TYPES
            and context.device_type in HOST_TYPES
        ):
            found = position
    return found


def _not_a_context(ctx: Any, name: str) -> ContextArgumentError:
    return ContextArgumentError(
        f"Parameter {quoted(name)}: ctx must be a Context such as cpu(0), or a list of them; "
        f"got {ctx!r:.200} of type {type(ctx).__name__}."
    )
