"""MXNet in an interpreter of its own: it does not install beside a modern NumPy."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from comparison.case import Timed

WORKER = Path(__file__).with_name("mxnet_worker.py")


class MXNet:
    """A worker process, asked by lines of JSON; it times its calls itself.

    Parameters
    ----------
    python : str
        An interpreter that can import mxnet.
    threads : int
        That MXNet may use.
    """

    def __init__(self, python: str, threads: int) -> None:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "MXNET_CPU_WORKER_NTHREADS": str(threads),
            "PYTHONWARNINGS": "ignore",
        }
        environment.pop("PYTHONPATH", None)
        self._process = subprocess.Popen(
            [python, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        self.version = self._ask({"version": True})["version"]

    def prepare(self, name: str, arguments: dict[str, Any]) -> Timed | None:
        """Make a function of the worker ready in place of the last one; None if it cannot be."""
        if "error" in self._ask({"prepare": name, "arguments": arguments}):
            return None
        return lambda repeats: self._ask({"repeat": repeats})["seconds"]

    def close(self) -> None:
        """End the worker."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        channel_in, channel_out = self._process.stdin, self._process.stdout
        if channel_in is None or channel_out is None:
            raise RuntimeError("the worker has no pipes")
        channel_in.write(json.dumps(question) + "\n")
        channel_in.flush()
        answer = channel_out.readline()
        if not answer:
            raise RuntimeError(
                f"the MXNet worker ended; run {WORKER.name} with that interpreter to see why"
            )
        return json.loads(answer)
