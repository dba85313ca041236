"""Measure the CUDA kernels on this machine's first GPU: check results, then time them.

    python asv_benchmarks/gpu.py --json gpu.json

is meant to take less than four minutes. Shares are of the rate at which the driver copies 1 GiB
within the GPU in the same run, counted both ways. Where PyTorch is installed it does the same work
in the same run. With ``--check`` every case runs once, on a few elements, and nothing is timed;
that works on Numba's simulator too: ``NUMBA_ENABLE_CUDASIM=1``.
"""

from __future__ import annotations

import argparse
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
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    options = parser.parse_args()
    if _provider.simulated():
        _launch.THREADS, _launch.MOST_BLOCKS = 4, 2  # each simulated thread is a real one
        _ids._SEGMENT_BITS = 3
    elif not _provider.device_count():
        print(_provider._survey()[1])
        return 1
    torch = None if options.check else _torch()
    chosen = [case for case in cases() if options.only in case.name]
    wrong = [case.name for case in chosen if not _is_right(case)]
    if options.check or wrong:
        print(f"{len(chosen) - len(wrong)} of {len(chosen)} cases are right")
        return int(bool(wrong))
    rates = {"copy": _rate(_copy, 2), "memset": _rate(_clear, 1)}
    print(f"copy {rates['copy'] / 1e12:.2f} TB/s, memset {rates['memset'] / 1e12:.2f} TB/s")
    results = []
    for case in chosen:
        results.append(_timed(case, rates, torch))
        print(_line(results[-1]), flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"machine": _machine(), "rates": rates, "cases": results}, indent=1)
        )
    return 0


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def _is_right(case: GpuCase) -> bool:
    """Run a small case and look at its result."""
    try:
        measured = case.prepare(True, None)
        measured.check()
        measured.call()
        _memory.synchronize()
    except Exception as failure:
        print(f"{case.name}: {type(failure).__name__}: {failure}")
        return False
    return True


def _seconds(call: Callable[[], Any], wait: Callable[[], Any], host: bool = False) -> float:
    """Return the least time of one call, over rounds of as many as fill a part of a second.

    With `host` the time until calls return; otherwise until the GPU has done all of a round.
    """
    call()
    wait()
    start = time.perf_counter()
    call()
    wait()
    once = max(time.perf_counter() - start, 1e-7)
    rounds = 5
    number = max(1, min(1000, int(_SECONDS / rounds / once)))
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


def _copy() -> tuple[Callable[[], Any], int]:
    source, target = (_memory.zeros((1024 * MEGA,), "uint8") for _ in range(2))
    return lambda: _memory.copy_into(target, source), source.nbytes


def _clear() -> tuple[Callable[[], Any], int]:
    array = _memory.zeros((1024 * MEGA,), "uint8")
    return lambda: _memory.clear(array), array.nbytes


def _rate(prepare: Callable[[], tuple[Callable[[], Any], int]], ways: int) -> float:
    call, nbytes = prepare()
    return ways * nbytes / _seconds(call, _memory.synchronize)


def _timed(case: GpuCase, rates: dict[str, float], torch: Any) -> dict[str, Any]:
    gc.collect()
    measured = case.prepare(False, torch)
    measured.check()
    host = case.measure == "host us"
    took = _seconds(measured.call, _memory.synchronize, host)
    other = math.nan
    if measured.torch is not None:
        wait = torch.cuda.synchronize if torch is not None else _memory.synchronize
        other = _seconds(measured.torch, wait, host)
    value = _value(case, took, measured.nbytes, rates)
    reached = math.isnan(case.goal) or (
        value >= case.goal if case.measure in ("share", "memset", "GB/s") else value <= case.goal
    )
    return {
        "case": case.name, "measure": case.measure, "value": value, "goal": _number(case.goal),
        "reached": reached, "seconds": took,
        "beside": case.beside, "beside_seconds": _number(other),
        "times_faster": _number(other / took),
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
    mark = "" if result["goal"] is None else ("reached" if result["reached"] else "MISSED")
    times = result["times_faster"]
    beside = "" if times is None else f"{times:6.2f} x {result['beside']}"
    took = 1e3 * result["seconds"]
    return f"{result['case']:46} {took:9.4f} ms {shown:18} {mark:8} {beside}"


def _machine() -> dict[str, Any]:
    versions = {}
    for name in ("numba-cuda", "cuda-core", "cuda-bindings", "numpy", "torch", "cupy-cuda13x"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    import cuda.core as core  # only where there is a GPU

    device = core.Device(0)
    return {
        "gpu": device.name, "capability": list(device.compute_capability), "versions": versions,
        "date": datetime.date.today().isoformat(), "command": " ".join(sys.argv),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
