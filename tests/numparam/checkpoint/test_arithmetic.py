"""Arithmetic over files: exact means, stated rules for integers, mismatches before any value."""

import fractions
import os

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numparam as mx
from numparam import formats
from numparam.checkpoint import CheckpointMismatchError, CheckpointPlanError, comparison

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)


def _of(data, dtype="float32", name="w"):
    return mx.Checkpoint.from_arrays({name: np.asarray(data, dtype)})


@given(st.lists(FLOATS, min_size=1, max_size=6))
def test_means_are_exact_and_rounded_once(values):
    found = mx.Checkpoint.mean([_of([value]) for value in values]).record("w").data[0]
    exact = sum(map(fractions.Fraction, values)) / len(values)
    for neighbour in (np.nextafter(found, np.float32(s * np.inf)) for s in (-1, 1)):
        if np.isfinite(neighbour):
            distance = abs(fractions.Fraction(float(neighbour)) - exact)
            assert abs(fractions.Fraction(float(found)) - exact) <= distance


def test_long_arrays_are_averaged_by_pieces(tmp_path):
    size = 300_001
    data = [np.arange(size, dtype=np.float32) * k for k in (1, 3)]
    for k in (0, 1):
        mx.Checkpoint.from_arrays({"w": data[k]}).save(tmp_path / f"{k}.params")
    paths = [tmp_path / "0.params", tmp_path / "1.params"]
    mx.Checkpoint.mean(paths).save(tmp_path / "mean.npz")
    assert np.array_equal(mx.Checkpoint(tmp_path / "mean.npz").record("w").data, data[0] * 2)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.complex64])
def test_other_dtypes_have_means(dtype):
    found = mx.Checkpoint.mean([_of([1, 2], dtype), _of([3, 6], dtype)]).record("w").data
    assert found.dtype == dtype
    assert found.tolist() == [2, 4]


def test_row_sparse_means_count_missing_rows_as_zeros(tmp_path):
    def table(rows, ids):
        array = mx.nd.sparse.row_sparse_array((rows, ids), shape=(5, 2))
        return mx.Checkpoint.from_arrays({"w": array})

    mean = mx.Checkpoint.mean([table([[2, 4]], [1]), table([[2, 2], [6, 8]], [1, 3])])
    mean.save(tmp_path / "mean.safetensors")
    found = mx.Checkpoint(tmp_path / "mean.safetensors")["w"]
    assert found.indices.asnumpy().tolist() == [1, 3]
    assert found.data.asnumpy().tolist() == [[2, 3], [3, 4]]


def test_csr_arrays_are_added():
    def matrix(dense):
        return mx.Checkpoint.from_arrays({"w": mx.nd.array(dense).tostype("csr")})

    total = matrix([[1, 0], [0, 2]]).add(matrix([[1, 5], [0, 0]]))
    assert total["w"].asnumpy().tolist() == [[2, 5], [0, 2]]
    assert total.headers["w"].stored_shape == (3,)


@pytest.mark.parametrize(
    ("integers", "expected"), [("mean", -1), ("first", -3), ("last", 0), (None, -1)]
)
def test_integers_are_averaged_or_kept(integers, expected):
    mean = mx.Checkpoint.mean([_of([-3], "int64"), _of([0], "int64")], integers=integers)
    assert mean.record("w").data.tolist() == [expected]


def test_booleans_must_agree_or_be_kept(tmp_path):
    differing = [_of([True], bool), _of([False], bool)]
    with pytest.raises(CheckpointPlanError, match=r"'w'.*integers='first'"):
        mx.Checkpoint.mean(differing).save(tmp_path / "mean.params")
    assert not list(tmp_path.iterdir())
    assert mx.Checkpoint.mean(differing, integers="last").record("w").data.tolist() == [False]


def test_weights_and_moving_averages():
    steps = [_of([0.0, 8.0]), _of([4.0, 8.0]), _of([8.0, 8.0])]
    assert mx.Checkpoint.mean(steps, [1, 0, 3]).record("w").data.tolist() == [6, 8]
    assert mx.Checkpoint.ema(steps, 0.75).record("w").data.tolist() == [2.75, 8]
    for weights in ([1, 2], [0, 0, 0], [-1, 2, 3]):
        with pytest.raises(CheckpointPlanError, match="3 weights"):
            mx.Checkpoint.mean(steps, weights)
    with pytest.raises(CheckpointPlanError, match="decay"):
        mx.Checkpoint.ema(steps, 1.5)


def test_sums_differences_and_multiples():
    a, b = _of([1.5, 2]), _of([0.5, 4])
    assert a.add(b).record("w").data.tolist() == [2, 6]
    assert a.subtract(b).record("w").data.tolist() == [1, -2]
    assert a.scale(-2).record("w").data.tolist() == [-3, -4]
    wrapped = _of([250], "uint8").add(_of([10], "uint8"))
    assert wrapped.record("w").data.tolist() == [4]
    assert wrapped.subtract(_of([10], "uint8")).record("w").data.tolist() == [250]


def test_all_mismatches_are_reported_before_values_are_read(tmp_path):
    first = {"w": np.ones((2, 2)), "n": np.ones(2, np.float32), "only": np.ones(1)}
    second = {"w": np.ones((2, 3)), "n": np.ones(2, np.float16), "more": np.ones(1)}
    for name, arrays in (("a", first), ("b", second)):
        mx.Checkpoint.from_arrays(arrays).save(tmp_path / f"{name}.params")
    paths = [tmp_path / "a.params", tmp_path / "b.params"]
    with pytest.raises(CheckpointMismatchError, match="nothing was read") as caught:
        mx.Checkpoint.mean(paths)
    assert len(caught.value.problems) == 4
    assert "(2, 2) in" in str(caught.value)
    with pytest.raises(TypeError):
        mx.Checkpoint.mean("a.params")


def test_diff_names_everything():
    a = mx.Checkpoint.from_arrays(
        {"same": [1.0], "w": [1.0, np.nan, 2.0, np.inf], "shape": [1.0], "dtype": [1.0], "old": [0]}
    )
    b = mx.Checkpoint.from_arrays(
        {
            "same": [1.0],
            "w": [1.5, np.nan, np.nan, np.inf],
            "shape": [1.0, 2.0],
            "dtype": np.float32([1]),
            "new": [0],
        }
    )
    found = a.diff(b)
    assert found
    assert found.to_dict() == {
        "equal": False,
        "missing": ["old"],
        "extra": ["new"],
        "shapes": {"shape": ("(1,)", "(2,)")},
        "dtypes": {"dtype": ("float64", "float32")},
        "storages": {},
        "changed": {
            "w": {"elements": 2, "absolute": 0.5, "relative": pytest.approx(1 / 3), "nan": (1, 2)}
        },
        "compared": 3,
    }
    assert "2 differ, by 0.5 at most, relative 0.33, NaN 1 / 2" in str(found)


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=8))
def test_diff_agrees_with_numpy(pairs):
    a, b = (np.array(column, np.float32) for column in zip(*pairs, strict=True))
    found = _of(a).diff(_of(b))
    assert found.equal == np.array_equal(a, b)
    if found:
        gap = np.abs(a.astype(np.float64) - b)
        assert found.changed["w"].elements == np.count_nonzero(a != b)
        assert found.changed["w"].absolute == gap.max()


def test_infinities_differ_infinitely():
    found = _of([np.inf, 1]).diff(_of([1, 1])).changed["w"]
    assert (found.elements, found.absolute, found.relative) == (1, np.inf, np.inf)
    assert _of([np.inf]).diff(_of([-np.inf])).changed["w"].absolute == np.inf
    assert _of([1.0]).diff(_of([np.inf]), rtol=0.5).changed["w"].elements == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [("float32", "float32"), ("float16", "float32"), ("float64", "bfloat16"), ("int32", "int32"),
     ("int32", "float32"), ("uint16", "uint16"), ("complex64", "complex64")],
)  # fmt: skip
def test_large_files_are_compared_as_small_ones_are(one, two, monkeypatch):
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, 3, (2, comparison._LARGE_PIECE + 5)) + 0.5
    drawn[:, ::3] = 1
    wanted = [mx.nd.array([0], dtype=dtype).dtype if dtype == "bfloat16" else dtype
              for dtype in (one, two)]  # fmt: skip
    a, b = (_of(row, dtype) for row, dtype in zip(drawn, wanted, strict=True))
    for tolerances in ({}, {"rtol": 0.5, "atol": 0.1}):
        monkeypatch.setattr(comparison, "_LARGE", 1 << 40)
        expected = a.diff(b, **tolerances).to_dict()
        monkeypatch.setattr(comparison, "_LARGE", 0)
        assert a.diff(b, **tolerances).to_dict() == expected
        assert expected["changed"]


def test_tolerances_and_large_integers():
    assert not _of([100.0]).diff(_of([100.1]), rtol=0.01)
    assert not _of([1.0]).diff(_of([1.5]), atol=0.5)
    assert _of([1.0]).diff(_of([1.5]), atol=0.4)
    large = 2**60
    assert _of([large], "int64").diff(_of([large + 1], "int64")).changed["w"].elements == 1
    assert not _of([np.nan, -0.0]).diff(_of([np.nan, 0.0]))


def test_sparse_arrays_differ_by_value():
    def table(rows, ids):
        array = mx.nd.sparse.row_sparse_array((rows, ids), shape=(5, 1))
        return mx.Checkpoint.from_arrays({"w": array})

    assert not table([[1.0], [0.0]], [1, 2]).diff(table([[1.0]], [1]))
    assert table([[1.0]], [2]).diff(table([[1.0]], [1])).changed["w"].elements == 2


def test_merging_takes_the_array_that_is_asked_for():
    a, b = _of([1.0]), mx.Checkpoint.from_arrays({"w": [2.0], "v": [3.0]})
    with pytest.raises(CheckpointPlanError, match=r"w.*on_conflict"):
        a.merge(b)
    assert a.merge(b, on_conflict="first").record("w").data.tolist() == [1]
    merged = a.merge(b, on_conflict="last")
    assert list(merged) == ["w", "v"]
    assert merged.record("w").data.tolist() == [2]


def test_memory_does_not_grow_with_the_file(tmp_path):
    import tracemalloc

    paths = [tmp_path / f"{k}.params" for k in range(3)]
    for path in paths:
        formats.write(path, ["w"], [formats.DenseRecord(np.ones(8 << 20, np.float32))])
    mx.Checkpoint.mean([_of([1.0]), _of([1.0])]).record("w")  # compiled before memory is counted
    tracemalloc.start()
    try:
        mx.Checkpoint.mean(paths).save(tmp_path / "mean.safetensors")
        mx.Checkpoint(paths[0]).astype("float16").save(tmp_path / "half.npz")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20
    assert os.path.getsize(tmp_path / "half.npz") > 16 << 20


def test_differences_of_long_arrays_are_those_of_all_their_parts():
    count = 3 * comparison._PIECE + 5
    one = np.linspace(1, 2, count)
    two = one.copy()
    two[7] += 1
    two[comparison._IN_CACHE] = np.nan
    two[-1] += 3
    found = mx.Checkpoint.from_arrays({"w": one}).diff(mx.Checkpoint.from_arrays({"w": two}))
    changed = found.changed["w"]
    assert (changed.elements, changed.absolute, changed.nan) == (3, 3.0, (0, 1))
    assert changed.relative == 0.6
