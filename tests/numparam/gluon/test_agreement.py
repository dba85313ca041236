import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam.gluon import ParameterDict
from numparam.gluon.errors import ParameterConflictError

INITS = [None, "ones", "zeros", mx.init.Constant(2), mx.init.Constant(2), mx.init.Constant(3)]
WISHES = {
    "shape": st.sampled_from([None, (0, 3), (2, 0), (2, 3), (2, 4), (2,), (-1, 3)]),
    "dtype": st.sampled_from([None, "float32", np.float32, "float16"]),
    "grad_req": st.sampled_from(["write", "add"]),
    "lr_mult": st.sampled_from([1.0, 1, 2.0]),
    "init": st.sampled_from(INITS),
    "stype": st.sampled_from(["default", "row_sparse"]),
    "grad_stype": st.sampled_from(["default", "row_sparse"]),
    "differentiable": st.booleans(),
    "allow_deferred_init": st.booleans(),
}
KEYWORDS = st.fixed_dictionaries({}, optional=WISHES)
FIELDS = (
    "_shape",
    "_dtype",
    "_grad_req",
    "lr_mult",
    "init",
    "_stype",
    "_grad_stype",
    "_differentiable",
    "_allow_deferred_init",
)


def fields(parameter):
    return [getattr(parameter, name) for name in FIELDS]


def agrees(name, stored, wanted):
    """What the law says of one wish, independently of how it is carried out."""
    if wanted is None or name == "allow_deferred_init":
        return True
    if stored is None:
        return True
    if name == "shape":
        return len(stored) == len(wanted) and all(
            a in (0, -1) or b in (0, -1) or a == b for a, b in zip(stored, wanted, strict=True)
        )
    if name == "dtype":
        return np.dtype(stored) == np.dtype(wanted)
    return stored == wanted


@settings(deadline=None)
@given(KEYWORDS, KEYWORDS)
def test_asking_again_gives_the_same_or_refuses_and_changes_nothing(first, second):
    parameters = ParameterDict("net_")
    parameter = parameters.get("w", **first)
    before = fields(parameter)
    stored = {
        name: getattr(parameter, f"_{name}" if hasattr(parameter, f"_{name}") else name)
        for name in second
    }
    if all(agrees(name, stored[name], wanted) for name, wanted in second.items()):
        assert parameters.get("w", **second) is parameter
        after = fields(parameter)
        assert parameters.get("w", **second) is parameter
        assert fields(parameter) == after
    else:
        with pytest.raises(ParameterConflictError, match="net_w") as refusal:
            parameters.get("w", **second)
        assert isinstance(refusal.value, AssertionError)
        assert fields(parameter) == before
    assert list(parameters) == ["net_w"]


@settings(deadline=None)
@given(KEYWORDS, KEYWORDS)
def test_what_is_shared_is_found_or_refused_like_ones_own(first, second):
    parent = ParameterDict("net_")
    parameter = parent.get("w", **first)
    child, twin = ParameterDict("net_", shared=parent), ParameterDict("net_")
    twin.get("w", **first)
    try:
        twin.get("w", **second)
    except ParameterConflictError:
        with pytest.raises(ParameterConflictError):
            child.get("w", **second)
        assert "net_w" not in child
    else:
        assert child.get("w", **second) is parameter is child["net_w"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=6))
def test_update_is_a_union_or_changes_nothing(names):
    pool = {}
    first, second = ParameterDict(), ParameterDict()
    for owner, name in names:
        target = first if owner == "a" else second
        if name not in target:
            known = pool.setdefault(name, target.get(name, shape=(1,)))
            target._params[name] = known
    before = dict(first.items())
    first.update(second)
    assert dict(first.items()) == {**before, **dict(second.items())}
    stranger = ParameterDict()
    stranger.get("new", shape=(1,))
    if len(first):
        stranger.get(next(iter(first)), shape=(1,))
        state = list(first.items())
        with pytest.raises(AssertionError, match=next(iter(first))):
            first.update(stranger)
        assert list(first.items()) == state


@pytest.mark.parametrize("member", [None, 3, "w", mx.nd.zeros((1,))])
def test_only_parameters_are_taken_over(member):
    parameters = ParameterDict()
    with pytest.raises(TypeError, match="'w'"):
        parameters.update({"w": member})
    assert len(parameters) == 0


def test_a_refused_keyword_says_which_there_are():
    parameters = ParameterDict("net_")
    parameters.get("w", shape=(2,))
    with pytest.raises(TypeError, match=r"net_w.*shapes.*grad_stype"):
        parameters.get("w", shapes=(2,))
    assert not hasattr(parameters["net_w"], "shapes")


def test_a_dtype_is_taken_by_a_parameter_that_has_arrays_and_no_dtype(device):
    parameters = ParameterDict()
    parameter = parameters.get("w", shape=(2,), dtype=None)
    parameter.initialize("ones")
    assert parameters.get("w", dtype="float16") is parameter
    assert parameter.dtype == "float16"
    assert parameter.data().dtype is np.float16
