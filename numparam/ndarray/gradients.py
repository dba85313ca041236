"""Gradients of dense arrays: their buffers, and the pass backwards."""

from __future__ import annotations

from typing import Any

__all__ = ["Gradients"]


class Gradients:
    """The part of `NDArray` that has to do with gradients."""

    __slots__ = ()

    def backward(
        self: Any, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True
    ) -> None:
        """Refuse: operations are not recorded. Use `numparam.autograd.accumulate_grad`.

        Parameters
        ----------
        out_grad, retain_graph, train_mode : object
            As in MXNet; not looked at.

        Raises
        ------
        MXNetError
            Always, as MXNet raises for an array that was not computed under ``record``.
        """
        from numparam import autograd

        autograd.backward([self], [out_grad], retain_graph, train_mode)

    def attach_grad(self: Any, grad_req: str = "write", stype: str | None = None) -> None:
        """Give the array a gradient array of zeros.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}, default 'write'
            What happens to incoming gradients.
        stype : str, optional
            The storage type of the gradient; the array's own if not given.

        Raises
        ------
        KeyError
            If there is no such `grad_req`.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.nd.ones((2,))
        >>> weight.attach_grad()
        >>> weight.grad.asnumpy()
        array([0., 0.], dtype=float32)
        """
        if grad_req not in ("write", "add", "null"):
            raise KeyError(f"grad_req must be 'write', 'add' or 'null', not {grad_req!r}")
        from numparam.ndarray.creation import zeros

        stype = stype or self.stype
        if stype == "default" == self.stype:
            grad = self._array_class.from_buffer(
                self._backend.zeros(self.shape, self._buffer.dtype), self._ctx, self._backend
            )
        else:
            grad = zeros(self.shape, ctx=self._ctx, dtype=self.dtype, stype=stype)
        self._mark(grad, grad_req)
