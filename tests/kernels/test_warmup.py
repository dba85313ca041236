"""Compiling ahead: afterwards no call compiles."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from numparam import kernels
from numparam.kernels import KERNELS

SCRIPT = """
import numba.core.compiler as compiler
import numpy as np
from numparam import kernels
from numparam.kernels.cpu import average, reset
kernels.warmup(["float32"], operations=["average", "reset"])
def refuse(*arguments, **keywords):
    raise SystemExit("compiled after the warm-up")
compiler.compile_extra = refuse
average.mean([np.ones(5, np.float32)] * 3)
reset.zero([np.ones(5, np.float32)])
"""


def test_after_a_warmup_nothing_is_compiled():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", SCRIPT], env=environment, check=True, timeout=120)


def test_every_operation_of_the_cpu_can_be_warmed_up():
    names = [row.name for row in KERNELS if "cpu" in row.backends]
    assert kernels.warmup(["float32", "bool"]) > len(names)


@pytest.mark.parametrize("keywords", [{"kinds": ["complex64"]}, {"operations": ["conv"]}])
def test_an_unknown_kind_or_operation_is_refused(keywords):
    with pytest.raises(ValueError, match="there are"):
        kernels.warmup(**keywords)
