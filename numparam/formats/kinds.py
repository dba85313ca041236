"""What kind of file of arrays a file is, by its contents."""

from __future__ import annotations

import zipfile

from .npz import SourceFile
from .signatures import PREFIX_LENGTH
from .sources import ByteSource

__all__ = ["kind_of"]

_OLD_TORCH = bytes.fromhex("8a0a6cfc9c46f9206aa850192e")


def kind_of(source: ByteSource) -> str:
    r"""Return a file's kind: ``'params'``, ``'safetensors'``, ``'npz'``, ``'torch'``, ``'index'``.

    What is of no known kind counts as ``.params``, whose reader says what is wrong.

    Examples
    --------
    >>> from numparam.formats.sources import open_source
    >>> kind_of(open_source(b"\x02" + bytes(7) + b"{}"))
    'safetensors'
    """
    prefix = source.read_at(0, min(source.size, PREFIX_LENGTH))
    if prefix[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _identify_zip(source)
    if prefix[5:8] == bytes(3) and prefix[8:].lstrip()[:1] == b"{":
        return "safetensors"
    if prefix.lstrip()[:1] == b"{" and (
        b'"weight_map"' in source.read_at(0, min(source.size, 1 << 26))
    ):
        return "index"
    if prefix[:1] == b"\x80" and _OLD_TORCH in prefix[:20]:
        return "torch"
    return "params"


def _identify_zip(source: ByteSource) -> str:
    try:
        with zipfile.ZipFile(SourceFile(source)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError):
        return "npz"  # which says what is wrong
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return "torch"
    return "npz" if all(name.endswith(".npy") for name in names) else "params"
