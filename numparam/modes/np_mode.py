"""The NumPy modes: whether shapes and arrays follow NumPy's rules or MXNet's older ones.

Two switches, each with a value of its own in every thread:

- *NumPy shapes*: ``()`` is the shape of a scalar, a 0 is a dimension without elements and -1 an
  unknown one. When off, ``()`` is an unknown shape and 0 an unknown dimension.
- *NumPy arrays*: parameters hold :class:`numparam.numpy.ndarray` instead of
  :class:`numparam.ndarray.NDArray`. Needs NumPy shapes.

``set_np_shape(2)`` turns NumPy shapes on for every thread of the process.
"""

from __future__ import annotations

from types import TracebackType
from typing import NamedTuple

from numparam.modes.thread_state import ThreadState, as_switch

__all__ = [
    "is_np_array",
    "is_np_shape",
    "np_array",
    "np_shape",
    "np_shape_mode",
    "reset_np",
    "set_np",
    "set_np_shape",
]

_IN_THE_PROCESS = 2


class _Modes(NamedTuple):
    """The switches of a thread."""

    # None: the thread has set nothing and follows the process. False is what
    # `with np_shape(False)` means: off here, whatever the process does.
    shape: bool | None
    array: bool


_modes: ThreadState[_Modes] = ThreadState(lambda: _Modes(shape=None, array=False))
_process_shape = False


def set_np_shape(active: bool | int) -> bool:
    """Turn NumPy shapes on or off.

    Parameters
    ----------
    active : bool or int
        True or 1 turns them on in the calling thread, 2 in all threads; False or 0 turns them off
        in the calling thread, and takes a 2 back.

    Returns
    -------
    bool
        Whether they were on in the calling thread.

    Raises
    ------
    ValueError
        If NumPy arrays are on, which need them, and ``active`` is false; or for another number.
    TypeError
        If ``active`` is neither a bool nor an integer.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.set_np_shape(True), mx.is_np_shape(), mx.set_np_shape(False), mx.is_np_shape()
    (False, True, True, False)
    """
    global _process_shape
    flag = as_switch(active, "active", (0, 1, _IN_THE_PROCESS))
    previous = is_np_shape()
    if not flag and _modes.value.array:
        raise ValueError(
            "NumPy shapes cannot be turned off while NumPy arrays are on, which need them. "
            "Call reset_np() to turn both off."
        )
    if flag == _IN_THE_PROCESS:
        _process_shape = True
    elif not flag:
        _process_shape = False
    _modes.value = _modes.value._replace(shape=True if flag else None)
    return previous


def is_np_shape() -> bool:
    """Return whether NumPy shapes are on in the calling thread.

    Returns
    -------
    bool
        True if the thread, or ``set_np_shape(2)`` for the whole process, turned them on.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.is_np_shape()
    False
    """
    own = _modes.value.shape
    return _process_shape if own is None else own


def np_shape_mode() -> int:
    """Return whether NumPy shapes are on: not, in this thread, or in the process.

    Returns
    -------
    int
        0 off, 1 on in the calling thread, 2 on in the process. MXNet's reader of ``.params`` files
        rejects the older formats in mode 1 and accepts them in mode 2.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.np_shape():
    ...     np_shape_mode()
    1
    """
    if not is_np_shape():
        return 0
    return _IN_THE_PROCESS if _process_shape else 1


def is_np_array() -> bool:
    """Return whether NumPy arrays are on in the calling thread.

    Returns
    -------
    bool
        Whether new parameters hold ``numparam.numpy.ndarray``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.is_np_array()
    False
    """
    return _modes.value.array


class _NumpyShapeScope:
    """The scope that :func:`np_shape` returns."""

    def __init__(self, active: bool | None) -> None:
        self._active = None if active is None else bool(as_switch(active, "active"))

    def __enter__(self) -> None:
        if self._active is None:
            return
        if not self._active and _modes.value.array:
            raise ValueError(
                "np_shape(False) cannot be entered while NumPy arrays are on, which need NumPy "
                "shapes. Enter np_array(False) first."
            )
        _modes.enter(self, _modes.value._replace(shape=self._active))

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        inside = _modes.leave(self)
        if inside is None:
            return
        array_was_on = _modes.value.array
        _modes.value = _modes.value._replace(array=inside.array)
        if inside.array and not array_was_on and not is_np_shape():
            # set_np() inside is meant to last, and arrays without shapes would not work.
            _modes.value = _modes.value._replace(shape=True)
            if exception is None:
                raise ValueError(
                    "NumPy arrays were turned on inside this np_shape scope and are still on, so "
                    "NumPy shapes stay on as well. Call reset_np() before the scope ends, or use "
                    "np_array() inside it."
                )


def np_shape(active: bool | None = True) -> _NumpyShapeScope:
    """Make a scope with NumPy shapes on or off.

    Parameters
    ----------
    active : bool or None, default True
        Their state inside; None leaves it as it is.

    Returns
    -------
    context manager
        For a ``with`` statement. It may be entered again inside itself, and in several threads.

    Raises
    ------
    ValueError
        On entry, if ``active`` is False and NumPy arrays are on; on leaving, if ``set_np()`` was
        called inside and not undone.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.np_shape():
    ...     mx.is_np_shape()
    True

    Notes
    -----
    MXNet's ``np_shape(False)`` cancels a ``set_np_shape(2)`` permanently; here only inside.
    """
    return _NumpyShapeScope(active)


class _CurrentArrayScope:
    """Makes ``_NumpyArrayScope._current.value`` readable and assignable, as in MXNet."""

    @property
    def value(self) -> _NumpyArrayScope:
        return _NumpyArrayScope(_modes.value.array)

    @value.setter
    def value(self, scope: _NumpyArrayScope) -> None:
        _modes.value = _modes.value._replace(array=scope._is_np_array)


class _NumpyArrayScope:
    """The scope that :func:`np_array` returns."""

    _current = _CurrentArrayScope()

    def __init__(self, active: bool) -> None:
        self._is_np_array = bool(active)

    def __enter__(self) -> _NumpyArrayScope:
        _modes.enter(self, _modes.value._replace(array=self._is_np_array))
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        inside = _modes.leave(self)
        if inside is not None:
            _modes.value = _modes.value._replace(shape=inside.shape)


def np_array(active: bool = True) -> _NumpyArrayScope:
    """Make a scope with NumPy arrays on or off.

    Parameters
    ----------
    active : bool, default True
        Their state inside.

    Returns
    -------
    context manager
        For a ``with`` statement. It may be entered again inside itself, and in several threads.

    Notes
    -----
    As in MXNet it does not touch NumPy shapes: enter :func:`np_shape` as well, or decorate with
    :func:`~numparam.modes.np_decorators.use_np`.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.np_shape(), mx.np_array():
    ...     mx.is_np_array()
    True
    """
    return _NumpyArrayScope(active)


def set_np(shape: bool | int = True, array: bool = True) -> None:
    """Turn NumPy shapes and NumPy arrays on or off in the calling thread.

    Parameters
    ----------
    shape : bool or int, default True
        NumPy shapes, as for :func:`set_np_shape`.
    array : bool, default True
        NumPy arrays.

    Raises
    ------
    ValueError
        For arrays without shapes; nothing is changed.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.util.set_np(); mx.is_np_shape(), mx.is_np_array()
    (True, True)
    >>> mx.util.reset_np(); mx.is_np_shape(), mx.is_np_array()
    (False, False)
    """
    flag = as_switch(shape, "shape", (0, 1, _IN_THE_PROCESS))
    if array and not flag:
        raise ValueError(
            "NumPy arrays need NumPy shapes: set_np(shape=False, array=True) is not possible. "
            "Use set_np() for both."
        )
    _modes.value = _modes.value._replace(array=bool(array))
    set_np_shape(flag)


def reset_np() -> None:
    """Turn NumPy shapes and NumPy arrays off in the calling thread.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.util.reset_np()
    """
    set_np(shape=False, array=False)
