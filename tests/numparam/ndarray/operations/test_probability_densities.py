"""Densities of samples; the values were recorded from MXNet 1.9.1."""

import numpy as np
import pytest

import numparam as mx
from numparam import nd
from numparam.base import MXNetError
from tests.support.gradients import check_function

S = [[0.5, 1, 2, 3], [0.1, 0.7, 2.5, 4]]
COUNTS = [[0, 1, 2, 5], [3, 1, 0, 7]]
NB = ([2, 3], [0.4, 0.7])


@pytest.mark.parametrize(
    ("name", "sample", "parameters", "densities", "slopes"),
    [
        (
            *("uniform", S, ([0, 0.5], [10, 2.6])),
            [[0.1] * 4, [0.4762] * 4],
            [[[0] * 4] * 2, [0.04, 0.907], [-0.04, -0.907]],
        ),
        (
            *("normal", S, ([0, 0.5], [1, 2.6])),
            [[0.3521, 0.242, 0.054, 0.0044], [0.1516, 0.153, 0.1141, 0.062]],
            [
                [[-0.176, -0.242, -0.108, -0.0133], [0.009, -0.0045, -0.0338, -0.0321]],
                [0.5393, 0.0614],
                [-0.0666, -0.114],
            ],
        ),
        (
            *("gamma", S, ([1, 0.5], [2, 2.6])),
            [[0.7358, 0.2707, 0.0366, 0.005], [2.2182, 0.1762, 0.0009, 0]],
            [
                [[-1.4715, -0.5413, -0.0733, -0.0099], [-16.8581, -0.5839, -0.0024, 0]],
                [0.8522, 1.8222],
                [-0.2027, 0.1133],
            ],
        ),
        (
            *("exponential", S, ([2, 0.6],)),
            [[0.7358, 0.2707, 0.0366, 0.005], [0.5651, 0.3942, 0.1339, 0.0544]],
            [
                [[-1.4715, -0.5413, -0.0733, -0.0099], [-0.339, -0.2365, -0.0803, -0.0327]],
                [-0.2027, 1.0278],
            ],
        ),
        (
            *("poisson", COUNTS, ([2, 0.6],)),
            [[0.1353, 0.2707, 0.2707, 0.0361], [0.0198, 0.3293, 0.5488, 0]],
            [[[0] * 4] * 2, [-0.2165, -0.2502]],
        ),
        (
            *("negative_binomial", COUNTS, NB),
            [[0.16, 0.192, 0.1728, 0.0746], [0.0926, 0.3087, 0.343, 0.0027]],
            [[[0] * 4] * 2, [-0.201, -0.0874], [1.4792, 1.1834]],
        ),
        (
            *("generalized_negative_binomial", COUNTS, NB),
            [[0.23, 0.2556, 0.1988, 0.0468], [0.1224, 0.1922, 0.1986, 0.0352]],
            [[[0] * 4] * 2, [-0.1598, -0.0903], [0.0326, 0.1032]],
        ),
        (
            *("dirichlet", [[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], ([[1, 2, 3], [0.5, 0.6, 0.7]],)),
            [4.5, 1.8753],
            [
                [[0, 15, 18], [-9.3766, -0.9377, -5.6259]],
                [[3.0325, 0.3571, 0.4058], [-0.1014, 3.0051, -1.4957]],
            ],
        ),
        (
            *(
                "dirichlet",
                [[[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], [[0.2, 0.2, 0.6], [0.1, 0.1, 0.8]]],
                ([[1, 2, 3], [0.5, 0.6, 0.7]],),
            ),
            [[4.5, 0.48], [1.3488, 2.3088]],
            [
                [
                    [[0, 15, 18], [0, 0.6, 9.6]],
                    [[-3.3719, -2.6975, -0.6744], [-11.5439, -9.2352, -0.8658]],
                ],
                [[3.0233, 0.866, -0.3234], [0.7371, -0.8097, 4.3005]],
            ],
        ),
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_densities_and_their_gradients(name, sample, parameters, densities, slopes, dtype):
    function = getattr(nd, f"random_pdf_{name}")
    arrays = [nd.array(values, dtype=dtype) for values in (sample, *parameters)]
    for array in arrays:
        array.attach_grad()
    with mx.autograd.record():
        result = function(*arrays)
    result.backward()
    assert result.dtype == np.dtype(dtype)
    tolerance = {"rtol": 6e-3, "atol": 6e-3} if dtype == "float16" else {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(result.asnumpy(), densities, **tolerance)
    for array, slope in zip(arrays, slopes, strict=True):
        np.testing.assert_allclose(array.grad.asnumpy(), slope, **tolerance)
    logarithms = function(*arrays, is_log=True).asnumpy()
    if dtype != "float16":
        np.testing.assert_allclose(np.exp(logarithms), densities, **tolerance)


@pytest.mark.parametrize("is_log", [False, True])
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("uniform", ([0, 0.5], [10, 7.6])),
        ("poisson", ([2, 0.6],)),
        ("negative_binomial", NB),
        ("generalized_negative_binomial", NB),
    ],
)
def test_gradients_by_parameters_are_those_of_central_differences(name, parameters, is_log):
    sample = nd.array(COUNTS, dtype="float64")

    def density(*arrays):
        return getattr(nd, f"random_pdf_{name}")(sample, *arrays, is_log=is_log)

    check_function(density, *(np.array(values, "float64") for values in parameters))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((1, 2), (2,), (2,)), "must begin with the parameters' shape"),
        (((2, 2), (2,), (3,)), "must have one shape"),
        (((2,), (1, 2), (1, 2)), "must begin with the parameters' shape"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes, message):
    with pytest.raises(MXNetError, match=message):
        nd.random_pdf_normal(*(nd.ones(shape) for shape in shapes))


def test_integers_are_refused():
    with pytest.raises(MXNetError, match="floating-point"):
        nd.random_pdf_poisson(nd.ones((2,), dtype="int32"), nd.ones((2,), dtype="int32"))


def test_one_sample_of_one_dirichlet_distribution_has_one_density():
    result = nd.random_pdf_dirichlet(nd.array([0.2, 0.8]), nd.array([1, 2]))
    np.testing.assert_allclose(result.asnumpy(), [1.6], rtol=1e-6)
