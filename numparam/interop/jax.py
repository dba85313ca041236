"""Parameters as JAX arrays, and JAX's gradients into parameters.

It is imported by ``from numparam.interop import jax``, and needs JAX: the extra ``jax``.

Examples
--------
>>> import jax
>>> import numpy as np
>>> import numparam as mx
>>> from numparam.interop import jax as nj
>>> params = mx.gluon.ParameterDict()
>>> weight = params.get("weight", shape=(2, 3), init="ones")
>>> params.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
>>> trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 0.5})
>>> def loss(tree, x):
...     return (x @ tree["weight"].T).sum()
>>> for context in params.list_ctx():
...     tree = nj.tree(params, context)
...     nj.accumulate(params, jax.grad(loss)(tree, np.ones((1, 3), np.float32)), context)
>>> trainer.step(batch_size=2)
>>> weight.data(mx.cpu(0)).asnumpy()[0]
array([0.5, 0.5, 0.5], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

try:
    import jax
    import jax.numpy
except ModuleNotFoundError as error:
    if error.name not in ("jax", "jaxlib"):
        raise
    raise ImportError(
        "numparam.interop.jax needs JAX: pip install 'numparam[jax]'", name=error.name
    ) from error

from numparam.autograd import accumulate_grad
from numparam.context import Context
from numparam.formats.quoting import quoted
from numparam.gluon.parameter import Parameter
from numparam.gluon.parameter_dict import ParameterDict
from numparam.interop.errors import UnbindableError
from numparam.ndarray.capsules import exported
from numparam.ndarray.host_memory import shared
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

__all__ = ["UnbindableError", "accumulate", "tree"]

# JAX shares host memory that starts at a multiple of this, and copies other.
_ALIGNMENT = 64


def tree(
    params: ParameterDict, ctx: Context | None = None, *, trained: bool = False
) -> dict[str, jax.Array]:
    """Return the parameters of a context as JAX arrays by name, a pytree.

    Parameters
    ----------
    params : ParameterDict
        The parameters, initialized and dense.
    ctx : Context, optional
        Whose arrays. If not given, the only one there is, or else the current one.
    trained : bool, default False
        Whether to leave out parameters whose ``grad_req`` is ``'null'``. ``jax.grad`` takes only
        arrays of floating point.

    Returns
    -------
    dict of str to jax.Array
        Arrays that share the parameters' memory, which for JAX is read-only. Parameters start at
        multiples of 64 bytes, as JAX requires; memory that does not, such as another library's, is
        copied. So are 64-bit types where JAX's are off (``jax_enable_x64``), to 32 bits.

    Raises
    ------
    UnbindableError
        If a parameter is sparse, or not on the host.
    RuntimeError
        If a parameter is not initialized on the context.

    Notes
    -----
    JAX takes its arrays for constants, and these change when the parameters do: take the tree anew
    after each step of a `Trainer`, and let computations with the old one be finished
    (``jax.block_until_ready``). `accumulate` waits for the gradients it is given.

    Examples
    --------
    >>> import numparam as mx
    >>> from numparam.interop import jax as nj
    >>> params = mx.gluon.ParameterDict()
    >>> weight = params.get("weight", shape=(2,), init="ones")
    >>> params.initialize()
    >>> nj.tree(params)
    {'weight': Array([1., 1.], dtype=float32)}
    """
    arrays = {}
    for name, parameter in params.items():
        if trained and parameter.grad_req == "null":
            continue
        arrays[name] = _jax_array(_dense_data(parameter, ctx))
    return arrays


def accumulate(params: ParameterDict, grads: Mapping[str, Any], ctx: Context | None = None) -> None:
    """Write or add JAX's gradients to those of the parameters, as each ``grad_req`` says.

    Parameters
    ----------
    params : ParameterDict
        The parameters.
    grads : mapping of str to jax.Array
        What ``jax.grad`` returns for a `tree`, or a part of it; a tuple of row ids and rows, or a
        ``jax.experimental.sparse.BCOO`` of rows, for a row-sparse gradient. Those of parameters
        with ``grad_req='null'`` are left out, as are None and gradients of integers.
    ctx : Context, optional
        As for `tree`.

    Raises
    ------
    KeyError
        If there is no parameter of a name.
    ValueError
        If a gradient does not fit its parameter. Nothing is changed in either case.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import numparam as mx
    >>> from numparam.interop import jax as nj
    >>> params = mx.gluon.ParameterDict()
    >>> weight = params.get("weight", shape=(2,), grad_req="add")
    >>> params.initialize()
    >>> for _ in range(2):
    ...     nj.accumulate(params, {"weight": jnp.ones(2)})
    >>> weight.grad().asnumpy()
    array([2., 2.], dtype=float32)
    """
    variables, incoming = [], []
    for name, gradient in grads.items():
        parameter = params[name]
        if parameter.grad_req == "null" or gradient is None or _is_of_integers(gradient):
            continue
        variables.append(parameter._check_and_get(parameter._settled_data(), ctx))
        incoming.append(_host_gradient(gradient))
    accumulate_grad(variables, incoming)


def _dense_data(parameter: Parameter, ctx: Context | None) -> NDArray:
    if parameter._stype != "default":
        raise UnbindableError(
            f"Parameter {quoted(parameter.name)} has storage type '{parameter._stype}'; JAX's "
            "arrays are dense. Use stype='default', with grad_stype='row_sparse', or leave it out"
        )
    return parameter.data(ctx)


def _jax_array(array: NDArray) -> jax.Array:
    try:
        host = shared(array)
    except ValueError as error:
        raise UnbindableError(
            f"an array on {array._ctx} cannot share its memory with JAX so far; use host contexts"
        ) from error
    canonical = jax.dtypes.canonicalize_dtype(host.dtype) == host.dtype
    if not canonical or not array.writable or host.ctypes.data % _ALIGNMENT:
        return jax.numpy.array(host)
    return jax.dlpack.from_dlpack(_Exporter(host))


class _Exporter:
    """Memory that is shared with JAX; it is not noted as exported, since JAX does not write."""

    def __init__(self, host: np.ndarray) -> None:
        self._host = host

    def __dlpack__(self, **keywords: Any) -> Any:
        return exported(self._host, **keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def _host_gradient(gradient: Any) -> Any:
    """Return a gradient as `accumulate_grad` takes it, in JAX's memory where that is possible."""
    if isinstance(gradient, (NDArray, RowSparseNDArray)):
        return gradient
    if isinstance(gradient, tuple):
        return tuple(np.asarray(part) for part in gradient)
    if hasattr(gradient, "todense"):
        by_rows = gradient.n_batch == 0 and gradient.n_dense == gradient.ndim - 1
        if not by_rows or gradient.ndim == 0:
            return np.asarray(gradient.todense())
        ids, rows = np.asarray(gradient.indices)[:, 0], np.asarray(gradient.data)
        inside = ids < gradient.shape[0]  # JAX pads with ids beyond the last row
        return (ids, rows) if inside.all() else (ids[inside], rows[inside])
    return np.asarray(gradient)


def _is_of_integers(gradient: Any) -> bool:
    return getattr(gradient, "dtype", None) == jax.dtypes.float0
