import os
import pickle

import numpy as np
import pytest

from numparam import base

UNAVAILABLE = [base.NotImplementedForSymbol, base.NotSupportedForSparseNDArray]


def reshape():
    """Stands for a method of dense arrays."""


def test_mxnet_error_is_a_runtime_error():
    with pytest.raises(RuntimeError):
        raise base.MXNetError("boom")


@pytest.mark.parametrize("kind", UNAVAILABLE)
def test_unavailable_function_errors_are_mxnet_errors(kind):
    with pytest.raises(base.MXNetError):
        raise kind(reshape, None)


@pytest.mark.parametrize("kind", UNAVAILABLE)
def test_unavailable_function_errors_name_function_operator_and_argument_types(kind):
    error = kind(reshape, "Reshape", 1, np.zeros(2))
    assert (error.function, error.alias) == ("reshape", "Reshape")
    assert error.args == ("<class 'int'>", "<class 'numpy.ndarray'>")
    for part in ("reshape", "Reshape", "<class 'int'>", "<class 'numpy.ndarray'>"):
        assert part in str(error)


@pytest.mark.parametrize("kind", UNAVAILABLE)
def test_unavailable_function_errors_survive_pickling(kind):
    error = kind(reshape, "Reshape", 1)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.function, again.alias, again.args) == (error.function, error.alias, error.args)


@pytest.mark.parametrize(
    ("group", "members", "strangers"),
    [
        (base.integer_types, [1, True, np.int32(1), np.int64(1)], [1.0, "1", np.float32(1)]),
        (base.numeric_types, [1, 1.5, np.float16(1), np.uint8(1), np.bool_(1)], ["1", None, 1j]),
        (base.string_types, ["1"], [b"1", 1]),
    ],
)
def test_type_groups(group, members, strangers):
    assert all(isinstance(member, group) for member in members)
    assert not any(isinstance(stranger, group) for stranger in strangers)


def test_default_dtype_is_float32():
    assert base.mx_real_t is np.float32


def test_py_str_decodes_utf8():
    assert base.py_str("größe".encode()) == "größe"


def test_the_folder_of_data_is_that_of_the_environment_or_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("MXNET_HOME", "somewhere")
    assert base.data_dir() == "somewhere"
    monkeypatch.delenv("MXNET_HOME")
    for variable in ("HOME", "USERPROFILE", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    name = "mxnet" if os.name == "nt" else ".mxnet"
    assert base.data_dir() == str(tmp_path / name)
