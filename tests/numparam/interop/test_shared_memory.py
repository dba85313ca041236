"""The table of docs/interop.md: what shares memory, what copies and what refuses, by address."""

import pathlib
import re

import numpy as np
import pytest

import numparam as mx
from numparam.types.dtypes import DTYPE_BY_FLAG

torch = pytest.importorskip("torch", reason="PyTorch is in the extra 'torch'")
jax = pytest.importorskip("jax", reason="JAX is in the extra 'jax'")
from numparam.interop import jax as nj  # noqa: E402 - after the skip
from numparam.interop import torch as nt  # noqa: E402

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "interop.md"
DTYPES = [dtype.name for dtype in DTYPE_BY_FLAG.values()]
FLOATING = ["float16", "bfloat16", "float32", "float64"]


@pytest.fixture(autouse=True)
def wide_types():
    with jax.enable_x64(True):
        yield


def rows():
    text = PAGE.read_text("utf-8").partition("## What shares memory")[2]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return {cells[1].strip(): cells[2].strip() for cells in (line.split("|") for line in lines)}


def array(dtype):
    return mx.nd.zeros((4, 3), dtype=dtype)


def tensor(dtype):
    return torch.zeros((4, 3), dtype=getattr(torch, dtype))


def parameters(dtype):
    params = mx.gluon.ParameterDict()
    params.get("weight", shape=(4, 3), dtype=dtype, init="zeros", grad_req="null")
    params.initialize()
    return params


def module(dtype):
    net = torch.nn.Module()
    if dtype in FLOATING:
        net.weight = torch.nn.Parameter(tensor(dtype))
    else:
        net.register_buffer("weight", tensor(dtype))
    return net


# Two sides that hold the same values, and whether the second one may be written


def numpy_asarray(dtype):
    a = array(dtype)
    return a, np.asarray(a), True


def numpy_from_dlpack(dtype):
    a = array(dtype)
    return a, np.from_dlpack(a), True


def buffer(dtype):
    a = array(dtype)
    return a, np.frombuffer(memoryview(np.asarray(a)), a.dtype).reshape(4, 3), True


def asnumpy(dtype):
    a = array(dtype)
    return a, a.asnumpy(), True


def from_numpy(dtype):
    n = np.zeros((4, 3), array(dtype).dtype)
    return mx.nd.from_numpy(n), n, False  # as in MXNet, only the array may write from now on


def array_of_numpy(dtype):
    n = np.zeros((4, 3), array(dtype).dtype)
    return mx.nd.array(n, dtype=n.dtype), n, True


def torch_from_dlpack(dtype):
    a = array(dtype)
    return a, torch.from_dlpack(a), True


def torch_as_tensor(dtype):
    a = array(dtype)
    return a, torch.as_tensor(a), True


def torch_tensor(dtype):
    a = array(dtype)
    return a, torch.tensor(a), True


def from_tensor(dtype):
    t = tensor(dtype)
    return mx.nd.from_dlpack(t), t, True


def array_of_tensor(dtype):
    t = tensor(dtype)
    return mx.nd.array(t, dtype=dtype), t, True


def bound(dtype):
    net = module(dtype)
    params = nt.parameters(net, mx.cpu(0))
    (replica,) = nt.bind(net, params)
    return params["weight"].data(), replica.weight.detach(), True


def state(dtype):
    params = parameters(dtype)
    return params["weight"].data(), nt.state_dict(params, mx.cpu(0))["weight"], True


def loaded_state(dtype):
    params, t = parameters(dtype), tensor(dtype)
    nt.load_state_dict(params, {"weight": t})
    return params["weight"].data(), t, True


def jax_from_dlpack(dtype):
    a = array(dtype)
    return a, jax.dlpack.from_dlpack(a), False


def tree(dtype):
    params = parameters(dtype)
    return params["weight"].data(), nj.tree(params, mx.cpu(0))["weight"], False


def jax_asarray(dtype):
    a = array(dtype)
    return a, jax.numpy.asarray(a), False


def from_jax(dtype):
    j = jax.numpy.zeros((4, 3), dtype)
    return mx.nd.from_dlpack(j), j, False


def accumulated(dtype):
    params = parameters(dtype)
    params.setattr("grad_req", "write")
    j = jax.numpy.zeros((4, 3), dtype)
    nj.accumulate(params, {"weight": j})
    return params["weight"].grad(), j, False


CALLS = [
    pytest.param("`numpy.asarray(a)`", numpy_asarray, id="numpy.asarray"),
    pytest.param("`numpy.from_dlpack(a)`", numpy_from_dlpack, id="numpy.from_dlpack"),
    pytest.param("`memoryview(numpy.asarray(a))`", buffer, id="memoryview"),
    pytest.param("`a.asnumpy()`", asnumpy, id="asnumpy"),
    pytest.param("`mx.nd.from_numpy(n)`", from_numpy, id="from_numpy"),
    pytest.param("`mx.nd.array(n, dtype=n.dtype)`", array_of_numpy, id="array of NumPy's"),
    pytest.param("`torch.from_dlpack(a)`", torch_from_dlpack, id="torch.from_dlpack"),
    pytest.param("`torch.as_tensor(a)`", torch_as_tensor, id="torch.as_tensor"),
    pytest.param("`torch.tensor(a)`", torch_tensor, id="torch.tensor"),
    pytest.param("`mx.nd.from_dlpack(t)`", from_tensor, id="from_dlpack of a tensor"),
    pytest.param("`mx.nd.array(t, dtype=...)`", array_of_tensor, id="array of a tensor"),
    pytest.param("`nt.bind(net, params)`", bound, id="bind"),
    pytest.param("`nt.state_dict(params, ctx)`", state, id="state_dict"),
    pytest.param("`nt.load_state_dict(params, t)`", loaded_state, id="load_state_dict"),
    pytest.param("`jax.dlpack.from_dlpack(a)`", jax_from_dlpack, id="jax.dlpack.from_dlpack"),
    pytest.param("`nj.tree(params, ctx)`", tree, id="tree"),
    pytest.param("`jax.numpy.asarray(a)`", jax_asarray, id="jax.numpy.asarray"),
    pytest.param("`mx.nd.from_dlpack(j)`", from_jax, id="from_dlpack of JAX's"),
    pytest.param("`nj.accumulate(params, j)`", accumulated, id="accumulate"),
]
REFUSED = {"`numpy.asarray(parameter)`", "`numpy.asarray(a)` on a GPU"}


def address(values):
    if isinstance(values, torch.Tensor):
        return values.data_ptr()
    if isinstance(values, jax.Array):
        return values.unsafe_buffer_pointer()
    if isinstance(values, np.ndarray):
        return values.ctypes.data
    return values._memory.ctypes.data


def values_of(values):
    if isinstance(values, torch.Tensor):
        return values.to(torch.float64).numpy()
    return np.asarray(values).astype(np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("call", "make"), CALLS)
def test_each_row_of_the_table_by_address_both_ways(call, make, dtype):
    if dtype == "bfloat16" and make in (numpy_from_dlpack, buffer):
        with pytest.raises((RuntimeError, ValueError)):
            make(dtype)
        return
    own, other, writable = make(dtype)
    shared = rows()[call] == "shared"
    assert (address(own) == address(other)) is shared
    assert "bfloat16" in str(other.dtype) if dtype == "bfloat16" else dtype in str(other.dtype)
    assert own.writable is (make is not from_jax)
    if own.writable:
        own[1, 2] = 1
        assert values_of(other)[1, 2] == shared
    if writable:
        other[3, 1] = 1
        assert own.asnumpy().astype(np.float64)[3, 1] == shared


def test_every_row_is_tested():
    assert {call.values[0] for call in CALLS} | REFUSED == set(rows())
    assert set(rows().values()) == {"shared", "copied", "refused"}


@pytest.mark.parametrize(
    "convert", [np.asarray, torch.from_dlpack, torch.as_tensor, jax.numpy.asarray]
)
def test_a_parameter_is_no_array(convert):
    params = parameters("float32")
    with pytest.raises((TypeError, RuntimeError), match=r"data\(ctx\)|not an array"):
        convert(params["weight"])


@pytest.mark.parametrize(
    "convert", [np.asarray, np.from_dlpack, torch.from_dlpack, torch.as_tensor]
)
def test_memory_of_another_device_is_refused(convert, opaque):
    with pytest.raises((TypeError, ValueError, RuntimeError), match=re.escape("cpu(0)")):
        convert(array("float32"))
