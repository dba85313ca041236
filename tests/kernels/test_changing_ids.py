"""Row ids that another thread writes while a kernel works: no memory outside is touched."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from numparam.kernels.cpu import _pool, retain

ROWS, COLUMNS, COUNT = 100, 5, 40


@pytest.fixture
def change_between_passes(monkeypatch):
    """Return a function: after the next pass over some ids, they are set to other ones."""

    def arrange(ids, changed):
        run = _pool.run

        def change_after(call, *arguments, **keywords):
            result = run(call, *arguments, **keywords)
            ids[:] = changed
            return result

        monkeypatch.setattr(_pool, "run", change_after)

    return arrange


# The table is the middle of an array, so that rows beside it exist: what a kernel that trusts the
# first pass does is seen, and crashes nothing.
@pytest.fixture
def memory():
    return np.arange(3.0 * ROWS * COLUMNS).reshape(3 * ROWS, COLUMNS)


@pytest.mark.parametrize("changed", [-ROWS, -1, ROWS, 2 * ROWS - 1])
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(retain.scatter, id="scatter"),
        pytest.param(retain.add_rows, id="add"),
        pytest.param(retain.subtract_rows, id="subtract"),
    ],
)
@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(np.arange(COUNT), id="ascending"),
        pytest.param(np.arange(COUNT)[::-1].copy(), id="falling"),
        pytest.param(np.arange(COUNT) // 3, id="repeated"),
    ],
)
def test_rows_are_written_within_the_table_only(write, ids, changed, memory, change_between_passes):
    ids = ids.copy()
    before = memory.copy()
    change_between_passes(ids, changed)
    with pytest.raises(IndexError, match=f"is {changed}; row ids must be between 0 and {ROWS - 1}"):
        write(memory[ROWS : 2 * ROWS], ids, np.ones((COUNT, COLUMNS)))
    np.testing.assert_array_equal(memory[:ROWS], before[:ROWS])
    np.testing.assert_array_equal(memory[2 * ROWS :], before[2 * ROWS :])


@pytest.mark.parametrize("changed", [-1, ROWS])
def test_rows_are_read_from_the_table_only(changed, memory, change_between_passes):
    ids = np.arange(COUNT)
    table = memory[ROWS : 2 * ROWS]
    change_between_passes(ids, changed)
    with pytest.raises(IndexError, match=f"is {changed};"):
        retain.gather(table, ids, np.zeros((COUNT, COLUMNS)))


@pytest.mark.parametrize("changed", [-1, ROWS])
def test_rows_are_retained_from_the_array_only(changed, memory, change_between_passes):
    wanted = np.arange(COUNT)
    change_between_passes(wanted, changed)
    with pytest.raises(IndexError, match=f"is {changed};"):
        retain.retain(np.arange(ROWS), memory[ROWS : 2 * ROWS], wanted, rows=ROWS)


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(np.arange(COUNT), id="ascending"),
        pytest.param(np.arange(COUNT)[::-1].copy(), id="dense"),
        pytest.param((np.arange(COUNT)[::-1] * 1000), id="sparse"),
    ],
)
def test_unique_ids_are_those_that_were_checked(ids, change_between_passes):
    expected = np.unique(ids)
    ids = ids.copy()
    change_between_passes(ids, int(ids.max()) + 640)
    np.testing.assert_array_equal(retain.unique_ids(ids), expected)


SCRIPT = """
import threading, time
import numpy as np
from numparam.kernels.cpu import merge, retain

rows, count = 1000, 20_000
table = np.zeros((rows, 4), np.float32)
data = np.zeros((count, 4), np.float32)
good = np.random.default_rng(0).integers(0, rows, count)
ids = good.copy()
far = 1 << 45
stop = False

def write():
    while not stop:
        ids[:] = far
        ids[:] = -far
        ids[:] = good
        time.sleep(1e-5)

calls = [
    lambda: retain.scatter(table, ids, data),
    lambda: retain.add_rows(table, ids, data),
    lambda: retain.gather(table, ids),
    lambda: retain.unique_ids(ids, rows),
    lambda: retain.unique_ids(ids),
    lambda: retain.retain(np.arange(rows), table, ids, rows=rows),
    lambda: retain.retain(np.arange(0, 2 * rows, 2), table, ids),
    lambda: merge.merge([ids, ids], [data, data], rows=rows),
]
for call in calls:
    call()  # compiled before the race
writer = threading.Thread(target=write)
writer.start()
end = time.monotonic() + 2
while time.monotonic() < end:
    for call in calls:
        try:
            call()
        except (IndexError, ValueError):
            pass
stop = True
writer.join()
"""


def test_a_thread_that_writes_ids_all_the_time_crashes_nothing():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", SCRIPT], env=environment, check=True, timeout=300)
