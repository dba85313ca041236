"""Operations of one array, element by element, as functions and as methods."""

from __future__ import annotations

from harness import case, rows


def _names(mx):
    def setup():
        nan, inf = float("nan"), float("inf")
        return {
            "nd": mx.nd,
            "a": mx.nd.array([-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 3.7]),
            "p": mx.nd.array([0.25, 1, 2, 4, 9]),
            "u": mx.nd.array([-0.75, -0.25, 0, 0.5, 0.9]),
            "i": mx.nd.array([-4, 0, 9], dtype="int32"),
            "h": mx.nd.array([-1.5, 0.25, 4], dtype="float16"),
            "d": mx.nd.array([-1.5, 0.25, 4], dtype="float64"),
            "s": mx.nd.array([nan, inf, -inf]),
            "m": mx.nd.array([[1, -2], [-3, 4]]),
        }

    return setup


@case("2.1 elementwise: rounding and signs")
def rounding(mx):
    names = ("abs", "sign", "floor", "ceil", "round", "rint", "fix", "trunc", "negative", "relu")
    texts = [f"nd.{name}(a)" for name in names]
    texts += [f"a.{name}()" for name in ("abs", "sign", "floor", "ceil", "round", "rint", "fix")]
    texts += ["a.trunc()", "a.relu()", "nd.square(a)", "a.square()"]
    texts += [f"nd.{name}(s)" for name in ("abs", "sign", "floor", "ceil", "relu", "negative")]
    texts += [f"nd.{name}(i)" for name in ("abs", "sign", "square", "negative", "relu", "floor")]
    texts += [f"nd.{name}(h)" for name in ("abs", "square", "relu", "floor")]
    texts += [f"nd.{name}(d)" for name in ("abs", "square", "relu", "ceil")]
    texts += ["nd.logical_not(a)", "nd.abs(m)", "nd.abs([1, 2])", "nd.abs(3)"]
    return rows(_names(mx), *texts)


@case("2.1 elementwise: transcendental functions", rtol=2e-6)
def transcendental(mx):
    names = ("exp", "expm1", "tanh", "sigmoid", "sin", "cos", "tan", "sinh", "cosh", "arctan")
    names += ("arcsinh", "softsign", "degrees", "radians", "erf", "cbrt")
    texts = [f"nd.{name}(a)" for name in names]
    texts += [f"nd.{name}(p)" for name in ("sqrt", "log", "log2", "log10", "log1p", "rsqrt")]
    texts += [f"nd.{name}(p)" for name in ("reciprocal", "arccosh")]
    texts += [f"nd.{name}(u)" for name in ("arcsin", "arccos", "arctanh")]
    texts += [f"p.{name}()" for name in ("sqrt", "exp", "log", "tanh", "sigmoid", "rsqrt", "log1p")]
    texts += ["nd.sqrt(a)", "nd.log(a)", "nd.exp(s)", "nd.tanh(s)", "nd.sigmoid(s)", "nd.sqrt(s)"]
    texts += ["nd.exp(d)", "nd.log(nd.abs(d))", "nd.sqrt(nd.abs(d))", "nd.tanh(d)"]
    texts += ["nd.softmax(m)", "nd.softmax(m, axis=0)", "m.softmax()"]
    texts += ["nd.Activation(a, act_type='relu')"]
    texts += [f"nd.Activation(a, act_type='{name}')" for name in ("tanh", "sigmoid", "softrelu")]
    return rows(_names(mx), *texts)


@case("2.1 elementwise: log_softmax, of which MXNet gets three digits right", rtol=2e-3)
def log_softmax(mx):
    return rows(_names(mx), "nd.log_softmax(m)", "nd.log_softmax(m, axis=0)")


@case("2.1 elementwise: halves", rtol=2e-3)
def halves(mx):
    names = ("exp", "tanh", "sigmoid", "sin")
    texts = [f"nd.{name}(h)" for name in names]
    texts += ["nd.sqrt(nd.abs(h))", "nd.log(nd.abs(h))"]
    return rows(_names(mx), *texts)


@case("2.1 elementwise: integers under functions of reals")
def integers(mx):
    return rows(_names(mx), "nd.sqrt(nd.abs(i))", "nd.reciprocal(nd.array([1, 2], dtype='int32'))")


@case("2.1 elementwise: clip, maximum, minimum")
def clipping(mx):
    return rows(
        _names(mx),
        "nd.clip(a, -1, 1)",
        "nd.clip(a, a_min=0, a_max=2)",
        "a.clip(-1, 1)",
        "a.clip(a_min=-1, a_max=1)",
        "nd.clip(i, -1, 5)",
        "nd.clip(s, -1, 1)",
        "nd.clip(a, 1, -1)",
        "o = nd.zeros((9,)); r = nd.clip(a, -1, 1, out=o); (r is o, o)",
        "r = nd.clip(a, -1, 1, out=a); (r is a, a)",
        "nd.clip(a)",
        "nd.maximum(a, 1)",
        "nd.minimum(a, 1)",
        "nd.maximum(s, 0)",
        "nd.minimum(0, s)",
        "nd.maximum(a, -a)",
    )


@case("2.1 out=", rtol=1e-6)
def out(mx):
    return rows(
        _names(mx),
        "o = nd.zeros((5,)); r = nd.sqrt(p, out=o); (r is o, o)",
        "r = nd.square(p, out=p); (r is p, p)",
        "o = nd.zeros((5,), dtype='float64'); nd.square(p, out=o); o",
        "o = nd.zeros((4,)); nd.square(p, out=o); o",
        "o = nd.zeros((5,)); nd.elemwise_add(p, p, out=o); o",
        "o = nd.zeros((5,)); nd.broadcast_add(p, nd.array([1]), out=o); o",
        "o = nd.zeros((2, 2)); nd.dot(m, m, out=o); o",
        "o = nd.zeros((1,)); nd.sum(p, out=o); o",
        "o = nd.zeros((5,), dtype='int32'); nd.cast(p, dtype='int32', out=o); o",
        "o = nd.ones((10,)); nd.concat(p, p, dim=0, out=o[:]); o",
        "o = nd.zeros((2, 5)); nd.square(p, out=o[0]); o",
        "o = nd.zeros((2, 5)); nd.square(p, out=o[0:1].reshape((5,))); o",
        "nd.square(p, out=[1, 2])",
    )


@case(
    "2.1 reset_arrays",
    fix="arrays of every dtype can be reset together; MXNet knows floating point only",
    fixed={
        text: lambda row: "value" in row
        for text in (
            "nd.reset_arrays(i, num_arrays=1); i",
            "nd.reset_arrays(a, m, i, num_arrays=3); (a, m, i)",
            "b = nd.ones((2,), dtype='bool'); nd.reset_arrays(b, num_arrays=1); b",
            "b = nd.ones((2,), dtype='uint8'); nd.reset_arrays(b, num_arrays=1); b",
            "b = nd.ones((2,), dtype='int64'); nd.reset_arrays(b, num_arrays=1); b",
        )
    },
)
def reset_arrays(mx):
    return rows(
        _names(mx),
        "nd.reset_arrays(a, p, num_arrays=2); (a, p)",
        "nd.reset_arrays(i, num_arrays=1); i",
        "nd.reset_arrays(h, d, num_arrays=2); (h, d)",
        "nd.reset_arrays(a, m, i, num_arrays=3); (a, m, i)",
        "nd.reset_arrays(*[a, p], num_arrays=2); p",
        "v = m[0]; nd.reset_arrays(v, num_arrays=1); m",
        "nd.reset_arrays(a, p, num_arrays=1)",
        "nd.reset_arrays(a, a, num_arrays=2); a",
        "b = nd.ones((2,), dtype='bool'); nd.reset_arrays(b, num_arrays=1); b",
        "b = nd.ones((2,), dtype='uint8'); nd.reset_arrays(b, num_arrays=1); b",
        "b = nd.ones((2,), dtype='int64'); nd.reset_arrays(b, num_arrays=1); b",
    )
