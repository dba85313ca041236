"""Every operation on random arrays against plain NumPy, and the table itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.ndarray.operations import OPERATIONS, OperationError, operation, register
from numparam.ndarray.operations.operation import Operation

pytestmark = pytest.mark.usefixtures("device")

A = np.float32([[1, -2, 3], [4, 5, -6]])
POSITIVE = np.abs(A)
SMALL = A / 8
IDS = np.float32([1, 0, 1])

# Expression in `nd` and the device arrays, and the same in NumPy.
ROWS = [
    ("nd.abs(a)", np.abs(A)),
    ("nd.sign(a)", np.sign(A)),
    ("nd.negative(a)", -A),
    ("nd.reciprocal(a)", 1 / A),
    ("nd.square(a)", A * A),
    ("nd.sqrt(p)", np.sqrt(POSITIVE)),
    ("nd.rsqrt(p)", 1 / np.sqrt(POSITIVE)),
    ("nd.cbrt(a)", np.cbrt(A)),
    ("nd.rcbrt(a)", 1 / np.cbrt(A)),
    ("nd.exp(a)", np.exp(A)),
    ("nd.expm1(a)", np.expm1(A)),
    ("nd.log(p)", np.log(POSITIVE)),
    ("nd.log2(p)", np.log2(POSITIVE)),
    ("nd.log10(p)", np.log10(POSITIVE)),
    ("nd.log1p(p)", np.log1p(POSITIVE)),
    ("nd.sin(a)", np.sin(A)),
    ("nd.cos(a)", np.cos(A)),
    ("nd.tan(a)", np.tan(A)),
    ("nd.arcsin(s)", np.arcsin(SMALL)),
    ("nd.arccos(s)", np.arccos(SMALL)),
    ("nd.arctan(a)", np.arctan(A)),
    ("nd.sinh(a)", np.sinh(A)),
    ("nd.cosh(a)", np.cosh(A)),
    ("nd.tanh(a)", np.tanh(A)),
    ("nd.arcsinh(a)", np.arcsinh(A)),
    ("nd.arccosh(p)", np.arccosh(POSITIVE)),
    ("nd.arctanh(s)", np.arctanh(SMALL)),
    ("nd.degrees(a)", np.degrees(A)),
    ("nd.radians(a)", np.radians(A)),
    ("nd.sigmoid(a)", 1 / (1 + np.exp(-A))),
    ("nd.relu(a)", np.maximum(A, 0)),
    ("nd.softsign(a)", A / (1 + np.abs(A))),
    ("nd.floor(s)", np.floor(SMALL)),
    ("nd.ceil(s)", np.ceil(SMALL)),
    ("nd.trunc(s)", np.trunc(SMALL)),
    ("nd.fix(s)", np.trunc(SMALL)),
    ("nd.rint(s)", [[0, 0, 0], [0, 1, -1]]),
    ("nd.round(s)", [[0, 0, 0], [1, 1, -1]]),
    ("nd.logical_not(a - 1)", A == 1),
    ("nd.identity(a)", A),
    ("nd.BlockGrad(a)", A),
    ("nd.make_loss(a)", A),
    ("nd.contrib.isnan(a / (a - 1))", np.zeros((2, 3))),
    ("nd.contrib.isinf(a / (a - 1))", A == 1),
    ("nd.contrib.isfinite(a / (a - 1))", A != 1),
    ("nd.clip(a, -1, 2)", np.clip(A, -1, 2)),
    ("nd.smooth_l1(a)", np.where(np.abs(A) < 1, A * A / 2, np.abs(A) - 0.5)),
    ("nd.hard_sigmoid(a)", np.clip(0.2 * A + 0.5, 0, 1)),
    ("nd.Activation(a, act_type='tanh')", np.tanh(A)),
    ("nd.LeakyReLU(a)", np.where(A > 0, A, A / 4)),
    ("nd.sum(a, axis=0)", A.sum(0)),
    ("nd.sum(a, axis=0, exclude=True)", A.sum(1)),
    ("nd.max(a, exclude=True)", A.max().reshape(1)),
    ("nd.sum(a, axis=(), exclude=True)", A.sum().reshape(1)),
    ("nd.sum(a, axis=(0, 1), exclude=True)", A),
    ("nd.sum(a)", [A.sum()]),
    ("nd.mean(a, axis=1)", A.mean(1)),
    ("nd.prod(a, axis=1)", A.prod(1)),
    ("nd.nansum(a / a, axis=1)", [3, 3]),
    ("nd.nanprod(a, axis=1)", A.prod(1)),
    ("nd.max(a, axis=0, keepdims=True)", A.max(0, keepdims=True)),
    ("nd.min(a)", [A.min()]),
    ("nd.argmax(a, axis=1)", A.argmax(1)),
    ("nd.argmin(a, axis=0)", A.argmin(0)),
    ("nd.argmax_channel(a)", A.argmax(1)),
    ("nd.norm(a)", [np.linalg.norm(A)]),
    ("nd.norm(a, ord=1, axis=1)", np.abs(A).sum(1)),
    ("nd.cumsum(a, axis=1)", A.cumsum(1)),
    ("nd.moments(a, axes=(0,))[0]", A.mean(0)),
    ("nd.moments(a, axes=(0,))[1]", A.var(0)),
    ("nd.all_finite(a)", [1]),
    ("nd.multi_all_finite(a, a / 0, num_arrays=2)", [0]),
    ("nd.L2Normalization(a)", A / np.linalg.norm(A, axis=1, keepdims=True)),
    ("nd.softmax(a)", np.exp(A) / np.exp(A).sum(1, keepdims=True)),
    ("nd.log_softmax(a)", np.log(np.exp(A) / np.exp(A).sum(1, keepdims=True))),
    ("nd.softmin(a, axis=0)", np.exp(-A) / np.exp(-A).sum(0)),
    ("nd.reshape(a, shape=(3, 2))", A.reshape(3, 2)),
    ("nd.reshape_like(a, nd.zeros((6,)))", A.reshape(6)),
    ("nd.flatten(a.reshape((2, 3, 1)))", A),
    ("nd.expand_dims(a, axis=1)", A[:, None]),
    ("nd.squeeze(a.reshape((1, 2, 1, 3)))", A),
    ("nd.transpose(a)", A.T),
    ("nd.swapaxes(a, 0, 1)", A.T),
    ("nd.flip(a, axis=1)", A[:, ::-1]),
    ("nd.diag(a)", np.diagonal(A)),
    ("nd.shape_array(a)", [2, 3]),
    ("nd.size_array(a)", [6]),
    ("nd.broadcast_to(a.reshape((2, 1, 3)), shape=(0, 2, 0))", np.stack([A, A], 1)),
    ("nd.broadcast_axis(a.reshape((1, 2, 3)), axis=0, size=2)", np.stack([A, A])),
    ("nd.broadcast_like(a[0:1], a)", np.stack([A[0], A[0]])),
    ("nd.broadcast_like(a[0:1], a, lhs_axes=0, rhs_axes=1)", np.stack([A[0]] * 3)),
    ("nd.concat(a, a, dim=0)", np.concatenate([A, A])),
    ("nd.stack(a, a, axis=1)", np.stack([A, A], 1)),
    ("nd.split(a, num_outputs=3, axis=1)[1]", A[:, 1:2]),
    ("nd.tile(a, reps=(2, 1))", np.tile(A, (2, 1))),
    ("nd.repeat(a, repeats=2, axis=1)", A.repeat(2, 1)),
    ("nd.pad(a, mode='edge', pad_width=(0, 0, 1, 1))", np.pad(A, ((0, 0), (1, 1)), "edge")),
    ("nd.take(a, ids)", A[[1, 0, 1]]),
    ("nd.take(a, ids, axis=1)", A[:, [1, 0, 1]]),
    ("nd.take(a, nd.array([-5, 5]))", A),
    ("nd.take(a, nd.array([-1, 3]), mode='wrap')", A[[1, 1]]),
    ("nd.take(a, nd.array([0.9, 1]), mode='raise')", A),
    ("nd.Embedding(ids, a, input_dim=2, output_dim=3)", A[[1, 0, 1]]),
    ("nd.pick(a, nd.array([2, 0]))", [3, 4]),
    ("nd.batch_take(a, nd.array([2, 0]))", [3, 4]),
    ("nd.one_hot(ids, 2)", np.eye(2)[[1, 0, 1]]),
    ("nd.where(a > 0, a, s)", np.where(A > 0, A, SMALL)),
    ("nd.gather_nd(a, nd.array([[0, 1], [2, 0]]))", [3, 4]),
    ("nd.scatter_nd(nd.array([3, 4]), nd.array([[0, 1]]), shape=(3,))", [3, 4, 0]),
    ("nd.ravel_multi_index(nd.array([[0, 1], [2, 0]]), shape=(2, 3))", [2, 3]),
    ("nd.unravel_index(nd.array([2, 3]), shape=(2, 3))", [[0, 1], [2, 0]]),
    ("nd.contrib.boolean_mask(a, nd.array([0, 1]))", A[1:]),
    ("nd.slice(a, begin=(0, 1), end=(None, 3))", A[:, 1:3]),
    ("nd.slice_axis(a, axis=1, begin=1, end=None)", A[:, 1:]),
    ("nd.slice_like(a, nd.zeros((1, 2)))", A[:1, :2]),
    ("nd.sort(a)", np.sort(A)),
    ("nd.argsort(a)", np.argsort(A)),
    ("nd.topk(a, k=2, ret_typ='value')", np.sort(A)[:, :0:-1]),
    ("nd.dot(a, a.T)", A @ A.T),
    ("nd.dot(a, a, transpose_a=True)", A.T @ A),
    ("nd.batch_dot(a.reshape((1, 2, 3)), a.reshape((1, 3, 2)))", (A @ A.reshape(3, 2))[None]),
    ("nd.FullyConnected(a, a, nd.array([1, 2]), num_hidden=2)", A @ A.T + np.float32([1, 2])),
    ("nd.FullyConnected(a, a, nd.array([[1], [2]]), num_hidden=2)", A @ A.T + np.float32([1, 2])),
    ("nd.add_n(a, a, s)", A + A + SMALL),
    ("nd.multi_sum_sq(a, s, num_arrays=2)", [np.square(A).sum(), np.square(SMALL).sum()]),
    ("nd.cast(a, dtype='int32')", A),
    ("nd.cast_storage(a, stype='default')", A),
    ("nd.zeros_like(a)", 0 * A),
    ("nd.ones_like(a)", np.ones_like(A)),
    ("nd.full_like(a, fill_value=3)", np.full_like(A, 3)),
]


@pytest.mark.parametrize(("expression", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_operations_give_what_numpy_gives(expression, expected):
    names = {
        "nd": nd,
        "a": nd.array(A, cpu(1)),
        "p": nd.array(POSITIVE, cpu(1)),
        "s": nd.array(SMALL, cpu(1)),
        "ids": nd.array(IDS, cpu(1)),
    }
    result = eval(expression, names)
    expected = np.asarray(expected)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result.asnumpy(), expected.astype(np.float64), rtol=2e-6, atol=1e-6)


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int32, np.int64]),
        hnp.array_shapes(min_side=1, max_dims=3),
        elements=st.integers(-100, 100),
    ),
    st.data(),
)
def test_sums_are_rounded_once_to_the_dtype(values, data):
    axis = data.draw(st.none() | st.integers(-values.ndim, values.ndim - 1))
    wide = values.astype(np.float64 if values.dtype.kind == "f" else np.int64)
    with np.errstate(all="ignore"):
        expected = np.atleast_1d(wide.sum(axis)).astype(values.dtype)
    result = nd.sum(nd.array(values, dtype=values.dtype), axis=axis)
    assert result.dtype is values.dtype.type
    np.testing.assert_array_equal(result.asnumpy(), expected)


def test_float32_sums_of_many_numbers_do_not_drift():
    array = nd.full((1_000_001,), 0.1)
    exact = np.float32(float(np.float32(0.1)) * 1_000_001)
    assert array.sum().asscalar() == exact
    assert array.mean().asscalar() == np.float32(0.1)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("nd.sum(a, axis=5)", "axis 5"),
        ("nd.sum(a, axis=(0, 0))", "twice"),
        ("nd.norm(a, ord=3)", "ord"),
        ("nd.concat(a, nd.ones((2, 1)), dim=0)", "concat"),
        ("nd.stack(a, nd.ones((2, 1)))", "stack"),
        ("nd.split(a, num_outputs=2, axis=1)", "equal"),
        ("nd.dot(a, a)", "inner lengths are 3 and 2"),
        ("nd.take(a, nd.array([2]), mode='raise')", "length 2"),
        ("nd.take(a, nd.array([-1]), mode='raise')", "-1"),
        ("nd.take(a, nd.array([2]), mode='foo')", "foo"),
        ("nd.gather_nd(a, nd.array([[5]]))", "5"),
        ("nd.scatter_nd(nd.array([1]), nd.array([[5]]), shape=(2,))", "5"),
        ("nd.Embedding(nd.array([1]), a, input_dim=3, output_dim=3)", r"\(3, 3\)"),
        ("nd.broadcast_like(a, a, lhs_axes=(), rhs_axes=())", "at least one axis"),
        ("nd.FullyConnected(a, a, num_hidden=2)", "bias"),
        ("nd.FullyConnected(a, a, nd.ones((3,)), num_hidden=2)", r"\(2,\)"),
        ("nd.FullyConnected(a, a, nd.ones((5,)), num_hidden=5)", r"\(5, 3\)"),
        ("nd.where(a, a, a[0])", "one shape"),
        ("nd.where(nd.ones((3,)), a, a)", "each row"),
        ("nd.pick(a, nd.array([0]))", "index must have shape"),
        ("nd.topk(a, k=4)", "between 0 and 3"),
        ("nd.slice_axis(a, axis=0, begin=0, end=5)", "length 2"),
        ("nd.add_n(a, a[0])", "one shape"),
        ("nd.add_n(a, a.astype('float64'))", "float32 and float64"),
        ("nd.elemwise_add(a, a[0])", "one shape"),
        ("nd.multi_sum_sq(a, num_arrays=2)", "1 arrays and num_arrays=2"),
        ("nd.reset_arrays(a, num_arrays=2)", "1 arrays and num_arrays=2"),
        ("nd.Activation(a, act_type='foo')", "act_type"),
        ("nd.batch_dot(a, a)", "3 dimensions"),
        ("nd.expand_dims(a, axis=5)", "axis 5"),
        ("nd.squeeze(a, axis=0)", "squeeze"),
        ("nd.exp(a, out=nd.zeros((2,)))", r"float32\(2, 3\), not float32\(2,\)"),
        ("nd.exp(a, out=nd.zeros((2, 3), dtype='int32'))", "not int32"),
        ("nd.exp(a, out=[a, a])", "1 results"),
        ("nd.split(a, num_outputs=3, out=a)", "3 results"),
    ],
)
def test_what_does_not_fit_is_an_mxnet_error_and_changes_nothing(expression, words):
    a = nd.array(A)
    with pytest.raises(MXNetError, match=words):
        eval(expression, {"nd": nd, "a": a})
    assert a.asnumpy().tolist() == A.tolist()


def test_out_may_be_an_input_an_array_of_another_context_or_a_list():
    a = nd.array(A)
    assert nd.exp(a, out=a) is a
    np.testing.assert_allclose(a.asnumpy(), np.exp(A), rtol=2e-6)
    other = nd.zeros((2, 3), cpu(1))
    assert nd.negative(a, out=other) is other
    np.testing.assert_array_equal(other.asnumpy(), -a.asnumpy())
    parts = [nd.zeros((2, 1)) for _ in range(3)]
    assert nd.split(a, num_outputs=3, axis=1, out=parts) is parts
    np.testing.assert_array_equal(parts[2].asnumpy(), a.asnumpy()[:, 2:])


def test_reset_arrays_zeroes_all_in_one_call(device):
    arrays = [nd.ones((n + 1, 2), dtype=dtype) for n, dtype in enumerate(("float32", "int8"))]
    assert nd.reset_arrays(*arrays, num_arrays=2) == []
    assert all(array.asnumpy().sum() == 0 for array in arrays)
    if device.name == "opaque":
        assert device.calls.count("reset.zero") == 1


def test_many_array_operations_and_rows_go_through_the_kernels(opaque):
    a = nd.array(A)
    nd.add_n(a, a)
    nd.multi_sum_sq(a, num_arrays=1)
    nd.take(a, nd.array([0]))
    nd.cast(a, "float16")
    for call in ("average.add_n", "norm.sum_of_squares", "retain.gather", "cast.cast"):
        assert call in opaque.calls


def test_two_rows_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two operations are named 'exp'"):
        register(Operation("exp", np.exp))


def test_a_row_takes_inputs_and_attributes_from_its_function():
    @operation("_a_test_of_rows", "_another_name")
    def forward(data, weight=None, *, scale, shift=1):
        return data * scale + shift

    try:
        row = OPERATIONS["_another_name"]
        assert row is OPERATIONS["_a_test_of_rows"]
        assert (row.inputs, row.optional) == (("data", "weight"), ("weight",))
        assert list(row.attributes) == ["scale", "shift"]
        assert repr(row) == "Operation('_a_test_of_rows')"
    finally:
        del OPERATIONS["_a_test_of_rows"], OPERATIONS["_another_name"]


def test_arrays_of_different_devices_do_not_mix():
    class Elsewhere:
        device_type = "elsewhere"

        def __repr__(self):
            return "elsewhere(0)"

    a, b = nd.array(A), nd.array(A)
    b._ctx, b._backend = Elsewhere(), object()
    with pytest.raises(OperationError, match=r"cpu\(0\) and on elsewhere\(0\).*as_in_context"):
        a + b


def test_parts_are_assigned_under_their_older_names_too():
    array = nd.ones((2, 3))
    nd._internal._crop_assign(array, nd.zeros((1, 2)), begin=(0, 0), end=(1, 2), out=array)
    assert array.asnumpy().tolist() == [[0, 0, 1], [1, 1, 1]]
    nd._internal._crop_assign_scalar(array, scalar=5, begin=(1, 1), end=(2, 3), out=array)
    assert array.asnumpy().tolist() == [[0, 0, 1], [1, 5, 5]]
