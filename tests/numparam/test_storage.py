import threading

from numparam import storage


def test_each_bump_begins_an_epoch_that_never_was():
    seen = {storage.epoch()}
    for _ in range(100):
        storage.bump()
        assert storage.epoch() not in seen
        seen.add(storage.epoch())


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
