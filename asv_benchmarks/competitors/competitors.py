"""The competitors that take part in a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from competitors.c_loops import CLoops
from competitors.mxnet_client import MXNet
from competitors.timing import Timed


@dataclass(frozen=True)
class Competitors:
    """The competitors present; without arguments, numparam and NumPy are alone.

    Attributes
    ----------
    c_loops : CLoops or None
        Compiled C loops; None where there is no C compiler.
    torch : module or None
        PyTorch, if it can be imported.
    mxnet : MXNet or None
        MXNet, in another process.
    """

    c_loops: CLoops | None = None
    torch: ModuleType | None = None
    mxnet: MXNet | None = None

    def c_loop(
        self,
        name: str,
        size: int,
        arrays: Sequence[np.ndarray],
        number: int = 0,
        *,
        piece: int | None = None,
        otherwise: Callable[[], object] | None = None,
    ) -> Callable[[], object] | None:
        """Return a call of one C loop (see `CLoops.loop`); `otherwise` without a compiler."""
        if self.c_loops is None:
            return otherwise
        return self.c_loops.loop(name, size, arrays, number, piece=piece)

    def in_mxnet(self, function: str, /, **arguments: Any) -> Timed | None:
        """Prepare a function of ``mxnet_worker.py``; None without MXNet."""
        return None if self.mxnet is None else self.mxnet.prepare(function, arguments)
