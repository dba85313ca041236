"""Layers and losses: what they compute, and the gradients that they define themselves."""

from __future__ import annotations

import numpy as np
from harness import case, outcome, rows

DATA = np.array([[0.5, -1.25, 2.0], [0.75, -0.5, 1.5]])
LABELS = np.array([1.0, 2.0])
IMAGE = (
    np.array([[[0.5, 2.0, -1.0, 0.25], [1.5, 0.0, 0.75, -0.5], [-2.0, 1.0, 0.5, 3.0]]] * 2)
    * np.array([1.0, 0.5])[:, None, None]
)
POSITIONS = np.array([[0.0, 1.0, 2.0, 1.0], [2.0, 1.0, 0.0, 0.0]])


def _gradients(mx, function, *inputs, head=2.0):
    """Result and gradients for a head gradient of one number."""
    arrays = [mx.nd.array(values) for values in inputs]
    for array in arrays:
        array.attach_grad()
    with mx.autograd.record():
        result = function(*arrays)
    first = result[0] if isinstance(result, list) else result
    first.backward(mx.nd.full(first.shape, head))
    return [first.asnumpy(), *(array.grad.asnumpy() for array in arrays)]


SETTINGS = [
    {},
    {"normalization": "batch"},
    {"normalization": "valid"},
    {"normalization": "valid", "ignore_label": 1},
    {"use_ignore": True, "ignore_label": 1},
    {"use_ignore": True, "ignore_label": 1, "normalization": "valid"},
    {"use_ignore": True, "ignore_label": 1, "normalization": "batch"},
    {"out_grad": True},
    {"smooth_alpha": 0.1},
    {"grad_scale": 3.0},
    {"preserve_shape": True},
]


def _times_head(classes_axis, scale):
    """Make a check that a gradient is that of the cross-entropy times the head gradient."""

    def check(found):
        data, labels = (DATA, LABELS[:, None]) if classes_axis == -1 else (IMAGE, POSITIONS)
        powers = np.exp(data)
        expected = powers / powers.sum(axis=1, keepdims=True)
        classes = np.arange(3) if classes_axis == -1 else np.arange(3)[None, :, None]
        labels = labels if classes_axis == -1 else labels[:, None]
        expected = (expected - (labels == classes)) * 2.0 * scale
        gradient = np.array(found["value"][1]["data"].split(), float)
        return bool(np.allclose(gradient, expected.ravel(), rtol=1e-5))

    return check


# MXNet multiplies with the result, not with the head gradient that it documents.
_OUT_GRAD = "with out_grad the head gradient is the factor"


@case(
    "2.4 SoftmaxOutput: of rows",
    fix=_OUT_GRAD,
    fixed={"{'out_grad': True}": _times_head(-1, 1.0)},
    rtol=2e-6,
)
def softmax_output(mx):
    def run(**settings):
        return _gradients(mx, lambda x, y: mx.nd.SoftmaxOutput(x, y, **settings), DATA, LABELS)

    found = {str(settings): outcome(lambda s=settings: run(**s)) for settings in SETTINGS}
    found["probabilities"] = outcome(
        lambda: _gradients(mx, mx.nd.SoftmaxOutput, DATA, np.abs(DATA) / 4)
    )
    found["labels out of range"] = outcome(
        lambda: _gradients(mx, mx.nd.SoftmaxOutput, DATA, np.array([5.0, -1.0]))
    )
    found["by its older name"] = outcome(lambda: _gradients(mx, mx.nd.Softmax, DATA, LABELS))
    return found


@case(
    "2.4 SoftmaxOutput: of positions",
    fix=_OUT_GRAD,
    fixed={"{'out_grad': True}": _times_head(1, 0.25)},
    rtol=2e-6,
)
def softmax_output_of_positions(mx):
    def run(**settings):
        return _gradients(
            mx,
            lambda x, y: mx.nd.SoftmaxOutput(x, y, multi_output=True, **settings),
            IMAGE,
            POSITIONS,
        )

    found = {str(settings): outcome(lambda s=settings: run(**s)) for settings in SETTINGS[:-1]}
    found["preserve_shape"] = outcome(
        lambda: _gradients(
            mx,
            lambda x, y: mx.nd.SoftmaxOutput(x, y, preserve_shape=True),
            IMAGE,
            np.array([[0.0, 1.0, 3.0]] * 2),
        )
    )
    return found


@case("2.4 SoftmaxOutput: wrong arguments")
def softmax_output_arguments(mx):
    nd = mx.nd
    return {
        "number of labels": outcome(lambda: nd.SoftmaxOutput(nd.ones((2, 3)), nd.ones((3,))).shape),
        "dtype of labels": outcome(
            lambda: nd.SoftmaxOutput(
                nd.ones((2, 3), dtype="float16"), nd.ones((2,), dtype="float32")
            ).asnumpy()
        ),
        "integers": outcome(
            lambda: nd.SoftmaxOutput(
                nd.ones((2, 3), dtype="int32"), nd.ones((2,), dtype="int32")
            ).asnumpy()
        ),
        "normalization": outcome(
            lambda: nd.SoftmaxOutput(nd.ones((2, 3)), nd.ones((2,)), normalization="all")
        ),
    }


@case("2.4 regression outputs and losses", rtol=2e-6)
def regression(mx):
    nd = mx.nd
    found = {}
    for name in ("LinearRegressionOutput", "LogisticRegressionOutput", "MAERegressionOutput"):
        function = getattr(nd, name)
        found[name] = outcome(lambda f=function: _gradients(mx, f, DATA, DATA / 2 + 1))
        found[name + " scaled"] = outcome(
            lambda f=function: _gradients(
                mx, lambda x, y: f(x, y, grad_scale=0.5), DATA, DATA / 2 + 1
            )
        )
        found[name + " of vectors"] = outcome(
            lambda f=function: _gradients(mx, f, DATA[:, :1], LABELS)
        )
    for settings in (
        {},
        {"grad_scale": 3.0},
        {"grad_scale": 3.0, "normalization": "batch"},
        {"grad_scale": 3.0, "normalization": "valid", "valid_thresh": 0.6},
    ):
        found[f"MakeLoss {settings}"] = outcome(
            lambda s=settings: _gradients(mx, lambda x: nd.MakeLoss(x, **s), DATA)
        )
    found["make_loss"] = outcome(lambda: _gradients(mx, nd.make_loss, DATA))
    found["softmax_cross_entropy"] = outcome(
        lambda: _with_data_alone(mx, lambda x: nd.softmax_cross_entropy(x, nd.array(LABELS)))
    )
    return found


def _with_data_alone(mx, function):
    return _gradients(mx, function, DATA)


@case("2.4 layers: gradients", rtol=1e-4)
def layers(mx):
    nd = mx.nd
    gamma, beta = np.array([1.0, 2.0, 0.5]), np.array([0.25, 1.0, -1.0])
    weights = np.array([[1.0, 2.0, -0.5]] * 2)
    found = {
        "LayerNorm": lambda: _gradients(
            mx,
            lambda x, g, b: nd.LayerNorm(x, g, b, eps=0.1) * nd.array(weights),
            DATA,
            gamma,
            beta,
        ),
        "LayerNorm along axis 0": lambda: _gradients(
            mx,
            lambda x, g, b: nd.LayerNorm(x, g, b, axis=0, eps=0.1) * nd.array(weights),
            DATA,
            gamma[:2],
            beta[:2],
        ),
        "softmax": lambda: _gradients(
            mx, lambda x: nd.softmax(x, temperature=2.0) * nd.array(weights), DATA
        ),
        "log_softmax": lambda: _gradients(
            mx, lambda x: nd.log_softmax(x) * nd.array(weights), DATA
        ),
        "smooth_l1": lambda: _gradients(mx, lambda x: nd.smooth_l1(x, scalar=1.5), DATA),
        "gamma": lambda: _gradients(mx, nd.gamma, np.abs(DATA)),
        "gammaln": lambda: _gradients(mx, nd.gammaln, np.abs(DATA)),
        "erfinv": lambda: _gradients(mx, nd.erfinv, DATA / 4),
        "Embedding": lambda: _gradients(
            mx,
            lambda w: nd.Embedding(nd.array([1, 0, 1]), w, input_dim=2, output_dim=3),
            DATA,
        ),
        "pick": lambda: _gradients(mx, lambda x: nd.pick(x, nd.array(LABELS)), DATA),
        "topk": lambda: _gradients(mx, lambda x: nd.topk(x, k=2, ret_typ="value"), DATA),
        "gemm2": lambda: _gradients(
            mx, lambda x, y: nd.linalg.gemm2(x, y, transpose_b=True, alpha=2.0), DATA, weights
        ),
        "gather_nd": lambda: _gradients(
            mx, lambda x: nd.gather_nd(x, nd.array([[0, 1, 0], [2, 0, 2]])), DATA
        ),
    }
    return {name: outcome(function) for name, function in found.items()}


@case(
    "2.4 layers: values and arguments",
    fix="Dropout of everything gives zeros",
    fixed={"Dropout of all": lambda found: "nan" not in str(found) and "0.0" in str(found)},
    rtol=2e-6,
)
def arguments(mx):
    def setup():
        return {
            "mx": mx,
            "nd": mx.nd,
            "a": mx.nd.array(DATA),
            "i": mx.nd.array([[1, 2, 3]], dtype="int32"),
            "three": mx.nd.ones((3,)),
        }

    found = rows(
        setup,
        "nd.LayerNorm(a, three, three, output_mean_var=True)[1]",
        "nd.LayerNorm(a, three, three, output_mean_var=True)[2]",
        "nd.LayerNorm(a, nd.ones((2,)), nd.ones((2,))).asnumpy()",
        "nd.Dropout(a)",
        "nd.Dropout(a, p=0.0, mode='always')",
        "nd.Dropout(a, p=2.0)",
        "nd.Dropout(a, p=-0.5)",
        "nd.Dropout(a, mode='sometimes')",
        "nd.Dropout(i).asnumpy()",
        "nd.Dropout(nd.ones((2,), dtype='float16'), mode='always').dtype",
        "nd.linalg.gemm2(a, a, transpose_b=True)",
        "nd.linalg_gemm2(a, a, transpose_a=True, alpha=0.5)",
        "nd.linalg.gemm(a, a, nd.ones((2, 2)), transpose_b=True, beta=3.0)",
        "nd.linalg.gemm2(a, a).asnumpy()",
        "nd.linalg.gemm2(three, three)",
        "nd.linalg.gemm2(i, i, transpose_b=True).asnumpy()",
        "nd.gamma(nd.array([0.5, -0.5, 5, 40, 1, 2]))",
        "nd.gammaln(nd.array([0, 0.5, -0.5, -1, 5, 40, 1, 2]))",
        "nd.gamma(nd.array([1, 5], dtype='int32'))",
        "nd.erfinv(nd.array([0, 0.5, -0.9, 1, -1, 2]))",
        "nd.MakeLoss(a)",
        "nd.MakeLoss(a, normalization='some')",
    )
    with mx.autograd.train_mode():
        found["Dropout of all"] = outcome(lambda: mx.nd.Dropout(mx.nd.array(DATA), p=1.0))
    return found
