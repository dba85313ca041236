"""Cases that run unchanged under MXNet 1.9.1 and under numparam, and the encoding of what they saw.

A case is a function of one argument, the library (``mxnet`` when recording, ``numparam`` when
replaying). It returns a mapping from the names of its rows to what happened, or a single value::

    from harness import case, outcome, raises

    @case("3 retain", fix="invalid ids are refused at use", fixed={"missing": raises("IndexError")})
    def retain_by_id(mx):
        table = mx.nd.sparse.row_sparse_array(([[1, 2]], [1]), shape=(4, 2))
        return {
            "present": outcome(lambda: mx.nd.sparse.retain(table, mx.nd.array([1]))),
            "missing": outcome(lambda: mx.nd.sparse.retain(table, mx.nd.array([9]))),
        }

Case modules live in ``cases/`` and import nothing but this module, NumPy and the standard library.
What they return is encoded by `encode`; bare arrays, dtypes, contexts and so on need no `describe`.
Cases must be deterministic, and must restore every switch they set (use the scopes).
"""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Exception classes of MXNet that user code names in an ``except``, beside the builtin ones.
MXNET_EXCEPTIONS = frozenset(
    {
        "MXNetError",
        "DeferredInitializationError",
        "NotImplementedForSymbol",
        "NotSupportedForSparseNDArray",
    }
)
#: Array classes by the names that both libraries give them (``ndarray`` is the class of ``mx.np``).
ARRAY_CLASSES = ("RowSparseNDArray", "CSRNDArray", "ndarray", "NDArray")


@dataclass(frozen=True)
class Case:
    """One recorded function; see `case` for the fields."""

    name: str
    function: Callable[[Any], Any]
    section: str
    fix: str | None
    fixed: Any
    crashes: str | None
    rtol: float | None
    cpu_only: str | None


#: Every case of the modules imported so far, by ``module.function``.
CASES: dict[str, Case] = {}


def case(
    section: str,
    *,
    fix: str | None = None,
    fixed: Any = None,
    crashes: str | None = None,
    rtol: float | None = None,
    cpu_only: str | None = None,
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register a function as a case.

    Parameters
    ----------
    section : str
        The subject, and the section of the semantics it covers, such as ``"3 retain"``.
    fix : str, optional
        Why numparam deliberately differs. MXNet's value is recorded all the same.
    fixed : mapping or callable, optional
        With `fix`: what numparam gives instead. A mapping gives, for some of the case's rows, the
        expected encoding or a check ``encoding -> bool``; the rows it does not name must equal the
        recorded ones. A callable checks the encoding of the whole case.
    crashes : str, optional
        How MXNet dies on this case. It is then never run there, and every row must be in `fixed`.
    rtol : float, optional
        Relative tolerance of floating point values (results of exp, log and the like); the default
        is equality of every bit but those of a NaN.
    cpu_only : str, optional
        Why the case has no meaning where buffers are not host memory.
    """
    if (fix is None) != (fixed is None):
        raise ValueError("'fix' and 'fixed' come together: the reason and the value")
    if crashes is not None and fixed is None:
        raise ValueError("a case that crashes MXNet needs 'fix' and 'fixed'")

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        if name in CASES:
            raise ValueError(f"two cases are named {name}")
        CASES[name] = Case(name, function, section, fix, fixed, crashes, rtol, cpu_only)
        return function

    return register


def outcome(function: Callable[[], Any]) -> dict[str, Any]:
    """Call `function`, and encode its value or its exception, and the warnings on the way.

    The value is encoded inside: an error that MXNet's engine raises late, when the array is read,
    counts as an error of the call.

    Returns
    -------
    dict
        ``{"value": encoding}`` or ``{"raises": [class names]}``, with ``"warns": [categories]``
        if there were any.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = {"value": describe(function())}
        except Exception as error:
            result = {"raises": exception_names(error)}
    categories = {w.category.__name__ for w in caught if not _is_about_names(w)}
    if categories:
        result["warns"] = sorted(categories)
    return result


def rows(setup: Callable[[], Mapping[str, Any]], *texts: str) -> dict[str, Any]:
    """One `outcome` per text, named by it: statements and, after the last ``"; "``, an expression.

    Parameters
    ----------
    setup : callable
        Makes the names that the texts use; called anew for each of them.
    *texts : str
        Such as ``"a + 1"``, or ``"a[0] = 5; a"``.
    """
    results = {}
    for text in texts:
        *statements, expression = text.split("; ")
        compile(expression, text, "eval")
        names = dict(setup())

        def evaluate(
            statements: list[str] = statements,
            expression: str = expression,
            names: dict[str, Any] = names,
        ) -> Any:
            for statement in statements:
                exec(statement, names)
            return eval(expression, names)

        if text in results:
            raise ValueError(f"the row {text!r} is there twice")
        results[text] = outcome(evaluate)
    return results


def exception_names(error: BaseException) -> list[str]:
    """The names under which callers can catch `error`, the most specific first.

    Builtin and MXNet's classes; ``Exception`` only if there is nothing more specific.
    """
    names = [
        cls.__name__
        for cls in type(error).__mro__
        if cls.__name__ in MXNET_EXCEPTIONS or getattr(builtins, cls.__name__, None) is cls
    ]
    specific = [name for name in names if name not in ("Exception", "BaseException", "object")]
    return specific or ["Exception"]


def encode(result: Any) -> Any:
    """Encode what a case returned: its mapping of rows is kept, everything else is described."""
    if isinstance(result, Mapping):
        return {str(name): encode(value) for name, value in result.items()}
    if isinstance(result, list):
        return [encode(value) for value in result]
    return describe(result)


def describe(value: Any) -> Any:
    """Encode one value as JSON that is equal if, and only if, the values are.

    Arrays keep class, shape, dtype, context and every value (floats as the shortest decimal that
    reads back, so −0.0, infinities and NaN are seen); sparse arrays their stored parts.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return {"scalar": dtype_name(value.dtype), "value": numbers(np.asarray(value))}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, (bytes, bytearray)):
        return {type(value).__name__: value.hex()}
    if isinstance(value, np.ndarray):
        return {
            "array": "numpy.ndarray",
            "shape": list(value.shape),
            "dtype": dtype_name(value.dtype),
            "data": numbers(value),
        }
    if isinstance(value, np.dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, type):
        return _describe_class(value)
    if isinstance(value, Mapping):
        return {"dict": [[describe(key), describe(entry)] for key, entry in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [describe(entry) for entry in value]}
    if isinstance(value, list):
        return [describe(entry) for entry in value]
    if isinstance(value, BaseException):
        return {"exception": exception_names(value)}
    if hasattr(value, "asnumpy") and hasattr(value, "stype"):
        return _describe_device_array(value)
    if hasattr(value, "device_typeid") and hasattr(value, "device_id"):
        return {"context": str(value)}
    return {"object": type(value).__name__}


def _describe_class(cls: type) -> dict[str, str]:
    if issubclass(cls, np.generic) or cls.__name__ == "bfloat16":
        return {"type": dtype_name(np.dtype(cls))}
    return {"class": cls.__name__}


def _describe_device_array(array: Any) -> dict[str, Any]:
    names = {cls.__name__ for cls in type(array).__mro__}
    class_name = next((name for name in ARRAY_CLASSES if name in names), type(array).__name__)
    result = {
        "array": "np.ndarray" if class_name == "ndarray" else class_name,
        "shape": list(array.shape),
        "dtype": dtype_name(array.dtype),
        "context": str(array.ctx if class_name == "ndarray" else array.context),
    }
    if array.stype == "row_sparse":
        parts = ("indices", "data")
    elif array.stype == "csr":
        parts = ("indptr", "indices", "data")
    else:
        return result | {"data": numbers(array.asnumpy())}
    for part in parts:
        host = getattr(array, part).asnumpy()
        result[part] = {
            "shape": list(host.shape),
            "dtype": dtype_name(host.dtype),
            "data": numbers(host),
        }
    return result


def dtype_name(dtype: Any) -> str:
    """NumPy's name of a dtype; ``bfloat16`` also for the structured dtype that MXNet uses."""
    dtype = np.dtype(dtype)
    return "bfloat16" if dtype.names == ("bfloat16",) else dtype.name


def numbers(host: np.ndarray) -> str:
    """All values of a host array in C order, in one string, exactly."""
    if host.dtype.names == ("bfloat16",):
        bits = np.ascontiguousarray(host).view(np.uint16).astype(np.uint32) << np.uint32(16)
        host = bits.view(np.float32)
    elif host.dtype.name == "bfloat16":
        host = host.astype(np.float32)
    if host.dtype.kind in "biu":
        return " ".join(str(value) for value in host.ravel().tolist())
    return " ".join(_shortest(value) for value in host.ravel())


def _shortest(value: Any) -> str:
    text = repr(float(value))
    if isinstance(value, (np.float16, np.float32)) and np.isfinite(value):
        text = np.format_float_scientific(value, unique=True, trim="0")
        if 1e-4 <= abs(float(value)) < 1e7 or value == 0:
            text = np.format_float_positional(value, unique=True, trim="0")
    return text


def _is_about_names(caught: warnings.WarningMessage) -> bool:
    """MXNet uses names that NumPy 1.23 and MXNet itself call old (np.bool, np.ndarray.context)."""
    text = str(caught.message)
    return caught.category.__name__ in ("FutureWarning", "VisibleDeprecationWarning") or (
        caught.category is DeprecationWarning and ("`np." in text or "has been renamed" in text)
    )


# What numparam gives instead: short forms for `fixed`.


def raises(*names: str) -> dict[str, list[str]]:
    """The encoding of an exception that must be catchable as every one of `names`."""
    return {"raises": list(names)}


def gives(value: Any) -> dict[str, Any]:
    """The encoding of an `outcome` without exception or warning.

    `value` may be an array's encoding already: of `dense`, `row_sparse` or `csr`.
    """
    encoded = isinstance(value, Mapping) and "array" in value
    return {"value": value if encoded else describe(value)}


def dense(values: Any, dtype: str = "float32", context: str = "cpu(0)") -> dict[str, Any]:
    """The encoding of a dense NDArray."""
    host = np.asarray(values, dtype=dtype)
    return {
        "array": "NDArray",
        "shape": list(host.shape),
        "dtype": dtype_name(host.dtype),
        "context": context,
        "data": numbers(host),
    }


def row_sparse(
    shape: tuple[int, ...],
    indices: Any,
    data: Any,
    dtype: str = "float32",
    context: str = "cpu(0)",
) -> dict[str, Any]:
    """The encoding of a RowSparseNDArray."""
    return {
        "array": "RowSparseNDArray",
        "shape": list(shape),
        "dtype": dtype,
        "context": context,
        "indices": _part(np.asarray(indices, dtype=np.int64)),
        "data": _part(np.asarray(data, dtype=dtype).reshape((-1, *shape[1:]))),
    }


def csr(
    shape: tuple[int, int],
    indptr: Any,
    indices: Any,
    data: Any,
    dtype: str = "float32",
    context: str = "cpu(0)",
) -> dict[str, Any]:
    """The encoding of a CSRNDArray."""
    return {
        "array": "CSRNDArray",
        "shape": list(shape),
        "dtype": dtype,
        "context": context,
        "indptr": _part(np.asarray(indptr, dtype=np.int64)),
        "indices": _part(np.asarray(indices, dtype=np.int64)),
        "data": _part(np.asarray(data, dtype=dtype)),
    }


def _part(host: np.ndarray) -> dict[str, Any]:
    return {"shape": list(host.shape), "dtype": dtype_name(host.dtype), "data": numbers(host)}


def any_of(*expected: Any) -> Callable[[Any], bool]:
    """A check that accepts any one of several encodings."""
    from replay import difference

    return lambda actual: any(
        one(actual) if callable(one) else difference(one, actual) is None for one in expected
    )


def refused(actual: Any) -> bool:
    """A check: the call raised, whatever the class."""
    return isinstance(actual, Mapping) and "raises" in actual
