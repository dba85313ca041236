"""Parameters as JAX arrays, and JAX's gradients."""

import numpy as np
import pytest

import numparam as mx

jax = pytest.importorskip("jax", reason="JAX is in the extra 'jax'")
import jax.numpy as jnp  # noqa: E402
from jax.experimental import sparse  # noqa: E402 - after the skip

from numparam.interop import jax as nj  # noqa: E402

CPUS = [mx.cpu(0), mx.cpu(1)]
NARROW = ["float16", "bfloat16", "float32", "uint8", "int8", "int16", "int32", "bool"]
NARROW += ["uint16", "uint32"]
WIDE = ["float64", "int64", "uint64"]


def parameters(ctx=CPUS, **keywords):
    params = mx.gluon.ParameterDict()
    params.get("weight", shape=(3, 4), init="ones", **keywords)
    params.get("count", shape=(2,), dtype="int32", grad_req="null", init="zeros")
    params.initialize(ctx=ctx)
    return params


def address(array):
    return array._memory.ctypes.data


@pytest.mark.parametrize("dtype", NARROW)
def test_a_tree_shares_the_memory_of_a_context(dtype):
    params = mx.gluon.ParameterDict()
    params.get("weight", shape=(3, 4), dtype=dtype, init="zeros", grad_req="null")
    params.initialize(ctx=CPUS)
    for ctx in CPUS:
        array = nj.tree(params, ctx)["weight"]
        data = params["weight"].data(ctx)
        assert array.dtype.name == dtype
        assert array.unsafe_buffer_pointer() == address(data)
        data[:] = 1
        assert np.asarray(array).astype(int).min() == 1
        assert not np.asarray(array).flags.writeable


@pytest.mark.parametrize("dtype", WIDE)
def test_wide_types_are_shared_if_jax_has_them_and_copied_if_not(dtype):
    params = mx.gluon.ParameterDict()
    params.get("weight", shape=(3, 4), dtype=dtype, init="ones", grad_req="null")
    params.initialize()
    narrow = nj.tree(params)["weight"]
    assert narrow.dtype.itemsize == 4
    params["weight"].data()[:] = 2
    assert narrow.max() == 1
    with jax.enable_x64(True):
        wide = nj.tree(params)["weight"]
        assert wide.dtype.name == dtype
        assert wide.unsafe_buffer_pointer() == address(params["weight"].data())


def test_memory_that_is_not_aligned_is_copied():
    memory = np.zeros(40, np.float32)
    start = 1 if memory.ctypes.data % 64 == 0 else 0
    params = mx.gluon.ParameterDict()
    weight = params.get("weight", shape=(3,))
    weight.initialize()
    weight._data = [mx.nd.from_numpy(memory[start : start + 3], zero_copy=True)]
    data = weight.data()
    assert address(data) % 64
    array = nj.tree(params)["weight"]
    data[:] = 1
    assert array.tolist() == [0, 0, 0]


def test_a_tree_holds_what_is_trained_if_asked():
    params = parameters()
    assert list(nj.tree(params, CPUS[0])) == ["weight", "count"]
    assert list(nj.tree(params, CPUS[0], trained=True)) == ["weight"]


def test_the_memory_outlives_the_parameters():
    array = nj.tree(parameters(mx.cpu(0)))["weight"]
    assert float(array.sum()) == 12


def test_sparse_parameters_and_other_devices_are_refused(opaque):
    params = mx.gluon.ParameterDict()
    params.get("table", shape=(4, 2), stype="row_sparse")
    params.initialize()
    with pytest.raises(nj.UnbindableError, match="'table' has storage type 'row_sparse'"):
        nj.tree(params)
    with pytest.raises(nj.UnbindableError, match="use host contexts"):
        nj.tree(parameters(mx.cpu(0)))


@pytest.mark.parametrize(("grad_req", "wanted"), [("write", 2), ("add", 3)])
def test_gradients_are_written_or_added(grad_req, wanted):
    params = parameters(grad_req=grad_req)
    for factor in (1, 2):
        gradient = jax.grad(lambda tree, factor=factor: factor * tree["weight"].sum())(
            nj.tree(params, CPUS[1], trained=True)
        )
        nj.accumulate(params, gradient, CPUS[1])
    assert np.unique(params["weight"].grad(CPUS[1]).asnumpy()) == [wanted]
    assert not params["weight"].grad(CPUS[0]).asnumpy().any()


def test_gradients_of_integers_and_none_are_left_out():
    params = parameters(mx.cpu(0))
    gradient = jax.grad(lambda tree: tree["weight"].sum(), allow_int=True)(nj.tree(params))
    nj.accumulate(params, gradient)
    nj.accumulate(params, {"weight": None})
    assert np.unique(params["weight"].grad().asnumpy()) == [1]


def test_a_trainer_on_two_contexts_trains_as_jax_does():
    def loss(tree, x):
        return jnp.square(x @ tree["weight"].T).sum()

    params = parameters()
    trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 0.1})
    batch = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)
    wanted = jnp.ones((3, 4))
    for _ in range(4):
        for ctx, half in zip(CPUS, np.split(batch, 2), strict=True):
            tree = nj.tree(params, ctx, trained=True)
            nj.accumulate(params, jax.jit(jax.grad(loss))(tree, half), ctx)
        trainer.step(8)
        wanted = wanted - 0.1 / 8 * jax.grad(loss)({"weight": wanted}, batch)["weight"]
    for ctx in CPUS:
        np.testing.assert_allclose(params["weight"].data(ctx).asnumpy(), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    "gradient",
    [
        pytest.param(lambda: (jnp.array([3, 1, 3]), jnp.ones((3, 2))), id="ids and rows"),
        pytest.param(
            lambda: sparse.BCOO((jnp.ones((4, 2)), jnp.array([[3], [1], [3], [5]])), shape=(5, 2)),
            id="BCOO, padded",
        ),
        pytest.param(
            lambda: jnp.zeros((5, 2)).at[jnp.array([3, 1, 3])].add(1.0),
            id="dense",
        ),
    ],
)
def test_row_sparse_gradients_are_taken(gradient):
    params = mx.gluon.ParameterDict()
    table = params.get("table", shape=(5, 2), grad_stype="row_sparse")
    params.initialize()
    nj.accumulate(params, {"table": gradient()})
    assert table.grad().indices.asnumpy().tolist() == [1, 3]
    assert table.grad().data.asnumpy().tolist() == [[1, 1], [2, 2]]


def test_gradients_that_do_not_fit_change_nothing():
    params = parameters(mx.cpu(0))
    with pytest.raises(ValueError, match="shape"):
        nj.accumulate(params, {"weight": jnp.ones(3)})
    with pytest.raises(KeyError, match="wieght"):
        nj.accumulate(params, {"weight": jnp.ones((3, 4)), "wieght": jnp.ones(3)})
    assert not params["weight"].grad().asnumpy().any()


def test_jax_makes_arrays_of_arrays_and_refuses_parameters():
    params = parameters(mx.cpu(0))
    data = params["weight"].data()
    assert jnp.asarray(data).unsafe_buffer_pointer() != address(data)
    assert jax.dlpack.from_dlpack(data).unsafe_buffer_pointer() == address(data)
    with pytest.raises(TypeError, match=r"data\(ctx\)"):
        jnp.asarray(params["weight"])
