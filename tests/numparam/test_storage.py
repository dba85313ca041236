import threading

import numparam as mx
from numparam import storage


def test_each_bump_begins_an_epoch_that_never_was():
    seen = {storage.epoch()}
    for _ in range(100):
        storage.bump()
        assert storage.epoch() not in seen
        seen.add(storage.epoch())


def test_what_binds_no_dense_buffer_leaves_the_dense_epoch():
    before = storage.epoch(), storage.dense_epoch()
    storage.bump_others()
    assert storage.epoch() != before[0]
    assert storage.dense_epoch() == before[1]
    storage.bump()
    assert storage.dense_epoch() != before[1]


def test_rows_and_marks_begin_an_epoch_and_buffers_a_dense_one():
    rows = mx.nd.zeros((3, 2), stype="row_sparse")
    dense = mx.nd.ones((3, 2))
    for change in (lambda: dense.copyto(rows), dense.attach_grad):
        before = storage.epoch(), storage.dense_epoch()
        change()
        assert storage.epoch() != before[0]
        assert storage.dense_epoch() == before[1]
    before = storage.dense_epoch()
    dense._buffer = mx.nd.ones((3, 2))._buffer
    assert storage.dense_epoch() != before


def test_an_epoch_noted_before_changes_of_many_threads_does_not_come_back():
    noted = storage.epoch()
    came_back = []

    def change():
        for _ in range(2000):
            storage.bump()
            if storage.epoch() == noted:
                came_back.append(noted)

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not came_back
