import threading

import numparam as mx
from numparam.devices import epochs


def test_each_bump_begins_an_epoch_that_never_was():
    seen = {epochs.epoch()}
    for _ in range(100):
        epochs.bump()
        assert epochs.epoch() not in seen
        seen.add(epochs.epoch())


def test_what_binds_no_dense_buffer_leaves_the_dense_epoch():
    before = epochs.epoch(), epochs.dense_epoch()
    epochs.bump_others()
    assert epochs.epoch() != before[0]
    assert epochs.dense_epoch() == before[1]
    epochs.bump()
    assert epochs.dense_epoch() != before[1]


def test_rows_and_marks_begin_an_epoch_and_buffers_a_dense_one():
    rows = mx.nd.zeros((3, 2), stype="row_sparse")
    dense = mx.nd.ones((3, 2))
    for change in (lambda: dense.copyto(rows), dense.attach_grad):
        before = epochs.epoch(), epochs.dense_epoch()
        change()
        assert epochs.epoch() != before[0]
        assert epochs.dense_epoch() == before[1]
    before = epochs.dense_epoch()
    dense._buffer = mx.nd.ones((3, 2))._buffer
    assert epochs.dense_epoch() != before


def test_an_epoch_noted_before_changes_of_many_threads_does_not_come_back():
    noted = epochs.epoch()
    came_back = []

    def change():
        for _ in range(2000):
            epochs.bump()
            if epochs.epoch() == noted:
                came_back.append(noted)

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not came_back
