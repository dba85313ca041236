import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numparam import initializer as init
from numparam import ndarray as nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
@given(
    size=st.integers(1, 30),
    columns=st.sampled_from([(), (1,), (3,)]),
    bias=st.floats(-4, 4, width=16),
    stype=st.sampled_from(["default", "row_sparse"]),
)
def test_lstm_bias_fills_the_second_quarter(size, columns, bias, stype):
    array = nd.full((size, *columns), 7).tostype(stype)
    init.LSTMBias(bias)._init_weight("b", array)
    expected = np.zeros((size, *columns), np.float32)
    expected[size // 4 : 2 * (size // 4)] = bias
    assert array.asnumpy().tolist() == expected.tolist()


def test_lstm_bias_by_suffix_is_zero_like_all_biases():
    array = nd.ones((8,))
    init.LSTMBias()(init.InitDesc("lstm_bias"), array)
    assert not array.asnumpy().any()


def test_fused_rnn_keeps_its_json():
    rule = init.FusedRNN(init.Xavier(), 10, 2, "lstm", bidirectional=True)
    assert init.create(rule.dumps()) == rule
    assert init.FusedRNN(rule._kwargs["init"], 10, 2, "lstm", True) == rule
    assert init.create(init.FusedRNN(None, 1, 1, "gru").dumps())._kwargs["init"] is None


def test_fused_rnn_refuses_to_initialize_and_writes_nothing():
    array = nd.ones((8,))
    with pytest.raises(MXNetError, match="rnn_parameters"):
        init.FusedRNN(None, 1, 1, "gru")._init_weight("rnn_parameters", array)
    with pytest.raises(NotImplementedError):
        init.FusedRNN(None, 1, 1, "gru")._init_weight("rnn_parameters", array)
    assert (array.asnumpy() == 1).all()


def test_fused_rnn_refuses_what_is_no_initializer():
    with pytest.raises(AssertionError):
        init.FusedRNN(3, 1, 1, "gru")
