import copy
import pickle

import numpy as np
import pytest

from numparam.devices import epochs
from numparam.devices.grouping import Row
from numparam.devices.registry import backend_of
from numparam.devices.tables import Tables

HOST = backend_of("cpu", 0)


def rows(count=3, dtypes=(np.float32,)):
    return [
        Row(HOST, tuple(np.ones((2, 2), dtypes[number % len(dtypes)]) for _ in range(3)))
        for number in range(count)
    ]


def test_there_is_a_column_for_each_operand_in_one_order():
    given = rows()
    (device,) = Tables(given, epochs.current()).devices
    assert len(device.columns) == 3
    for column, table in enumerate(device.columns):
        assert all(
            array is row.buffers[column] for array, row in zip(table.arrays, given, strict=True)
        )
    HOST.reset.zero(device.columns[1])
    for row in given:
        assert [bool(buffer.any()) for buffer in row.buffers] == [True, False, True]


def test_tables_of_one_dtype_know_whose_rows_they_hold():
    given = rows(4, (np.float32, np.float16))
    devices = Tables(given, epochs.current(), by_dtype=True).devices
    assert [device.positions for device in devices] == [[0, 2], [1, 3]]


def test_tables_are_current_until_the_epoch_changes_and_again_when_they_hold():
    given = rows()
    tables = Tables(given, epochs.current())
    assert tables.is_current
    epochs.bump()
    assert not tables.is_current
    buffers = [buffer for row in given for buffer in row.buffers]
    assert not tables.still_holds(buffers[:-1], epochs.current())
    assert not tables.still_holds([*buffers[:-1], np.ones((2, 2))], epochs.current())
    assert not tables.is_current
    assert tables.still_holds(buffers, epochs.current())
    assert tables.is_current


def test_tables_of_the_same_memory_are_used_again():
    given = rows()
    first = Tables(given, epochs.current())
    again = Tables(given, epochs.current(), first)
    assert again.devices[0].columns is first.devices[0].columns
    other = Tables([*given[:-1], rows()[0]], epochs.current(), first)
    assert other.devices[0].columns is not first.devices[0].columns


def test_released_tables_hold_nothing():
    tables = Tables(rows(), epochs.current())
    tables.release()
    assert not tables.is_current
    assert tables.devices == []


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickle.dumps])
def test_tables_stay_in_their_process(duplicate):
    with pytest.raises(TypeError, match="built when needed"):
        duplicate(Tables(rows(), epochs.current()))
