import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.base import MXNetError
from numparam.symbol.attributes import (
    HIDDEN_KEYS,
    canonical_key,
    read_shape,
    with_short_names,
    write_shape,
)


@pytest.mark.parametrize("key", HIDDEN_KEYS)
def test_hidden_keys_are_kept_with_underscores_and_shown_both_ways(key):
    assert canonical_key(key) == f"__{key}__"
    assert canonical_key(f"__{key}__") == f"__{key}__"
    assert with_short_names({f"__{key}__": "1"}) == {f"__{key}__": "1", key: "1"}


@pytest.mark.parametrize("key", ["weight_lr_mult", "xlr_mult", "_lr_mult", "w_ctx_group"])
def test_attributes_of_other_variables_are_refused(key):
    with pytest.raises(MXNetError, match="another variable"):
        canonical_key(key)


@pytest.mark.parametrize("key", ["lr_mult_x", "dtype", "profiler_scope", "", "x$y"])
def test_other_keys_stay(key):
    assert canonical_key(key) == key
    assert with_short_names({key: "1"}) == {key: "1"}


# What infer_shape_partial of MXNet 1.9.1 reads with NumPy shapes on; "error" where it refuses.
READ = {
    "(2,3)": (2, 3),
    "( 2 , 3 )": (2, 3),
    "[2,3]": (2, 3),
    "2": (2,),
    "(2)": (2,),
    "(2,)": (2,),
    "()": (),
    "[]": (),
    "None": None,
    "(-1,3)": (-1, 3),
    "(2L,3L)": (2, 3),
    "(2,3": "error",
    "(None,2)": "error",
    "(2.0,3)": "error",
    "[ 2 3]": "error",
    "(2,,3)": "error",
    "": "error",
    "x": "error",
}


@pytest.mark.parametrize("text", READ)
def test_shapes_read_as_in_mxnet(text):
    if READ[text] == "error":
        with pytest.raises(MXNetError, match="__shape__"):
            read_shape(text)
    else:
        assert read_shape(text) == READ[text]


@pytest.mark.parametrize("text", ["2,3", "(2]", "(2)3", "((2))"])
def test_shapes_that_mxnet_misreads_are_refused(text):
    with pytest.raises(MXNetError, match="__shape__"):
        read_shape(text)


@given(st.lists(st.integers(-1, 2**62), max_size=5), st.sampled_from([tuple, list]))
def test_written_shapes_read_back(sizes, kind):
    assert write_shape(kind(sizes)) == str(kind(sizes))
    assert read_shape(write_shape(kind(sizes))) == tuple(sizes)


def test_integers_of_numpy_are_written_as_plain_ones():
    assert write_shape((np.int64(2), np.int32(3))) == "(2, 3)"
    assert write_shape(np.int64(4)) == "4"


@pytest.mark.parametrize("wrong", ["(2, 3)", (2.0, 3), (None, 2), 1.5, {2}])
def test_shapes_not_made_of_integers_are_refused(wrong):
    with pytest.raises(TypeError, match="tuple of integers"):
        write_shape(wrong)
