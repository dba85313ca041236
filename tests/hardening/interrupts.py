"""Interrupt public calls at random moments, and check that everything still fits.

Each round makes a few parameters, lets a timer send an interrupt (Ctrl-C) while a call runs, and
checks what holds after any call: contexts, dtypes, arrays and gradients of a parameter fit each
other; another thread can copy every array, so no lock is left; no file and no descriptor is left;
the same call, made again, succeeds::

    python tests/hardening/interrupts.py                     # 200 rounds of each call
    python tests/hardening/interrupts.py --rounds 20 --seed 3 save reset_ctx

The names are those of the calls; all by default. It needs timers that send signals, as on Linux and
macOS. The first failure ends it, with the call, the round and the seed that repeat it.
"""

from __future__ import annotations

import argparse
import gc
import os
import pickle
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
if str(_ROOT) not in sys.path:
    sys.path.insert(0, str(_ROOT))

import numpy as np  # noqa: E402 (the path comes first)

import numparam as mx  # noqa: E402
from numparam.gluon import ParameterDict, Trainer  # noqa: E402

BOTH = [mx.cpu(0), mx.cpu(1)]
_SHAPE = (40, 50)  # more elements than are copied in one step
_WAIT = 30  # seconds until a thread that copies counts as stuck


class Scene:
    """What calls work on: parameters that were trained for a step, and a folder.

    Parameters
    ----------
    folder : Path
        An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "saved.params"
        self.states = folder / "saved.states"
        self.members = ParameterDict("net_")
        for name in ("first", "second"):
            self.members.get(name, shape=_SHAPE, init="ones")
        self.rows = self.members.get(
            "rows", shape=_SHAPE, init="ones", stype="row_sparse", grad_stype="row_sparse"
        )
        self.first = self.members["net_first"]
        self.members.initialize(ctx=BOTH)
        dense = [self.members[f"net_{name}"] for name in ("first", "second")]
        self.trainer = Trainer(dense, "sgd", {"learning_rate": 0.1, "momentum": 0.9})
        self.members.save(self.file)
        self.step()
        self.trainer.save_states(str(self.states))

    def differentiate(self) -> None:
        """Record an expression on each context, and run it backward."""
        for context in BOTH:
            with mx.autograd.record():
                loss = sum((p.data(context) ** 2).sum() for p in self.trainer._params)
            loss.backward()

    def step(self) -> None:
        """Train one step."""
        self.differentiate()
        self.trainer.step(2)


CALLS: dict[str, Callable[[Scene], Any]] = {
    "initialize": lambda s: s.members.initialize("zeros", ctx=BOTH, force_reinit=True),
    "reset_ctx": lambda s: s.members.reset_ctx([mx.cpu(2), mx.cpu(1)]),
    "cast": lambda s: s.first.cast("float64"),
    "setattr": lambda s: s.members.setattr("dtype", "float16"),
    "grad_req": lambda s: s.members.setattr("grad_req", "add"),
    "set_data": lambda s: s.first.set_data(np.zeros(_SHAPE, np.float32)),
    "set_rows": lambda s: s.rows.set_rows([0, 3], np.zeros((2, _SHAPE[1]))),
    "zero_grad": lambda s: s.members.zero_grad(),
    "mean_data": lambda s: s.members.mean_data(),
    "mean_grads": lambda s: s.members.mean_grads(),
    "save": lambda s: s.members.save(s.file),
    "load": lambda s: s.members.load(s.file),
    "arrays": lambda s: mx.nd.save(s.folder / "arrays", {"a": s.first.data(mx.cpu(0)) + 1}),
    "copy": lambda s: [array.copyto(mx.cpu(3)) for array in s.first.list_data()],
    "astype": lambda s: [array.astype("float64") for array in s.first.list_data()],
    "pickle": lambda s: pickle.loads(pickle.dumps(s.members)),
    "backward": Scene.differentiate,
    "step": Scene.step,
    "save_states": lambda s: s.trainer.save_states(str(s.states)),
    "load_states": lambda s: s.trainer.load_states(str(s.states)),
    "checkpoint": lambda s: mx.Checkpoint(s.file).astype("float16").save(s.folder / "half.params"),
}


class Interrupted(KeyboardInterrupt):
    """What the timer's signal raises."""


def _interrupt(number: int, frame: object) -> None:
    raise Interrupted


def interrupted(call: Callable[[], Any], delay: float) -> bool:
    """Make a call, interrupt it after so many seconds; return whether it was interrupted."""
    previous = signal.signal(signal.SIGALRM, _interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(delay, 1e-6))
        call()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Interrupted:
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    return False


def check(scene: Scene) -> None:
    """Check what holds after any call."""
    for parameter in scene.members.values():
        _check_parameter(parameter)
    copied: list[Any] = []

    def copy_all() -> None:
        for parameter in scene.members.values():
            for array in (*parameter._data, *(parameter._grad or ())):
                copied.append(array.asnumpy())

    thread = threading.Thread(target=copy_all, daemon=True)
    thread.start()
    thread.join(_WAIT)
    assert not thread.is_alive(), "a thread that copies the arrays waits for ever"
    assert copied, "a thread could not copy the arrays"
    names = {"saved.params", "saved.states", "arrays", "half.params"}
    left = {path.name for path in scene.folder.iterdir()} - names
    assert not left, f"files were left: {sorted(left)}"
    mx.nd.load(scene.file)


def _check_parameter(parameter: Any) -> None:
    arrays, gradients = parameter._data, parameter._grad
    contexts = parameter.list_ctx()
    assert [array.context for array in arrays] == contexts, parameter
    assert {np.dtype(array.dtype) for array in arrays} == {np.dtype(parameter.dtype)}, parameter
    assert {array.shape for array in arrays} == {parameter.shape}, parameter
    assert gradients is not None, parameter
    assert [gradient.context for gradient in gradients] == contexts, parameter
    assert {np.dtype(gradient.dtype) for gradient in gradients} == {np.dtype(parameter.dtype)}
    for array, gradient in zip(arrays, gradients, strict=True):
        assert _memory(array.grad) == _memory(gradient), parameter
        assert array._marking.grad_req == parameter.grad_req, parameter


def _memory(array: Any) -> int:
    """Return what handles on the same memory have in common."""
    return id(array._buffer if array.stype == "default" else array._chunk)


def descriptors() -> int:
    """Return how many files the process has open; 0 where that cannot be told."""
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def attack(name: str, rounds: int, seed: int) -> int:
    """Interrupt one call in some rounds; return how often it was interrupted."""
    call = CALLS[name]
    longest = min(_seconds(call) for _ in range(4))  # the first one compiles
    count = 0
    before = None
    for number in range(rounds):
        # As often in the first tenth of the call as in the rest of it.
        delay = longest * 10 ** random.Random(f"{seed}:{name}:{number}").uniform(-2, 0)
        with tempfile.TemporaryDirectory() as folder:
            scene = Scene(Path(folder))
            try:
                count += interrupted(partial(call, scene), delay)
                check(scene)
                call(scene)
                check(scene)
            except Exception as error:
                raise AssertionError(
                    f"{name}, round {number} of seed {seed}, after {delay * 1e6:.0f} µs: {error}"
                ) from error
        del scene
        gc.collect()
        now = descriptors()
        before = now if before is None else before
        assert now <= before, f"{name}, round {number} of seed {seed}: descriptors are left open"
    return count


def _seconds(call: Callable[[Scene], Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        started = time.perf_counter()
        call(scene)
        return time.perf_counter() - started


def main(arguments: list[str]) -> int:
    """Interrupt the calls and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200, help="rounds of each call")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("calls", nargs="*", metavar="call", help=", ".join(CALLS))
    options = parser.parse_args(arguments)
    unknown = set(options.calls) - set(CALLS)
    if unknown:
        parser.error(f"no call {sorted(unknown)}; there are {', '.join(CALLS)}")
    for name in options.calls or CALLS:
        print(f"{name}: interrupted {attack(name, options.rounds, options.seed)} times", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
