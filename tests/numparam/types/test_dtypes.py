import contextlib
import copy

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numparam as mx
from numparam.base import MXNetError
from numparam.gluon import Parameter, ParameterDict
from numparam.types.dtypes import (
    DTYPE_BY_FLAG,
    FLAG_BY_DTYPE,
    UnsupportedDTypeError,
    as_dtype,
    as_given,
    bfloat16,
    dtype_flag,
    dtype_from_flag,
    dtype_name,
)

# The numbers of the .params format.
FLAGS = {
    "float32": 0,
    "float64": 1,
    "float16": 2,
    "uint8": 3,
    "int32": 4,
    "int8": 5,
    "int64": 6,
    "bool": 7,
    "int16": 8,
    "uint16": 9,
    "uint32": 10,
    "uint64": 11,
    "bfloat16": 12,
}
UNUSABLE = [
    *("complex64", "object", "S3", "U1", "datetime64[s]", "f4,f4", "foo", "", "a", "T", "V2"),
    *("<V2", "float8_e4m3", 3, 1.5, [1], ("a", "b"), object, str, np.floating, np.generic),
    *(np.dtype((np.float32, 3)), np.zeros(2), float("nan"), b"\xff", ml_dtypes.int4),
]


@pytest.mark.parametrize(("name", "flag"), FLAGS.items())
def test_flags_are_those_of_the_file_format(name, flag):
    assert dtype_flag(name) == flag
    assert dtype_from_flag(flag) == as_dtype(name)
    assert dtype_name(dtype_from_flag(flag)) == name


def test_the_tables_are_inverses():
    assert {dtype.name: flag for flag, dtype in DTYPE_BY_FLAG.items()} == FLAGS
    assert {flag: dtype for dtype, flag in FLAG_BY_DTYPE.items()} == DTYPE_BY_FLAG


@pytest.mark.parametrize("name", FLAGS)
def test_every_spelling_gives_the_same_native_dtype(name):
    dtype = as_dtype(name)
    assert dtype.isnative
    spellings = [dtype, dtype.type, dtype.name]
    if dtype != bfloat16:
        spellings += [dtype.str, dtype.char, dtype.newbyteorder("S"), np.str_(name)]
    for spelling in spellings:
        assert as_dtype(spelling) is dtype


@pytest.mark.parametrize(
    "spelling",
    [
        "bfloat16",
        ml_dtypes.bfloat16,
        np.dtype(ml_dtypes.bfloat16),
        np.dtype([("bfloat16", np.uint16)]),
        [("bfloat16", "<u2")],
        np.dtype([("bfloat16", ">u2")]),
    ],
)
def test_bfloat16_is_known_by_all_its_names(spelling):
    assert as_dtype(spelling) is bfloat16
    assert dtype_name(spelling) == "bfloat16"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [(int, "int64"), (float, "float64"), (bool, "bool"), (np.longlong, "int64"), ("f4", "float32")],
)
def test_python_and_platform_types(spelling, name):
    assert dtype_name(spelling) == name


def test_none_means_float32_or_the_given_default():
    assert as_dtype(None) == np.float32
    assert as_dtype(None, default="int8") == np.int8
    with pytest.raises(UnsupportedDTypeError, match="no default"):
        as_dtype(None, default=None)


@pytest.mark.parametrize("dtype", UNUSABLE, ids=repr)
@pytest.mark.parametrize("caught_as", [TypeError, ValueError, KeyError, MXNetError])
def test_unusable_dtypes_are_refused_as_each_type_that_mxnet_raised(dtype, caught_as):
    with pytest.raises(caught_as) as caught:
        as_dtype(dtype)
    assert repr(dtype) in str(caught.value)
    assert "bfloat16, bool, float16" in str(caught.value)


@pytest.mark.parametrize("flag", [-1, 13, 255, None, "0", [0]])
def test_unknown_flags_are_refused_with_the_table(flag):
    with pytest.raises(UnsupportedDTypeError, match="12 bfloat16"):
        dtype_from_flag(flag)


@given(st.one_of(st.text(max_size=8), st.integers(), st.floats(), st.lists(st.text(max_size=2))))
def test_anything_gives_a_dtype_of_the_table_or_the_one_error(spelling):
    with contextlib.suppress(UnsupportedDTypeError):
        assert as_dtype(spelling) in FLAG_BY_DTYPE


class _Named:
    def __init__(self, text):
        self._text = text

    def __repr__(self):
        return self._text


_TorchDType = type("dtype", (_Named,), {"__module__": "torch"})


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "uint8", "bool"])
def test_dtypes_of_pytorch_are_read_by_their_names(name):
    assert as_dtype(_TorchDType(f"torch.{name}")).name == name


@pytest.mark.parametrize("name", ["complex64", "float8_e5m2", "no_such_type"])
def test_dtypes_of_pytorch_that_arrays_cannot_have_are_refused(name):
    with pytest.raises(UnsupportedDTypeError, match=name):
        as_dtype(_TorchDType(f"torch.{name}"))


def test_dtypes_of_tensorflow_are_read_by_what_they_are_in_numpy():
    class DType:
        as_numpy_dtype = np.float16

    assert as_dtype(DType()) == np.float16


class _JaxKind(type):
    """The class of ``jax.numpy.float16``: NumPy reads its `dtype`."""


class _JaxFloat16(metaclass=_JaxKind):
    dtype = np.dtype(np.float16)


@pytest.mark.parametrize(
    "given",
    ["float16", np.float16, np.dtype(np.float16), ">f2", float, None, [("bfloat16", np.uint16)]],
)
def test_spellings_of_numpy_and_python_are_kept(given):
    assert as_given(given) is given


@pytest.mark.parametrize("given", [_TorchDType("torch.float16"), _JaxFloat16])
def test_parameters_have_numpys_types_for_dtypes_of_other_libraries(given):
    assert as_given(given) is np.float16
    made = Parameter("w", shape=(2,), dtype=given)
    converted, assigned = Parameter("w", shape=(2,)), Parameter("w", shape=(2,))
    for parameter in (made, converted, assigned):
        parameter.initialize()
    converted.cast(given)
    assigned.dtype = given
    members = ParameterDict()
    members.get("w", shape=(2,))
    members.initialize()
    members.setattr("dtype", given)
    for parameter in (made, converted, assigned, members["w"], copy.deepcopy(converted)):
        assert parameter.dtype is np.float16
        assert parameter.data().dtype == np.float16
    assert members.get("w", dtype=given) is members["w"]
    assert mx.np.ones((2,), dtype=given).dtype == np.float16
    assert mx.nd.ones((2,)).astype(given).dtype == np.float16


def test_dtypes_are_spelled_as_in_the_configurations_of_pytorch():
    assert as_dtype("torch.bfloat16") == as_dtype("bfloat16")
    with pytest.raises(UnsupportedDTypeError, match=r"torch\.complex64"):
        as_dtype("torch.complex64")
