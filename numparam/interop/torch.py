"""PyTorch modules whose weights and gradients are parameters: in the same memory, on each context.

It is imported by ``from numparam.interop import torch``, and needs PyTorch: the extra ``torch``.

Examples
--------
>>> import torch
>>> import numparam as mx
>>> from numparam.interop import torch as nt
>>> net = torch.nn.Linear(3, 2)
>>> params = nt.parameters(net, [mx.cpu(0), mx.cpu(1)])
>>> replicas = nt.bind(net, params)
>>> trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 0.1})
>>> params.zero_grad()
>>> for replica in replicas:
...     replica(torch.ones(4, 3)).sum().backward()
>>> trainer.step(batch_size=8)
>>> torch.equal(replicas[0].bias, replicas[1].bias)
True
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

try:
    import torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ImportError(
        "numparam.interop.torch needs PyTorch: pip install 'numparam[torch]'", name="torch"
    ) from error

from numparam.context import Context, current_context
from numparam.formats.quoting import quoted
from numparam.gluon.parameter import Parameter
from numparam.gluon.parameter_dict import ParameterDict
from numparam.interop.bound_parameter import Link, bound_parameter
from numparam.interop.errors import BoundModuleError, UnbindableError
from numparam.interop.replica import Binding, make_replica
from numparam.interop.tensors import array_of, dtype_of, tensor_on
from numparam.modes.np_mode import np_shape

__all__ = [
    "BoundModuleError",
    "IncompatibleKeys",
    "UnbindableError",
    "bind",
    "load_state_dict",
    "parameters",
    "state_dict",
]


class IncompatibleKeys(NamedTuple):
    """The keys that `load_state_dict` did not find.

    Attributes
    ----------
    missing_keys : list of str
        Names of parameters that are not in the state.
    unexpected_keys : list of str
        Names in the state that no parameter has.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]


def parameters(
    module: torch.nn.Module,
    ctx: Context | list[Context] | None = None,
    *,
    prefix: str = "",
    grad_req: str = "add",
) -> ParameterDict:
    """Make parameters of a module's parameters and buffers, with their values.

    Parameters
    ----------
    module : torch.nn.Module
        The module. It stays as it is.
    ctx : Context or list of Context, optional
        Where; the current context if not given.
    prefix : str, default ''
        Put before the names.
    grad_req : {'add', 'write'}, default 'add'
        For what requires gradients. With ``'add'`` gradients add up until they are zeroed, as in
        PyTorch; with ``'write'`` each backward pass replaces them, as in Gluon.

    Returns
    -------
    ParameterDict
        Names, shapes and dtypes are the module's. What does not require gradients, and buffers but
        those that are not persistent, have ``grad_req='null'``; weights of
        ``torch.nn.Embedding(..., sparse=True)`` and of ``EmbeddingBag`` have
        ``grad_stype='row_sparse'``. A tensor that has several names is one `Parameter` under each.

    Raises
    ------
    UnbindableError
        If a tensor has a dtype that arrays do not have, or no values yet, or no elements.

    Examples
    --------
    >>> import torch
    >>> import numparam as mx
    >>> from numparam.interop import torch as nt
    >>> params = nt.parameters(torch.nn.Linear(3, 2), mx.cpu(0))
    >>> [(name, each.shape, each.grad_req) for name, each in params.items()]
    [('weight', (2, 3), 'add'), ('bias', (2,), 'add')]
    """
    if grad_req not in ("add", "write"):
        raise UnbindableError(
            f"grad_req must be 'add' or 'write', not {grad_req!r}; tensors that do not require "
            "gradients get 'null'"
        )
    named = list(_named_tensors(module))
    by_rows = _trained_by_rows(module)
    made = ParameterDict(prefix)
    owners: dict[int, Parameter] = {}
    # A scalar, such as the number of batches of a normalization, has the shape ().
    with np_shape(True):
        for name, tensor in named:
            _check_has_values(tensor, name)
            if id(tensor) not in owners:
                trained = tensor.requires_grad and isinstance(tensor, torch.nn.Parameter)
                owners[id(tensor)] = made.get(
                    name,
                    shape=tuple(tensor.shape),
                    dtype=dtype_of(tensor, name),
                    grad_req=grad_req if trained else "null",
                    grad_stype="row_sparse" if id(tensor) in by_rows else "default",
                )
            made.update({prefix + name: owners[id(tensor)]})
        values = {prefix + name: array_of(tensor) for name, tensor in named}
        made.load_dict(values, ctx=current_context() if ctx is None else ctx)
    return made


def bind(module: torch.nn.Module, params: ParameterDict) -> list[torch.nn.Module]:
    """Copy a module for each context of parameters, with their arrays as its weights.

    Parameters
    ----------
    module : torch.nn.Module
        The module. It stays as it is.
    params : ParameterDict
        What `parameters` made of it, or others of the same names and shapes, after the dictionary's
        prefix. Those that the module does not have are left alone.

    Returns
    -------
    list of torch.nn.Module
        One for each context, in the order of ``list_ctx()``. Weights, their ``.grad`` and buffers
        are numparam's arrays: each sees what the other writes, and neither copies.

    Raises
    ------
    UnbindableError
        If a parameter is missing, not initialized, of another shape, sparse, or on contexts that
        are not the host's.

    Notes
    -----
    Weights are written in place by numparam, by PyTorch's optimizers and by ``load_state_dict``.
    ``zero_grad(set_to_none=True)`` zeroes numparam's gradients; ``.grad`` reads None until the next
    one. ``requires_grad`` follows ``grad_req`` when that changes. A gradient counts as fresh, so
    that a `Trainer` takes it, once a backward pass or an assignment to ``.grad`` has written it.

    What would part a module from the memory raises `BoundModuleError` and changes nothing: another
    dtype or device (``half()``, ``to``), ``load_state_dict(assign=True)``, replacing a weight, and
    calling the module after its parameters were cast or moved. Copies and pickles are plain
    modules. Threads may run the modules at the same time.

    Examples
    --------
    >>> import torch
    >>> import numparam as mx
    >>> from numparam.interop import torch as nt
    >>> net = torch.nn.Linear(3, 2)
    >>> params = nt.parameters(net, [mx.cpu(0), mx.cpu(1)])
    >>> first, second = nt.bind(net, params)
    >>> params["bias"].data(mx.cpu(1))[:] = 7
    >>> second.bias.detach()
    tensor([7., 7.])
    """
    found = _match(module, params)
    owners = list(dict.fromkeys(found.values()))
    contexts = _common_contexts(owners)
    return [_bound_copy(module, found, context) for context in contexts]


def state_dict(params: ParameterDict, ctx: Context | None = None) -> dict[str, torch.Tensor]:
    """Return parameters as tensors by name, as ``torch.nn.Module.load_state_dict`` takes them.

    Parameters
    ----------
    params : ParameterDict
        The parameters, initialized.
    ctx : Context, optional
        Whose arrays. If not given, the means over the contexts.

    Returns
    -------
    dict of str to torch.Tensor
        Names are without the dictionary's prefix. The tensors of a context share its memory; means
        have memory of their own. Row-sparse parameters are dense tensors, which are copies.

    Examples
    --------
    >>> import torch
    >>> import numparam as mx
    >>> from numparam.interop import torch as nt
    >>> params = nt.parameters(torch.nn.Linear(3, 2), [mx.cpu(0), mx.cpu(1)])
    >>> torch.nn.Linear(3, 2).load_state_dict(nt.state_dict(params))
    <All keys matched successfully>
    """
    tensors: dict[Parameter, torch.Tensor] = {}
    for parameter in dict.fromkeys(params.values()):
        array = (
            parameter._reduce()
            if ctx is None
            else parameter._check_and_get(parameter._settled_data(), ctx)
        )
        if array.stype != "default":
            array = array.tostype("default")
        tensors[parameter] = tensor_on(array)
    return {name: tensors[parameter] for name, parameter in _without_prefix(params).items()}


def load_state_dict(
    params: ParameterDict, state: Mapping[str, Any], strict: bool = True
) -> IncompatibleKeys:
    """Write the tensors of a module's ``state_dict()`` into parameters, on all contexts.

    Parameters
    ----------
    params : ParameterDict
        The parameters; names are compared after the dictionary's prefix.
    state : mapping of str to torch.Tensor
        The tensors. They are converted to the parameters' dtypes.
    strict : bool, default True
        Whether names that only one side has are an error.

    Returns
    -------
    IncompatibleKeys
        Names of parameters without a tensor, and of tensors without a parameter.

    Raises
    ------
    LoadError
        If shapes differ, or with `strict` names: an AssertionError and a ValueError. Nothing is
        changed then. All that do not fit are named.

    Examples
    --------
    >>> import torch
    >>> import numparam as mx
    >>> from numparam.interop import torch as nt
    >>> net = torch.nn.Linear(3, 2)
    >>> params = nt.parameters(net, mx.cpu(0))
    >>> nt.load_state_dict(params, {"bias": torch.ones(2)}, strict=False)
    IncompatibleKeys(missing_keys=['weight'], unexpected_keys=[])
    """
    values = {
        params.prefix + name: array_of(tensor)
        for name, tensor in state.items()
        if isinstance(tensor, torch.Tensor)  # PyTorch keeps modules' extra state there, too
    }
    with np_shape(True):
        params.load_dict(values, allow_missing=not strict, ignore_extra=not strict, cast_dtype=True)
    names = _without_prefix(params)
    return IncompatibleKeys(
        [name for name in names if name not in state],
        [name for name in state if name not in names],
    )


# Names and tensors


def _named_tensors(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield parameters and persistent buffers, under each of their names."""
    for path, part in module.named_modules(remove_duplicate=False):
        beginning = f"{path}." if path else ""
        for name, tensor in part._parameters.items():
            if tensor is not None:
                yield beginning + name, tensor
        for name, tensor in part._buffers.items():
            if tensor is not None and name not in part._non_persistent_buffers_set:
                yield beginning + name, tensor


def _trained_by_rows(module: torch.nn.Module) -> set[int]:
    """Return the ids of the weights for which PyTorch computes sparse gradients."""
    return {
        id(part.weight)
        for part in module.modules()
        if isinstance(part, (torch.nn.Embedding, torch.nn.EmbeddingBag)) and part.sparse
    }


def _check_has_values(tensor: torch.Tensor, name: str) -> None:
    if torch.nn.parameter.is_lazy(tensor):
        raise UnbindableError(
            f"{quoted(name)} has no shape yet; call the module once, on an example, so that it "
            "gets one"
        )
    if tensor.device.type == "meta":
        raise UnbindableError(f"{quoted(name)} is on the meta device and has no values")
    if not tensor.numel():
        raise UnbindableError(
            f"{quoted(name)} has the shape {tuple(tensor.shape)} and so no elements, which "
            "parameters cannot have"
        )


def _without_prefix(params: ParameterDict) -> dict[str, Parameter]:
    prefix = params.prefix
    return {name.removeprefix(prefix): parameter for name, parameter in params.items()}


# Binding


def _match(module: torch.nn.Module, params: ParameterDict) -> dict[int, Parameter]:
    """Return the parameter of each of the module's tensors, by the tensor's id."""
    named = list(_named_tensors(module))
    by_name = _without_prefix(params)
    found = {id(tensor): by_name[name] for name, tensor in named if name in by_name}
    missing = [name for name, tensor in named if id(tensor) not in found]
    if missing:
        raise UnbindableError(
            f"there are no parameters for {', '.join(map(repr, missing))} of the module; "
            "parameters(module, ctx) makes them"
        )
    for name, tensor in named:
        parameter = found[id(tensor)]
        if by_name.get(name, parameter) is not parameter:
            raise UnbindableError(
                f"{quoted(name)} is a tensor of the module that has several names, and the "
                "parameters of these names are different ones; use one parameter under all of them"
            )
        if parameter._stype != "default":
            raise UnbindableError(
                f"Parameter {quoted(parameter.name)} has storage type '{parameter._stype}'; "
                "PyTorch's weights are dense. Use stype='default', with grad_stype='row_sparse'"
            )
        if parameter.shape != tuple(tensor.shape):
            raise UnbindableError(
                f"Parameter {quoted(parameter.name)} has shape {parameter.shape}, and "
                f"{quoted(name)} of the module has {tuple(tensor.shape)}"
            )
    return found


def _common_contexts(owners: list[Parameter]) -> list[Context]:
    contexts: list[Context] | None = None
    for parameter in owners:
        own = parameter.list_ctx()
        if contexts is not None and own != contexts:
            raise UnbindableError(
                f"all parameters must be on the same contexts; Parameter {quoted(parameter.name)} "
                f"is on {own}, those before it are on {contexts}"
            )
        contexts = own
    return contexts or []


def _bound_copy(
    module: torch.nn.Module, found: dict[int, Parameter], context: Context
) -> torch.nn.Module:
    """Copy a module, with arrays of parameters in place of its tensors."""
    memo: dict[int, Any] = {}
    weights, buffers = {}, {}
    for _, tensor in _named_tensors(module):
        key = id(tensor)
        if key in memo:
            continue
        if isinstance(tensor, torch.nn.Parameter):
            memo[key] = weights[key] = bound_parameter(found[key], context, tensor)
        else:
            buffers[key] = Link(found[key], context)
            memo[key] = buffers[key].tensor
    made = copy.deepcopy(module, memo)
    make_replica(made, Binding(list(weights.values()), list(buffers.values())))
    return made
