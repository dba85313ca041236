"""Whether memory may be written, as the operating system sees it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from numparam.ndarray import protection

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux says which pages may be written"
)


def mapped(path, mode, count=200_000):
    np.zeros(count, np.float32).tofile(path)
    return np.memmap(path, np.float32, mode)


def asked(array):
    start = array.ctypes.data
    return protection.may_be_written(start, start + array.nbytes)


@linux
@pytest.mark.parametrize("without_madvise", [False, True])
@pytest.mark.parametrize("count", [10, 200_000])
def test_pages_mapped_for_reading_may_not_be_written(tmp_path, monkeypatch, count, without_madvise):
    if without_madvise:
        monkeypatch.setattr(protection, "_populating", lambda: None)
    for mode, expected in (("r", False), ("r+", True), ("c", True)):
        array = mapped(tmp_path / mode, mode, count)
        assert asked(array) is expected
        assert not array.any()
    assert asked(np.zeros(count))
    both = mapped(tmp_path / "middle", "r", count)
    assert not protection.may_be_written(both.ctypes.data + 8, both.ctypes.data + 12)


@linux
def test_the_list_of_pages_is_not_read_for_memory_that_can_be_written(monkeypatch):
    if not protection._populating()(_page_of(np.zeros(1)), 1):
        pytest.skip("this Linux is older than 5.14")
    monkeypatch.setattr(protection, "_is_listed_as_writable", None)
    assert asked(np.zeros(3))
    assert asked(np.zeros(10**6))


def _page_of(array):
    return array.ctypes.data // 4096 * 4096


def test_other_systems_are_trusted(monkeypatch):
    monkeypatch.setattr(protection, "_populating", lambda: None)
    monkeypatch.setattr(protection, "_MAPS", "/no/such/file")
    assert asked(np.zeros(3))
