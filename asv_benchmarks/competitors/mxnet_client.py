"""MXNet in an interpreter of its own: it does not install beside a modern NumPy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from competitors.timing import Timed
from competitors.worker import Worker

SCRIPT = Path(__file__).with_name("mxnet_worker.py")


class MXNet:
    """MXNet's side of the comparison: functions of ``mxnet_worker.py``, timed in that process.

    Parameters
    ----------
    python : str
        An interpreter that can import mxnet.
    threads : int
        Number of threads that MXNet may use.
    """

    def __init__(self, python: str, threads: int) -> None:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "MXNET_CPU_WORKER_NTHREADS": str(threads),
            "PYTHONWARNINGS": "ignore",
        }
        environment.pop("PYTHONPATH", None)
        self._worker = Worker([python, str(SCRIPT)], environment)
        self.version = self._worker.ask({"version": True})["version"]

    def prepare(self, name: str, arguments: dict[str, Any]) -> Timed | None:
        """Prepare a function of the worker in place of the last one; None if MXNet fails in it."""
        try:
            return self._worker.prepare(name, arguments)
        except RuntimeError:
            return None

    def close(self) -> None:
        """End the worker."""
        self._worker.close()
