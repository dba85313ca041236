"""Settings of tests: the default context and dtype, and environment variables."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from numparam.context import Context, current_context, num_gpus

__all__ = [
    "default_context",
    "default_dtype",
    "discard_stderr",
    "environment",
    "has_tvm_ops",
    "is_aarch64_run",
    "is_cd_run",
    "is_op_runnable",
    "list_gpus",
    "set_default_context",
]


def default_context() -> Context:
    """Return the context that tests put their arrays on.

    Returns
    -------
    Context
        The calling thread's current context.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.test_utils.default_context()
    cpu(0)
    """
    return current_context()


def set_default_context(ctx: Context) -> None:
    """Make a context the calling thread's current one, outside any ``with`` block.

    Parameters
    ----------
    ctx : Context
        What `default_context` gives from now on.

    Raises
    ------
    TypeError
        If it is not a context.
    """
    if not isinstance(ctx, Context):
        raise TypeError(f"ctx must be a Context such as numparam.cpu(0); got {ctx!r}.")
    Context._default_ctx.value = ctx


def default_dtype() -> type[np.float32]:
    """Return the dtype that tests use unless they say otherwise.

    Returns
    -------
    type
        ``numpy.float32``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.test_utils.default_dtype().__name__
    'float32'
    """
    return np.float32


def list_gpus() -> range:
    """Return the numbers of the GPUs that can be used.

    Returns
    -------
    range
        Empty without CUDA.
    """
    return range(num_gpus())


@contextmanager
def environment(*args: str | Mapping[str, str | None] | None) -> Iterator[None]:
    """Set or remove environment variables for the length of a ``with`` block.

    Parameters
    ----------
    *args : str, str or None; or mapping
        One variable's name and value, or a mapping from names to values. None removes.

    Raises
    ------
    TypeError, ValueError
        Before anything is changed, if the arguments have neither form.

    Examples
    --------
    >>> import numparam as mx
    >>> import os
    >>> with mx.test_utils.environment("NUMPARAM_EXAMPLE", "1"):
    ...     os.environ["NUMPARAM_EXAMPLE"]
    '1'
    >>> "NUMPARAM_EXAMPLE" in os.environ
    False
    """
    wanted = _wanted_variables(args)
    found = {name: os.environ.get(name) for name in wanted}
    try:
        _set_variables(wanted)
        yield
    finally:
        _set_variables(found)


class EnvironmentArgumentError(TypeError, AssertionError):
    """The arguments of `environment` are neither a name and a value nor a mapping."""


def _wanted_variables(args: tuple) -> dict[str, str | None]:
    if len(args) == 1 and isinstance(args[0], Mapping):
        wanted = dict(args[0])
    elif len(args) == 2:
        wanted = {args[0]: args[1]}
    else:
        raise EnvironmentArgumentError(
            "environment takes one variable's name and value, or one mapping from names to "
            f"values; got {len(args)} argument(s): {args!r}."
        )
    for name, value in wanted.items():
        if not isinstance(name, str) or not (value is None or isinstance(value, str)):
            raise EnvironmentArgumentError(
                f"environment variables have names and values of type str; got {name!r:.200}: "
                f"{value!r:.200}."
            )
    return wanted


def _set_variables(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def discard_stderr() -> Iterator[None]:
    """Discard the process's standard error, including that of compiled code.

    It changes the whole process's file descriptor 2: not for use in several threads at once.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            try:
                yield
            finally:
                sys.stderr.flush()
                os.dup2(kept, 2)
    finally:
        os.close(kept)


def is_cd_run() -> bool:
    """Return whether MXNet's delivery pipeline runs the tests (variable ``CD_JOB``)."""
    return os.environ.get("CD_JOB", "0") == "1"


def is_aarch64_run() -> bool:
    """Return whether the processor is a 64-bit ARM."""
    return platform.machine() in ("aarch64", "arm64")


def has_tvm_ops() -> bool:
    """Return False: there are no operations compiled by TVM."""
    return False


def is_op_runnable() -> bool:
    """Return True: every operation runs on the default context."""
    return True
