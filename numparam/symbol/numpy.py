"""The symbol class of NumPy mode."""

from __future__ import annotations

from numparam.symbol.symbol import Symbol

__all__ = ["_Symbol"]


class _Symbol(Symbol):
    """A symbol for ``mx.np`` arrays; otherwise the same as :class:`~numparam.symbol.Symbol`.

    Made by :meth:`Symbol.as_np_ndarray`, for instance in ``Parameter.var()`` while NumPy arrays are
    on.
    """

    __slots__ = ()

    def as_np_ndarray(self) -> _Symbol:
        """Return the symbol itself.

        Returns
        -------
        _Symbol
            The same object.
        """
        return self

    def as_nd_ndarray(self) -> Symbol:
        """Give a symbol of the classic kind with the same variables.

        Returns
        -------
        Symbol
            A new object; attributes set on one are seen on the other.
        """
        return Symbol(self._variables)
