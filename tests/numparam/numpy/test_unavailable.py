"""Names that mx.np, its arrays and mx.npx do not have."""

from __future__ import annotations

import numpy
import pytest

import numparam as mx


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("asarray", "mx.np.array"),
        ("savez", "mx.np.save"),
        ("dtype", "numpy.dtype"),
        ("fft", "numpy.fft"),
        ("interp", "numpy.interp"),
        ("no_such_thing", "dir"),
    ],
)
def test_a_name_that_mx_np_has_not_says_what_to_use(name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(mx.np, name)


def test_every_public_name_of_numpy_is_there_or_refused():
    for name in dir(numpy):
        if not name.startswith("_") and name not in mx.np.__all__ and name not in vars(mx.np):
            assert not hasattr(mx.np, name), name


def test_everything_in_all_is_there_and_the_constants_are_numpys():
    for module in (mx.np, mx.npx):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert hasattr(module, name), name
    for name in ("pi", "e", "inf", "newaxis", "float32", "int32", "bool_", "uint8"):
        assert getattr(mx.np, name) is getattr(numpy, name)
    assert mx.np.nan != mx.np.nan
    assert mx.np.bool is bool


@pytest.mark.parametrize("name", ["exp", "sqrt", "expand_dims", "tile", "split", "sort"])
def test_methods_that_are_functions_in_numpy_name_the_function(name):
    array = mx.np.ones((2,))
    assert not hasattr(array, name)
    with pytest.raises(AttributeError, match=f"mx.np.{name}"):
        getattr(array, name)


@pytest.mark.parametrize("name", ["one_hot", "softmax", "slice_axis", "tostype", "reshape_like"])
def test_methods_of_classic_arrays_name_the_classic_array(name):
    with pytest.raises(AttributeError, match="as_nd_ndarray"):
        getattr(mx.np.ones((2,)), name)
    assert hasattr(mx.nd.ones((2,)), name)


def test_npx_and_its_random_say_what_to_use():
    with pytest.raises(AttributeError, match="fully_connected"):
        _ = mx.npx.convolution
    with pytest.raises(AttributeError, match=r"mx\.np\.random"):
        _ = mx.npx.random.binomial
