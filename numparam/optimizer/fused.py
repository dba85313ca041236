"""Optimizers whose steps are made by kernels, for any number of dense or sparse parameters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import many
from numparam.optimizer.optimizer import Optimizer, is_short

__all__ = ["FusedOptimizer", "zeros_like"]

Hyper = Mapping[str, "float | None"]


class FusedOptimizer(Optimizer):
    """The base class of optimizers whose steps are made by a kernel.

    A subclass says which kernel, what constant hyper-parameters it computes with, and which states
    it keeps. ``update`` takes a single parameter or a list of them, which may have any dtypes and
    contexts; dense ones are updated in one call into compiled code for each dtype and context.

    Parameters
    ----------
    lazy_update : bool
        What a row-sparse gradient means for the rows that it does not hold. With True they stay as
        they are: neither weight decay nor momentum moves them. With False the step is that of the
        dense gradient that is zero there, bit for bit.
    **kwargs : object
        The arguments of `Optimizer`.
    """

    #: Name of the kernel, in each of ``numparam.kernels``' folders.
    kernel: ClassVar[str]

    #: Whether the kernel's arithmetic depends on the number of updates of the parameter.
    counts_steps: ClassVar[bool] = False

    #: Whether a mixed-precision state is (state, copy), as SGD's is; others' are (copy, state).
    copy_is_last: ClassVar[bool] = False

    def __init__(self, lazy_update: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lazy_update = lazy_update
        self.aggregate_num = many.ANY_NUMBER

    # What a subclass defines

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters that the kernel takes.

        Returns
        -------
        dict
            All but learning rate, weight decay, rescaling, clipping and the number of the step.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD(momentum=0.9).hyper_parameters()
        {'momentum': 0.9}
        """
        return {}

    def step_parameters(self, counts: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return the hyper-parameters that depend on the number of updates of each parameter.

        Parameters
        ----------
        counts : numpy.ndarray
            int64, counted from 1.

        Returns
        -------
        dict
            float64 arrays of the same length.

        Examples
        --------
        >>> import numparam as mx
        >>> import numpy as np
        >>> mx.optimizer.SGD().step_parameters(np.array([1, 2]))
        {}
        >>> sorted(mx.optimizer.Nadam().step_parameters(np.array([1, 2])))
        ['schedule', 't']
        """
        return {"t": counts.astype(np.float64)} if self.counts_steps else {}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`.

        Parameters
        ----------
        index : int or str
            What the parameter is called by.
        weight : NDArray
            Its weight.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.Adam().create_state(0, mx.nd.ones((2,)))[0].asnumpy()
        array([0., 0.], dtype=float32)
        """
        return None

    #: Whether there are states that are drawn anew for each step; see `drawn_states`.
    draws_states: ClassVar[bool] = False

    #: Whether a step depends on all rows of the weight, so that none may wait for its update.
    looks_at_whole_weights: ClassVar[bool] = False

    def hyper_parameters_at(self, rate: float, number: int) -> Hyper:
        """Return the constant hyper-parameters of one step.

        Parameters
        ----------
        rate : float
            Its learning rate, without multipliers.
        number : int
            Its number, as `num_update` counts.

        Returns
        -------
        dict
            What `hyper_parameters` returns, unless they depend on the step.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD(momentum=0.9).hyper_parameters_at(rate=0.1, number=1)
        {'momentum': 0.9}
        """
        return self.hyper_parameters()

    def rate_factors(self, entries: Sequence[many.Entry], counts: np.ndarray, wds: Any) -> Any:
        """Return what the learning rates of the parameters of one step are multiplied by.

        Parameters
        ----------
        entries : sequence of Entry
            The parameters, their weights and gradients.
        counts : numpy.ndarray
            Numbers of updates, with this one: one for each parameter, or one for all.
        wds : float or numpy.ndarray
            Weight decays, likewise.

        Returns
        -------
        numpy.ndarray or None
            One factor for each parameter; None if all are 1.

        Examples
        --------
        >>> import numparam as mx
        >>> import numpy as np
        >>> mx.optimizer.SGD().rate_factors([], np.ones(1, np.int64), 0.0) is None
        True
        """
        return None

    def drawn_states(self, entries: Sequence[many.Entry]) -> Callable[[], None] | None:
        """Add the states to parameters that are drawn anew for each step, if there are such.

        Parameters
        ----------
        entries : sequence of Entry
            The parameters, whose lists of states are added to.

        Returns
        -------
        callable or None
            What draws them; None if there are none.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD(momentum=0.9).drawn_states([]) is None
        True
        """
        return None

    #: Whether `rate_factors` depends on the gradients.
    looks_at_gradients: ClassVar[bool] = False

    def noted_by_step(self, rate: float, number: int) -> Mapping[str, Any]:
        """Return the attributes that a step sets, besides ``num_update``.

        Parameters
        ----------
        rate : float
            Its learning rate, without multipliers.
        number : int
            Its number, as `num_update` counts.

        Returns
        -------
        dict
            Values by the names of attributes.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.optimizer.SGD(momentum=0.9).noted_by_step(rate=0.1, number=1)
        {}
        >>> sorted(mx.optimizer.LARS().noted_by_step(rate=0.1, number=1))
        ['_rated', 'cur_lr', 'last_lr']
        """
        return {}

    # Steps

    def create_state_multi_precision(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state_multi_precision`.

        Parameters
        ----------
        index : int or str
            What the parameter is called by.
        weight : NDArray
            Its weight.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.nd.array([4, 8], dtype="float16")
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5, momentum=0.9, multi_precision=True)
        >>> momentum, copy = optimizer.create_state_multi_precision(0, weight)
        >>> copy.dtype, momentum.dtype
        (<class 'numpy.float32'>, <class 'numpy.float32'>)
        """
        state = super().create_state_multi_precision(index, weight)
        if self.copy_is_last and self._is_mixed(weight):
            master, own = state
            return (own, master)
        return state

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step of one parameter, or of several.

        Parameters
        ----------
        index : int or str, or list of them
            What the parameters are called by.
        weight, grad : NDArray, or list of them
            The weights, which are changed, and their gradients: dense, or row-sparse of any ids.
            Where either is csr, the step is that of dense copies, and the weight stays csr.
        state : object, or list of them
            What `create_state` returned, which is changed.

        Raises
        ------
        MXNetError
            If shapes, dtypes or contexts do not fit (also a TypeError and a ValueError), or a row
            is out of range (also an IndexError). Then nothing is changed.
        ValueError
            If a hyper-parameter is NaN or infinite.

        Examples
        --------
        >>> import numparam as mx
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> first, second = mx.nd.ones((2,)), mx.nd.ones((2,))
        >>> optimizer = mx.optimizer.SGD(learning_rate=0.5)
        >>> optimizer.update(0, weight, gradient, None)
        >>> weight.asnumpy()
        array([3.5, 7. ], dtype=float32)
        >>> weights, gradients = [first, second], [gradient, gradient]
        >>> optimizer.update([1, 2], weights, gradients, [None, None])  # one call for both
        >>> second.asnumpy()
        array([0.5, 0. ], dtype=float32)
        """
        many.step(self, index, weight, grad, state, mixed=False)

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step as `update` does, with states of `create_state_multi_precision`.

        Parameters
        ----------
        index, weight, grad, state
            As for `update`.

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
        many.step(self, index, weight, grad, state, mixed=True)

    @property
    def steps_are_fused(self) -> bool:
        """Return whether a subclass leaves the steps to the kernel."""
        own = type(self)
        return (
            own.update is FusedOptimizer.update
            and own.update_multi_precision is FusedOptimizer.update_multi_precision
        )

    def _is_mixed(self, weight: NDArray) -> bool:
        return self.multi_precision and is_short(weight.dtype)

    def split_state(self, state: Any, mixed: bool) -> tuple[list[NDArray], NDArray | None]:
        """Return the states of one weight in the kernel's order, and its float32 copy.

        Parameters
        ----------
        state : object
            What `create_state` returned, or with `mixed` `create_state_multi_precision`.
        mixed : bool
            Whether there is a copy.

        Returns
        -------
        list of NDArray
            The states that are not None.
        NDArray or None
            The copy.

        Examples
        --------
        >>> import numparam as mx
        >>> optimizer = mx.optimizer.Adam()
        >>> state = optimizer.create_state(0, mx.nd.ones((2,)))
        >>> states, copy = optimizer.split_state(state, mixed=False)
        >>> len(states), copy
        (2, None)
        """
        master = None
        if mixed:
            state, master = state if self.copy_is_last else (state[1], state[0])
        if state is None:
            return [], master
        if not isinstance(state, (tuple, list)):
            return [state], master
        return [one for one in state if one is not None], master


def zeros_like(weight: NDArray) -> NDArray:
    """Return a dense array of zeros of the shape, dtype and context of a weight."""
    backend = weight._backend
    buffer = backend.zeros(weight.shape, np.dtype(weight.dtype))
    return NDArray.from_buffer(buffer, weight.context, backend)
