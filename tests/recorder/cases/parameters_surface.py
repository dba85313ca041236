"""What the parameter module exports, and how its exceptions are related."""

import importlib
import inspect

import numpy as np
from harness import case, gives, outcome


def signature_of(function):
    """Parameter names with plain defaults; other defaults by their class."""
    plain = (str, int, float, bool, tuple, type(None))
    entries = []
    for name, parameter in inspect.signature(function).parameters.items():
        default = parameter.default
        if default is inspect.Parameter.empty:
            entries.append(name)
        elif isinstance(default, plain):
            entries.append(f"{name}={default!r}")
        else:
            entries.append(f"{name}=<{getattr(default, '__name__', type(default).__name__)}>")
    return entries


@case("1.1 exports")
def exports(mx):
    module = importlib.import_module(f"{mx.__name__}.gluon.parameter")
    return {
        "all": outcome(lambda: list(module.__all__)),
        "attribute of gluon": module is mx.gluon.parameter,
        "same objects in gluon": [
            getattr(mx.gluon, name) is getattr(module, name) for name in module.__all__
        ],
        "Constant is a Parameter": issubclass(module.Constant, module.Parameter),
        "ParameterDict is a dict": issubclass(module.ParameterDict, dict),
        "tensor_types": outcome(lambda: module.tensor_types),
        "a variable is a tensor": isinstance(mx.sym.var("a"), module.tensor_types),
        "an array is a tensor": isinstance(mx.nd.zeros((1,)), module.tensor_types),
        "a list is a tensor": isinstance([1], module.tensor_types),
        "a NumPy array is a tensor": isinstance(np.zeros(1), module.tensor_types),
        "sparse arrays are tensors": [
            isinstance(mx.nd.zeros((2, 2), stype=stype), module.tensor_types)
            for stype in ("row_sparse", "csr")
        ],
        "np.ndarray is an NDArray": issubclass(mx.np.ndarray, mx.nd.NDArray),
    }


@case("1.1 exceptions")
def exceptions(mx):
    deferred = mx.gluon.parameter.DeferredInitializationError
    return {
        "MXNetError is a RuntimeError": issubclass(mx.base.MXNetError, RuntimeError),
        "deferred is an MXNetError": issubclass(deferred, mx.base.MXNetError),
        "names": outcome(lambda: deferred("text")),
        "text": outcome(lambda: str(deferred("text"))),
        "same class from the top": mx.MXNetError is mx.base.MXNetError,
    }


@case("1.2 signatures")
def parameter_signature(mx):
    return {
        "constructor": outcome(lambda: signature_of(mx.gluon.Parameter.__init__)[1:]),
        "initialize": outcome(lambda: signature_of(mx.gluon.Parameter.initialize)[1:]),
        "data": outcome(lambda: signature_of(mx.gluon.Parameter.data)[1:]),
        "grad": outcome(lambda: signature_of(mx.gluon.Parameter.grad)[1:]),
        "set_data": outcome(lambda: signature_of(mx.gluon.Parameter.set_data)[1:]),
        "cast": outcome(lambda: signature_of(mx.gluon.Parameter.cast)[1:]),
        "reset_ctx": outcome(lambda: signature_of(mx.gluon.Parameter.reset_ctx)[1:]),
        "row_sparse_data": outcome(lambda: signature_of(mx.gluon.Parameter.row_sparse_data)[1:]),
        "list_row_sparse_data": outcome(
            lambda: signature_of(mx.gluon.Parameter.list_row_sparse_data)[1:]
        ),
        "_load_init": outcome(lambda: signature_of(mx.gluon.Parameter._load_init)[1:]),
        "Constant": outcome(lambda: signature_of(mx.gluon.Constant.__init__)[1:]),
    }


#: Arguments whose default is an object are spelled by its class; numparam makes it in the call.
UNIFORM_OR_NONE = {"default_init=<Uniform>", "default_init=None", "init=<Uniform>", "init=None"}


@case("1.15 signatures")
def parameter_dict_signature(mx):
    members = ("get_constant", "update", "zero_grad", "reset_ctx", "list_ctx", "setattr", "save")
    return {
        "constructor": outcome(lambda: signature_of(mx.gluon.ParameterDict.__init__)[1:]),
        "initialize": outcome(
            lambda: [
                entry if entry not in UNIFORM_OR_NONE else "init"
                for entry in signature_of(mx.gluon.ParameterDict.initialize)[1:]
            ]
        ),
        "get": outcome(lambda: list(inspect.signature(mx.gluon.ParameterDict.get).parameters)[1:]),
        "load": outcome(lambda: signature_of(mx.gluon.ParameterDict.load)[1:]),
        "load_dict": outcome(lambda: signature_of(mx.gluon.ParameterDict.load_dict)[1:]),
        **{
            name: outcome(lambda name=name: signature_of(getattr(mx.gluon.ParameterDict, name))[1:])
            for name in members
        },
    }


@case("1.2 private members")
def private_members(mx):
    """Members that Gluon-era subclasses, trainers and exporters use."""
    parameter = mx.gluon.Parameter("w", shape=(2, 3))
    constant = mx.gluon.Constant("c", mx.nd.ones((2,)))
    dictionary = mx.gluon.ParameterDict("net_")
    fields = [
        "_var",
        "_data",
        "_grad",
        "_ctx_list",
        "_ctx_map",
        "_trainer",
        "_deferred_init",
        "_differentiable",
        "_allow_deferred_init",
        "_grad_req",
        "_shape",
        "_dtype",
        "_stype",
        "_grad_stype",
    ]
    methods = [
        "_reduce",
        "_load_init",
        "_finish_deferred_init",
        "_init_impl",
        "_init_grad",
        "_check_and_get",
        "_set_trainer",
        "_get_row_sparse",
    ]
    return {
        "fields of a new parameter": outcome(
            lambda: [[name, getattr(parameter, name)] for name in fields]
        ),
        "fields of a new constant": outcome(
            lambda: [[name, getattr(constant, name)] for name in fields]
        ),
        "methods": [name for name in methods if callable(getattr(parameter, name, None))],
        "dictionary": outcome(
            lambda: [
                dictionary._prefix,
                len(dictionary._params),
                dictionary._shared,
                dictionary._get_impl("net_w"),
            ]
        ),
    }


@case(
    "1.5 signatures",
    fix="the shared default initializer is replaced by a new object per call (defect 11)",
    fixed={"default_init is one shared object": gives(False)},
)
def shared_default_initializer(mx):
    def default_of(function, name):
        return inspect.signature(function).parameters[name].default

    return {
        "default_init is one shared object": outcome(
            lambda: isinstance(
                default_of(mx.gluon.Parameter.initialize, "default_init"),
                mx.init.Initializer,
            )
        ),
    }
