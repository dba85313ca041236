"""Checkpoints of several files: a JSON index beside them says which file has which array.

The index is ``{"metadata": …, "weight_map": {name: file}}``, as that of Hugging Face's libraries.
``.safetensors`` files are read and written, PyTorch's are read.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from .atomic import take_rights, write_file
from .errors import FileAccessError, access_error
from .kinds import kind_of
from .opening import OpenFile
from .parts import DensePart, join, split
from .quoting import quoted
from .safetensors import SafetensorsError, read_parts
from .sources import ByteSource, open_source
from .streams import ArrayStream
from .suffixes import INDEX_SUFFIX
from .torch_files import read_tensors

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["ShardedFile", "divided", "write_shards"]

Shards = Mapping[str, Mapping[str, ArrayStream]]

_ATTEMPTS = 3


class ShardedFile:
    """Several ``.safetensors`` files, or several of PyTorch's, with an index, as one.

    Parameters
    ----------
    path : str or os.PathLike
        The index, ``….safetensors.index.json`` or ``….bin.index.json``. The files are in its
        folder.
    """

    named = True

    def __init__(self, path: str | os.PathLike[str]):
        self.format = "safetensors"
        self._sources: list[ByteSource] = []
        for attempt in range(_ATTEMPTS):
            name, where = _read_index(path)
            try:
                self.arrays: dict[str, ArrayStream] = self._open(path, name, where)
                return
            except BaseException as error:
                self.close()
                # A save may have replaced the index, and removed the files of the old one.
                if (
                    attempt + 1 < _ATTEMPTS
                    and isinstance(error, FileNotFoundError)
                    and _read_index(path)[1] != where
                ):
                    continue
                raise

    def _open(
        self, path: str | os.PathLike[str], name: str, where: dict[str, str]
    ) -> dict[str, ArrayStream]:
        folder = os.path.dirname(os.fspath(path))
        found = {}
        for file in dict.fromkeys(where.values()):
            if os.path.basename(file) != file or not file:
                raise SafetensorsError(
                    f"the index names {quoted(file)}, which is not in its folder", source=name
                )
            found[file] = self._open_one(os.path.join(folder, file))
        parts: dict[str, DensePart] = {}
        for array, file in where.items():
            if array not in found[file]:
                raise SafetensorsError(
                    f"the index says that {quoted(array)} is in {quoted(file)}, and it is not",
                    source=name,
                )
            parts[array] = found[file][array]
        return join(parts, name)

    def _open_one(self, path: str) -> Mapping[str, DensePart]:
        source = open_source(path, "a file of the index")
        if kind_of(source) == "torch":
            source.close()
            self.format = "torch"
            return read_tensors(path)
        self._sources.append(source)
        return read_parts(source)

    def close(self) -> None:
        """Close all files."""
        for source in self._sources:
            source.close()
        self._sources.clear()


def _read_index(path: str | os.PathLike[str]) -> tuple[str, dict[str, str]]:
    index = open_source(path, "the index of several files")
    try:
        return index.name, _weight_map(index)
    finally:
        index.close()


def _weight_map(index: ByteSource) -> dict[str, str]:
    try:
        where = json.loads(index.read_at(0, index.size))["weight_map"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SafetensorsError(
            'expected the JSON index of several files, an object with "weight_map"',
            source=index.name,
        ) from error
    if not isinstance(where, dict) or not all(isinstance(file, str) for file in where.values()):
        raise SafetensorsError(
            'expected "weight_map" to map names to names of files', source=index.name
        )
    return where


# Writing


def divided(arrays: Mapping[str, ArrayStream], most: int) -> list[dict[str, ArrayStream]]:
    """Divide arrays over files of at most so many bytes each; larger arrays get a file each.

    Raises
    ------
    ValueError
        If `most` is not a positive number.
    """
    if isinstance(most, bool) or not isinstance(most, (int, float)) or not most > 0:
        raise ValueError(f"the size of one file is a positive number of bytes, not {most!r:.50}")
    groups: list[dict[str, ArrayStream]] = [{}]
    size = 0
    for name, array in arrays.items():
        if groups[-1] and size + array.header.nbytes > most:
            groups.append({})
            size = 0
        groups[-1][name] = array
        size += array.header.nbytes
    return groups


def write_shards(
    path: str,
    groups: list[dict[str, ArrayStream]],
    write_one: Callable[[OpenFile, Mapping[str, ArrayStream]], None],
) -> None:
    """Write several files and then their index, which takes the place of an old one.

    Parameters
    ----------
    path : str
        The index.
    groups : list of dict
        The arrays of each file, from `divided`.
    write_one : callable
        Writes arrays into an open file.

    Raises
    ------
    FileAccessError
        If the operating system refuses; the old checkpoint is then as it was.

    Notes
    -----
    The files are named ``net-00001-of-00003.safetensors``, or, while such names are taken,
    ``net-00001-of-00003.2.safetensors`` and so on. So the files of an old index stay until the new
    one has replaced it in one step; after that they are removed, and so is what saves left that
    were killed.
    """
    folder, name = os.path.split(path)
    stem = name[: -len(INDEX_SUFFIX)]
    with _using(folder or os.curdir) as only_user:
        others = _others(folder, stem)
        opened: list[OpenFile] = []
        names: list[str] = []
        complete = False
        try:
            _take_names(path, stem, len(groups), opened, names)
            for file, arrays in zip(names, groups, strict=True):
                _fill(os.path.join(folder, file), arrays, write_one)
            index = _index(dict(zip(names, groups, strict=True)))
            write_file(path, lambda file, regular: file.write_pieces([index]))
            complete = True
        finally:
            if not complete:
                _remove(folder, names[: len(opened)])
            for each in opened:
                each.close()
        # Files of another save that is under way may be among them.
        if only_user():
            _remove(folder, others)


def _take_names(path: str, stem: str, count: int, opened: list[OpenFile], names: list[str]) -> None:
    """Make empty files under names that none has; append the names and then the files."""
    folder = os.path.dirname(path)
    for attempt in itertools.count(1):
        ending = f".{attempt}.safetensors" if attempt > 1 else ".safetensors"
        candidates = [f"{stem}-{number:05}-of-{count:05}{ending}" for number in range(1, count + 1)]
        if any(os.path.lexists(os.path.join(folder, each)) for each in candidates):
            continue
        names[:] = candidates
        try:
            for each in names:
                place = os.path.join(folder, each)
                # One call in C: an interrupt comes before the file is made or after it is noted.
                opened.extend(map(partial(OpenFile, mode="x"), [place]))
                _take_rights_of(path, opened[-1])
                opened[-1].close()
            return
        except FileExistsError:  # another save was faster
            _remove(folder, names[: len(opened)])
            opened.clear()
        except FileAccessError:
            raise
        except OSError as error:
            advice = "The files of the index could not be made. Check the folder and its rights."
            raise access_error(error, os.path.join(folder, names[len(opened)]), advice) from error


def _fill(
    path: str,
    arrays: Mapping[str, ArrayStream],
    write_one: Callable[[OpenFile, Mapping[str, ArrayStream]], None],
) -> None:
    """Write one of the files; no index names it yet."""
    try:
        with OpenFile(path, "r+") as file:
            write_one(file, arrays)
            os.fsync(file.fileno())
    except FileAccessError:
        raise
    except OSError as error:
        advice = (
            "The file could not be saved. The old checkpoint is unchanged. Check the free space."
        )
        raise access_error(error, path, advice) from error


def _take_rights_of(index: str, file: OpenFile) -> None:
    """Give a new file the rights of the index that there is."""
    with contextlib.suppress(OSError):
        old = os.stat(index)
        if stat.S_ISREG(old.st_mode):
            take_rights(file.fileno(), index, old)


def _index(shards: Shards) -> bytes:
    where = {name: file for file, arrays in shards.items() for name in split(arrays)}
    total = sum(array.header.nbytes for arrays in shards.values() for array in arrays.values())
    index = {"metadata": {"total_size": total}, "weight_map": where}
    return json.dumps(index, indent=2, ensure_ascii=False).encode()


def _others(folder: str, stem: str) -> list[str]:
    """Return the files that saves of the same index have made."""
    pattern = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-\d{{5}}(\.\d+)?\.safetensors")
    with contextlib.suppress(OSError):
        return [name for name in os.listdir(folder or os.curdir) if pattern.fullmatch(name)]
    return []


def _remove(folder: str, names: list[str]) -> None:
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, name))


@contextlib.contextmanager
def _using(folder: str) -> Iterator[Callable[[], bool]]:
    """Lock a folder, shared with other saves; yield what says whether there is no other save.

    Nothing waits for another save: a signal handler may save while its thread does.
    """
    descriptors: list[int] = []
    close = map(os.close, descriptors)
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                # One call in C, so that an interrupt finds the descriptor noted.
                descriptors.extend(map(os.open, [folder], [os.O_RDONLY | os.O_DIRECTORY]))
                _try_to_share(descriptors[0])

        def only_user() -> bool:
            if not descriptors:
                return False
            try:
                fcntl.flock(descriptors[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True

        yield only_user
    finally:
        any(close)


def _try_to_share(folder: int) -> None:
    """Lock a folder; another save has it for itself only while it removes files."""
    for _ in range(100):
        try:
            fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.002)
