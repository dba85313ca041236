import os
import threading

import pytest

import numparam as mx
from numparam.gluon import Constant, Parameter, ParameterDict, parameter_dict
from numparam.gluon.errors import UnknownParameterError
from tests.support.threads import in_new_thread


def pair(**keywords):
    parameters = ParameterDict("net_")
    parameters.get("weight", shape=(2, 2), **keywords)
    parameters.get("bias", shape=(2,), **keywords)
    return parameters


def test_threads_that_ask_for_names_get_one_parameter_each():
    names = [f"w{number}" for number in range(40)]
    for _ in range(5):
        parent = ParameterDict("net_")
        children = [ParameterDict("net_", shared=parent) for _ in range(2)]
        for child in children:
            child._shared = parent
        start = threading.Barrier(8)
        found = []

        def ask(parent=parent, start=start, found=found):
            start.wait()
            found.append([parent.get(name, shape=(2,)) for name in names])

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(
            one is first for many in found for one, first in zip(many, found[0], strict=True)
        )
        assert list(parent) == [f"net_{name}" for name in names]


def test_constants_asked_for_by_threads_are_one():
    parameters = ParameterDict()
    start, found = threading.Barrier(6), []

    def ask():
        start.wait()
        found.append(parameters.get_constant("c", [1, 2]))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_forked_while_threads_ask_for_parameters_works():
    parameters = pair()
    parameters.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    parameters.zero_grad()
    stop = threading.Event()

    def ask():
        number = 0
        while not stop.is_set():
            parameters.get(f"w{number % 50}", shape=(2,))
            number += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            child = os.fork()
            if child == 0:
                good = False
                try:
                    parameters.get("in_child", shape=(2,)).initialize("ones")
                    weight = parameters["net_weight"]
                    weight.grad(mx.cpu(0))[:] = 3
                    parameters.zero_grad()
                    weight.set_data(mx.nd.ones((2, 2)) * 4)
                    good = (
                        not weight.grad(mx.cpu(0)).asnumpy().any()
                        and (weight._reduce().asnumpy() == 4).all()
                    )
                finally:
                    os._exit(0 if good else 1)
            _, status = os.waitpid(child, 0)
            assert status == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert (parameters["net_weight"]._reduce().asnumpy() == 1).all()


def test_length_membership_and_truth():
    parameters = pair()
    assert len(parameters) == 2
    assert "net_bias" in parameters
    assert "bias" not in parameters
    assert bool(ParameterDict())
    assert len(ParameterDict()) == 0


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownParameterError, match="'net_weight'") as refusal:
        pair()["net_wieght"]
    assert isinstance(refusal.value, KeyError)
    assert str(refusal.value).startswith("There is no Parameter")


@pytest.mark.parametrize("there", [False, True])
def test_an_unknown_keyword_is_named_with_the_parameter(there):
    parameters = mx.gluon.ParameterDict("net_")
    if there:
        parameters.get("bias", shape=3)
    with pytest.raises(TypeError, match=r"'net_bias' .*'shpe'.*shape, dtype"):
        parameters.get("bias", shpe=3)
    assert len(parameters) == there


def test_initialize_of_all_changes_nothing_when_one_cannot(device):
    parameters = pair()
    parameters.get("later", shape=(0, 2))
    with pytest.raises(ValueError, match="net_later"):
        parameters.initialize("ones")
    assert all(parameter._data is None for parameter in parameters.values())


def test_reset_ctx_of_all_changes_nothing_when_one_cannot(device):
    parameters = pair()
    parameters["net_weight"].initialize("ones")
    before = parameters["net_weight"].data()
    with pytest.raises(ValueError, match="net_bias"):
        parameters.reset_ctx(mx.cpu(1))
    assert parameters["net_weight"].data() is before


def test_setattr_of_all_changes_nothing_when_the_value_is_impossible(device):
    parameters = pair()
    parameters.get_constant("c", [1.0])
    parameters.initialize()
    with pytest.raises(AttributeError, match="lr_mult"):
        parameters.setattr("lr_mul", 2)
    with pytest.raises(AssertionError, match="bogus"):
        parameters.setattr("grad_req", "bogus")
    with pytest.raises(TypeError, match="complex"):
        parameters.setattr("dtype", "complex64")
    assert {p.grad_req for p in parameters.values() if not isinstance(p, Constant)} == {"write"}
    assert parameters["net_weight"].data().dtype.__name__ == "float32"


def test_list_ctx_names_each_context_once_in_order(device):
    parameters = pair()
    parameters["net_weight"].initialize(ctx=[mx.cpu(2), mx.cpu(0)])
    parameters["net_bias"].initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    assert parameters.list_ctx() == [mx.cpu(2), mx.cpu(0), mx.cpu(1)]


class Own(Parameter):
    """A parameter with its own ways."""

    calls = ()

    def initialize(self, *arguments, **keywords):
        self.calls = (*self.calls, "initialize")
        super().initialize(*arguments, **keywords)

    def reset_ctx(self, ctx):
        self.calls = (*self.calls, "reset_ctx")
        super().reset_ctx(ctx)

    def _load_init(self, *arguments, **keywords):
        self.calls = (*self.calls, "_load_init")
        super()._load_init(*arguments, **keywords)

    def _reduce(self):
        self.calls = (*self.calls, "_reduce")
        return super()._reduce()


def test_methods_that_a_subclass_overrides_are_called(device, tmp_path):
    own = Own("w", shape=(2,))
    parameters = ParameterDict()
    parameters.update({"w": own})
    parameters.initialize("ones")
    parameters.save(tmp_path / "net.params")
    parameters.load(tmp_path / "net.params")
    parameters.reset_ctx(mx.cpu(1))
    assert own.calls == ("initialize", "_reduce", "_load_init", "reset_ctx", "_reduce")


def test_a_constant_with_nan_is_found_again():
    parameters = ParameterDict()
    constant = parameters.get_constant("c", [float("nan"), 1.0])
    assert parameters.get_constant("c", [float("nan"), 1.0]) is constant
    with pytest.raises(AssertionError, match="'c'"):
        parameters.get_constant("c", [float("nan"), 2.0])


@pytest.mark.parametrize("name", [None, 5, b"w", ["w"]])
def test_a_name_that_is_no_string_is_refused(name):
    parameters = ParameterDict("net_")
    for ask in (parameters.get, lambda name: parameters.get_constant(name, 1)):
        with pytest.raises(TypeError, match=r"names? .*must be strings.*'net_'"):
            ask(name)
    with pytest.raises(TypeError, match="must be strings"):
        ParameterDict(name).get("w")
    assert len(parameters) == 0


def test_only_a_dictionary_of_parameters_is_shared():
    with pytest.raises(TypeError, match="shared must be a ParameterDict"):
        ParameterDict("net_", {"net_w": Parameter("net_w")})


@pytest.mark.parametrize("keyword", ["lr_mult", "stype", "differentiable"])
def test_an_array_where_none_belongs_is_a_conflict(keyword):
    parameters = ParameterDict()
    parameters.get("w")
    with pytest.raises(AssertionError, match=f"'w'.*{keyword}"):
        parameters.get("w", **{keyword: mx.nd.ones((2, 3))})


def test_a_method_that_was_replaced_on_parameter_itself_is_called(monkeypatch):
    take, taken = Parameter._init_impl, []

    def noting(self, *arguments):
        taken.append(self.name)
        take(self, *arguments)

    monkeypatch.setattr(Parameter, "_init_impl", noting)
    parameters = ParameterDict()
    parameters.get("w", shape=(2,)).initialize("ones")
    parameters.get("v", shape=(2,))
    parameters.load_dict({"v": mx.nd.ones((2,))}, allow_missing=True)
    assert taken == ["w", "v"]


@pytest.mark.parametrize(
    "step", ["initialize", "_finish_deferred_init", "_init_impl", "_init_grad"]
)
@pytest.mark.parametrize("place", ["class", "subclass", "instance"])
def test_each_step_of_initializing_that_is_replaced_is_called(step, place, monkeypatch):
    original, called = getattr(Parameter, step), []

    def noting(self, *arguments, **keywords):
        called.append(self.name)
        return original(self, *arguments, **keywords)

    cls = type("Own", (Parameter,), {step: noting} if place == "subclass" else {})
    own, others = cls("own", shape=(2,)), [Parameter(name, shape=(2,)) for name in "ab"]
    if place == "instance":
        setattr(own, step, lambda *arguments, **keywords: noting(own, *arguments, **keywords))
    if place == "class":
        monkeypatch.setattr(Parameter, step, noting)
    parameters = ParameterDict()
    parameters.update({"a": others[0], "own": own, "b": others[1]})
    parameters.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    assert sorted(set(called)) == (["a", "b", "own"] if place == "class" else ["own"])
    for member in parameters.values():
        assert [array.asnumpy().tolist() for array in member.list_data()] == [[1, 1], [1, 1]]
        assert [array.asnumpy().tolist() for array in member.list_grad()] == [[0, 0], [0, 0]]


def test_parameters_of_one_call_may_have_initializers_of_their_own():
    parameters = ParameterDict()
    for number, init in enumerate([None, "ones", None, mx.init.Constant(3), "ones", None]):
        parameters.get(f"w{number}", shape=(2,), init=init)
    parameters.initialize(mx.init.Constant(5))
    firsts = [member.data().asnumpy()[0] for member in parameters.values()]
    assert firsts == [5, 1, 5, 3, 1, 5]


@pytest.mark.parametrize(("name", "number"), [("Zero", 0), ("One", 1)])
@pytest.mark.parametrize("place", ["class", "instance"])
def test_what_replaces_the_writing_of_one_number_is_called(name, number, place, monkeypatch):
    def sevens(*arguments):
        arguments[-1][:] = 7

    cls = getattr(mx.init, name)
    rule = cls()
    parameters = ParameterDict()
    weight = parameters.get("w", shape=(2,), dtype="int8")
    parameters.initialize(rule)
    assert weight.data().asnumpy().tolist() == [number, number]
    monkeypatch.setattr(cls if place == "class" else rule, "_init_weight", sevens)
    parameters.initialize(rule, force_reinit=True)
    assert weight.data().asnumpy().tolist() == [7, 7]


@pytest.mark.parametrize("name", ["new", "other"])
def test_a_handler_that_interrupts_get_may_get_too_and_wait_for_one(monkeypatch, name):
    def interrupted(*arguments, **keywords):
        monkeypatch.undo()
        in_handler.append(in_new_thread(lambda: members.get(name, shape=(3,))))
        in_handler.append(members.get(name, shape=(3,)))
        return make(*arguments, **keywords)

    members, in_handler = mx.gluon.ParameterDict(), []
    make = parameter_dict.Parameter
    monkeypatch.setattr(parameter_dict, "Parameter", interrupted)
    made = members.get("new", shape=(3,))
    assert members["new"] is made
    assert in_handler == [members[name]] * 2
