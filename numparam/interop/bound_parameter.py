"""The PyTorch parameter whose data and gradient are a numparam parameter's, on one context."""

from __future__ import annotations

from typing import Any, NoReturn

import torch

from numparam.context import Context
from numparam.formats.quoting import quoted
from numparam.gluon.parameter import Parameter
from numparam.gluon.state import State
from numparam.interop.errors import BoundModuleError, UnbindableError
from numparam.interop.gradients import DenseGradient, RowGradient, gradient_on
from numparam.interop.tensors import tensor_on
from numparam.ndarray.ndarray import NDArray

__all__ = ["BoundParameter", "Link", "bound_parameter"]

# PyTorch's own attributes, which the properties below replace.
_GRAD: Any = torch.Tensor.grad
_DATA: Any = torch.Tensor.data


class Link:
    """The arrays of a parameter on one context, found again after each change of its state.

    Parameters
    ----------
    parameter : Parameter
        The parameter, initialized.
    context : Context
        One of its contexts.

    Attributes
    ----------
    data : NDArray
        The array.
    gradient : DenseGradient, RowGradient or None
        The gradient; None where ``grad_req`` is ``'null'``.
    dropped : bool
        Whether PyTorch set the gradient to None, and none came since.
    tensor : torch.Tensor
        A tensor on the array's memory.
    """

    def __init__(self, parameter: Parameter, context: Context) -> None:
        self.parameter = parameter
        self.context = context
        self.dropped = False
        self.gradient: DenseGradient | RowGradient | None = None
        self.data: NDArray = parameter.data(context)
        self.tensor = tensor_on(self.data)
        self._memory = self.data._memory
        self._state: State | None = None
        self.follow()

    @property
    def has_gradient(self) -> bool:
        """Return whether a gradient was written since PyTorch last set it to None."""
        return not self.dropped or bool(self.data._fresh_grad)

    def follow(self) -> None:
        """Find the arrays of the parameter's state.

        Raises
        ------
        BoundModuleError
            If the parameter has another array now.
        """
        state = self.parameter._state
        if state is self._state and self.data._memory is self._memory:
            return
        places = list(state.contexts or ())
        if state.data is None or self.context not in places:
            self._raise_replaced()
        position = places.index(self.context)
        data = state.data[position]
        if data._memory is not self._memory:
            self._raise_replaced()
        if state.gradients is None:
            self.gradient = None
        elif self.gradient is None or self.gradient.array is not state.gradients[position]:
            self.gradient = gradient_on(state.gradients[position], list(state.gradients))
            self.dropped = False
        self.data, self._state = data, state

    def _raise_replaced(self) -> NoReturn:
        raise BoundModuleError(
            f"Parameter '{self.parameter.name}' has another array on {self.context} than the bound "
            "module: it was cast, moved or initialized anew since. Call bind() again"
        )


class BoundParameter(torch.nn.Parameter):
    """A PyTorch parameter that is an array of a numparam parameter.

    Copies and pickles of it are plain parameters.

    Attributes
    ----------
    link : Link
        The numparam parameter, and its context.
    """

    link: Link

    @property
    def grad(self) -> torch.Tensor | None:
        """The gradient: a tensor on the memory of numparam's.

        Assigning a tensor writes its values. After None it is zero, and reads None until a gradient
        comes.
        """
        link = self.link
        link.follow()
        if link.gradient is None:
            return _GRAD.__get__(self)
        return link.gradient.tensor() if link.has_gradient else None

    @grad.setter
    def grad(self, value: torch.Tensor | None) -> None:
        link = self.link
        link.follow()
        if link.gradient is None:
            _GRAD.__set__(self, value)
            return
        if value is None:
            link.gradient.clear()
            link.data._fresh_grad = 0
            link.dropped = True
            return
        if value.shape != self.shape or value.dtype != self.dtype or value.device != self.device:
            raise BoundModuleError(
                f"the gradient of '{link.parameter.name}' takes a tensor of shape "
                f"{tuple(self.shape)}, {self.dtype} on {self.device}, not of "
                f"{tuple(value.shape)}, {value.dtype} on {value.device}"
            )
        with torch.no_grad():
            link.gradient.assign(link.data, value.detach())
        link.dropped = False

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    @property
    def data(self) -> torch.Tensor:
        """A tensor on the same memory; assigning one of the same shape and dtype writes values."""
        return _DATA.__get__(self)

    @data.setter
    def data(self, value: torch.Tensor) -> None:
        own = _DATA.__get__(self)
        if value.shape != own.shape or value.dtype != own.dtype or value.device != own.device:
            self._refuse(
                f"take {value.dtype} of shape {tuple(value.shape)} on {value.device} as its data, "
                f"in place of {own.dtype} of shape {tuple(own.shape)} on {own.device}"
            )
        if value.data_ptr() != own.data_ptr():
            own.copy_(value.detach())

    def share_memory_(self) -> NoReturn:
        """Raise: the memory is numparam's."""
        self._refuse("move to shared memory; numparam's cpu_shared contexts are shared")

    def set_(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Raise: the memory is numparam's."""
        self._refuse("take another tensor's memory")

    def resize_(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Raise: the memory is numparam's."""
        self._refuse("change its size")

    def _refuse(self, what: str) -> NoReturn:
        raise BoundModuleError(
            f"Parameter '{self.link.parameter.name}' is bound to numparam's memory and cannot "
            f"{what}"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.nn.Parameter:
        if id(self) not in memo:
            memo[id(self)] = torch.nn.Parameter(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return torch.nn.Parameter(self.data, self.requires_grad).__reduce_ex__(protocol)


def bound_parameter(
    parameter: Parameter, context: Context, original: torch.nn.Parameter
) -> BoundParameter:
    """Make a PyTorch parameter of a numparam parameter's array on a context.

    Parameters
    ----------
    parameter : Parameter
        Initialized on `context`.
    context : Context
        Where.
    original : torch.nn.Parameter
        Whose place it takes; attributes that were set on it are taken over.

    Raises
    ------
    UnbindableError
        If the memory cannot be shared, or an array of integers has a gradient.
    """
    link = Link(parameter, context)
    tensor = link.tensor
    if tensor.is_floating_point():
        made = BoundParameter(tensor, requires_grad=True)
        made.register_post_accumulate_grad_hook(_take)  # PyTorch wants it to require gradients
        made.requires_grad_(link.gradient is not None)
    elif link.gradient is None:
        made = BoundParameter(tensor, requires_grad=False)
    else:
        raise UnbindableError(
            f"Parameter {quoted(parameter.name)} has dtype {tensor.dtype}, of which PyTorch "
            "computes no gradients; set its grad_req to 'null'"
        )
    made.__dict__.update(vars(original))
    made.link = link
    return made


def _take(parameter: BoundParameter) -> None:
    """Move a gradient that a backward pass has accumulated to numparam's memory."""
    link = parameter.link
    incoming = _GRAD.__get__(parameter)
    link.follow()
    if link.gradient is None:  # it is PyTorch's alone
        return
    _GRAD.__set__(parameter, None)
    if incoming.requires_grad:
        raise BoundModuleError(
            f"backward(create_graph=True) cannot write the gradient of Parameter "
            f"'{link.parameter.name}': numparam's memory has no graph. Use "
            "torch.autograd.grad(..., create_graph=True), which returns the gradients"
        )
    with torch.no_grad():
        link.gradient.take(link.data, incoming)
    link.dropped = False
