"""Dictionaries of parameters: by name, made when first asked for, handled all at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any

from numparam.context import Context
from numparam.gluon import parameter, summary, zeroing
from numparam.gluon.checkpoints import Checkpoints
from numparam.gluon.declaration import check_grad_req, checked_dtype
from numparam.gluon.initialization import Request, initializes_plainly
from numparam.gluon.members import Members
from numparam.gluon.overriding import is_overridden
from numparam.initializer import Uniform, as_initializer

__all__ = ["ParameterDict"]


class UnknownAttributeError(AttributeError):
    """No parameter has such an attribute."""


class ParameterDict(Members, Checkpoints):
    """Parameters by name, in the order in which they came.

    Parameters
    ----------
    prefix : str, default ''
        Put before the name in `get` and `get_constant`.
    shared : ParameterDict, optional
        Where those two look for a parameter before they make one.

    Examples
    --------
    >>> import numparam as mx
    >>> parameters = mx.gluon.ParameterDict("net_")
    >>> weight = parameters.get("weight", shape=(2, 3))
    >>> parameters["net_weight"] is weight, len(parameters)
    (True, 1)
    """

    def __init__(self, prefix: str = "", shared: ParameterDict | None = None) -> None:
        super().__init__(prefix, shared)

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def initialize(
        self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False
    ) -> None:
        """Initialise all parameters.

        Parameters
        ----------
        init : Initializer, str, dict, Mixed, Load or callable, optional
            What makes the values of parameters without an initializer of their own; ``Uniform()``
            if not given.
        ctx : Context or list of Context, optional
            Where; the current context if not given.
        verbose : bool, default False
            Whether to log a line for each parameter, in this call.
        force_reinit : bool, default False
            Whether to initialise parameters again that are already.

        Raises
        ------
        ValueError, AssertionError, MXNetError
            As `Parameter.initialize` for the first parameter that cannot be initialised; then none
            was.
        """
        if init is None:
            init = Uniform()
        if verbose:
            init = as_initializer(init)._verbose_copy()
        request = Request(None, ctx, init)
        commits: list[Callable[[], None] | None] = []
        for member in self._params.values():
            plain = initializes_plainly(member)
            if not plain and is_overridden(member, "initialize"):
                commits.append(
                    partial(member.initialize, None, ctx, init, force_reinit=force_reinit)
                )
            else:
                commits.append(member._prepared_initialize(request, force_reinit, plain))
        for commit in commits:
            if commit is not None:
                commit()

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to zero, in place.

        Notes
        -----
        One call into compiled code for each context and dtype, however many parameters there are.
        Sparse gradients come to store nothing. Tied gradients are set once.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.initialize()
        >>> weight.grad()[:] = 5
        >>> parameters.zero_grad()
        >>> weight.grad().asnumpy()
        array([0., 0.], dtype=float32)
        """
        tables = self._zeroing
        if tables is None or not tables.is_valid(self._params):
            tables = self._zeroing = zeroing.GradientTables(self._params, tables)
        tables.zero()

    def list_ctx(self) -> list[Context]:
        """Give all contexts that some parameter is on.

        Returns
        -------
        list of Context
            Each once, in the order of the parameters.

        Raises
        ------
        RuntimeError
            If a parameter is not initialised.
        """
        return list(
            dict.fromkeys(ctx for member in self._params.values() for ctx in member.list_ctx())
        )

    def reset_ctx(self, ctx: Any) -> None:
        """Move all parameters to other contexts.

        Parameters
        ----------
        ctx : Context or list of Context
            Where to; see `Parameter.reset_ctx`.

        Raises
        ------
        ValueError, MXNetError
            If a parameter cannot be moved; then none is.
        """
        commits = [
            partial(member.reset_ctx, ctx)
            if is_overridden(member, "reset_ctx")
            else member._prepared_reset_ctx(ctx)
            for member in self._params.values()
        ]
        for commit in commits:
            commit()

    def setattr(self, name: str, value: Any) -> None:
        """Assign to an attribute of all parameters.

        Parameters
        ----------
        name : str
            Such as ``'grad_req'``, ``'lr_mult'``, ``'wd_mult'`` or ``'dtype'``.
        value : object
            The value.

        Raises
        ------
        AttributeError
            If a parameter has no such attribute; nothing is changed.
        AssertionError, TypeError
            If the value is not possible.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.setattr("lr_mult", 0.1)
        >>> weight.lr_mult
        0.1
        """
        for member in self._params.values():
            if not hasattr(member, name):
                near = difflib.get_close_matches(name, dir(member), 1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise UnknownAttributeError(
                    f"Parameter '{member.name}' has no attribute '{name}'.{hint}"
                )
            if name == "grad_req" and not isinstance(member, parameter.Constant):
                check_grad_req(value, member.name)
            elif name == "dtype":
                checked_dtype(value, member.name)
        for member in self._params.values():
            setattr(member, name, value)

    def summary(self) -> summary.Summary:
        """Describe all parameters in a table.

        Returns
        -------
        Summary
            ``str`` of it is the table, for each parameter: name, shape, dtype, contexts, grad_req,
            storage, bytes of data and gradients on all contexts, state; and the totals.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> _ = parameters.get("weight", shape=(2, 3))
        >>> parameters.initialize()
        >>> parameters.summary().nbytes
        48
        """
        return summary.Summary(self._params.values())
