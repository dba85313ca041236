"""Every row of the table is differentiated right, or declared not to be differentiable."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest

from numparam import ndarray as nd
from numparam.autograd import NotDifferentiableError
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
    "make_loss",
}

#: Operations whose calls need more than an array and attributes; functions of arrays check them.
BY_FUNCTION = {
    "_gather",
    "_sparse_retain",
    "_write",
    # Of counts, whose gradient is zero.
    "random_pdf_generalized_negative_binomial",
    "random_pdf_negative_binomial",
    "random_pdf_poisson",
    "random_pdf_uniform",
}

#: Operations that do not allow ``create_graph``, at least for some inputs.
ONCE = {
    "LeakyReLU",
    "SequenceMask",
    "_log_probability",
    "_np_linalg_norm",
    "_np_prod",
    "_np_sort",
    "_numpy_ufunc",
    "_slice_assign",
    "_slice_assign_scalar",
    "diag",
    "fill_element_0index",
    "gamma",
    "gammaln",
    "random_pdf_normal",
    "random_pdf_gamma",
    "random_pdf_exponential",
    "random_pdf_dirichlet",
    "pad",
    "prod",
    "softmax_cross_entropy",
    "sort",
    "topk",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_those_of_central_differences(case):
    gradients.check_gradients(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_differentiated_again(case):
    try:
        gradients.check_gradients_twice(case)
    except NotDifferentiableError:
        assert OPERATIONS[case.operation].name in ONCE


IDS = nd.array([2, 0, 2], dtype="int64")
MASK = np.array([[True, False], [False, False], [True, True]])


def take_repeated_rows(x):
    return x[IDS]


def take_by_mask(x):
    return x[MASK]


def take_rows_and_columns(x):
    return x[[2, 0, 2], [1, 1, 1]]


def take_beside_a_slice(x):
    return x[::2, [1, 0, 1]]


def take_nothing(x):
    return x[nd.array([], dtype="int64")]


def write_all(x):
    target = nd.zeros((2, 3, 2), dtype="float64")
    target[:] = x
    return target * target


def write_a_part(x):
    target = nd.ones((2, 5), dtype="float64")
    target[1, 1:4] = x[:, 0]
    return target * target


def write_by_ids(x):
    target = nd.ones((4, 3, 2), dtype="float64")
    target[[3, 0]] = x
    return target * target


def write_by_mask(x):
    target = nd.ones((3, 2), dtype="float64")
    target[MASK] = x[:, 1]
    return target * target


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize(
    "function",
    [
        take_repeated_rows,
        take_by_mask,
        take_rows_and_columns,
        take_beside_a_slice,
        take_nothing,
        write_all,
        write_a_part,
        write_by_ids,
        write_by_mask,
    ],
)
def test_reading_and_writing_by_index_are_differentiated(function, twice):
    def squared(x):
        return function(x * x)

    gradients.check_function(squared, np.linspace(0.5, 2, 6).reshape(3, 2), twice=twice)


@pytest.mark.parametrize("ids", [[1, 3], [0], [0, 1, 2, 3], [2]], ids=str)
def test_retained_rows_are_differentiated(ids):
    def retained(x):
        rows = nd.cast_storage(x * x, "row_sparse")
        return nd.cast_storage(nd.sparse.retain(rows, nd.array(ids)), "default")

    gradients.check_function(retained, np.linspace(0.5, 2, 8).reshape(4, 2))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_a_gradient_or_is_declared_to_have_none(row):
    assert (row.vjp is not None) is row.differentiable


def test_every_gradient_is_checked():
    checked = {OPERATIONS[case.operation].name for case in CASES}
    unchecked = (
        {row.name for row in ROWS if row.vjp is not None} - checked - NOT_NUMERIC - BY_FUNCTION
    )
    assert not unchecked
