"""An example for each operation on arrays: its call is written here, its result is computed.

`example` makes the text of the section "Examples" of a function or a method that comes from the
table of operations; the configuration of Sphinx adds it to the pages.
"""

from __future__ import annotations

import ast
from typing import Any

import numparam as mx

#: The arrays that the calls use.
ARRAYS = {
    "x": "[[1, 2], [3, 4]]",
    "y": "[[4, 3], [2, 1]]",
    "v": "[-1.5, 0, 2]",
    "unit": "[-0.5, 0, 0.5]",
    "positive": "[0.5, 1, 4]",
    "odd": "[1, mx.np.nan, mx.np.inf]",
    "labels": "[1, 0]",
    "ids": "[1, 0, 1]",
    "places": "[[1, 0], [0, 1]]",
    "scale": "[1, 1]",
    "bias": "[0, 0]",
    "cube": "[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]",
    "image": "[[[[1, 2], [3, 4]]]]",
    "blocks": "[[[[1]], [[2]], [[3]], [[4]]]]",
    "column": "[[1], [2]]",
    "one": "[1]",
    "tall": "[[0], [0], [0], [0]]",
    "i": '[5, 6], dtype="int32"',
    "j": '[3, 5], dtype="int32"',
    "w": "[1, 2]",
    "g": "[0.5, 0.5]",
    "m": "[0, 0]",
    "s": "[0, 0]",
    "d": "[0, 0]",
    "w16": '[1, 2], dtype="float16"',
    "g16": '[0.5, 0.5], dtype="float16"',
    "booleans": "[1, 0, 1]",
    "rates": "[0.1]",
    "rows": "mx.nd.sparse.row_sparse_array(([[1, 1]], [0]), shape=(2, 2))",
}

_ELEMENTWISE = (
    "abs cbrt ceil cos cosh degrees erf exp expm1 fix floor hard_sigmoid logical_not negative "
    "radians relu rint round sigmoid sign sin sinh smooth_l1 softsign square tan tanh trunc "
    "ones_like zeros_like identity stop_gradient BlockGrad make_loss MakeLoss shape_array "
    "size_array absolute positive arctan arcsinh deg2rad rad2deg"
)
_UNIT = "arccos arcsin arctanh erfinv"
_POSITIVE = "log log10 log1p log2 sqrt rsqrt rcbrt reciprocal gamma gammaln digamma arccosh"
_TWO = (
    "add subtract multiply divide true_divide power maximum minimum modulo mod remainder hypot "
    "equal not_equal greater greater_equal less less_equal lesser lesser_equal logical_and "
    "logical_or logical_xor broadcast_add broadcast_sub broadcast_mul broadcast_div broadcast_mod "
    "broadcast_power broadcast_maximum broadcast_minimum broadcast_hypot broadcast_equal "
    "broadcast_not_equal broadcast_greater broadcast_greater_equal broadcast_lesser "
    "broadcast_lesser_equal broadcast_logical_and broadcast_logical_or broadcast_logical_xor "
    "broadcast_plus broadcast_minus broadcast_true_div elemwise_add elemwise_sub elemwise_mul "
    "elemwise_div add_n ElementWiseSum dot matmul outer linalg_gemm2 arctan2 allclose array_equal"
)
_ALONG = (
    "sum sum_axis mean prod nansum nanprod max max_axis min min_axis argmax argmin cumsum amax "
    "amin std var all any softmax softmin log_softmax sort argsort topk"
)

#: The arguments of a call by the operation's name.
CALLS: dict[str, str] = {
    **dict.fromkeys(_ELEMENTWISE.split(), "v"),
    **dict.fromkeys(_UNIT.split(), "unit"),
    **dict.fromkeys(_POSITIVE.split(), "positive"),
    **dict.fromkeys(_TWO.split(), "x, y"),
    **dict.fromkeys(_ALONG.split(), "x, axis=1"),
    **dict.fromkeys(("isnan", "isinf", "isfinite", "all_finite", "multi_all_finite"), "odd"),
    **dict.fromkeys(("flip", "reverse"), "x, axis=1"),
    **dict.fromkeys(("Cast", "cast", "amp_cast"), 'v, dtype="float16"'),
    **dict.fromkeys(("Concat", "concat"), "x, y, dim=1"),
    **dict.fromkeys(("Flatten", "flatten", "batch_flatten"), "cube"),
    **dict.fromkeys(("Pad", "pad"), 'image, mode="constant", pad_width=(0, 0, 0, 0, 1, 0, 1, 0)'),
    **dict.fromkeys(("SliceChannel", "split"), "x, num_outputs=2, axis=1"),
    **dict.fromkeys(("SwapAxis", "swapaxes"), "x, 0, 1"),
    **dict.fromkeys(("Softmax", "SoftmaxOutput", "softmax_cross_entropy"), "x, labels"),
    **dict.fromkeys(("Reshape", "reshape"), "x, shape=(4, 1)"),
    **dict.fromkeys(("broadcast_axis", "broadcast_axes"), "column, axis=1, size=3"),
    **dict.fromkeys(("crop", "slice"), "x, begin=(0, 1), end=(2, 2)"),
    **dict.fromkeys(("pick", "choose_element_0index", "batch_take"), "x, labels"),
    **dict.fromkeys(
        ("LinearRegressionOutput", "LogisticRegressionOutput", "MAERegressionOutput"), "x, y"
    ),
    **dict.fromkeys(("depth_to_space",), "blocks, block_size=2"),
    **dict.fromkeys(("space_to_depth",), "image, block_size=2"),
    **dict.fromkeys(("around", "round_"), "v"),
    **dict.fromkeys(("signsgd_update", "sgd_update"), "w, g, lr=0.1"),
    **dict.fromkeys(("sgd_mom_update", "nag_mom_update", "signum_update"), "w, g, m, lr=0.1"),
    **dict.fromkeys(("adam_update",), "w, g, m, s, lr=0.1"),
    **dict.fromkeys(("lamb_update_phase1",), "w, g, m, s, t=1, wd=0.01"),
    **dict.fromkeys(("lamb_update_phase2",), "w, g, one, one, lr=0.1"),
    **dict.fromkeys(("mp_lamb_update_phase1",), "w16, g16, m, s, w, t=1, wd=0.01"),
    **dict.fromkeys(("mp_lamb_update_phase2",), "w16, g, one, one, w, lr=0.1"),
    "mp_sgd_update": "w16, g16, w, lr=0.1",
    "mp_sgd_mom_update": "w16, g16, m, w, lr=0.1",
    "mp_nag_mom_update": "w16, g16, m, w, lr=0.1",
    "ftml_update": "w, g, d, s, m, lr=0.1, t=1",
    "ftrl_update": "w, g, m, s, lr=0.1",
    "rmsprop_update": "w, g, s, lr=0.1",
    "rmspropalex_update": "w, g, s, m, d, lr=0.1",
    "multi_sgd_update": "w, g, lrs=(0.1,), wds=(0,), num_weights=1",
    "multi_sgd_mom_update": "w, g, m, lrs=(0.1,), wds=(0,), num_weights=1",
    "multi_mp_sgd_update": "w16, g16, w, lrs=(0.1,), wds=(0,), num_weights=1",
    "multi_mp_sgd_mom_update": "w16, g16, m, w, lrs=(0.1,), wds=(0,), num_weights=1",
    "preloaded_multi_sgd_update": "w, g, rates, rates, num_weights=1",
    "preloaded_multi_sgd_mom_update": "w, g, m, rates, rates, num_weights=1",
    "preloaded_multi_mp_sgd_update": "w16, g16, w, rates, rates, num_weights=1",
    "preloaded_multi_mp_sgd_mom_update": "w16, g16, m, w, rates, rates, num_weights=1",
    "group_adagrad_update": "x, y, column, lr=0.1",
    "multi_lars": "rates, one, one, rates, eta=0.001, eps=1e-8",
    "multi_sum_sq": "x, y, num_arrays=2",
    "reset_arrays": "x, y, num_arrays=2",
    "adagrad_update": "x, rows, y, lr=0.1",
    "Activation": 'v, act_type="relu"',
    "activation": 'v, act_type="relu"',
    "LeakyReLU": "v, slope=0.1",
    "random_pdf_dirichlet": "mx.nd.array([[0.2, 0.8]]), mx.nd.array([[1, 2]])",
    "random_pdf_exponential": "x, scale",
    "random_pdf_gamma": "x, w, scale",
    "random_pdf_generalized_negative_binomial": "x, w, scale",
    "random_pdf_negative_binomial": "x, w, mx.nd.array([0.5, 0.5])",
    "random_pdf_normal": "x, bias, scale",
    "random_pdf_poisson": "x, w",
    "random_pdf_uniform": "x, bias, w",
    "leaky_relu": "v, slope=0.1",
    "Embedding": "ids, x, input_dim=2, output_dim=2",
    "embedding": "ids, x, input_dim=2, output_dim=2",
    "FullyConnected": "x, y, bias, num_hidden=2",
    "fully_connected": "x, y, bias, num_hidden=2",
    "L2Normalization": "x",
    "layer_norm": "x, scale, bias",
    "LayerNorm": "x, scale, bias",
    "SequenceMask": "x, labels, use_sequence_length=True",
    "sequence_mask": "x, labels, use_sequence_length=True",
    "argmax_channel": "x",
    "batch_dot": "cube, cube",
    "broadcast_like": "column, x",
    "broadcast_to": "column, shape=(2, 3)",
    "cast_storage": 'x, stype="row_sparse"',
    "clip": "v, -1, 1",
    "diag": "x",
    "expand_dims": "x, axis=0",
    "fill_element_0index": "x, scale, labels",
    "full_like": "x, fill_value=7",
    "gather_nd": "x, places",
    "linalg_gemm": "x, y, x, beta=0.5",
    "moments": "x, axes=(0, 1)",
    "norm": "x, axis=1",
    "one_hot": "ids, depth=3",
    "ravel_multi_index": "places, shape=(2, 2)",
    "unravel_index": "ids, shape=(2, 2)",
    "repeat": "x, repeats=2",
    "reshape_like": "x, tall",
    "scatter_nd": "w, places, shape=(2, 2)",
    "slice_axis": "x, axis=1, begin=0, end=1",
    "slice_like": "x, column",
    "squeeze": "column",
    "stack": "x, y, axis=0",
    "take": "x, ids",
    "tile": "w, reps=(2, 2)",
    "transpose": "x",
    "where": "places, x, y",
}

#: Calls of ``mx.np`` and ``mx.npx`` that differ.
NUMPY_CALLS: dict[str, str] = {
    "array_split": "v, 2",
    "broadcast_to": "column, (2, 3)",
    "flip": "x, 1",
    "floor_divide": "x, y",
    "fabs": "v",
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), "i, j"),
    **dict.fromkeys(("invert", "bitwise_not"), "i"),
    "moveaxis": "cube, 0, 2",
    "norm": "x",
    "split": "x, 2",
    "squeeze": "column",
    "tensordot": "x, y",
    "where": "booleans, v, v",
}


def example(name: str, module: str = "nd", method: bool = False) -> list[str] | None:
    """Return the lines of an example of an operation; None if the operation has none.

    Parameters
    ----------
    name : str
        The name of the function, or of the method.
    module : {'nd', 'np', 'npx', 'np.linalg'}
        Where the function is; for a method, whose class has it.
    method : bool, default False
        Whether it is a method.
    """
    arguments = (NUMPY_CALLS.get(name) if module.startswith("np") else None) or CALLS.get(name)
    if arguments is None:
        return None
    make = "mx.np.array" if module.startswith("np") else "mx.nd.array"
    call = ast.parse(f"f({arguments})", mode="eval").body
    assert isinstance(call, ast.Call)
    used = [argument.id for argument in call.args if isinstance(argument, ast.Name)]
    lines = ["import numparam as mx"]
    for array in dict.fromkeys(used):
        values = ARRAYS[array]
        lines.append(f"{array} = {values}" if values[0] != "[" else f"{array} = {make}({values})")
    if method:
        first, _, rest = arguments.partition(", ")
        code = f"{first}.{name}({rest})"
    else:
        code = f"mx.{module}.{name}({arguments})"
    scope: dict[str, Any] = {}
    for line in lines:
        exec(line, scope)  # the lines above
    result = eval(code, scope)
    shown = [f">>> {line}" for line in lines]
    if isinstance(result, list | tuple):
        return [*shown, f">>> for result in {code}:", "...     print(result)", *_printed(result)]
    if type(result) is mx.nd.NDArray:
        return [*shown, f">>> {code}.asnumpy()", *repr(result.asnumpy()).splitlines()]
    return [*shown, f">>> {code}", *repr(result).strip().splitlines()]


def where(name: str) -> tuple[str, bool] | None:
    """Return the module of an operation's function, and whether it is a method.

    Parameters
    ----------
    name : str
        The whole name, as on the pages: ``numparam.ndarray.op.sum``.

    Returns
    -------
    tuple of (str, bool), or None
        What `example` takes; None for what is elsewhere.
    """
    owner = name.rpartition(".")[0]
    methods = {"numparam.ndarray.NDArray": "nd", "numparam.numpy.ndarray": "np"}
    if owner == "numparam.ndarray.sparse":
        return "nd.sparse", False
    if owner.startswith("numparam.ndarray.sparse."):
        return "nd", True
    if owner in methods:
        return methods[owner], True
    modules = {
        "numparam.ndarray": "nd",
        "numparam.ndarray.op": "nd",
        "numparam.numpy": "np",
        "numparam.numpy.linalg": "np.linalg",
        "numparam.numpy_extension": "npx",
    }
    return (modules[owner], False) if owner in modules else None


def _printed(results: Any) -> list[str]:
    """Return what printing each result shows."""
    text = "\n".join(str(result) for result in results)
    return [line or "<BLANKLINE>" for line in text.splitlines()]
