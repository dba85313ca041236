"""The meanings of operations' attributes, for their documentation."""

from __future__ import annotations

__all__ = ["meaning"]

_MEANINGS = {
    "a_max": "The largest number of the result.",
    "a_min": "The smallest number of the result.",
    "act_type": "The name of the function.",
    "alpha": "The slope.",
    "atol": "How far apart two numbers may be, however large they are.",
    "axes": "The axes, in order.",
    "axis": "The axis, or the axes, to work along.",
    "axis1": "The first of the two axes.",
    "axis2": "The second of the two axes.",
    "begin": "The first index along each axis; None stands for its start.",
    "beta": "The offset.",
    "beta1": "How much of the mean gradient is kept from step to step.",
    "beta2": "How much of the mean squared gradient is kept from step to step.",
    "bias_correction": "Whether the moments are corrected for starting at zero.",
    "block_size": "The length of a block along each of both spatial axes.",
    "clip_grad": "The largest magnitude of a gradient; a negative number means no limit.",
    "clip_gradient": "The largest magnitude of a gradient; a negative number means no limit.",
    "clip_weights": "The largest magnitude of a weight; a negative number means no limit.",
    "constant_value": "What is filled in.",
    "ddof": "What is subtracted from the number of elements before dividing by it.",
    "decimals": "The number of decimal places.",
    "depth": "The length of the new axis.",
    "destination": "Where these axes go.",
    "dim": "The axis along which the arrays are joined.",
    "dim1": "The first of the two axes.",
    "dim2": "The second of the two axes.",
    "dtype": "The dtype of the result.",
    "end": "The index behind the last one along each axis; None stands for its end.",
    "eps": "A small number that keeps a divisor from being zero.",
    "epsilon": "A small number that keeps a divisor from being zero.",
    "equal_nan": "Whether NaN equals NaN.",
    "eta": "The factor of the ratio of norms.",
    "exclude": "Whether to work along all axes but these.",
    "fill_value": "The number.",
    "flatten": "Whether all axes but the first count as one.",
    "forward_stype": "The storage type of the result; None lets the inputs decide.",
    "gamma1": "How much of the mean squared gradient is kept from step to step.",
    "gamma2": "How much of the last change is kept from step to step.",
    "grad_scale": "The factor of the gradient.",
    "ignore_label": "The label that is ignored.",
    "indices": "Where the parts after the first one begin.",
    "indices_or_sections": "How many parts, or where the parts after the first one begin.",
    "init_output": "Ignored: `out` is always written anew.",
    "input_dim": "The number of rows of `weight`.",
    "is_ascend": "Whether to sort in ascending order.",
    "k": "How many.",
    "keepdims": "Whether the result keeps these axes, with length 1.",
    "lamda1": "The factor of the L1 penalty.",
    "lazy_update": "Whether rows that a row-sparse gradient does not hold stay as they are.",
    "lhs_axes": "The axes of `lhs` that change; all if None.",
    "lhs_begin": "The first axis of `lhs` that is replaced.",
    "lhs_end": "The axis of `lhs` behind the last one that is replaced.",
    "lower_bound": "The least norm of the weight; a negative number means no bound.",
    "lr": "The learning rate.",
    "lrs": "The learning rates, one for each weight.",
    "mode": "What happens to indices out of range: ``'clip'``, ``'wrap'`` or ``'raise'``.",
    "momentum": "How much of the last step is kept.",
    "multi_output": "Whether the classes lie along axis 1 instead of the last one.",
    "no_bias": "Whether there is no bias.",
    "normalization": "What the gradient is divided by: ``'null'``, ``'batch'`` or ``'valid'``.",
    "num_arrays": "The number of arrays.",
    "num_hidden": "The number of rows of `weight`.",
    "num_outputs": "The number of parts.",
    "num_weights": "The number of weights.",
    "off_value": "What stands in all other places.",
    "on_value": "What stands where an index points.",
    "ord": "The order of the norm.",
    "out_dtype": "The dtype of the result.",
    "out_grad": "Whether the gradient is multiplied by that of the result.",
    "output_dim": "The length of a row of `weight`.",
    "output_mean_var": "Whether to return mean and standard deviation, too.",
    "pad_width": "How many elements go before and after each axis, one number after the other.",
    "preserve_shape": "Whether the classes lie along the last axis, whatever the other ones.",
    "repeats": "How often each element is repeated.",
    "reps": "How often the array is repeated along each axis.",
    "rescale_grad": "The factor of the gradient, before it is clipped.",
    "ret_typ": "What is returned: ``'indices'``, ``'value'``, ``'both'`` or ``'mask'``.",
    "reverse": "Whether the codes of `shape` are matched from the last axis to the first.",
    "rhs_axes": "The axes of `rhs` whose lengths are taken; all if None.",
    "rhs_begin": "The first axis of `rhs` that is taken.",
    "rhs_end": "The axis of `rhs` behind the last one that is taken.",
    "rtol": "How far apart two numbers may be, relative to the second.",
    "scalar": "The number.",
    "sections": "The number of parts.",
    "shape": "The shape of the result.",
    "size": "The lengths that these axes get.",
    "slope": "The factor of negative numbers.",
    "smooth_alpha": "How much of the probability is spread over the other classes.",
    "source": "The axes that move.",
    "sparse_grad": "Whether the gradient of `weight` is row-sparse.",
    "squeeze_axis": "Whether parts of length 1 lose the axis.",
    "step": "The step along each axis; 1 if not given.",
    "stype": "``'default'``, ``'row_sparse'`` or ``'csr'``.",
    "t": "The number of the step, counted from 1.",
    "temperature": "What the elements are divided by first; 1 if None.",
    "transpose_a": "Whether the first array is transposed.",
    "transpose_b": "Whether the second array is transposed.",
    "upper_bound": "The largest norm of the weight; a negative number means no bound.",
    "use_ignore": "Whether `ignore_label` counts.",
    "use_length": "Whether `length` counts.",
    "use_sequence_length": "Whether `sequence_length` counts.",
    "valid_thresh": "The number above which an element is valid.",
    "value": "What is filled in.",
    "wd": "The weight decay.",
    "wd_lh": "The weight decay that is not rescaled with the gradient.",
    "wds": "The weight decays, one for each weight.",
}

_OF_ONE = {
    ("L2Normalization", "mode"): "What has norm 1: ``'instance'``, ``'channel'`` or ``'spatial'``.",
    ("_np_linalg_norm", "ord"): "The order of the norm; None means the square root of the sum of "
    "squares.",
    ("diag", "k"): "The diagonal: 0 is the main one, positive ones are above it.",
    ("expand_dims", "axis"): "Where the new axis is.",
    ("ftrl_update", "beta"): "What is added to the square root of the sum of squares.",
    ("linalg.gemm", "alpha"): "The factor of the product.",
    ("linalg.gemm", "axis"): "The axis of the matrices' rows.",
    ("linalg.gemm", "beta"): "The factor of `C`.",
    ("linalg.gemm2", "alpha"): "The factor of the product.",
    ("linalg.gemm2", "axis"): "The axis of the matrices' rows.",
    ("pad", "mode"): "What is filled in: ``'constant'``, ``'edge'`` or ``'reflect'``.",
    ("slice_axis", "begin"): "The first index.",
    ("slice_axis", "end"): "The index behind the last one; None stands for the end.",
    ("squeeze", "axis"): "The axes of length 1 to drop; all of them if None.",
}


def meaning(operation: str, attribute: str) -> str:
    """Describe an attribute of an operation in one sentence.

    Parameters
    ----------
    operation : str
        The operation's name.
    attribute : str
        The attribute's name.

    Returns
    -------
    str
        Empty if there is nothing to say.

    Examples
    --------
    >>> from numparam.ndarray.operations.meanings import meaning
    >>> meaning("sum", "keepdims")
    'Whether the result keeps these axes, with length 1.'
    """
    return _OF_ONE.get((operation, attribute)) or _MEANINGS.get(attribute, "")
