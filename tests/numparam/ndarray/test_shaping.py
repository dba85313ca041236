import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import ndarray as nd

pytestmark = pytest.mark.usefixtures("device")


@given(hnp.array_shapes(max_dims=4), st.data())
def test_moveaxis_is_numpys(shape, data):
    axes = st.lists(
        st.integers(-len(shape), len(shape) - 1), unique_by=lambda axis: axis % len(shape)
    )
    source = data.draw(axes)
    target = data.draw(axes.filter(lambda found: len(found) == len(source)))
    host = np.arange(np.prod(shape)).reshape(shape)
    moved = nd.moveaxis(nd.array(host), source, target)
    np.testing.assert_array_equal(moved.asnumpy(), np.moveaxis(host, source, target))


def test_moveaxis_refuses_axes_that_are_not_there():
    array = nd.zeros((2, 3))
    for source, target, words in (
        (2, 0, "outside"),
        ((0, 0), (0, 1), "twice"),
        ((0, 1), 0, "as many"),
    ):
        with pytest.raises(ValueError, match=words):
            nd.moveaxis(array, source, target)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_concatenate_and_split_v2_undo_each_other(lengths):
    parts = [np.full((length, 2), number) for number, length in enumerate(lengths)]
    whole = nd.concatenate([nd.array(part) for part in parts])
    np.testing.assert_array_equal(whole.asnumpy(), np.concatenate(parts))
    again = nd.split_v2(whole, tuple(np.cumsum(lengths)[:-1].tolist()))
    for part, host in zip(again if len(parts) > 1 else [again], parts, strict=True):
        np.testing.assert_array_equal(part.asnumpy(), host)


def test_one_array_is_copied_unless_told_not_to():
    array = nd.ones((2,))
    assert nd.concatenate([array]) is not array
    assert nd.concatenate([array], always_copy=False) is array
    with pytest.raises(AssertionError, match="at least one"):
        nd.concatenate([])


def test_unequal_parts_are_refused():
    with pytest.raises(ValueError, match="equal division"):
        nd.split_v2(nd.zeros((5, 2)), 2)
