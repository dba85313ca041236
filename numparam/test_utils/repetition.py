"""Repetition of tests that may fail by chance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["retry"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class AttemptCountError(ValueError, AssertionError):
    """The number of attempts is not a positive integer."""


def retry(n: int) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Return a decorator that calls a test up to `n` times, until it no longer fails.

    Parameters
    ----------
    n : int
        The number of attempts, at least 1. The last failure is raised.

    Returns
    -------
    callable
        The decorator. Only AssertionError counts as a failure; anything else is raised at once.

    Raises
    ------
    ValueError
        If `n` is less than 1.

    Examples
    --------
    >>> import numparam as mx
    >>> attempts = []
    >>> @mx.test_utils.retry(3)
    ... def fails_once():
    ...     attempts.append(1)
    ...     assert len(attempts) > 1
    >>> fails_once()
    >>> len(attempts)
    2
    """
    if not n >= 1:
        raise AttemptCountError(f"A test must be called at least once; got retry({n!r}).")

    def decorate(test: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(test)
        def attempt(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            for _ in range(int(n) - 1):
                try:
                    return test(*args, **kwargs)
                except AssertionError:
                    continue
            return test(*args, **kwargs)

        return attempt

    return decorate
