import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam.gluon import Parameter

VALUES = ("write", "add", "null")


@pytest.mark.parametrize("stypes", [("default", "default"), ("default", "row_sparse")])
@given(
    first=st.sampled_from(VALUES),
    steps=st.lists(st.sampled_from((*VALUES, "initialize", "cast", "move")), max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_every_sequence_of_changes_leaves_marks_that_fit(stypes, first, steps):
    parameter = Parameter("w", shape=(3, 2), grad_req=first, stype=stypes[0], grad_stype=stypes[1])
    expected = first
    for step in steps:
        if step in VALUES:
            before, gradients = parameter._data, parameter._grad
            changes = step != expected
            parameter.grad_req = expected = step
            if not changes:
                assert parameter._data is before
                assert parameter._grad is gradients
            elif before is not None and step != "null":
                assert all(new is old for new, old in zip(parameter._data, before, strict=True))
        elif step == "initialize":
            parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)], force_reinit=True)
        elif parameter._data is not None:
            parameter.cast("float64") if step == "cast" else parameter.reset_ctx(
                [mx.cpu(1), mx.cpu(0)]
            )
        check(parameter, expected, stypes[1])


def check(parameter, grad_req, grad_stype):
    assert parameter.grad_req == grad_req
    if parameter._data is None:
        assert parameter._grad is None
        return
    assert (parameter._grad is None) == (grad_req == "null")
    for position, array in enumerate(parameter._data):
        assert (array.asnumpy() == 1).all()
        if grad_req == "null":
            assert array._grad is None
            continue
        gradient = parameter._grad[position]
        assert array._grad is gradient
        assert array._grad_req == grad_req
        assert gradient.stype == grad_stype
        assert (gradient.context, gradient.dtype) == (array.context, array.dtype)
        assert not gradient.asnumpy().any()


@settings(deadline=None)
@given(st.lists(st.sampled_from(VALUES), max_size=4))
def test_what_is_not_differentiable_never_gets_a_gradient(steps):
    parameter = Parameter("w", shape=(2,), differentiable=False)
    parameter.initialize("ones")
    for step in steps:
        parameter.grad_req = step
        assert parameter.grad_req == "null"
        assert parameter._grad is None


@pytest.mark.parametrize("bad", ["bogus", "Write", None, 1, ["write"]])
def test_a_refused_value_changes_nothing(device, bad):
    parameter = Parameter("fc_weight", shape=(2,))
    parameter.initialize("ones")
    gradient = parameter.grad()
    with pytest.raises(AssertionError, match=r"fc_weight.*'write'"):
        parameter.grad_req = bad
    assert parameter.grad_req == "write"
    assert parameter.grad() is gradient


def test_old_handles_keep_their_gradient_after_null(device):
    parameter = Parameter("w", shape=(2,))
    parameter.initialize("ones")
    old = parameter.data()
    parameter.grad_req = "null"
    old[:] = 3
    assert old.grad is not None
    assert parameter.data()._grad is None
    assert (parameter.data().asnumpy() == 3).all()
