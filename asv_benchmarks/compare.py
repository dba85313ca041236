"""Compare numparam with NumPy, PyTorch, MXNet and C loops, or with another version of itself.

    python asv_benchmarks/compare.py [--only NAME ...] [--threads 2] [--rounds 15]
                                     [--mxnet PYTHON] [--torch] [--against CHECKOUT]
                                     [--markdown] [--json FILE] [--svg FILE] [--pages]
                                     [--from FILE] [--list]

All contenders of a case run in turns, so that a busy machine slows all of them alike. Times are
those of the fastest round; for new processes, the median. The columns:

x baseline
    numparam's time over that of the simplest code which does the same: a C loop that moves the
    same bytes on as many threads, a read() or write() of a file, an empty compiled function. Less
    is better.
x NumPy, x torch, x MXNet
    How many times as fast as these numparam is. More is better.
x before
    With --against CHECKOUT, how many times as fast as the numparam of that directory this one is:
    the median over the rounds, and the quartiles. Each version runs in a process of its own, on
    the cases of this checkout. Trust a change if 1 lies outside the quartiles and a second
    run agrees; `--against .` shows how much the times of equal code differ.

With `--svg FILE` the ratios are drawn as bars. `--pages` writes docs/figures/speed.json and what is
made of it: the figures and tables of docs/performance.md, and the README's table. With
`--from FILE` nothing is measured: the figures of an earlier `--json FILE` are used.

Between the rounds a fixed job runs, which shows whether the machine is busy with other work. If it
is, an aim may be met, but is not judged as missed. The exit status is 1 if an aim was missed.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import importlib.util
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from cases import registry
from cases.case import Case
from comparison import machine, pages, report
from comparison.chart import chart
from comparison.checkout_client import Checkout
from comparison.load import BUSY, Load
from comparison.rounds import Rounds
from competitors.c_loops import CLoops, compiler
from competitors.competitors import Competitors
from competitors.mxnet_client import MXNet
from numparam import kernels

_THREADS, _ROUNDS = 2, 15
ROOT = pathlib.Path(__file__).resolve().parents[1]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="cases whose name holds NAME")
    parser.add_argument("--threads", type=int, default=_THREADS, help="for each (default 2)")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="turns of each (default 15)")
    parser.add_argument("--mxnet", metavar="PYTHON", help="interpreter that can import mxnet")
    parser.add_argument("--torch", action="store_true", help="fail if PyTorch is not installed")
    parser.add_argument(
        "--against", metavar="CHECKOUT", type=pathlib.Path, help="compare with numparam of there"
    )
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument("--json", metavar="FILE", help="write all figures there as well")
    parser.add_argument("--svg", metavar="FILE", help="draw the ratios there as bars")
    parser.add_argument(
        "--pages", action="store_true", help="write the figures and tables of docs/ and README.md"
    )
    parser.add_argument(
        "--from", metavar="FILE", dest="source", help="use the figures of that JSON file"
    )
    parser.add_argument("--list", action="store_true", help="only print the names of the cases")
    return parser.parse_args()


def _chosen(only: list[str] | None) -> list[Case]:
    cases = list(registry.all_cases().values())
    if only is None:
        return cases
    words = [word.lower() for word in only]
    return [case for case in cases if any(word in case.name.lower() for word in words)]


def _competitors(arguments: argparse.Namespace) -> Competitors:
    torch = None
    if arguments.torch or importlib.util.find_spec("torch"):
        torch = importlib.import_module("torch")
        torch.set_num_threads(arguments.threads)
    found = compiler()
    python = arguments.mxnet or (sys.executable if importlib.util.find_spec("mxnet") else None)
    return Competitors(
        c_loops=None if found is None else CLoops(arguments.threads, found),
        torch=torch,
        mxnet=None if python is None else MXNet(python, arguments.threads),
    )


def _estimate(cases: list[Case], rounds: int, against: bool, slowdown: float) -> float:
    """Return about how many seconds the cases take: preparing them, and their rounds."""
    seconds = sum(case.seconds for case in cases) * (0.4 + 0.6 * rounds / 15)
    return seconds * (1.5 if against else 1.0) * slowdown


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class Run:
    """One run of the command: the contenders, and the results so far."""

    def __init__(self, arguments: argparse.Namespace, load: Load) -> None:
        self._arguments = arguments
        self.competitors = _competitors(arguments)
        self._rounds = Rounds(arguments.rounds, load)
        self._table = report.Table(arguments.markdown, arguments.against is not None)
        self._versions: dict[str, Checkout] = {}
        if arguments.against is not None:
            self._versions = {
                "numparam": Checkout(ROOT, arguments.threads),
                "before": Checkout(arguments.against, arguments.threads),
            }
        self.records: list[dict] = []

    def heading(self) -> str:
        """Return the description of the machine, and the table's heading."""
        about = machine.properties(self._arguments.threads, self.competitors)
        if "before" in self._versions:
            about["before"] = str(self._versions["before"].path)
        line = ", ".join(f"{key} {value}" for key, value in about.items())
        return f"{line}\n\n{self._table.heading()}"

    def measure(self, case: Case) -> str:
        """Time one case and return its line of the table."""
        prepared = case.prepare(self.competitors)
        contenders = prepared.contenders
        for name, checkout in self._versions.items():
            try:
                contenders[name] = checkout.prepare(case.name)
            except RuntimeError as error:
                if name == "numparam":
                    raise
                print(f"{case.name}: not run before: {error}", file=sys.stderr)
        times = self._rounds.measure(contenders, prepared.nbytes)
        self.records.append(report.record(case.name, prepared, times))
        return self._table.row(case.name, prepared, times)

    def close(self) -> None:
        """End the other processes."""
        for checkout in self._versions.values():
            checkout.close()
        if self.competitors.mxnet is not None:
            self.competitors.mxnet.close()


def _summary(records: list[dict], seconds: float) -> tuple[str, bool]:
    """Return the last lines, and whether an aim was missed on a quiet machine."""
    missed = [row for row in records if any(aim["met"] is False for aim in row["aims"])]
    busy = [row for row in records if row["busy"]]
    text = f"{len(records)} cases in {_minutes(seconds)}"
    if busy:
        worst = max(row["slowdown"] for row in busy)
        text += (
            f"; the machine is busy: during {len(busy)} of them it was up to {worst:.1f} times as "
            "slow as at its best, so aims that they do not meet are not judged"
        )
    return text, any(not row["busy"] for row in missed)


def _command(arguments: argparse.Namespace) -> str:
    """Return the command line, without paths of this machine."""
    words = ["python asv_benchmarks/compare.py"]
    words += ["--mxnet PYTHON"] if arguments.mxnet else []
    words += [f"--rounds {arguments.rounds}"] if arguments.rounds != _ROUNDS else []
    words += [f"--threads {arguments.threads}"] if arguments.threads != _THREADS else []
    return " ".join(words)


def _write(arguments: argparse.Namespace, results: dict) -> None:
    """Write the files that were asked for."""
    text = json.dumps(results, indent=1) + "\n"
    if arguments.json:
        pathlib.Path(arguments.json).write_text(text, encoding="utf-8")
    if arguments.svg:
        drawn = chart(results["rows"], "How many times as fast as others numparam is")
        pathlib.Path(arguments.svg).write_text(drawn, encoding="utf-8")
    if arguments.pages:
        (ROOT / pages.RESULTS).write_text(text, encoding="utf-8")
        pages.write(ROOT, results)


def main() -> int:
    """Run the comparison; the exit status is 1 if an aim was missed on a quiet machine."""
    arguments = _arguments()
    if arguments.source is not None:
        _write(arguments, json.loads(pathlib.Path(arguments.source).read_text("utf-8")))
        return 0
    cases = _chosen(arguments.only)
    if arguments.list or not cases:
        print("\n".join(case.name for case in cases or _chosen(None)))
        return 0 if cases else 2
    start = time.perf_counter()
    kernels.set_num_threads(arguments.threads)
    load = Load(arguments.threads)
    slowdown = load.slowdown()
    expected = _estimate(cases, arguments.rounds, arguments.against is not None, slowdown)
    now = f"; the machine is busy ({slowdown:.1f} x slower)" if slowdown >= BUSY else ""
    print(f"{len(cases)} cases, about {_minutes(expected)}{now}", flush=True)
    run = Run(arguments, load)
    with contextlib.closing(run):
        print(run.heading(), flush=True)
        for case in cases:
            print(run.measure(case), flush=True)
            gc.collect()
    text, missed = _summary(run.records, time.perf_counter() - start)
    print(f"\n{text}")
    about = machine.properties(arguments.threads, run.competitors)
    about |= {"rounds": str(arguments.rounds), "command": _command(arguments)}
    _write(arguments, {"machine": about, "rows": run.records})
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
