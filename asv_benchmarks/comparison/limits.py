"""The limit: C loops that move the same bytes, on as many threads."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("baselines.c")


class Limits:
    """The loops of ``baselines.c``, compiled by the machine's own C compiler.

    Parameters
    ----------
    threads : int
        How many threads share a loop, the caller's included.

    Attributes
    ----------
    compiler : str or None
        Path of the compiler; without one, every limit is NumPy's own call, or none.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        self._library: ctypes.CDLL | None = None
        self._helpers = ThreadPoolExecutor(max(threads - 1, 1))
        if self.compiler is not None:
            with tempfile.TemporaryDirectory() as folder:
                library = Path(folder, "baselines.so")
                flags = ["-O3", "-march=native", "-shared", "-fPIC"]
                subprocess.run([self.compiler, *flags, "-o", library, SOURCE], check=True)
                self._library = ctypes.CDLL(str(library))

    def loop(
        self,
        name: str,
        size: int,
        arrays: Sequence[np.ndarray],
        number: int = 0,
        *,
        piece: int | None = None,
        otherwise: Callable[[], object] | None = None,
    ) -> Callable[[], object] | None:
        """Return a call of one loop on arrays; `otherwise` where there is no compiler.

        Parameters
        ----------
        name : str
            Function of ``baselines.c``.
        size : int
            Number of its items.
        arrays : sequence of numpy.ndarray
            What it reads and, last, writes.
        number : int
            Its last argument.
        piece : int, optional
            Items that a thread claims at once; an even split by default.
        otherwise : callable, optional
            The same work in NumPy.
        """
        if self._library is None:
            return otherwise
        addresses = np.array([array.ctypes.data for array in arrays], np.int64)
        return self.at(name, size, addresses, number, piece=piece, keep=arrays)

    def at(
        self,
        name: str,
        size: int,
        addresses: np.ndarray,
        number: int,
        *,
        piece: int | None = None,
        keep: object = None,
    ) -> Callable[[], object]:
        """Return a call of one loop on addresses, and keep alive what they point to."""
        function = getattr(self._library, name)
        function.restype = None
        function.argtypes = [
            ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64,
        ]  # fmt: skip
        share = piece or -(-size // self.threads // 64) * 64
        helpers = min(self.threads, -(-size // share)) - 1

        def call(keep: object = keep) -> None:
            counter = ctypes.c_int64(0)
            given = ctypes.byref(counter), size, share, addresses.ctypes.data, number
            started = [self._helpers.submit(function, *given) for _ in range(helpers)]
            function(*given)
            for helper in started:
                helper.result()

        return call
