"""Files that Gluon code expects from the network: found and verified, never fetched."""

from __future__ import annotations

import hashlib
import os

from numparam.base import MXNetError

__all__ = ["check_sha1", "download"]


class DownloadError(MXNetError, OSError):
    """A file is not there, and numparam does not fetch it."""


class UnnamedFileError(ValueError, AssertionError):
    """The address ends without a file's name; an AssertionError too, as in MXNet."""


def check_sha1(filename: str | os.PathLike[str], sha1_hash: str) -> bool:
    """Tell whether a file has the SHA-1 digest that it should have.

    Parameters
    ----------
    filename : str or os.PathLike
        The file.
    sha1_hash : str
        The digest, in lower-case hexadecimal digits.

    Returns
    -------
    bool
        Whether it is the file's.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with open(filename, "rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest() == sha1_hash


def download(
    url: str,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    sha1_hash: str | None = None,
    retries: int = 5,
    verify_ssl: bool = True,
) -> str:
    """Give the name of a file that was downloaded before; refuse to download it.

    Parameters
    ----------
    url : str
        Where the file comes from.
    path : str or os.PathLike, optional
        The file, or the folder where it is under the last part of the address; the current folder
        if not given.
    overwrite : bool, default False
        Whether it should be downloaded even if it is there, which is refused.
    sha1_hash : str, optional
        The digest that it must have.
    retries, verify_ssl : object
        As in MXNet; not looked at.

    Returns
    -------
    str
        The file's name.

    Raises
    ------
    DownloadError
        If it is not there, has another digest, or should be overwritten: an MXNetError and an
        OSError. numparam opens no connections.
    ValueError
        If the address ends without a file's name, and `path` gives none.
    """
    target = os.path.expanduser(os.fspath(path)) if path is not None else ""
    if not target or os.path.isdir(target):
        name = url.split("/")[-1]
        if not name:
            raise UnnamedFileError(f"{url!r} ends without a file's name; give one as path")
        target = os.path.join(target, name)
    if not os.path.exists(target):
        problem = "is not there"
    elif overwrite:
        problem = "should be overwritten"
    elif sha1_hash and not check_sha1(target, sha1_hash):
        problem = f"has not the SHA-1 digest {sha1_hash}"
    else:
        return target
    raise DownloadError(
        f"{target!r} {problem}, and numparam downloads nothing. Fetch it yourself, for example "
        f"with: curl --location --output {target} {url}"
    )
