"""Every row of the table is differentiated right, or declared not to be differentiable."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

from numparam.ndarray.operations import OPERATIONS
from tests.support import gradients

_FOLDER = Path(gradients.__file__).parent / "gradient_cases"

CASES = [
    case
    for module in pkgutil.iter_modules([str(_FOLDER)])
    for case in importlib.import_module(f"tests.support.gradient_cases.{module.name}").CASES
]
ROWS = sorted({row.name: row for row in OPERATIONS.values()}.values(), key=lambda row: row.name)

#: Derivatives that central differences do not show: by definition, or at a corner.
NOT_NUMERIC = {
    "LinearRegressionOutput",
    "LogisticRegressionOutput",
    "MAERegressionOutput",
    "MakeLoss",
    "SoftmaxOutput",
    "_gather",
    "_part",
    "_sparse_retain",
    "_write",
    "make_loss",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_those_of_central_differences(case):
    gradients.check_gradients(case)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_a_gradient_or_is_declared_to_have_none(row):
    assert (row.vjp is not None) is row.differentiable


def test_every_gradient_is_checked():
    checked = {OPERATIONS[case.operation].name for case in CASES}
    unchecked = {row.name for row in ROWS if row.vjp is not None} - checked - NOT_NUMERIC
    assert not unchecked
