"""Random draws: shapes, dtypes, certain results, probabilities, and wrong parameters."""

from __future__ import annotations

import numpy as np
from harness import case, outcome, refused


def _form(array):
    return [array.shape, np.dtype(array.dtype).name, array.context]


@case("2.1 random draws: shapes and dtypes")
def forms(mx):
    found = {}
    pair = (mx.nd.array([1.5, 3.0]), mx.nd.array([0.5, 0.25]))
    for name, parameters in (
        ("exponential", (4.0,)),
        ("gamma", (2.0, 3.0)),
        ("poisson", (3.0,)),
        ("negative_binomial", (3, 0.5)),
        ("generalized_negative_binomial", (2.0, 0.5)),
    ):
        draw = getattr(mx.nd.random, name)
        arrays = pair[: len(parameters)]
        for label, function in (
            ("one", lambda d=draw, p=parameters: d(*p)),
            ("shape", lambda d=draw, p=parameters: d(*p, shape=(2, 3))),
            ("length", lambda d=draw, p=parameters: d(*p, shape=4, dtype="float64")),
            ("float16", lambda d=draw, p=parameters: d(*p, shape=4, dtype="float16")),
            ("arrays", lambda d=draw, a=arrays: d(*a)),
            ("arrays, more", lambda d=draw, a=arrays: d(*a, shape=(3, 4))),
            ("int32", lambda d=draw, p=parameters: d(*p, dtype="int32")),
            ("context", lambda d=draw, p=parameters: d(*p, ctx=mx.cpu(1))),
        ):
            found[f"{name} {label}"] = outcome(lambda f=function: _form(f()))

        def into(draw=draw, parameters=parameters):
            out = mx.nd.zeros((2, 2), dtype="float64")
            result = draw(*parameters, shape=(2, 2), dtype="float64", out=out)
            return [result is out, _form(out)]

        found[f"{name} out"] = outcome(into)
    return found


@case("2.1 random draws: names of operators")
def operators(mx):
    nd = mx.nd
    one, two = nd.array([1.5, 3.0]), nd.array([0.5, 0.25])
    calls = {
        "random_gamma": lambda: nd.random_gamma(alpha=2.0, beta=3.0, shape=(2,)),
        "random_exponential": lambda: nd.random_exponential(lam=3.0, shape=(2,)),
        "random_poisson": lambda: nd.random_poisson(lam=3.0, shape=(2, 2)),
        "random_negative_binomial": lambda: nd.random_negative_binomial(k=3, p=0.5, shape=(2,)),
        "sample_uniform": lambda: nd.sample_uniform(two, one, shape=(2,)),
        "sample_normal": lambda: nd.sample_normal(one, two, shape=(2, 3)),
        "sample_gamma": lambda: nd.sample_gamma(one, two),
        "sample_exponential": lambda: nd.sample_exponential(one, shape=(2,)),
        "sample_poisson": lambda: nd.sample_poisson(one, shape=(2,)),
        "sample_negative_binomial": lambda: nd.sample_negative_binomial(one, two),
        "sample_generalized_negative_binomial": lambda: nd.sample_generalized_negative_binomial(
            one, two
        ),
        "sample_multinomial": lambda: nd.sample_multinomial(two, shape=(3,)),
        "uniform_like": lambda: nd.random.uniform_like(data=nd.ones((2, 3)), low=1, high=2),
        "normal_like": lambda: nd.random.normal_like(data=nd.ones((2, 3)), loc=1, scale=2),
        "exponential_like": lambda: nd.random.exponential_like(data=nd.ones((2, 3)), lam=2),
        "gamma_like": lambda: nd.random.gamma_like(data=nd.ones((2, 3)), alpha=2, beta=2),
        "poisson_like": lambda: nd.random.poisson_like(data=nd.ones((2, 3)), lam=2),
    }
    return {name: outcome(lambda f=function: _form(f())) for name, function in calls.items()}


@case("2.1 random draws: multinomial", rtol=2e-6)
def multinomial(mx):
    nd = mx.nd
    draw = nd.random.multinomial
    certain = nd.array([[0, 1, 0], [1, 0, 0]])

    def gradient():
        table = nd.array([[0.25, 0.5, 0.25]])
        table.attach_grad()
        with mx.autograd.record():
            chosen, logarithm = draw(table, shape=3, get_prob=True)
        logarithm.backward(nd.array([[1, 2, 3]]))
        heads = np.zeros((1, 3))
        np.add.at(heads[0], chosen.asnumpy()[0].astype(int), [1, 2, 3])
        return bool(np.allclose(table.grad.asnumpy(), heads / [0.25, 0.5, 0.25]))

    return {
        "one": outcome(lambda: draw(certain[0])),
        "rows": outcome(lambda: draw(certain)),
        "shape": outcome(lambda: draw(certain, shape=(2, 2))),
        "length": outcome(lambda: draw(certain[0], shape=3)),
        "float32": outcome(lambda: draw(certain, dtype="float32")),
        "uint8": outcome(lambda: draw(certain, dtype="uint8")),
        "probability": outcome(lambda: draw(certain, get_prob=True)),
        "many probabilities": outcome(lambda: draw(certain, shape=(1, 2), get_prob=True)),
        "half": outcome(lambda: draw(nd.array([[0.5, 0.5]]), shape=2, get_prob=True)[1]),
        "gradient": outcome(gradient),
    }


@case(
    "2.1 random draws: wrong parameters",
    fix="a probability above 1 is refused",
    fixed={"negative_binomial p": refused},
)
def wrong(mx):
    random = mx.nd.random
    calls = {
        "gamma": lambda: random.gamma(-1.0, 2.0).asnumpy(),
        "gamma beta": lambda: random.gamma(1.0, 0.0).asnumpy(),
        "gamma mixed": lambda: random.gamma(mx.nd.array([1.0]), 2.0),
        "exponential": lambda: random.exponential(-1.0).asnumpy(),
        "poisson": lambda: random.poisson(-3.0).asnumpy(),
        "negative_binomial p": lambda: random.negative_binomial(3, 1.5).asnumpy(),
        "generalized": lambda: random.generalized_negative_binomial(-2.0, 1.0).asnumpy(),
    }
    return {name: outcome(function) for name, function in calls.items()}
