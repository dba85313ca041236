import copy
import json
import logging
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numparam as mx
from numparam import initializer as init
from numparam import ndarray as nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")

ENDS = {
    "weight": 5,
    "bias": 0,
    "gamma": 1,
    "beta": 0,
    "min": 0,
    "max": 1,
    "bias_quantize": 0,
}


def written(rule, desc, shape=(2,), **options):
    array = nd.full(shape, -7, **options)
    rule(desc, array)
    return array.asnumpy()


@pytest.mark.parametrize("rule", [init.Constant(5)])
@pytest.mark.parametrize("prefix", ["", "fc1_", "x", "bias_weight_"])
@pytest.mark.parametrize(("end", "value"), ENDS.items())
def test_the_end_of_the_name_chooses_the_rule(rule, prefix, end, value):
    assert written(rule, init.InitDesc(prefix + end)).tolist() == [value] * 2


@given(st.text().filter(lambda name: not name.endswith((*ENDS, "weight_quantize"))))
def test_other_names_are_refused_and_nothing_is_written(name):
    array = nd.ones((2,))
    with pytest.raises(ValueError, match="no rule"):
        init.Zero()(init.InitDesc(name), array)
    assert array.asnumpy().tolist() == [1, 1]


def test_quantized_weights_are_drawn_one_by_one_from_127_on_both_sides():
    mx.random.seed(3)
    values = written(init.Zero(), init.InitDesc("a_weight_quantize"), (60, 70), dtype="int8")
    assert values.min() == -127
    assert values.max() == 126
    counts = np.bincount(values.ravel().astype(int) + 127, minlength=254)
    assert (counts > 0).sum() == 254


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_suffix_rules_write_sparse_arrays(stype):
    array = nd.zeros((3, 2), stype=stype)
    init.Zero()(init.InitDesc("bn_gamma"), array)
    assert array.asnumpy().tolist() == [[1, 1]] * 3


@pytest.mark.parametrize(
    "attribute",
    [
        "ones",
        '["constant", {"value": 1}]',
        '{"initializer": "one"}',
        {"initializer": "one"},
        init.One(),
    ],
)
@pytest.mark.parametrize("name", ["fc_bias", "fc_weight", "anything"])
def test_the_attribute_counts_more_than_name_and_initializer(attribute, name):
    desc = init.InitDesc(name, {"__init__": attribute})
    assert written(init.Constant(5), desc).tolist() == [1, 1]


def test_the_called_initializer_becomes_the_global_one():
    rule = init.Zero()
    fresh, own = init.InitDesc("a_weight"), init.InitDesc("a_weight", global_init=init.One())
    written(rule, fresh)
    written(rule, own)
    assert fresh.global_init is rule
    assert type(own.global_init) is init.One


@pytest.mark.parametrize("array", [[1, 2], None, np.zeros(2)])
def test_what_is_no_array_is_refused(array):
    with pytest.raises(TypeError, match="fc_weight"):
        init.One()(init.InitDesc("fc_weight"), array)


PLAIN = {
    "fc_weight": 5,
    "fc_bias": 0,
    "bn_gamma": 1,
    "bn_beta": 0,
    "bn_moving_mean": 0,
    "bn_moving_var": 1,
    "bn_moving_inv_var": 0,
    "bn_moving_avg": 0,
    "q_min": 0,
    "q_max": 1,
    "stn_loc_weight": 0,
}


@pytest.mark.parametrize(("name", "value"), PLAIN.items())
def test_plain_text_has_its_own_rules_and_a_warning(name, value):
    with pytest.warns(DeprecationWarning, match="InitDesc") as caught:
        assert written(init.Constant(5), name).tolist() == [value] * 2
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_plain_text_of_transformers_and_upsampling():
    rule = init.Zero()
    assert written(rule, "stn_loc_bias", (6,)).tolist() == [1, 0, 0, 0, 1, 0]
    assert written(rule, "upsampling0", (1, 1, 1, 4)).ravel()[0] == 0.0625
    with pytest.raises(ValueError, match="stn_loc_bias"):
        written(rule, "stn_loc_bias", (5,))
    with pytest.raises(ValueError, match="'w'"):
        written(rule, "w")
    with pytest.raises(TypeError):
        written(rule, 3)


class OnlyBias(init.Initializer):
    def _init_bias(self, name, array):
        array[:] = len(name)


def test_subclasses_override_single_rules():
    assert written(OnlyBias(), init.InitDesc("abc_bias")).tolist() == [8, 8]
    assert written(OnlyBias(), init.InitDesc("abc_beta")).tolist() == [0, 0]
    with pytest.raises(NotImplementedError, match="OnlyBias"):
        written(OnlyBias(), init.InitDesc("abc_weight"))


# Logging


def test_verbosity_logs_what_was_initialized(caplog):
    caplog.set_level(logging.INFO)
    rule = init.Constant(-3)
    written(rule, init.InitDesc("a_weight"))
    assert caplog.messages == []
    assert rule.set_verbosity(True) is rule
    written(rule, init.InitDesc("a_weight"))
    written(rule, init.InitDesc("b", {"__init__": "ones"}))
    assert caplog.messages == ["Initialized a_weight as weight: 3.0", "Initialized b as ones: 1.0"]
    rule.set_verbosity()
    written(rule, init.InitDesc("a_weight"))
    assert len(caplog.messages) == 2


def test_verbosity_takes_another_statistic(caplog):
    caplog.set_level(logging.INFO)
    written(init.One().set_verbosity(True, lambda array: array.shape), init.InitDesc("a_weight"))
    assert caplog.messages == ["Initialized a_weight as weight: (2,)"]


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_the_statistic_counts_all_elements_of_sparse_arrays(caplog, stype):
    caplog.set_level(logging.INFO)
    array = nd.zeros((2, 2), stype=stype)
    rule = init.Constant([[2, 0], [0, 0]]).set_verbosity(True)
    rule(init.InitDesc("a_weight"), array)
    assert caplog.messages == ["Initialized a_weight as weight: 1.0"]


def test_a_verbose_copy_leaves_the_original_silent(caplog):
    caplog.set_level(logging.INFO)
    rule = init.One()
    twin = rule._verbose_copy()
    written(rule, init.InitDesc("a_weight"))
    assert caplog.messages == []
    written(twin, init.InitDesc("a_weight"))
    assert len(caplog.messages) == 1
    assert twin == rule
    own = init.One().set_verbosity(False, lambda array: "mine")._verbose_copy()
    written(own, init.InitDesc("a_weight"))
    assert caplog.messages[1].endswith("mine")


# Text and comparison

EXAMPLES = [
    init.Zero(),
    init.One(),
    init.Constant(2),
    init.Constant([1, 2.5]),
    init.Uniform(0.5),
    init.Normal(2),
    init.Orthogonal(1, "normal"),
    init.Xavier("gaussian", "in", 2.34),
    init.MSRAPrelu("out", 0.1),
    init.Bilinear(),
    init.LSTMBias(2.0),
    init.FusedRNN(init.Uniform(1), 2, 1, "lstm"),
]


@pytest.mark.parametrize("rule", EXAMPLES, ids=repr)
def test_json_pickle_and_copies_give_an_equal_initializer(rule):
    for twin in (
        init.create(rule.dumps()),
        pickle.loads(pickle.dumps(rule)),
        copy.copy(rule),
        copy.deepcopy(rule),
    ):
        assert twin == rule
        assert (twin != rule) is False
        assert twin.dumps() == rule.dumps()


def test_different_initializers_are_not_equal():
    for i, one in enumerate(EXAMPLES):
        for other in EXAMPLES[i + 1 :]:
            assert one != other
    assert init.Zero() != "zeros"
    assert init.Zero() != None  # noqa: E711


@given(
    st.one_of(
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        st.lists(st.lists(st.floats(allow_nan=False, width=32), min_size=2, max_size=2)),
    )
)
def test_constants_of_any_value_read_back(value):
    rule = init.Constant(value)
    assert json.loads(rule.dumps()) == ["constant", {"value": value}]
    assert init.create(rule.dumps()) == rule


def numpy_float():
    return np.float32(1.5)


def numpy_integer():
    return np.int8(3)


def numpy_array():
    return np.array([1.5, 2])


def classic_array():
    return nd.array([[1, 2]])


def tuple_of_numbers():
    return (1, np.float64(2))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (numpy_float, 1.5),
        (numpy_integer, 3),
        (numpy_array, [1.5, 2.0]),
        (classic_array, [[1.0, 2.0]]),
        (tuple_of_numbers, [1, 2.0]),
    ],
)
def test_arrays_and_numbers_of_numpy_have_a_json_form(value, plain):
    assert json.loads(init.Constant(value()).dumps()) == ["constant", {"value": plain}]


def test_constants_of_arrays_compare_by_value():
    def constant(*values):
        return init.Constant(nd.array(values))

    assert constant(1, 2) == constant(1, 2)
    assert constant(1, 2) != constant(1, 3)
    assert constant(1, 2) != constant(1, 2, 3)
    assert constant(1, 2) == init.Constant(np.array([1, 2]))
    assert constant(1) != init.Constant(None)


def test_initializers_are_not_hashable():
    with pytest.raises(TypeError):
        hash(init.Zero())


def test_the_repr_is_short_and_tells_the_arguments():
    assert repr(init.Xavier()) == "Xavier(rnd_type='uniform', factor_type='avg', magnitude=3)"
    assert len(repr(init.Constant(nd.zeros((1000,))))) < 80


def test_errors_of_arguments_are_mxnet_errors_too():
    with pytest.raises(MXNetError):
        init.Xavier(rnd_type="cauchy")
