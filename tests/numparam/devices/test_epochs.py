import threading

import pytest

import numparam as mx
from numparam.devices import epochs


def test_each_bump_begins_an_epoch_that_never_was():
    seen = {epochs.current()}
    for _ in range(100):
        epochs.bump()
        assert epochs.current() not in seen
        seen.add(epochs.current())


def new_parts():
    rows = mx.nd.zeros((3, 2), stype="row_sparse")
    return lambda: mx.nd.ones((3, 2)).copyto(rows)


def new_marks():
    return mx.nd.ones((3, 2)).attach_grad


@pytest.mark.parametrize("prepare", [new_parts, new_marks])
def test_what_binds_no_dense_memory_leaves_the_epoch(prepare):
    change = prepare()
    before = epochs.current()
    change()
    assert epochs.current() == before


def test_another_buffer_of_an_array_begins_an_epoch():
    dense, other = mx.nd.ones((3, 2)), mx.nd.ones((3, 2))
    before = epochs.current()
    dense._buffer = other._buffer
    assert epochs.current() != before


def test_an_epoch_noted_before_changes_of_many_threads_does_not_come_back():
    noted = epochs.current()
    came_back = []

    def change():
        for _ in range(2000):
            epochs.bump()
            if epochs.current() == noted:
                came_back.append(noted)

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not came_back
