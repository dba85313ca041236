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

#: Rows whose gradients are still to be written.
WAITING: set[str] = {
    "Embedding",
    "FullyConnected",
    "SequenceMask",
    "SliceChannel",
    "SwapAxis",
    "_copyto",
    "_gather",
    "_move",
    "_np_allclose",
    "_np_argsort",
    "_np_array_equal",
    "_np_array_split",
    "_np_broadcast_to",
    "_np_concatenate",
    "_np_dot",
    "_np_flatten",
    "_np_flip",
    "_np_hstack",
    "_np_matmul",
    "_np_moveaxis",
    "_np_nonzero",
    "_np_outer",
    "_np_repeat",
    "_np_sort",
    "_np_split",
    "_np_stack",
    "_np_swapaxes",
    "_np_take",
    "_np_tensordot",
    "_np_tile",
    "_np_transpose",
    "_np_vstack",
    "_np_where",
    "_numpy_ufunc",
    "_part",
    "_slice_assign",
    "_slice_assign_scalar",
    "_sparse_retain",
    "_split_v2",
    "_write",
    "argsort",
    "batch_dot",
    "batch_take",
    "broadcast_axis",
    "broadcast_like",
    "broadcast_to",
    "cast",
    "cast_storage",
    "concat",
    "contrib.boolean_mask",
    "depth_to_space",
    "diag",
    "expand_dims",
    "fill_element_0index",
    "flatten",
    "full_like",
    "gather_nd",
    "log_softmax",
    "one_hot",
    "ones_like",
    "pad",
    "pick",
    "ravel_multi_index",
    "repeat",
    "reshape",
    "reshape_like",
    "reverse",
    "scatter_nd",
    "shape_array",
    "size_array",
    "slice",
    "slice_axis",
    "slice_like",
    "softmax",
    "softmax_cross_entropy",
    "softmin",
    "sort",
    "space_to_depth",
    "squeeze",
    "stack",
    "take",
    "tile",
    "topk",
    "transpose",
    "unravel_index",
    "where",
    "zeros_like",
}

#: Derivatives that central differences do not show: by definition, or at a corner.
NOT_NUMERIC = {"make_loss"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_those_of_central_differences(case):
    gradients.check_gradients(case)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_a_gradient_or_is_declared_to_have_none(row):
    if row.name in WAITING:
        assert row.vjp is None
        assert row.differentiable
    else:
        assert (row.vjp is not None) is row.differentiable


def test_every_gradient_is_checked():
    checked = {OPERATIONS[case.operation].name for case in CASES}
    unchecked = {row.name for row in ROWS if row.vjp is not None} - checked - NOT_NUMERIC
    assert not unchecked
