"""Draws of classes whose probabilities fall with their number."""

import numpy as np
import pytest

import numparam as mx
from numparam.base import MXNetError


def test_draws_have_the_probabilities_that_the_expected_counts_tell():
    mx.random.seed(3)
    everything = mx.nd.arange(20)
    samples, expected, of_samples = mx.nd.contrib.rand_zipfian(everything, 100_000, 20)
    counts = np.bincount(samples.asnumpy(), minlength=20)
    np.testing.assert_allclose(counts, expected.asnumpy(), rtol=0.06)
    assert expected.asnumpy().sum() == pytest.approx(100_000)
    np.testing.assert_array_equal(of_samples.asnumpy(), expected.asnumpy()[samples.asnumpy()])
    assert (samples.dtype, expected.dtype) == (np.int64, np.float64)


def test_results_are_on_the_context_that_is_asked_for():
    found = mx.nd.contrib.rand_zipfian(mx.nd.array([1]), 3, 5, ctx=mx.cpu(1))
    assert [one.context for one in found] == [mx.cpu(1)] * 3


def test_draws_without_replacement_are_distinct_and_count_the_repeated_ones():
    mx.random.seed(5)
    classes, trials = mx.nd._internal._sample_unique_zipfian(793_472, shape=(4, 8192))
    for row in classes.asnumpy():
        assert len(np.unique(row)) == 8192
        assert row.min() >= 0
        assert row.max() < 793_472
    assert ((trials.asnumpy() > 14_500) & (trials.asnumpy() < 17_000)).all()
    assert (classes.dtype, trials.dtype, trials.shape) == (np.int64, np.int64, (4,))


def test_all_classes_can_be_drawn_and_a_seed_draws_the_same():
    sample = mx.nd._internal._sample_unique_zipfian
    mx.random.seed(7)
    classes, trials = sample(5, shape=(2, 5))
    assert np.sort(classes.asnumpy()).tolist() == [[0, 1, 2, 3, 4]] * 2
    assert (trials.asnumpy() >= 5).all()
    mx.random.seed(7)
    out = [mx.nd.zeros((2, 5), dtype="int64"), mx.nd.zeros(2, dtype="int64")]
    assert sample(5, shape=(2, 5), out=out)[0] is out[0]
    np.testing.assert_array_equal(out[0].asnumpy(), classes.asnumpy())
    np.testing.assert_array_equal(out[1].asnumpy(), trials.asnumpy())


def test_the_first_class_is_drawn_most_often():
    mx.random.seed(9)
    classes, _ = mx.nd._internal._sample_unique_zipfian(10, shape=(4000, 1))
    found = np.bincount(classes.asnumpy()[:, 0], minlength=10) / 4000
    edges = np.log(np.append(1, np.arange(10) + 1.5).clip(max=10)) / np.log(10)
    np.testing.assert_allclose(found, np.diff(edges), atol=0.03)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: mx.nd._internal._sample_unique_zipfian(3, shape=(1, 4)), id="too-few"),
        pytest.param(lambda: mx.nd._internal._sample_unique_zipfian(3, shape=(2,)), id="one-axis"),
        pytest.param(lambda: mx.nd._internal._sample_unique_zipfian(0, shape=(1, 1)), id="none"),
        pytest.param(lambda: mx.nd.contrib.rand_zipfian(mx.nd.ones(1), 2, 1.5), id="no-integer"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call):
    with pytest.raises(MXNetError):
        call()
