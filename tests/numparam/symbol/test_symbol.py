import copy
import pickle

import numpy as np
import pytest

from numparam.base import MXNetError, NotImplementedForSymbol
from numparam.modes.np_mode import np_shape
from numparam.symbol import Group, NoGraphCompilerError, Symbol, var
from numparam.symbol.numpy import _Symbol


@pytest.fixture
def weight():
    return var("w", shape=(2, 3), lr_mult=2, attr={"mood": "calm"})


@pytest.fixture
def group():
    return Group([var("a"), var("b", shape=(2,))])


def test_a_variable_names_itself(weight):
    assert weight.name == "w"
    assert repr(weight) == "<Symbol w>"
    assert weight.list_arguments() == weight.list_outputs() == weight.list_inputs() == ["w"]
    assert weight.list_auxiliary_states() == []
    assert weight.get_children() is None
    assert weight.debug_str() == "Variable:w\n"
    assert len(weight) == 1


def test_a_group_has_no_name(group):
    assert group.name is None
    assert repr(group) == "<Symbol group [a, b]>"
    assert group.list_outputs() == ["a", "b"]
    assert group.attr("__shape__") is None
    assert group.list_attr() == {}
    assert group.attr_dict() == {"b": {"__shape__": "(2,)"}}
    assert group.debug_str() == (
        "Symbol Outputs:\n\toutput[0]=a(0)\n\toutput[1]=b(0)\nVariable:a\nVariable:b\n"
    )


def test_a_variable_that_is_in_a_group_twice_is_one_argument():
    a = var("a")
    twice = Group([a, a])
    assert twice.list_arguments() == ["a"]
    assert twice.list_outputs() == ["a", "a"]
    assert twice.get_internals().list_outputs() == ["a"]
    assert twice.infer_shape(a=(2,)) == ([(2,)], [(2,), (2,)], [])
    assert Group([var("a"), var("a")]).list_arguments() == ["a", "a"]


def test_attributes_have_short_names(weight):
    assert weight.attr("lr_mult") == weight.attr("__lr_mult__") == "2"
    assert weight.attr("mood") == "calm"
    assert weight.attr("absent") is None
    shown = {"__shape__": "(2, 3)", "__lr_mult__": "2", "lr_mult": "2", "mood": "calm"}
    assert weight.list_attr() == shown
    assert weight.attr_dict() == {"w": shown}
    assert var("plain").attr_dict() == {}


def test_listed_attributes_are_copies(weight):
    weight.list_attr()["mood"] = "changed"
    weight.attr_dict()["w"]["mood"] = "changed"
    assert weight.attr("mood") == "calm"


def test_list_attr_recursive_is_gone(weight):
    with pytest.raises(DeprecationWarning, match="attr_dict"):
        weight.list_attr(recursive=True)


def test_set_attr(weight):
    weight._set_attr(mood="angry", wd_mult="3")
    assert (weight.attr("mood"), weight.attr("__wd_mult__")) == ("angry", "3")


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"mood": "angry", "other": 3}, ValueError),
        ({"mood": "angry", "x_lr_mult": "3"}, MXNetError),
    ],
)
def test_a_refused_set_attr_changes_nothing(weight, attributes, error):
    with pytest.raises(error):
        weight._set_attr(**attributes)
    assert weight.attr("mood") == "calm"


def test_set_attr_on_a_group_is_refused(group):
    with pytest.raises(MXNetError, match="one variable at a time"):
        group._set_attr(mood="calm")


def test_outputs_by_position_name_slice_and_iteration(group):
    assert [output.name for output in group] == ["a", "b"]
    assert (group[0].name, group[-1].name, group["b"].name) == ("a", "b", "b")
    assert group[0:2].list_outputs() == ["a", "b"]
    assert group[:1].name == "a"


@pytest.mark.parametrize(
    ("index", "error"),
    [(2, IndexError), (-3, IndexError), ("c", ValueError), (1.0, TypeError), (None, TypeError)],
)
def test_absent_outputs_are_refused(group, index, error):
    with pytest.raises(error):
        group[index]


def test_a_name_that_two_outputs_have_is_refused():
    with pytest.raises(ValueError, match="several outputs"):
        Group([var("a"), var("a")])["a"]


def test_outputs_share_the_variable_and_copies_do_not(group):
    group[1]._set_attr(mood="calm")
    assert group["b"].attr("mood") == "calm"
    for copied in (copy.copy(group), copy.deepcopy(group), pickle.loads(pickle.dumps(group))):
        assert copied.tojson() == group.tojson()
        copied[1]._set_attr(mood="changed")
        assert group[1].attr("mood") == "calm"


def pickled(s):
    return pickle.loads(pickle.dumps(s))


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, pickled])
def test_copies_keep_the_class_and_shared_variables(copier):
    a = var("a")
    twice = copier(Group([a, a]).as_np_ndarray())
    assert type(twice) is _Symbol
    assert twice.list_arguments() == ["a"]
    twice[0]._set_attr(mood="calm")
    assert twice[1].attr("mood") == "calm"


def test_the_numpy_kind_shares_the_variable(weight):
    numpy = weight.as_np_ndarray()
    assert type(numpy) is _Symbol
    assert repr(numpy) == "<_Symbol w>"
    assert type(numpy[0]) is _Symbol
    assert numpy.as_np_ndarray() is numpy
    assert type(numpy.as_nd_ndarray()) is Symbol
    assert weight.as_nd_ndarray() is weight
    numpy._set_attr(mood="angry")
    assert weight.attr("mood") == "angry"
    assert numpy.tojson() == weight.tojson()


# infer_shape_partial of MXNet 1.9.1: (own shape, given shape, classic, with NumPy shapes).
INFERRED = [
    (None, None, (), None),
    (None, (), (), ()),
    (None, (2,), (2,), (2,)),
    (None, (2, 0), (2, 0), (2, 0)),
    (None, (-1, 2), (0, 2), (-1, 2)),
    ((3, 3), (), (3, 3), ()),
    ((3, 3), (2,), (2,), (2,)),
    ((3, 3), (2, 0), (3, 3), (2, 0)),
    ((3, 3), (-1, 2), (3, 3), (3, 3)),
    ((-1, 3), (), (0, 3), ()),
    ((-1, 3), (2, 3), (2, 3), (2, 3)),
    ((-1, 3), (-1, 2), (0, 3), (-1, 3)),
]


@pytest.mark.parametrize(("own", "given", "classic", "numpy"), INFERRED)
def test_shapes_are_inferred_as_in_mxnet(own, given, classic, numpy):
    variable = var("a", shape=own)
    known = {} if given is None else {"a": given}
    assert variable.infer_shape_partial(**known) == ([classic], [classic], [])
    assert variable.infer_shape_partial(given) == ([classic], [classic], [])
    with np_shape():
        assert variable.infer_shape_partial(**known) == ([numpy], [numpy], [])


def test_complete_shapes_and_incomplete_ones(group):
    assert group.infer_shape(a=(3,)) == ([(3,), (2,)], [(3,), (2,)], [])
    with pytest.warns(
        UserWarning, match=r"shape of these arguments is not known.*\n\ta: \(\)"
    ) as w:
        assert group.infer_shape() == (None, None, None)
    assert w[0].filename == __file__
    with np_shape():
        assert var("a", shape=()).infer_shape() == ([()], [()], [])
        assert var("a", shape=(0, 2)).infer_shape() == ([(0, 2)], [(0, 2)], [])


def test_types(group):
    assert var("a", dtype="float16").infer_type() == ([np.float16], [np.float16], [])
    assert var("a", dtype="float16").infer_type(a="float64")[0] == [np.float64]
    assert var("a").infer_type("int8")[0] == [np.int8]
    assert group.infer_type_partial(a="float32") == ([np.float32, None], [np.float32, None], [])
    with pytest.warns(UserWarning, match=r"type of these arguments is not known.*\n\tb: None"):
        assert group.infer_type(a="float32") == (None, None, None)


@pytest.mark.parametrize("method", ["infer_shape", "infer_shape_partial"])
def test_bad_shapes_are_refused(group, method):
    infer = getattr(group, method)
    with pytest.raises(TypeError, match="tuples"):
        infer(a=[2])
    with pytest.raises(MXNetError, match="no argument 'c'"):
        infer(c=(2,))
    with pytest.raises(MXNetError, match="3 shapes were given for 2"):
        infer((1,), (2,), (3,))
    with pytest.raises(ValueError, match="not both"):
        infer((1,), a=(2,))
    with pytest.raises(MXNetError, match="__shape__"):
        getattr(var("a", attr={"__shape__": "x"}), method)()


@pytest.mark.parametrize("method", ["infer_type", "infer_type_partial"])
def test_bad_types_are_refused(group, method):
    infer = getattr(group, method)
    with pytest.raises(TypeError, match="Unsupported dtype 'foo'"):
        infer(a="foo")
    with pytest.raises(MXNetError, match="no argument 'c'"):
        infer(c="int8")
    with pytest.raises(KeyError):
        getattr(var("a", attr={"__dtype__": "99"}), method)()
    with pytest.raises(MXNetError, match="__dtype__"):
        getattr(var("a", attr={"__dtype__": "x"}), method)()


def s_plus_1(s):
    return s + 1


def one_plus_s(s):
    return 1 + s


def s_minus_s(s):
    return s - s


def two_times_s(s):
    return 2 * s


def s_over_2(s):
    return s / 2


def two_power_s(s):
    return 2**s


def s_modulo_2(s):
    return s % 2


def minus_s(s):
    return -s


def abs_s(s):
    return abs(s)


def s_equals_s(s):
    return s == s


def s_differs_from_a(s):
    return s != "a"


def s_below_1(s):
    return s < 1


def s_at_least_1(s):
    return s >= 1


def numpy_array_times_s(s):
    return np.ones(2) * s


def numpy_number_plus_s(s):
    return np.float32(2) + s


def reshape_2(s):
    return s.reshape((2,))


def operator_attribute(s):
    return s.FullyConnected


@pytest.mark.parametrize(
    "operate",
    [
        s_plus_1,
        one_plus_s,
        s_minus_s,
        two_times_s,
        s_over_2,
        two_power_s,
        s_modulo_2,
        minus_s,
        abs_s,
        s_equals_s,
        s_differs_from_a,
        s_below_1,
        s_at_least_1,
        numpy_array_times_s,
        numpy_number_plus_s,
        reshape_2,
        operator_attribute,
    ],
)
@pytest.mark.parametrize("caught_as", [MXNetError, TypeError, AttributeError])
def test_operators_say_that_there_is_no_graph_compiler(weight, operate, caught_as):
    with pytest.raises(caught_as, match="no graph compiler") as caught:
        operate(weight)
    assert isinstance(caught.value, NoGraphCompilerError)


@pytest.mark.parametrize(
    "name", ["asnumpy", "asscalar", "wait_to_read", "copy", "as_in_context", "detach", "backward"]
)
def test_methods_that_need_values_are_not_implemented_for_symbols(weight, name):
    with pytest.raises(NotImplementedForSymbol, match=name):
        getattr(weight, name)()


def test_truth_and_in_place_operators_are_not_implemented_for_symbols(weight):
    with pytest.raises(NotImplementedForSymbol, match="bool"):
        bool(weight)
    with pytest.raises(NotImplementedForSymbol, match="__iadd__"):
        weight += 1


def test_symbols_are_not_hashable(weight):
    with pytest.raises(TypeError, match="unhashable"):
        hash(weight)


def test_hasattr_tells_what_there_is(weight):
    assert hasattr(weight, "tojson")
    assert not hasattr(weight, "reshape")
    assert not hasattr(weight, "__array__")
