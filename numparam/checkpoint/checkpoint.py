"""`Checkpoint`: the arrays of a file, read lazily, and operations on them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from numparam.checkpoint import combining, names
from numparam.checkpoint.comparison import Difference, compare
from numparam.checkpoint.converted import CastArray, DenseArray, dtype_of, is_floating
from numparam.checkpoint.errors import CheckpointPlanError
from numparam.checkpoint.key_map import read_key_map
from numparam.checkpoint.presentation import array_table, counted, printable
from numparam.devices.locks import exclusively
from numparam.formats.array_files import WriteOptions, open_arrays, write_arrays
from numparam.formats.quoting import quoted, shown_path
from numparam.formats.records import DenseRecord, Record
from numparam.formats.streams import ArrayFile, ArrayHeader, ArrayStream, RecordStream
from numparam.ndarray.files import array_of, record_of
from numparam.ndarray.ndarray import NDArray
from numparam.types.dtypes import FLAG_BY_DTYPE, DTypeLike, UnsupportedDTypeError

__all__ = ["Checkpoint"]

_INTEGERS = ("mean", "first", "last")


class Checkpoint(Mapping[str, NDArray]):
    """The arrays of a file of any format: headers are read at once, values when needed.

    The format is told by the contents: ``.params`` of any version, ``.safetensors`` and its index
    of several files, ``.npz``, and PyTorch's files where PyTorch is installed.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or something with ``read``, which is read to its end.
    encoding, errors : str
        How the names in a ``.params`` file are encoded; as for `numparam.nd.load`.

    Raises
    ------
    FormatError
        If the file is damaged, or of no known format; of the class that fits.
    FileAccessError
        If the file is missing or may not be read.

    Notes
    -----
    A checkpoint is a mapping from names to arrays, and never changes: `select`, `drop`, `rename`,
    `map_names`, `astype`, `to_dense`, `mean`, `merge` and the like return a new one, read no value,
    and raise at once if names collide or arrays do not fit. Values are read, converted and written
    by `save`, a piece at a time: the memory taken does not grow with the file.

    The file stays open, and so does the file of what is derived from it, until `close` or until
    nothing refers to it; a checkpoint may be saved over its own file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> arrays = {"arg:fc_weight": mx.nd.ones((10, 64)), "aux:bn_mean": mx.nd.zeros((10,))}
    >>> mx.nd.save(folder / "net.params", arrays)
    >>> checkpoint = mx.Checkpoint(folder / "net.params").rename(strip=("arg:", "aux:"))
    >>> print(checkpoint)
    2 arrays
    name       shape    dtype    storage  bytes
    fc_weight  10 × 64  float32  dense    2,560
    bn_mean    10       float32  dense       40
    2 arrays, 2.6 kB
    >>> checkpoint.select("*_weight").astype("float16").save(folder / "net.safetensors")
    >>> mx.Checkpoint(folder / "net.safetensors")["fc_weight"].dtype
    <class 'numpy.float16'>
    """

    def __init__(self, source: Any, *, encoding: str = "utf-8", errors: str = "strict"):
        file = open_arrays(source, encoding, errors)
        self._arrays: dict[str, ArrayStream] = dict(file.arrays)
        # Kept open as long as values may be read from them.
        self._files: tuple[ArrayFile, ...] = (file,)
        self._named: bool = file.named
        self._label: str = "<bytes in memory>"
        self._sources: frozenset[tuple[int, int]] = frozenset()
        if isinstance(source, (str, os.PathLike)):
            self._label = shown_path(source)
            status = os.stat(source)
            self._sources = frozenset({(status.st_dev, status.st_ino)})
        self._title: str = f"{self._label} ({file.format})"

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Checkpoint:
        """Make a checkpoint of arrays in memory.

        Parameters
        ----------
        arrays : mapping of str to NDArray or array_like
            Arrays of numparam, dense or sparse, or what `numpy.asarray` takes.

        Returns
        -------
        Checkpoint
            It shares their memory.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.Checkpoint.from_arrays({"w": mx.nd.ones((2, 3))}).headers["w"].shape
        (2, 3)
        """
        streams: dict[str, ArrayStream] = {}
        for name, array in arrays.items():
            record = (
                record_of(array) if isinstance(array, NDArray) else DenseRecord(np.asarray(array))
            )
            streams[name] = RecordStream(record, exclusively)
        return cls._made(streams, ())

    @classmethod
    def _made(
        cls,
        arrays: Mapping[str, ArrayStream],
        parents: Sequence[Checkpoint],
        named: bool = True,
    ) -> Checkpoint:
        new = cls.__new__(cls)
        new._arrays = dict(arrays)
        new._files = tuple(file for parent in parents for file in parent._files)
        new._sources = frozenset(key for parent in parents for key in parent._sources)
        new._named = named
        new._label = parents[0]._label if len(parents) == 1 else "the result"
        new._title = counted(len(arrays), "array")
        return new

    # A mapping of names to arrays

    def __getitem__(self, name: str) -> NDArray:
        record = self.record(name)
        if record.dtype not in FLAG_BY_DTYPE:
            raise UnsupportedDTypeError(
                f"{quoted(name)} is of dtype {record.dtype}, which arrays cannot have. Convert it "
                "first, with astype, or take its NumPy array, with record"
            )
        return array_of(record)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    @property
    def headers(self) -> dict[str, ArrayHeader]:
        """The shape, dtype, storage type and size in bytes of each array, by name."""
        return {name: array.header for name, array in self._arrays.items()}

    @property
    def nbytes(self) -> int:
        """The size of all values and ids in bytes."""
        return sum(array.header.nbytes for array in self._arrays.values())

    def record(self, name: str) -> Record:
        """Read one array as plain NumPy arrays, of any dtype.

        Parameters
        ----------
        name : str
            The array's name.

        Returns
        -------
        DenseRecord, RowSparseRecord or CSRRecord
            See `numparam.formats`.

        Raises
        ------
        KeyError
            If there is no such array.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.Checkpoint.from_arrays({"w": [1, 2]}).record("w").data
        array([1, 2])
        """
        if name not in self._arrays:
            raise names.missing(str(name), self._arrays)
        return self._arrays[name].read()

    def __repr__(self) -> str:
        return array_table(self._title, self.headers)

    def _repr_html_(self) -> str:
        escaped = repr(self).replace("&", "&amp;").replace("<", "&lt;")
        return f"<pre>{escaped}</pre>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; neither this checkpoint nor derived ones can read values afterwards.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
        >>> mx.nd.save(path, {"weight": mx.nd.ones((2, 3))})
        >>> net = mx.Checkpoint(path)
        >>> list(net)
        ['weight']
        >>> net.close()
        """
        for file in self._files:
            file.close()

    # Choosing and renaming

    def select(self, *choices: names.Choice) -> Checkpoint:
        """Return a checkpoint of some of the arrays.

        Parameters
        ----------
        *choices : str or callable
            Names, patterns as for `fnmatch` (``'*_weight'``), or functions of a name and an
            `ArrayHeader`. An array that fits one of them is kept.

        Returns
        -------
        Checkpoint
            In the same order.

        Raises
        ------
        KeyError
            If a name or a pattern fits no array.

        Examples
        --------
        >>> import numparam as mx
        >>> checkpoint = mx.Checkpoint.from_arrays({"a": [1.0], "b": [[1.0]]})
        >>> list(checkpoint.select(lambda name, header: len(header.shape) == 2))
        ['b']
        """
        kept = names.chosen(self.headers, choices, all_must_match=True)
        return self._with({name: self._arrays[name] for name in self._arrays if name in kept})

    def drop(self, *choices: names.Choice) -> Checkpoint:
        """Return a checkpoint without some arrays.

        Parameters
        ----------
        *choices : str or callable
            As for `select`. A pattern may fit nothing; a plain name may not.

        Returns
        -------
        Checkpoint
            In the same order.

        Raises
        ------
        KeyError
            If there is no array of a name.

        Examples
        --------
        >>> import numparam as mx
        >>> list(mx.Checkpoint.from_arrays({"a": [1.0], "b": [2.0]}).drop("a", "*_bias"))
        ['b']
        """
        dropped = names.chosen(self.headers, choices, all_must_match=False)
        return self._with(
            {name: array for name, array in self._arrays.items() if name not in dropped}
        )

    def rename(
        self,
        mapping: Mapping[str, str] | None = None,
        *,
        strip: str | Iterable[str] = (),
        add: str = "",
        regex: Mapping[str, str] | None = None,
    ) -> Checkpoint:
        r"""Return a checkpoint with other names.

        Parameters
        ----------
        mapping : mapping of str to str, optional
            New names by old ones; others stay as they are.
        strip : str or iterable of str
            Prefixes; the first that a name begins with is cut off.
        add : str
            Put before each name.
        regex : mapping of str to str, optional
            Replacements by regular expressions, as for `re.sub`, one after the other.

        Returns
        -------
        Checkpoint
            With all arrays. `mapping` comes first, then `strip`, `regex` and `add`; names that
            `mapping` gives are final.

        Raises
        ------
        KeyError
            If `mapping` renames an array that does not exist.
        ValueError
            If two arrays would have one name.

        Examples
        --------
        >>> import numparam as mx
        >>> checkpoint = mx.Checkpoint.from_arrays({"arg:conv0_weight": [1.0], "aux:m": [2.0]})
        >>> list(checkpoint.rename({"aux:m": "mean"}, strip="arg:", regex={r"conv(\d)_": r"\1."}))
        ['0.weight', 'mean']
        """
        given = dict(mapping or {})
        for name in given:
            if name not in self._arrays:
                raise names.missing(str(name), self._arrays)
        prefixes = [strip] if isinstance(strip, str) else list(strip)
        rules = [(re.compile(pattern), to) for pattern, to in (regex or {}).items()]

        def new_name(name: str) -> str:
            if name in given:
                return given[name]
            name = names.without_prefixes(name, prefixes)
            for pattern, to in rules:
                name = pattern.sub(to, name)
            return add + name

        return self._renamed(new_name)

    def map_names(self, key_map: str | os.PathLike[str], *, back: bool = False) -> Checkpoint:
        """Rename by a map: a preset or a file.

        Parameters
        ----------
        key_map : str or os.PathLike
            ``'torch'``, ``'gluon-cv'``, ``'insightface'``, ``'sockeye'``, or the path of a
            ``.toml`` or ``.json`` file, whose form `numparam.checkpoint.key_map` describes.
        back : bool, default False
            The way back, to MXNet's names.

        Returns
        -------
        Checkpoint
            Without the arrays that the map leaves out.

        Raises
        ------
        ValueError
            If there is no such map, or two arrays would have one name.

        Examples
        --------
        >>> import numparam as mx
        >>> checkpoint = mx.Checkpoint.from_arrays({"bn.gamma": [1.0], "bn.running_mean": [0.0]})
        >>> there = checkpoint.map_names("torch")
        >>> list(there), list(there.map_names("torch", back=True))
        (['bn.weight', 'bn.running_mean'], ['bn.gamma', 'bn.running_mean'])
        """
        found = read_key_map(key_map, back)
        kept = self._with(
            {name: array for name, array in self._arrays.items() if not found.drops(name)}
        )
        new = found.new_names(self._arrays)
        return kept._renamed(lambda name: new[name])

    def _renamed(self, new_name: Callable[[str], str]) -> Checkpoint:
        new = names.renamed(self._arrays, new_name)
        arrays = {new[name]: array for name, array in self._arrays.items()}
        named = self._named or list(arrays) != list(self._arrays)
        return self._made(arrays, [self], named)

    def _with(self, arrays: Mapping[str, ArrayStream]) -> Checkpoint:
        return self._made(arrays, [self], self._named)

    # Converting

    def astype(self, dtype: DTypeLike, *choices: names.Choice) -> Checkpoint:
        """Return a checkpoint whose arrays are converted to another dtype when they are read.

        Parameters
        ----------
        dtype : str or numpy.dtype
            Of the result; ``'bfloat16'`` and ``'float8_e4m3fn'`` too.
        *choices : str or callable
            Which arrays, as for `select`. By default those of floating point: integers and booleans
            are usually not quantities.

        Returns
        -------
        Checkpoint
            With all arrays.

        Raises
        ------
        TypeError
            If there is no such dtype.
        KeyError
            If a name or a pattern fits no array.

        Notes
        -----
        Each value is rounded once, to the nearest number; see `numparam.kernels.cpu.cast`.

        Examples
        --------
        >>> import numparam as mx
        >>> halved = mx.Checkpoint.from_arrays({"w": [0.5], "ids": [1]}).astype("float16")
        >>> [header.dtype.name for header in halved.headers.values()]
        ['float16', 'int64']
        """
        new = dtype_of(dtype)
        if choices:
            wanted = names.chosen(self.headers, choices, all_must_match=True)
        else:
            wanted = {name for name, header in self.headers.items() if is_floating(header.dtype)}
        return self._with(
            {
                name: CastArray(array, new)
                if name in wanted and array.header.dtype != new
                else array
                for name, array in self._arrays.items()
            }
        )

    def to_dense(self) -> Checkpoint:
        """Return a checkpoint whose sparse arrays become dense when they are read.

        Returns
        -------
        Checkpoint
            With all arrays, dense.

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.nd.sparse.row_sparse_array(([[5, 6]], [1]), shape=(3, 2))
        >>> net = mx.Checkpoint.from_arrays({"table": table})
        >>> net.to_dense()["table"].asnumpy()
        array([[0., 0.],
               [5., 6.],
               [0., 0.]], dtype=float32)
        """
        return self._with(
            {
                name: array if array.header.storage == "default" else DenseArray(array)
                for name, array in self._arrays.items()
            }
        )

    # Writing

    def save(
        self,
        target: Any,
        format: str | None = None,
        *,
        np_shape: bool | None = None,
        shard_size: int = 5_000_000_000,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write the arrays into a file.

        Parameters
        ----------
        target : str, os.PathLike or binary file object
            The file, which is replaced once the new one is complete. If its name ends in
            ``.safetensors.index.json``, several files are written beside it and then the index; the
            files of an old index stay until that, and are removed then.
        format : {'params', 'safetensors', 'npz', 'torch'}, optional
            The format; by default the one of the suffix: ``.params``, ``.safetensors``, ``.npz``,
            or ``.pt``, ``.pth`` and ``.bin``.
        np_shape : bool, optional
            For ``.params``: write version 3. By default if an array was read as version 3, or needs
            it.
        shard_size : int, default 5,000,000,000
            The most bytes of one of several files; an array that is larger has a file of its own.
        progress : callable, optional
            Called with the number of bytes written since the last call.

        Raises
        ------
        ValueError
            If the format cannot hold a name or a dtype, or is not known, or if `shard_size` is not
            positive. Nothing is written then.
        FileAccessError
            If the operating system refuses; the old file is then as it was.

        Notes
        -----
        A megabyte of an array is in memory at a time. Sparse arrays are read whole. PyTorch's
        writer wants everything at once: it gets a temporary file that is mapped into memory.

        What a format lacks is stored in a form of its own, so that every round trip gives the same
        arrays; see `numparam.formats.parts`.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "net.safetensors")
        >>> mx.Checkpoint.from_arrays({"weight": mx.nd.ones((2, 3))}).save(path)
        >>> mx.Checkpoint(path)["weight"].shape
        (2, 3)
        """
        options = WriteOptions(self._named, np_shape, shard_size, 1 << 20, progress, self._sources)
        write_arrays(target, self._arrays, format, options)

    # Arithmetic

    @classmethod
    def mean(
        cls,
        checkpoints: Iterable[Any],
        weights: Sequence[float] | None = None,
        *,
        integers: str | None = None,
    ) -> Checkpoint:
        """Return the average of checkpoints, computed array by array when it is read.

        Parameters
        ----------
        checkpoints : iterable of Checkpoint, path or bytes-like
            k ≥ 1, with arrays of the same names, shapes, dtypes and storage types.
        weights : sequence of float, optional
            One for each, not negative; they are divided by their sum.
        integers : {'mean', 'first', 'last'}, optional
            What becomes of integers and booleans: their mean, truncated toward zero, where booleans
            must agree (the default without weights); or those of the first (the default with
            weights) or last checkpoint.

        Returns
        -------
        Checkpoint
            In the order of the first.

        Raises
        ------
        CheckpointMismatchError
            If the checkpoints differ in more than values; a ValueError, with all that differs. No
            value was read.

        Notes
        -----
        Without weights, each value is the exact mean, rounded once (of up to 4,096 checkpoints);
        see `numparam.kernels.cpu.average`. With weights, products are accumulated in float64. A
        row that a row-sparse array does not store counts as zeros.

        Examples
        --------
        >>> import numparam as mx
        >>> a, b = (mx.Checkpoint.from_arrays({"w": mx.nd.array([x, 1])}) for x in (1, 2))
        >>> mx.Checkpoint.mean([a, b])["w"].asnumpy()
        array([1.5, 1. ], dtype=float32)
        >>> mx.Checkpoint.mean([a, b], weights=[3, 1])["w"].asnumpy()
        array([1.25, 1.  ], dtype=float32)
        """
        opened = _opened(checkpoints)
        if weights is None:
            chosen = _integers(integers or "mean")
            return cls._combined(opened, lambda dtype: combining.mean_rule(dtype, chosen))
        chosen = _integers(integers or "first")
        if chosen == "mean":
            raise CheckpointPlanError("integers have no weighted mean: pass 'first' or 'last'")
        given = [float(weight) for weight in weights]
        if len(given) != len(opened) or min(given) < 0 or not 0 < sum(given) < float("inf"):
            raise CheckpointPlanError(
                f"expected {len(opened)} weights that are not negative and not all zero, got "
                f"{list(weights)!r:.200}"
            )
        shares = [weight / sum(given) for weight in given]
        return cls._combined(opened, lambda dtype: combining.weighted_rule(dtype, shares, chosen))

    @classmethod
    def ema(cls, checkpoints: Iterable[Any], decay: float, *, integers: str = "last") -> Checkpoint:
        """Return the exponential moving average of checkpoints, the oldest first.

        Parameters
        ----------
        checkpoints : iterable of Checkpoint, path or bytes-like
            As for `mean`, in order of time.
        decay : float
            From 0 to 1. ``e = decay * e + (1 - decay) * x`` for each x after the first.
        integers : {'first', 'last'}, default 'last'
            Whose integers and booleans are taken.

        Returns
        -------
        Checkpoint
            Accumulated in float64, rounded once.

        Raises
        ------
        ValueError
            If `decay` is out of range; or as for `mean`.

        Examples
        --------
        >>> import numparam as mx
        >>> steps = [mx.Checkpoint.from_arrays({"w": mx.nd.array([x])}) for x in (0, 4, 8)]
        >>> mx.Checkpoint.ema(steps, 0.5)["w"].asnumpy()
        array([5.], dtype=float32)
        """
        if not 0 <= decay <= 1:
            raise CheckpointPlanError(f"decay must be from 0 to 1, got {decay!r:.50}")
        if _integers(integers) == "mean":
            raise CheckpointPlanError("integers have no moving average: pass 'first' or 'last'")
        opened = _opened(checkpoints)
        weights = combining.ema_weights(len(opened), decay)
        return cls._combined(
            opened, lambda dtype: combining.weighted_rule(dtype, weights, integers)
        )

    def add(self, other: Any) -> Checkpoint:
        """Return the sum with another checkpoint, array by array.

        Parameters
        ----------
        other : Checkpoint, path or bytes-like
            With arrays of the same names, shapes, dtypes and storage types.

        Returns
        -------
        Checkpoint
            Floating point is added in float64 and rounded once; integers wrap as their dtype does;
            booleans are those of this checkpoint.

        Raises
        ------
        CheckpointMismatchError
            As from `mean`.

        Examples
        --------
        >>> import numparam as mx
        >>> a = mx.Checkpoint.from_arrays({"w": mx.nd.array([1, 2])})
        >>> b = mx.Checkpoint.from_arrays({"w": mx.nd.array([3, 3])})
        >>> a.add(b)["w"].asnumpy()
        array([4., 5.], dtype=float32)
        """
        return self._combined(_opened([self, other]), lambda dtype: combining.sum_rule(dtype, 1))

    def subtract(self, other: Any) -> Checkpoint:
        """Return the difference from another checkpoint, array by array; see `add`.

        Parameters
        ----------
        other : Checkpoint, or path or bytes of a file
            What is subtracted.

        Returns
        -------
        Checkpoint
            The differences.

        Examples
        --------
        >>> import numparam as mx
        >>> a = mx.Checkpoint.from_arrays({"w": mx.nd.array([1, 2])})
        >>> b = mx.Checkpoint.from_arrays({"w": mx.nd.array([3, 3])})
        >>> a.subtract(b)["w"].asnumpy()
        array([-2., -1.], dtype=float32)
        """
        return self._combined(_opened([self, other]), lambda dtype: combining.sum_rule(dtype, -1))

    def scale(self, factor: float) -> Checkpoint:
        """Multiply arrays of floating point by a number; integers and booleans stay.

        Parameters
        ----------
        factor : float
            The number.

        Returns
        -------
        Checkpoint
            Multiplied in float64, rounded once.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.Checkpoint.from_arrays({"w": [1.5], "n": [3]}).scale(2).record("w").data
        array([3.])
        """
        weights = [float(factor)]
        return self._combined(
            [self], lambda dtype: combining.weighted_rule(dtype, weights, "first")
        )

    @classmethod
    def _combined(
        cls, checkpoints: Sequence[Checkpoint], rule_of: Callable[[np.dtype[Any]], combining.Rule]
    ) -> Checkpoint:
        labels = [checkpoint._label for checkpoint in checkpoints]
        if len(set(labels)) < len(labels):
            labels = [f"number {number} ({label})" for number, label in enumerate(labels, 1)]
        streams = [checkpoint._arrays for checkpoint in checkpoints]
        combining.check_alike(streams, labels)
        arrays = {
            name: combining.CombinedArray(
                [each[name] for each in streams], rule_of(array.header.dtype), name
            )
            for name, array in streams[0].items()
        }
        return cls._made(arrays, checkpoints, checkpoints[0]._named)

    # Comparing and merging

    def diff(
        self,
        other: Any,
        *,
        rtol: float = 0.0,
        atol: float = 0.0,
        progress: Callable[[int], None] | None = None,
    ) -> Difference:
        """Compare with another checkpoint.

        Parameters
        ----------
        other : Checkpoint, path or bytes-like
            The other one.
        rtol, atol : float, default 0
            Values that differ by no more than ``atol + rtol * abs(other)`` count as equal.
        progress : callable, optional
            Called with the number of this checkpoint's bytes compared since the last call.

        Returns
        -------
        Difference
            Names that are missing or extra, other shapes, dtypes and storage types, and how far
            values differ. It prints as a table, and is true if anything differs.

        Notes
        -----
        NaN equals NaN, and an infinity is beyond every tolerance of other numbers. The relative
        difference is ``abs(a - b) / max(abs(a), abs(b))``. The largest ones are those of all
        elements, whether within the tolerance or not. 64 MB and more are compared by a kernel, on
        all threads.

        Examples
        --------
        >>> import numparam as mx
        >>> a = mx.Checkpoint.from_arrays({"w": [1.0, 2.0], "b": [0.0]})
        >>> b = mx.Checkpoint.from_arrays({"w": [1.0, 2.5]})
        >>> print(a.diff(b))
        name  differs in
        b     missing     only in the first
        w     values      1 differ, by 0.5 at most, relative 0.2
        """
        (opened,) = _opened([other])
        return compare(self._arrays, opened._arrays, rtol, atol, progress)

    def merge(self, *others: Any, on_conflict: str = "error") -> Checkpoint:
        """Return the arrays of several checkpoints as one.

        Parameters
        ----------
        *others : Checkpoint, path or bytes-like
            The others.
        on_conflict : {'error', 'first', 'last'}, default 'error'
            Which array is taken where several have one name.

        Returns
        -------
        Checkpoint
            In the order of the first, then of the others.

        Raises
        ------
        ValueError
            If several have one name, and `on_conflict` is ``'error'``.

        Examples
        --------
        >>> import numparam as mx
        >>> a, b = (mx.Checkpoint.from_arrays({name: [1.0]}) for name in "ab")
        >>> list(a.merge(b))
        ['a', 'b']
        """
        if on_conflict not in ("error", "first", "last"):
            raise CheckpointPlanError(
                f"on_conflict is 'error', 'first' or 'last', not {on_conflict!r:.50}"
            )
        opened = _opened([self, *others])
        arrays: dict[str, ArrayStream] = {}
        conflicts = []
        for checkpoint in opened:
            for name, array in checkpoint._arrays.items():
                if name in arrays:
                    conflicts.append(name)
                if name not in arrays or on_conflict == "last":
                    arrays[name] = array
        if conflicts and on_conflict == "error":
            shown = ", ".join(printable(name) for name in dict.fromkeys(conflicts[:5]))
            raise CheckpointPlanError(
                f"{counted(len(conflicts), 'name')} in several checkpoints: {shown}"
                f"{', …' if len(conflicts) > 5 else ''}. Pass on_conflict='first' or 'last', or "
                "rename them first"
            )
        return self._made(arrays, opened)

    def __reduce__(self) -> Any:
        raise TypeError("a checkpoint is an open file and cannot be pickled; pass its path")


def _opened(checkpoints: Iterable[Any]) -> list[Checkpoint]:
    if isinstance(checkpoints, (str, bytes, os.PathLike, Checkpoint)):
        raise TypeError("expected a list of checkpoints or paths, got one")
    found = [each if isinstance(each, Checkpoint) else Checkpoint(each) for each in checkpoints]
    if not found:
        raise CheckpointPlanError("expected at least one checkpoint, got none")
    return found


def _integers(chosen: str) -> str:
    if chosen not in _INTEGERS:
        raise CheckpointPlanError(f"integers is one of {_INTEGERS}, not {chosen!r:.50}")
    return chosen
