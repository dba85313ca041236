"""C loops that move the same bytes as numparam's kernels, on as many threads."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("c_loops.c")


def compiler() -> str | None:
    """Return the path of the machine's C compiler, or None."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


class CLoops:
    """The loops of ``c_loops.c``, compiled by the machine's own C compiler.

    Parameters
    ----------
    threads : int
        Number of threads that share a loop, the caller's included.
    compiler : str
        Path of the C compiler.
    """

    def __init__(self, threads: int, compiler: str) -> None:
        self.threads = threads
        self._helpers = ThreadPoolExecutor(max(threads - 1, 1))
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder, "c_loops.so")
            flags = ["-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC"]
            subprocess.run([compiler, *flags, "-o", library, SOURCE], check=True)
            self._library = ctypes.CDLL(str(library))

    def loop(
        self,
        name: str,
        size: int,
        arrays: Sequence[np.ndarray],
        number: int = 0,
        *,
        piece: int | None = None,
    ) -> Callable[[], object]:
        """Return a call of one loop on arrays.

        Parameters
        ----------
        name : str
            Function of ``c_loops.c``.
        size : int
            Number of its items.
        arrays : sequence of numpy.ndarray
            The arrays it reads and, last, the one it writes.
        number : int
            Its last argument.
        piece : int, optional
            Items that a thread claims at once; an even split by default.
        """
        addresses = np.array([array.ctypes.data for array in arrays], np.int64)
        return self.loop_at(name, size, addresses, number, piece=piece, keep=arrays)

    def loop_at(
        self,
        name: str,
        size: int,
        addresses: np.ndarray,
        number: int,
        *,
        piece: int | None = None,
        keep: object = None,
    ) -> Callable[[], object]:
        """Return a call of one loop on addresses; it keeps a reference to `keep`."""
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
