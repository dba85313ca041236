"""The recorder's own tests: what counts as equal, and what the check of the files finds."""

from __future__ import annotations

import json
import shutil
import warnings

import harness
import numpy as np
import pytest
import replay


def encoded(values, dtype="float32"):
    return harness.describe(np.asarray(values, dtype=dtype))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, -0.0),
        (float("inf"), float("-inf")),
        (float("nan"), 0.0),
        (1.0, float(np.nextafter(np.float32(1), np.float32(2)))),
    ],
)
def test_values_that_differ_in_one_bit_differ(one, other):
    assert replay.difference(encoded([one]), encoded([other])) is not None
    assert replay.difference(encoded([one]), encoded([one])) is None


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "bool"])
def test_equal_values_of_another_dtype_differ(dtype):
    assert replay.difference(encoded([0, 1]), encoded([0, 1], dtype)) is not None


def test_equal_values_of_another_shape_differ():
    assert replay.difference(encoded([[1, 2]]), encoded([[1], [2]])) is not None


def test_a_tolerance_covers_rounding_but_no_more():
    assert replay.difference(encoded([1.0]), encoded([1.0000001]), rtol=1e-6) is None
    assert replay.difference(encoded([1.0]), encoded([1.00001]), rtol=1e-6) is not None
    assert replay.difference(encoded([1.0]), encoded([float("nan")]), rtol=1e-6) is not None
    assert replay.difference(encoded([float("inf")]), encoded([1.0]), rtol=1e-6) is not None


def test_true_is_not_one():
    assert replay.difference(harness.describe(True), harness.describe(1)) is not None


def test_every_finite_float32_reads_back_from_its_text():
    bits = np.random.default_rng(0).integers(0, 2**32, 5000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    read = np.array([float(text) for text in harness.numbers(values).split()], dtype=np.float32)
    assert read.tobytes() == values.tobytes()


def test_an_exception_may_be_catchable_as_more_than_the_recorded_one():
    class MXNetError(RuntimeError):
        pass

    class Better(MXNetError, ValueError):
        pass

    def fail(error):
        raise error

    recorded = harness.outcome(lambda: fail(MXNetError()))
    assert recorded == harness.raises("MXNetError", "RuntimeError")
    assert replay.difference(recorded, harness.outcome(lambda: fail(Better()))) is None
    assert replay.difference(recorded, harness.outcome(lambda: fail(ValueError()))) is not None
    assert replay.difference(recorded, harness.outcome(lambda: 1)) is not None


def test_a_bare_exception_agrees_with_any_other():
    def fail(error):
        raise error

    recorded = harness.outcome(lambda: fail(Exception()))
    assert replay.difference(recorded, harness.outcome(lambda: fail(KeyError()))) is None


def test_a_warning_more_or_less_is_a_difference():
    def warn():
        warnings.warn("look", RuntimeWarning, stacklevel=1)

    assert harness.outcome(warn) == {"value": None, "warns": ["RuntimeWarning"]}
    assert replay.difference(harness.outcome(warn), harness.outcome(lambda: None)) is not None


def test_a_row_must_end_in_an_expression():
    with pytest.raises(SyntaxError):
        harness.rows(dict, "a = 1; b = 2")


@pytest.fixture
def copied_files(tmp_path, monkeypatch):
    recorded = tmp_path / "recorded"
    shutil.copytree(replay.RECORDED_FOLDER, recorded)
    monkeypatch.setattr(replay, "RECORDED_FOLDER", recorded)
    return recorded


def edit(path, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_the_check_finds_a_recorded_value_without_a_case(copied_files):
    edit(copied_files / "arrays_context.json", lambda content: content["cases"].update(gone=1))
    assert "arrays_context.gone: a recorded value without a case" in replay.problems()


def test_the_check_finds_a_case_without_a_recorded_value(copied_files):
    edit(copied_files / "arrays_context.json", lambda content: content["cases"].pop("identity"))
    assert "arrays_context.identity: a case without a recorded value" in replay.problems()


def test_the_check_finds_a_stale_file_and_files_without_a_counterpart(copied_files):
    edit(copied_files / "arrays_modes.json", lambda content: content.update(sources_sha256="0"))
    (copied_files / "arrays_files.json").rename(copied_files / "arrays_other.json")
    found = "\n".join(replay.problems())
    assert "arrays_modes: recorded from other sources" in found
    assert "arrays_other.json: recorded values without a case module" in found
    assert "arrays_files: a case module without recorded values" in found
