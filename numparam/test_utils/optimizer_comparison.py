"""Comparison of two optimizers on the same random weights and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.ndarray import NDArray, random
from numparam.test_utils.arrays import rand_ndarray
from numparam.test_utils.comparison import assert_almost_equal, compare_ndarray_tuple
from numparam.test_utils.settings import default_context

__all__ = ["compare_optimizer"]

Shape = tuple[int, ...]


def compare_optimizer(
    opt1: Any,
    opt2: Any,
    shape: Shape | list[Shape],
    dtype: Any,
    w_stype: str = "default",
    g_stype: str = "default",
    rtol: float = 1e-4,
    atol: float = 1e-5,
    compare_states: bool = True,
    ntensors: int = 1,
) -> None:
    """Assert that two optimizers do the same in one update of equal random weights.

    Parameters
    ----------
    opt1, opt2 : Optimizer
        Only their ``create_state_multi_precision`` and ``update_multi_precision`` are called. The
        first one gets dense arrays.
    shape : tuple of int, or list of tuple of int
        Of the weight; or of several, which the second optimizer updates in one call.
    dtype : dtype
        Of weights and gradients.
    w_stype, g_stype : {'default', 'row_sparse', 'csr'}
        The storage type of weight and gradient for the second optimizer. A sparse weight
        stores all elements. Several weights are dense.
    rtol, atol : float
        The tolerances for weights and states after the update, as for `assert_almost_equal`.
    compare_states : bool, default True
        Whether the states are compared, too.
    ntensors : int, default 1
        The number of weights.

    Raises
    ------
    AssertionError
        If weights or states differ, or `ntensors` is not the number of shapes.
    ValueError
        If weights or gradients cannot have the storage type.

    Examples
    --------
    >>> import numparam as mx
    >>> sgd, nag = mx.optimizer.SGD(wd=0.1), mx.optimizer.NAG(wd=0.1)  # without momentum
    >>> mx.test_utils.compare_optimizer(sgd, nag, (3, 4), "float32")
    """
    shapes = shape if isinstance(shape, list) else [shape]
    if len(shapes) != ntensors:
        raise AssertionError(f"ntensors is {ntensors}, and there are {len(shapes)} shapes")
    pairs = [
        (_drawn(one, w_stype, dtype, density=1.0), _drawn(one, g_stype, dtype)) for one in shapes
    ]
    weights, gradients = [list(arrays) for arrays in zip(*pairs, strict=True)]
    dense_weights, dense_gradients = _dense_copies(weights), _dense_copies(gradients)
    # Of index 0 alone, where several weights are updated in one call: MXNet's tests count on it.
    states = [opt2.create_state_multi_precision(0, weight) for weight in weights]
    dense_states = [
        opt1.create_state_multi_precision(index, weight)
        for index, weight in enumerate(dense_weights)
    ]
    if compare_states:
        compare_ndarray_tuple(tuple(dense_states), tuple(states))
    for index, arguments in enumerate(
        zip(dense_weights, dense_gradients, dense_states, strict=True)
    ):
        opt1.update_multi_precision(index, *arguments)
    if isinstance(shape, list):
        opt2.update_multi_precision(list(range(ntensors)), weights, gradients, states)
    else:
        opt2.update_multi_precision(0, weights[0], gradients[0], states[0])
    if compare_states:
        compare_ndarray_tuple(tuple(dense_states), tuple(states), rtol, atol)
    for dense, weight in zip(dense_weights, weights, strict=True):
        assert_almost_equal(dense, weight, rtol=rtol, atol=atol)


def _drawn(shape: Shape, stype: str, dtype: Any, density: float | None = None) -> NDArray:
    if stype not in ("default", "row_sparse", "csr"):
        raise ValueError(f"an array is default, row_sparse or csr, not {stype!r}")
    if stype == "default":
        return random.uniform(shape=shape, dtype=dtype, ctx=default_context())
    return rand_ndarray(shape, stype, density=density, dtype=dtype, ctx=default_context())


def _dense_copies(arrays: Sequence[NDArray]) -> list[NDArray]:
    return [array.tostype("default").copy() for array in arrays]
