"""Random arrays of any storage type, drawn from NumPy's global random state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numparam import ndarray as nd
from numparam.context import Context
from numparam.ndarray import NDArray
from numparam.test_utils.dense_data import random_arrays
from numparam.test_utils.settings import default_dtype
from numparam.test_utils.sparse_data import rand_sparse_ndarray

__all__ = ["rand_ndarray"]


def rand_ndarray(
    shape: tuple[int, ...],
    stype: str = "default",
    density: float | None = None,
    dtype: Any = None,
    modifier_func: Callable[[Any], Any] | None = None,
    shuffle_csr_indices: bool = False,
    distribution: str | None = None,
    ctx: Context | None = None,
) -> NDArray:
    """Draw an array of any storage type.

    Parameters
    ----------
    shape : tuple of int
        The shape.
    stype : {'default', 'row_sparse', 'csr'}, default 'default'
        The storage type. Dense values are standard normal, sparse ones uniform in [0, 1).
    density, modifier_func, shuffle_csr_indices, distribution
        For sparse arrays: as for `rand_sparse_ndarray`.
    dtype : dtype, optional
        By default float32.
    ctx : Context, optional
        By default the current one.

    Returns
    -------
    NDArray
        The array.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.test_utils.rand_ndarray((3, 2), "csr").stype
    'csr'
    """
    if stype == "default":
        wanted = default_dtype() if dtype is None else dtype
        return nd.array(random_arrays(shape), dtype=wanted, ctx=ctx)

    array, _ = rand_sparse_ndarray(
        shape,
        stype,
        density=density,
        dtype=dtype,
        distribution=distribution,
        modifier_func=modifier_func,
        shuffle_csr_indices=shuffle_csr_indices,
        ctx=ctx,
    )
    return array
