"""The thread pool: who works, who waits for whom, and what survives a fork."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from numparam import kernels
from numparam.kernels.cpu import _pool, average, reset

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
LARGE = 4 * _pool.PARALLEL_BYTES


@pytest.fixture
def threads():
    before = kernels.set_num_threads(3)
    yield 3
    kernels.set_num_threads(before)


class Counted:
    """Stands for a jitted function: notes the threads that enter it."""

    signatures = ("compiled",)

    def __init__(self, pieces, work=lambda: None):
        self.pieces = pieces
        self.work = work
        self.entered = []
        self.done = []
        self.lock = threading.Lock()

    def __call__(self, counter):
        with self.lock:
            self.entered.append(threading.current_thread())
        while True:
            with self.lock:
                piece = int(counter[0])
                counter[0] += 1
            if piece >= self.pieces:
                return
            self.work()
            with self.lock:
                self.done.append(piece)


def test_small_work_stays_on_the_callers_thread(threads):
    call = Counted(5)
    _pool.run(call, nbytes=_pool.PARALLEL_BYTES - 1, pieces=5)
    assert call.entered == [threading.current_thread()]
    assert call.done == list(range(5))


def test_large_work_is_shared_and_each_piece_is_done_once(threads):
    call = Counted(40, lambda: time.sleep(0.002))
    _pool.run(call, nbytes=LARGE, pieces=40)
    assert sorted(call.done) == list(range(40))
    assert 2 <= len(set(call.entered)) <= threads


def test_one_thread_means_the_caller_alone():
    before = kernels.set_num_threads(1)
    try:
        call = Counted(9)
        _pool.run(call, nbytes=LARGE, pieces=9)
    finally:
        kernels.set_num_threads(before)
    assert call.entered == [threading.current_thread()]


def test_the_caller_does_not_wait_for_a_busy_pool(threads, monkeypatch):
    monkeypatch.setattr(_pool, "_pool", _pool._Pool())  # one without idle workers of other tests
    release = threading.Event()
    blocked = Counted(3, lambda: release.wait(30))
    holder = threading.Thread(target=lambda: _pool.run(blocked, nbytes=LARGE, pieces=3))
    holder.start()
    while len(blocked.entered) < threads:
        time.sleep(0.001)
    call = Counted(4)
    _pool.run(call, nbytes=LARGE, pieces=4)  # would hang here if it waited for the workers
    assert call.entered == [threading.current_thread()]
    release.set()
    holder.join()


def test_a_call_from_a_worker_runs_inline(threads):
    inner_threads = []

    def nested():
        if threading.current_thread() is not caller:
            inner = Counted(4)
            _pool.run(inner, nbytes=LARGE, pieces=4)
            inner_threads.append(set(inner.entered) == {threading.current_thread()})
        else:
            time.sleep(0.002)

    caller = threading.current_thread()
    _pool.run(Counted(40, nested), nbytes=LARGE, pieces=40)
    assert inner_threads
    assert all(inner_threads)


def test_a_failure_in_a_worker_reaches_the_caller(threads):
    caller = threading.current_thread()

    def fail():
        if threading.current_thread() is not caller:
            raise MemoryError("in a worker")
        time.sleep(0.002)

    with pytest.raises(MemoryError, match="in a worker"):
        _pool.run(Counted(40, fail), nbytes=LARGE, pieces=40)


@pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this platform has no timer that sends signals"
)
def test_an_interrupted_caller_still_waits_for_the_workers_that_have_started(threads):
    # They write to memory that the caller frees when it goes.
    at_work = []

    class Interrupted(Exception):
        pass

    def interrupt(number, frame):
        raise Interrupted

    class Slow:
        signatures = ("compiled",)

        def __call__(self, counter):
            if threading.current_thread() is threading.main_thread():
                while len(at_work) < 2:
                    time.sleep(0.001)
                signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
                return  # to wait for the workers, which is when the signals come
            at_work.append(threading.current_thread())
            time.sleep(0.4)
            at_work.remove(threading.current_thread())

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(Interrupted):
            _pool.run(Slow(), nbytes=LARGE, pieces=3)
        assert not at_work
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    call = Counted(9)
    _pool.run(call, nbytes=LARGE, pieces=9)
    assert sorted(call.done) == list(range(9))


def test_a_failing_caller_withdraws_its_tickets_and_waits(threads):
    at_work = []

    class Failing:
        signatures = ("compiled",)

        def __call__(self, counter):
            if threading.current_thread() is threading.main_thread():
                while not at_work:
                    time.sleep(0.001)
                raise MemoryError("in the caller")
            at_work.append(threading.current_thread())
            time.sleep(0.1)
            at_work.remove(threading.current_thread())

    with pytest.raises(MemoryError, match="in the caller"):
        _pool.run(Failing(), nbytes=LARGE, pieces=3)
    assert not at_work


def test_where_no_thread_can_start_the_caller_does_the_work_alone(threads, monkeypatch):
    def refuse(function, arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_pool, "_pool", _pool._Pool())
    monkeypatch.setattr(_pool._thread, "start_new_thread", refuse)
    call = Counted(7)
    _pool.run(call, nbytes=LARGE, pieces=7)
    assert call.entered == [threading.current_thread()]
    assert call.done == list(range(7))


def test_a_process_ends_while_threads_are_in_kernels_and_may_use_them_at_exit():
    script = """
        import atexit, threading
        import numpy as np
        from numparam import kernels
        from numparam.kernels.cpu import average

        kernels.set_num_threads(3)
        arrays = [np.ones(2_000_000, np.float32)] * 2
        average.mean(arrays)
        def busy():
            while True:
                average.mean(arrays)
        for _ in range(3):
            threading.Thread(target=busy, daemon=True).start()
        average.mean(arrays)
        atexit.register(lambda: print(average.mean(arrays)[0]))
    """
    assert run_isolated(script).strip() == "1.0"


def test_eight_threads_in_every_kernel_at_once():
    arrays = [np.full(700_000, i, np.float32) for i in range(3)]
    failures = []

    def work(seed):
        for _ in range(5):
            own = [array + seed for array in arrays]
            mean = average.mean(own)
            if not (mean == seed + 1).all():
                failures.append(seed)
            reset.zero(own)
            if any(array.any() for array in own):
                failures.append(seed)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


def run_isolated(script: str, **environment: str) -> str:
    """Run a script in a process of its own, within a minute."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c",
         textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


FORK_IN_THE_MIDDLE = """
    import os, threading
    import numpy as np
    import numba
    from numparam import kernels
    from numparam.kernels.cpu import average

    kernels.set_num_threads(2)

    @numba.njit(parallel=True)
    def warm(x):
        total = 0.0
        for i in numba.prange(x.size):
            total += x[i]
        return total

    if {parent_uses_numba}:
        warm(np.ones(1000))
    arrays = [np.ones(2_000_000, np.float32)] * 2
    average.mean(arrays)
    stop = threading.Event()
    def busy():
        while not stop.is_set():
            average.mean(arrays)
    threads = [threading.Thread(target=busy) for _ in range(2)]
    for t in threads: t.start()
    for _ in range(8):
        child = os.fork()
        if child == 0:
            import signal
            signal.alarm(30)
            good = (average.mean(arrays) == 1).all() and (average.add_n(arrays) == 2).all()
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    for t in threads: t.join()
    print("good")
"""


@fork
@pytest.mark.parametrize("layer", ["workqueue", "omp"])
def test_children_forked_in_the_middle_of_work_can_work(layer):
    # An OpenMP runtime that has run cannot be forked at all; ours must not be what starts it.
    script = FORK_IN_THE_MIDDLE.format(parent_uses_numba=layer == "workqueue")
    assert "good" in run_isolated(script, NUMBA_THREADING_LAYER=layer)


FORK_DURING_COMPILATION = """
    import os, threading
    import numpy as np
    from numparam.kernels.cpu import cast

    kinds = ["float32", "float64", "int8", "int32", "int64", "uint8"]
    compiling = threading.Thread(target=lambda: [
        cast.cast(np.ones(3, source), kind) for source in ("int16", "uint16") for kind in kinds])
    compiling.start()
    for _ in range(6):
        child = os.fork()
        if child == 0:
            import signal
            signal.alarm(60)
            good = cast.cast(np.ones(3, np.float16), np.float32).tolist() == [1, 1, 1]
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
    compiling.join()
    print("good")
"""


@fork
def test_children_forked_during_a_first_compilation_can_compile(tmp_path):
    assert "good" in run_isolated(FORK_DURING_COMPILATION, NUMBA_CACHE_DIR=str(tmp_path))


@pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this platform has no timer that sends signals"
)
def test_bursts_of_interrupts_never_leave_a_worker_behind(threads):
    class Interrupted(Exception):
        pass

    def interrupt(number, frame):
        # Only inside of `run`: this test itself is not to be broken off.
        while frame is not None:
            if frame.f_code is _pool.run.__code__:
                raise Interrupted
            frame = frame.f_back

    class Slow:
        signatures = ("compiled",)
        at_work = 0
        entered = 0

        def __call__(self, counter):
            if threading.current_thread() is threading.main_thread():
                time.sleep(0.0002)
                return
            self.entered += 1
            self.at_work += 1
            time.sleep(0.001)
            self.at_work -= 1

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupted = entered = 0
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.00005)
        for _ in range(150):
            call = Slow()
            try:
                _pool.run(call, nbytes=LARGE, pieces=2)
            except Interrupted:
                interrupted += 1
            assert call.at_work == 0
            left = call.entered
            entered += left
            time.sleep(0.0005)
            assert call.entered == left  # nobody joins afterwards
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 10


def test_a_large_kernel_at_the_end_of_the_interpreter_does_not_hang():
    script = """
        import atexit
        import numpy as np
        from numparam import kernels
        from numparam.kernels.cpu import average

        kernels.set_num_threads(3)
        arrays = [np.ones(2_000_000, np.float32)] * 2
        average.mean([array[:3] for array in arrays])  # compiled; no worker has started
        class Last:
            def __del__(self):
                print("mean", average.mean(arrays)[0], flush=True)
        kept = Last()
        import sys
        sys.modules["kept"] = kept
        del kept
        atexit.register(lambda: print("exit", average.add_n([arrays[0]] * 2)[0], flush=True))
    """
    printed = run_isolated(script)
    assert "exit 2.0" in printed
    assert "mean 1.0" in printed


def test_a_process_that_ends_while_a_thread_compiles_ends_well(tmp_path):
    script = """
        import threading, time
        import numpy as np
        from numparam.kernels.cpu import cast

        cast.cast(np.ones(3), "float32")
        for kind in ("float32", "int8", "int64", "uint16"):
            call = lambda kind=kind: cast.cast(np.ones(3, kind), "float64")
            threading.Thread(target=call, daemon=True).start()
        time.sleep({delay})
    """
    for delay in (0.05, 0.4):
        run_isolated(script.replace("{delay}", str(delay)), NUMBA_CACHE_DIR=str(tmp_path))


@fork
def test_a_child_of_multiprocessing_works():
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        assert pool.apply(average.mean, ([np.float32([1]), np.float32([3])],)).tolist() == [2]


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_a_bad_number_of_threads_is_refused(count):
    before = kernels.num_threads()
    with pytest.raises(ValueError, match="at least 1"):
        kernels.set_num_threads(count)
    assert kernels.num_threads() == before


def test_the_environment_sets_the_number_of_threads():
    script = "from numparam import kernels; print(kernels.num_threads())"
    assert run_isolated(script, NUMPARAM_NUM_THREADS="3").strip() == "3"
    with pytest.raises(AssertionError, match="NUMPARAM_NUM_THREADS is 'many'"):
        run_isolated(script, NUMPARAM_NUM_THREADS="many")
