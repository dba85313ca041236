import itertools
import threading
import warnings

import pytest

from numparam import initializer as init
from numparam.initializer.by_name import registry

FRESH = itertools.count()


def fresh_class(base=init.Constant):
    return type(f"Fresh{next(FRESH)}", (base,), {})


@pytest.fixture(autouse=True)
def _same_names_afterwards(monkeypatch):
    monkeypatch.setattr(registry, "_classes", dict(registry._classes))


NAMES = {
    "bilinear": init.Bilinear,
    "constant": init.Constant,
    "fusedrnn": init.FusedRNN,
    "lstmbias": init.LSTMBias,
    "msraprelu": init.MSRAPrelu,
    "normal": init.Normal,
    "one": init.One,
    "ones": init.One,
    "orthogonal": init.Orthogonal,
    "uniform": init.Uniform,
    "xavier": init.Xavier,
    "zero": init.Zero,
    "zeros": init.Zero,
}


def test_the_names_are_those_of_mxnet():
    own = {
        name: klass
        for name, klass in registry._classes.items()
        if klass.__module__.startswith("numparam.")
    }
    assert own == NAMES


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_case_does_not_count(spelling):
    assert type(init.create(spelling("xavier"))) is init.Xavier


@pytest.mark.parametrize(
    "arguments",
    [
        (("uniform", 0.5), {}),
        (("uniform",), {"scale": 0.5}),
        (('["uniform", {"scale": 0.5}]',), {}),
        (('{"initializer": "uniform", "scale": 0.5}',), {}),
        (({"initializer": "uniform", "scale": 0.5},), {}),
        ((), {"initializer": "uniform", "scale": 0.5}),
    ],
)
def test_all_forms_create_the_same(arguments):
    positional, keywords = arguments
    assert init.create(*positional, **keywords) == init.Uniform(0.5)


def test_a_dict_stays_as_it_is():
    described = {"initializer": "uniform", "scale": 0.5}
    init.create(described)
    assert described == {"initializer": "uniform", "scale": 0.5}


def test_an_initializer_is_returned_itself():
    rule = init.Zero()
    assert init.create(rule) is rule


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (("xaver",), ValueError, "xavier"),
        (("",), ValueError, "uniform"),
        ((3,), TypeError, "int"),
        ((None,), TypeError, "NoneType"),
        ((init.Zero,), TypeError, "object of it"),
        ((), TypeError, "name"),
        (({"scale": 1},), TypeError, "name"),
        ((init.Zero(), 1), TypeError, "1"),
        (('["uniform"]',), ValueError, "list of a name"),
        (('["uniform", 3]',), ValueError, "list of a name"),
        (('{"scale": 3}',), ValueError, '"initializer"'),
        (('["uniform", {',), ValueError, "broken JSON"),
        (("[" * 100_000,), ValueError, "nested too deeply"),
        (({"initializer": {"initializer": "zeros"}},), TypeError, "not another dict"),
        (("x" * 100_000,), ValueError, "no initializer is registered"),
    ],
)
def test_refusals_are_assertion_errors_and_say_what_to_do(given, error, words):
    with pytest.raises(error, match=words) as caught:
        init.create(*given)
    assert isinstance(caught.value, AssertionError)
    assert len(str(caught.value)) < 1000


def test_unknown_arguments_are_type_errors():
    with pytest.raises(TypeError):
        init.create("uniform", size=3)
    with pytest.raises(TypeError):
        init.create("constant")


def test_registered_classes_are_created_from_their_json():
    made = init.register(fresh_class())
    assert type(init.create(made(3).dumps())) is made


def test_the_same_class_twice_is_no_conflict():
    made = fresh_class()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert init.register(init.register(made)) is made


def test_another_class_of_the_name_replaces_with_a_warning():
    first, second = fresh_class(), fresh_class()
    init.alias("the_name")(first)
    with pytest.warns(UserWarning, match="the_name") as caught:
        init.alias("THE_NAME")(second)
    assert "test_by_name" in caught[0].message.args[0]
    assert caught[0].filename == __file__
    assert type(init.create("the_name", 1)) is second


def test_the_warning_of_register_points_to_its_caller():
    first, second = fresh_class(), fresh_class()
    init.register(first, "some_name")
    with pytest.warns(UserWarning, match="some_name") as caught:
        init.register(second, "some_name")
    assert caught[0].filename == __file__


@pytest.mark.parametrize("thing", [3, dict, "zeros", init.Zero()])
def test_only_classes_of_initializers_are_registered(thing):
    before = dict(registry._classes)
    with pytest.raises((AssertionError, TypeError), match="Initializer"):
        init.register(thing)
    assert registry._classes == before


def test_threads_register_and_create_at_once():
    errors = []
    barrier = threading.Barrier(8)

    def work(number):
        try:
            barrier.wait()
            for i in range(50):
                made = type(f"Thread{number}N{i}", (init.Constant,), {})
                init.register(made)
                assert type(init.create(made.__name__, 1)) is made
                assert type(init.create("xavier")) is init.Xavier
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(name.startswith("thread") for name in registry._classes) == 400
