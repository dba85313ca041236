"""Measure the CUDA kernels on this machine's first GPU: check results, then time them.

    python asv_benchmarks/gpu.py --json gpu.json

is meant to take less than four minutes. Shares are of the rate at which the driver copies 1 GiB
within the GPU in the same run, counted both ways. Where PyTorch is installed it does the same work
in the same run, and so does CuPy. Run ``numparam warm-up --device gpu`` first, so that no kernel is
compiled meanwhile. With ``--check`` every case runs once, on a few elements, and nothing is timed.
With ``--dry`` they go the whole way on a few elements, whose times mean nothing, so that a mistake
in this script shows before a GPU is at hand. Both work on Numba's simulator:
``NUMBA_ENABLE_CUDASIM=1``.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import gc
import importlib.metadata
import json
import math
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "asv_benchmarks")]

from cases.gpu import MEGA, GpuCase, cases  # noqa: E402  (needs the path)
from numparam.kernels.cuda import _ids, _launch, _memory, _provider  # noqa: E402

_SECONDS = 0.4  # for one timing of one case


def main() -> int:
    """Run the command; the exit status is 1 if a result is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="run each case once, small")
    parser.add_argument("--dry", action="store_true", help="measure small cases, to try this")
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    options = parser.parse_args()
    if _provider.simulated():
        _launch.THREADS, _launch.MOST_BLOCKS = 4, 2  # each simulated thread is a real one
        _ids._SEGMENT_BITS = 3
    elif not _provider.device_count():
        print(_provider._survey()[1])
        return 1
    libraries = (None, None) if options.check or options.dry else (_torch(), _cupy())
    small, seconds = options.dry, 0.0 if options.dry else _SECONDS
    started = time.perf_counter()
    chosen = [case for case in cases() if options.only in case.name]
    # A dry run looks at each result where it measures.
    answers = {case.name: _answer(case) for case in chosen if not options.dry}
    missing = {name for name, answer in answers.items() if answer is None}
    wrong = [name for name, answer in answers.items() if answer is False]
    right = sum(answer is True for answer in answers.values())
    if not options.dry:
        print(f"{right} of {len(chosen) - len(missing)} cases are right")
    if options.check or wrong:
        return int(bool(wrong))
    rates = {"copy": _rate(_copy, 2, small, seconds), "memset": _rate(_clear, 1, small, seconds)}
    print(f"copy {rates['copy'] / 1e12:.2f} TB/s, memset {rates['memset'] / 1e12:.2f} TB/s")
    results = []
    for case in chosen:
        if case.name in missing:
            continue
        try:
            results.append(_timed(case, rates, libraries, small, seconds))
        except NotImplementedError as reason:
            print(f"{case.name}: left out, {reason}")
            continue
        print(_line(results[-1]), flush=True)
    took = time.perf_counter() - started
    missed = sum(not result["reached"] for result in results)
    print(f"{len(results)} cases, {missed} missed; {took:.0f} s")
    if options.json:
        found = {"machine": _machine(), "took_s": took, "rates": rates, "cases": results}
        pathlib.Path(options.json).write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _cupy() -> Any:
    try:
        import cupy
    except ImportError:
        return None
    return cupy


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def _answer(case: GpuCase) -> bool | None:
    """Run a small case and return whether its result is right; None if it is not possible here."""
    try:
        measured = case.prepare(True, None)
        measured.check()
        measured.call()
        _memory.synchronize()
    except NotImplementedError as reason:
        print(f"{case.name}: left out, {reason}")
        return None
    except Exception as failure:
        print(f"{case.name}: {type(failure).__name__}: {failure}")
        return False
    return True


def _seconds(
    call: Callable[[], Any], wait: Callable[[], Any], seconds: float, host: bool = False
) -> float:
    """Return the least time of one call, over rounds of as many as fill a part of a second.

    With `host` the time until calls return; otherwise until the GPU has done all of a round.
    """
    if seconds:
        call()
        wait()
    start = time.perf_counter()
    call()
    wait()
    once = max(time.perf_counter() - start, 1e-7)
    if not seconds:
        return once
    rounds = 5
    number = max(1, min(1000, int(seconds / rounds / once)))
    best = math.inf
    for _ in range(rounds):
        wait()
        start = time.perf_counter()
        for _ in range(number):
            call()
        if not host:
            wait()
        best = min(best, (time.perf_counter() - start) / number)
        wait()
    return best


def _copy(nbytes: int) -> Callable[[], Any]:
    source, target = (_memory.zeros((nbytes,), "uint8") for _ in range(2))
    return lambda: _memory.copy_into(target, source)


def _clear(nbytes: int) -> Callable[[], Any]:
    array = _memory.zeros((nbytes,), "uint8")
    return lambda: _memory.clear(array)


def _rate(
    prepare: Callable[[int], Callable[[], Any]], ways: int, small: bool, seconds: float
) -> float:
    nbytes = 1024 if small else 1024 * MEGA
    return ways * nbytes / _seconds(prepare(nbytes), _memory.synchronize, seconds)


def _timed(
    case: GpuCase, rates: dict[str, float], libraries: tuple[Any, Any], small: bool, seconds: float
) -> dict[str, Any]:
    gc.collect()
    torch, cupy = libraries
    measured = case.prepare(small, torch)
    measured.check()
    host = case.measure == "host us"
    took = _seconds(measured.call, _memory.synchronize, seconds, host)
    other = in_cupy = math.nan
    if measured.torch is not None:
        wait = torch.cuda.synchronize if torch is not None else _memory.synchronize
        other = _seconds(measured.torch, wait, seconds, host)
    if measured.cupy is not None and cupy is not None:
        wait = cupy.cuda.Device().synchronize
        in_cupy = _seconds(measured.cupy(cupy), wait, seconds, host)
    value = _value(case, took, measured.nbytes, rates)
    reached = math.isnan(case.goal) or (
        value >= case.goal if case.measure in ("share", "memset", "GB/s") else value <= case.goal
    )
    return {
        "case": case.name, "measure": case.measure, "value": value, "goal": _number(case.goal),
        "reached": reached and not other / took < case.times, "seconds": took,
        "beside": case.beside, "beside_seconds": _number(other),
        "times_faster": _number(other / took), "times_goal": case.times,
        "cupy_seconds": _number(in_cupy), "times_faster_than_cupy": _number(in_cupy / took),
    }  # fmt: skip


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _value(case: GpuCase, took: float, nbytes: int, rates: dict[str, float]) -> float:
    if case.measure == "share":
        return nbytes / took / rates["copy"]
    if case.measure == "memset":
        return nbytes / took / rates["memset"]
    if case.measure == "GB/s":
        return nbytes / took / 1e9
    return took * (1e3 if case.measure == "ms" else 1e6)


def _line(result: dict[str, Any]) -> str:
    value, unit = result["value"], result["measure"]
    shown = f"{100 * value:8.1f} %" if unit in ("share", "memset") else f"{value:8.2f} {unit}"
    times, others = result["times_faster"], result["times_faster_than_cupy"]
    judged = result["goal"] is not None or times is not None
    mark = "MISSED" if not result["reached"] else ("reached" if judged else "")
    beside = "" if times is None else f"{times:6.2f} x {result['beside']}"
    beside += "" if others is None else f"{others:6.2f} x cupy"
    took = 1e3 * result["seconds"]
    return f"{result['case']:46} {took:9.4f} ms {shown:18} {mark:8} {beside}"


def _machine() -> dict[str, Any]:
    versions = {}
    for name in ("numba-cuda", "cuda-core", "cuda-bindings", "numpy", "torch", "cupy-cuda13x"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    name, capability = "simulator", []
    if not _provider.simulated():
        import cuda.core as core  # only where there is a GPU

        name = core.Device(0).name
        capability = list(_provider.device_memory().capability(0))
    return {
        "gpu": name, "capability": capability, "versions": versions,
        "driver": _driver_version(),
        "date": datetime.date.today().isoformat(), "command": " ".join(sys.argv),
    }  # fmt: skip


def _driver_version() -> str | None:
    """Return the CUDA version of the driver; None on the simulator."""
    driver = None if _provider.simulated() else _provider._driver()
    if driver is None:
        return None
    version = ctypes.c_int(0)
    driver.cuDriverGetVersion(ctypes.byref(version))
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


if __name__ == "__main__":
    sys.exit(main())
