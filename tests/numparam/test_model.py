"""Checkpoints of the Module interface: MXNet's names of files and arrays."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import numparam as mx
from numparam.base import MXNetError

GRAPH = '{"nodes": [{"op": "FullyConnected", "name": "größe"}], "heads": [[0, 0, 0]]}'


def save(prefix, epoch=3, symbol=GRAPH):
    weights = {"fc_weight": mx.nd.ones((2, 3), ctx=mx.cpu(1)), "fc_bias": np.zeros(2, "float16")}
    mx.model.save_checkpoint(prefix, epoch, symbol, weights, {"bn_mean": mx.nd.zeros((3,))})


def unchanged(path):
    return path


@pytest.mark.parametrize("kind", [str, unchanged], ids=["str", "Path"])
def test_a_checkpoint_comes_back(tmp_path, kind):
    save(kind(tmp_path / "net"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "net-0003.params",
        "net-symbol.json",
    ]
    symbol, arguments, states = mx.model.load_checkpoint(kind(tmp_path / "net"), 3)
    assert symbol == GRAPH
    assert [list(arguments), list(states)] == [["fc_weight", "fc_bias"], ["bn_mean"]]
    assert arguments["fc_bias"].dtype == np.float16
    assert arguments["fc_weight"].context == mx.cpu(0)
    again = mx.model.load_params(tmp_path / "net", 3)
    assert [sorted(found) for found in again] == [["fc_bias", "fc_weight"], ["bn_mean"]]


def test_the_files_are_what_mxnet_reads(tmp_path):
    save(tmp_path / "net", 12345)
    arrays = mx.nd.load(tmp_path / "net-12345.params")
    assert list(arrays) == ["arg:fc_weight", "arg:fc_bias", "aux:bn_mean"]
    assert (tmp_path / "net-symbol.json").read_bytes() == GRAPH.encode()


def test_parameters_load_the_arrays(tmp_path):
    save(tmp_path / "net")
    parameters = mx.gluon.ParameterDict()
    for name, shape, dtype in [("fc_weight", (2, 3), "float32"), ("bn_mean", (3,), "float32")]:
        parameters.get(name, shape=shape, dtype=dtype)
    parameters.load(tmp_path / "net-0003.params", ignore_extra=True)
    assert parameters["fc_weight"].data().asnumpy().sum() == 6


def test_symbols_of_variables_and_no_symbol_are_saved_too(tmp_path):
    save(tmp_path / "none", symbol=None)
    assert [path.name for path in tmp_path.iterdir()] == ["none-0003.params"]
    variable = mx.sym.var("data")
    save(tmp_path / "net", symbol=variable)
    assert mx.model.load_checkpoint(tmp_path / "net", 3)[0] == variable.tojson()
    with pytest.raises(TypeError, match="JSON text"):
        save(tmp_path / "bad", symbol=3)
    assert not list(tmp_path.glob("bad*"))


@pytest.mark.parametrize("name", ["w", "arg", "other:w", ""])
def test_names_of_no_kind_are_refused(tmp_path, name):
    mx.nd.save(tmp_path / "net-0000.params", {name: mx.nd.ones((1,))})
    with pytest.raises(MXNetError, match="'arg:' or 'aux:'"):
        mx.model.load_params(tmp_path / "net", 0)
    with pytest.raises(ValueError, match=r"ParameterDict\.load"):
        mx.model.load_params(tmp_path / "net", 0)


def test_lists_missing_files_and_graphs_that_are_not_text_are_refused(tmp_path):
    mx.nd.save(tmp_path / "net-0000.params", [mx.nd.ones((1,))])
    with pytest.raises(MXNetError, match="without names"):
        mx.model.load_params(tmp_path / "net", 0)
    with pytest.raises(FileNotFoundError, match=r"net-0001\.params"):
        mx.model.load_params(tmp_path / "net", 1)
    with pytest.raises(FileNotFoundError, match=r"net-symbol\.json"):
        mx.model.load_checkpoint(tmp_path / "net", 0)
    (tmp_path / "net-symbol.json").write_bytes(b"\xff")
    with pytest.raises(MXNetError, match="UTF-8"):
        mx.model.load_checkpoint(tmp_path / "net", 0)
    with pytest.raises(TypeError, match="str"):
        mx.model.save_checkpoint(tmp_path / "net", 0, None, {1: mx.nd.ones((1,))}, {})


def test_an_empty_checkpoint_is_read_with_a_warning(tmp_path, caplog):
    mx.model.save_checkpoint(tmp_path / "net", 0, None, {}, {})
    with caplog.at_level(logging.WARNING):
        assert mx.model.load_params(tmp_path / "net", 0) == ({}, {})
    assert "is empty" in caplog.text


def test_a_model_without_auxiliary_states_has_none(tmp_path):
    mx.model.save_checkpoint(tmp_path / "net", 1, None, {"w": mx.nd.ones(2)}, None)
    arguments, states = mx.model.load_params(str(tmp_path / "net"), 1)
    assert list(arguments) == ["w"]
    assert states == {}


@pytest.mark.parametrize("name", ["arg_params", "aux_params"])
def test_arrays_without_names_are_refused_before_a_file_is_written(tmp_path, name):
    given = {"arg_params": {}, "aux_params": {}, name: [mx.nd.ones(2)]}
    with pytest.raises(TypeError, match=f"{name} must map names to arrays, not be of type list"):
        mx.model.save_checkpoint(tmp_path / "net", 1, "{}", **given)
    assert not list(tmp_path.iterdir())


def test_names_in_a_checkpoint_may_have_another_encoding(tmp_path):
    prefix = tmp_path / "net"
    mx.model.save_checkpoint(prefix, 1, mx.sym.var("data"), {"重": mx.nd.ones((2,))}, {})
    path = tmp_path / "net-0001.params"
    path.write_bytes(path.read_bytes().replace("重".encode(), b"\xd6\xd8 "))
    assert list(mx.model.load_params(prefix, 1, encoding="gbk")[0]) == ["重 "]
    assert list(mx.model.load_checkpoint(prefix, 1, encoding="gbk")[1]) == ["重 "]
    with pytest.raises(mx.MXNetError, match="encoding='gbk'"):
        mx.model.load_params(prefix, 1)
