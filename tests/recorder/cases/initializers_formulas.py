"""What each initializer writes: the deterministic ones exactly, the random ones by their laws."""

import numpy as np
from harness import any_of, case, gives, outcome, refused


def written(mx, init, shape, name="w_weight", dtype="float32"):
    """The array after ``init`` has written a parameter of this name."""
    array = mx.nd.full(shape, -7, dtype=dtype)
    init(mx.init.InitDesc(name), array)
    return array


@case("2.3 Zero, One, Constant")
def constants(mx):
    def run(init, shape=(2, 3), dtype="float32"):
        return outcome(lambda: written(mx, init, shape, dtype=dtype))

    constant = mx.init.Constant
    return {
        "Zero": run(mx.init.Zero()),
        "One": run(mx.init.One()),
        "Constant": run(constant(2.5)),
        "Constant of an array": run(constant(mx.nd.array([1, 2, 3]))),
        "Constant of a column": run(constant(np.array([[1.0], [2.0]]))),
        "Constant of a list": run(constant([1, 2, 3])),
        "Constant of a wrong shape": "raises" in run(constant(mx.nd.array([1, 2]))),
        "Constant in int32": run(constant(2.5), dtype="int32"),
        "Constant in float16": run(constant(0.1), dtype="float16"),
        "Constant in float64": run(constant(0.1), dtype="float64"),
        "Constant NaN": run(constant(float("nan")), shape=(1,)),
        "Constant infinity": run(constant(float("-inf")), shape=(1,)),
        "Zero in bool": run(mx.init.Zero(), dtype="bool"),
    }


@case("2.3 Bilinear")
def bilinear(mx):
    def run(shape):
        return outcome(lambda: written(mx, mx.init.Bilinear(), shape))

    return {
        "4 x 4": run((1, 1, 4, 4)),
        "3 x 3": run((1, 1, 3, 3)),
        "2 x 2": run((1, 1, 2, 2)),
        "5 x 5": run((1, 1, 5, 5)),
        "1 x 1": run((1, 1, 1, 1)),
        "several filters": run((2, 3, 4, 4)),
        "not square": run((1, 1, 2, 4)),
        "2-D": "raises" in run((4, 4)),
    }


@case("2.3 LSTMBias")
def lstm_bias(mx):
    def run(size, name="lstm_bias", **keywords):
        return outcome(lambda: written(mx, mx.init.LSTMBias(**keywords), (size,), name))

    def through_parameter():
        parameter = mx.gluon.Parameter("l0_i2h_bias", shape=(8,), init=mx.init.LSTMBias(2.0))
        parameter.initialize()
        return parameter.data()

    return {
        "size 8, by suffix": run(8),
        "through a parameter": outcome(through_parameter),
        "size 8": run(8, "lstm_weight"),
        "size 4": run(4, "lstm_weight"),
        "size 12, 0.5": run(12, "lstm_weight", forget_bias=0.5),
        "size 10": run(10, "lstm_weight"),
    }


@case("2.3 Uniform")
def uniform(mx):
    def laws(init, bound, dtype="float32"):
        def run():
            mx.random.seed(3)
            values = written(mx, init, (100, 100), dtype=dtype).asnumpy().astype("float64")
            return {
                "within": bool(abs(values).max() <= bound * (1 + 1e-3)),
                "reaches": bool(values.max() > 0.995 * bound and values.min() < -0.995 * bound),
                "mean": bool(abs(values.mean()) < 0.03 * bound),
                "variance": bool(abs(values.var() / (bound**2 / 3) - 1) < 0.05),
            }

        return outcome(run)

    return {
        "default": laws(mx.init.Uniform(), 0.07),
        "scale 1": laws(mx.init.Uniform(1), 1.0),
        "scale 10": laws(mx.init.Uniform(scale=10.0), 10.0),
        "float64": laws(mx.init.Uniform(1), 1.0, "float64"),
        "float16": laws(mx.init.Uniform(1), 1.0, "float16"),
        "scale 0": outcome(lambda: written(mx, mx.init.Uniform(0), (3,))),
    }


@case("2.3 Normal")
def normal(mx):
    def laws(init, sigma, dtype="float32"):
        def run():
            mx.random.seed(3)
            values = written(mx, init, (200, 200), dtype=dtype).asnumpy().astype("float64") / sigma
            return {
                "mean": bool(abs(values.mean()) < 0.03),
                "variance": bool(abs(values.var() - 1) < 0.05),
                "symmetry": bool(abs((values**3).mean()) < 0.15),
                "tails": bool(abs((values**4).mean() - 3) < 0.3),
                "beyond 2 sigma": bool(0.03 < (abs(values) > 2).mean() < 0.06),
            }

        return outcome(run)

    return {
        "default": laws(mx.init.Normal(), 0.01),
        "sigma 1": laws(mx.init.Normal(1), 1.0),
        "sigma 3": laws(mx.init.Normal(sigma=3.0), 3.0),
        "float64": laws(mx.init.Normal(1), 1.0, "float64"),
        "float16": laws(mx.init.Normal(1), 1.0, "float16"),
    }


SHAPES = {"2-D": (60, 90), "4-D": (30, 20, 3, 5), "3-D": (40, 20, 7), "tall": (600, 8)}


def fans(shape):
    receptive = int(np.prod(shape[2:]))
    return shape[1] * receptive, shape[0] * receptive


@case("2.3 Xavier: bounds from the fans")
def xavier_uniform(mx):
    def bound(factor_type, magnitude, shape):
        fan_in, fan_out = fans(shape)
        factor = {"in": fan_in, "out": fan_out, "avg": (fan_in + fan_out) / 2}[factor_type]
        return float(np.sqrt(magnitude / factor))

    def run(init, expected, shape):
        def laws():
            mx.random.seed(5)
            values = written(mx, init, shape).asnumpy()
            largest = float(abs(values).max())
            return [largest <= expected * (1 + 1e-6), largest > 0.99 * expected]

        return outcome(laws)

    rows = {}
    for title, shape in SHAPES.items():
        rows[f"default, {title}"] = run(mx.init.Xavier(), bound("avg", 3, shape), shape)
        for factor_type in ("avg", "in", "out"):
            init = mx.init.Xavier("uniform", factor_type, 2.5)
            rows[f"{factor_type}, {title}"] = run(init, bound(factor_type, 2.5, shape), shape)
    return rows


@case("2.3 Xavier and MSRAPrelu: Gaussian")
def xavier_gaussian(mx):
    def run(init, variance_of, shape):
        def laws():
            mx.random.seed(5)
            values = written(mx, init, shape).asnumpy().astype("float64")
            fan_in, fan_out = fans(shape)
            variance = variance_of(fan_in, fan_out)
            return [
                bool(abs(values.var() / variance - 1) < 0.1),
                bool(abs(values).max() > 2.5 * np.sqrt(variance)),
            ]

        return outcome(laws)

    rows = {}
    for title, shape in SHAPES.items():
        rows[f"Xavier avg, {title}"] = run(
            mx.init.Xavier("gaussian"), lambda i, o: 3 / ((i + o) / 2), shape
        )
        rows[f"Xavier in, {title}"] = run(
            mx.init.Xavier("gaussian", "in", 2), lambda i, o: 2 / i, shape
        )
        rows[f"Xavier out, {title}"] = run(
            mx.init.Xavier("gaussian", "out", 2), lambda i, o: 2 / o, shape
        )
        rows[f"MSRAPrelu, {title}"] = run(
            mx.init.MSRAPrelu(), lambda i, o: 2 / (1 + 0.25**2) / ((i + o) / 2), shape
        )
        rows[f"MSRAPrelu in, slope 0, {title}"] = run(
            mx.init.MSRAPrelu("in", 0.0), lambda i, o: 2 / i, shape
        )
    return rows


@case("2.3 Xavier and MSRAPrelu refused")
def xavier_refused(mx):
    def run(init, shape=(3, 4)):
        return outcome(lambda: written(mx, init(), shape).shape)

    def names_parameter():
        try:
            written(mx, mx.init.Xavier(), (3,), "fc1_weight")
        except ValueError as error:
            return "fc1_weight" in str(error)
        return "no error"

    return {
        "1-D": run(mx.init.Xavier, (3,)),
        "1-D, MSRAPrelu": run(mx.init.MSRAPrelu, (3,)),
        "the message names the parameter": outcome(names_parameter),
        "unknown rnd_type": run(lambda: mx.init.Xavier(rnd_type="cauchy")),
        "unknown factor_type": run(lambda: mx.init.Xavier(factor_type="max")),
        "bias by suffix is 0 even in 1-D": outcome(
            lambda: written(mx, mx.init.Xavier(), (3,), "fc1_bias")
        ),
    }


@case("2.3 Orthogonal")
def orthogonal(mx):
    def run(shape, dtype="float32", scale=1.414, **keywords):
        def laws():
            mx.random.seed(7)
            init = mx.init.Orthogonal(scale=scale, **keywords)
            array = written(mx, init, shape, dtype=dtype)
            matrix = array.asnumpy().astype("float64").reshape(shape[0], -1)
            rows, columns = matrix.shape
            product = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
            error = abs(product - scale**2 * np.eye(len(product))).max()
            return [list(array.shape), bool(error < (1e-2 if dtype == "float16" else 1e-4))]

        return outcome(laws)

    return {
        "wide": run((4, 10)),
        "tall": run((10, 4)),
        "square": run((6, 6)),
        "4-D": run((4, 3, 2, 2)),
        "normal": run((4, 10), rand_type="normal"),
        "scale 1": run((4, 10), scale=1.0),
        "float64": run((4, 10), dtype="float64"),
        "float16": run((4, 6), dtype="float16"),
    }


@case(
    "2.3 Orthogonal refused",
    fix="a vector, an unknown rand_type or an integer dtype is refused with a reason",
    fixed={"1-D": refused, "unknown rand_type": refused},
)
def orthogonal_refused(mx):
    return {
        "1-D": outcome(lambda: written(mx, mx.init.Orthogonal(), (4,)).shape),
        "unknown rand_type": outcome(
            lambda: written(mx, mx.init.Orthogonal(rand_type="cauchy"), (4, 4)).shape
        ),
    }


@case("2.3 through parameters of other storage")
def sparse_parameters(mx):
    def run(init, shape=(6, 4)):
        def make():
            parameter = mx.gluon.Parameter("w", shape=shape, stype="row_sparse", init=init)
            parameter.initialize()
            array = parameter._data[0]
            return [
                array.stype,
                array.indices.asnumpy().tolist(),
                bool(np.isfinite(array.asnumpy()).all()),
                bool(array.asnumpy().any()),
            ]

        return make()

    inits = ("zeros", "ones", "uniform", "normal", "xavier", "msraprelu")
    return {name: outcome(lambda name=name: run(name)) for name in inits}


@case(
    "2.3 csr parameters",
    fix="zeros and constants work (defect 7)",
    fixed={"zeros": gives([[0.0, 0.0], [0.0, 0.0]]), "ones": gives([[1.0, 1.0], [1.0, 1.0]])},
)
def csr_parameters(mx):
    def run(init):
        parameter = mx.gluon.Parameter("w", shape=(2, 2), stype="csr", init=init)
        parameter.initialize()
        return parameter._data[0].asnumpy().tolist()

    return {
        "zeros": outcome(lambda: run("zeros")),
        "ones": outcome(lambda: run("ones")),
        "uniform": outcome(lambda: bool(abs(np.array(run("uniform"))).max() <= 0.07)),
    }


@case("6 the seed")
def seed(mx):
    def draw(init, shape=(50,)):
        return written(mx, init, shape).asnumpy()

    def same(number):
        pairs = []
        for init in (mx.init.Uniform(1), mx.init.Normal(1)):
            mx.random.seed(number)
            first = draw(init)
            second = draw(init)
            mx.random.seed(number)
            pairs.append([bool((draw(init) == first).all()), bool((second == first).any())])
        return pairs

    def other():
        mx.random.seed(1)
        first = draw(mx.init.Uniform(1))
        mx.random.seed(2)
        return bool((draw(mx.init.Uniform(1)) == first).any())

    return {
        "the same": outcome(lambda: same(11)),
        "other seeds": outcome(other),
        "zero": outcome(lambda: same(0)),
        "text": outcome(lambda: mx.random.seed("one")),
    }


@case(
    "2.3 quantized weights",
    fix="each element is drawn; MXNet draws one number for all",
    fixed={"one number": any_of(gives(False), gives(True))},
)
def quantized(mx):
    def values():
        array = mx.nd.zeros((20, 20), dtype="int8")
        mx.init.Uniform()(mx.init.InitDesc("conv_weight_quantize"), array)
        return array.asnumpy()

    return {
        "within": outcome(lambda: bool(values().min() >= -127 and values().max() < 127)),
        "one number": outcome(lambda: len(set(values().ravel().tolist())) == 1),
        "min": outcome(lambda: written(mx, mx.init.Uniform(), (2,), "conv_min")),
        "max": outcome(lambda: written(mx, mx.init.Uniform(), (2,), "conv_max")),
    }
