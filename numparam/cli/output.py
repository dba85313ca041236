"""Output of the commands: tables that fit a terminal, whole lines for pipes, JSON, progress."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from numparam.checkpoint.presentation import table

__all__ = ["STDIN_PREFIX", "print_error", "print_json", "print_table", "progress_of"]

#: How the names of temporary files begin that hold what came from standard input.
STDIN_PREFIX = "numparam-stdin-"

# Arguments of functions, and the options that stand for them.
_OPTIONS = {
    "on_conflict='first' or 'last'": "--on-conflict first or last",
    "pass format=,": "pass --format,",
    "pass integers='first' or 'last'": "pass --integers first or last",
    "pass 'first' or 'last'": "pass --integers first or last",
    "Make it first, with os.makedirs.": "Make it first, with mkdir -p.",
    "Data from a pipe can be read as bytes, or from a file object.": "A pipe is read as -.",
    "first, with select, rename, astype or to_dense": "first, with numparam convert",
    "Convert it first, with astype,": "Convert it first, with --dtype,",
}


def print_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int], footer: str = ""
) -> None:
    """Print a table, at most as wide as the terminal; in full if the output is not a terminal."""
    if not sys.stdout.isatty():
        lines = [table(head, rows, numbers)] if rows else []
        print("\n".join([*lines, *([footer] if footer else [])]))
        return
    console = Console()
    if rows:
        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for position, name in enumerate(head):
            right = position in numbers
            shown.add_column(
                name,
                justify="right" if right else "left",
                no_wrap=position != 0 and len(rows[0]) > 3,
                overflow="fold",
            )
        for row in rows:
            shown.add_row(*map(Text, row))
        console.print(shown)
    if footer:
        console.print(Text(footer))


def print_json(value: Any) -> None:
    """Print a value as JSON; infinities and NaN become strings, since JSON lacks them."""
    print(json.dumps(_plain(value), indent=2, ensure_ascii=not sys.stdout.isatty()))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


def print_error(error: BaseException | str) -> None:
    """Print an error in one line on standard error, in the words of the command line."""
    text = ""
    for line in str(error).splitlines():
        between = " " if text.endswith((":", ";", ",", ".")) else "; " if line[:1] == " " else ". "
        text += (between if text else "") + " ".join(line.split())
    for argument, option in _OPTIONS.items():
        text = text.replace(argument, option)
    text = re.sub(rf"\S*{STDIN_PREFIX}\w+", "standard input", text)
    print(f"numparam: {text or type(error).__name__}", file=sys.stderr)


@contextlib.contextmanager
def progress_of(description: str, nbytes: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with rates on standard error, if that is a terminal and the work is long."""
    if not sys.stderr.isatty() or nbytes < 16_000_000:
        yield lambda count: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(description, total=nbytes)
        yield lambda count: progress.advance(task, count)
