"""What the names of files end in, by format.

Apart from the formats themselves, which import compressors: an object that saves parameters when
the interpreter ends can import nothing any more.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["INDEX_SUFFIX", "SUFFIXES", "is_params_target"]

#: That of an index of several safetensors files.
INDEX_SUFFIX = ".safetensors.index.json"

#: By the name of the format.
SUFFIXES: dict[str, tuple[str, ...]] = {
    "params": (".params", ".param", ".nd"),
    "safetensors": (".safetensors", INDEX_SUFFIX),
    "npz": (".npz",),
    "torch": (".pt", ".pth", ".bin"),
}


def is_params_target(target: Any) -> bool:
    """Return whether a file is written as ``.params``: unless its suffix is of another format."""
    if not isinstance(target, (str, os.PathLike)):
        return True
    path = os.fsdecode(target).lower()
    return not any(
        path.endswith(suffixes) for name, suffixes in SUFFIXES.items() if name != "params"
    )
