"""The arrays that a Trainer works on: weights and gradients of its parameters, by context."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, cast

from numparam.context import Context
from numparam.devices import epochs, exports
from numparam.gluon import hooks
from numparam.gluon.errors import StaleGradientError
from numparam.gluon.state import State
from numparam.kvstore.merging import copy_all
from numparam.ndarray.ndarray import NDArray

__all__ = ["Lineup", "Moment"]


class Moment:
    """The states that parameters have at one moment, which another thread cannot split.

    Parameters
    ----------
    parameters : sequence of Parameter
        The parameters.

    Attributes
    ----------
    epoch : int
        The epoch of memory, from before the moment.
    states : list of State
        Of each parameter.
    """

    def __init__(self, parameters: Sequence[Any]) -> None:
        self.epoch = epochs.current()
        # One call of compiled code, as the one in which a dictionary changes its parameters.
        self.states = list(map(_state_of, parameters))


_state_of = operator.attrgetter("_state")


class Lineup:
    """The arrays of all parameters with gradients at one moment.

    Parameters
    ----------
    parameters : sequence of Parameter
        All parameters of a Trainer, all initialized.
    contexts : sequence of Context
        Their contexts.
    moment : Moment
        The moment.

    Attributes
    ----------
    indices : tuple of int
        Positions of those with gradients, among all parameters.
    members : list of Parameter
        Those with gradients.
    weights, grads : list of tuple of NDArray
        Their arrays, a tuple for each context. The same tuples each time, so that a plan that was
        made of them is found again by their identity.
    """

    def __init__(
        self, parameters: Sequence[Any], contexts: Sequence[Context], moment: Moment
    ) -> None:
        self._epoch = moment.epoch
        self._parameters = list(parameters)
        self._states = moment.states
        chosen = [
            (index, parameter, state)
            for index, (parameter, state) in enumerate(zip(parameters, moment.states, strict=True))
            if _grad_req(parameter, state) != "null"
        ]
        self.contexts = list(contexts)
        # Contexts whose gradients all are in memory that other libraries have: always fresh.
        self._shared: set[int] = set()
        self.indices = tuple(index for index, _, _ in chosen)
        self.members = [parameter for _, parameter, _ in chosen]
        data = [parameter._check_and_get(state.data, list) for _, parameter, state in chosen]
        grads = [_gradients(parameter, state) for _, parameter, state in chosen]
        places = range(len(contexts))
        self.weights = [tuple(arrays[place] for arrays in data) for place in places]
        self.grads = [tuple(arrays[place] for arrays in grads) for place in places]
        # Of each context: whether the gradients are fresh, one byte each.
        self._flags = [bytearray(len(self.indices)) for _ in places]
        self._none_fresh = bytes(len(self.indices))

    def keep_flags(self) -> None:
        """Store the flags of the marks of all weights here, side by side."""
        moved = False
        for flags, weights in zip(self._flags, self.weights, strict=True):
            for position, weight in enumerate(weights):
                mark: Any = weight._marking
                if mark.flag[0] is not flags:
                    mark.move_flag(flags, position)
                    moved = True
        if moved:
            epochs.bump()  # a Trainer that had them looks again

    def still_holds(self, parameters: Sequence[Any]) -> bool:
        """Return whether these are still the arrays of the parameters."""
        if self._parameters != parameters:
            return False  # the list is the Trainer's own, and announces no changes
        before = epochs.current()
        if self._epoch == before:
            return True
        for parameter, state in zip(parameters, self._states, strict=True):
            if parameter._state is not state:
                return False
        fresh = Lineup(parameters, self.contexts, Moment(parameters))
        if not all(
            old is new
            for own, other in ((self.weights, fresh.weights), (self.grads, fresh.grads))
            for olds, news in zip(own, other, strict=True)
            for old, new in zip(olds, news, strict=True)
        ):
            return False
        self._shared.clear()
        self.keep_flags()
        self._epoch = before
        return True

    def check_fresh(self) -> None:
        """Raise if a gradient was not written since the last step.

        Raises
        ------
        StaleGradientError
            For the first such gradient: a UserWarning, raised as an error.
        """
        for place, (weights, grads) in enumerate(zip(self.weights, self.grads, strict=True)):
            if place in self._shared or 0 not in self._flags[place]:
                continue
            if all(map(is_written_elsewhere, grads)):
                self._shared.add(place)
                continue
            for position, weight in enumerate(weights):
                if not (weight._fresh_grad or is_written_elsewhere(grads[position])):
                    raise StaleGradientError(
                        f"the gradient of Parameter '{self.members[position].name}' on "
                        f"{weight.context} was not written since the last step: the parameter took "
                        "no part in what was differentiated, or backward() was not called. With "
                        "ignore_stale_grad=True such parameters are left as they are"
                    )

    def fresh_positions(self) -> list[list[int]]:
        """Return, for each context, the positions of the gradients written since the last step."""
        return [
            [
                position
                for position, weight in enumerate(weights)
                if weight._fresh_grad or is_written_elsewhere(grads[position])
            ]
            for weights, grads in zip(self.weights, self.grads, strict=True)
        ]

    def copy_first(self, positions: Sequence[int]) -> None:
        """Copy weights of the first context to the others."""
        copy_all(
            (self.weights[0][position], weights[position])
            for weights in self.weights[1:]
            for position in positions
        )

    def freshness(self) -> list[bytes]:
        """Return which gradients were written since the last step: a byte each, by context."""
        return list(map(bytes, self._flags))

    def marks(self, freshness: Sequence[bytes] | None = None) -> list[tuple[Any, ...]]:
        """Return calls of compiled code, for `at_once`, that note which gradients are fresh.

        Parameters
        ----------
        freshness : list of bytes, optional
            As `freshness` returned it. All gradients are used, and stale until they are written
            again, if not given.
        """
        given = [self._none_fresh] * len(self._flags) if freshness is None else freshness
        whole = slice(None)
        return [
            (operator.setitem, flags, whole, fresh)
            for flags, fresh in zip(self._flags, given, strict=True)
        ]


def _grad_req(parameter: Any, state: State) -> str | None:
    if hooks.is_replaced_property(parameter, "grad_req"):
        return cast("str", parameter.grad_req)
    return state.grad_req


def _gradients(parameter: Any, state: State) -> list[NDArray]:
    if state.gradients is None or hooks.is_replaced(parameter, "list_grad"):
        return cast("list[NDArray]", parameter.list_grad())  # says why there are none
    return list(parameter._check_and_get(state.gradients, list))


def is_written_elsewhere(grad: NDArray) -> bool:
    """Return whether a dense gradient's memory was shared with another library.

    It may have been written there, unseen by numparam, so that it counts as fresh.
    """
    return grad.stype == "default" and exports.is_exported(grad._buffer)
