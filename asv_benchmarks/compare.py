"""Compare numparam with NumPy, PyTorch, MXNet and the limit of this machine, in one run.

    python asv_benchmarks/compare.py [--only NAME ...] [--threads 2] [--mxnet PYTHON] [--torch]
                                     [--rounds 15] [--json FILE] [--list]

The limit is a C loop that moves the same bytes, on as many threads; for small calls there is none.
Each contender gets its turn in every round, and times are the fastest of the rounds (for new
processes the median), so that a busy machine slows all of them alike. "x limit" is numparam's time
over the limit's, and less is better; "x NumPy" and so on are how many times as fast as that
numparam is, and more is better.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from comparison import report
from comparison.bench import Bench
from comparison.case import Row
from comparison.limits import Limits
from comparison.mxnet_client import MXNet

MODULES = ("kernel_rows", "latency_rows", "process_rows", "array_rows", "parameter_rows")


def rows() -> list[Row]:
    """Every row of the table; modules that cannot be imported are reported and left out."""
    found: list[Row] = []
    for name in MODULES:
        try:
            found += importlib.import_module(f"comparison.{name}").ROWS
        except ImportError as error:
            print(f"{name} skipped: {error}", file=sys.stderr)
    return found


def _chosen(only: list[str] | None) -> list[Row]:
    every = rows()
    if not only:
        return every
    wanted = [word.lower() for word in only]
    return [row for row in every if any(word in row.name.lower() for word in wanted)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="rows whose name holds NAME")
    parser.add_argument("--threads", type=int, default=2, help="for each contender (default 2)")
    parser.add_argument("--mxnet", metavar="PYTHON", help="interpreter that can import mxnet")
    parser.add_argument("--torch", action="store_true", help="fail if PyTorch is not installed")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each (default 15)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there as well")
    parser.add_argument("--list", action="store_true", help="only print the names of the rows")
    return parser.parse_args()


def _torch(required: bool, threads: int):
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        if required:
            raise
        return None
    torch.set_num_threads(threads)
    return torch


def main() -> int:
    """Run the comparison; the exit status is 1 if an aim was missed."""
    arguments = _arguments()
    chosen = _chosen(arguments.only)
    if arguments.list or not chosen:
        print("\n".join(row.name for row in chosen or rows()))
        return 0 if chosen else 2
    from numparam import kernels

    kernels.set_num_threads(arguments.threads)
    python = arguments.mxnet or (sys.executable if importlib.util.find_spec("mxnet") else None)
    mxnet = MXNet(python, arguments.threads) if python else None
    torch = _torch(arguments.torch, arguments.threads)
    bench = Bench(arguments.threads, Limits(arguments.threads), torch, mxnet, arguments.rounds)
    print(report.heading(bench), flush=True)
    records, missed = [], 0
    for row in chosen:
        case = row.prepare(bench)
        taken = bench.measure(case)
        print(report.line(row.name, case, taken), flush=True)
        records.append(report.record(row.name, case, taken))
        missed += any(aim["met"] is False for aim in records[-1]["aims"])
        del case
        gc.collect()
    if mxnet is not None:
        mxnet.close()
    if arguments.json:
        written = {"machine": report.machine(bench), "rows": records}
        pathlib.Path(arguments.json).write_text(json.dumps(written, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
