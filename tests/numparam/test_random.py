import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")
ANY_DEVICE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
FLOATS = ["float16", "bfloat16", "float32", "float64"]


@pytest.fixture(autouse=True)
def _seeded():
    mx.random.seed(0)
    yield
    mx.random.seed(0)


def everything(ctx=None):
    """One draw of each kind."""
    return [
        draw.asnumpy()
        for draw in (
            nd.random.uniform(-1, 1, shape=(5, 3), ctx=ctx),
            nd.random.normal(0, 2, shape=7, ctx=ctx, dtype="float64"),
            nd.random.randn(2, 3, ctx=ctx),
            nd.random.randint(-3, 9, shape=(11,), ctx=ctx),
            nd.random.shuffle(nd.arange(20, ctx=ctx)),
            mx.random.uniform(ctx=ctx),
        )
    ]


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@given(seed=st.integers(-(2**70), 2**70))
@ANY_DEVICE
def test_equal_seeds_give_equal_numbers_on_any_context(seed):
    mx.random.seed(seed)
    first = everything()
    mx.random.seed(seed)
    assert equal(everything(mx.cpu(1)), first)
    assert not equal(everything(), first)
    mx.random.seed(seed + 1)
    assert not equal(everything(), first)


def test_the_numbers_are_those_of_the_device_that_serves(opaque):
    mx.random.seed(5)
    reference = everything()
    assert {"random.uniform", "random.normal", "retain.gather"} <= set(opaque.calls)
    assert "random.uniform" in opaque.calls
    recorded = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir)
    script = (
        "import numparam as mx; mx.random.seed(5); "
        "print(mx.nd.random.uniform(-1, 1, shape=(5, 3)).asnumpy().tobytes().hex())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], cwd=recorded, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == reference[0].tobytes().hex()


def test_a_process_starts_as_after_seed_0():
    script = (
        "import numparam as mx; first = mx.nd.random.normal(shape=3).asnumpy(); mx.random.seed(0); "
        "print((mx.nd.random.normal(shape=3).asnumpy() == first).all())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=os.path.join(os.path.dirname(__file__), os.pardir, os.pardir),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"


def test_consecutive_draws_share_no_number():
    draws = [nd.random.uniform(shape=n, dtype="float64").asnumpy() for n in (1, 2, 3, 8, 1001)]
    numbers = np.concatenate(draws)
    assert len(np.unique(numbers)) == len(numbers)


def test_threads_share_the_sequence_and_every_number_comes_once():
    mx.random.seed(3)
    expected = np.sort(nd.random.uniform(shape=(8 * 50 * 4,)).asnumpy())
    mx.random.seed(3)
    drawn = [[] for _ in range(8)]

    def draw(numbers):
        for _ in range(50):
            numbers.extend(nd.random.uniform(shape=4).asnumpy().tolist())

    threads = [threading.Thread(target=draw, args=(numbers,)) for numbers in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(np.sort(np.float32(drawn).ravel()), expected)


def test_seeding_counts_for_all_threads():
    thread = threading.Thread(target=mx.random.seed, args=(9,))
    thread.start()
    thread.join()
    here = everything()
    mx.random.seed(9)
    assert equal(everything(), here)


def test_numpy_s_generator_is_neither_used_nor_changed():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = everything()
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    mx.random.seed(0)
    assert equal(everything(), first)


@pytest.mark.parametrize("dtype", FLOATS)
def test_distributions(dtype):
    uniform = nd.random.uniform(2, 5, shape=(200, 100), dtype=dtype)
    values = uniform.asnumpy().astype("float64")
    assert uniform.dtype == np.dtype(nd.zeros((1,), dtype=dtype).dtype)
    assert values.min() >= 2
    assert values.max() < 5
    assert abs(values.mean() - 3.5) < 0.03
    normal = nd.random.normal(1, 3, shape=(200, 100), dtype=dtype).asnumpy().astype("float64")
    assert abs(normal.mean() - 1) < 0.1
    assert abs(normal.std() - 3) < 0.1
    assert nd.random.uniform(3, 3, shape=2, dtype=dtype).asnumpy().tolist() == [3, 3]


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_out_is_filled_in_place_whatever_its_storage_type(stype):
    expected = nd.random.uniform(1, 2, shape=(4, 3)).asnumpy()
    mx.random.seed(0)
    out = nd.zeros((4, 3), stype=stype)
    assert nd.random.uniform(1, 2, out=out) is out
    assert out.stype == stype
    np.testing.assert_array_equal(out.asnumpy(), expected)
    view = nd.zeros((4, 3))
    mx.random.seed(0)
    nd.random.uniform(1, 2, out=view[1:3])
    np.testing.assert_array_equal(view.asnumpy()[1:3].ravel(), expected.ravel()[:6])


def test_a_row_sparse_out_stores_every_row():
    out = nd.zeros((5, 2), stype="row_sparse")
    nd.random.normal(0, 0, out=out)
    assert out.indices.asnumpy().tolist() == [0, 1, 2, 3, 4]


def test_arrays_of_parameters():
    low, high = nd.array([0, 10]), nd.array([1, 20])
    values = nd.random.uniform(low, high, shape=(3, 4)).asnumpy()
    assert values.shape == (2, 3, 4)
    assert ((values[0] >= 0) & (values[0] <= 1)).all()
    assert ((values[1] >= 10) & (values[1] <= 20)).all()
    assert nd.random.normal(low, nd.array([0, 0])).asnumpy().tolist() == [0, 10]
    for bad in ((low, 1), (0, high), (low, nd.ones((3,)))):
        with pytest.raises(AssertionError):
            nd.random.uniform(*bad)


@given(low=st.integers(-(2**40), 2**40), span=st.integers(1, 2**53), size=st.integers(1, 50))
@ANY_DEVICE
def test_integers_stay_in_range(low, span, size):
    drawn = nd.random.randint(low, low + span, shape=size, dtype="int64")
    assert drawn.dtype == np.int64
    assert ((drawn.asnumpy() >= low) & (drawn.asnumpy() < low + span)).all()


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 2**53 + 1), (-(2**62), 2**62), (1, 2**63), (-(2**63), 2**63)],
)
def test_integers_are_drawn_from_all_of_a_wide_range(low, high):
    mx.random.seed(3)
    drawn = nd.random.randint(low, high, shape=(20, 500), dtype="int64").asnumpy()
    assert drawn.shape == (20, 500)
    assert drawn.min() >= low
    assert drawn.max() < high
    assert len(np.unique(drawn)) == 10_000
    assert np.isin(np.arange(8), drawn & 7).all()
    places = (drawn.astype(np.float64) - low) / (high - low)
    assert abs(places.mean() - 0.5) < 0.02
    assert abs(places.std() - 12**-0.5) < 0.02
    mx.random.seed(3)
    out = nd.zeros((20, 500), dtype="int64")
    assert nd.random.randint(low, high, out=out) is out
    np.testing.assert_array_equal(out.asnumpy(), drawn)


def test_integers_are_equally_likely():
    counts = np.bincount(nd.random.randint(0, 7, shape=70_000).asnumpy())
    assert counts.shape == (7,)
    assert abs(counts - 10_000).max() < 500


def test_shuffling_permutes_rows_and_leaves_the_source():
    rows = nd.array(np.arange(60).reshape(20, 3))
    shuffled = nd.random.shuffle(rows)
    np.testing.assert_array_equal(rows.asnumpy().ravel(), np.arange(60))
    order = shuffled.asnumpy()[:, 0] // 3
    assert sorted(order.tolist()) == list(range(20))
    assert order.tolist() != list(range(20))
    np.testing.assert_array_equal(shuffled.asnumpy(), rows.asnumpy()[order.astype(int)])
    assert nd.random.shuffle(rows, out=rows) is rows
    assert sorted(rows.asnumpy().ravel().tolist()) == list(range(60))


def uniform_2_1(r):
    return r.uniform(2, 1)


def uniform_float_nan_1(r):
    return r.uniform(float("nan"), 1)


def uniform_0_float_inf(r):
    return r.uniform(0, float("inf"))


def normal_0_minus_1(r):
    return r.normal(0, -1)


def normal_float_nan_1(r):
    return r.normal(float("nan"), 1)


def uniform_shape_2_dtype_int32(r):
    return r.uniform(shape=(2,), dtype="int32")


def uniform_shape_minus_1(r):
    return r.uniform(shape=(-1,))


def uniform_shape_0(r):
    return r.uniform(shape=(0,))


def uniform_out_zeros_2_dtype_int32(r):
    return r.uniform(out=nd.zeros((2,), dtype="int32"))


def uniform_shape_3_out_zeros_2(r):
    return r.uniform(shape=(3,), out=nd.zeros((2,)))


def uniform_dtype_float64_out_zeros_2(r):
    return r.uniform(dtype="float64", out=nd.zeros((2,)))


def randint_5_5(r):
    return r.randint(5, 5)


def randint_0_2_power_40(r):
    return r.randint(0, 2**40)


def randint_0_2_power_64_dtype_int64(r):
    return r.randint(0, 2**64, dtype="int64")


def randint_0_5_3(r):
    return r.randint(0.5, 3)


def randint_0_3_dtype_float32(r):
    return r.randint(0, 3, dtype="float32")


def randint_0_3_out_zeros_2(r):
    return r.randint(0, 3, out=nd.zeros((2,)))


def shuffle_ones_2_2_tostype_csr(r):
    return r.shuffle(nd.ones((2, 2)).tostype("csr"))


def shuffle_1_2(r):
    return r.shuffle([1, 2])


def uniform_ctx_cpu(r):
    return r.uniform(ctx="cpu")


@pytest.mark.parametrize(
    "call",
    [
        uniform_2_1,
        uniform_float_nan_1,
        uniform_0_float_inf,
        normal_0_minus_1,
        normal_float_nan_1,
        uniform_shape_2_dtype_int32,
        uniform_shape_minus_1,
        uniform_shape_0,
        uniform_out_zeros_2_dtype_int32,
        uniform_shape_3_out_zeros_2,
        uniform_dtype_float64_out_zeros_2,
        randint_5_5,
        randint_0_2_power_40,
        randint_0_2_power_64_dtype_int64,
        randint_0_5_3,
        randint_0_3_dtype_float32,
        randint_0_3_out_zeros_2,
        shuffle_ones_2_2_tostype_csr,
        shuffle_1_2,
        uniform_ctx_cpu,
    ],
)
def test_bad_arguments_are_errors_of_mxnet(call):
    with pytest.raises(MXNetError):
        call(nd.random)


@pytest.mark.parametrize("seed", [1.5, "one", None, np.float64(2)])
def test_a_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="integer"):
        mx.random.seed(seed)


def test_the_context_of_a_seed():
    mx.random.seed(np.int64(3), ctx=mx.cpu(1))
    mx.random.seed(3, ctx="all")
    with pytest.raises(KeyError, match="foo"):
        mx.random.seed(3, ctx="foo")


@pytest.mark.parametrize("module", [mx.random, nd.random])
def test_other_distributions_say_what_to_use(module):
    with pytest.raises(AttributeError, match=r"numpy\.random\.default_rng"):
        getattr(module, "dirichlet")  # noqa: B009


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("reseed", [False, True])
def test_forked_children_repeat_the_parent_unless_asked_not_to(reseed):
    script = f"""
import os, numparam as mx
mx.random.reseed_after_fork({reseed})
mx.random.seed(1)
mx.nd.random.uniform(shape=3)
read, write = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        os.write(write, mx.nd.random.uniform(shape=2).asnumpy().tobytes())
        os._exit(0)
    os.wait()
children = [os.read(read, 8), os.read(read, 8)]
print(len({{mx.nd.random.uniform(shape=2).asnumpy().tobytes(), *children}}))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=os.path.join(os.path.dirname(__file__), os.pardir, os.pardir),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ("3" if reseed else "1")


@given(
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=12),
    dtype=st.sampled_from(FLOATS),
    other=st.integers(0, 11),
)
@ANY_DEVICE
def test_many_small_draws_are_those_of_one_kernel_call_each(sizes, dtype, other):
    from numparam.kernels.reference import random as reference

    mx.random.seed(3)
    offset = 0
    for place, size in enumerate(sizes * 3):
        bound = 2.0 if place == other else 0.5
        drawn = nd.random.uniform(-bound, bound, shape=size, dtype=dtype).asnumpy()
        expected = np.empty(size, drawn.dtype)
        offset = reference.uniform(expected, -bound, bound, seed=3, offset=offset)
        assert drawn.tobytes() == expected.tobytes()


def test_small_draws_of_several_threads_are_all_different():
    drawn = [[] for _ in range(4)]

    def draw(into):
        into.extend(
            nd.random.uniform(shape=4, dtype="float64").asnumpy().tobytes() for _ in range(200)
        )

    threads = [threading.Thread(target=draw, args=(into,)) for into in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({values for into in drawn for values in into}) == 800
