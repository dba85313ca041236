"""The copy of a PyTorch module for one context, which rejects calls that would unbind it."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import torch

from numparam.devices import epochs
from numparam.formats.quoting import quoted
from numparam.interop.bound_parameter import BoundParameter, Link
from numparam.interop.errors import BoundModuleError, UnbindableError

__all__ = ["Binding", "make_replica"]

_BINDING = "_numparam_binding"


class Binding:
    """The tensors of one copy of a module that are numparam's memory.

    Parameters
    ----------
    parameters : sequence of BoundParameter
        Its parameters, each once.
    buffers : sequence of Link
        Its buffers.
    """

    def __init__(self, parameters: Sequence[BoundParameter], buffers: Sequence[Link]) -> None:
        self._parameters = list(parameters)
        self._links = [parameter.link for parameter in parameters] + list(buffers)
        tensors = [*parameters, *(link.tensor for link in buffers)]
        self._tensors = {id(tensor): tensor for tensor in tensors}
        self._trained = [link.gradient is not None for link in self._links]
        self._epoch = epochs.current()

    def holds(self, tensor: Any) -> bool:
        """Return whether a tensor is one of the bound ones."""
        return id(tensor) in self._tensors

    def check(self) -> None:
        """Follow the parameters: where ``grad_req`` changed, so does ``requires_grad``.

        Raises
        ------
        BoundModuleError
            If a parameter has another array than when it was bound.
        """
        epoch = epochs.current()
        if epoch == self._epoch:
            return
        for link in self._links:
            link.follow()
        trained = [link.gradient is not None for link in self._links]
        for parameter, before, now in zip(self._parameters, self._trained, trained, strict=False):
            if before is not now:
                parameter.requires_grad_(now)
        self._trained, self._epoch = trained, epoch

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        return None  # a copy of a bound module is not bound


class Replica:
    """The methods that a bound module overrides.

    The class of each bound module is made of this one and of the module's own class. Copies and
    pickles are of the latter.
    """

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        binding = self.__dict__.get(_BINDING)
        if binding is not None and not torch.compiler.is_compiling():
            binding.check()
        return super().__call__(*arguments, **keywords)  # type: ignore[misc]

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Any:
        """Convert nothing: the tensors are checked to stay as they are, before any is changed."""
        binding = self.__dict__.get(_BINDING)
        if binding is not None:
            for name, tensor in _named_tensors(self, recurse):
                if binding.holds(tensor):
                    with torch.no_grad():
                        converted = fn(tensor.detach())
                    if not _same_memory(converted, tensor):
                        _refuse(
                            f"{quoted(name)}, {_described(tensor)}, would become "
                            f"{_described(converted)}, in memory of its own. Cast or move the "
                            "parameters (Parameter.cast, reset_ctx), and call bind() again"
                        )
        return super()._apply(fn, recurse=recurse)  # type: ignore[misc]

    def load_state_dict(
        self, state_dict: Any, strict: bool = True, assign: bool = False, **keywords: Any
    ) -> Any:
        """Copy values into the parameters' memory, as PyTorch does."""
        if assign and self.__dict__.get(_BINDING) is not None:
            _refuse("load_state_dict(assign=True) would replace tensors; leave out assign")
        return super().load_state_dict(  # type: ignore[misc]
            state_dict, strict=strict, assign=assign, **keywords
        )

    def share_memory(self) -> Any:
        """Raise: the memory is numparam's."""
        if self.__dict__.get(_BINDING) is not None:
            _refuse("numparam's cpu_shared contexts are shared memory; put the parameters there")
        return super().share_memory()  # type: ignore[misc]

    def __setattr__(self, name: str, value: Any) -> None:
        held = _held(self, name)
        if held is value and held is not None:
            return  # as in `module.weight *= 2`
        if held is None:
            super().__setattr__(name, value)
        elif (
            name in self.__dict__["_buffers"]
            and isinstance(value, torch.Tensor)
            and (value.shape, value.dtype) == (held.shape, held.dtype)
        ):
            with torch.no_grad():
                held.copy_(value)
        else:
            _refuse(_replaced(name))

    def __delattr__(self, name: str) -> None:
        if _held(self, name) is not None:
            _refuse(_replaced(name))
        super().__delattr__(name)

    def register_parameter(self, name: str, param: Any) -> None:
        """Add a parameter that is not bound."""
        if _held(self, name) is not None:
            _refuse(_replaced(name))
        super().register_parameter(name, param)  # type: ignore[misc]

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Add a buffer that is not bound."""
        if _held(self, name) is not None:
            _refuse(_replaced(name))
        super().register_buffer(name, tensor, persistent=persistent)  # type: ignore[misc]

    def __reduce_ex__(self, protocol: Any) -> Any:
        reduced: Any = super().__reduce_ex__(protocol)
        made, arguments, *rest = reduced
        plain = type(self).__mro__[2]
        if made is copyreg.__newobj__:  # type: ignore[attr-defined]  # pickle's own
            # That one makes objects of the pickled object's class only.
            made, arguments = copyreg._reconstructor, (plain, object, None)  # type: ignore[attr-defined]
        if rest and isinstance(rest[0], dict):
            state = {name: value for name, value in rest[0].items() if name != _BINDING}
            rest = [state, *rest[1:]]
        return made, arguments, *rest


def make_replica(module: torch.nn.Module, binding: Binding) -> None:
    """Make a module and its submodules reject calls that would unbind numparam's memory.

    Raises
    ------
    UnbindableError
        If the class of one of them cannot be extended, as that of a scripted module.
    """
    for part in module.modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise UnbindableError(
                f"a scripted module ({part.original_name}) cannot be bound; bind the module that "
                "it was made of"
            )
    for part in list(module.modules()):
        part.__class__ = _replica_class(type(part))
        part.__dict__[_BINDING] = binding


# By the module's own class.
_classes: dict[type, type] = {}


def _replica_class(plain: type) -> type:
    if plain not in _classes:
        contents = {
            "__module__": plain.__module__,
            "__qualname__": plain.__qualname__,
            "__doc__": plain.__doc__,
        }
        _classes[plain] = type(plain)(plain.__name__, (Replica, plain), contents)
    return _classes[plain]


def _held(module: Any, name: str) -> Any:
    """Return the bound tensor that a module has under a name; None if there is none."""
    own = module.__dict__
    binding = own.get(_BINDING)
    if binding is None:
        return None
    tensor = own["_parameters"].get(name)
    if tensor is None:
        tensor = own["_buffers"].get(name)
    return tensor if tensor is not None and binding.holds(tensor) else None


def _named_tensors(module: Any, recurse: bool) -> list[tuple[str, torch.Tensor]]:
    return [*module.named_parameters(recurse=recurse), *module.named_buffers(recurse=recurse)]


def _same_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (one.data_ptr(), one.dtype, one.device, one.shape, one.stride()) == (
        other.data_ptr(),
        other.dtype,
        other.device,
        other.shape,
        other.stride(),
    )


def _described(tensor: torch.Tensor) -> str:
    return f"{tensor.dtype} of shape {tuple(tensor.shape)} on {tensor.device}"


def _replaced(name: str) -> str:
    return (
        f"{quoted(name)} is a numparam parameter's array and cannot be replaced or removed; write "
        f"values into it, or change the module before parameters() and bind()"
    )


def _refuse(reason: str) -> NoReturn:
    raise BoundModuleError(f"the module is bound to numparam's memory: {reason}")
