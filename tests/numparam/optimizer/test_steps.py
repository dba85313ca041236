"""Steps of every optimizer against the formulas in float64: dense, lazy, exact, 16-bit.

Forms that differ in the kernels alone run on the reference, which compiles nothing; the kernels'
own tests compare the others with it.
"""

from __future__ import annotations

import numpy as np
import pytest

import numparam as mx
from tests.support.optimizer_formulas import Reference

COMMON = {"lr": 0.1, "wd": 0.03, "r": 0.5}
SHAPE = (5, 3)
STEPS = 6

#: Optimizers with arguments that use all of their formula.
OPTIMIZERS = [
    pytest.param("sgd", {}, id="sgd"),
    pytest.param("sgd", {"momentum": 0.9}, id="sgd-momentum"),
    pytest.param("nag", {}, id="nag"),
    pytest.param("nag", {"momentum": 0.9}, id="nag-momentum"),
    pytest.param("adam", {"beta1": 0.8, "epsilon": 1e-6}, id="adam"),
    pytest.param("adamw", {"beta2": 0.9}, id="adamw"),
    pytest.param("adagrad", {"eps": 1e-3}, id="adagrad"),
    pytest.param("rmsprop", {"gamma1": 0.8}, id="rmsprop"),
    pytest.param("rmsprop", {"centered": True, "gamma2": 0.7, "epsilon": 1e-3}, id="centered"),
    pytest.param("rmsprop", {"clip_weights": 0.9}, id="rmsprop-clipped-weights"),
    pytest.param("ftrl", {"lamda1": 0.05}, id="ftrl"),
    pytest.param("adadelta", {"rho": 0.8}, id="adadelta"),
    pytest.param("adamax", {"beta1": 0.8}, id="adamax"),
    pytest.param("nadam", {"beta1": 0.8}, id="nadam"),
    pytest.param("ftml", {}, id="ftml"),
    pytest.param("signum", {"wd_lh": 0.1}, id="signum"),
    pytest.param("signum", {"momentum": 0.0}, id="signsgd"),
    pytest.param("dcasgd", {}, id="dcasgd"),
    pytest.param("dcasgd", {"momentum": 0.9}, id="dcasgd-momentum"),
    pytest.param("groupadagrad", {"eps": 1e-3}, id="groupadagrad"),
    pytest.param("test", {}, id="test"),
]
# The norm of a whole weight is in their formula: a lazy step takes that of the rows.
WHOLE = [
    pytest.param("lamb", {}, id="lamb"),
    pytest.param("lars", {"momentum": 0.9, "eta": 0.1}, id="lars"),
    pytest.param(
        "lamb",
        {"lower_bound": 0.1, "upper_bound": 0.5, "bias_correction": False},
        id="lamb-bounds",
    ),
]
#: Signs of numbers near 0, and quotients of such, may differ in lower precision.
UNSTEADY = {"signum", "ftrl"}


def made(name, own, clip=None, **keywords):
    return mx.optimizer.create(
        name,
        learning_rate=COMMON["lr"],
        wd=COMMON["wd"],
        rescale_grad=COMMON["r"],
        clip_gradient=clip,
        **own,
        **keywords,
    )


def gradients(seed, count=STEPS, shape=SHAPE, dtype=np.float32):
    numbers = np.random.default_rng(seed)
    return [numbers.normal(size=shape).astype(dtype) for _ in range(count)]


def array(values, context=None, dtype=None):
    return mx.nd.array(values, ctx=context or mx.cpu(0), dtype=dtype or values.dtype)


def row_sparse(rows, ids, shape=SHAPE, context=None):
    context = context or mx.cpu(0)
    return mx.nd.sparse.row_sparse_array(
        (rows, np.array(ids, np.int64)), shape=shape, ctx=context, dtype=rows.dtype
    )


CLIPS = [pytest.param(None, id="free"), pytest.param(0.3, id="clipped"), pytest.param(0, id="zero")]


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize(("name", "own"), OPTIMIZERS + WHOLE)
def test_dense_steps_are_those_of_the_formula(name, own, clip, device):
    weights = gradients(1, 2)
    references = [Reference(name, w, c=clip, **COMMON, **own) for w in weights]
    arrays = [array(w) for w in weights]
    updater = mx.optimizer.get_updater(made(name, own, clip))
    for pair in zip(gradients(2), gradients(3), strict=True):
        updater([0, 1], [array(g) for g in pair], arrays)
        for reference, g in zip(references, pair, strict=True):
            reference.dense(g)
    for one, reference in zip(arrays, references, strict=True):
        np.testing.assert_allclose(one.asnumpy(), reference.weight, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(("name", "own"), OPTIMIZERS)
def test_float64_steps_are_those_of_the_formula(name, own, opaque):
    weight = gradients(1, 1, dtype=np.float64)[0]
    reference = Reference(name, weight, c=0.4, **COMMON, **own)
    one = array(weight, dtype="float64")
    updater = mx.optimizer.get_updater(made(name, own, 0.4))
    for g in gradients(2, dtype=np.float64):
        updater(0, array(g, dtype="float64"), one)
        reference.dense(g)
    np.testing.assert_allclose(one.asnumpy(), reference.weight, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "own"), OPTIMIZERS)
def test_mixed_precision_steps_are_those_of_a_float32_copy(name, own, dtype, opaque):
    short = mx.nd.array(gradients(1, 1)[0]).astype(dtype)
    whole = short.astype("float32")
    mixed = mx.optimizer.get_updater(made(name, own, 0.4, multi_precision=True))
    plain = mx.optimizer.get_updater(made(name, own, 0.4))
    for g in gradients(2):
        rounded = mx.nd.array(g).astype(dtype)
        mixed(0, rounded, short)
        plain(0, rounded.astype("float32"), whole)
    expected = whole.astype(dtype).astype("float32").asnumpy()
    np.testing.assert_array_equal(short.astype("float32").asnumpy(), expected)


def write_all(short, whole):
    short[:] = whole[:] = 0.375


def write_one_row(short, whole):
    short[1:2] = whole[1:2] = -2


WRITES = [pytest.param(write_all, id="all"), pytest.param(write_one_row, id="a-row")]
FORMS = [pytest.param(form, id=form) for form in ("dense", "lazy", "exact")]


def check_that_writes_reach_the_copy(name, dtype, write, form):
    short = mx.nd.array(gradients(1, 1)[0]).astype(dtype)
    whole = short.astype("float32")
    keywords = {} if form == "dense" else {"lazy_update": form == "lazy"}
    mixed = mx.optimizer.get_updater(made(name, {}, 0.4, multi_precision=True, **keywords))
    plain = mx.optimizer.get_updater(made(name, {}, 0.4, **keywords))
    for step, g in enumerate(gradients(2)):
        if step == 3:
            write(short, whole)
        ids = [0, 1, 3]
        half = mx.nd.array(g if form == "dense" else g[ids]).astype(dtype)
        pair = half, half.astype("float32")
        if form != "dense":
            pair = [
                mx.nd.sparse.row_sparse_array((rows, ids), shape=SHAPE, dtype=rows.dtype)
                for rows in pair
            ]
        mixed(0, pair[0], short)
        plain(0, pair[1], whole)
    expected = whole.astype(dtype).astype("float32").asnumpy()
    np.testing.assert_array_equal(short.astype("float32").asnumpy(), expected)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["sgd", "adam", "groupadagrad", "lamb", "lars"])
def test_values_written_into_a_16_bit_weight_reach_its_copy(name, dtype, write, form, opaque):
    check_that_writes_reach_the_copy(name, dtype, write, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["adam", "groupadagrad"])
def test_compiled_steps_notice_writes_into_16_bit_weights(name, form):
    check_that_writes_reach_the_copy(name, "float16", write_one_row, form)


def test_an_optimizer_of_ones_own_notices_writes_into_16_bit_weights():
    class Plain(mx.optimizer.Optimizer):
        def update(self, index, weight, grad, state):
            weight -= 0.25 * grad

    weight = mx.nd.array([1, 2]).astype("float16")
    updater = mx.optimizer.get_updater(Plain(multi_precision=True))
    updater(0, mx.nd.ones(2).astype("float16"), weight)
    weight[1] = 8
    updater(0, mx.nd.ones(2).astype("float16"), weight)
    assert weight.asnumpy().tolist() == [0.5, 7.75]


@pytest.mark.filterwarnings("ignore:.*small changes of it are lost")
@pytest.mark.parametrize(("name", "own"), OPTIMIZERS)
def test_float16_steps_without_a_copy_stay_near(name, own, opaque):
    weight = gradients(1, 1)[0].astype(np.float16)
    reference = Reference(name, weight, c=0.4, **COMMON, **own)
    one = array(weight)
    updater = mx.optimizer.get_updater(
        made(name, own | ({"epsilon": 1e-3} if "epsilon" in own else {}), 0.4)
    )
    if "epsilon" in own:
        reference.hyper["epsilon"] = 1e-3
    for g in gradients(2, dtype=np.float16):
        updater(0, array(g), one)
        reference.dense(g)
    if name not in UNSTEADY:
        np.testing.assert_allclose(one.asnumpy(), reference.weight, rtol=0.05, atol=0.05)
    assert np.isfinite(one.asnumpy()).all()


IDS = ([0, 3], [3, 4], [1], [], [4, 0, 2], [3])


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize(("name", "own"), OPTIMIZERS)
def test_lazy_steps_touch_the_rows_of_the_gradient_alone(name, own, stype, device):
    weight = gradients(1, 1)[0]
    reference = Reference(name, weight, c=0.4, **COMMON, **own)
    one = array(weight).tostype(stype)
    updater = mx.optimizer.get_updater(made(name, own, 0.4, lazy_update=True))
    for ids, g in zip(IDS, gradients(2), strict=True):
        rows = g[: len(ids)]
        updater(0, row_sparse(rows, ids), one)
        reference.lazy(ids, rows)
    np.testing.assert_allclose(one.asnumpy(), reference.weight, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize(("name", "own"), OPTIMIZERS + WHOLE)
def test_exact_steps_have_the_bits_of_dense_ones(name, own, stype, device):
    weight = gradients(1, 1)[0]
    sparse, dense = array(weight).tostype(stype), array(weight)
    exact = mx.optimizer.get_updater(made(name, own, 0.4, lazy_update=False))
    whole = mx.optimizer.get_updater(made(name, own, 0.4))
    for ids, g in zip(IDS, gradients(2), strict=True):
        rows = g[: len(ids)]
        filled = np.zeros(SHAPE, np.float32)
        filled[ids] = rows
        exact(0, row_sparse(rows, ids), sparse)
        whole(0, array(filled), dense)
        assert sparse.asnumpy().tobytes() == dense.asnumpy().tobytes()


@pytest.mark.parametrize(("name", "own"), OPTIMIZERS)
def test_repeated_and_unsorted_rows_are_summed_first(name, own, opaque):
    rows = np.float32([[1, 2, 3], [4, 5, 6], [0.5, 0, 1]])
    once = array(gradients(1, 1)[0])
    twice = once.copy()
    for weight, gradient in (
        (once, row_sparse(np.float32([[4, 5, 6], [1.5, 2, 4]]), [1, 4])),
        (twice, row_sparse(rows, [4, 1, 4])),
    ):
        mx.optimizer.get_updater(made(name, own, lazy_update=True))(0, gradient, weight)
    np.testing.assert_array_equal(once.asnumpy(), twice.asnumpy())


@pytest.mark.parametrize(
    ("momentum", "recorded"),
    [
        # Of MXNet 1.9.1, with a dense weight of ones.
        pytest.param(0.0, [[0.85, 0.85], [1.0, 1.0]], id="without"),
        pytest.param(0.5, [[0.775, 0.775], [0.925, 0.925]], id="with"),
    ],
)
def test_nag_is_lazy_without_momentum_alone(momentum, recorded):
    updater = mx.optimizer.get_updater(
        mx.optimizer.create("nag", momentum=momentum, learning_rate=0.1, wd=0.5)
    )
    weight = mx.nd.ones((2, 2))
    updater(0, row_sparse(np.float32([[1, 1]]), [0], (2, 2)), weight)
    np.testing.assert_allclose(weight.asnumpy(), recorded, rtol=1e-6)


def test_ftml_refuses_a_learning_rate_of_zero():
    updater = mx.optimizer.get_updater(mx.optimizer.create("ftml", learning_rate=0.1))
    updater.optimizer.set_lr_mult({0: 0.0})
    weights = [mx.nd.ones(2), mx.nd.ones(2)]
    for indices in ([0], [0, 1]):
        count = len(indices)
        with pytest.raises(ValueError, match="lr must not be 0: ftml divides by it"):
            updater(indices, [mx.nd.ones(2)] * count, weights[:count])
    assert [weight.asnumpy().tolist() for weight in weights] == [[1, 1], [1, 1]]
    assert updater.optimizer.num_update == 0


def test_two_contexts_are_updated_by_one_call(device):
    weights = gradients(1, 2)
    arrays = [array(w, mx.cpu(i)) for i, w in enumerate(weights)]
    updater = mx.optimizer.get_updater(made("adam", {}))
    references = [Reference("adam", w, c=None, **COMMON) for w in weights]
    for g in gradients(2):
        updater([0, 1], [array(g, mx.cpu(i)) for i in range(2)], arrays)
        for reference in references:
            reference.dense(g)
    for one, reference in zip(arrays, references, strict=True):
        np.testing.assert_allclose(one.asnumpy(), reference.weight, rtol=2e-4, atol=2e-5)


def test_gradients_stay_as_they_are():
    for name in ("adadelta", "adam", "sgd"):
        gradient = mx.nd.ones((2, 2))
        mx.optimizer.get_updater(made(name, {}, 0.1))(0, gradient, mx.nd.ones((2, 2)))
        assert gradient.asnumpy().tolist() == [[1, 1], [1, 1]]


def test_parameters_that_come_late_count_their_own_steps():
    updater = mx.optimizer.get_updater(made("adam", {}))
    first, second = mx.nd.ones(2), mx.nd.ones(2)
    updater(0, mx.nd.ones(2), first)
    updater([0, 1], [mx.nd.ones(2)] * 2, [first, second])
    alone = mx.nd.ones(2)
    mx.optimizer.get_updater(made("adam", {}))(0, mx.nd.ones(2), alone)
    assert second.asnumpy().tolist() == alone.asnumpy().tolist()
    assert updater.optimizer._index_update_count == {0: 2, 1: 1}
    assert updater.optimizer.num_update == 2
