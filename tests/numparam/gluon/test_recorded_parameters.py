"""Parameters, initializers, scopes and variables against the recorded values of MXNet 1.9.1.

The cases are in ``tests/recorder/cases``, the values in ``tests/recorded``. No test needs MXNet.
"""

from __future__ import annotations

import dataclasses
import json

import pytest
import replay
from harness import encode, gives

import numparam
from tests.support.opaque import opaque_device

PREFIXES = ("parameters_", "initializers_", "autograd_", "symbol_")
MODULES = [name for name in replay.modules() if name.startswith(PREFIXES)]
CASES = {case.name: case for module in MODULES for case in replay.cases_of(module)}
VALUES = {
    f"{module}.{name}": value
    for module in MODULES
    for name, value in replay.load(module)["cases"].items()
}
# Rows that were fixed after their cases were recorded: `load` also takes how names are encoded, and
# () is the shape of a scalar whatever the modes say.
_LOAD = VALUES["parameters_surface.parameter_dict_signature"]["load"]["value"]
LATER_FIXES = {
    "parameters_surface.parameter_dict_signature": {
        "load": gives([*_LOAD, "encoding='utf-8'", "errors='strict'"])
    },
    "parameters_deferral.deferral": {"not allowed, empty": gives(None)},
}
for name, rows in LATER_FIXES.items():
    case = CASES[name]
    why = case.fix or "rows that were fixed after the case was recorded"
    CASES[name] = dataclasses.replace(case, fix=why, fixed={**(case.fixed or {}), **rows})
HOST_ONLY = {name for name, case in CASES.items() if case.cpu_only}


def _skip_without_a_trainer(name: str) -> None:
    if name.startswith("parameters_trainer_rows.") and not hasattr(numparam.gluon, "Trainer"):
        pytest.skip("rows are pulled through a Trainer, which this version does not have")


@pytest.mark.parametrize("name", sorted(CASES))
def test_parameters_do_what_mxnet_did_or_the_declared_fix(name):
    _skip_without_a_trainer(name)
    assert replay.mismatch(CASES[name], VALUES[name], numparam) is None


@pytest.mark.parametrize("name", sorted(set(CASES) - HOST_ONLY))
def test_parameters_do_the_same_where_the_host_cannot_touch_the_buffers(name):
    _skip_without_a_trainer(name)
    with opaque_device("cpu"):
        assert replay.mismatch(CASES[name], VALUES[name], numparam) is None


def test_every_declared_fix_differs_from_the_recorded_value():
    for name, case in CASES.items():
        if case.fix is None or case.crashes or callable(case.fixed):
            continue
        for row, expected in case.fixed.items():
            if not callable(expected):
                encoded = json.loads(json.dumps(encode(expected)))
                assert replay.difference(encoded, VALUES[name][row]), (name, row)


def test_the_recorded_values_are_those_of_mxnet_1_9_1():
    for module in MODULES:
        assert replay.load(module)["versions"]["mxnet"] == "1.9.1"
