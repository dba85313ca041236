"""Key-value stores: the base class for plug-ins, the registry, and a store for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from numparam._missing import close_matches, show_public_names
from numparam.kernels._callers import warn_caller
from numparam.kvstore import merging
from numparam.kvstore.errors import CapabilityError, KeyTypeError, UnknownStoreError
from numparam.ndarray.ndarray import NDArray

__all__ = ["KVStoreBase", "TestStore", "create", "provide"]

Class = TypeVar("Class", bound=type)


class KVStoreBase:
    """The base class of key-value stores: the interface that a Trainer uses.

    A user-defined subclass, decorated with `register`, can be passed to a Trainer by its name; it
    may sum over threads, processes or machines. It defines `broadcast`, `pushpull`, `is_capable`,
    `type`, `rank` and `num_workers`; if it can update weights itself, also `set_optimizer`,
    `save_optimizer_states` and `load_optimizer_states`.

    Examples
    --------
    >>> import numparam as mx
    >>> @mx.kvstore.KVStoreBase.register
    ... class LoudStore(mx.kvstore.base.TestStore):
    ...     def pushpull(self, key, value, out=None, priority=0):
    ...         print("summing", key)
    ...         super().pushpull(key, value, out, priority)
    >>> ones = [mx.nd.ones(1, ctx=mx.cpu(i)) for i in range(2)]
    >>> mx.kv.create("loudstore").pushpull("weight", ones)
    summing weight
    >>> ones[1].asnumpy()
    array([2.], dtype=float32)
    """

    #: The capability of updating weights in the store.
    OPTIMIZER: ClassVar[str] = "optimizer"

    #: Classes by their names in lower case.
    kv_registry: ClassVar[dict[str, type[KVStoreBase]]] = {}

    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """Copy a value to arrays on all workers.

        Parameters
        ----------
        key : int or str, or list of them
            What the value is called by.
        value : NDArray, or list of them
            The value of worker 0.
        out : NDArray, list of NDArray, or list of such
            What is written.
        priority : int, default 0
            Higher ones may be done first.

        Examples
        --------
        >>> import numparam as mx
        >>> class Single(mx.kv.KVStoreBase):
        ...     def broadcast(self, key, value, out, priority=0):
        ...         value.copyto(out)
        ...     def pushpull(self, key, value, out=None, priority=0):
        ...         (2 * value).copyto(out)
        ...     def is_capable(self, capability):
        ...         return False
        >>> out = mx.nd.zeros((2,))
        >>> Single().broadcast("w", mx.nd.array([1, 2]), out)
        >>> out.asnumpy()
        array([1., 2.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} has no broadcast()")

    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """Sum values over contexts and workers, and write the sum.

        Parameters
        ----------
        key : int or str, or list of them
            What the values are called by.
        value : NDArray, list of NDArray, or list of such
            The summands, one for each context.
        out : same as `value`, optional
            What the sum is written to; the summands if not given.
        priority : int, default 0
            Higher ones may be done first.

        Examples
        --------
        >>> import numparam as mx
        >>> class Single(mx.kv.KVStoreBase):
        ...     def broadcast(self, key, value, out, priority=0):
        ...         value.copyto(out)
        ...     def pushpull(self, key, value, out=None, priority=0):
        ...         (2 * value).copyto(out)
        ...     def is_capable(self, capability):
        ...         return False
        >>> out = mx.nd.zeros((2,))
        >>> Single().pushpull("w", mx.nd.array([1, 2]), out)
        >>> out.asnumpy()
        array([2., 4.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} has no pushpull()")

    def set_optimizer(self, optimizer: Any) -> None:
        """Make the store update its values by an optimizer.

        Parameters
        ----------
        optimizer : Optimizer
            The optimizer.

        Examples
        --------
        >>> import numparam as mx
        >>> store = mx.kv.create("local")
        >>> store.set_optimizer(mx.optimizer.SGD(momentum=0.9))
        """
        raise NotImplementedError(f"{type(self).__name__} has no optimizer")

    def is_capable(self, capability: str) -> bool:
        """Return whether the store can do something.

        Parameters
        ----------
        capability : {'optimizer'}
            What.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.kv.create("local").is_capable("optimizer")
        True
        """
        raise NotImplementedError(f"{type(self).__name__} has no is_capable()")

    def save_optimizer_states(self, fname: Any, dump_optimizer: bool = False) -> None:
        """Write the optimizer's states into a file.

        Parameters
        ----------
        fname : str or os.PathLike
            The file.
        dump_optimizer : bool, default False
            Whether the optimizer is written, too.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "store.states")
        >>> store = mx.kv.create("local")
        >>> store.set_optimizer(mx.optimizer.SGD(momentum=0.9))
        >>> store.save_optimizer_states(path)
        """
        raise NotImplementedError(f"{type(self).__name__} has no optimizer")

    def load_optimizer_states(self, fname: Any) -> None:
        """Read the optimizer's states from a file.

        Parameters
        ----------
        fname : str or os.PathLike
            The file.

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
        raise NotImplementedError(f"{type(self).__name__} has no optimizer")

    @property
    def type(self) -> str:
        """The name that the store was created by."""
        raise NotImplementedError(f"{type(self).__name__} has no type")

    @property
    def rank(self) -> int:
        """The number of this worker."""
        raise NotImplementedError(f"{type(self).__name__} has no rank")

    @property
    def num_workers(self) -> int:
        """The number of workers."""
        raise NotImplementedError(f"{type(self).__name__} has no num_workers")

    @staticmethod
    def register(klass: Class) -> Class:
        """Register a class of stores under its name, in any case; a decorator.

        Parameters
        ----------
        klass : type
            A subclass of `KVStoreBase`.

        Returns
        -------
        type
            The class.

        Raises
        ------
        KeyTypeError
            If it is no class: a TypeError and an AssertionError.

        Warns
        -----
        UserWarning
            If another class has the name; it is replaced.

        Examples
        --------
        >>> import numparam as mx
        >>> @mx.kv.KVStoreBase.register
        ... class Nowhere(mx.kv.KVStoreBase):
        ...     pass
        >>> type(mx.kv.create("nowhere")).__name__
        'Nowhere'
        """
        if not isinstance(klass, type):
            raise KeyTypeError(f"only classes can be registered as stores, not {klass!r:.200}")
        name = klass.__name__.lower()
        previous = KVStoreBase.kv_registry.get(name)
        if previous is not None and previous is not klass:
            warn_caller(
                f"the store name {name!r} meant {previous.__module__}.{previous.__qualname__}; "
                f"from now on it means {klass.__module__}.{klass.__qualname__}",
                UserWarning,
            )
        KVStoreBase.kv_registry[name] = klass
        return klass


@KVStoreBase.register
class TestStore(KVStoreBase):
    """A store that only sums and copies, as MXNet's tests use it."""

    __test__ = False  # no test case, whatever its name says

    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """Copy a value; see `KVStoreBase.broadcast`."""
        merging.copy_all([(value, target) for target in _listed(out)])

    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """Sum values; see `KVStoreBase.pushpull`."""
        values = _listed(value)
        targets = _listed(out) if out is not None else [] if value is values[0] else values
        total = merging.total(values)
        merging.copy_all([(total, target) for target in targets])

    def is_capable(self, capability: str) -> bool:
        """Return False: the store has no optimizer."""
        return check_capability(capability) and False

    @property
    def type(self) -> str:
        """``'teststore'``."""
        return "teststore"

    @property
    def rank(self) -> int:
        """0."""
        return 0

    @property
    def num_workers(self) -> int:
        """1."""
        return 1


def _listed(arrays: Any) -> list[NDArray]:
    return list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]


def check_capability(capability: str) -> bool:
    """Return True for a known capability.

    Raises
    ------
    CapabilityError
        For any other: a ValueError.
    """
    if str(capability).lower() != KVStoreBase.OPTIMIZER:
        raise CapabilityError(
            f"the capability {capability!r:.200} is not known; there is {KVStoreBase.OPTIMIZER!r}"
        )
    return True


_provided: dict[str, Callable[[str], KVStoreBase]] = {}


def provide(names: Sequence[str], make: Callable[[str], KVStoreBase]) -> None:
    """Register ``make(name)`` as the factory of stores with some names."""
    _provided.update(dict.fromkeys(names, make))


def create(name: str = "local") -> KVStoreBase:
    """Create a key-value store.

    Parameters
    ----------
    name : str, default 'local'
        ``'local'`` or ``'device'``, which are the same here: sums are made on the context of the
        stored value; or the name of a registered class. Case does not count.

    Returns
    -------
    KVStoreBase
        A new store.

    Raises
    ------
    TypeError
        If `name` is not a str.
    UnknownStoreError
        If there is no such store: a ValueError and an MXNetError. MXNet creates some store for any
        name.

    Examples
    --------
    >>> import numparam as mx
    >>> store = mx.kv.create("device")
    >>> store.type, store.rank, store.num_workers
    ('device', 0, 1)
    """
    if not isinstance(name, str):
        raise TypeError(f"a store's name is a str, such as 'device', not {type(name).__name__}")
    key = name.lower()
    if key in KVStoreBase.kv_registry:
        return KVStoreBase.kv_registry[key]()
    if key in _provided:
        return _provided[key](key)
    known = sorted({*KVStoreBase.kv_registry, *_provided})
    near = close_matches(key[:100], known, 3)
    hint = f"Near names: {', '.join(near)}" if near else f"There are: {', '.join(known)}"
    raise UnknownStoreError(
        f"there is no key-value store {name!r:.200}. {hint}. KVStoreBase.register adds one, such "
        "as one over processes"
    )


show_public_names(__name__)
