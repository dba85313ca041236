"""Optimizers against the values recorded from MXNet 1.9.1; no test needs MXNet."""

from __future__ import annotations

import pytest
import replay

import numparam
from tests.support.opaque import opaque_device

MODULES = [name for name in replay.modules() if name.startswith("optimizers_")]
CASES = {case.name: case for module in MODULES for case in replay.cases_of(module)}
VALUES = {
    f"{module}.{name}": value
    for module in MODULES
    for name, value in replay.load(module)["cases"].items()
}


@pytest.mark.filterwarnings("ignore:.*small changes of it are lost")
@pytest.mark.parametrize("name", sorted(CASES))
def test_optimizers_do_what_mxnet_did_or_the_declared_fix(name):
    assert replay.mismatch(CASES[name], VALUES[name], numparam) is None


@pytest.mark.filterwarnings("ignore:.*small changes of it are lost")
@pytest.mark.parametrize("name", sorted(CASES))
def test_optimizers_do_the_same_where_the_host_cannot_touch_the_buffers(name):
    with opaque_device("cpu"):
        assert replay.mismatch(CASES[name], VALUES[name], numparam) is None
