"""The base of all optimizers: hyper-parameters, multipliers, update counts, the registry."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from numparam._missing import show_public_names
from numparam.class_registry import Registrable, Registry, RegistryErrors
from numparam.formats.quoting import shown
from numparam.kernels._callers import warn_caller
from numparam.lr_scheduler import LRScheduler
from numparam.modes.np_mode import is_np_array
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.counts import UpdateCounts
from numparam.optimizer.errors import (
    LearningRateWarning,
    OptimizerTypeError,
    UnknownOptimizerError,
)
from numparam.types.dtypes import bfloat16

__all__ = ["Optimizer", "create", "is_short", "register"]

Class = TypeVar("Class", bound=type)
Index = Hashable
"""What tells the parameters apart: a number, or a name."""


def is_short(dtype: Any) -> bool:
    """Return whether a dtype is a floating-point one of 16 bits."""
    return np.dtype(dtype) in (np.dtype(np.float16), np.dtype(bfloat16))


# Of thousands of parameters, at each step.
_attribute = {kind: operator.attrgetter(kind) for kind in ("lr_mult", "wd_mult")}


registry = Registry(
    "optimizer",
    "numparam.optimizer.Optimizer",
    "sgd",
    RegistryErrors(OptimizerTypeError, UnknownOptimizerError, UnknownOptimizerError),
)


class Optimizer(Registrable):
    """The base class of optimizers.

    A subclass defines `create_state` and `update`. The optimizers that numparam has are made by
    their names: ``create('adam', learning_rate=0.01)``.

    Parameters
    ----------
    rescale_grad : float, default 1.0
        Factor of the gradients; often 1 / batch size.
    param_idx2name : dict, optional
        Names of the parameters by their indices. With it, only those named ``*_weight`` and
        ``*_gamma`` decay, unless `set_wd_mult` says otherwise.
    wd : float, default 0.0
        Weight decay.
    clip_gradient : float, optional
        Bound of the rescaled gradients, on both sides. None, 0 and negative numbers mean none.
    learning_rate : float, optional
        Learning rate; 0.01 if there is no schedule either. It replaces the ``base_lr`` of
        most schedules; see `LRScheduler`.
    lr_scheduler : callable, optional
        Learning rate as a function of the number of updates; see `numparam.lr_scheduler`.
    sym : Symbol, optional
        A symbol whose attributes have the multipliers of its variables.
    begin_num_update : int, default 0
        Number of updates that the parameters have had already.
    multi_precision : bool, default False
        Whether float16 and bfloat16 weights are trained as float32 copies of them.
    param_dict : dict, optional
        Parameters by their indices, whose ``lr_mult`` and ``wd_mult`` are read at each step.

    Attributes
    ----------
    lr, wd, rescale_grad, clip_gradient, lr_scheduler, multi_precision, num_update
        Plain attributes, which may change between steps.
    lr_mult, wd_mult : dict
        Multipliers by index or name; see `set_lr_mult`.
    aggregate_num : int
        Number of parameters that `update` takes in one call; 0 if it takes a single one.

    Raises
    ------
    OptimizerTypeError
        If `param_idx2name` is not a dict: a TypeError and an AssertionError.

    Examples
    --------
    >>> import numparam as mx
    >>> @mx.optimizer.register
    ... class SignDescent(mx.optimizer.Optimizer):
    ...     def update(self, index, weight, grad, state):
    ...         self._update_count(index)
    ...         weight -= self._get_lr(index) * mx.nd.sign(grad)
    >>> weight, grad = mx.nd.ones(2), mx.nd.array([3, -4])
    >>> mx.optimizer.create("signdescent", learning_rate=0.5).update(0, weight, grad, None)
    >>> weight.asnumpy()
    array([0.5, 1.5], dtype=float32)
    """

    #: Classes by their names in lower case.
    opt_registry: ClassVar[dict[str, type[Optimizer]]] = registry.classes
    registry = registry

    def __init__(
        self,
        rescale_grad: float = 1.0,
        param_idx2name: Mapping[Any, str] | None = None,
        wd: float = 0.0,
        clip_gradient: float | None = None,
        learning_rate: float | None = None,
        lr_scheduler: Callable[[int], float] | None = None,
        sym: Any = None,
        begin_num_update: int = 0,
        multi_precision: bool = False,
        param_dict: Mapping[Any, Any] | None = None,
    ) -> None:
        if param_idx2name is not None and not isinstance(param_idx2name, dict):
            raise OptimizerTypeError(
                "param_idx2name must be a dict of names by index, not "
                f"{type(param_idx2name).__name__}"
            )
        self.rescale_grad = rescale_grad
        self.lr_scheduler: Any = lr_scheduler
        self.lr = 0.01 if lr_scheduler is None and learning_rate is None else learning_rate
        if isinstance(lr_scheduler, LRScheduler) and learning_rate is not None:
            lr_scheduler.take_learning_rate(learning_rate)
        self.wd = wd
        self.clip_gradient = clip_gradient
        self.multi_precision = multi_precision
        self.aggregate_num = 0
        self.begin_num_update = begin_num_update
        self.num_update = begin_num_update
        self._all_index_update_counts: dict[Any, UpdateCounts] = {0: UpdateCounts()}
        self._index_update_count = self._all_index_update_counts[0]
        self.idx2name: dict[Any, str] = dict(param_idx2name or {})
        self.sym_info = () if sym is None else (sym.attr_dict(), sym.list_arguments())
        self.param_dict: Mapping[Any, Any] = param_dict or {}
        self.allow_np_array = is_np_array()
        self.lr_mult: dict[Any, float] = {}
        self.wd_mult: dict[Any, float] = {}
        self.set_lr_mult({})
        self.set_wd_mult({})

    # Registry

    @staticmethod
    def register(klass: Class) -> Class:
        """Register a class under its name, in any case; a decorator.

        Parameters
        ----------
        klass : type
            A subclass of `Optimizer`.

        Returns
        -------
        type
            The class.

        Raises
        ------
        OptimizerTypeError
            If it is not one: a TypeError and an AssertionError.

        Warns
        -----
        UserWarning
            If another class has the name; it is replaced.

        Examples
        --------
        >>> import numparam as mx
        >>> @mx.optimizer.Optimizer.register
        ... class Resting(mx.optimizer.Optimizer):
        ...     pass
        >>> type(mx.optimizer.create("resting")).__name__
        'Resting'
        """
        return registry.register(klass, stacklevel=3)

    @staticmethod
    def create_optimizer(name: str, **kwargs: Any) -> Optimizer:
        """Create an optimizer by its name, in any case.

        Parameters
        ----------
        name : str
            A registered name, such as ``'adam'``.
        **kwargs : object
            The arguments of its class.

        Returns
        -------
        Optimizer
            A new one.

        Raises
        ------
        UnknownOptimizerError
            If the name is not registered: a ValueError.
        TypeError
            If the arguments are not those of the class.

        Examples
        --------
        >>> import numparam as mx
        >>> type(mx.optimizer.create("Adam", beta1=0.8)).__name__
        'Adam'
        """
        if not isinstance(name, str):
            raise OptimizerTypeError(
                f"an optimizer's name is a str, such as 'sgd', not {type(name).__name__}"
            )
        try:
            made: Optimizer = registry.create(name, **kwargs)
        except OptimizerTypeError:
            raise
        except TypeError as error:
            raise TypeError(
                f"the optimizer {name!r:.200} was not created: {shown(str(error))}"
            ) from error
        return made

    # What a subclass defines

    def create_state(self, index: Index, weight: NDArray) -> Any:
        """Create the state that `update` keeps for a weight, such as a momentum.

        Parameters
        ----------
        index : int or str
            What the parameter is called by.
        weight : NDArray
            Its weight.

        Returns
        -------
        object
            None, an array, or a tuple of such.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD(momentum=0.9).create_state(0, mx.nd.ones((2,))).asnumpy()
        array([0., 0.], dtype=float32)
        """
        return None

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step.

        Parameters
        ----------
        index : int or str
            What the parameter is called by.
        weight : NDArray
            Its weight, which is changed.
        grad : NDArray
            Its gradient.
        state : object
            What `create_state` returned, which is changed.

        Examples
        --------
        >>> import numparam as mx
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5)
        >>> optimizer.update(0, weight, gradient, optimizer.create_state(0, weight))
        >>> weight.asnumpy()
        array([3.5, 7. ], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} must define update()")

    def create_state_multi_precision(self, index: Index, weight: NDArray) -> Any:
        """Create the state of a weight, with a float32 copy if it is trained in mixed precision.

        Parameters
        ----------
        index, weight
            As for `create_state`.

        Returns
        -------
        object
            What `create_state` returns; for a 16-bit weight, if `multi_precision` is on, a tuple of
            the copy and of the state of that.

        Warns
        -----
        UserWarning
            If a 16-bit weight is trained without `multi_precision`.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.nd.array([4, 8], dtype="float16")
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5, momentum=0.9, multi_precision=True)
        >>> momentum, copy = optimizer.create_state_multi_precision(0, weight)
        >>> copy.dtype, momentum.dtype
        (<class 'numpy.float32'>, <class 'numpy.float32'>)
        """
        if not is_short(weight.dtype):
            return self.create_state(index, weight)
        if not self.multi_precision:
            warn_caller(
                f"{self.name_of(index)} is {np.dtype(weight.dtype).name}: small changes of it are "
                "lost in rounding. Consider multi_precision=True",
                UserWarning,
            )
            return self.create_state(index, weight)
        master = weight.astype(np.float32)
        if master.stype == "csr":
            master = master.tostype("default")
        return (master, self.create_state(index, master))

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step, of the float32 copy if the weight is trained in mixed precision.

        Parameters
        ----------
        index, weight, grad
            As for `update`.
        state : object
            What `create_state_multi_precision` returned.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.nd.array([4, 8], dtype="float16")
        >>> gradient = mx.nd.array([1, 2], dtype="float16")
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5, multi_precision=True)
        >>> state = optimizer.create_state_multi_precision(0, weight)
        >>> optimizer.update_multi_precision(0, weight, gradient, state)
        >>> weight.asnumpy()
        array([3.5, 7. ], dtype=float16)
        """
        if not (self.multi_precision and is_short(weight.dtype)):
            self.update(index, weight, grad, state)
            return
        master, own = state
        _take_newer(master, weight)
        self.update(index, master, grad.astype(np.float32), own)
        weight[:] = master.astype(weight.dtype)

    # Learning rate and multipliers

    @property
    def learning_rate(self) -> float:
        """The learning rate: that of the schedule for the last update, or `lr`."""
        return self._rate_at(self.num_update)

    def _rate_at(self, num_update: int) -> Any:
        return self.lr if self.lr_scheduler is None else self.lr_scheduler(num_update)

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate.

        Parameters
        ----------
        lr : float
            The learning rate.

        Raises
        ------
        LearningRateWarning
            If there is a schedule: a UserWarning, raised as an error.

        Examples
        --------
        >>> import numparam as mx
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5)
        >>> optimizer.set_learning_rate(0.25)
        >>> optimizer.learning_rate
        0.25
        """
        if self.lr_scheduler is not None:
            raise LearningRateWarning(
                "the learning rate follows lr_scheduler; change that, or set it to None first"
            )
        self.lr = lr

    def set_lr_scale(self, args_lrscale: Any) -> None:
        """Raise a DeprecationWarning: `set_lr_mult` replaces it.

        Parameters
        ----------
        args_lrscale : object
            Ignored.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD().set_lr_scale({})
        Traceback (most recent call last):
            ...
        DeprecationWarning: set_lr_scale is gone; use set_lr_mult
        """
        raise DeprecationWarning("set_lr_scale is gone; use set_lr_mult")

    def set_lr_mult(self, args_lr_mult: Mapping[Any, float]) -> None:
        """Set multipliers of the learning rate.

        Parameters
        ----------
        args_lr_mult : dict
            Multipliers by index or name. Those of earlier calls are forgotten; those of the
            symbol stay, and `param_dict` goes before both.

        Examples
        --------
        >>> import numparam as mx
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5, param_idx2name={0: "net_weight"})
        >>> optimizer.set_lr_mult({"net_weight": 0.1})
        """
        self.lr_mult = self._multipliers_of_symbol("__lr_mult__")
        self.lr_mult.update(args_lr_mult)

    def set_wd_mult(self, args_wd_mult: Mapping[Any, float]) -> None:
        """Set multipliers of the weight decay.

        Parameters
        ----------
        args_wd_mult : dict
            As for `set_lr_mult`. The multiplier of parameters in `param_idx2name` whose names end
            neither in ``_weight`` nor in ``_gamma`` is 0 unless it is set here.

        Examples
        --------
        >>> import numparam as mx
        >>> optimizer = mx.optimizer.SGD(wd=0.01, param_idx2name={0: "net_weight", 1: "net_bias"})
        >>> optimizer.set_wd_mult({"net_weight": 2})
        """
        self.wd_mult = dict.fromkeys(
            (name for name in self.idx2name.values() if not self._decays(name)), 0.0
        )
        self.wd_mult.update(self._multipliers_of_symbol("__wd_mult__"))
        self.wd_mult.update(args_wd_mult)

    def _decays(self, name: str) -> bool:
        """Return whether a parameter of this name decays by default."""
        return name.endswith(("_weight", "_gamma"))

    def _multipliers_of_symbol(self, attribute: str) -> dict[Any, float]:
        if not self.sym_info:
            return {}
        attributes, names = self.sym_info
        return {
            name: float(attributes[name][attribute])
            for name in names
            if attribute in attributes.get(name, {})
        }

    def _multipliers(self, indices: Sequence[Any], kind: str) -> list[float]:
        """Return the multipliers (``'lr_mult'`` or ``'wd_mult'``) of some parameters."""
        parameters, own = self.param_dict, getattr(self, kind)
        if not own and not self.idx2name and len(parameters) >= len(indices):
            try:
                return list(map(_attribute[kind], map(parameters.__getitem__, indices)))
            except KeyError:
                pass
        found = []
        for index in indices:
            if index in parameters:
                found.append(getattr(parameters[index], kind))
            elif index in own:
                found.append(own[index])
            else:
                found.append(own.get(self.idx2name.get(index), 1.0))
        return found

    def _get_lrs(self, indices: Sequence[Any]) -> list[float]:
        """Return the learning rates of some parameters, after `_update_count`."""
        rate = self._rate_at(self.num_update)
        return [rate * factor for factor in self._multipliers(indices, "lr_mult")]

    def _get_lr(self, index: Any) -> float:
        return self._get_lrs([index])[0]

    def _get_wds(self, indices: Sequence[Any]) -> list[float]:
        """Return the weight decays of some parameters."""
        return [self.wd * factor for factor in self._multipliers(indices, "wd_mult")]

    def _get_wd(self, index: Any) -> float:
        return self._get_wds([index])[0]

    def name_of(self, index: Any) -> str:
        """Return the name of a parameter in messages.

        Parameters
        ----------
        index : int or str
            What it is called by.

        Returns
        -------
        str
            Such as ``"Parameter 'dense0_weight'"``, if its name is known.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD(param_idx2name={0: "net_weight"}).name_of(0)
        "Parameter 'net_weight'"
        """
        name = getattr(self.param_dict.get(index), "name", None) or self.idx2name.get(index)
        if name is None:
            name = index
        return f"Parameter {name!r}"

    # Counting

    def _set_current_context(self, device_id: Any) -> None:
        """Set the device whose updates are counted."""
        self._index_update_count = self._counts_of(device_id)

    def _counts_of(self, device_id: Any) -> UpdateCounts:
        return self._all_index_update_counts.setdefault(device_id, UpdateCounts())

    def _update_count(self, index: Any) -> None:
        """Count one update of a parameter, or of each in a list."""
        indices = index if isinstance(index, (list, tuple)) else [index]
        counts = self._index_update_count
        for one in indices:
            count = counts[one] = counts.get(one, self.begin_num_update) + 1
            self.num_update = max(self.num_update, count)

    # Copies

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["param_dict"]  # the Trainer's
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        counts = {
            device: UpdateCounts(counts)
            for device, counts in state["_all_index_update_counts"].items()
        }
        current = state["_index_update_count"]
        chosen = [
            device for device, own in state["_all_index_update_counts"].items() if own is current
        ]
        self.__dict__.update(state)
        self._all_index_update_counts = counts
        self._index_update_count = counts[chosen[0]] if chosen else UpdateCounts(current)
        self.param_dict = {}


def _take_newer(master: NDArray, weight: NDArray) -> None:
    """Update a float32 copy where the weight is not the rounded copy, and therefore newer."""
    own = weight.astype(np.float32).asnumpy()
    written = own != master.astype(weight.dtype).astype(np.float32).asnumpy()
    if written.any():
        master[:] = np.where(written, own, master.asnumpy())


register = Optimizer.register
create = Optimizer.create_optimizer


show_public_names(__name__)
