"""Arrays, contexts, modes and files against the recorded values of MXNet 1.9.1.

The cases are in ``tests/recorder/cases``, the values in ``tests/recorded``. No test needs MXNet.
"""

from __future__ import annotations

import dataclasses

import pytest
import replay
from harness import gives, raises

import numparam
from tests.support.opaque import opaque_device

MODULES = [name for name in replay.modules() if name.startswith("arrays_")]
CASES = {case.name: case for module in MODULES for case in replay.cases_of(module)}
VALUES = {
    f"{module}.{name}": value
    for module in MODULES
    for name, value in replay.load(module)["cases"].items()
}

# Rows that were fixed after their cases were recorded: arrays of other libraries can be saved, and
# what is written into a copy of a sparse array's rows is not lost without a word.
LATER_FIXES = {
    "arrays_files.bad_arguments": {
        row: gives(None) for row in ("numpy array", "list of numpy arrays", "dict of numpy arrays")
    },
    "arrays_sparse_indexing.properties": {
        "p = r.data; p[:] = 9; r": raises("ValueError"),
        "p = r.indices; p[:] = 0; r.indices": raises("ValueError"),
        "p = c.data; p[:] = 9; c": raises("ValueError"),
    },
    "arrays_sparse_creation.row_sparse_from_parts": {
        "r = rsp((data, ids), shape=(4, 2)); r.data[:] = 9; r": raises("ValueError"),
    },
}
for name, rows in LATER_FIXES.items():
    case = CASES[name]
    why = case.fix or "rows that were fixed after the case was recorded"
    CASES[name] = dataclasses.replace(case, fix=why, fixed={**(case.fixed or {}), **rows})

HOST_ONLY = {name for name, case in CASES.items() if case.cpu_only}


@pytest.mark.parametrize("name", sorted(CASES))
def test_arrays_do_what_mxnet_did_or_the_declared_fix(name):
    assert replay.mismatch(CASES[name], VALUES[name], numparam) is None


@pytest.mark.parametrize("name", sorted(set(CASES) - HOST_ONLY))
def test_arrays_do_the_same_where_the_host_cannot_touch_the_buffers(name):
    with opaque_device("cpu"):
        assert replay.mismatch(CASES[name], VALUES[name], numparam) is None


def test_every_recorded_value_has_its_case_and_every_case_its_value():
    assert replay.problems() == []


def test_a_fix_says_why_and_differs_from_a_plain_case():
    for case in CASES.values():
        assert (case.fix is None) == (case.fixed is None), case.name


def test_the_recorded_values_are_those_of_mxnet_1_9_1():
    for module in MODULES:
        assert replay.load(module)["versions"]["mxnet"] == "1.9.1"
