"""Where compiled kernels are kept between processes, and when they are stale.

Numba's own cache has two holes that matter here. It stamps an entry with the file of the kernel
alone, so an edit to a helper in another file goes unnoticed and the old machine code is served. And
it numbers its data files through an index that two processes may both read before either writes:
then one signature's entry can point at another's code. Here the stamp is a hash of all kernel
sources, and a data file is named after the whole key, so that there is no index to race for. A file
begins with a digest of what follows: damaged machine code must not run.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import pickle
import tempfile
import warnings
from typing import Any

import numba
from numba.core import caching
from numba.core.dispatcher import Dispatcher

_KERNELS = pathlib.Path(__file__).resolve().parent.parent


@functools.cache
def source_stamp() -> bytes:
    """Hash of every file that compiled code may come from, and of Numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(_KERNELS.rglob("*.py")):
        digest.update(path.relative_to(_KERNELS).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.digest()


@functools.cache
def folder() -> str | None:
    """Return the first writeable folder of: ``NUMBA_CACHE_DIR``, beside the kernels, the user's.

    None, said once in a warning, if there is none: then every process compiles anew.
    """
    places = [_KERNELS / "__pycache__", _user_folder()]
    if os.environ.get("NUMBA_CACHE_DIR"):
        places = [pathlib.Path(os.environ["NUMBA_CACHE_DIR"]) / "numparam"]
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True)
            # A test by writing: permission bits do not tell of read-only file systems.
            tempfile.TemporaryFile(dir=place).close()
        except OSError:
            continue
        return os.fspath(place)
    warnings.warn(
        "numparam found no writeable folder for compiled kernels (tried "
        f"{', '.join(map(os.fspath, places))}); they are compiled anew in every process. "
        "Set NUMBA_CACHE_DIR to a writeable folder",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _user_folder() -> pathlib.Path:
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(os.path.expanduser(base)) / "numparam"


class _Locator(caching._CacheLocator):
    """Tells Numba's cache the folder and the stamp."""

    def __init__(self, line: int) -> None:
        self._line = line

    def get_cache_path(self) -> str | None:
        return folder()

    def get_source_stamp(self) -> bytes:
        return source_stamp()

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator | None:
        return cls(py_func.__code__.co_firstlineno) if folder() else None


class _Files:
    """One file for each key; one of another stamp, or a damaged one, is absent and overwritten."""

    def __init__(self, filename_base: str) -> None:
        self._base = filename_base

    def _path(self, key: object) -> str:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:20]
        return os.path.join(str(folder()), f"{self._base}.{digest}.nbc")

    def load(self, key: object) -> Any:
        try:
            with open(self._path(key), "rb") as file:
                content = file.read()
        except OSError:
            return None
        digest, data = content[:32], content[32:]
        return pickle.loads(data) if digest == self._digest(data) else None

    @staticmethod
    def _digest(data: bytes) -> bytes:
        return hashlib.sha256(source_stamp() + data).digest()

    def save(self, key: object, data: object) -> None:
        content = caching.dumps(data)
        payload = self._digest(content) + content
        path = self._path(key)
        try:
            descriptor, temporary = tempfile.mkstemp(dir=str(folder()), prefix=".kernel-")
        except OSError:
            return  # the folder has gone or is full: this process has its code all the same
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(payload)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)


class _Implementation(caching.CompileResultCacheImpl):
    _locator_classes = (_Locator,)


class _KernelCache(caching.FunctionCache):
    _impl_class = _Implementation

    def __init__(self, py_func: Any) -> None:
        super().__init__(py_func)
        self._cache_file = _Files(self._impl.filename_base)

    def _index_key(self, signature: Any, code_generator: Any) -> Any:
        # Helpers in a closure are known by their names: Numba pickles each with a number that is
        # another one in every process. Their code is part of the stamp.
        cells = [cell.cell_contents for cell in self._py_func.__closure__ or ()]
        held = tuple(
            f"{cell.py_func.__module__}.{cell.py_func.__qualname__}"
            if isinstance(cell, Dispatcher)
            else repr(cell)
            for cell in cells
        )
        function = self._py_func
        return (
            signature,
            code_generator.magic_tuple(),
            function.__qualname__,
            function.__code__.co_code,
            held,
        )


def attach(compiled: Any) -> None:
    """Make the dispatcher `compiled` look for its machine code on disk, and leave it there."""
    if folder() is not None:
        compiled._cache = _KernelCache(compiled.py_func)
