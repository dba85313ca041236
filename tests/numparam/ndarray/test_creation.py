import decimal
import fractions
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import numparam as mx
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.types.dtypes import DTYPE_BY_FLAG
from numparam.util import np_shape

pytestmark = pytest.mark.usefixtures("device")

DTYPES = sorted(dtype.name for dtype in DTYPE_BY_FLAG.values())


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_can_be_filled_and_read_back(dtype):
    for made, value in ((nd.zeros((2, 3), dtype=dtype), 0), (nd.ones((2, 3), dtype=dtype), 1)):
        host = made.asnumpy()
        assert host.dtype.name == dtype
        assert (host == value).all()
    assert nd.array([[1, 0]], dtype=dtype).asnumpy().tolist() == [[1, 0]]
    assert nd.full((2,), 1, dtype=dtype).asnumpy().tolist() == [1, 1]
    assert nd.empty((2,), dtype=dtype)._buffer.dtype.name == dtype


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_arrays_hold_the_values_of_any_numpy_array_as_float32(values):
    with np.errstate(all="ignore"):
        expected = values.astype(np.float32)
    np.testing.assert_array_equal(nd.array(values).asnumpy(), expected)
    kept = nd.array(values, dtype=values.dtype)
    assert kept.asnumpy().tobytes() == values.tobytes()


def transposed(a):
    return a.T


def a_2_minus_1(a):
    return a[::2, ::-1]


def asfortranarray_a(a):
    return np.asfortranarray(a)


def astype_dtype_newbyteorder(a):
    return a.astype(a.dtype.newbyteorder())


def broadcast_to_a_0_4_3(a):
    return np.broadcast_to(a[0], (4, 3))


@pytest.mark.parametrize(
    "layout",
    [
        transposed,
        a_2_minus_1,
        asfortranarray_a,
        astype_dtype_newbyteorder,
        broadcast_to_a_0_4_3,
    ],
)
def test_layouts_of_sources_do_not_matter(layout):
    source = layout(np.arange(12, dtype=np.float64).reshape(4, 3))
    made = nd.array(source, dtype="float64")
    assert made.asnumpy().tolist() == source.tolist()


def test_sources_are_copied():
    source = np.ones(3, np.float32)
    made = nd.array(source)
    source[:] = 9
    assert made.asnumpy().tolist() == [1, 1, 1]
    again = nd.array(made)
    made[:] = 5
    assert again.asnumpy().tolist() == [1, 1, 1]


def test_the_current_context_is_the_default():
    with cpu(2):
        made = [nd.array([1]), nd.zeros((1,)), nd.ones((1,)), nd.full((1,), 2), nd.empty((1,))]
        made += [nd.arange(2), nd.linspace(0, 1, 2), nd.eye(2)]
    assert {array.context for array in made} == {cpu(2)}


@pytest.mark.parametrize(
    "source", ["abc", b"abc", {1: 2}, {1, 2}, None, object(), [[1, 2], [3]], [1, None], [1 + 2j]]
)
def test_what_is_not_made_of_numbers_is_refused(source):
    with pytest.raises(TypeError, match="number"):
        nd.array(source)


def test_a_list_of_arrays_says_how_to_join_them():
    with pytest.raises(TypeError, match="stack"):
        nd.array([nd.ones((2,)), nd.ones((2,))])


@pytest.mark.parametrize("shape", ["a", None, 2.5, (2.5,), {2: 3}])
def test_what_is_no_shape_is_refused(shape):
    with pytest.raises(MXNetError, match="shape"):
        nd.zeros(shape)


def test_negative_lengths_are_refused():
    with pytest.raises(MXNetError, match="negative"):
        nd.zeros((2, -1))


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_unknown_shapes_need_numpy_shapes(shape):
    with pytest.raises(MXNetError, match="np_shape"):
        nd.zeros(shape)
    with np_shape(True):
        assert nd.zeros(shape).asnumpy().shape == shape


def test_contexts_must_be_contexts():
    with pytest.raises(AttributeError, match="'cpu'"):
        nd.zeros((2,), ctx="cpu")


def test_out_is_written_and_returned():
    out = nd.ones((2,))
    assert nd.zeros((2,), out=out) is out
    assert out.asnumpy().tolist() == [0, 0]
    assert nd.full((2,), 7, out=out) is out
    assert out.asnumpy().tolist() == [7, 7]
    with pytest.raises(MXNetError, match=r"\(3,\)"):
        nd.zeros((3,), out=out)
    assert out.asnumpy().tolist() == [7, 7]


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="foo"):
        nd.zeros((2,), foo=1)


@pytest.mark.parametrize("step", [0, 0.0])
def test_a_range_needs_a_step(step):
    with pytest.raises(MXNetError, match="step"):
        nd.arange(0, 5, step)


def test_each_number_of_a_range_is_repeated():
    assert nd.arange(1, 3, repeat=2).tolist() == [1, 1, 2, 2]


def test_ranges_are_computed_from_the_start_and_do_not_drift():
    values = nd.arange(0, 1000, 0.1, dtype="float64").asnumpy()
    np.testing.assert_array_equal(values, np.arange(10000) * 0.1)


def test_huge_integers_are_kept_exactly():
    numbers = [2**62 + 1, -(2**63), 2**53 + 1]
    assert nd.array(numbers, dtype="int64").asnumpy().tolist() == numbers
    array = nd.zeros((1,), dtype="int64")
    array[:] = 2**62 + 1
    assert array.asnumpy().tolist() == [2**62 + 1]


def test_creating_indexing_and_reading_arrays_does_not_import_numba():
    program = (
        "import sys\n"
        "from numparam import ndarray as nd\n"
        "a = nd.array([[1, 2], [3, 4]]); nd.zeros((2,)); nd.ones((2,)); nd.full((2,), 3)\n"
        "nd.eye(2); nd.arange(3); nd.empty((2,)); a[0]; a[:, 0]; a[[1, 0]]; a[0] = 5; a[:] = a\n"
        "a + a; a * 2; a += 1; nd.exp(a); a.sum(); a.asnumpy(); repr(a); a.reshape((4,)); a == 1\n"
        "a.attach_grad(); a.tolist(); nd.from_numpy(a.asnumpy()); nd.dot(a, a); nd.concat(a, a)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} & {'numba', 'llvmlite'}\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_array_of_an_array_does_not_pass_through_the_host(opaque):
    source = nd.array([1.5, 2.5])
    opaque.calls.clear()
    assert nd.array(source, dtype="float64").dtype is np.float64
    assert nd.sparse.row_sparse_array((source, source.astype("int32")), shape=(3,)).shape == (3,)
    assert "download" not in opaque.calls


def test_integers_beyond_64_bits_are_floats(device):
    assert nd.array([2**70, 1]).tolist() == [2.0**70, 1]
    assert nd.full((2,), np.array(1e300), dtype="float16").tolist() == [np.inf] * 2
    for values in ([2**70, "3"], [2**70, None], [2**2000]):
        with pytest.raises(TypeError, match="number"):
            nd.array(values)


def test_the_identity_has_no_negative_size(device):
    with pytest.raises(MXNetError, match="negative"):
        nd.eye(-2)


def test_shapes_may_be_arrays_of_numpy():
    assert nd.empty(np.array([2, 3])).shape == (2, 3)
    assert nd.zeros(np.int64(4)).shape == (4,)
    with pytest.raises(MXNetError):
        nd.zeros(np.array([2.5]))
    with pytest.raises(MXNetError):
        nd.zeros(np.array([[2, 3]]))


def test_object_arrays_of_numbers_are_arrays_of_numbers():
    numbers = np.array([1, 2.5, np.float32(3), True, 2**70], object)
    assert nd.array(numbers).tolist() == [1, 2.5, 3, 1, 2.0**70]
    array = nd.zeros((5,))
    array[:] = numbers
    assert array.tolist() == [1, 2.5, 3, 1, 2.0**70]
    for wrong in (["x"], [None], [10**400]):
        with pytest.raises(TypeError):
            nd.array(np.array(wrong, object))


@pytest.mark.parametrize("make", [nd.array, mx.np.array])
def test_fractions_and_decimals_are_numbers(make):
    numbers = [fractions.Fraction(1, 2), decimal.Decimal("1.5"), 2]
    assert make(numbers).tolist() == [0.5, 1.5, 2]
    assert make(np.array(numbers, object)).tolist() == [0.5, 1.5, 2]


def test_errors_name_what_is_no_number():
    with pytest.raises(TypeError, match="not a list that holds 'x'"):
        nd.array([1, "x"])
    with pytest.raises(TypeError, match="not an ndarray of dtype object"):
        nd.array(np.array([None]))
