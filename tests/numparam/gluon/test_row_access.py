import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam.gluon import Parameter

BOTH = (mx.cpu(0), mx.cpu(1))


def table(stype="default", contexts=BOTH, dtype="float32", shape=(5, 2)):
    parameter = Parameter("table", shape=shape, stype=stype, dtype=dtype)
    parameter.initialize("zeros", ctx=list(contexts))
    parameter.set_data(np.arange(np.prod(shape), dtype="float64").reshape(shape))
    return parameter


def values(parameter):
    return [array.asnumpy().tolist() for array in parameter._data]


@pytest.fixture(params=["default", "row_sparse"])
def stype(request):
    return request.param


def elsewhere(ids):
    return mx.nd.array(ids, dtype="int32", ctx=mx.cpu(1))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(list, id="list"),
        pytest.param(np.array, id="numpy"),
        pytest.param(mx.nd.array, id="NDArray of float32"),
        pytest.param(elsewhere, id="elsewhere"),
    ],
)
def test_rows_come_in_the_order_of_their_ids(device, stype, make):
    parameter = table(stype)
    found = parameter.rows(make([3, 0, 3]), mx.cpu(1))
    assert (found.stype, found.context) == ("default", mx.cpu(1))
    assert found.asnumpy().tolist() == [[6, 7], [0, 1], [6, 7]]
    found[:] = 9
    assert values(table(stype)) == values(parameter)


def test_the_shape_of_rows_is_that_of_their_ids_and_of_a_row(device, stype):
    parameter = table(stype, shape=(4, 2, 3))
    assert parameter.rows([[1, 2, 3], [0, 0, 0]]).shape == (2, 3, 2, 3)
    assert parameter.rows([]).shape == (0, 2, 3)
    assert parameter.rows(2).asnumpy().tolist() == parameter.rows([2]).asnumpy()[0].tolist()


def test_written_rows_are_on_all_contexts_unless_one_is_named(device, stype):
    parameter = table(stype)
    memory = [array._buffer for array in parameter._data]
    parameter.set_rows([4, 0], [[1, 1], [2, 2]])
    assert values(parameter) == [[[2, 2], [2, 3], [4, 5], [6, 7], [1, 1]]] * 2
    parameter.set_rows([0], [[8, 8]], ctx=mx.cpu(1))
    assert [copy[0] for copy in values(parameter)] == [[2, 2], [8, 8]]
    parameter.add_rows([0], [[1, 1]], ctx=mx.cpu(0))
    assert [copy[0] for copy in values(parameter)] == [[3, 3], [8, 8]]
    assert all(a is b._buffer for a, b in zip(memory, parameter._data, strict=True))


def test_of_repeated_ids_the_last_row_is_written_and_all_are_added(device, stype):
    parameter = table(stype)
    parameter.set_rows([1, 1], [[5, 5], [6, 6]])
    assert [copy[1] for copy in values(parameter)] == [[6, 6]] * 2
    parameter.add_rows(mx.nd.array([[1, 2], [1, 1]]), np.ones((2, 2, 2)))
    assert [copy[1:3] for copy in values(parameter)] == [[[9, 9], [5, 6]]] * 2


@settings(deadline=None, max_examples=40)
@given(
    ids=st.lists(st.integers(0, 4), max_size=12),
    dtype=st.sampled_from(["float16", "float32", "float64", "int32"]),
    seed=st.integers(0, 1000),
    stype=st.sampled_from(["default", "row_sparse"]),
)
def test_added_rows_are_summed_and_rounded_once(ids, dtype, seed, stype):
    parameter = table(stype, dtype=dtype)
    rows = np.random.default_rng(seed).normal(size=(len(ids), 2)) * 1000
    wide = np.longdouble if dtype.startswith("float") else np.int64
    expected = parameter._data[0].asnumpy().astype(wide)
    np.add.at(expected, np.array(ids, np.int64), rows.astype(dtype).astype(wide))
    parameter.add_rows(ids, rows.astype(dtype))
    for array in parameter._data:
        np.testing.assert_array_equal(array.asnumpy(), expected.astype(dtype))


def too_large(parameter):
    parameter.set_rows([0, 5], np.ones((2, 2)))


def negative(parameter):
    parameter.add_rows([-1], np.ones((1, 2)))


def fraction(parameter):
    parameter.add_rows(np.array([0.5]), np.ones((1, 2)))


def wrong_shape(parameter):
    parameter.set_rows([0, 1], np.ones((1, 2)))


def other_context(parameter):
    parameter.set_rows([0], np.ones((1, 2)), ctx=mx.cpu(5))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (too_large, IndexError),
        (negative, IndexError),
        (fraction, ValueError),
        (wrong_shape, ValueError),
        (other_context, RuntimeError),
    ],
)
def test_what_cannot_be_written_changes_nothing_and_names_the_parameter(device, stype, call, error):
    parameter = table(stype)
    before = values(parameter)
    with pytest.raises(error, match="table"):
        call(parameter)
    assert values(parameter) == before


def test_rows_need_arrays_that_have_rows():
    with pytest.raises(RuntimeError, match="has not been initialized"):
        Parameter("table", shape=(2, 2)).rows([0])
    parameter = Parameter("table", shape=(2, 2), stype="csr")
    parameter.initialize("zeros")
    with pytest.raises(RuntimeError, match="csr"):
        parameter.set_rows([0], [[1, 1]])


def test_rows_written_from_the_parameters_own_rows_are_those_before(device, stype):
    parameter = table(stype, [mx.cpu(0)])
    own = parameter._data[0]
    rows = own[0:3] if stype == "default" else own.data[0:3]
    parameter.set_rows([1, 2, 3], rows)
    assert values(parameter)[0] == [[0, 1], [0, 1], [2, 3], [4, 5], [8, 9]]


def test_a_row_sparse_array_without_all_rows_gets_them(device):
    parameter = table("row_sparse", [mx.cpu(0)])
    few = mx.nd.sparse.row_sparse_array(([[8, 9]], [1]), shape=(5, 2))
    parameter._data = [few]
    assert parameter.rows([1, 0]).asnumpy().tolist() == [[8, 9], [0, 0]]
    parameter.add_rows([0, 1], [[1, 1], [1, 1]])
    assert values(parameter)[0][:3] == [[1, 1], [9, 10], [0, 0]]


def test_threads_add_to_one_row_without_losing_any():
    parameter = table("default", [mx.cpu(0)], dtype="float64")
    parameter.set_data(np.zeros((5, 2)))

    def add():
        for _ in range(50):
            parameter.add_rows([2], [[1, 1]])

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(parameter)[0][2] == [200, 200]


@pytest.mark.parametrize("part", ["data", "indices"])
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda part: part.__setitem__(slice(None), 5), id="item"),
        pytest.param(lambda part: part.__iadd__(1), id="in place"),
        pytest.param(
            lambda part: mx.nd.ones(part.shape, dtype=part.dtype).copyto(part), id="copyto"
        ),
        pytest.param(lambda part: np.asarray(part).fill(5), id="NumPy"),
        pytest.param(lambda part: part[0:1].__setitem__(slice(None), 5), id="view"),
        pytest.param(lambda part: part.reshape((-1,)).__setitem__(0, 5), id="reshaped"),
        pytest.param(lambda part: mx.nd.zeros_like(part, out=part), id="out"),
    ],
)
def test_copies_of_a_sparse_parameters_parts_are_for_reading(device, part, write):
    parameter = Parameter("w", shape=(3, 2), stype="row_sparse", grad_stype="row_sparse")
    parameter.initialize("ones")
    with pytest.raises((ValueError, TypeError), match=r"set_rows|read-only|not on the host"):
        write(getattr(parameter._data[0], part))
    assert (parameter._data[0].asnumpy() == 1).all()


def test_the_error_for_a_copy_of_rows_names_what_writes_them():
    parameter = Parameter("w", shape=(3, 2), stype="row_sparse")
    parameter.initialize("ones")
    with pytest.raises(ValueError, match=r"set_rows\(ids, rows\)"):
        parameter._data[0].data[:] = 5
    parameter._data[0].data.copy()[:] = 5
    matrix = mx.nd.array(np.eye(3)).tostype("csr")
    with pytest.raises(ValueError, match="changes would be lost"):
        matrix.indptr[:] = 0


def test_a_scalar_has_no_rows():
    scale = mx.gluon.Parameter("scale", shape=())
    scale.initialize()
    for call in (
        lambda: scale.rows([0]),
        lambda: scale.set_rows([0], np.ones(1)),
        lambda: scale.add_rows([0], np.ones(1)),
    ):
        with pytest.raises(ValueError, match=r"'scale' is a scalar and has no rows.*data\(\)"):
            call()
