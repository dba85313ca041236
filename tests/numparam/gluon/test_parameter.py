"""Where the classes are, and what they promise to those who read them."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import numparam as mx
from numparam.devices.backend import AllocationError
from numparam.devices.registry import backend_of
from numparam.gluon import Constant, Parameter, ParameterDict, parameter, parameter_dict

FOLDER = Path(inspect.getfile(mx.gluon)).parent


def defined_in(module, cls):
    (node,) = (
        node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    )
    return {member.name for member in node.body if isinstance(member, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("module", "cls"), [(parameter, Parameter), (parameter_dict, ParameterDict)]
)
def test_every_member_of_a_class_is_in_its_file(module, cls):
    assert cls.__mro__ == (cls, object)
    members = {
        name
        for name, member in vars(cls).items()
        if callable(member) or isinstance(member, (property, classmethod, staticmethod))
    }
    assert members <= defined_in(module, cls)
    for name in members:
        member = vars(cls)[name]
        function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
        assert not hasattr(function, "__wrapped__"), name


def test_public_names_are_where_mxnet_has_them():
    assert parameter.ParameterDict is ParameterDict is mx.gluon.ParameterDict
    assert parameter.__all__ == [
        "DeferredInitializationError",
        "Parameter",
        "Constant",
        "ParameterDict",
        "tensor_types",
    ]
    assert Constant.__mro__ == (Constant, Parameter, object)


def imports(path):
    """Modules of this room that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "numparam.gluon":
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("numparam.gluon."):
            found.add(node.module.split(".")[2])
    return found


def test_no_module_imports_one_that_imports_it():
    remaining = {path.stem: imports(path) for path in FOLDER.glob("*.py")}
    del remaining["__init__"]
    while remaining:
        ready = {name for name, needed in remaining.items() if not needed & set(remaining)}
        assert ready, f"these import each other: {sorted(remaining)}"
        for name in ready:
            del remaining[name]


@pytest.mark.parametrize("cls", [Parameter, Constant, ParameterDict])
def test_public_methods_have_a_signature_with_types(cls):
    for name, member in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_"):
            signature = inspect.signature(member)
            assert signature.return_annotation is not inspect.Signature.empty, name
            for argument in list(signature.parameters.values())[1:]:
                assert argument.annotation is not inspect.Parameter.empty, name


def as_numpy(weight):
    np.asarray(weight)


def as_capsule(weight):
    np.from_dlpack(weight)


def as_jax_array(weight):
    weight.__jax_array__()


def as_values(weight):
    mx.gluon.Parameter("other", shape=(2,)).set_data(weight)


@pytest.mark.parametrize("use", [as_numpy, as_capsule, as_jax_array, as_values])
def test_a_parameter_that_is_taken_for_an_array_says_what_to_pass(use):
    weight = Parameter("weight", shape=(2,))
    weight.initialize()
    with pytest.raises(TypeError, match=r"'weight'.*data\(ctx\)"):
        use(weight)


def test_a_deferred_parameter_says_what_it_waits_for_and_how_to_go_on():
    weight = Parameter("weight", shape=(0, 3), allow_deferred_init=True)
    weight.initialize("ones")
    with pytest.raises(mx.gluon.DeferredInitializationError, match=r"\(0, 3\) is not known"):
        weight.data()
    with pytest.raises(ValueError, match=r"not known.*parameter\.shape"):
        weight.finish_deferred_init()
    weight.shape = (2, 3)
    with pytest.raises(
        mx.gluon.DeferredInitializationError, match=r"is \(2, 3\) now.*finish_deferred_init\(\)"
    ):
        weight.data()
    weight.finish_deferred_init()
    assert weight.data().asnumpy().tolist() == [[1, 1, 1]] * 2
    data = weight.data()
    weight.finish_deferred_init()
    assert weight.data() is data


def initialize_twice(weight, parameters):
    weight.initialize()


def initialize_all_twice(weight, parameters):
    parameters.initialize()


def unfreeze(weight, parameters):
    parameters["constant"].grad_req = "write"


def unfreeze_all(weight, parameters):
    parameters.setattr("grad_req", "write")


@pytest.mark.parametrize("call", [initialize_twice, initialize_all_twice, unfreeze, unfreeze_all])
def test_a_warning_points_at_the_caller(call):
    parameters = ParameterDict()
    weight = parameters.get("weight", shape=(2,))
    parameters.get_constant("constant", [1.0])
    parameters.initialize()
    with pytest.warns(UserWarning, match="already initialized|does not support") as caught:
        call(weight, parameters)
    assert {warning.filename for warning in caught} == {__file__}


def rename(weight):
    weight.name = "other"


def change_lr_mult(weight):
    weight.lr_mult = 2.0


def change_wd_mult(weight):
    weight.wd_mult = 2.0


def change_init(weight):
    weight.init = "zeros"


def change_shape(weight):
    weight.shape = (2, 3)


def change_dtype(weight):
    weight.dtype = "float16"


@pytest.mark.parametrize(
    ("change", "attribute", "value"),
    [
        (rename, None, "other"),
        (change_lr_mult, "__lr_mult__", "2.0"),
        (change_wd_mult, "__wd_mult__", "2.0"),
        (change_init, "__init__", "zeros"),
        (change_shape, "__shape__", "(2, 3)"),
        (change_dtype, "__dtype__", "2"),
    ],
)
def test_a_variable_follows_what_it_stands_for(change, attribute, value):
    weight = Parameter("weight", shape=(0, 3))
    before = weight.var()
    assert weight.var() is before
    change(weight)
    after = weight.var()
    assert after is not before
    assert weight.var() is after
    assert (after.name if attribute is None else after.attr(attribute)) == value


@pytest.mark.parametrize(
    "init", [mx.init.Mixed([".*"], ["zeros"]), mx.init.Load({"w": mx.nd.ones((2,))}), print]
)
def test_a_variable_leaves_out_an_initializer_without_text(init):
    variable = Parameter("weight", shape=(2,), init=init).var()
    assert variable.attr("__shape__") == "(2,)"
    assert variable.attr("__init__") is None


def test_a_lack_of_memory_is_a_memory_error_and_changes_nothing(monkeypatch):
    weight = Parameter("weight", shape=(2,))
    weight.initialize("ones")
    backend = backend_of("cpu", 0)

    def full(*arguments):
        raise AllocationError("no memory is left")

    monkeypatch.setattr(backend, "upload", full)
    monkeypatch.setattr(backend, "zeros", full)
    for call in (
        lambda: weight.reset_ctx([mx.cpu(1), mx.cpu(2)]),
        lambda: weight.initialize(mx.init.One(), ctx=[mx.cpu(1), mx.cpu(2)], force_reinit=True),
    ):
        with pytest.raises(MemoryError, match="no memory is left") as refusal:
            call()
        assert isinstance(refusal.value, mx.MXNetError)
    monkeypatch.undo()
    assert weight.list_ctx() == [mx.cpu(0)]
    assert weight.data().asnumpy().tolist() == [1, 1]


def fail_to_cast(self, *arguments, **keywords):
    raise mx.MXNetError("this array cannot be converted")


@pytest.mark.parametrize("value", ["float16", "no dtype"])
def test_a_dtype_is_assigned_to_all_parameters_or_none(value, opaque):
    parameters = ParameterDict()
    for number in range(3):
        parameters.get(f"w{number}", shape=(2,)).initialize("ones", ctx=mx.cpu(number))
    opaque.backends[2].cast.cast = fail_to_cast
    with pytest.raises((mx.MXNetError, TypeError)):
        parameters.setattr("dtype", value)
    for member in parameters.values():
        assert member.dtype is np.float32
        assert member.data().dtype is np.float32


def move_by_iterator(parameters):
    parameters.reset_ctx(map(mx.cpu, [2, 3]))


def initialize_by_iterator(parameters):
    parameters.initialize(ctx=map(mx.cpu, [2, 3]), force_reinit=True)


def load_by_iterator(parameters):
    parameters.reset_ctx([mx.cpu(2), mx.cpu(3)])
    values = {name: np.zeros(2, np.float32) for name in parameters}
    parameters.load_dict(values, ctx=map(mx.cpu, [2, 3]))


@pytest.mark.parametrize("call", [move_by_iterator, initialize_by_iterator, load_by_iterator])
def test_an_iterator_of_contexts_serves_all_parameters(call):
    parameters = ParameterDict()
    for number in range(3):
        parameters.get(f"w{number}", shape=(2,)).initialize()
    call(parameters)
    for member in parameters.values():
        assert member.list_ctx() == [mx.cpu(2), mx.cpu(3)]


def test_parameters_are_no_prefix():
    with pytest.raises(TypeError, match="update"):
        ParameterDict({"a": Parameter("a")})


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda text: Parameter("w", dtype=text), id="dtype"),
        pytest.param(lambda text: Parameter("w", stype=text), id="stype"),
        pytest.param(lambda text: Parameter("w", grad_req=text), id="grad_req"),
        pytest.param(lambda text: mx.Context(text), id="device type"),
        pytest.param(lambda text: mx.Context("cpu", text), id="device id"),
        pytest.param(lambda text: mx.nd.zeros((2,), dtype=text), id="array"),
    ],
)
def test_errors_quote_what_they_got_and_stay_short(call):
    with pytest.raises((ValueError, TypeError, mx.MXNetError)) as caught:
        call("\x1b[31m" + "x" * 1_000_000)
    assert len(str(caught.value)) < 1000
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        pytest.param("data", (), id="data"),
        pytest.param("grad", (), id="grad"),
        pytest.param("list_ctx", (), id="list_ctx"),
        pytest.param("row_sparse_data", (mx.nd.zeros((1,)),), id="row_sparse_data"),
        pytest.param("set_data", (mx.nd.zeros((5,)),), id="set_data"),
        pytest.param("cast", ("nothing",), id="cast"),
        pytest.param("initialize", (), id="initialize"),
    ],
)
def test_errors_quote_names_of_parameters_and_shorten_them(method, arguments):
    weight = Parameter("\x1b[31m" + "w" * 1_000_000, shape=(2, 0))
    with pytest.raises((ValueError, TypeError, RuntimeError, AssertionError)) as caught:
        getattr(weight, method)(*arguments)
    assert "wwww…wwww" in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert "\x1b" not in str(caught.value)


def test_an_initializer_method_that_was_replaced_is_called(monkeypatch):
    for kind in (mx.init.Uniform, mx.init.Zero):
        monkeypatch.setattr(kind, "_init_weight", lambda self, name, array: array.__setitem__(0, 5))
    for init in (mx.init.Uniform(0.25), mx.init.Zero()):
        weight = mx.gluon.Parameter("weight", shape=(2,))
        for _ in range(2):
            weight.initialize(init, force_reinit=True)
            assert weight.data().asnumpy()[0] == 5
