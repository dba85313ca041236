"""The docstrings of the functions that are generated from operations."""

from __future__ import annotations

from numparam.ndarray.operations.meanings import meaning
from numparam.ndarray.operations.operation import REQUIRED, Operation

__all__ = ["documentation"]


def documentation(
    row: Operation,
    *,
    summary: str = "",
    inputs: str = "NDArray",
    array: str = "NDArray",
) -> str:
    """Return the docstring of an operation's function, generated from its row.

    Parameters
    ----------
    row : Operation
        The operation.
    summary : str, default ''
        The first line, if it is not the row's.
    inputs : str, default 'NDArray'
        What the inputs are.
    array : str, default 'NDArray'
        What `out` and the result are.

    Returns
    -------
    str
        The text, indented like a docstring in a function.

    Examples
    --------
    >>> from numparam.ndarray.operations import OPERATIONS
    >>> from numparam.ndarray.operations.documentation import documentation
    >>> documentation(OPERATIONS['take']).splitlines()[0]
    'Take slices along an axis by index; indices out of range are clipped, wrapped or an error.'
    """
    lines = [summary or row.summary, ""]
    if row.agree and (len(row.inputs) > 1 or row.variadic):
        lines += ["The arrays must have one dtype; none is converted.", ""]
    lines += ["Parameters", "----------"]
    for name in row.inputs:
        lines.append(f"{name} : {inputs}" + (", optional" if name in row.optional else ""))
    for name, default in row.attributes.items():
        lines.append(f"{name} : " + ("required" if default is REQUIRED else f"default {default!r}"))
        if sentence := meaning(row.name, name):
            lines.append(f"    {sentence}")
    lines += [f"out : {array}, optional", "    Where to write the result, of its shape and dtype."]
    lines += ["", "Returns", "-------"]
    lines.append(array if row.outputs == 1 else f"{array} or list of {array}")
    result = row.result or _dtype_sentence(row)
    if result:
        lines.append(f"    {result}")
    lines += ["", "Raises", "------", "MXNetError"]
    lines.append(
        "    If shapes, dtypes, contexts or attributes do not fit. It is a ValueError, too."
    )
    lines += [
        "TypeError",
        f"    If an input is not an {inputs}, or an argument is unknown or missing.",
    ]
    lines += ["", "Notes", "-----", row.source]
    if row.aliases:
        names = (alias.removeprefix("_np_").removeprefix("contrib.") for alias in row.aliases)
        lines += ["", f"Also named {', '.join(f'``{alias}``' for alias in names)}."]
    return "\n    ".join(lines).replace("    \n", "\n") + "\n    "


def _dtype_sentence(row: Operation) -> str:
    """Return the sentence on the result's dtype, if the row has a rule for it."""
    first = f"``{row.inputs[0].lstrip('*')}``"
    if row.dtype == "first":
        return f"Of the dtype of {first}."
    if row.dtype == "scalar":
        return f"Of the shape and dtype of {first}; of int64 for booleans."
    for name in ("dtype", "out_dtype"):
        if name in row.attributes:
            if row.attributes[name] is None:
                return f"Of the dtype ``{name}``; None means that of {first}."
            return f"Of the dtype ``{name}``."
    return ""
