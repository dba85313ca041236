"""The key-value store of one process: sums over contexts, and weights that it may update."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from numparam import autograd
from numparam._missing import show_public_names
from numparam.devices.backend import Buffer
from numparam.devices.locks import in_turn, new_table
from numparam.formats.atomic import write_file
from numparam.formats.sources import read_file
from numparam.kvstore import merging
from numparam.kvstore.base import KVStoreBase, check_capability, provide
from numparam.kvstore.errors import (
    KeyTypeError,
    NoUpdaterError,
    RowIdError,
    RowIdRangeError,
    StoreArgumentError,
    StoredKeyError,
    ValueMismatchError,
)
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.optimizer import Optimizer, Updater, get_updater
from numparam.optimizer.many import Call

__all__ = ["KVStore"]

Key = int | str

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_in_use = new_table()


def _in_turn(
    method: Callable[Concatenate[KVStore, Parameters], Result],
) -> Callable[Concatenate[KVStore, Parameters], Result]:
    """Wrap a method of a store so that one thread at a time is in such a method of it.

    While the main thread is in a signal handler others may come in, since a handler may wait for
    them.
    """

    @wraps(method)
    def alone(self: KVStore, *arguments: Parameters.args, **keywords: Parameters.kwargs) -> Result:
        return in_turn(_in_use, {id(self)}, lambda: method(self, *arguments, **keywords))

    return alone


class KVStore(KVStoreBase):
    """Values by their keys, in one process.

    A store is made by `create`. It sums what is pushed over contexts, on the context of the stored
    value; the sum replaces the value, or an updater changes the value by it.

    Parameters
    ----------
    name : str
        Its type.

    Notes
    -----
    Values are copied in and out; in MXNet a single value that is pushed stays the caller's array.
    Errors of updaters reach the caller; MXNet prints them and goes on.

    Examples
    --------
    >>> import numparam as mx
    >>> store = mx.kv.create("local")
    >>> store.init("w", mx.nd.zeros(2))
    >>> store.push("w", [mx.nd.ones(2, ctx=mx.cpu(i)) for i in range(3)])
    >>> out = mx.nd.empty(2)
    >>> store.pull("w", out=out)
    >>> out.asnumpy()
    array([3., 3.], dtype=float32)
    """

    def __init__(self, name: str = "local") -> None:
        self._type = name
        self._values: dict[Key, NDArray] = {}
        self._sums: dict[Key, NDArray] = {}
        self._key_type: Any = None
        self._updater: Callable[[Any, Any, Any], None] | None = None

    @property
    def type(self) -> str:
        """The name that the store was created by."""
        return self._type

    @property
    def rank(self) -> int:
        """The number of this worker: 0."""
        return 0

    @property
    def num_workers(self) -> int:
        """The number of workers: 1."""
        return 1

    def is_capable(self, capability: str) -> bool:
        """Return whether the store can do something.

        Parameters
        ----------
        capability : {'optimizer'}
            What.

        Raises
        ------
        CapabilityError
            If nothing is known of it: a ValueError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.kv.create("local").is_capable("optimizer")
        True
        """
        return check_capability(capability)

    # Values

    @_in_turn
    def init(self, key: Any, value: Any) -> None:
        """Store copies of first values.

        Parameters
        ----------
        key : int or str, or list of them
            What the values are called by. All keys of a store are of one type.
        value : NDArray, or list of them
            Dense or row-sparse.

        Raises
        ------
        MXNetError
            If a key exists already, or int and str keys are mixed.
        AssertionError
            If a key is neither an int nor a str.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.init("w", mx.nd.ones((2,)))
        >>> out = mx.nd.zeros((2,))
        >>> store.pull("w", out)
        >>> out.asnumpy()
        array([1., 1.], dtype=float32)
        """
        pairs = self._pairs(key, value, "value")
        for one, values in pairs:
            self._check_new(one, [other for other, _ in pairs].count(one))
            if len(values) != 1:
                raise StoreArgumentError(
                    f"key {one!r} gets one first value, not a list of {len(values)}"
                )
        copies = [(one, _copy(values[0])) for one, values in pairs]
        self._values.update(copies)
        self._note_type(pairs)

    @_in_turn
    def adopt(self, key: Key, value: NDArray) -> None:
        """Store a value without copying it; it replaces an earlier value of the key.

        Parameters
        ----------
        key : int or str
            What it is called by.
        value : NDArray
            The store updates it in place: whoever gave it sees each update, and may write into it.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> weight = mx.nd.ones((2,))
        >>> store.adopt("w", weight)
        >>> store.set_optimizer(mx.optimizer.SGD(learning_rate=0.25))
        >>> store.push("w", mx.nd.array([1, 2]))
        >>> weight.asnumpy()
        array([0.75, 0.5 ], dtype=float32)
        """
        pairs = self._pairs(key, value, "value")
        self._values[key] = value
        self._note_type(pairs)

    def push(self, key: Any, value: Any, priority: int = 0) -> None:
        """Sum values over contexts, and replace or update the stored value.

        Parameters
        ----------
        key : int or str, or list of them
            What the values are called by; values of equal keys are summed.
        value : NDArray, list of NDArray, or list of such
            Dense or row-sparse; rows may come in any order.
        priority : int, default 0
            Ignored: pushes are done at once.

        Raises
        ------
        MXNetError
            If a key is not there, or values do not fit. Then nothing is changed.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.init("w", mx.nd.ones((2,)))
        >>> out = mx.nd.zeros((2,))
        >>> store.push("w", [mx.nd.ones((2,), mx.cpu(0)), mx.nd.ones((2,), mx.cpu(1))])
        >>> store.pull("w", out)
        >>> out.asnumpy()
        array([2., 2.], dtype=float32)
        """
        self._push(key, value)

    @_in_turn
    def _push(self, key: Any, value: Any, also: Sequence[Call] = ()) -> None:
        """Push values; the calls of compiled code belong to the update, if there is an updater."""
        with autograd.pause():
            grouped = self._grouped(key, value)
            stored = {one: self._stored(one) for one in grouped}
            sums = self._sums_of(grouped, stored)
            if self._updater is None:
                for one, value_of_one in sums.items():
                    kept = value_of_one is self._sums.get(one)
                    self._values[one] = value_of_one if kept else _copy(value_of_one)
                    self._sums.pop(one, None)
            else:
                self._update(sums, stored, also)

    def _sums_of(
        self, grouped: Mapping[Key, list[Any]], stored: Mapping[Key, NDArray]
    ) -> dict[Key, NDArray]:
        """Sum the values of each key; dense ones of several contexts all together."""
        sums: dict[Key, NDArray] = {}
        together: list[tuple[list[Any], NDArray]] = []
        for key, values in grouped.items():
            self._check_shape(key, values, stored[key])
            if len(values) > 1 and all(value.stype == "default" for value in values):
                sums[key] = self._kept_sum(key, values[0], stored[key])
                together.append((values, sums[key]))
            else:
                sums[key] = self._sum(key, values, stored[key])
        merging.total_dense([values for values, _ in together], [out for _, out in together])
        return sums

    def _check_shape(self, key: Key, values: list[Any], stored: NDArray) -> None:
        if self._updater is not None and values[0].shape != stored.shape:
            raise ValueMismatchError(
                f"key {key!r}: the pushed value has shape {tuple(values[0].shape)}, the stored "
                f"one {tuple(stored.shape)}"
            )

    def _kept_sum(self, key: Key, value: NDArray, stored: NDArray) -> NDArray:
        """Return the array for the sums of a key's dense values, which is kept for the next one."""
        out = self._sums.get(key)
        if (
            out is None
            or out.shape != value.shape
            or out.dtype != value.dtype
            or out.context != stored.context
        ):
            backend = stored._backend
            buffer = backend.empty(value.shape, np.dtype(value.dtype))
            out = self._sums[key] = NDArray.from_buffer(buffer, stored.context, backend)
        return out

    def _sum(self, key: Key, values: list[Any], stored: NDArray) -> NDArray:
        """Sum row-sparse values, or return a single one."""
        try:
            return merging.total(values, stored)
        except RowIdRangeError as error:
            raise RowIdRangeError(f"key {key!r}: {error}") from error

    def _update(
        self, sums: Mapping[Key, NDArray], stored: Mapping[Key, NDArray], also: Sequence[Call]
    ) -> None:
        updater = self._updater
        if isinstance(updater, Updater):
            keys = tuple(sums)
            arrays = tuple(sums.values()), tuple(stored[key] for key in keys)
            if also:
                updater.prepare(keys, *arrays).commit(also)
            else:
                updater(keys, *arrays)
            return
        for key, value in sums.items():
            # Functions of the user's own get str keys as bytes, as in MXNet.
            updater(key.encode() if isinstance(key, str) else key, value, stored[key])  # type: ignore[misc]

    @_in_turn
    def pull(
        self, key: Any, out: Any = None, priority: int = 0, ignore_sparse: bool = True
    ) -> None:
        """Copy stored values.

        Parameters
        ----------
        key : int or str, or list of them
            What the values are called by.
        out : NDArray, list of NDArray, or list of such
            What is written, of any dtype and context.
        priority : int, default 0
            Ignored: pulls are done at once.
        ignore_sparse : bool, default True
            Whether row-sparse arrays in `out` are left as they are.

        Raises
        ------
        MXNetError
            If a key does not exist, or shapes differ. Then nothing is written.
        AssertionError
            If there is no `out`.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.init("w", mx.nd.ones((2,)))
        >>> out = mx.nd.zeros((2,))
        >>> store.pull("w", out)
        >>> out.asnumpy()
        array([1., 1.], dtype=float32)
        """
        if out is None:
            raise StoreArgumentError("pull needs out, the arrays that are written")
        with autograd.pause():
            pairs = []
            for one, targets in self._pairs(key, out, "out"):
                value = self._stored(one)
                self._catch_up(one)
                for target in targets:
                    if target.stype != "default" and ignore_sparse:
                        continue
                    if target.stype not in ("default", value.stype) and value.stype != "default":
                        raise ValueMismatchError(
                            f"key {one!r}: a {value.stype} value cannot be pulled into a "
                            f"{target.stype} array"
                        )
                    pairs.append((value, target))
            merging.copy_all(pairs)

    @_in_turn
    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """Push values, and pull the results.

        Parameters
        ----------
        key, value, priority
            As for `push`.
        out : NDArray, list of NDArray, or list of such, optional
            As for `pull`; the values themselves if not given.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.init("w", mx.nd.ones((2,)))
        >>> out = mx.nd.zeros((2,))
        >>> store.pushpull("w", [mx.nd.ones((2,), mx.cpu(0)), mx.nd.ones((2,), mx.cpu(1))], out)
        >>> out.asnumpy()
        array([2., 2.], dtype=float32)
        """
        self.push(key, value, priority)
        self.pull(key, value if out is None else out, priority, ignore_sparse=False)

    @_in_turn
    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """Store first values, and copy them.

        Parameters
        ----------
        key, value
            As for `init`.
        out : NDArray, list of NDArray, or list of such
            As for `pull`.
        priority : int, default 0
            Ignored.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> copies = [mx.nd.zeros((2,), mx.cpu(0)), mx.nd.zeros((2,), mx.cpu(1))]
        >>> store.broadcast("w", mx.nd.array([1, 2]), copies)
        >>> copies[1].asnumpy()
        array([1., 2.], dtype=float32)
        """
        self.init(key, value)
        self.pull(key, out, priority)

    @_in_turn
    def row_sparse_pull(
        self, key: Any, out: Any = None, priority: int = 0, row_ids: Any = None
    ) -> None:
        """Copy some rows of stored row-sparse values.

        Parameters
        ----------
        key : int or str, or list of them
            What the values are called by.
        out : RowSparseNDArray, list of RowSparseNDArray, or list of such
            The arrays to write, which then store these rows, sorted, each once.
        priority : int, default 0
            Ignored.
        row_ids : NDArray, or list of NDArray
            Ids of any integer dtype, or of whole floating-point numbers; one array for each output,
            or a single one for all.

        Raises
        ------
        MXNetError
            If a key does not exist, or a value or an output is not row-sparse.
        IndexError
            If an id is out of range; also an MXNetError that names key, position and id.
        AssertionError
            If outputs and ids do not go together.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.init("table", mx.nd.ones((4, 2)).tostype("row_sparse"))
        >>> out = mx.nd.sparse.zeros("row_sparse", (4, 2))
        >>> store.row_sparse_pull("table", out, row_ids=mx.nd.array([3, 1]))
        >>> out.indices.asnumpy()
        array([1, 3])
        """
        if out is None or row_ids is None:
            raise StoreArgumentError("row_sparse_pull needs out and row_ids")
        with autograd.pause():
            ready = []
            for one, targets, ids in self._with_ids(key, out, row_ids):
                value = self._stored(one)
                if value.stype != "row_sparse":
                    raise ValueMismatchError(f"key {one!r} is {value.stype}, not row_sparse")
                made: dict[int, Parts] = {}
                for target, wanted in zip(targets, ids, strict=True):
                    if target.stype != "row_sparse" or target.shape != value.shape:
                        raise ValueMismatchError(
                            f"key {one!r}: rows of a row_sparse value of shape {value.shape} go "
                            f"into such an array, not a {target.stype} one of {target.shape}"
                        )
                    if id(wanted) not in made:
                        made[id(wanted)] = self._rows(one, value, wanted)
                    ready.append((value, target, made[id(wanted)]))
            adopted: set[int] = set()
            for value, target, parts in ready:
                if _fits(value, target) and id(parts) not in adopted:
                    adopted.add(id(parts))
                    target._adopt(parts)
                else:
                    _write_rows(value, target, parts)

    def _rows(self, key: Key, value: Any, ids: NDArray) -> Parts:
        backend = value._backend
        if ids.stype != "default":
            raise RowIdError(f"key {key!r}: row ids must be a dense array, not a {ids.stype} one")
        buffer = ids._buffer
        if ids._backend is not backend:
            buffer = backend.fetched(buffer, ids._backend)
        try:
            unique = backend.retain.unique_ids(buffer, value.shape[0])
        except IndexError as error:
            raise RowIdRangeError(f"key {key!r}: {error}") from error
        except (TypeError, ValueError) as error:
            raise RowIdError(f"key {key!r}: {error}") from error
        self._catch_up(key, unique)
        parts = value._checked()
        if parts.indices.shape[0] == value.shape[0]:
            shape = (unique.shape[0], *value.shape[1:])
            rows = backend.empty(shape, np.dtype(value.dtype))  # memory that may have been kept
            backend.retain.gather(parts.data, unique, rows)
        else:
            rows = backend.retain.retain(parts.indices, parts.data, unique, rows=value.shape[0])
        return Parts(rows, unique, valid=True)

    # Optimizer

    def set_optimizer(self, optimizer: Optimizer) -> None:
        """Make an optimizer update the stored values by the pushed ones.

        Parameters
        ----------
        optimizer : Optimizer
            The optimizer. Its states start anew.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.init("w", mx.nd.ones((2,)))
        >>> out = mx.nd.zeros((2,))
        >>> store.set_optimizer(mx.optimizer.SGD(learning_rate=0.25))
        >>> store.push("w", mx.nd.array([1, 2]))
        >>> store.pull("w", out)
        >>> out.asnumpy()
        array([0.75, 0.5 ], dtype=float32)
        """
        self._set_updater(get_updater(optimizer))

    @_in_turn
    def _set_updater(self, updater: Callable[[Any, Any, Any], None] | None) -> None:
        """Set the function of key, pushed and stored value that updates stored values."""
        self._catch_up_all()
        self._updater = updater

    def _barrier(self) -> None:
        """Wait for all workers: a store within a process has one."""

    def save_optimizer_states(
        self, fname: str | os.PathLike[str], dump_optimizer: bool = False
    ) -> None:
        """Write the optimizer's states into a file; see `Updater.get_states`.

        Parameters
        ----------
        fname : str or os.PathLike
            The file; an old one is replaced once the new one is complete.
        dump_optimizer : bool, default False
            Whether the optimizer is written, too.

        Raises
        ------
        AssertionError
            If the store has no optimizer.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "store.states")
        >>> store = mx.kv.create("local")
        >>> store.set_optimizer(mx.optimizer.SGD(momentum=0.9))
        >>> store.save_optimizer_states(path)
        >>> path.exists()
        True
        """
        contents = self._saved_states(dump_optimizer)  # others need not wait for the file
        write_file(fname, lambda file, regular: file.write_pieces([contents]))

    def load_optimizer_states(
        self, fname: str | os.PathLike[str], *, allow_pickle: bool = False
    ) -> None:
        """Read the optimizer's states from a file; see `Updater.set_states`.

        Parameters
        ----------
        fname : str or os.PathLike
            The file.
        allow_pickle : bool, default False
            Whether it may be a pickle of MXNet's.

        Raises
        ------
        AssertionError
            If the store has no optimizer.
        FileAccessError
            If the file is missing or cannot be read: an OSError, and what Python raises there.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "store.states")
        >>> store = mx.kv.create("local")
        >>> store.set_optimizer(mx.optimizer.SGD(momentum=0.9))
        >>> store.save_optimizer_states(path)
        >>> store.load_optimizer_states(path)
        """
        self._states_of("load")
        contents = read_file(fname, "an optimizer's states")
        self._set_states(contents, allow_pickle)

    @_in_turn
    def _saved_states(self, dump_optimizer: bool) -> bytes:
        return self._states_of("save").get_states(dump_optimizer)

    @_in_turn
    def _set_states(self, contents: bytes, allow_pickle: bool) -> None:
        self._states_of("load").set_states(contents, allow_pickle=allow_pickle)

    def _states_of(self, action: str) -> Updater:
        if not isinstance(self._updater, Updater):
            raise NoUpdaterError(
                f"the store has no optimizer whose states it could {action}; call set_optimizer"
            )
        return self._updater

    def _catch_up(self, key: Key, ids: Buffer | None = None) -> None:
        if isinstance(self._updater, Updater):
            self._updater.catch_up(key, ids)

    def _catch_up_all(self) -> None:
        if isinstance(self._updater, Updater):
            self._updater.catch_up()

    def set_gradient_compression(self, compression_params: Any) -> None:
        """Raise an error: gradients are not compressed within a process.

        Parameters
        ----------
        compression_params : dict
            What MXNet takes.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.set_gradient_compression({"type": "2bit"})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        numparam.kvstore.errors.ValueMismatchError: the store 'local' does not compress ...
        """
        raise ValueMismatchError(
            f"the store {self._type!r} does not compress gradients: they do not leave the process"
        )

    # Keys

    def _stored(self, key: Key) -> NDArray:
        value = self._values.get(key)
        if value is None:
            raise StoredKeyError(
                f"key {key!r} is not in the store; call init({key!r}, value) first"
            )
        return value

    def _check_new(self, key: Key, times: int) -> None:
        if times > 1 or key in self._values:
            raise StoredKeyError(f"key {key!r} is initialized twice; push changes its value")

    def _note_type(self, pairs: Iterable[tuple[Key, Any]]) -> None:
        for key, _ in pairs:
            self._key_type = type(key)

    def _pairs(self, key: Any, value: Any, what: str) -> list[tuple[Key, list[Any]]]:
        """Return pairs of a key and the list of its arrays."""
        if isinstance(key, (list, tuple)):
            if not isinstance(value, (list, tuple)) or len(value) != len(key):
                count = len(value) if isinstance(value, (list, tuple)) else 1
                raise StoreArgumentError(f"there are {len(key)} keys, and {count} for {what}")
            given = list(zip(key, value, strict=True))
        else:
            given = [(key, value)]
        types = {self._type_of(one) for one, _ in given} | ({self._key_type} - {None})
        if len(types) > 1:
            raise KeyTypeError("all keys of a store must be int, or all str")
        pairs = []
        for one, arrays in given:
            listed = list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]
            for array in listed:
                if not isinstance(array, NDArray):
                    raise StoreArgumentError(
                        f"key {one!r}: {what} must be an NDArray or a list of them, not "
                        f"{type(array).__name__}"
                    )
            if not listed:
                raise StoreArgumentError(f"key {one!r}: {what} is an empty list")
            pairs.append((int(one) if not isinstance(one, str) else one, listed))
        return pairs

    @staticmethod
    def _type_of(key: object) -> Any:
        if isinstance(key, str):
            return str
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            return int
        raise KeyTypeError(f"a key is an int or a str, not {type(key).__name__} {key!r:.200}")

    def _grouped(self, key: Any, value: Any) -> dict[Key, list[Any]]:
        grouped: dict[Key, list[Any]] = {}
        for one, values in self._pairs(key, value, "value"):
            grouped.setdefault(one, []).extend(values)
        return grouped

    def _with_ids(
        self, key: Any, out: Any, row_ids: Any
    ) -> list[tuple[Key, list[Any], list[NDArray]]]:
        """Return tuples of a key, its outputs and their row ids."""
        pairs = self._pairs(key, out, "out")
        if isinstance(row_ids, NDArray):
            row_ids = [row_ids]
        if not isinstance(row_ids, (list, tuple)):
            raise StoreArgumentError(
                f"row_ids must be an NDArray or a list of them, not {type(row_ids).__name__}"
            )
        several = isinstance(key, (list, tuple))
        ids: list[list[Any]] = [
            list(one) if isinstance(one, (list, tuple)) else [one]
            for one in (row_ids if several else [row_ids])
        ]
        if len(ids) == 1 and len(pairs) > 1:
            ids = ids * len(pairs)
        if len(ids) != len(pairs):
            raise StoreArgumentError(f"there are {len(pairs)} keys and {len(ids)} lists of row ids")
        made = []
        for (one, targets), own in zip(pairs, ids, strict=True):
            if len(own) == 1:
                own = own * len(targets)
            if len(own) != len(targets):
                raise StoreArgumentError(
                    f"key {one!r}: there are {len(targets)} outputs and {len(own)} arrays of ids"
                )
            for array in own:
                if not isinstance(array, NDArray):
                    raise StoreArgumentError(
                        f"key {one!r}: row ids must be an NDArray, not {type(array).__name__}"
                    )
            made.append((one, targets, own))
        return made

    def __reduce__(self) -> Any:
        raise TypeError("a key-value store belongs to one process; save the parameters instead")


def _copy(value: Any) -> NDArray:
    if value.stype == "csr":
        raise ValueMismatchError("a store holds dense and row_sparse values, not csr ones")
    if value.stype == "default":
        backend = value._backend
        return NDArray.from_buffer(backend.copied(value._buffer), value.context, backend)
    return value.copy()


def _fits(value: NDArray, target: RowSparseNDArray) -> bool:
    """Whether an array may store rows of a value without converting or moving them."""
    return bool(target._backend is value._backend and target.dtype == value.dtype)


def _write_rows(value: Any, target: RowSparseNDArray, parts: Parts) -> None:
    """Make an array store copies of rows, in its own dtype and on its own context."""
    made = RowSparseNDArray.from_parts(value.shape, parts, value.context, value._backend)
    made.copyto(target)


provide(
    ("local", "device", "local_update_cpu", "local_allreduce_cpu", "local_allreduce_device"),
    KVStore,
)


show_public_names(__name__)
