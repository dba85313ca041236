import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import ndarray as nd
from numparam.context import cpu
from numparam.types.dtypes import DTYPE_BY_FLAG
from numparam.util import np_shape

pytestmark = pytest.mark.usefixtures("device")

NUMBERS = st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int64, np.bool_])


@given(
    hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)),
    st.integers(2, pickle.HIGHEST_PROTOCOL),
)
def test_pickling_keeps_every_bit(values, protocol):
    array = nd.array(values, cpu(1), values.dtype)
    loaded = pickle.loads(pickle.dumps(array, protocol))
    assert type(loaded) is nd.NDArray
    assert loaded.context == cpu(0)
    assert loaded.asnumpy().tobytes() == values.tobytes()
    assert (loaded.shape, loaded.dtype) == (values.shape, values.dtype.type)
    loaded[...] = 0


@pytest.mark.parametrize("dtype", sorted(dtype.name for dtype in DTYPE_BY_FLAG.values()))
def test_every_dtype_is_pickled(dtype):
    array = nd.array([0, 1], dtype=dtype)
    loaded = pickle.loads(pickle.dumps(array))
    assert loaded._buffer.dtype.name == dtype
    assert loaded.tolist() == [0, 1]


def test_a_pickled_array_is_one_record_of_the_params_format():
    state = nd.array([1]).__getstate__()
    assert list(state) == ["handle"]
    assert type(state["handle"]) is bytearray
    expected = struct.pack("<IiiqiiifI"[:-1], 0xF993FAC9, 0, 1, 1, 1, 0, 0, 1.0)
    assert bytes(state["handle"]) == expected


def test_pickles_cross_the_shape_modes():
    with np_shape(True):
        data = [pickle.dumps(nd.array([1, 2])), pickle.dumps(nd.ones(()))]
    assert [pickle.loads(one).tolist() for one in data] == [[1, 2], 1]
    data = pickle.dumps(nd.array([1, 2]))
    with np_shape(True):
        assert pickle.loads(data).tolist() == [1, 2]


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_pickles_of_mxnet_make_an_array_of_none_and_then_its_state(stype):
    source = nd.array([[0, 0], [1, 2]]).tostype(stype)
    loaded = type(source)(None)
    loaded.__setstate__(source.__getstate__())
    assert loaded.stype == stype
    assert loaded.asnumpy().tolist() == [[0, 0], [1, 2]]


def test_the_state_of_a_sparse_array_is_not_that_of_a_dense_one():
    dense = nd.ones((2, 2))
    with pytest.raises(TypeError, match="sparse"):
        dense.__setstate__(dense.tostype("row_sparse").__getstate__())
    assert dense.tolist() == [[1, 1], [1, 1]]


def test_reprs_show_values_shape_and_context():
    assert repr(nd.array([[1, 2.5]], cpu(1))) == "\n[[1.  2.5]]\n<NDArray 1x2 @cpu(1)>"
    assert repr(nd.array(3)) == "\n3.0\n<NDArray  @cpu(0)>"
    assert str(nd.array([True], dtype="bool")) == "\n[ True]\n<NDArray 1 @cpu(0)>"


def test_the_length_is_the_number_of_rows():
    assert len(nd.zeros((3, 2))) == 3
