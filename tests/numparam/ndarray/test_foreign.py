"""Arrays of other libraries as values: stubs everywhere, and the libraries where installed."""

import ml_dtypes
import numpy as np
import pytest

import numparam as mx
from numparam.ndarray import capsules
from numparam.ndarray.foreign import host_array, is_foreign
from numparam.types.dtypes import bfloat16

VALUES = [[1.5, -2, 0], [0, 4, 0.25]]


class DLPackOnly:
    """An array that gives its values by DLPack alone, as PyTorch gives bfloat16."""

    def __init__(self, values):
        self._values = np.array(values, bfloat16)
        self.shape = self._values.shape

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Got unsupported ScalarType")

    def __dlpack__(self, **keywords):
        return capsules.exported(self._values, **keywords)

    def __dlpack_device__(self):
        return (1, 0)


class Float8(DLPackOnly):
    """The same of float8_e4m3fn, as PyTorch exports it."""

    def __init__(self, values):
        super().__init__(values)
        self._bits = self._values.astype(ml_dtypes.float8_e4m3fn).view(np.uint8)

    def __dlpack__(self, **keywords):
        capsule = capsules.exported(self._bits, **keywords)
        capsules._tensor_of(capsule).code = 10
        return capsule


class NeedsGradient:
    """A tensor that gives nothing before it is detached, moved and made dense."""

    layout = "torch.sparse_coo"
    shape = (2, 3)

    def __init__(self, missing=("detach", "to_dense", "cpu")):
        self._missing = missing

    def _after(self, step):
        return NeedsGradient(tuple(name for name in self._missing if name != step))

    def detach(self):
        return self._after("detach")

    def to_dense(self):
        return self._after("to_dense")

    def cpu(self):
        return self._after("cpu")

    def __array__(self, dtype=None, copy=None):
        if self._missing:
            raise RuntimeError(f"call {self._missing[0]} first")
        return np.array(VALUES, np.float32)


class ScipyLike:
    """A sparse matrix without ``__array__``."""

    shape = (2, 3)
    dtype = np.dtype(np.float64)

    def tocsr(self):
        return self

    def toarray(self):
        return np.array(VALUES)


def torch_values(**keywords):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    return torch.tensor(VALUES, **keywords)


def torch_bfloat16():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    return torch_values(dtype=torch.bfloat16, requires_grad=True)


def torch_transposed_bfloat16():
    return torch_bfloat16().T.contiguous().T


def torch_negative():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    return torch._neg_view(-torch_values())


def jax_bfloat16():
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    return jnp.array(VALUES, jnp.bfloat16)


def scipy_csr():
    sparse = pytest.importorskip("scipy.sparse", reason="SciPy is not installed")
    return sparse.csr_matrix(VALUES)


def dlpack_only():
    return DLPackOnly(VALUES)


def float8():
    return Float8(VALUES)


def torch_float8():
    return torch_values().to(torch_dtype("float8_e5m2"))


def torch_dtype(name):
    return getattr(pytest.importorskip("torch", reason="PyTorch is not installed"), name)


def torch_requires_grad():
    return torch_values(requires_grad=True)


def torch_sparse_coo():
    return torch_values().to_sparse()


SOURCES = [
    pytest.param(dlpack_only, id="DLPack only"),
    pytest.param(float8, id="DLPack only, float8"),
    pytest.param(torch_float8, id="torch, float8"),
    pytest.param(NeedsGradient, id="after detach, to_dense and cpu"),
    pytest.param(ScipyLike, id="toarray"),
    pytest.param(torch_requires_grad, id="torch, requires grad"),
    pytest.param(torch_bfloat16, id="torch, bfloat16, requires grad"),
    pytest.param(torch_transposed_bfloat16, id="torch, bfloat16, transposed"),
    pytest.param(torch_negative, id="torch, negative bit"),
    pytest.param(torch_sparse_coo, id="torch, sparse COO"),
    pytest.param(jax_bfloat16, id="JAX, bfloat16"),
    pytest.param(scipy_csr, id="SciPy, CSR"),
]


@pytest.mark.parametrize("source", SOURCES)
def test_arrays_of_other_libraries_are_values_of_parameters(source, device):
    weight = mx.gluon.Parameter("weight", shape=(2, 3))
    weight.initialize()
    weight.set_data(source())
    assert weight.data().asnumpy().tolist() == VALUES


@pytest.mark.parametrize("source", SOURCES)
def test_arrays_of_other_libraries_are_gradients(source, device):
    weight = mx.gluon.Parameter("weight", shape=(2, 3), grad_req="add")
    weight.initialize()
    weight.zero_grad()
    for _ in range(2):
        mx.autograd.accumulate_grad([weight.data()], [source()])
    assert weight.grad().asnumpy().tolist() == (2 * np.array(VALUES)).tolist()


@pytest.mark.parametrize("source", SOURCES)
def test_arrays_are_written_from_those_of_other_libraries(source, device):
    for array in (mx.nd.zeros((2, 3)), mx.np.zeros((2, 3))):
        array[:] = source()
        assert array.asnumpy().tolist() == VALUES


@pytest.mark.parametrize("source", [one for one in SOURCES if one.id != "toarray"])
def test_arrays_are_made_of_those_of_other_libraries(source, device):
    for make in (mx.nd.array, mx.np.array):
        made = make(source(), dtype="float64")
        assert (made.dtype, made.asnumpy().tolist()) == (np.float64, VALUES)


def test_a_list_may_hold_arrays_of_other_libraries():
    assert mx.nd.array([DLPackOnly(row) for row in VALUES]).asnumpy().tolist() == VALUES


def test_the_dtype_is_kept_and_memory_shared_where_that_is_possible():
    source = DLPackOnly(VALUES)
    host = host_array(source)
    assert host.dtype == bfloat16
    assert np.shares_memory(host, source._values)


def test_what_a_library_says_is_passed_on():
    class Broken(DLPackOnly):
        def __dlpack__(self, **keywords):
            raise BufferError("no memory is bound")

    with pytest.raises(TypeError, match="Broken does not give its values: no memory is bound"):
        mx.nd.array(Broken(VALUES))
    weight = mx.gluon.Parameter("weight", shape=(2, 3))
    weight.initialize(init=mx.init.One())
    with pytest.raises(TypeError, match=r"'weight'.*no memory is bound"):
        weight.set_data(Broken(VALUES))
    assert (weight.data().asnumpy() == 1).all()


@pytest.mark.parametrize(
    "value", [3, [1, 2], "text", None, {"shape": 2}, np.ones(2), np.float32(1)]
)
def test_numbers_lists_and_numpys_own_arrays_are_not_foreign(value):
    assert not is_foreign(value)


def test_arrays_of_this_library_are_not_foreign():
    assert not is_foreign(mx.nd.ones((2,)))
    assert not is_foreign(mx.nd.sparse.zeros("csr", (2, 2)))


def test_numbers_in_arrays_of_objects_are_values():
    values = np.array([1, 2.5, np.float32(3), 2**70], object)
    assert mx.nd.array(values, dtype="float64").asnumpy().tolist() == [1, 2.5, 3, float(2**70)]
    with pytest.raises(TypeError, match="ndarray"):
        mx.nd.array(np.array([1, "two"], object))


def test_numpys_mean_takes_arrays():
    assert np.mean(mx.nd.ones((2,))).asnumpy().item() == 1


@pytest.mark.parametrize("make", [mx.nd.array, mx.np.array])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_jax_makes_arrays_of_arrays(make, dtype):
    array = make(VALUES, dtype=dtype)
    assert array.__jax_array__().tolist() == VALUES
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    assert jnp.asarray(array).tolist() == VALUES
    assert jnp.asarray(array).dtype == dtype


def test_jaxs_arrays_are_shared_for_reading():
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    values = jnp.arange(3.0)
    shared = mx.nd.from_dlpack(values)
    with pytest.raises(ValueError, match="must not be written"):
        shared[0] = -1
    assert values.tolist() == shared.asnumpy().tolist() == [0, 1, 2]


def test_a_mapped_file_is_not_written_through_pytorch(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    path = tmp_path / "values.bin"
    np.arange(3, dtype=np.float32).tofile(path)
    mapped = np.memmap(path, np.float32, "r")
    assert mx.nd.from_dlpack(torch.from_dlpack(mapped)).writable is False
    torch.from_dlpack(mx.nd.from_numpy(mapped))[0] = 5
    assert mapped.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "name", ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"]
)
@pytest.mark.parametrize("library", ["torch", "jax.numpy"])
def test_dtypes_of_other_libraries_are_dtypes(library, name):
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    dtype = getattr(module, name)
    assert mx.nd.zeros((2,), dtype=dtype)._buffer.dtype.name == name
    assert mx.np.zeros((2,), dtype=dtype).dtype == name
    weight = mx.gluon.Parameter("weight", shape=(2,))
    weight.initialize()
    weight.cast(dtype)
    assert weight.data()._buffer.dtype.name == name


class Exhausted:
    """An array of another library that has no memory to give its values."""

    ndim = 1

    def __array__(self, *arguments, **keywords):
        raise MemoryError("no room")


def test_a_lack_of_memory_in_another_library_stays_a_memory_error(tmp_path):
    with pytest.raises(MemoryError, match="no room"):
        mx.nd.save(tmp_path / "arrays", {"a": Exhausted()})


def test_an_array_has_no_memory_of_a_dtype_that_it_cannot_have():
    with pytest.raises(ValueError, match="float8_e4m3fn"):
        mx.nd.from_dlpack(Float8(VALUES))
    with pytest.raises(ValueError, match="float8_e4m3fn"):
        mx.nd.from_dlpack(Float8(VALUES).__dlpack__())
