import numpy as np
import pytest

import numparam as mx
from numparam import initializer as init
from numparam import ndarray as nd
from numparam.context import cpu
from numparam.types.dtypes import DTYPE_BY_FLAG

pytestmark = pytest.mark.usefixtures("device")

DTYPES = sorted(dtype.name for dtype in DTYPE_BY_FLAG.values())


def written(rule, shape=(2, 3), dtype="float32", name="w_weight", ctx=None):
    array = nd.full(shape, 7, dtype=dtype, ctx=ctx)
    rule(init.InitDesc(name), array)
    return array.asnumpy()


@pytest.mark.parametrize("dtype", DTYPES)
def test_zero_one_and_constants_work_in_every_dtype(dtype):
    assert not written(init.Zero(), dtype=dtype).any()
    assert (written(init.One(), dtype=dtype) == 1).all()
    assert (written(init.Constant(1), dtype=dtype) == 1).all()


def list_of_values():
    return [1, 2, 3]


def tuple_of_values():
    return (1, 2, 3)


def numpy_array():
    return np.array([1.0, 2.0, 3.0])


def integers():
    return np.int64([[1, 2, 3]])


def classic_array():
    return nd.array([1, 2, 3])


def array_elsewhere():
    return nd.array([1, 2, 3], ctx=cpu(1))


def row_sparse_values():
    return nd.array([[1, 2, 3]]).tostype("row_sparse")


@pytest.mark.parametrize(
    "value",
    [
        list_of_values,
        tuple_of_values,
        numpy_array,
        integers,
        classic_array,
        array_elsewhere,
        row_sparse_values,
    ],
)
def test_arrays_stretch_to_the_shape(value):
    assert written(init.Constant(value())).tolist() == [[1, 2, 3]] * 2


def test_constants_of_another_shape_are_refused_and_write_nothing():
    array = nd.full((2, 3), 7)
    with pytest.raises(ValueError, match="2"):
        init.Constant([1, 2])._init_weight("w", array)
    assert (array.asnumpy() == 7).all()


@pytest.mark.parametrize("rule", [init.Zero(), init.One(), init.Constant([1, 0, 2])])
@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_sparse_arrays_get_the_values_of_dense_ones(rule, stype):
    array = nd.zeros((4, 3), stype=stype)
    rule._init_weight("w", array)
    assert array.stype == stype
    assert array.asnumpy().tolist() == written(rule, (4, 3)).tolist()
    if stype == "row_sparse":
        assert array.indices.asnumpy().tolist() == [0, 1, 2, 3]


def test_what_was_stored_before_is_gone():
    array = nd.sparse.row_sparse_array(([[5, 5]], [2]), shape=(4, 2))
    init.Zero()._init_weight("w", array)
    assert array.data.asnumpy().tolist() == [[0, 0]] * 4


def test_writing_goes_into_the_memory_that_is_there():
    array = nd.zeros((2, 2))
    row = array[0]
    init.One()._init_weight("w", array)
    assert row.asnumpy().tolist() == [1, 1]


def test_the_value_is_kept_as_it_was_given():
    value = nd.array([1, 2])
    rule = init.Constant(value)
    rule.dumps()
    assert rule.value is value
    assert rule._kwargs == {"value": value}


def test_constants_stay_the_same_on_every_context():
    assert written(init.Constant(0.1), ctx=cpu(1)).tolist() == written(init.Constant(0.1)).tolist()


def constant_of_an_array():
    return init.Constant(nd.array([1, 2]))


def constant_of_a_numpy_mode_array():
    return init.Constant(mx.np.array([1, 2]))


def constant_of_a_list():
    return init.Constant([1, 2])


def load_of_an_array():
    return init.Load({"w": nd.array([[1, 2], [1, 2]])})


def load_of_a_row_sparse_array():
    return init.Load({"w": nd.array([[1, 2], [1, 2]]).tostype("row_sparse")})


@pytest.mark.parametrize(
    "rule",
    [
        constant_of_an_array,
        constant_of_a_numpy_mode_array,
        constant_of_a_list,
        load_of_an_array,
        load_of_a_row_sparse_array,
    ],
)
def test_arrays_of_both_interfaces_are_written_from_each_other(rule):
    for make in (mx.nd.zeros, mx.np.zeros):
        array = make((2, 2))
        init.as_initializer(rule())._init_weight(init.InitDesc("w"), array)
        assert array.asnumpy().tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize("rule", [init.Uniform(), init.Xavier(), init.Orthogonal(), init.One()])
def test_numpy_arrays_get_the_same_values(rule):
    results = []
    for make in (mx.nd.zeros, mx.np.zeros):
        array = make((3, 2))
        mx.random.seed(1)
        rule(init.InitDesc("w_weight"), array)
        results.append(array.asnumpy().tolist())
    assert results[0] == results[1]


def test_numpy_arrays_without_dimensions_or_elements():
    with mx.util.np_shape(True):
        for shape, rule in (((), init.Uniform()), ((), init.One()), ((0, 2), init.Normal())):
            array = mx.np.zeros(shape)
            rule(init.InitDesc("w_weight"), array)
            rule(init.InitDesc("w_weight_quantize"), array)
            assert array.shape == shape


@pytest.mark.parametrize(
    ("dtype", "value", "stored"),
    [("uint8", -1, 255), ("uint8", 128, 128), ("int8", 127, 127), ("int8", 128, -128)],
)
def test_whole_numbers_beyond_a_dtype_wrap(dtype, value, stored):
    """As in MXNet; those that every dtype holds take a shorter way."""
    array = mx.nd.empty((2,), dtype=dtype)
    mx.init.Constant(value)._init_weight("w", array)
    assert array.asnumpy().tolist() == [stored, stored]
