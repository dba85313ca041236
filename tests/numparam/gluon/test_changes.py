import ml_dtypes
import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Constant, Parameter
from numparam.gluon.errors import NothingToSetError

BOTH = (mx.cpu(0), mx.cpu(1))


def made(value=1, contexts=BOTH, **keywords):
    parameter = Parameter("fc_weight", shape=(3, 2), **keywords)
    parameter.initialize(mx.init.Constant(value), ctx=list(contexts))
    return parameter


def state(parameter):
    """Everything that a refused call must leave as it was."""
    arrays = [*(parameter._data or []), *(parameter._grad or [])]
    return [
        parameter.shape,
        parameter.dtype,
        parameter.grad_req,
        parameter._ctx_list,
        parameter._deferred_init,
        [id(array) for array in arrays],
        [array.asnumpy().tolist() for array in arrays],
    ]


def failing(name, array):
    array[:] = 9
    raise ValueError(f"{name} cannot be made by an initializer that fails")


def refused_another_shape(parameter):
    parameter.set_data(mx.nd.zeros((2, 3)))


def refused_a_list(parameter):
    parameter.set_data([[1, 2]] * 3)


def refused_a_text(parameter):
    parameter.set_data("ones")


def refused_csr(parameter):
    parameter.set_data(mx.nd.ones((3, 2)).tostype("csr"))


def refused_objects(parameter):
    parameter.set_data(np.full((3, 2), "a"))


def refused_unknown_dtype(parameter):
    parameter.cast("foo")


def refused_complex_dtype(parameter):
    parameter.cast("complex64")


def refused_text_as_context(parameter):
    parameter.reset_ctx("cpu")


def refused_no_contexts(parameter):
    parameter.reset_ctx([])


def refused_a_gpu(parameter):
    parameter.reset_ctx([mx.cpu(0), mx.gpu(99)])


def refused_another_rank(parameter):
    parameter.shape = (3, 2, 1)


def refused_a_negative_size(parameter):
    parameter.shape = (3, -2)


def refused_an_unknown_initializer(parameter):
    parameter.initialize("nothing", force_reinit=True)


def refused_an_initializer_that_fails(parameter):
    parameter.initialize(failing, force_reinit=True)


def refused_an_initializer_class(parameter):
    parameter.initialize(mx.init.One, force_reinit=True)


def refused_initialize_on_a_gpu(parameter):
    parameter.initialize(ctx=mx.gpu(99), force_reinit=True)


def refused_load_of_another_shape(parameter):
    parameter._load_init(mx.nd.zeros((3, 1)), None)


def refused_load_of_another_dtype(parameter):
    parameter._load_init(mx.nd.zeros((3, 2), dtype="float64"), None)


def refused_load_elsewhere(parameter):
    parameter._load_init(mx.nd.zeros((3, 2)), mx.cpu(4))


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(refused_another_shape, id="another shape"),
        pytest.param(refused_a_list, id="a list"),
        pytest.param(refused_a_text, id="a text"),
        pytest.param(refused_csr, id="csr"),
        pytest.param(refused_objects, id="objects"),
        pytest.param(refused_unknown_dtype, id="unknown dtype"),
        pytest.param(refused_complex_dtype, id="complex dtype"),
        pytest.param(refused_text_as_context, id="text as context"),
        pytest.param(refused_no_contexts, id="no contexts"),
        pytest.param(refused_a_gpu, id="a gpu"),
        pytest.param(refused_another_rank, id="another rank"),
        pytest.param(refused_a_negative_size, id="a negative size"),
        pytest.param(refused_an_unknown_initializer, id="an unknown initializer"),
        pytest.param(refused_an_initializer_that_fails, id="an initializer that fails"),
        pytest.param(refused_an_initializer_class, id="an initializer class"),
        pytest.param(refused_initialize_on_a_gpu, id="initialize on a gpu"),
        pytest.param(refused_load_of_another_shape, id="load of another shape"),
        pytest.param(refused_load_of_another_dtype, id="load of another dtype"),
        pytest.param(refused_load_elsewhere, id="load elsewhere"),
    ],
)
def test_a_refused_call_names_the_parameter_and_changes_nothing(device, call, stype):
    parameter = made(stype=stype)
    before = state(parameter)
    with pytest.raises((AssertionError, TypeError, ValueError, RuntimeError)) as refusal:
        call(parameter)
    assert state(parameter) == before
    assert "fc_weight" in str(refusal.value)
    assert len(str(refusal.value)) > 40


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_set_data_converts_in_place_on_every_context(device, dtype):
    parameter = made(dtype=dtype)
    arrays = [(array, array._buffer) for array in parameter.list_data()]
    values = np.float64([[1.5, -2.5], [0.1, 3], [4, 5]])
    for source in (values, values.astype(">f4"), np.asfortranarray(values), mx.nd.array(values)):
        parameter.set_data(source)
        expected = np.asarray(source if isinstance(source, np.ndarray) else source.asnumpy())
        expected = expected.astype(expected.dtype.newbyteorder("=")).astype(
            parameter.list_data()[0].asnumpy().dtype
        )
        for array, buffer in arrays:
            assert array._buffer is buffer
            np.testing.assert_array_equal(array.asnumpy(), expected)


def test_set_data_takes_arrays_of_other_libraries(device):
    class Foreign:
        shape = (3, 2)

        def __array__(self, dtype=None, copy=None):
            return np.full((3, 2), 7.0)

    parameter = made()
    parameter.set_data(Foreign())
    assert (parameter.data(mx.cpu(1)).asnumpy() == 7).all()


def test_set_data_before_initialize_is_refused_as_both_types(device):
    parameter = Parameter("fc_weight", shape=(0, 2))
    with pytest.raises(NothingToSetError, match="fc_weight") as refusal:
        parameter.set_data(mx.nd.zeros((3, 2)))
    assert isinstance(refusal.value, AssertionError)
    assert isinstance(refusal.value, RuntimeError)
    assert parameter.shape == (0, 2)


def test_a_row_sparse_parameter_always_stores_all_rows(device):
    parameter = made(stype="row_sparse")
    few = mx.nd.sparse.row_sparse_array(([[8, 9]], [1]), shape=(3, 2))
    for source in (few, few.tostype("default"), few.asnumpy()):
        parameter.initialize(mx.init.Constant(1), ctx=[mx.cpu(0), mx.cpu(1)], force_reinit=True)
        parameter.set_data(source)
        for array in parameter._data:
            assert array.indices.asnumpy().tolist() == [0, 1, 2]
            assert array.asnumpy().tolist() == [[0, 0], [8, 9], [0, 0]]


def test_casts_averages_and_retention_are_called_on_the_device(opaque):
    parameter = made()
    opaque.backends[0].calls.clear()
    parameter._reduce()
    assert "average.mean" in opaque.backends[0].calls
    opaque.backends[1].calls.clear()
    parameter.cast("float16")
    assert opaque.backends[1].calls == ["cast.cast", "cast.cast"]
    table = made(stype="row_sparse")
    few = mx.nd.sparse.row_sparse_array(([[8, 9]], [1]), shape=(3, 2))
    opaque.backends[0].calls.clear()
    table.set_data(few)
    assert "retain.retain" in opaque.backends[0].calls
    opaque.backends[0].calls.clear()
    table._reduce()
    assert "merge.merge" in opaque.backends[0].calls


def test_copies_on_other_devices_are_moved_explicitly_for_the_mean(opaque):
    parameter = made(contexts=(mx.cpu(0), mx.cpu(3)))
    parameter.data(mx.cpu(3))[:] = 4
    assert (parameter._reduce().asnumpy() == 2.5).all()


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_mean_of_equal_copies_is_each_of_them(device, dtype, count):
    parameter = made(contexts=[mx.cpu(i) for i in range(count)], dtype=dtype)
    values = np.float64([[0.1, 1 / 3], [1e-5, 7.7], [3e-39, -0.0]])
    parameter.set_data(values)
    expected = parameter.data(mx.cpu(0)).asnumpy()
    assert parameter._reduce().asnumpy().tobytes() == expected.tobytes()
    parameter.reset_ctx([mx.cpu(1), mx.cpu(0)])
    for array in parameter.list_data():
        assert array.asnumpy().tobytes() == expected.tobytes()


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_a_move_keeps_dtype_and_storage(device, stype):
    parameter = made(stype=stype, dtype="float64", contexts=[mx.cpu(0), mx.cpu(2)])
    parameter.reset_ctx([mx.cpu(1)])
    (array,) = parameter._data
    assert (array.stype, array.dtype, array.context) == (stype, np.float64, mx.cpu(1))
    assert (array.asnumpy() == 1).all()


def test_the_mean_has_memory_of_its_own(device):
    parameter = made(contexts=[mx.cpu(0)])
    average = parameter._reduce()
    average[:] = 5
    assert (parameter.data().asnumpy() == 1).all()


def test_booleans_that_differ_have_no_mean(device):
    parameter = made(dtype="bool")
    parameter.data(mx.cpu(1))[:] = False
    before = state(parameter)
    with pytest.raises(ValueError, match="bool"):
        parameter.reset_ctx(mx.cpu(0))
    assert state(parameter) == before


def test_raw_writes_while_recording_are_refused_where_set_data_works(device):
    parameter = made()
    with mx.autograd.record():
        parameter.set_data(np.zeros((3, 2)))
        parameter.zero_grad()
        parameter._load_init(mx.nd.ones((3, 2)) * 2, None)
        parameter.cast("float64")
        parameter.reset_ctx(mx.cpu(0))
    assert (parameter.data().asnumpy() == 2).all()


def test_values_set_while_deferred_are_cast_with_the_parameter(device):
    parameter = Parameter("w", shape=(0, 2), allow_deferred_init=True)
    parameter.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    parameter.set_data(np.float64([[1, 2]]))
    parameter.cast("float16")
    parameter._finish_deferred_init()
    assert parameter.data(mx.cpu(1)).dtype is np.float16
    assert parameter.data(mx.cpu(1)).asnumpy().tolist() == [[1, 2]]


def test_a_constant_owns_its_value(device):
    source = mx.nd.array([1, 2])
    constant = Constant("c", source)
    source[:] = 9
    constant.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    constant.data(mx.cpu(0))[:] = 5
    assert constant.value.asnumpy().tolist() == [1, 2]
    constant.initialize(ctx=mx.cpu(0), force_reinit=True)
    assert constant.data().asnumpy().tolist() == [1, 2]


@pytest.mark.parametrize("bad", [None, "x", [[1], [2, 3]], [mx.nd.ones((1,))], [1, "a"]])
def test_a_constant_is_made_of_numbers(bad):
    with pytest.raises(TypeError, match="'c'"):
        Constant("c", bad)
    with pytest.raises(TypeError, match="'c'"):
        mx.gluon.ParameterDict().get_constant("c", bad if bad is not None else object())


@pytest.mark.parametrize("dtype", ["complex64", "U1"])
def test_values_that_are_no_numbers_are_refused_by_their_dtype(dtype):
    parameter = made()
    before = state(parameter)
    with pytest.raises(TypeError, match=rf"'fc_weight'.*{np.dtype(dtype)}"):
        parameter.set_data(np.ones((3, 2), dtype))
    assert state(parameter) == before


@pytest.mark.parametrize("way", ["set_data", "load"])
def test_arrays_of_an_undeclared_shape_take_only_their_shape(way):
    parameter = Parameter("w")
    parameter._init_impl(mx.nd.ones((3, 2)), [mx.cpu(0)])
    values = mx.nd.zeros((2,))
    with pytest.raises(AssertionError, match=r"'w'.*\(3, 2\).*\(2,\)"):
        parameter.set_data(values) if way == "set_data" else parameter._load_init(values, None)
    assert parameter.shape is None
    assert parameter.data().asnumpy().tolist() == [[1, 1]] * 3


@pytest.mark.parametrize("way", ["set_data", "load"])
def test_values_of_arrays_of_an_undeclared_shape_declare_it(way):
    parameter = Parameter("w")
    parameter._init_impl(mx.nd.ones((3, 2)), [mx.cpu(0)])
    values = mx.nd.zeros((3, 2))
    parameter.set_data(values) if way == "set_data" else parameter._load_init(values, None)
    assert parameter.shape == (3, 2)
    assert not parameter.data().asnumpy().any()


@pytest.mark.parametrize("stypes", [{"stype": "row_sparse"}, {"grad_stype": "row_sparse"}])
def test_a_scalar_parameter_is_dense(stypes):
    with mx.util.np_shape(True):
        parameter = Parameter("w", shape=(), **stypes)
        with pytest.raises(mx.MXNetError, match=r"'w'.*row_sparse.*rows"):
            parameter.initialize()
    assert parameter._data is None


def test_a_csr_parameter_takes_numpy_style_arrays():
    parameter = Parameter("w", shape=(2, 2), stype="csr")
    parameter.initialize("zeros")
    values = mx.np.array([[0, 1], [2, 0]])
    parameter.set_data(values)
    assert parameter._data[0].asnumpy().tolist() == [[0, 1], [2, 0]]
    parameter._load_init(values * 2, None)
    assert parameter._data[0].asnumpy().tolist() == [[0, 2], [4, 0]]


def test_equal_seeds_give_equal_parameters_on_any_contexts(device):
    def values(contexts):
        mx.random.seed(11)
        parameter = Parameter("w", shape=(40, 30))
        parameter.initialize(mx.init.Xavier(), ctx=contexts)
        return [array.asnumpy() for array in parameter.list_data()]

    (alone,) = values([mx.cpu(0)])
    for array in values([mx.cpu(2), mx.cpu(0)]):
        np.testing.assert_array_equal(array, alone)


def failing_initializer(name, array):
    return 1 / 0


@pytest.mark.parametrize(
    "init", [mx.init.Uniform("wide"), mx.init.Constant([1, 2, 3]), failing_initializer]
)
def test_whatever_fails_in_an_initializer_says_for_which_parameter(init):
    params = mx.gluon.ParameterDict("net_")
    params.get("weight", shape=(2,), init="ones")
    params.get("bias", shape=(2,))
    with pytest.raises((TypeError, ValueError, ZeroDivisionError)) as refusal:
        params.initialize(init)
    assert "Parameter 'net_bias' of shape (2,) and dtype float32" in refusal.value.__notes__[0]


def test_an_initializer_may_leave_elements_at_zero(device):
    class Corner(mx.init.Initializer):
        def _init_weight(self, name, array):
            array[0:1] = 3

    parameter = made()
    parameter.initialize(Corner(), ctx=[mx.cpu(0)], force_reinit=True)
    assert parameter.data().asnumpy().tolist() == [[3, 3], [0, 0], [0, 0]]
    parameter.initialize(lambda name, array: None, ctx=[mx.cpu(0)], force_reinit=True)
    assert not parameter.data().asnumpy().any()


def test_a_failing_finish_of_a_subclass_leaves_what_was_deferred_before():
    class Failing(Parameter):
        def _finish_deferred_init(self):
            raise ZeroDivisionError

    parameter = Failing("w", shape=(0,), allow_deferred_init=True)
    parameter.initialize("ones", ctx=mx.cpu(1))
    before = parameter._deferred_init
    parameter.shape = (2,)
    with pytest.raises(ZeroDivisionError):
        parameter.initialize("zeros", ctx=mx.cpu(2))
    assert parameter._deferred_init is before
    assert parameter.list_ctx() == [mx.cpu(1)]


@pytest.mark.parametrize(
    "dtype", [np.longdouble, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fn, ml_dtypes.int4]
)
def test_values_of_dtypes_that_arrays_lack_are_converted(dtype):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    weight = mx.gluon.Parameter("weight", shape=(2, 3))
    weight.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    weight.set_data(values)
    assert weight.data(mx.cpu(1)).tolist() == [[0, 1, 2], [3, 4, 5]]
    weight.set_rows([1], values[:1])
    assert weight.data().tolist() == [[0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize("given", ["a parameter", "complex numbers"])
def test_values_that_are_no_numbers_are_named_in_one_sentence(given):
    weight = mx.gluon.Parameter("weight", shape=(2,))
    weight.initialize()
    values = weight if given == "a parameter" else np.zeros(2, np.complex64)
    with pytest.raises(TypeError, match="of dtype") as refusal:
        weight.set_data(values)
    assert ".." not in str(refusal.value)
