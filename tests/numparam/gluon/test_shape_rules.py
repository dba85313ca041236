import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam.gluon.shape_rules import as_shape, filled_in, is_known, merged
from numparam.modes.np_mode import np_shape

SIZES = st.integers(-1, 4)
SHAPES = st.lists(SIZES, min_size=1, max_size=4).map(tuple)
UNKNOWN = (0, -1)


@settings(deadline=None)
@given(SHAPES, SHAPES)
def test_merging_keeps_what_either_side_knows(stored, wanted):
    result = merged(stored, wanted)
    contradict = len(stored) != len(wanted) or any(
        old not in UNKNOWN and new not in UNKNOWN and old != new
        for old, new in zip(stored, wanted, strict=False)
    )
    assert (result is None) == contradict
    if result is not None:
        for old, new, size in zip(stored, wanted, result, strict=True):
            known = {size for size in (old, new) if size not in UNKNOWN}
            assert size == (known.pop() if known else old)


@settings(deadline=None)
@given(SHAPES, SHAPES)
def test_merging_twice_changes_nothing_more(stored, wanted):
    once = merged(stored, wanted)
    if once is not None:
        assert merged(once, wanted) == once
        assert is_known(once) == is_known(merged(wanted, stored))


@settings(deadline=None)
@given(SHAPES, SHAPES)
def test_assignment_fills_unknown_sizes_only(stored, given_shape):
    fits = len(stored) == len(given_shape) and all(
        old in UNKNOWN or old == new for old, new in zip(stored, given_shape, strict=True)
    )
    if fits:
        assert filled_in(stored, given_shape, "w") == given_shape
    else:
        with pytest.raises(AssertionError, match="'w'"):
            filled_in(stored, given_shape, "w")


@settings(deadline=None)
@given(st.lists(st.integers(-9, 9), max_size=4))
def test_sizes_below_minus_one_are_refused(sizes):
    if any(size < -1 for size in sizes):
        with pytest.raises(ValueError, match="negative"):
            as_shape(sizes, "w")
    else:
        assert as_shape(sizes, "w") == tuple(sizes)


@pytest.mark.parametrize("bad", ["ab", 1.5, (1, "a"), (1.5,), object()])
def test_what_is_no_shape_is_refused_with_the_name(bad):
    with pytest.raises(AssertionError, match="fc_weight"):
        as_shape(bad, "fc_weight")


def test_a_scalar_shape_is_known_whatever_the_modes_say():
    assert is_known(())
    with np_shape():
        assert is_known(())
        assert not is_known((0, 2))
