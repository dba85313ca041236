import numparam as mx
from numparam import engine


def test_the_switches_change_nothing_but_their_own_number():
    assert engine.set_bulk_size(15) == 0
    with engine.bulk(10):
        array = mx.nd.ones((10,))
        array *= 2
        assert engine.set_bulk_size(10) == 10
    assert engine.set_bulk_size(0) == 15
    assert array.asnumpy().sum() == 20
