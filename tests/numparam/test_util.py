import os

import pytest

from numparam import util
from numparam.base import MXNetError
from numparam.devices import cuda
from numparam.modes import np_decorators, np_mode


def test_names_of_mxnet_util_are_the_modes_themselves():
    for name in ("is_np_shape", "is_np_array", "np_shape", "np_array", "set_np", "reset_np"):
        assert getattr(util, name) is getattr(np_mode, name)
    for name in ("use_np", "use_np_shape", "use_np_array"):
        assert getattr(util, name) is getattr(np_decorators, name)


def test_set_module_changes_the_module_and_returns_the_object():
    def named(): ...

    assert util.set_module(None)(named) is named
    assert named.__module__ == __name__
    assert util.set_module("numparam.numpy")(named) is named
    assert named.__module__ == "numparam.numpy"


def test_gpu_queries(monkeypatch):
    monkeypatch.setattr(cuda, "gpu_count", lambda: 0)
    assert util.get_gpu_count() == 0
    with pytest.raises(MXNetError, match="no CUDA GPU"):
        util.get_gpu_memory(0)


def test_environment_variables_are_read_set_and_removed(monkeypatch):
    monkeypatch.delenv("NUMPARAM_SOME_VARIABLE", raising=False)
    assert util.getenv("NUMPARAM_SOME_VARIABLE") is None
    util.setenv("NUMPARAM_SOME_VARIABLE", "42")
    assert util.getenv("NUMPARAM_SOME_VARIABLE") == os.environ["NUMPARAM_SOME_VARIABLE"] == "42"
    for _ in range(2):
        util.setenv("NUMPARAM_SOME_VARIABLE", None)
        assert "NUMPARAM_SOME_VARIABLE" not in os.environ
