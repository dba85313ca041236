"""Dropout: when it drops, what it keeps, and where its gradient flows."""

import numpy as np
import pytest

from numparam import autograd, generator
from numparam import ndarray as nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")


def test_nothing_is_dropped_in_prediction_mode():
    ones = nd.ones((100,))
    np.testing.assert_array_equal(nd.Dropout(ones).asnumpy(), 1)
    with autograd.predict_mode():
        np.testing.assert_array_equal(nd.Dropout(ones, p=0.9).asnumpy(), 1)


def test_the_kept_elements_are_scaled_and_as_many_as_the_probability_says():
    with autograd.train_mode():
        dropped = nd.Dropout(nd.ones((100, 100)), p=0.25).asnumpy()
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((dropped == 0).mean() - 0.25) < 0.03


def test_elements_along_the_axes_are_dropped_together():
    dropped = nd.Dropout(nd.ones((50, 4, 3)), p=0.5, mode="always", axes=(0, 2)).asnumpy()
    assert (dropped == dropped[:1, :, :1]).all()


def test_equal_seeds_drop_the_same_elements():
    masks = []
    for _ in range(2):
        generator.seed(5)
        masks.append(nd.Dropout(nd.ones((64,)), mode="always").asnumpy())
    np.testing.assert_array_equal(*masks)


def test_the_gradient_flows_through_what_was_kept():
    data = nd.ones((40,))
    data.attach_grad()
    with autograd.record():
        dropped = nd.Dropout(data)
    dropped.backward()
    np.testing.assert_array_equal(data.grad.asnumpy(), dropped.asnumpy())
    assert 0 < (data.grad.asnumpy() == 0).sum() < 40


def test_everything_may_be_dropped_and_integers_may_not():
    assert nd.Dropout(nd.ones((3,)), p=1, mode="always").asnumpy().tolist() == [0, 0, 0]
    with pytest.raises(MXNetError, match="floating-point"):
        nd.Dropout(nd.ones((3,), dtype="int32"))
