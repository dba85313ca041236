import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import autograd
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.types.dtypes import as_dtype
from numparam.util import np_shape

pytestmark = pytest.mark.usefixtures("device")

FLOATS = ["float16", "bfloat16", "float32", "float64"]
few = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def variable_of(shape, grad_req, stype="default", dtype="float32", held=None, ctx=None):
    """A marked array; `held` is what its gradient is before."""
    variable = nd.ones(shape, dtype=dtype, ctx=ctx)
    variable.attach_grad(grad_req, stype)
    if held is not None:
        variable.grad[:] = nd.array(held, dtype=dtype)
    return variable


def as_rows(values, generator):
    """Ids, unordered and some twice, and rows whose sums are the rows of `values`."""
    ids, rows = [], []
    for number, row in enumerate(values):
        if row.any() or generator.integers(2):
            ids.append(number)
            rows.append(row)
            if generator.integers(2):
                ids.append(number)
                rows.append(np.zeros_like(row))
    order = generator.permutation(len(ids))
    shape = (len(ids), *values.shape[1:])
    return np.array(ids, np.int64)[order], np.array(rows, values.dtype).reshape(shape)[order]


def as_ndarray(values, generator):
    return nd.array(values, dtype=values.dtype)


def as_row_sparse(values, generator):
    return nd.array(values, dtype=values.dtype).tostype("row_sparse")


def as_numpy(values, generator):
    return values


def as_list(values, generator):
    return values.tolist()


def as_fortran(values, generator):
    return np.asfortranarray(values)


def as_strided(values, generator):
    return np.repeat(values, 2, axis=0)[::2]


def as_big_endian(values, generator):
    return values.astype(values.dtype.newbyteorder(">"))


def as_read_only(values, generator):
    return np.broadcast_to(values, values.shape)


def as_pair_of_arrays(values, generator):
    return tuple(map(nd_of, as_rows(values, generator)))


def nd_of(host):
    with np_shape(True):
        return nd.array(host, dtype=host.dtype)


def unordered(values, generator):
    ids, rows = as_rows(values, generator)
    return nd.sparse.row_sparse_array((rows, ids), shape=values.shape, dtype=rows.dtype)


FORMS = [
    as_ndarray,
    as_row_sparse,
    as_numpy,
    as_list,
    as_fortran,
    as_strided,
    as_big_endian,
    as_read_only,
    as_rows,
    as_pair_of_arrays,
    unordered,
]


@few
@given(
    shape=st.sampled_from([(1,), (5,), (4, 3), (3, 2, 2)]),
    form=st.sampled_from(FORMS),
    grad_req=st.sampled_from(["write", "add"]),
    stype=st.sampled_from(["default", "row_sparse"]),
    dtype=st.sampled_from(FLOATS),
    incoming=st.sampled_from(["float32", "float64", "int32"]),
    seed=st.integers(0, 1000),
)
def test_gradients_of_every_form_are_written_or_added(
    shape, form, grad_req, stype, dtype, incoming, seed
):
    generator = np.random.default_rng(seed)
    # Small integers, so that every sum is exact in every dtype; some rows are zero.
    values = generator.integers(-4, 5, shape).astype(incoming)
    values[generator.integers(2, size=shape[0]) == 0] = 0
    held = generator.integers(-4, 5, shape).astype("float32")
    variable = variable_of(shape, grad_req, stype, dtype, held)
    gradient = variable._grad
    buffer = gradient._buffer
    autograd.accumulate_grad([variable], [form(values, generator)])
    expected = values if grad_req == "write" else held + values
    assert variable._grad is gradient
    assert gradient.stype == stype
    assert gradient._buffer.dtype == as_dtype(dtype)
    assert gradient.asnumpy().astype("float64").tolist() == expected.astype("float64").tolist()
    assert variable._fresh_grad == 1
    if stype == "default":
        assert gradient._buffer is buffer
    else:
        gradient.check_format()


@few
@given(
    dtype=st.sampled_from(FLOATS),
    seed=st.integers(0, 1000),
    count=st.integers(1, 3),
    grad_req=st.sampled_from(["write", "add"]),
)
def test_sums_round_once(dtype, seed, count, grad_req):
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(count, 7)).astype(as_dtype(dtype))
    held = generator.normal(size=7).astype(as_dtype(dtype))
    variable = nd.ones((7,), dtype=dtype)
    autograd.mark_variables(variable, nd.array(held, dtype=dtype), grad_req)
    autograd.accumulate_grad([variable] * count, list(values))
    wide = np.float32 if dtype in ("float16", "bfloat16") else np.float64
    total = np.zeros(7, wide)
    for each in ([held] if grad_req == "add" else []) + list(values):
        total = total + each.astype(wide)
    expected = total.astype(as_dtype(dtype))
    found = variable.grad.asnumpy()
    if dtype == "float64":
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)
    else:
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_written_is_rounded_to_nearest_even(dtype):
    variable = variable_of((3,), "write", dtype=dtype)
    values = np.array([1 + 2**-9, 1 + 3 * 2**-9, 0.1])
    autograd.accumulate_grad(variable, values)
    assert variable.grad.asnumpy().tolist() == values.astype(as_dtype(dtype)).tolist()


def test_null_and_none_leave_everything_as_it_is():
    null, none, got = (variable_of((2,), req) for req in ("null", "write", "write"))
    autograd.accumulate_grad([null, none, got], [[1, 1], None, [2, 2]])
    assert null.grad.asnumpy().tolist() == [0, 0]
    assert none.grad.asnumpy().tolist() == [0, 0]
    assert got.grad.asnumpy().tolist() == [2, 2]
    assert [v._fresh_grad for v in (null, none, got)] == [0, 0, 1]


def test_nothing_is_no_mistake():
    autograd.accumulate_grad([], [])


def test_a_shared_gradient_gets_the_sum_of_what_comes_in():
    one = variable_of((2,), "write")
    other = one.detach()
    autograd.mark_variables(other, one.grad.detach(), "write")
    autograd.accumulate_grad([one, other], [[1, 2], [10, 20]])
    assert one.grad.asnumpy().tolist() == [11, 22]
    assert one._fresh_grad == other._fresh_grad == 1


def test_dense_and_sparse_gradients_of_one_variable_are_summed():
    for stype in ("default", "row_sparse"):
        for grad_req, held in (("write", 0), ("add", 100)):
            table = variable_of((3, 1), grad_req, stype, held=[[100]] * 3)
            autograd.accumulate_grad(
                [table, table, table], [[[1], [2], [0]], ([2, 2], [[3], [4]]), ([0], [[5]])]
            )
            expected = [[held + 6], [held + 2], [held + 7]]
            assert table.grad.asnumpy().tolist() == expected


def test_rows_alone_replace_all_of_a_dense_gradient():
    table = variable_of((3, 1), "write", held=[[7]] * 3)
    autograd.accumulate_grad(table, ([1], [[5]]))
    assert table.grad.asnumpy().tolist() == [[0], [5], [0]]


def test_no_rows_are_a_gradient_too():
    for stype in ("default", "row_sparse"):
        table = variable_of((3, 1), "write", stype, held=[[7]] * 3)
        autograd.accumulate_grad(table, (np.zeros(0, int), np.zeros((0, 1))))
        assert not table.grad.asnumpy().any()
        assert table._fresh_grad == 1


def test_a_sparse_gradient_stores_the_union_of_rows_also_where_they_cancel():
    table = variable_of((5, 1), "add", "row_sparse")
    autograd.accumulate_grad(table, ([3, 1], [[1], [2]]))
    autograd.accumulate_grad(table, ([1, 4], [[-2], [5]]))
    assert table.grad.indices.asnumpy().tolist() == [1, 3, 4]
    assert table.grad.data.asnumpy().tolist() == [[0], [1], [5]]


def test_incoming_arrays_are_copied():
    variable = variable_of((2,), "write")
    sparse = variable_of((2, 1), "write", "row_sparse")
    values = np.float32([1, 2])
    rows = nd.sparse.row_sparse_array(([[3]], [0]), shape=(2, 1))
    autograd.accumulate_grad([variable, sparse], [values, rows])
    values[:] = 9
    rows[:] = 9
    assert variable.grad.asnumpy().tolist() == [1, 2]
    assert sparse.grad.asnumpy().tolist() == [[3], [0]]


def test_gradients_may_be_the_gradients_of_others():
    for grad_req, expected in (("write", [[3, 4], [1, 2]]), ("add", [[4, 6], [4, 6]])):
        one = variable_of((2,), grad_req, held=[1, 2])
        other = variable_of((2,), grad_req, held=[3, 4])
        autograd.accumulate_grad([one, other], [other.grad, one.grad])
        assert [v.grad.asnumpy().tolist() for v in (one, other)] == expected


def test_a_gradient_may_be_itself():
    for grad_req, expected in (("write", [1, 2]), ("add", [2, 4])):
        variable = variable_of((2,), grad_req, held=[1, 2])
        autograd.accumulate_grad(variable, variable.grad)
        assert variable.grad.asnumpy().tolist() == expected


@pytest.mark.parametrize("grad_req", ["write", "add"])
def test_gradients_in_one_memory_do_not_overwrite_each_other(device, grad_req):
    if device.name != "cpu":
        pytest.skip("NumPy arrays share no memory with this device")
    packed = np.arange(8, dtype=np.float32)
    shared = nd.from_numpy(packed)
    variables = []
    for start in (0, 3):
        variable = nd.ones((3,))
        autograd.mark_variables(variable, shared[start : start + 3], grad_req)
        variables.append(variable)
    before = [variable.grad.asnumpy() for variable in variables]
    incoming = [packed[2:5], packed[1:4][::-1]]
    sums = [
        given + (held if grad_req == "add" else 0)
        for given, held in zip(incoming, before, strict=True)
    ]
    expected = [each.tolist() for each in sums]
    autograd.accumulate_grad(variables, incoming)
    assert [variable.grad.asnumpy().tolist() for variable in variables] == expected


def test_each_context_gets_its_own():
    variables = [variable_of((2,), "add", ctx=cpu(i)) for i in range(3)]
    autograd.accumulate_grad(variables, [[i, 1] for i in range(3)])
    assert [v.grad.asnumpy().tolist() for v in variables] == [[0, 1], [1, 1], [2, 1]]
    assert [v.grad.context for v in variables] == [cpu(i) for i in range(3)]


@pytest.mark.parametrize("grad_req", ["write", "add"])
def test_arrays_of_both_interfaces_take_gradients_of_each_other(grad_req):
    for make in (mx.nd.ones, mx.np.ones):
        for incoming in (mx.nd.array([1, 2]), mx.np.array([1, 2]), np.array([1, 2])):
            variable = make((2,))
            variable.attach_grad(grad_req)
            autograd.accumulate_grad(variable, incoming)
            assert type(variable.grad) is type(variable)
            assert variable.grad.asnumpy().tolist() == [1, 2]


def test_scalars_and_empty_arrays():
    with np_shape(True):
        scalar, empty = variable_of((), "add"), variable_of((0, 3), "add")
        autograd.accumulate_grad([scalar, empty], [2.5, np.zeros((0, 3))])
        assert scalar.grad.asnumpy() == 2.5
        assert empty.grad.shape == (0, 3)


def test_it_works_while_recording_and_records_nothing():
    variable = variable_of((2,), "add")
    with autograd.record():
        autograd.accumulate_grad(variable, [1, 2])
        assert autograd.is_recording()
    assert variable.grad.asnumpy().tolist() == [1, 2]


@pytest.mark.parametrize(
    "incoming",
    [
        pytest.param([[0, 2], [3, 0]], id="dense"),
        pytest.param(([1, 0, 1], [[1, 0], [0, 2], [2, 0]]), id="rows"),
    ],
)
@pytest.mark.parametrize(("grad_req", "times"), [("write", 1), ("add", 2)])
def test_a_csr_gradient_stores_the_elements_that_are_not_zero(incoming, grad_req, times):
    variable = nd.ones((2, 2))
    variable.attach_grad(grad_req, stype="csr")
    for _ in range(2):
        autograd.accumulate_grad(variable, incoming)
    assert variable.grad.stype == "csr"
    assert variable.grad.indptr.asnumpy().tolist() == [0, 1, 2]
    assert variable.grad.indices.asnumpy().tolist() == [1, 0]
    assert variable.grad.data.asnumpy().tolist() == [2 * times, 3 * times]
    assert variable._fresh_grad == 1


def csr():
    return nd.ones((2, 2)).tostype("csr")


def unmarked():
    return nd.ones((2, 2))


def bad_too_few(good):
    return ([good, good], [np.ones((2, 2))])


def bad_one_for_a_list(good):
    return ([good], np.ones((2, 2)))


def bad_nothing_for_a_list(good):
    return ([good], None)


def bad_shape(good):
    return ([good, good], [np.ones((2, 2)), np.ones((2, 1))])


def bad_sparse_shape(good):
    return (
        [good, good],
        [np.ones((2, 2)), nd.zeros((3, 2), stype="row_sparse")],
    )


def bad_text(good):
    return ([good, good], [np.ones((2, 2)), "gradient"])


def bad_complex(good):
    return ([good, good], [np.ones((2, 2)), 1j * np.ones((2, 2))])


def bad_ragged(good):
    return ([good, good], [np.ones((2, 2)), [[1], [1, 2]]])


def bad_csr(good):
    return ([good, good], [np.ones((2, 2)), csr()])


def bad_no_variable(good):
    return ([good, np.ones(2)], [np.ones((2, 2)), np.ones(2)])


def bad_unmarked(good):
    return ([good, unmarked()], [np.ones((2, 2))] * 2)


def bad_triple(good):
    return ([good, good], [np.ones((2, 2)), ([0], [1], [2])])


def bad_rows(good):
    return ([good, good], [np.ones((2, 2)), ([0], [[1, 2, 3]])])


def bad_count_of_rows(good):
    return ([good, good], [np.ones((2, 2)), ([0, 1], [[1, 2]])])


def bad_fraction(good):
    return ([good, good], [np.ones((2, 2)), ([0.5], [[1, 2]])])


def bad_sparse_ids(good):
    return ([good, good], [np.ones((2, 2)), (csr(), [[1, 2]])])


BAD = [
    pytest.param(bad_too_few, id="too few"),
    pytest.param(bad_one_for_a_list, id="one for a list"),
    pytest.param(bad_nothing_for_a_list, id="nothing for a list"),
    pytest.param(bad_shape, id="shape"),
    pytest.param(bad_sparse_shape, id="sparse shape"),
    pytest.param(bad_text, id="text"),
    pytest.param(bad_complex, id="complex"),
    pytest.param(bad_ragged, id="ragged"),
    pytest.param(bad_csr, id="csr"),
    pytest.param(bad_no_variable, id="no variable"),
    pytest.param(bad_unmarked, id="unmarked"),
    pytest.param(bad_triple, id="triple"),
    pytest.param(bad_rows, id="rows"),
    pytest.param(bad_count_of_rows, id="count of rows"),
    pytest.param(bad_fraction, id="fraction"),
    pytest.param(bad_sparse_ids, id="sparse ids"),
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_what_does_not_fit_is_refused_and_nothing_is_changed(bad, stype):
    good = variable_of((2, 2), "write", stype, held=[[7, 7], [7, 7]])
    with pytest.raises(MXNetError) as caught:
        autograd.accumulate_grad(*bad(good))
    assert isinstance(caught.value, ValueError)
    assert good.grad.asnumpy().tolist() == [[7, 7], [7, 7]]
    assert good._fresh_grad == 0


@pytest.mark.parametrize("ids", [[-1], [2], [0, 5], np.float32([2**24]), np.uint64([2**63])])
@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize("grad_req", ["write", "add"])
def test_ids_out_of_range_are_index_errors_and_nothing_is_changed(ids, stype, grad_req):
    good = variable_of((2, 1), grad_req, held=[[7], [7]])
    table = variable_of((2, 1), grad_req, stype, held=[[7], [7]])
    with pytest.raises(IndexError, match=r"gradients\[1\]"):
        autograd.accumulate_grad([good, table], [[[1], [1]], (ids, np.ones((len(ids), 1)))])
    assert good.grad.asnumpy().tolist() == table.grad.asnumpy().tolist() == [[7], [7]]
    assert good._fresh_grad == table._fresh_grad == 0


def test_unchecked_sparse_arrays_with_ids_out_of_range_are_refused():
    table = variable_of((2, 1), "add")
    bad = nd.sparse.row_sparse_array(([[1]], [5]), shape=(2, 1))
    with pytest.raises(IndexError):
        autograd.accumulate_grad(table, bad)


def test_messages_name_the_position_and_both_shapes():
    variable = variable_of((2, 2), "write")
    with pytest.raises(ValueError, match=r"gradients\[1\].*\(2, 2\).*\(3,\)"):
        autograd.accumulate_grad([variable, variable], [np.ones((2, 2)), np.ones(3)])


def test_many_gradients_of_one_parameter_count():
    variables = [variable_of((3, 2), "add") for _ in range(40)]
    for _ in range(3):
        autograd.accumulate_grad(variables, [np.full((3, 2), i) for i in range(40)])
    for number, variable in enumerate(variables):
        assert variable.grad.asnumpy().tolist() == [[3 * number] * 2] * 3
