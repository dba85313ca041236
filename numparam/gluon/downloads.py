"""Downloads of Gluon code: files are found and verified, never downloaded."""

from __future__ import annotations

import os

from numparam.gluon.errors import DownloadError, UnnamedFileError

__all__ = ["check_sha1", "download"]


def check_sha1(filename: str | os.PathLike[str], sha1_hash: str) -> bool:
    """Return whether a file has a SHA-1 digest.

    Parameters
    ----------
    filename : str or os.PathLike
        The file.
    sha1_hash : str
        The digest, in lower-case hexadecimal digits.

    Returns
    -------
    bool
        Whether it is the digest of the file.

    Raises
    ------
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import numparam as mx
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "empty")
    >>> path.write_bytes(b"")
    0
    >>> mx.gluon.utils.check_sha1(path, "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    True
    """
    import hashlib  # late: it loads a library that most programs do not need

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
    """Return the name of a file that was downloaded before. Nothing is downloaded.

    Parameters
    ----------
    url : str
        Where the file comes from.
    path : str or os.PathLike, optional
        The file, or its folder: the name is then the last part of the address. The current folder
        if not given.
    overwrite : bool, default False
        Whether it should be downloaded even if it exists, which raises.
    sha1_hash : str, optional
        The digest that it must have.
    retries, verify_ssl : object
        As in MXNet; ignored.

    Returns
    -------
    str
        The file's name.

    Raises
    ------
    DownloadError
        If it does not exist, has another digest, or should be overwritten: an MXNetError and an
        OSError. numparam opens no connections.
    ValueError
        If the address ends without a file's name, and `path` does not contain one.

    Examples
    --------
    >>> import numparam as mx
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> size = (folder / "net.params").write_bytes(b"")
    >>> found = mx.gluon.utils.download("https://example.org/net.params", path=folder)
    >>> pathlib.Path(found).name
    'net.params'
    """
    target = os.path.expanduser(os.fspath(path)) if path is not None else ""
    if not target or os.path.isdir(target):
        name = url.split("/")[-1]
        if not name:
            raise UnnamedFileError(f"{url!r} ends without a file's name; pass one as path")
        target = os.path.join(target, name)
    if not os.path.exists(target):
        problem = "does not exist"
    elif overwrite:
        problem = "should be overwritten"
    elif sha1_hash and not check_sha1(target, sha1_hash):
        problem = f"does not have the SHA-1 digest {sha1_hash}"
    else:
        return target
    raise DownloadError(
        f"{target!r} {problem}, and numparam does not download. Fetch it yourself, for example "
        f"with: curl --location --output {target} {url}"
    )
