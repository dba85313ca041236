"""Under which names arrays are found in files and dictionaries."""

import numpy as np
import pytest

import numparam as mx
from numparam import formats
from numparam.gluon import Parameter, ParameterDict
from numparam.gluon.errors import LoadError


def dictionary(*names):
    parameters = ParameterDict()
    for name in names:
        parameters.get(name, shape=(2,)).initialize("zeros")
    return parameters


def write(path, names):
    records = [formats.DenseRecord(np.full(2, i + 1, np.float32)) for i in range(len(names))]
    formats.write(path, names, records)


def values(parameters):
    return {name: float(p.data().asnumpy()[0]) for name, p in parameters.items()}


def load(parameters, names, way, path, **keywords):
    if way == "file":
        write(path, names)
        parameters.load(path, **keywords)
    else:
        arrays = {name: np.full(2, i + 1, np.float32) for i, name in enumerate(names)}
        parameters.load_dict(arrays, **keywords)


@pytest.fixture(params=["file", "dict"])
def way(request):
    return request.param


@pytest.mark.parametrize(
    ("own", "names", "expected"),
    [
        (("w",), ["arg:w"], {"w": 1}),
        (("w", "m"), ["arg:w", "aux:m"], {"w": 1, "m": 2}),
        (("arg:w",), ["arg:w"], {"arg:w": 1}),
        (("arg:w", "aux:w"), ["aux:w", "arg:w"], {"arg:w": 2, "aux:w": 1}),
        (("arg:w", "w"), ["w", "arg:w"], {"arg:w": 2, "w": 1}),
        (("arg:w", "w"), ["arg:w", "aux:w"], {"arg:w": 1, "w": 2}),
        (("arg:w",), ["arg:arg:w"], {"arg:w": 1}),
    ],
)
def test_names_are_taken_exactly_and_only_then_without_their_kind(
    tmp_path, way, own, names, expected
):
    parameters = dictionary(*own)
    load(parameters, names, way, tmp_path / "p.params")
    assert values(parameters) == expected


@pytest.mark.parametrize("names", [["arg:w", "aux:w"], ["w", "arg:w"], ["aux:w", "w", "arg:w"]])
def test_two_arrays_for_one_parameter_are_refused(tmp_path, way, names):
    parameters = dictionary("w")
    with pytest.raises(LoadError, match="'arg:w'") as refusal:
        load(parameters, names, way, tmp_path / "p.params", ignore_extra=True)
    assert [name for name, _ in refusal.value.mismatched] == ["w"]
    assert f"{len(names)} times" in str(refusal.value)
    assert values(parameters) == {"w": 0}


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    parameters = dictionary("w")
    with pytest.raises(LoadError, match="2 times"):
        parameters.load_dict([("w", np.ones(2)), ("w", np.zeros(2))], cast_dtype=True)


def test_pairs_are_taken_by_their_whole_names():
    parameters = dictionary("arg:w")
    parameters.load_dict([("arg:w", np.float32([3, 3]))])
    assert values(parameters) == {"arg:w": 3}
    with pytest.raises(LoadError):
        dictionary("w").load_dict([("arg:w", np.float32([3, 3]))])


def test_two_unknown_arrays_of_one_name_can_be_ignored(tmp_path, way):
    parameters = dictionary("w")
    load(parameters, ["w", "arg:x", "aux:x"], way, tmp_path / "p.params", ignore_extra=True)
    assert values(parameters) == {"w": 1}


def test_a_prefix_goes_before_the_exact_name_first(tmp_path, way):
    parameters = dictionary("net_arg:w", "net_w")
    load(parameters, ["arg:w", "aux:w"], way, tmp_path / "p.params", restore_prefix="net_")
    assert values(parameters) == {"net_arg:w": 1, "net_w": 2}


def exported(path):
    """Parameters made from a file of an exported model, under the names that it has."""
    write(path, ["arg:w", "aux:m"])
    parameters = ParameterDict()
    for name, array in mx.nd.load(str(path)).items():
        parameters.get(name, shape=array.shape).initialize("zeros")
    return parameters


def test_parameters_with_a_kind_in_their_names_load_the_file_they_were_made_from(tmp_path):
    parameters = exported(tmp_path / "model-0000.params")
    parameters.load(tmp_path / "model-0000.params")
    assert values(parameters) == {"arg:w": 1, "aux:m": 2}


def other_key():
    parameters = ParameterDict()
    weight = Parameter("net_w", shape=(2,))
    parameters.update({"new": weight})
    return parameters


def swapped_keys():
    parameters = ParameterDict()
    parameters.update({"a": Parameter("b", shape=(2,)), "b": Parameter("a", shape=(2,))})
    return parameters


def two_keys_of_one():
    parameters = ParameterDict()
    weight = Parameter("w", shape=(2,))
    parameters.update({"w": weight, "tied": weight})
    return parameters


@pytest.mark.parametrize("make", [other_key, swapped_keys, two_keys_of_one])
def test_what_a_dictionary_saves_it_can_load(tmp_path, make):
    parameters = make()
    parameters.initialize("zeros")
    for number, parameter in enumerate(parameters.values()):
        parameter.set_data(np.full(2, number + 1))
    before = values(parameters)
    parameters.save(tmp_path / "p.params")
    parameters.initialize("zeros", force_reinit=True)
    parameters.load(tmp_path / "p.params")
    assert values(parameters) == before


def test_keys_count_as_names_too(tmp_path):
    parameters = other_key()
    parameters.load_dict({"new": np.float32([4, 4])})
    assert values(parameters) == {"new": 4}
    parameters.save(tmp_path / "p.params", strip_prefix="net_")
    parameters.initialize("zeros", force_reinit=True)
    parameters.load(tmp_path / "p.params", restore_prefix="net_")
    assert values(parameters) == {"new": 4}


def test_messages_show_names_as_the_file_has_them(tmp_path):
    path = tmp_path / "net.params"
    mx.nd.save(path, {"arg:weigth": mx.nd.ones(2), "aux:extra": mx.nd.ones(2)})
    params = mx.gluon.ParameterDict("net_")
    params.get("weight", shape=(2,))
    with pytest.raises(LoadError) as raised:
        params.load(path, restore_prefix="net_")
    message = str(raised.value)
    assert "'weight' (nearest: 'arg:weigth')" in message
    assert "'arg:weigth' (nearest: 'weight')" in message
    assert "'aux:extra'" in message


def test_names_that_cannot_be_printed_are_quoted_wherever_they_are_shown():
    hostile = "\x1b[2J\x07\u202e" * 2
    members = mx.gluon.ParameterDict(hostile)
    members.get("w", shape=(2,))
    texts = [
        repr(members),
        repr(members[hostile + "w"]),
        repr(mx.gluon.Constant(hostile, [1])),
        str(members.summary()),
        members.summary()._repr_html_(),
    ]
    assert all("\\x1b" in text for text in texts)
    assert not any(character in text for text in texts for character in hostile[-2:] + "\x1b")
    assert repr(mx.gluon.Parameter("w")).startswith("Parameter w (shape=")


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda name: mx.nd.ones(2).tostype(name), id="storage type"),
        pytest.param(lambda name: mx.gluon.Parameter("w").initialize(ctx=name), id="context"),
        pytest.param(lambda name: getattr(mx.np, name), id="function"),
        pytest.param(lambda name: mx.init.Load({})(name, mx.nd.ones(2)), id="value"),
        pytest.param(lambda name: mx.init.Mixed(["(" + name], ["zeros"]), id="pattern"),
        pytest.param(lambda name: mx.optimizer.create("sgd", **{name: 1}), id="argument"),
        pytest.param(lambda name: mx.gluon.utils.clip_global_norm([], name), id="bound"),
        pytest.param(lambda name: mx.sym.var("x", **{f"{name}": 1}), id="symbol"),
    ],
)
def test_errors_of_long_names_are_short(call):
    with pytest.raises((ValueError, TypeError, AttributeError, AssertionError)) as caught:
        call("\x1b" * 100_000)
    assert len(str(caught.value)) < 2000
    assert "\x1b" not in str(caught.value)
