"""Giving a parameter its arrays: at once, or when its shape is known."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from numparam.base import MXNetError
from numparam.context import Context
from numparam.gluon import contexts, shape_rules, transfers
from numparam.gluon.declaration import Declaration
from numparam.gluon.errors import UnknownShapeError, UnusableContextError
from numparam.gluon.initial_values import FirstValues, check_initializer
from numparam.gluon.overriding import is_overridden
from numparam.gluon.replicas import Binding
from numparam.initializer import Uniform

__all__ = ["Initialization", "Request", "initializes_plainly"]


class _NewUniform:
    """Stands in a signature for a new ``Uniform()`` in each call."""

    __name__ = "Uniform"

    def __repr__(self) -> str:
        return "Uniform()"


_NEW_UNIFORM = _NewUniform()


class Request:
    """What a call of ``initialize`` asks for: read once, also where it is about many parameters.

    Parameters
    ----------
    init, ctx, default_init
        As for `Initialization.initialize`.
    """

    def __init__(self, init: Any, ctx: Any, default_init: Any) -> None:
        self._init = init
        self._ctx = ctx
        if default_init is None or default_init is _NEW_UNIFORM:
            default_init = Uniform()
        self._default_init = default_init
        self._ctx_list: list[Context] = []
        self._values: FirstValues | None = None

    def of(self, own_init: Any, name: str) -> FirstValues:
        """Give how one parameter is to get its values, and where.

        Raises
        ------
        AssertionError, TypeError, ValueError, MXNetError
            If an initializer is none, or a context is none or cannot be used.
        """
        init, default_init = self._init, self._default_init
        if init is None:
            init = default_init if own_init is None else own_init
        values = self._values
        if values is None or values.init is not init:
            check_initializer(init, name)
            if not self._ctx_list:
                check_initializer(default_init, name)
                self._ctx_list = contexts.as_context_list(self._ctx, name)
            values = self._values = FirstValues(init, default_init, self._ctx_list)
        return values


class Initialization(Declaration):
    """The part of `Parameter` that makes arrays."""

    def initialize(
        self,
        init: Any = None,
        ctx: Any = None,
        default_init: Any = _NEW_UNIFORM,
        force_reinit: bool = False,
    ) -> None:
        """Make the parameter's arrays, with the same values on all contexts.

        Parameters
        ----------
        init : Initializer, str, dict or callable, optional
            What makes the values. If not given, the parameter's own ``init``; if it has none,
            `default_init`. A callable gets the name and the array.
        ctx : Context or list of Context, optional
            Where; the current context if not given.
        default_init : same as `init`, optional
            The last resort; a new ``Uniform()`` if not given.
        force_reinit : bool, default False
            Whether to make new arrays even if there are some.

        Raises
        ------
        ValueError
            If the shape is not known, and deferred initialization is not allowed.
        AssertionError
            If an initializer is none.
        MXNetError
            If a context cannot be used.

        Warns
        -----
        UserWarning
            If the parameter is initialised already; then it stays as it is.

        Notes
        -----
        If the shape is not known and deferred initialization is allowed, this is remembered, and
        happens as soon as the shape is set. A refused call changes nothing.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2, 2))
        >>> weight.initialize(mx.init.Constant(3), ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.list_ctx()
        [cpu(0), cpu(1)]
        """
        request = Request(init, ctx, default_init)
        commit = self._prepared_initialize(request, force_reinit, initializes_plainly(self))
        if commit is not None:
            commit()

    def _prepared_initialize(
        self, request: Request, force_reinit: bool, plain: bool
    ) -> Callable[[], None] | None:
        """Do all of `initialize` that can fail; what is returned does the rest.

        It is `plain` if no step is replaced: see `initializes_plainly`.
        """
        if self._data is not None and not force_reinit:
            warnings.warn(
                f"Parameter '{self.name}' is already initialized, ignoring. Set "
                "force_reinit=True to re-initialize.",
                UserWarning,
                stacklevel=3,
            )
            return None
        values = request.of(self.init, self.name)
        if shape_rules.is_known(self._shape):
            if plain:
                array = self._first_array(values)
                return self._copied_to(array, values.ctx_list, owned=True, plain=True)
            if is_overridden(self, "_finish_deferred_init"):
                return partial(self._finish_in_own_way, values.deferred)
            return self._prepared_copies(self._first_array(values), values.ctx_list, owned=True)
        if self._allow_deferred_init:
            return partial(self._defer, values.deferred)
        raise UnknownShapeError(
            f"Cannot initialize Parameter '{self.name}' because it has invalid shape: "
            f"{self.shape}. Give all sizes, which are unknown where they are 0 or -1 (and () is a "
            "shape only with numparam.util.np_shape), or construct it with "
            "allow_deferred_init=True and set them later."
        )

    def _defer(self, deferred: tuple[Any, ...]) -> None:
        self._data = None
        self._grad = None
        self._ctx_list = None
        self._deferred_init = deferred

    def _finish_in_own_way(self, deferred: tuple[Any, ...]) -> None:
        """Let a subclass's `_finish_deferred_init` make the arrays."""
        previous = self._deferred_init
        self._deferred_init = deferred
        try:
            self._finish_deferred_init()
        except BaseException:
            self._deferred_init = previous
            raise

    def _values_of(self, deferred: tuple[Any, ...]) -> Any:
        """Make the array that all copies start from."""
        init, ctx_list, default_init, data = deferred
        if data is not None:
            return data if data.dtype == self._array_dtype else data.astype(self._array_dtype)
        return self._first_array(FirstValues(init, default_init, ctx_list))

    def _first_array(self, values: FirstValues) -> Any:
        return values.array(
            self.name,
            self._shape or (),
            self._array_dtype,
            (self._stype, "default" if self.grad_req == "null" else self._grad_stype),
        )

    def _finish_deferred_init(self) -> None:
        """Make the arrays of an initialization that had to wait for the shape.

        Raises
        ------
        UnknownShapeError
            If it is still not known: an AssertionError and a ValueError. The initialization stays
            deferred, as it does when the initializer fails.
        """
        if not self._deferred_init:
            return
        if not shape_rules.is_known(self._shape):
            raise UnknownShapeError(
                f"Cannot initialize Parameter '{self.name}' because its shape {self.shape} is not "
                "known yet. Assign the complete shape to parameter.shape first."
            )
        deferred = self._deferred_init
        self._prepared_copies(self._values_of(deferred), deferred[1])()

    def _init_impl(self, data: Any, ctx_list: Sequence[Context]) -> None:
        """Take copies of an array on some contexts as data, with new gradients."""
        self._copied_to(data, contexts.as_context_list(list(ctx_list), self.name))()

    def _prepared_copies(
        self, data: Any, ctx_list: list[Context], owned: bool = False
    ) -> Callable[[], None]:
        """Make data and gradients for all contexts; what is returned binds them.

        An array that is `owned`, made for this parameter alone, becomes the first copy itself.
        A subclass may take the array in its own way.
        """
        if not is_overridden(self, "_init_impl"):
            return self._copied_to(data, ctx_list, owned)

        def take() -> None:
            self._init_impl(data, ctx_list)
            self._deferred_init = ()

        return take

    def _copied_to(
        self, data: Any, ctx_list: list[Context], owned: bool = False, plain: bool = False
    ) -> Callable[[], None]:
        """Do the work of `_prepared_copies`; where it is `plain`, no step can be replaced."""
        first = ctx_list[0]
        made = (data,) if owned and (data._ctx is first or data._ctx == first) else ()
        try:
            copies = contexts.Placed(made)
            if len(copies) < len(ctx_list):
                copies.extend(transfers.copied(data, ctx) for ctx in ctx_list[len(made) :])
            if plain:
                return Binding((self, copies, self._new_gradients(copies), ctx_list))
            return self._prepared_binding(copies, ctx_list)
        except MXNetError as error:
            raise UnusableContextError(
                f"Parameter '{self.name}' cannot be put on {ctx_list}: {error}"
            ) from error


# Looked up once.
_initialize = Initialization.initialize
_finish_deferred_init = Initialization._finish_deferred_init
_init_impl = Initialization._init_impl
_init_grad = Initialization._init_grad


def initializes_plainly(parameter: Any) -> bool:
    """Tell whether neither a parameter nor its class replaces a step of initializing.

    Parameters
    ----------
    parameter : Parameter
        The parameter.

    Returns
    -------
    bool
        True if `is_overridden` is False for ``initialize`` and the methods that it consists of.
        It is asked of thousands of parameters at a time, and faster.
    """
    try:
        return (
            parameter.initialize.__func__ is _initialize
            and parameter._finish_deferred_init.__func__ is _finish_deferred_init
            and parameter._init_impl.__func__ is _init_impl
            and parameter._init_grad.__func__ is _init_grad
        )
    except AttributeError:  # a function that was put into the parameter
        return False
