"""The recording and training modes of each thread, and the scopes that set them.

*Recording* says whether operations are written down so that gradients can be computed. *Training*
says whether layers such as dropout behave as in training or as in prediction. Both are off in a
new thread.
"""

from __future__ import annotations

from types import TracebackType

from numparam.modes.thread_state import ThreadState, as_switch

__all__ = [
    "is_recording",
    "is_training",
    "pause",
    "predict_mode",
    "record",
    "recording",
    "set_recording",
    "set_training",
    "train_mode",
]

#: Whether the calling thread records, as ``recording.value``.
recording: ThreadState[bool] = ThreadState(lambda: False)
_training: ThreadState[bool] = ThreadState(lambda: False)


def is_recording() -> bool:
    """Return whether the calling thread records operations.

    Returns
    -------
    bool
        True inside :func:`record`, unless paused.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.autograd.record():
    ...     mx.autograd.is_recording()
    True
    """
    return recording.value


def is_training() -> bool:
    """Return whether the calling thread is in training mode.

    Returns
    -------
    bool
        True inside :func:`record` and :func:`train_mode`.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.autograd.record(train_mode=False):
    ...     mx.autograd.is_training()
    False
    """
    return _training.value


def set_recording(is_recording: bool) -> bool:
    """Turn recording on or off in the calling thread.

    Parameters
    ----------
    is_recording : bool
        The new state. An enclosing scope that sets recording restores its own on leaving.

    Returns
    -------
    bool
        The state before.

    Raises
    ------
    TypeError
        If it is neither a bool nor an integer.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.autograd.set_recording(True), mx.autograd.set_recording(False)
    (False, True)
    """
    flag = bool(as_switch(is_recording, "is_recording"))
    previous, recording.value = recording.value, flag
    return previous


def set_training(train_mode: bool) -> bool:
    """Turn training mode on or off in the calling thread.

    Parameters
    ----------
    train_mode : bool
        The new state. An enclosing scope that sets the mode restores its own on leaving.

    Returns
    -------
    bool
        The state before.

    Raises
    ------
    TypeError
        If it is neither a bool nor an integer.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.autograd.set_training(True), mx.autograd.set_training(False)
    (False, True)
    """
    flag = bool(as_switch(train_mode, "train_mode"))
    previous, _training.value = _training.value, flag
    return previous


class _RecordingStateScope:
    """Sets recording and training inside a ``with`` block; None leaves one as it is.

    It may be entered again inside itself, and by several threads at once. On leaving, what it set
    is as it was before, whatever :func:`set_recording` and :func:`set_training` did inside; MXNet
    restores only what the scope had changed.
    """

    def __init__(self, is_record: bool | None, train_mode: bool | None) -> None:
        self._is_record = _as_flag(is_record, "is_record")
        self._train_mode = _as_flag(train_mode, "train_mode")

    def __enter__(self) -> None:
        if self._is_record is not None:
            recording.enter(self, self._is_record)
        if self._train_mode is not None:
            _training.enter(self, self._train_mode)

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        recording.leave(self)
        _training.leave(self)


def _as_flag(value: object, name: str) -> bool | None:
    if value is None or value is True or value is False:
        return value
    return bool(as_switch(value, name))


def record(train_mode: bool | None = True) -> _RecordingStateScope:
    """Make a scope in which operations are recorded.

    Parameters
    ----------
    train_mode : bool or None, default True
        Training mode inside; None leaves it as it is.

    Returns
    -------
    context manager
        For a ``with`` statement.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.autograd.record():
    ...     mx.autograd.is_recording(), mx.autograd.is_training()
    (True, True)
    """
    return _RecordingStateScope(True, train_mode)


def pause(train_mode: bool | None = False) -> _RecordingStateScope:
    """Make a scope in which nothing is recorded, for updates and metrics inside :func:`record`.

    Parameters
    ----------
    train_mode : bool or None, default False
        Training mode inside; None leaves it as it is.

    Returns
    -------
    context manager
        For a ``with`` statement.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.autograd.record(), mx.autograd.pause():
    ...     mx.autograd.is_recording(), mx.autograd.is_training()
    (False, False)
    """
    return _RecordingStateScope(False, train_mode)


def train_mode() -> _RecordingStateScope:
    """Make a scope in training mode; recording stays as it is.

    Returns
    -------
    context manager
        For a ``with`` statement.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.autograd.train_mode():
    ...     mx.autograd.is_recording(), mx.autograd.is_training()
    (False, True)
    """
    return _RecordingStateScope(None, True)


def predict_mode() -> _RecordingStateScope:
    """Make a scope in prediction mode; recording stays as it is.

    Returns
    -------
    context manager
        For a ``with`` statement.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.autograd.record(), mx.autograd.predict_mode():
    ...     mx.autograd.is_recording(), mx.autograd.is_training()
    (True, False)
    """
    return _RecordingStateScope(None, False)
