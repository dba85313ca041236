"""Files named on a command line, where ``-`` is standard input or output."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator

from numparam.checkpoint import Checkpoint, CheckpointPlanError
from numparam.checkpoint.presentation import printable
from numparam.cli.output import STDIN_PREFIX, progress_of

__all__ = ["opened", "write"]


@contextlib.contextmanager
def opened(paths: Iterable[str]) -> Iterator[list[Checkpoint]]:
    """Open files; standard input is copied into a temporary file first, so that it may be large."""
    paths = list(paths)
    if paths.count("-") > 1:
        raise CheckpointPlanError("standard input can be read once only: pass - for one file")
    with contextlib.ExitStack() as stack:
        found = []
        for path in paths:
            if path == "-":
                copy = stack.enter_context(tempfile.NamedTemporaryFile(prefix=STDIN_PREFIX))
                shutil.copyfileobj(sys.stdin.buffer, copy, 1 << 20)
                copy.flush()
                path = copy.name
            found.append(stack.enter_context(Checkpoint(path)))
        yield found


def write(checkpoint: Checkpoint, target: str, format: str | None) -> None:
    """Write a checkpoint to a file or, in ``.params`` if no format is given, to standard output."""
    if target != "-":
        with progress_of(
            f"writing {printable(os.path.basename(target))}", checkpoint.nbytes
        ) as advance:
            checkpoint.save(target, format, progress=advance)
        return
    if sys.stdout.isatty():
        raise CheckpointPlanError("arrays are not written to a terminal: redirect standard output")
    with progress_of("writing", checkpoint.nbytes) as advance:
        checkpoint.save(sys.stdout.buffer, format or "params", progress=advance)
    sys.stdout.buffer.flush()
