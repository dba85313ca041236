"""np.save and np.load, which are npx.save and npx.load."""

from __future__ import annotations

import pathlib

import numpy
import pytest

import numparam as mx

np = mx.np


@pytest.fixture
def numpy_mode():
    with mx.util.np_shape(True), mx.util.np_array(True):
        yield


def test_the_two_modules_have_the_same_functions():
    assert mx.np.save is mx.npx.save
    assert mx.np.load is mx.npx.load


@pytest.mark.parametrize("as_path", [str, pathlib.Path])
def test_arrays_of_every_shape_and_dtype_come_back(device, numpy_mode, tmp_path, as_path):
    arrays = {
        "scalar": np.array(3.5),
        "empty": np.zeros((0, 2), dtype="int8"),
        "mask": np.array([True, False], dtype="bool"),
        "half": np.array([[1, 2]], dtype="bfloat16"),
        "elsewhere": np.arange(3, ctx=mx.cpu(1)),
    }
    path = as_path(tmp_path / "x.params")
    np.save(path, arrays)
    loaded = np.load(path)
    assert list(loaded) == list(arrays)
    for name, array in loaded.items():
        assert type(array) is np.ndarray
        assert array.ctx == mx.cpu(0)
        numpy.testing.assert_array_equal(array.asnumpy(), arrays[name].asnumpy(), strict=True)
    for value in (list(arrays.values()), arrays["scalar"], []):
        np.save(path, value)
        expected = value if isinstance(value, list) else [value]
        assert [array.shape for array in np.load(path)] == [array.shape for array in expected]


def test_they_are_for_numpy_mode(tmp_path):
    for call in (lambda: np.save(tmp_path / "x", np.ones((1,))), lambda: np.load(tmp_path / "x")):
        with pytest.raises(ValueError, match="set_np"):
            call()
        with mx.util.np_shape(True), pytest.raises(ValueError, match="set_np"):
            call()
    assert not (tmp_path / "x").exists()


def test_what_is_no_np_array_is_refused_and_the_old_file_stays(device, numpy_mode, tmp_path):
    path = tmp_path / "x"
    np.save(path, np.ones((1,)))
    before = path.read_bytes()
    wrong = [
        (np.ones((1,)),),
        mx.nd.array([1]),
        numpy.ones((1,)),
        [numpy.ones((1,))],
        {1: np.ones((1,))},
        {"a": mx.nd.array([1])},
    ]
    for value in wrong:
        with pytest.raises(ValueError):
            np.save(path, value)
    with pytest.raises(TypeError):
        np.save(3, np.ones((1,)))
    with pytest.raises(TypeError):
        np.load(3)
    assert path.read_bytes() == before


def test_files_of_classic_arrays_need_strict_false(device, numpy_mode, tmp_path):
    with mx.util.np_array(False), mx.util.np_shape(False):
        mx.nd.save(tmp_path / "x", {"a": mx.nd.array([1, 2])})
        mx.nd.save(tmp_path / "sparse", {"table": mx.nd.sparse.zeros("row_sparse", (2, 2))})
    with pytest.raises(mx.MXNetError, match="strict=False"):
        np.load(tmp_path / "x")
    assert np.load(tmp_path / "x", strict=False)["a"].tolist() == [1, 2]
    with pytest.raises(mx.MXNetError, match=r"'table'.*sparse"):
        np.load(tmp_path / "sparse", strict=False)
    with pytest.raises(FileNotFoundError):
        np.load(tmp_path / "nothing")
