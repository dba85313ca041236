"""Recognition of files by their first bytes: ``.params`` files, and many others."""

from __future__ import annotations

import struct

from .errors import (
    GitLfsPointerError,
    HtmlPageError,
    NotAParamsFileError,
    ZipArchiveError,
)

__all__ = ["FILE_MAGIC", "PREFIX_LENGTH", "RECORD_MAGICS", "check_file_magic", "describe_stranger"]

#: The number that a file begins with, as an unsigned word of 64 bits.
FILE_MAGIC = 0x112
#: The numbers that a record begins with, 32 bits each. Version 0 has its ndim in their place.
RECORD_MAGICS = {1: 0xF993FAC8, 2: 0xF993FAC9, 3: 0xF993FACA}

#: How many of the first bytes are worth looking at.
PREFIX_LENGTH = 512

_PICKLE = "Only if you trust where it came from, read it with pickle.load."

# What others' files begin with, what to call them and what to do with them.
_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", "Unpack it first, with gunzip or tar -xzf."),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "Unpack it first, with zstd -d."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it first, with unxz."),
    (b"BZh", "a bzip2 archive", "Unpack it first, with bunzip2."),
    (b"\x93NUMPY", "a NumPy .npy file", "Read it with numpy.load, make an array of it and save."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Read it with h5py or Keras."),
    *((bytes([0x80, protocol]), "a Python pickle", _PICKLE) for protocol in range(2, 6)),
)
_HTML = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--")


def check_file_magic(prefix: bytes, source: str, expected: str = "a .params file") -> None:
    r"""Raise if a file's first bytes cannot be those of a ``.params`` file.

    Parameters
    ----------
    prefix : bytes
        The file's first bytes, up to `PREFIX_LENGTH`.
    source : str
        The file's name, for the message.
    expected : str, default 'a .params file'
        What may be there, for the message.

    Raises
    ------
    NotAParamsFileError
        Or the one of its subclasses that fits.

    Examples
    --------
    >>> check_file_magic(b"\x12\x01\x00\x00\x00\x00\x00\x00", "net.params")
    """
    magic = struct.pack("<Q", FILE_MAGIC)
    if prefix[:8] == magic[: len(prefix)]:
        return
    if prefix[:4] in {struct.pack("<I", magic) for magic in RECORD_MAGICS.values()}:
        raise NotAParamsFileError(
            f"expected {expected}, found a single array without the file header, as in a "
            "pickled NDArray. Read it with loads_record.",
            source=source,
            offset=0,
        )
    raise describe_stranger(prefix, source, expected)


def describe_stranger(
    prefix: bytes, source: str, expected: str = "a .params file"
) -> NotAParamsFileError:
    r"""Return the error for a file whose first bytes are not those of a ``.params`` file.

    Parameters
    ----------
    prefix : bytes
        The file's first bytes, up to `PREFIX_LENGTH`.
    source : str
        The file's name, for the message.
    expected : str, default 'a .params file'
        What may be there, for the message.

    Returns
    -------
    NotAParamsFileError
        Or the one of its subclasses that fits; to be raised.

    Examples
    --------
    >>> print(describe_stranger(b"PK\x03\x04", "net.params"))  # doctest: +ELLIPSIS
    net.params: byte 0: expected a .params file, found a zip archive. Unpack it first...
    """
    kind, what, advice = _identify(prefix)
    return kind(f"expected {expected}, found {what}. {advice}", source=source, offset=0)


def _identify(prefix: bytes) -> tuple[type[NotAParamsFileError], str, str]:
    text = prefix.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_HTML):
        return (
            HtmlPageError,
            "a web page (HTML)",
            "The download failed or was redirected: open the address in a browser, find the link "
            "to the file itself and download again.",
        )
    if prefix.startswith(b"version https://git-lfs"):
        return (
            GitLfsPointerError,
            "a Git LFS pointer, a small text that stands for the file",
            "Run `git lfs pull` in its repository, then read again.",
        )
    if prefix.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _identify_zip(prefix)
    for signature, what, advice in _BINARY:
        if prefix.startswith(signature):
            return NotAParamsFileError, what, advice
    if prefix[8:10] == b'{"' and prefix[5:8] == bytes(3):
        return NotAParamsFileError, "a safetensors file", "Read it with safetensors.numpy."
    if text.startswith(b"{"):
        return (
            NotAParamsFileError,
            "JSON text",
            "A model's -symbol.json describes its graph; its arrays are in the .params file "
            "beside it.",
        )
    return (
        NotAParamsFileError,
        f"one that begins with the bytes {prefix[:8].hex(' ')}",
        "A .params file begins with 12 01 00 00 00 00 00 00: check the path, and compare the "
        "file's size and checksum with the original's.",
    )


def _identify_zip(prefix: bytes) -> tuple[type[NotAParamsFileError], str, str]:
    # The first member's name begins at byte 30.
    if b".npy" in prefix:
        return (
            ZipArchiveError,
            "a zip archive of NumPy arrays (.npz)",
            "Read it with numpy.load, make arrays of its members and save.",
        )
    if b"/data.pkl" in prefix:
        return (
            ZipArchiveError,
            "a PyTorch checkpoint (a zip archive)",
            "Read it with torch.load(..., weights_only=True).",
        )
    return ZipArchiveError, "a zip archive", "Unpack it first: the .params file may be inside."
