"""Bad input of the CUDA kernels: the reference's errors, word for word, and nothing written.

``NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim`` runs them.
"""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from numparam.kernels.cuda import _ids, _memory, average, reset, retain, table
from numparam.kernels.reference import average as reference_average
from numparam.kernels.reference import retain as reference_retain
from tests.support.awkward_inputs import dtype_of
from tests.support.on_gpu import download, upload
from tests.support.parity import agree

pytestmark = [pytest.mark.cudasim, pytest.mark.usefixtures("few_threads")]

ONES = np.ones((4, 2), np.float32)
ZEROS = np.zeros((4, 2), np.float32)
FOUR = np.arange(4)


def same_error(function, reference, *arguments, **keywords):
    """Both refuse with the same error, and leave what they were given as it was."""
    with pytest.raises((TypeError, ValueError, IndexError)) as expected:
        reference(*arguments, **keywords)
    there = upload((arguments, keywords))
    with pytest.raises(type(expected.value)) as caught:
        function(*there[0], **there[1])
    assert str(caught.value) == str(expected.value)
    assert agree(download(there), (arguments, keywords))


@pytest.mark.parametrize("name", ["mean", "add_n"])
@pytest.mark.parametrize(
    ("sources", "out"),
    [
        ([], None),
        ([np.ones(2), np.ones(3)], None),
        ([np.ones(2), np.ones(2, np.float32)], None),
        ([np.ones(2)], np.ones(3)),
        ([np.ones(2)], np.ones(2, np.float32)),
    ],
)
def test_sources_and_outputs_that_do_not_fit(name, sources, out):
    same_error(getattr(average, name), getattr(reference_average, name), sources, out=out)


def test_booleans_that_differ():
    yes, no = np.array([True, False, True]), np.array([True, False, False])
    with pytest.raises(ValueError, match=r"sources\[2\] differs from sources\[0\]"):
        average.mean(upload([yes, yes, no, no]))
    assert download(average.add_n(upload([yes, no]))).tolist() == [True, False, True]


def test_a_partly_overlapping_output_is_refused():
    memory = upload(np.arange(10.0))
    ones = upload(np.ones(4))
    for start in (1, 6):
        with pytest.raises(ValueError, match=r"overlaps part of sources\[0\]"):
            average.mean([_memory.view(memory, 4, (4,)), ones], _memory.view(memory, start, (4,)))
    assert download(memory).tolist() == list(range(10))
    result = average.mean([_memory.view(memory, 4, (4,)), ones], _memory.view(memory, 0, (4,)))
    assert download(result).tolist() == [2.5, 3, 3.5, 4]


def test_one_array_instead_of_a_list_is_refused():
    for function in (average.mean, reset.zero, table.build):
        with pytest.raises(TypeError, match="must be a list of arrays, not one DeviceArray"):
            function(upload(np.ones(3)))


@pytest.mark.parametrize(
    ("ids", "rows"),
    [
        ([2, -1, 0], None),
        ([0, 1, 4, 9], 4),
        ([0], 0),
        ([3, 2], -1),
        ([3, 2], 1.5),
        ([1, -5, 12], 3),
        (np.float32([0, 1.5, 2]), None),
        (np.float64([0, np.nan]), None),
        (np.float64([np.inf]), None),
        (np.float32([2.0**25]), None),
        (np.array([1, 2], np.float16) / 4, None),
        (np.array([0, 300], dtype_of("bfloat16")), None),
        (np.array([1, 2**63, 2**63 + 7, 3], np.uint64), None),
        (np.array([2**63], np.uint64), None),
        (np.array([2**64 - 1], np.uint64), None),
    ],
)
def test_ids_that_name_no_row(ids, rows):
    same_error(retain.unique_ids, reference_retain.unique_ids, np.asarray(ids), rows)


@pytest.mark.parametrize(
    ("ids", "data", "wanted", "keywords"),
    [
        (FOUR, ONES[:3], FOUR, {}),
        (FOUR[::-1].copy(), ONES, FOUR, {}),
        (np.array([0, 1, 1, 2]), ONES, FOUR, {}),
        (np.array([0, 1, 2, 9]), ONES, FOUR, {"rows": 9}),
        (FOUR, ONES, np.array([0, -3]), {}),
        (FOUR, ONES, np.array([0, 7]), {"rows": 7}),
        (FOUR, np.array(1.0), FOUR, {}),
        (FOUR, ONES, FOUR, {"out": np.ones((4, 3), np.float32)}),
        (FOUR, ONES, FOUR, {"out": np.ones((4, 2), np.float64)}),
    ],
)
def test_rows_that_cannot_be_retained(ids, data, wanted, keywords):
    same_error(retain.retain, reference_retain.retain, ids, data, wanted, **keywords)


@pytest.mark.parametrize(
    ("array", "ids", "keywords"),
    [
        (ONES, np.array([0, 4]), {}),
        (ONES, np.array([-1]), {"out": np.ones((1, 2), np.float32)}),
        (np.array(1.0), FOUR, {}),
        (ONES[:0], np.array([0]), {}),
        (ONES, FOUR, {"out": np.ones((3, 2), np.float32)}),
    ],
)
def test_rows_that_cannot_be_gathered(array, ids, keywords):
    same_error(retain.gather, reference_retain.gather, array, ids, **keywords)


@pytest.mark.parametrize(
    ("array", "ids", "rows"),
    [
        (ONES, np.array([0, 4]), ZEROS[:2]),
        (ONES, np.array([0, -1, 0]), ZEROS[:3]),
        (ONES, np.array([0, 1]), ZEROS[:3]),
        (ONES, np.array([0, 1]), ONES[:2].astype(np.float64)),
        (np.array(1.0), np.array([0]), np.array([1.0])),
    ],
)
def test_rows_that_cannot_be_scattered(array, ids, rows):
    same_error(retain.scatter, reference_retain.scatter, array, ids, rows)


def test_shared_memory_of_rows_is_refused():
    memory = upload(np.arange(16.0))
    array, part = _memory.view(memory, 0, (4, 2)), _memory.view(memory, 6, (2, 2))
    ids = upload(np.array([0, 1]))
    with pytest.raises(ValueError, match="out shares memory with table"):
        retain.gather(array, ids, part)
    with pytest.raises(ValueError, match="table shares memory with rows"):
        retain.scatter(array, ids, part)
    with pytest.raises(ValueError, match="out shares memory with data"):
        retain.retain(upload(np.arange(4)), array, ids, part)
    assert download(memory).tolist() == list(range(16))


@pytest.mark.parametrize("module", [average, reset, retain, table])
def test_the_examples_of_the_documentation_hold(module):
    for name, function in vars(module).items():
        if name[0] == "_" or getattr(function, "__module__", None) != module.__name__:
            continue
        text = function.__doc__.replace("# doctest: +SKIP", "")
        example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
        assert example.examples
        assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


@pytest.mark.parametrize("name", ["add_rows", "subtract_rows"])
@pytest.mark.parametrize("ids", [[0, 4], [-1, 0], [3, 9, 0]])
def test_rows_that_are_not_there_are_not_added_to(name, ids):
    rows = np.ones((len(ids), 2), np.float32)
    same_error(getattr(retain, name), getattr(reference_retain, name), ONES, np.array(ids), rows)


def test_booleans_have_no_difference():
    table, rows = np.ones((4, 2), bool), np.ones((1, 2), bool)
    same_error(retain.subtract_rows, reference_retain.subtract_rows, table, np.array([1]), rows)


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("changed", [-4, -1, 4, 7])
@pytest.mark.parametrize("name", ["scatter", "add_rows", "subtract_rows"])
def test_ids_that_change_after_their_check_reach_no_memory_outside(
    name, changed, ascending, monkeypatch
):
    # The table is the middle of an array: rows beside it exist, and must stay as they are.
    memory = _memory.upload(np.arange(24, dtype=np.float32).reshape(12, 2))
    ids = _memory.upload(np.arange(4) if ascending else np.arange(4)[::-1].copy())
    check = _ids.check

    def check_and_change(*arguments):
        found = check(*arguments)
        _memory.copy_from_host(ids, np.full(4, changed))
        return found

    monkeypatch.setattr(_ids, "check", check_and_change)
    getattr(retain, name)(_memory.view(memory, 8, (4, 2)), ids, _memory.upload(ONES))
    np.testing.assert_array_equal(_memory.download(memory), np.arange(24).reshape(12, 2))


def test_unique_ids_are_those_that_were_checked(monkeypatch):
    ids = _memory.upload(np.array([3, 0, 3, 1]))
    check = _ids.check

    def check_and_change(*arguments):
        found = check(*arguments)
        _memory.copy_from_host(ids, np.full(4, 9))
        return found

    monkeypatch.setattr(_ids, "check", check_and_change)
    assert _memory.download(retain.unique_ids(ids, 4)).tolist() == [0, 1, 3]
