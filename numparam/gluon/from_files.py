"""Declarations of parameters from a file: `ParameterDict.from_file`."""

from __future__ import annotations

from typing import Any

from numparam.formats.streams import ArrayHeader

__all__ = ["declarations"]

# The last words of arrays that are counted or averaged, not learned.
_AUXILIARY: tuple[str, ...] = ("running_mean", "running_var", "moving_mean", "moving_var")
_AUXILIARY += ("moving_avg", "num_batches_tracked")


def declarations(filename: Any) -> dict[str, dict[str, Any]]:
    """Return the arguments of `ParameterDict.get` for each array of a file, by name.

    Auxiliary states, which are named ``aux:…`` or like a running mean, have ``grad_req='null'``;
    so have arrays of integers and booleans, which have no gradient.
    """
    from numparam.checkpoint import Checkpoint  # late: few declare parameters by a file

    with Checkpoint(filename) as checkpoint:
        return {
            name.removeprefix("arg:").removeprefix("aux:"): _declaration(name, header)
            for name, header in checkpoint.headers.items()
        }


def _declaration(name: str, header: ArrayHeader) -> dict[str, Any]:
    from numparam.checkpoint.converted import is_floating  # late, as above

    auxiliary = name.startswith("aux:") or name.endswith(_AUXILIARY)
    learned = not auxiliary and is_floating(header.dtype)
    return {
        "shape": header.shape,
        "dtype": header.dtype,
        "stype": header.storage,
        "grad_req": "write" if learned else "null",
    }
