"""Writes the type stubs of what is generated from the table of operations.

``python tools/stubs.py`` writes them, from the root of the repository. Run it after a change of the
table; ``tests/test_types.py`` fails if a stub is not what this script would write.
"""

from __future__ import annotations

import inspect
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numparam as mx  # noqa: E402 - from the checkout
from numparam.ndarray import _internal, contrib, linalg, op  # noqa: E402
from numparam.ndarray.ndarray import NDArray  # noqa: E402
from numparam.ndarray.numpy_operations import functions as numpy_functions  # noqa: E402
from numparam.ndarray.operations import OPERATIONS, Operation  # noqa: E402
from numparam.ndarray.operations.arithmetic import ARITHMETIC  # noqa: E402
from numparam.ndarray.operations.operation import REQUIRED  # noqa: E402
from numparam.numpy_extension import operations as layers  # noqa: E402

# Types of attributes whose functions say Any, since NumPy reads them in many forms.
_TYPES = {
    "axes": "Ints | None",
    "axis": "Ints | None",
    "begin": "int | None | Sequence[int | None]",
    "clip_gradient": "float",
    "dtype": "DType | None",
    "end": "int | None | Sequence[int | None]",
    "indices_or_sections": "Ints",
    "lhs_axes": "Ints | None",
    "lrs": "Sequence[float]",
    "momentum": "float",
    "out_dtype": "DType | None",
    "pad_width": "Sequence[int]",
    "repeats": "int",
    "reps": "Ints",
    "rescale_grad": "float",
    "rhs_axes": "Ints | None",
    "scalar": "float",
    "shape": "Ints",
    "size": "Ints",
    "source": "Ints",
    "destination": "Ints",
    "step": "int | None | Sequence[int | None]",
    "wds": "Sequence[float]",
}

# Results of operations whose number of results depends on an attribute.
_RESULTS = {
    "_np_array_split": "list[{array}]",
    "_np_nonzero": "tuple[{array}, ...]",
    "_np_split": "list[{array}]",
}

_HEADER = '''\
"""{title}

Written by ``tools/stubs.py``; do not edit.
"""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from numparam.ndarray.{module} import {array}

Ints = int | Sequence[int]
DType = str | type | np.dtype[Any]
'''


def stubs() -> dict[str, str]:
    """Return the text of each stub by its path in the repository."""
    classic = {
        "op": (op.__all__, "", "The public operations of ``numparam.nd``."),
        "contrib": (contrib.__all__, "contrib.", "The operations of ``numparam.nd.contrib``."),
        "linalg": (linalg.__all__, "linalg.", "The operations of ``numparam.nd.linalg``."),
        "_internal": (_internal.__all__, "", "The operations with internal names."),
    }
    found = {}
    for name, (names, prefix, title) in classic.items():
        body = {function: _classic_function(function, prefix) for function in names}
        found[f"numparam/ndarray/{name}.pyi"] = _header(title, "NDArray") + _listed(body)
    found["numparam/ndarray/operation_methods.pyi"] = _methods()
    rows = {name: OPERATIONS[f"_np_{name}"] for name in numpy_functions.FUNCTIONS}
    body = {name: _numpy_function(name, row) for name, row in sorted(rows.items())}
    title = "The functions of ``numparam.np`` that are made from the table of operations."
    found["numparam/numpy/functions.pyi"] = _header(title, "ndarray") + _listed(body)
    body = {
        name: _function(name, OPERATIONS[row], inspect.signature(layers.FUNCTIONS[name]), "ndarray")
        for name, row, _ in layers.TABLE
    }
    title = "The functions of ``numparam.npx`` that are made from the table of operations."
    found["numparam/numpy_extension/functions.pyi"] = _header(title, "ndarray") + _listed(body)
    return found


def _header(title: str, array: str) -> str:
    module = "ndarray" if array == "NDArray" else "numpy_array"
    return _HEADER.format(title=title, array=array, module=module)


def _listed(functions: dict[str, str]) -> str:
    names = "".join(f"    {name!r},\n" for name in functions)
    return f"\n__all__ = [\n{names}]\n\n" + "\n".join(functions.values()) + "\n"


def _classic_function(name: str, prefix: str) -> str:
    if not prefix and name in ARITHMETIC:
        return _of_numbers(name, ("lhs", "rhs"), "NDArray", "")
    module = {"contrib.": contrib, "linalg.": linalg}.get(prefix)
    module = module or (_internal if name.startswith("_") else op)
    if prefix + name not in OPERATIONS:  # written by hand, with types
        function = getattr(module, name)
        own = function.__name__
        return f"from {function.__module__} import {own}" + ("" if own == name else f" as {name}")
    row = OPERATIONS[prefix + name]
    return _function(name, row, inspect.signature(getattr(module, name)), "NDArray")


def _numpy_function(name: str, row: Operation) -> str:
    function = numpy_functions.FUNCTIONS[name]
    names = tuple(inspect.signature(function).parameters)
    if names in (("x", "out"), ("x1", "x2", "out")):
        return _of_numbers(name, names[:-1], "ndarray", ", out: ndarray | None = None")
    return _function(name, row, inspect.signature(function), "ndarray")


def _of_numbers(name: str, names: tuple[str, ...], array: str, out: str) -> str:
    """Return the overloads of a function of arrays and numbers."""
    if len(names) == 1:
        forms = [((array,), array), (("float",), "float")]
    else:
        other = f"{array} | float" if array == "NDArray" else "Any"
        forms = [((array, other), array), ((other, array), array), (("float", "float"), "float")]
    lines = []
    for kinds, result in forms:
        taken = ", ".join(f"{n}: {kind}" for n, kind in zip(names, kinds, strict=True))
        keep = out if result == array else ""
        lines.append(f"@overload\ndef {name}({taken}{keep}) -> {result}: ...")
    return "\n".join(lines)


def _function(
    name: str, row: Operation, signature: inspect.Signature, array: str, self: bool = False
) -> str:
    """Return the stub of a function, or of a method, of an operation."""
    kinds = inspect.signature(row.forward).parameters
    result = _RESULTS.get(row.name, {0: "Any", 1: "{array}"}.get(row.outputs, "list[{array}]"))
    result = result.format(array=array)
    parts = []
    starred = False
    for position, (label, parameter) in enumerate(signature.parameters.items()):
        if parameter.kind is parameter.VAR_POSITIONAL:
            parts.append(f"*{label}: {array}")
            starred = True
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        if self and position == 0:
            parts.append(label)
            continue
        if label in row.attributes:
            kind = str(kinds[label].annotation) if label in kinds else "Any"
            kind = _TYPES.get(label, "Any") if kind == "Any" or label not in kinds else kind
            if parameter.default is None and "None" not in kind and kind != "Any":
                kind = f"{kind} | None"
        elif label == "out":
            kind = f"{array} | None" if row.outputs == 1 else "Any"
        elif label == "name":
            kind = "str | None"
        else:
            kind = f"{array} | None" if label in row.optional else array
        default = "" if parameter.default is REQUIRED else f" = {_shown(parameter.default)}"
        parts.append(f"{label}: {kind}{default}")
    if self and "dtype" not in signature.parameters and name in ("mean", "prod", "sum"):
        parts.append("dtype: DType | None = None")
    return f"def {name}({', '.join(parts)}) -> {result}: ..."


def _shown(default: object) -> str:
    if default is None or isinstance(default, (bool, int, str)):
        return repr(default)
    if isinstance(default, float) and abs(default) < float("inf"):
        return repr(default)
    return "..."


def _methods() -> str:
    lines = [
        '"""Types of the methods of arrays that are made from the table of operations.',
        "",
        "Written by ``tools/stubs.py``; do not edit. There is no such module at run time:",
        "the classes of arrays have these methods themselves.",
        '"""',
        "",
        '# mypy: disable-error-code="override"',
        "",
        "from collections.abc import Sequence",
        "from typing import Any",
        "",
        "import numpy as np",
        "",
        "from numparam.ndarray.ndarray import NDArray",
        "from numparam.ndarray.numpy_array import ndarray",
        "",
        "Ints = int | Sequence[int]",
        "DType = str | type | np.dtype[Any]",
        "",
        "class OperationMethods:",
    ]
    for name, value in vars(NDArray).items():
        if name in OPERATIONS and getattr(value, "__module__", "") == "numparam.ndarray":
            text = _function(name, OPERATIONS[name], inspect.signature(value), "NDArray", True)
            lines.append(f"    {text}")
    lines += ["", "class NumpyOperationMethods(NDArray):"]
    for name, value in vars(mx.np.ndarray).items():
        if numpy_functions.FUNCTIONS.get(name) is value:
            row = OPERATIONS[f"_np_{name}"]
            text = _function(name, row, inspect.signature(value), "ndarray", True)
            lines.append(f"    {text}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path, text in stubs().items():
        (ROOT / path).write_text(text)
