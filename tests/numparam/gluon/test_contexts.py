import numpy as np
import pytest

import numparam as mx
from numparam.gluon.contexts import as_context_list, position_of


def test_the_context_itself_comes_before_another_of_its_number():
    shared, pinned = mx.cpu_shared(0), mx.cpu_pinned(0)
    places = [mx.cpu(1), mx.cpu(0), shared]
    assert position_of(mx.cpu(0), places, "w") == 1
    assert position_of(shared, places, "w") == 2
    assert position_of(pinned, places, "w") == 2
    assert position_of(mx.cpu_pinned(1), places, "w") == 0
    assert position_of(mx.cpu(3), places, "w") is None


def test_a_gpu_and_the_host_never_stand_for_each_other():
    assert position_of(mx.gpu(0), [mx.cpu(0)], "w") is None
    assert position_of(mx.cpu(0), [mx.gpu(0)], "w") is None


def test_contexts_are_named_once_in_their_order():
    given = (mx.cpu(2), mx.cpu(0), mx.cpu(2))
    assert as_context_list(given, "w") == [mx.cpu(2), mx.cpu(0)]
    assert as_context_list(mx.cpu(3), "w") == [mx.cpu(3)]
    with mx.cpu(4):
        assert as_context_list(None, "w") == [mx.cpu(4)]
        assert as_context_list(None, "w", mx.cpu(0)) == [mx.cpu(0)]


@pytest.mark.parametrize(
    "bad", ["cpu", b"cpu", [mx.cpu(0), "cpu"], [[mx.cpu(0)]], 0, np.array(0), []]
)
def test_what_names_no_context_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match="'w'"):
        as_context_list(bad, "w")
