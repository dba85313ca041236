"""Differentiable functions that users define."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations.invoke import put_on_tape
from numparam.ndarray.operations.operation import Operation
from numparam.recording.errors import FunctionReusedError, GradientArgumentError
from numparam.recording.scopes import is_recording, pause

__all__ = ["Function"]


def _forward(*inputs: np.ndarray) -> np.ndarray:
    raise NotImplementedError("the forward method of a Function computes it")


# What nodes of the tape show as their operation; not a row of the table.
_ROW = Operation("autograd.Function", _forward, inputs=("*inputs",))


class Function:
    """A differentiable function with a user-defined gradient.

    Subclasses define ``forward(*inputs)``, which returns an array or a tuple of arrays, and
    ``backward(*output_grads)``, which returns the gradient of each input, or None for zero. What
    both do with arrays is not recorded. An instance is called once.

    Attributes
    ----------
    saved_tensors : tuple of NDArray
        What `save_for_backward` was given.

    Notes
    -----
    As in MXNet 1.9.1, except that errors raised by `backward` reach the caller as they are, that
    its results are checked, and that ``grad_req='add'`` adds.

    Examples
    --------
    >>> import numparam as mx
    >>> class Clamp(mx.autograd.Function):
    ...     def forward(self, x):
    ...         self.save_for_backward(x)
    ...         return x.clip(0, 1)
    ...     def backward(self, dy):
    ...         (x,) = self.saved_tensors
    ...         return dy * (x < 1)
    >>> x = mx.nd.array([-1, 0.5, 2])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     y = Clamp()(x)
    >>> y.backward()
    >>> x.grad.asnumpy()
    array([1., 1., 0.], dtype=float32)
    """

    def __init__(self) -> None:
        self._used = False
        self.saved_tensors: tuple[NDArray, ...] = ()

    def save_for_backward(self, *args: NDArray) -> None:
        """Keep arrays for `backward`, as `saved_tensors`.

        Parameters
        ----------
        *args : NDArray
            The arrays.

        Examples
        --------
        >>> import numparam as mx
        >>> class Square(mx.autograd.Function):
        ...     def forward(self, x):
        ...         self.save_for_backward(x)
        ...         return x * x
        ...     def backward(self, gradient):
        ...         (x,) = self.saved_tensors
        ...         return 2 * x * gradient
        >>> x = mx.nd.array([1, 3])
        >>> x.attach_grad()
        >>> with mx.autograd.record():
        ...     y = Square()(x)
        >>> y.backward()
        >>> x.grad.asnumpy()
        array([2., 6.], dtype=float32)
        """
        self.saved_tensors = args

    def forward(self, *inputs: NDArray) -> Any:
        """Compute the results.

        Parameters
        ----------
        *inputs : NDArray
            What the function is called with.

        Returns
        -------
        NDArray or tuple of NDArray
            The results.

        Examples
        --------
        >>> import numparam as mx
        >>> class Square(mx.autograd.Function):
        ...     def forward(self, x):
        ...         self.save_for_backward(x)
        ...         return x * x
        ...     def backward(self, gradient):
        ...         (x,) = self.saved_tensors
        ...         return 2 * x * gradient
        >>> x = mx.nd.array([1, 3])
        >>> x.attach_grad()
        >>> with mx.autograd.record():
        ...     y = Square()(x)
        >>> y.asnumpy()
        array([1., 9.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} must define forward")

    def backward(self, *output_grads: NDArray) -> Any:
        """Compute the gradients of the inputs from those of the results.

        Parameters
        ----------
        *output_grads : NDArray
            The gradient of each result.

        Returns
        -------
        NDArray or tuple of NDArray
            The gradient of each input.

        Examples
        --------
        >>> import numparam as mx
        >>> class Square(mx.autograd.Function):
        ...     def forward(self, x):
        ...         self.save_for_backward(x)
        ...         return x * x
        ...     def backward(self, gradient):
        ...         (x,) = self.saved_tensors
        ...         return 2 * x * gradient
        >>> x = mx.nd.array([1, 3])
        >>> x.attach_grad()
        >>> with mx.autograd.record():
        ...     y = Square()(x)
        >>> y.backward()
        >>> x.grad.asnumpy()
        array([2., 6.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} must define backward")

    def __call__(self, *inputs: NDArray) -> Any:
        """Compute the results, and record the call.

        Raises
        ------
        FunctionReusedError
            If the instance was called before: an AssertionError and an MXNetError.
        GradientArgumentError
            If an input or a result is not an array: a TypeError and an MXNetError.
        """
        name = type(self).__name__
        if self._used:
            raise FunctionReusedError(
                f"this {name} was called before; make an instance for each call"
            )
        _check_arrays(inputs, f"an input of {name}")
        self._used = True
        with pause(train_mode=None):
            outputs = self.forward(*inputs)
        results = [outputs] if isinstance(outputs, NDArray) else list(outputs)
        _check_arrays(results, f"a result of {name}.forward")
        if not results or not is_recording() or all(one._marking is None for one in inputs):
            return outputs
        # One that is an input, or was recorded, keeps its own place on the tape.
        results = [one if one._marking is None else one.detach() for one in results]
        results = [
            one.detach() if any(one is given for given in inputs) else one for one in results
        ]
        forms = [one._array_class for one in results]
        shapes = [one.shape for one in inputs]
        settings: Any = np.geterr()

        def pull(cotangents: list[NDArray], needed: tuple[bool, ...]) -> list[NDArray | None]:
            with np.errstate(**settings):  # those of the caller, not of the pass
                found = self.backward(
                    *(one._as_class(form) for one, form in zip(cotangents, forms, strict=True))
                )
            gradients = [found] if found is None or isinstance(found, NDArray) else list(found)
            _check_gradients(gradients, shapes, name)
            return gradients

        put_on_tape(_ROW, inputs, {}, results, pull)
        return results[0] if isinstance(outputs, NDArray) else type(outputs)(results)


def _check_arrays(values: Any, label: str) -> None:
    for value in values:
        if not isinstance(value, NDArray):
            raise GradientArgumentError(
                f"{label} must be an NDArray, not {type(value).__name__}; keep others as "
                "attributes of the instance"
            )


def _check_gradients(gradients: list[Any], shapes: list[tuple[int, ...]], name: str) -> None:
    if len(gradients) != len(shapes):
        raise GradientArgumentError(
            f"{name}.backward returned {len(gradients)} gradients for {len(shapes)} inputs; return "
            "one for each, None for one without"
        )
    for position, (gradient, shape) in enumerate(zip(gradients, shapes, strict=True)):
        if gradient is None:
            continue
        _check_arrays([gradient], f"gradient {position} of {name}.backward")
        if gradient.shape != shape:
            raise GradientArgumentError(
                f"gradient {position} of {name}.backward must have its input's shape {shape}, not "
                f"{gradient.shape}"
            )
