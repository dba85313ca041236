"""Comparison of arrays, exact or with tolerances, and checks of exceptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam.test_utils.tolerances import get_etol, get_tols

__all__ = [
    "almost_equal",
    "almost_equal_ignore_nan",
    "assert_allclose",
    "assert_almost_equal",
    "assert_almost_equal_ignore_nan",
    "assert_almost_equal_with_err",
    "assert_exception",
    "compare_ndarray_tuple",
    "same",
    "same_array",
]


def _host(array: Any) -> np.ndarray:
    """Return the values as a NumPy array, float32 for bfloat16, which NumPy cannot compare."""
    values = array.asnumpy() if hasattr(array, "asnumpy") else np.asarray(array)
    return values.astype(np.float32) if values.dtype.name == "bfloat16" else values


def same(a: Any, b: Any) -> bool:
    """Return whether two arrays have the same shape and the same values; NaN is equal to nothing.

    Parameters
    ----------
    a, b : NDArray or array_like
        The arrays.

    Returns
    -------
    bool
        Dtypes do not count.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> mx.test_utils.same(np.zeros(2), [0, 0])
    True
    """
    return bool(np.array_equal(_host(a), _host(b)))


def same_array(array1: Any, array2: Any) -> bool:
    """Return whether two arrays are handles on the same memory.

    Parameters
    ----------
    array1, array2 : NDArray
        The first is written to; afterwards it is as before.

    Returns
    -------
    bool
        Whether the second one shows what is written to the first.

    Examples
    --------
    >>> import numparam as mx
    >>> array = mx.nd.zeros(2)
    >>> same_array = mx.test_utils.same_array
    >>> same_array(array, array.detach()), same_array(array, array.copy())
    (True, False)
    """
    before = array1.asnumpy()
    if not np.array_equal(before, array2.asnumpy()):
        return False
    try:
        array1[:] = before + 1 if before.dtype != bool else ~before
        return bool(np.array_equal(array1.asnumpy(), array2.asnumpy()))
    finally:
        array1[:] = before


def almost_equal(
    a: Any,
    b: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    use_broadcast: bool = True,
) -> bool:
    """Return whether all elements of two arrays are close: ``|a - b| <= atol + rtol * |b|``.

    Parameters
    ----------
    a, b : NDArray or array_like
        The arrays.
    rtol, atol : float, optional
        The tolerances; by default the looser of the two dtypes' ones.
    equal_nan : bool, default False
        Whether NaN is equal to NaN.
    use_broadcast : bool, default True
        Whether axes of length 1 may be stretched; else the shapes must agree.

    Returns
    -------
    bool
        Whether they are.

    Raises
    ------
    AssertionError
        If the shapes differ and `use_broadcast` is false.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.test_utils.almost_equal([1.0, 2.0], [1.0, 2.001], rtol=1e-2)
    True
    """
    rtol, atol = get_tols(a, b, rtol, atol)
    first, second = _host(a), _host(b)
    if not use_broadcast:
        _require_one_shape(first, second, ("a", "b"))
    return bool(np.all(_close(first, second, rtol, atol, equal_nan)))


def assert_almost_equal(
    a: Any,
    b: Any,
    rtol: float | None = None,
    atol: float | None = None,
    names: tuple[str, str] = ("a", "b"),
    equal_nan: bool = False,
    use_broadcast: bool = True,
    mismatches: tuple[int, int] = (10, 10),
) -> None:
    """Assert that all elements of two arrays are close: ``|a - b| <= atol + rtol * |b|``.

    Parameters
    ----------
    a, b : NDArray or array_like
        The actual and the expected values.
    rtol, atol : float, optional
        The tolerances; by default the looser of the two dtypes' ones.
    names : tuple of str, default ('a', 'b')
        What the message calls them.
    equal_nan : bool, default False
        Whether NaN is equal to NaN.
    use_broadcast : bool, default True
        Whether axes of length 1 may be stretched; else the shapes must agree.
    mismatches : tuple of int, default (10, 10)
        The first number says how many of the worst elements the message shows.

    Raises
    ------
    AssertionError
        If they are not; it lists the worst elements.
    ValueError
        If the shapes cannot be stretched to one.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> mx.test_utils.assert_almost_equal(mx.nd.array([1, 2]), np.array([1.00001, 2]))
    """
    rtol, atol = get_tols(a, b, rtol, atol)
    first, second = _host(a), _host(b)
    if not use_broadcast:
        _require_one_shape(first, second, names)
    close = np.asarray(_close(first, second, rtol, atol, equal_nan))
    if not close.all():
        raise AssertionError(
            _report(first, second, rtol, atol, close, names, shown=max(1, mismatches[0]))
        )


def assert_almost_equal_with_err(
    a: Any,
    b: Any,
    rtol: float | None = None,
    atol: float | None = None,
    etol: float | None = None,
    names: tuple[str, str] = ("a", "b"),
    equal_nan: bool = False,
    mismatches: tuple[int, int] = (10, 10),
) -> None:
    """Assert that all but a share `etol` of the elements of two arrays are close.

    Parameters
    ----------
    a, b, rtol, atol, names, equal_nan, mismatches
        As for `assert_almost_equal`.
    etol : float, optional
        The share of elements, 0 to 1, that may differ; by default none.

    Raises
    ------
    AssertionError
        If more differ.
    """
    rtol, atol = get_tols(a, b, rtol, atol)
    first, second = _host(a), _host(b)
    close = np.asarray(_close(first, second, rtol, atol, equal_nan))
    if close.size and 1 - close.mean() > get_etol(etol):
        raise AssertionError(
            _report(first, second, rtol, atol, close, names, shown=max(1, mismatches[0]))
        )


def almost_equal_ignore_nan(
    a: Any, b: Any, rtol: float | None = None, atol: float | None = None
) -> bool:
    """Return whether two arrays are close wherever neither is NaN.

    Parameters
    ----------
    a, b : NDArray or array_like
        Of one shape; they are not changed.
    rtol, atol : float, optional
        As for `almost_equal`.

    Returns
    -------
    bool
        Whether they are.
    """
    rtol, atol = get_tols(a, b, rtol, atol)
    return almost_equal(*_without_nan(a, b), rtol, atol)


def assert_almost_equal_ignore_nan(
    a: Any,
    b: Any,
    rtol: float | None = None,
    atol: float | None = None,
    names: tuple[str, str] = ("a", "b"),
) -> None:
    """Assert that two arrays are close wherever neither is NaN.

    Parameters
    ----------
    a, b : NDArray or array_like
        Of one shape; they are not changed.
    rtol, atol, names
        As for `assert_almost_equal`.

    Raises
    ------
    AssertionError
        If they are not.
    """
    rtol, atol = get_tols(a, b, rtol, atol)
    assert_almost_equal(*_without_nan(a, b), rtol, atol, names)


def assert_allclose(
    a: Any, b: Any, rtol: float = 1e-07, atol: float = 0, equal_nan: bool = True
) -> None:
    """Assert that two arrays are close, with the tolerances of ``numpy.testing``.

    Parameters
    ----------
    a, b : NDArray or array_like
        The actual and the expected values.
    rtol, atol : float
        The tolerances.
    equal_nan : bool, default True
        Whether NaN is equal to NaN.

    Raises
    ------
    AssertionError
        If they are not.
    """
    assert_almost_equal(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


def assert_exception(
    f: Callable[..., Any], exception_type: type[BaseException], *args: Any, **kwargs: Any
) -> None:
    """Assert that a call raises an exception of a type; others pass through.

    Parameters
    ----------
    f : callable
        Called with `args` and `kwargs`.
    exception_type : type
        The exception's class, or one of its base classes.
    *args, **kwargs
        Arguments of the call.

    Raises
    ------
    AssertionError
        If the call returns.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.test_utils.assert_exception(int, ValueError, "one")
    """
    try:
        f(*args, **kwargs)
    except exception_type:
        return
    raise AssertionError(
        f"{getattr(f, '__name__', f)} returned; {exception_type.__name__} was expected"
    )


def compare_ndarray_tuple(
    t1: Any, t2: Any, rtol: float | None = None, atol: float | None = None
) -> None:
    """Assert that two arrays, or nested tuples of arrays and None, are close.

    Parameters
    ----------
    t1, t2 : NDArray, None or (nested) tuple of them
        Optimizer states, for instance. None on either side agrees with everything, and so does
        what the longer of two tuples has beyond the shorter one.
    rtol, atol : float, optional
        As for `assert_almost_equal`.

    Raises
    ------
    AssertionError
        If two arrays are not.
    """
    if t1 is None or t2 is None:
        return
    if not isinstance(t1, tuple):
        assert_almost_equal(t1, t2, rtol=rtol, atol=atol)
        return
    for one, other in zip(t1, t2, strict=False):
        compare_ndarray_tuple(one, other, rtol, atol)


def _without_nan(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    first, second = _host(a), _host(b)
    ignored = np.isnan(first) | np.isnan(second)
    return np.where(ignored, 0, first), np.where(ignored, 0, second)


def _require_one_shape(first: np.ndarray, second: np.ndarray, names: Sequence[str]) -> None:
    if first.shape != second.shape:
        raise AssertionError(
            f"{names[0]} has shape {first.shape} and {names[1]} shape {second.shape}"
        )


def _close(
    first: np.ndarray, second: np.ndarray, rtol: float, atol: float, equal_nan: bool
) -> np.ndarray:
    if first.dtype == bool and second.dtype == bool:
        return first == second
    return np.isclose(first, second, rtol=rtol, atol=atol, equal_nan=equal_nan)


def _report(
    first: np.ndarray,
    second: np.ndarray,
    rtol: float,
    atol: float,
    close: np.ndarray,
    names: Sequence[str],
    shown: int,
) -> str:
    """Describe the elements that are not close, the worst ones first."""
    wide_first, wide_second = np.broadcast_arrays(first, second)
    places = np.argwhere(~close)
    with np.errstate(all="ignore"):
        expected = wide_second[~close].astype(np.float64)
        error = np.abs(wide_first[~close].astype(np.float64) - expected)
        excess = error / (atol + rtol * np.abs(expected))
    worst = np.argsort(-np.nan_to_num(excess, nan=np.inf, posinf=np.inf), kind="stable")[:shown]
    lines = [
        f"{len(places)} of {close.size} elements of {names[0]} and {names[1]} are further apart "
        f"than {atol:g} + {rtol:g} x |{names[1]}|:"
    ]
    for element in worst:
        place = tuple(int(index) for index in places[element])
        lines.append(
            f"  at {place}: {names[0]} = {wide_first[place]!r}, {names[1]} = "
            f"{wide_second[place]!r}, {excess[element]:.4g} times what is allowed"
        )
    if len(places) > len(worst):
        lines.append(f"  and {len(places) - len(worst)} more")
    return "\n".join(lines)
