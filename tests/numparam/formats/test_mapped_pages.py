"""Pages of mapped files can be released, and are read again when they are needed."""

import mmap
import os

import numpy as np
import pytest

from numparam.formats.mapped_pages import release_pages


def resident(array):
    """Return the bytes of a mapping that are in memory, by Linux's own account."""
    with open("/proc/self/smaps", encoding="ascii") as file:
        lines = iter(file)
        for line in lines:
            begin, dash, end = line.split()[0].partition("-")
            if dash and int(begin, 16) <= array.ctypes.data < int(end, 16):
                return next(int(one.split()[1]) << 10 for one in lines if one.startswith("Rss:"))
    raise AssertionError("no such mapping")


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="only Linux counts a mapping")
@pytest.mark.parametrize("mode", [pytest.param("c", id="private"), pytest.param("r+", id="shared")])
@pytest.mark.parametrize("offset", [0, 1, 4097])
def test_released_pages_hold_the_same_values(tmp_path, mode, offset):
    values = np.arange(16 * mmap.PAGESIZE, dtype=np.uint16).view(np.uint8)
    values.tofile(tmp_path / "file")
    mapped = np.asarray(np.memmap(tmp_path / "file", np.uint8, mode))
    if mode == "r+":
        mapped[offset] = 77
        values[offset] = 77
    assert (mapped == values).all()
    before = resident(mapped)
    release_pages(mapped[offset:])
    assert resident(mapped) <= before - 12 * mmap.PAGESIZE
    np.testing.assert_array_equal(mapped, values)


def test_a_part_that_holds_no_whole_page_stays():
    memory = np.asarray(np.full(3 * mmap.PAGESIZE, 5, np.uint8))
    start = -memory.ctypes.data % mmap.PAGESIZE
    release_pages(memory[start + 1 : start + mmap.PAGESIZE])
    release_pages(memory[:0])
    assert (memory == 5).all()
