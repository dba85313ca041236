import logging

import numpy as np
import pytest

import numparam as mx
from numparam import initializer as init
from numparam import ndarray as nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")


def written(rule, name, shape=(2,), stype="default", **attrs):
    array = nd.full(shape, -7).tostype(stype)
    rule(init.InitDesc(name, attrs), array)
    return array.asnumpy().tolist()


def twos(name, array):
    array[:] = 2


# Mixed


@pytest.mark.parametrize(
    ("name", "patterns", "value"),
    [
        ("fc_weight", [".*bias", ".*"], 3),
        ("fc_weight", ["weight", ".*"], 3),
        ("fc_weight", [".*", ".*weight"], 0),
        ("fc_weight", ["fc", ".*"], 0),
    ],
)
def test_the_first_pattern_that_matches_at_the_beginning_counts(name, patterns, value):
    rule = init.Mixed(patterns, [init.Zero(), init.Constant(3)])
    assert written(rule, name) == [value] * 2


def test_called_directly_suffix_rules_hold():
    assert written(init.Mixed([".*"], [init.Constant(3)]), "bn_gamma") == [1, 1]


def test_names_and_functions_serve_as_initializers():
    rule = init.Mixed(["a", "b", ".*"], ["ones", twos, '["constant", {"value": 3}]'])
    assert [written(rule, f"{letter}_weight")[0] for letter in "abc"] == [1, 2, 3]


def test_no_match_is_a_value_error_that_tells_name_and_patterns():
    with pytest.raises(ValueError, match=r"'fc_weight'.*'bias'"):
        written(init.Mixed(["bias"], [init.Zero()]), "fc_weight")


@pytest.mark.parametrize(
    ("patterns", "rules"),
    [([".*"], []), ([], [init.Zero()]), (["("], [init.Zero()]), ([".*"], [3]), ([".*"], ["x"])],
)
def test_mixed_is_checked_when_made(patterns, rules):
    with pytest.raises(AssertionError):
        init.Mixed(patterns, rules)


# Load


@pytest.fixture
def values():
    return {
        "arg:fc_weight": nd.array([1, 2]),
        "aux:fc_mean": nd.array([3, 4]),
        "plain": nd.array([5, 6]),
    }


def test_prefixes_of_names_do_not_count(values):
    rule = init.Load(values)
    assert sorted(rule.param) == ["fc_mean", "fc_weight", "plain"]
    assert written(rule, "fc_weight") == [1, 2]
    assert written(rule, "fc_mean") == [3, 4]
    assert written(rule, "plain") == [5, 6]
    assert "arg:fc_weight" in values


def test_a_name_with_a_prefix_is_taken_exactly_first():
    rule = init.Load({"arg:w": nd.array([1, 2]), "aux:w": nd.array([3, 4])})
    assert written(rule, "arg:w") == [1, 2]
    assert written(rule, "aux:w") == [3, 4]


@pytest.mark.parametrize("names", [("arg:w", "aux:w"), ("w", "arg:w")])
def test_two_values_of_one_name_are_refused(names, tmp_path):
    values = {name: nd.array([1, 2]) for name in (*names, "arg:other")}
    nd.save(tmp_path / "net.params", values)
    for given in (values, tmp_path / "net.params"):
        rule = init.Load(given)
        assert written(rule, "other") == [1, 2]
        with pytest.raises(MXNetError, match=f"'{names[0]}' and '{names[1]}'"):
            written(rule, "w")


def test_names_in_a_file_may_have_another_encoding(tmp_path):
    path = tmp_path / "net.params"
    nd.save(path, {"重": nd.array([1, 2])})
    path.write_bytes(path.read_bytes().replace("重".encode(), b"\xd6\xd8 "))
    with pytest.raises(MXNetError, match="encoding='gbk'"):
        init.Load(path)
    assert written(init.Load(path, encoding="gbk"), "重 ") == [1, 2]


def test_files_are_read(values, tmp_path):
    path = tmp_path / "net.params"
    nd.save(path, values)
    for given in (path, str(path)):
        assert written(init.Load(given), "fc_weight") == [1, 2]


def test_the_dtype_of_the_parameter_stays():
    array = nd.zeros((2,), dtype="float16")
    init.Load({"w": nd.array([1.5, 2])})(init.InitDesc("w"), array)
    assert array.dtype == np.float16
    assert array.asnumpy().tolist() == [1.5, 2]


@pytest.mark.parametrize("source", ["default", "row_sparse"])
@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_values_of_one_storage_type_fill_arrays_of_another(source, stype):
    rule = init.Load({"w": nd.array([[1, 2], [0, 0]]).tostype(source)})
    array = nd.ones((2, 2)).tostype(stype)
    rule(init.InitDesc("w"), array)
    assert array.asnumpy().tolist() == [[1, 2], [0, 0]]
    if stype == "row_sparse":
        assert array.indices.asnumpy().tolist() == [0, 1]


def test_missing_values_need_a_default(values):
    with pytest.raises(AssertionError, match="'other_weight'"):
        written(init.Load(values), "other_weight")
    rule = init.Load(values, default_init="ones")
    assert written(rule, "other_weight") == [1, 1]
    assert written(rule, "other_bias") == [0, 0]


def test_other_shapes_are_refused_and_nothing_is_written(values):
    array = nd.ones((3,))
    with pytest.raises(MXNetError, match=r"'plain'.*\(3,\).*\(2,\)"):
        init.Load(values)(init.InitDesc("plain"), array)
    assert array.asnumpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("given", [[nd.zeros], 3, None])
def test_arrays_without_names_are_refused(given):
    with pytest.raises(TypeError, match="names"):
        init.Load(given)


def test_files_without_names_or_that_are_not_there_are_refused(tmp_path):
    nd.save(tmp_path / "list.params", [nd.zeros((2,))])
    with pytest.raises(TypeError):
        init.Load(tmp_path / "list.params")
    with pytest.raises((MXNetError, OSError)):
        init.Load(tmp_path / "none.params")


def test_load_logs_where_values_came_from(values, caplog):
    caplog.set_level(logging.INFO)
    rule = init.Load(values, init.One(), verbose=True)
    written(rule, "plain")
    written(rule, "other_weight")
    assert caplog.messages == [
        "Initialized plain by loading",
        "Initialized other_weight by default_init",
    ]


# as_initializer


@pytest.mark.parametrize(
    "given",
    ["ones", '["constant", {"value": 1}]', {"initializer": "one"}, init.One()],
)
def test_initializers_and_their_texts_become_initializers(given):
    made = init.as_initializer(given)
    assert isinstance(made, init.Initializer)
    assert written(made, "a_weight") == [1, 1]


def choose_by_mixed():
    return init.Mixed(["a", ".*"], [init.Constant(2), init.Zero()])


def choose_by_nested():
    return init.Mixed([".*"], [init.Load({}, init.Mixed(["b", ".*"], [init.Zero(), twos]))])


def choose_by_load():
    return init.Load({"a_bias": nd.array([2, 2])})


def choose_by_default_of_load():
    return init.Load({}, init.Constant(2))


def choose_by_function():
    return twos


def choose_by_partial():
    return init.Constant(2)._init_weight


CHOOSERS = [
    pytest.param(choose_by_mixed, id="Mixed"),
    pytest.param(choose_by_nested, id="nested"),
    pytest.param(choose_by_load, id="Load"),
    pytest.param(choose_by_default_of_load, id="default of Load"),
    pytest.param(choose_by_function, id="function"),
    pytest.param(choose_by_partial, id="partial"),
]


@pytest.mark.parametrize("chooser", CHOOSERS)
def test_choosers_apply_whatever_the_end_of_the_name(chooser):
    made = init.as_initializer(chooser())
    assert isinstance(made, init.Initializer)
    assert written(made, "a_bias") == [2, 2]
    assert written(init.Zero(), "a_bias", __init__=made) == [2, 2]


class ByItsOwnCall(init.Initializer):
    def __call__(self, name, array):
        array[:] = len(name)


class ByACallThatAsksTheRules(init.Initializer):
    def __call__(self, name, array):
        super().__call__(name, array)
        array[:] += 1

    def _init_weight(self, name, array):
        array[:] = 6


def in_mixed(rule):
    return init.Mixed([".*"], [rule])


def in_load(rule):
    return init.Load({}, default_init=rule)


@pytest.mark.parametrize("rule", [ByItsOwnCall(), ByACallThatAsksTheRules()])
@pytest.mark.parametrize(
    "choose",
    [in_mixed, in_load],
)
def test_choosers_call_classes_with_a_call_of_their_own(choose, rule):
    params = mx.gluon.ParameterDict("fc_")
    bias = params.get("bias", shape=(1,))
    params.initialize(choose(rule))
    assert bias.data().asscalar() == 7


def test_an_attribute_counts_more_than_a_chooser():
    assert written(init.as_initializer(twos), "a_bias", __init__="ones") == [1, 1]


def test_functions_see_the_description():
    seen = []
    made = init.as_initializer(lambda name, array: seen.append((type(name), str(name))))
    written(made, "a_bias")
    assert seen == [(init.InitDesc, "a_bias")]


@pytest.mark.parametrize("given", [None, 3, init.Zero, "nothing", {"scale": 1}, "["])
def test_everything_else_is_refused(given):
    with pytest.raises(AssertionError):
        init.as_initializer(given)


def test_choosers_have_no_json_form():
    made = init.as_initializer(twos)
    with pytest.raises(ValueError, match="twos"):
        made.dumps()
    assert made == init.as_initializer(twos)
    assert made != init.as_initializer(print)


def test_verbosity_reaches_choosers(caplog):
    caplog.set_level(logging.INFO)
    written(init.as_initializer(twos).set_verbosity(True), "a_bias")
    assert caplog.messages == ["Initialized a_bias as twos: 2.0"]


def test_random_values_come_from_the_generator_of_the_process():
    rule = init.Mixed([".*"], [init.Uniform(1)])
    results = []
    for _ in range(2):
        mx.random.seed(3)
        results.append(written(rule, "a_weight", (20,)))
    assert results[0] == results[1]
    assert written(rule, "a_weight", (20,)) != results[0]


def test_a_file_without_arrays_leaves_everything_to_the_default(tmp_path):
    path = str(tmp_path / "empty.params")
    mx.nd.save(path, {})
    weight = mx.gluon.Parameter("weight", shape=(2,))
    weight.initialize(mx.init.Load(path, default_init="ones"))
    assert weight.data().asnumpy().tolist() == [1, 1]
    with pytest.raises(mx.MXNetError, match="no value for 'weight' among the 0"):
        weight.initialize(mx.init.Load(path), force_reinit=True)


def test_a_file_of_arrays_without_names_is_no_source_of_values(tmp_path):
    path = str(tmp_path / "list.params")
    mx.nd.save(path, [mx.nd.ones((2,))])
    with pytest.raises(TypeError, match="arrays with names"):
        mx.init.Load(path)


def test_load_takes_lists_as_values():
    weight = nd.empty((2, 2))
    init.Load({"weight": [[1, 2], [3, 4]]})("weight", weight)
    assert weight.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(MXNetError, match=r"loaded value \(1, 2\)"):
        init.Load({"weight": [[1, 2]]})("weight", weight)
