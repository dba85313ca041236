"""Contexts, environment variables, repetition and tolerances of tests."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

import numparam as mx
from numparam import test_utils as helpers


def test_the_default_context_is_the_current_one_and_can_be_set():
    with mx.cpu(2):
        assert helpers.default_context() == mx.cpu(2)
    seen = []

    def elsewhere():
        helpers.set_default_context(mx.cpu(3))
        seen.append(mx.nd.zeros(1).ctx)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [mx.cpu(3)]
    assert helpers.default_context() == mx.cpu(0)
    with pytest.raises(TypeError, match="Context"):
        helpers.set_default_context("cpu")


def test_environment_variables_are_restored_also_after_an_error(monkeypatch):
    monkeypatch.setenv("NUMPARAM_KEPT", "old")
    monkeypatch.delenv("NUMPARAM_NEW", raising=False)

    def inside():
        with helpers.environment({"NUMPARAM_KEPT": None, "NUMPARAM_NEW": "1"}):
            assert "NUMPARAM_KEPT" not in os.environ
            assert os.environ["NUMPARAM_NEW"] == "1"
            raise KeyError

    with pytest.raises(KeyError):
        inside()
    assert os.environ["NUMPARAM_KEPT"] == "old"
    assert "NUMPARAM_NEW" not in os.environ
    with helpers.environment("NUMPARAM_KEPT", "new"):
        assert os.environ["NUMPARAM_KEPT"] == "new"


@pytest.mark.parametrize("arguments", [(), ("ONE",), ("ONE", 1), ({"ONE": 1},), ("A", "B", "C")])
def test_other_arguments_of_environment_change_nothing(arguments):
    before = dict(os.environ)
    with pytest.raises(AssertionError), helpers.environment(*arguments):
        pass
    assert dict(os.environ) == before


def test_retry_calls_until_success_and_raises_the_last_failure():
    calls = []

    @helpers.retry(3)
    def test(successful_call, error=AssertionError):
        calls.append(1)
        if len(calls) < successful_call:
            raise error(len(calls))
        return "done"

    assert test(3) == "done"
    assert len(calls) == 3
    calls.clear()
    with pytest.raises(AssertionError, match="3"):
        test(4)
    calls.clear()
    with pytest.raises(KeyError):
        test(2, error=KeyError)
    assert len(calls) == 1
    with pytest.raises(ValueError, match="at least once"):
        helpers.retry(0)


def test_tolerances_are_the_looser_of_two_dtypes():
    half, whole = np.zeros(1, "float16"), mx.nd.zeros(1, dtype="int32")
    assert helpers.get_tols(half, whole, None, None) == (1e-2, 1e-1)
    assert helpers.get_tols(whole, whole, None, None) == (0, 0)
    assert helpers.get_tols(whole, whole, 0.5, 0.25) == (0.5, 0.25)
    assert helpers.get_tols(mx.nd.zeros(1), 1.0, None, None) == (1e-4, 1e-3)
    assert helpers.get_rtol(dtype="float32") == 1e-4
    assert helpers.get_atol() == 1e-20
    assert helpers.get_etol() == 0


def test_what_this_library_is_not():
    assert list(helpers.list_gpus()) == list(range(mx.num_gpus()))
    assert helpers.is_op_runnable()
    assert not helpers.has_tvm_ops()
    assert helpers.default_dtype() is np.float32


def test_standard_error_is_thrown_away(capfd):
    with helpers.discard_stderr():
        os.write(2, b"lost")
    os.write(2, b"kept")
    assert capfd.readouterr().err == "kept"


def test_import_star_gives_what_suites_take_from_mxnets_module():
    names: dict[str, object] = {}
    exec("from numparam.test_utils import *", names)
    assert names["os"] is os
    assert names["np"] is np
    assert names["npt"] is np.testing
    assert names["mx"].nd.array is names["array"]
    for name in ("rnd", "sys", "time", "json", "logging", "getenv", "Features", "Symbol"):
        assert name in names
