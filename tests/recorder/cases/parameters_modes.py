"""Parameters under np_shape and np_array."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from harness import any_of, case, gives, outcome, refused


@contextmanager
def numpy_modes(mx):
    """Both switches on, as set_np() leaves them."""
    with mx.util.np_shape(True), mx.util.np_array(True):
        yield


def made(mx, shape=(2, 2), init="ones", **keywords):
    parameter = mx.gluon.Parameter("w", shape=shape, **keywords)
    parameter.initialize(init)
    return parameter


@case("1.16 np_shape")
def np_shape(mx):
    def scalar():
        with mx.util.np_shape(True):
            parameter = made(mx, ())
            return [parameter.shape, parameter.data(), parameter.grad()]

    def unknown(shape):
        with mx.util.np_shape(True):
            parameter = mx.gluon.Parameter("w", shape=shape, allow_deferred_init=True)
            parameter.initialize("ones")
            deferred = bool(parameter._deferred_init)
            parameter.shape = (3, 2)
            parameter._finish_deferred_init()
            return [deferred, parameter.shape, parameter.data()]

    def zero_not_allowed():
        with mx.util.np_shape(True):
            made(mx, (0, 3))

    def row_sparse():
        with mx.util.np_shape(True):
            return made(mx, (3, 2), stype="row_sparse")._data

    return {
        "scalar": outcome(scalar),
        "0 is unknown": outcome(lambda: unknown((0, 2))),
        "-1 is unknown": outcome(lambda: unknown((-1, 2))),
        "0 without deferral": outcome(zero_not_allowed),
        "row_sparse": outcome(row_sparse),
        "scalar, set_data": outcome(lambda: scalar_set_data(mx)),
        "scalar, two contexts": outcome(lambda: scalar_on_two(mx)),
    }


def scalar_set_data(mx):
    with mx.util.np_shape(True):
        parameter = made(mx, ())
        parameter.set_data(mx.nd.array(3.5))
        return parameter.data()


def scalar_on_two(mx):
    with mx.util.np_shape(True):
        parameter = mx.gluon.Parameter("w", shape=())
        parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        parameter.data(mx.cpu(1))[()] = 3
        parameter.reset_ctx(mx.cpu(2))
        return parameter.list_data()


@case("1.16 np_array")
def np_array(mx):
    def run(**keywords):
        with numpy_modes(mx):
            parameter = made(mx, **keywords)
            return [parameter.data(), parameter._grad, parameter.list_ctx()]

    def several():
        with numpy_modes(mx):
            parameter = mx.gluon.Parameter("w", shape=(2,))
            parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
            parameter.data(mx.cpu(1))[:] = 3
            parameter.reset_ctx([mx.cpu(2)])
            return [parameter.list_data(), parameter.list_grad()]

    def set_data(value):
        with numpy_modes(mx):
            parameter = made(mx)
            parameter.set_data(value())
            return parameter.data()

    def cast():
        with numpy_modes(mx):
            parameter = made(mx)
            parameter.cast("float16")
            return [parameter.data(), parameter.grad()]

    def deferred():
        with numpy_modes(mx):
            parameter = mx.gluon.Parameter("w", shape=(-1, 2), allow_deferred_init=True)
            parameter.initialize("ones")
            parameter.shape = (1, 2)
            parameter._finish_deferred_init()
            return parameter.data()

    def grad_req():
        with numpy_modes(mx):
            parameter = made(mx)
            parameter.grad_req = "null"
            dropped = parameter._grad
            parameter.grad_req = "add"
            return [dropped, parameter.data(), parameter.grad()]

    def bounded(init):
        with numpy_modes(mx):
            data = made(mx, (20, 20), init).data().asnumpy()
            return [bool(abs(data).max() > 0), bool(abs(data).max() < 2)]

    return {
        "ones": outcome(run),
        "float64": outcome(lambda: run(dtype="float64")),
        "bool": outcome(lambda: run(dtype="bool")),
        "null": outcome(lambda: run(grad_req="null")),
        "several contexts": outcome(several),
        "set_data, np": outcome(lambda: set_data(lambda: mx.np.zeros((2, 2)))),
        "set_data, NumPy": outcome(lambda: set_data(lambda: np.zeros((2, 2)))),
        "cast": outcome(cast),
        "deferred": outcome(deferred),
        "grad_req": outcome(grad_req),
        **{
            init: outcome(lambda init=init: bounded(init))
            for init in ("uniform", "normal", "xavier", "orthogonal", "msraprelu")
        },
        "_load_init": outcome(lambda: load_numpy(mx)),
        "text": outcome(lambda: text(mx)),
    }


def load_numpy(mx):
    with numpy_modes(mx):
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter._load_init(mx.np.array([1, 2]), None)
        return parameter.data()


def text(mx):
    with numpy_modes(mx):
        return repr(mx.gluon.Parameter("w", shape=(0, 3)))


@case("1.16 sparse parameters with np_array")
def sparse(mx):
    def run(**keywords):
        with numpy_modes(mx):
            return made(mx, (3, 2), **keywords)._data

    return {
        "row_sparse": outcome(lambda: run(stype="row_sparse")),
        "row_sparse gradient": outcome(lambda: run(grad_stype="row_sparse")),
        "no gradient": outcome(lambda: run(grad_stype="row_sparse", grad_req="null")),
    }


@case("1.16 switches")
def switches(mx):
    def refused_pair():
        mx.util.set_np(shape=False, array=True)

    return {
        "array without shape": outcome(refused_pair),
        "after it": outcome(lambda: [mx.util.is_np_shape(), mx.util.is_np_array()]),
        "npx names": outcome(
            lambda: [mx.npx.is_np_array() is False, mx.npx.is_np_shape() is False]
        ),
    }


@case(
    "1.16 zero_grad, save, load and scalars with np_array",
    fix="they work (defect 9)",
    fixed={
        "zero_grad": gives([0.0, 0.0]),
        "saved and loaded": gives(["ndarray", [1.0, 1.0]]),
        "load_dict": gives(["ndarray", [5.0, 6.0]]),
        "scalar": gives(1.0),
    },
)
def broken_with_np_array(mx):
    def scalar():
        with numpy_modes(mx):
            return float(made(mx, ()).data().asnumpy())

    def class_name(array):
        return type(array).__name__

    def zero_grad():
        with numpy_modes(mx):
            parameter = made(mx, (2,))
            parameter.grad()[:] = 3
            parameter.zero_grad()
            return parameter.grad().asnumpy().tolist()

    def zero_all(dtype="float32"):
        with numpy_modes(mx):
            parameters = mx.gluon.ParameterDict()
            parameter = parameters.get("w", shape=(2,), dtype=dtype)
            parameters.initialize("ones")
            parameter.grad()[:] = 3
            parameters.zero_grad()
            return [float(value) for value in parameter.grad().asnumpy()]

    def round_trip():
        with numpy_modes(mx), tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "net.params")
            first, second = mx.gluon.ParameterDict(), mx.gluon.ParameterDict()
            for parameters in (first, second):
                parameters.get("w", shape=(2,))
            first.initialize("ones")
            first.save(path)
            second.load(path)
            data = second["w"].data()
            return [class_name(data), data.asnumpy().tolist()]

    def load_dict():
        with numpy_modes(mx):
            parameters = mx.gluon.ParameterDict()
            parameters.get("w", shape=(2,))
            parameters.load_dict({"w": mx.nd.array([5, 6])})
            data = parameters["w"].data()
            return [class_name(data), data.asnumpy().tolist()]

    return {
        "zero_grad": outcome(zero_grad),
        "ParameterDict.zero_grad": outcome(zero_all),
        "ParameterDict.zero_grad, integers": outcome(lambda: zero_all("int32")),
        "saved and loaded": outcome(round_trip),
        "load_dict": outcome(load_dict),
        "scalar": outcome(scalar),
    }


@case(
    "1.16 made in one mode, used in the other",
    fix="set_data takes either class; new gradients have the class of the data",
    fixed={
        "classic data into np": any_of(gives([[0.0, 0.0], [0.0, 0.0]]), refused),
        "np data into classic": any_of(gives([[0.0, 0.0], [0.0, 0.0]]), refused),
        "gradient of np outside": any_of(gives(["ndarray", "ndarray"]), refused),
    },
)
def mixed_modes(mx):
    def zeros_of_classic():
        with mx.util.np_shape(False), mx.util.np_array(False):
            return mx.nd.zeros((2, 2))

    def into_np():
        with numpy_modes(mx):
            parameter = made(mx)
        parameter.set_data(zeros_of_classic())
        return parameter.data().asnumpy().tolist()

    def into_classic():
        parameter = made(mx)
        with numpy_modes(mx):
            zeros = mx.np.zeros((2, 2))
        parameter.set_data(zeros)
        return parameter.data().asnumpy().tolist()

    def gradient():
        with numpy_modes(mx):
            parameter = made(mx)
        parameter.grad_req = "add"
        return [type(parameter.data()).__name__, type(parameter.grad()).__name__]

    return {
        "classic data into np": outcome(into_np),
        "np data into classic": outcome(into_classic),
        "gradient of np outside": outcome(gradient),
    }
