"""Importing Numba and compiling where no signal breaks in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from numparam.kernels import _without_signals

timer = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this platform has no timer that sends signals"
)


class Interrupted(Exception):
    pass


def run_isolated(script: str, cache: os.PathLike) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path),
             "NUMBA_CACHE_DIR": os.fspath(cache)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout


def test_work_of_the_main_thread_is_done_by_another():
    assert _without_signals.run(threading.get_ident) != threading.get_ident()
    assert _without_signals.run(divmod, 7, 2) == (3, 1)


def test_work_of_another_thread_stays_there():
    seen = []

    def work():
        seen.append(_without_signals.run(threading.get_ident) == threading.get_ident())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]


def test_what_the_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        _without_signals.run(divmod, 1, 0)


def test_where_no_thread_can_start_the_caller_does_the_work(monkeypatch):
    def refuse(function, arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_without_signals._thread, "start_new_thread", refuse)
    assert _without_signals.run(threading.get_ident) == threading.get_ident()


@timer
def test_an_interrupt_is_raised_when_the_work_is_done_and_not_before():
    finished = []

    def interrupt(number, frame):
        raise Interrupted

    def work():
        time.sleep(0.3)
        finished.append(True)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        with pytest.raises(Interrupted):
            _without_signals.run(work)
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert finished == [True]


INTERRUPTED = """
    import signal, time
    import numpy as np

    def interrupt(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, {delay})
    count = 0
    while count < 50:
        count += 1
        try:
            from numparam.kernels.cpu import cast
            cast.cast(np.float32([2]), np.float64)
            signal.setitimer(signal.ITIMER_REAL, 0)
            break
        except KeyboardInterrupt:
            pass
    from numparam.kernels.cpu import cast
    print(cast.cast(np.float32([2]), np.float64).tolist())
"""


@timer
@pytest.mark.parametrize("delay", [0.15, 0.4, 0.8, 1.4])
def test_an_interrupted_first_use_can_be_repeated(delay, tmp_path):
    assert "[2.0]" in run_isolated(INTERRUPTED.replace("{delay}", str(delay)), tmp_path)


HANDLER = """
    import signal
    import numpy as np
    from numparam.kernels.cpu import cast

    kinds = iter(["int8", "uint8", "int16", "float16", "int32"])
    results = []

    def handle(number, frame):
        kind = next(kinds, None)
        if kind:
            results.append(cast.cast(np.float64([3]), kind).tolist())

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.2)
    for kind in ("float64", "int64", "bfloat16", "float16", "uint8"):
        cast.cast(np.ones(3, np.float32), kind)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(results and all(result == [3] for result in results))
"""


@timer
def test_a_handler_may_use_kernels_while_others_are_compiled(tmp_path):
    assert "True" in run_isolated(HANDLER, tmp_path)


@timer
def test_an_interrupt_waits_for_work_that_has_been_started():
    def interrupt(number, frame):
        raise Interrupted

    def work():
        started.append(True)
        time.sleep(0.002)
        finished.append(True)

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        for number in range(150):
            started, finished = [], []
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + number))
                _without_signals.run(work)
            except Interrupted:
                done = bool(finished)
                time.sleep(0.003 if not done else 0)
                assert done or not started, number
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, previous)


FORKING = """
    import os, signal, sys, threading, time
    import numparam as mx

    mx.nd.zeros(1)  # imports what holds Python's locks on this thread; no kernel yet
    left = []

    def fork():
        child = os.fork()
        if not child:
            os._exit(0)
        left.append(os.waitpid(child, 0)[1])

    def handle(number, frame):
        thread = threading.Thread(target=fork)
        thread.start()
        thread.join()

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, {delay})
    mx.nd.ones((300, 300)).astype("float16")  # imports Numba, and loads or compiles a kernel
    while not left:
        time.sleep(0.01)
    print(left, "numba" in sys.modules)
"""


@timer
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.parametrize("delay", [0.03, 0.15, 0.5])
def test_a_handler_may_wait_for_a_thread_that_forks_during_the_first_use(delay, tmp_path):
    assert "[0] True" in run_isolated(FORKING.replace("{delay}", str(delay)), tmp_path)
