"""numparam of a given checkout, in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from competitors.timing import Timed
from competitors.worker import Worker

SCRIPT = Path(__file__).with_name("checkout_worker.py")


class Checkout:
    """Another version of numparam, timed on the cases of this one.

    Parameters
    ----------
    path : Path
        Root of a checkout of numparam.
    threads : int
        Number of threads that it may use.

    Raises
    ------
    FileNotFoundError
        If the path is not a checkout.
    """

    def __init__(self, path: Path, threads: int) -> None:
        if not (path / "numparam" / "__init__.py").is_file():
            raise FileNotFoundError(f"{path} is not a checkout of numparam")
        self.path = path.resolve()
        environment = {**os.environ, "PYTHONPATH": str(self.path)}
        command = [sys.executable, str(SCRIPT), str(threads)]
        self._worker = Worker(command, environment)
        answer = self._worker.ask({"where": True})
        self.version = answer["version"]
        found = Path(answer["where"])
        if not found.is_relative_to(self.path):
            self.close()
            raise RuntimeError(f"numparam was imported from {found} instead of {self.path}")

    def prepare(self, case: str) -> Timed:
        """Prepare a case in place of the last one.

        Raises
        ------
        RuntimeError
            If this version of numparam cannot run it.
        """
        return self._worker.prepare(case, {})

    def close(self) -> None:
        """End the process."""
        self._worker.close()
