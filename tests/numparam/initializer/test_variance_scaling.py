import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import initializer as init
from numparam import ndarray as nd
from numparam.kernels.reference import random as reference

pytestmark = pytest.mark.usefixtures("device")


def spread(shape, factor_type, magnitude):
    receptive = math.prod(shape[2:])
    inputs, outputs = shape[1] * receptive, shape[0] * receptive
    factor = {"in": inputs, "out": outputs, "avg": (inputs + outputs) / 2}[factor_type]
    return math.sqrt(magnitude / factor)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(
    shape=st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple),
    rnd_type=st.sampled_from(["uniform", "gaussian"]),
    factor_type=st.sampled_from(["in", "out", "avg"]),
    magnitude=st.floats(0, 100),
    seed=st.integers(0, 1000),
)
def test_the_spread_comes_from_the_fans(shape, rnd_type, factor_type, magnitude, seed):
    array = nd.zeros(shape)
    mx.random.seed(seed)
    init.Xavier(rnd_type, factor_type, magnitude)._init_weight("w", array)
    width = spread(shape, factor_type, magnitude)
    expected = np.empty(shape, np.float32)
    if rnd_type == "uniform":
        reference.uniform(expected, -width, width, seed=seed)
    else:
        reference.normal(expected, 0, width, seed=seed)
    assert array.asnumpy().tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("rule", "slope", "factor_type"),
    [
        (init.MSRAPrelu(), 0.25, "avg"),
        (init.MSRAPrelu("in", 0), 0, "in"),
        (init.MSRAPrelu(factor_type="out", slope=2), 2, "out"),
    ],
)
def test_msraprelu_is_gaussian_with_the_magnitude_of_its_slope(rule, slope, factor_type):
    results = []
    for one in (rule, init.Xavier("gaussian", factor_type, 2 / (1 + slope**2))):
        array = nd.zeros((4, 5))
        mx.random.seed(1)
        one._init_weight("w", array)
        results.append(array.asnumpy().tolist())
    assert results[0] == results[1]
    assert rule._kwargs == {"factor_type": factor_type, "slope": slope}


def test_the_default_is_uniform_by_the_mean_of_the_fans():
    assert init.Xavier() == init.Xavier("uniform", "avg", 3)


@pytest.mark.parametrize("rule", [init.Xavier(), init.MSRAPrelu()])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_less_than_two_dimensions_are_refused_by_name(rule, shape):
    with mx.util.np_shape(True), pytest.raises(ValueError, match="fc1_weight"):
        rule._init_weight("fc1_weight", nd.zeros(shape))


@pytest.mark.parametrize(
    "arguments",
    [
        {"rnd_type": "cauchy"},
        {"factor_type": "max"},
        {"magnitude": -1},
        {"magnitude": float("nan")},
        {"magnitude": "x"},
    ],
)
def test_impossible_arguments_are_refused_at_once(arguments):
    with pytest.raises(ValueError, match=r"cauchy|max|-1|nan|x"):
        init.Xavier(**arguments)
