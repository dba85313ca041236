"""The cache of compiled kernels on disk: where it is, and which entries are stale.

Numba's own cache has two holes that matter here. It stamps an entry with the file of the kernel
alone, so an edit to a helper in another file goes unnoticed and the old machine code runs. And it
numbers its data files through an index that two processes may both read before either writes: then
one signature's entry can point at another's code. Here the stamp is a hash of all kernel sources,
and a data file is named after the whole key, which holds the signature and the processor target.

What lies in the cache is unpickled and run, so only folders are used that nobody else can change.
A file begins with a digest of what follows: damaged machine code must not run.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import pickle
import stat
import sys
import tempfile
from typing import Any

import llvmlite
import numba
from numba.core import caching
from numba.core.dispatcher import Dispatcher

from numparam.kernels._first_use import notify

_KERNELS = pathlib.Path(__file__).resolve().parent.parent

# What changes the machine code of one source for one processor.
_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "BOUNDSCHECK",
             "DEBUGINFO_DEFAULT", "FULL_TRACEBACKS", "LLVM_PASS_TIMINGS")  # fmt: skip


@functools.cache
def source_stamp() -> bytes | None:
    """Return a hash of all kernel sources, of Numba's version and of its settings.

    None if a module's source is not there, as in a zip archive or where only ``.pyc`` files are
    installed: then nothing tells whether compiled code is stale.
    """
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
    for name in _SETTINGS:
        digest.update(f"{name}={getattr(numba.config, name, None)};".encode())
    try:
        sources = sorted(_KERNELS.rglob("*.py"))
        for path in sources:
            digest.update(path.relative_to(_KERNELS).as_posix().encode())
            digest.update(path.read_bytes())
        bare = [path for path in _KERNELS.rglob("*.pyc") if path.parent.name != "__pycache__"]
    except OSError:
        return None
    return None if bare or pathlib.Path(__file__).resolve() not in sources else digest.digest()


@functools.cache
def folder() -> str | None:
    """Return the first safe, writeable folder of: ``NUMBA_CACHE_DIR``, beside the kernels, home.

    None, said once in a warning, if there is none: then every process compiles anew.
    """
    if source_stamp() is None:
        notify(f"numparam's kernels have no source files in {_KERNELS}, which would tell when "
              "compiled kernels are stale; they are compiled anew in every process")  # fmt: skip
        return None
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        places = [pathlib.Path(chosen, "numparam")]
    else:
        places = [_KERNELS / "__pycache__", *_user_folders()]
    reasons = []
    for place in places:
        # Links are followed once and for all: whoever owns one could change it later.
        real = pathlib.Path(os.path.realpath(place)) if place.is_absolute() else place
        reason = _unusable(real)
        if reason is None:
            return os.fspath(real)
        reasons.append(f"{place}: {reason}")
    notify(
        "numparam found no writeable folder for compiled kernels that nobody else can change "
        f"({'; '.join(reasons) or 'there is no home folder'}); they are compiled anew in every "
        "process. Set NUMBA_CACHE_DIR to a folder of your own"
    )
    return None


def _user_folders() -> list[pathlib.Path]:
    """Return the user's folder for caches; an empty list if the home folder is unknown."""
    if os.name == "nt":
        bases = [os.environ.get("LOCALAPPDATA") or "", "~/AppData/Local"]
    else:
        bases = [os.environ.get("XDG_CACHE_HOME") or "", "~/.cache"]
    # The specification of XDG_CACHE_HOME has relative paths ignored; and `expanduser` returns its
    # argument where there is neither HOME nor an entry for the user.
    found = (pathlib.Path(os.path.expanduser(base)) for base in bases)
    return [base / "numparam" for base in found if base.is_absolute()][:1]


def _unusable(place: pathlib.Path) -> str | None:
    """Return why a folder, made if it is missing, cannot be the cache; None if it can."""
    if not place.is_absolute():
        return "a relative path leads to files of whichever folder a program is started in"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _changeable(place)
        if reason is None:
            # A test by writing: permission bits do not tell of read-only file systems.
            tempfile.TemporaryFile(dir=place).close()
    except OSError as failure:
        return failure.strerror or str(failure)
    return reason


def _changeable(place: pathlib.Path) -> str | None:
    """Return how another user could change files in a folder; None if nobody can."""
    if not hasattr(os, "getuid"):
        return None  # Windows: a profile's folders are the user's
    # Who owns the kernels' sources decides anyway what this process runs.
    trusted = {0, os.getuid(), os.stat(_KERNELS).st_uid}
    for path in (place, *place.parents):
        status = os.stat(path)
        if status.st_uid not in trusted:
            return f"{path} belongs to another user"
        writers = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if writers & stat.S_IWGRP and _is_private_group(status.st_gid) and not _has_acl(path):
            writers &= ~stat.S_IWGRP
        # In a sticky folder, such as /tmp, nobody can replace what is another's.
        sticky = status.st_mode & stat.S_ISVTX and path != place
        if writers and not sticky:
            return f"other users can write to {path}"
    return None


def _is_private_group(group: int) -> bool:
    """Return whether a group is the user's private one, which many systems make for each user."""
    import grp  # not on Windows
    import pwd

    try:
        entry = grp.getgrgid(group)
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return False
    return (group == 0 or entry.gr_name == user) and set(entry.gr_mem) <= {"root", user}


def _has_acl(path: pathlib.Path) -> bool:
    """Return whether a list of further users and groups says who may use a folder.

    Then the rights of the group in its mode are the most that any of them has.
    """
    try:
        return "system.posix_acl_access" in os.listxattr(path)
    except (AttributeError, OSError):  # the system or the file system has none
        return False


class _Locator(caching._CacheLocator):
    """The object from which Numba's cache learns the folder and the stamp."""

    def __init__(self, line: int) -> None:
        self._line = line

    def get_cache_path(self) -> str | None:
        return folder()

    def get_source_stamp(self) -> bytes | None:
        return source_stamp()

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator | None:
        return cls(py_func.__code__.co_firstlineno) if folder() else None


class _Files:
    """One file for each key; a stale or damaged file counts as absent and is overwritten."""

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
        return hashlib.sha256((source_stamp() or b"") + data).digest()

    def save(self, key: object, data: object) -> None:
        content = caching.dumps(data)
        payload = self._digest(content) + content
        path = self._path(key)
        try:
            descriptor, temporary = tempfile.mkstemp(dir=str(folder()), prefix=".kernel-")
        except OSError:
            return  # the folder is gone or full: this process has its code nevertheless
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(payload)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)


class _Implementation(caching.CompileResultCacheImpl):
    """Numba's cache with our locator, whatever ``NUMBA_CACHE_LOCATOR_CLASSES`` says.

    That variable's classes stamp an entry with one file: see the top of this file.
    """

    def __init__(self, py_func: Any) -> None:
        # In place of Numba's constructor, which would ask the variable.
        self._lineno = py_func.__code__.co_firstlineno
        self._locator = _Locator(self._lineno)
        module = py_func.__module__.rpartition(".")[2]
        flags = getattr(sys, "abiflags", "")
        self._filename_base = self.get_filename_base(f"{module}.{py_func.__qualname__}", flags)

    def check_cachable(self, cres: Any) -> bool:
        # Unoptimised code (NUMBA_OPT=0) keeps addresses of this process: it is not kept, which
        # Numba would warn of for every kernel.
        return not cres.library.has_dynamic_globals


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
    """Make the dispatcher `compiled` load its machine code from disk, and store it there."""
    if folder() is not None:
        compiled._cache = _KernelCache(compiled.py_func)
