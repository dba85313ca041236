"""The commands: ``ls``, ``convert``, ``diff``, ``mean``, ``merge``, ``doctor`` and ``warm-up``.

Exit statuses: 0 done; 1 files differ, or a file has NaN or infinities; 2 an error, in one line on
standard error; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from numparam import __version__, kernels
from numparam.base import MXNetError
from numparam.checkpoint import Checkpoint, CheckpointPlanError
from numparam.checkpoint.presentation import bytes_text, counted, printable, shape_text
from numparam.cli import doctor as doctoring
from numparam.cli.files import opened, write
from numparam.cli.output import print_error, print_json, print_table, progress_of
from numparam.context import num_gpus
from numparam.devices.cuda import compile_gpu_kernels

__all__ = ["app", "run"]

app = typer.Typer(
    name="numparam",
    help="Look into, convert, compare and average files of parameters: .params, .safetensors, "
    ".npz and PyTorch's. A file named - is standard input or output.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

File = Annotated[str, typer.Argument(help="A file of arrays, or - for standard input.")]
Files = Annotated[list[str], typer.Argument(help="Files of arrays; - is standard input.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Output = Annotated[str, typer.Option("--output", "-o", help="The file, or - for standard output.")]
FormatName = Annotated[
    str | None,
    typer.Option("--format", help="params, safetensors, npz or torch; else by the suffix."),
]


class OnConflict(StrEnum):
    """Which array is taken if several have the same name."""

    error = "error"
    first = "first"
    last = "last"


class Integers(StrEnum):
    """How integers and booleans are combined."""

    mean = "mean"
    first = "first"
    last = "last"


class Device(StrEnum):
    """The devices that kernels are compiled for."""

    cpu = "cpu"
    gpu = "gpu"


def run(arguments: list[str]) -> int:
    """Run a command line; return its exit status."""
    try:
        status = app(arguments, prog_name="numparam", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except BrokenPipeError:
        # The reader has closed the pipe. What is left must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (MXNetError, OSError, ValueError, TypeError, ImportError) as error:
        print_error(error)
        return 2
    except (KeyboardInterrupt, EOFError):
        print_error("interrupted")
        return 130
    except Exception as error:
        # typer's errors: what was wrong with the arguments.
        if hasattr(error, "format_message"):
            if not error.format_message():  # no command: the help was printed
                return 2
            print_error(f"{error.format_message()} (see numparam --help)")
            return 2
        if type(error).__name__ in ("Abort", "Exit"):
            return int(getattr(error, "exit_code", 130))
        raise


def _show_version(value: bool) -> None:
    if value:
        print(f"numparam {__version__}")
        raise typer.Exit()


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


@app.command()
def ls(file: File, json: Json = False) -> None:
    """List the arrays of a file: names, shapes, dtypes, storage types, bytes."""
    with opened([file]) as (checkpoint,):
        headers = checkpoint.headers
        if json:
            arrays = [
                {
                    "name": name,
                    "shape": header.shape,
                    "dtype": header.dtype.name,
                    "storage": header.storage,
                    "stored_shape": header.stored_shape,
                    "bytes": header.nbytes,
                }
                for name, header in headers.items()
            ]
            print_json({"file": file, "arrays": arrays, "bytes": checkpoint.nbytes})
            return
        rows = [
            (
                printable(name),
                shape_text(header),
                header.dtype.name,
                "dense" if header.storage == "default" else header.storage,
                f"{header.nbytes:,}",
            )
            for name, header in headers.items()
        ]
        total = f"{counted(len(rows), 'array')}, {bytes_text(checkpoint.nbytes)}"
        print_table(("name", "shape", "dtype", "storage", "bytes"), rows, {4}, total)


@app.command()
def convert(
    file: File,
    target: Annotated[str, typer.Argument(help="The new file, or - for standard output.")],
    select: Annotated[
        list[str] | None, typer.Option(help="Keep arrays of this pattern, such as '*_weight'.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="Leave arrays of this pattern out.")
    ] = None,
    strip: Annotated[
        list[str] | None, typer.Option(help="Cut this off the beginning of names.")
    ] = None,
    add: Annotated[str, typer.Option(help="Put this before each name.")] = "",
    rename: Annotated[list[str] | None, typer.Option(help="OLD=NEW, for one array.")] = None,
    map: Annotated[
        str | None,
        typer.Option(help="torch, gluon-cv, insightface, sockeye, or a .toml or .json file."),
    ] = None,
    map_back: Annotated[bool, typer.Option("--map-back", help="Use the map in reverse.")] = False,
    dtype: Annotated[
        str | None, typer.Option(help="New dtype of the floating-point arrays.")
    ] = None,
    dense: Annotated[bool, typer.Option("--dense", help="Make sparse arrays dense.")] = False,
    format: FormatName = None,
) -> None:
    """Write a file's arrays in another format, under other names, of another dtype."""
    if map_back and map is None:
        raise CheckpointPlanError("--map-back needs --map")
    with opened([file]) as (checkpoint,):
        result = checkpoint.select(*select) if select else checkpoint
        result = result.drop(*drop) if drop else result
        result = result.map_names(map, back=map_back) if map else result
        result = result.rename(_pairs(rename or []), strip=strip or (), add=add)
        result = result.astype(dtype) if dtype else result
        write(result.to_dense() if dense else result, target, format)


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        old, separator, new = text.partition("=")
        if not separator:
            raise CheckpointPlanError(f"--rename takes OLD=NEW, got {text!r:.100}")
        pairs[old] = new
    return pairs


@app.command()
def diff(
    first: File,
    second: File,
    rtol: Annotated[float, typer.Option(help="Relative tolerance.")] = 0.0,
    atol: Annotated[float, typer.Option(help="Absolute tolerance.")] = 0.0,
    json: Json = False,
) -> None:
    """Compare two files; the status is 1 where they differ."""
    with (
        opened([first, second]) as (one, two),
        progress_of(f"comparing {printable(os.path.basename(first))}", one.nbytes) as advance,
    ):
        found = one.diff(two, rtol=rtol, atol=atol, progress=advance)
    if json:
        print_json(found.to_dict())
    else:
        rows = [(printable(name), what, how) for name, what, how in found.rows()]
        footer = (
            f"equal: {counted(found.compared, 'array')}"
            if found.equal
            else f"{counted(len(rows), 'difference')}; {counted(found.compared, 'array')} compared"
        )
        print_table(("name", "differs in", "how"), rows, set(), footer)
    if not found.equal:
        raise typer.Exit(1)


@app.command()
def mean(
    files: Files,
    output: Output,
    weight: Annotated[
        list[float] | None, typer.Option(help="A weight for each file, in order.")
    ] = None,
    ema: Annotated[
        float | None, typer.Option(help="Decay of a moving average, the oldest file first.")
    ] = None,
    integers: Annotated[
        Integers | None, typer.Option(help="How to combine integers and booleans.")
    ] = None,
    format: FormatName = None,
) -> None:
    """Average files array by array: exact, rounded once."""
    chosen = integers.value if integers else None
    with opened(files) as checkpoints:
        if ema is not None:
            if weight:
                raise CheckpointPlanError("--ema and --weight exclude each other")
            result = Checkpoint.ema(checkpoints, ema, integers=chosen or "last")
        else:
            result = Checkpoint.mean(checkpoints, weight or None, integers=chosen)
        write(result, output, format)


@app.command()
def merge(
    files: Files,
    output: Output,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="Which array to take if several have the same name.")
    ] = OnConflict.error,
    format: FormatName = None,
) -> None:
    """Write the arrays of several files into one."""
    with opened(files) as (first, *others):
        write(first.merge(*others, on_conflict=on_conflict.value), output, format)


@app.command()
def doctor(
    file: Annotated[
        str | None, typer.Argument(help="A file to examine; without one, the machine.")
    ] = None,
    json: Json = False,
) -> None:
    """Report versions, processor and GPUs; or a file's NaN, infinities, zero rows and tied copies.

    The status is 1 where a file has NaN or infinities.
    """
    if file is None:
        report = doctoring.machine()
        if json:
            print_json(report)
        else:
            rows = [(name, str(each)) for name, each in report.items()]
            print_table(("what", "found"), rows, set())
        return
    with opened([file]) as (checkpoint,):
        with progress_of(
            f"examining {printable(os.path.basename(file))}", checkpoint.nbytes
        ) as advance:
            found = doctoring.examine(checkpoint, advance)
        count = len(checkpoint)
    bad = [entry for entry in found if entry["nan"] or entry["inf"]]
    if json:
        print_json({"file": file, "arrays": count, "findings": found, "healthy": not bad})
    else:
        rows = [(printable(entry["name"]), _finding(entry)) for entry in found]
        footer = f"{counted(count, 'array')}, {len(bad)} with NaN or infinities"
        print_table(("name", "found"), rows, set(), footer)
    if bad:
        raise typer.Exit(1)


def _finding(entry: dict[str, Any]) -> str:
    kinds = (("nan", "NaN"), ("inf", "Inf"))
    parts = [f"{entry[key]:,} {text}" for key, text in kinds if entry[key]]
    if entry["zero_rows"]:
        parts.append(f"{entry['zero_rows']:,} of {entry['rows']:,} rows are zero")
    if entry["same_as"]:
        parts.append(f"equal to {printable(entry['same_as'])}")
    return ", ".join(parts)


@app.command("warm-up")
def warm_up(
    device: Annotated[Device, typer.Option(help="Devices to compile for.")] = Device.cpu,
    dtype: Annotated[
        list[str] | None, typer.Option(help="Dtypes to compile for; float32 by default.")
    ] = None,
) -> None:
    """Compile the kernels ahead, so that first calls are fast; the result is kept on disk."""
    kinds = dtype or ["float32"]
    if device is Device.gpu:
        _warm_up_gpu(kinds)
        return
    names = [row.name for row in kernels.KERNELS if "cpu" in row.backends]
    for number, name in enumerate(names, 1):
        if sys.stderr.isatty():
            print(f"\r{number}/{len(names)} {name:20}", end="", file=sys.stderr, flush=True)
        kernels.warmup(kinds, [name])
    if sys.stderr.isatty():
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)
    print(f"{len(names)} operations are compiled for {', '.join(kinds)}")


def _warm_up_gpu(kinds: list[str]) -> None:
    if not num_gpus():
        raise CheckpointPlanError("there is no GPU here; numparam doctor says what was found")
    count = compile_gpu_kernels(kinds)
    print(f"{count} kernels are compiled for {', '.join(kinds)} on GPUs")
