"""numparam's side of a comparison of versions: `python checkout_worker.py THREADS`.

It answers lines of JSON (see `Worker`): ``{"prepare": CASE}`` prepares a case of this directory's
``cases`` with the numparam that PYTHONPATH leads to.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numparam
from cases import registry
from competitors.competitors import Competitors
from competitors.timing import Timed
from numparam import kernels


def main() -> None:
    """Answer requests until the input ends."""
    kernels.set_num_threads(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that other output does not mix with the answers
    run: Timed | None = None
    for line in sys.stdin:
        question = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            if "where" in question:
                answer = {"where": numparam.__file__, "version": numparam.__version__}
            elif "prepare" in question:
                run = None
                gc.collect()
                case = registry.all_cases()[question["prepare"]]
                run = case.prepare(Competitors()).contenders["numparam"]
                run(1)
            elif run is None:
                answer = {"error": "no case is prepared"}
            else:
                answer = {"seconds": run(question["repeat"])}
        except Exception as error:
            run = None
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
