import os

import numpy as np
import pytest

from numparam import symbol
from numparam.attribute import AttrScope
from numparam.base import MXNetError
from numparam.name import Prefix
from numparam.symbol import Group, NoGraphCompilerError, Symbol, Variable, load, load_json, var
from numparam.symbol.numpy import _Symbol


class Initializer:
    def dumps(self):
        return '["zero", {}]'


@pytest.mark.parametrize(
    ("arguments", "attributes"),
    [
        ({}, {}),
        ({"shape": (2, 3)}, {"__shape__": "(2, 3)"}),
        ({"shape": (2, np.int64(3))}, {"__shape__": "(2, 3)"}),
        ({"shape": [2]}, {"__shape__": "[2]"}),
        ({"shape": 2}, {"__shape__": "2"}),
        ({"shape": ()}, {"__shape__": "()"}),
        ({"lr_mult": 2}, {"__lr_mult__": "2"}),
        ({"lr_mult": np.float64(0.5)}, {"__lr_mult__": "0.5"}),
        ({"wd_mult": 0.0}, {"__wd_mult__": "0.0"}),
        ({"dtype": "float32"}, {"__dtype__": "0"}),
        ({"dtype": bool}, {"__dtype__": "7"}),
        ({"dtype": [("bfloat16", "<u2")]}, {"__dtype__": "12"}),
        ({"dtype": "bfloat16"}, {"__dtype__": "12"}),
        ({"init": "ones"}, {"__init__": "ones"}),
        ({"init": Initializer()}, {"__init__": '["zero", {}]'}),
        ({"stype": "default"}, {"__storage_type__": "0"}),
        ({"stype": "row_sparse"}, {"__storage_type__": "1"}),
        ({"stype": "csr"}, {"__storage_type__": "2"}),
        ({"__layout__": 3}, {"__layout__": "3"}),
        ({"attr": {"mood": "calm"}}, {"mood": "calm"}),
        ({"attr": {"lr_mult": "3"}}, {"__lr_mult__": "3"}),
        ({"attr": {"lr_mult": "3", "__lr_mult__": "4"}}, {"__lr_mult__": "4"}),
        ({"attr": {"__shape__": "(9,)"}, "shape": (2,)}, {"__shape__": "(2,)"}),
    ],
)
def test_arguments_become_the_attributes_of_mxnet(arguments, attributes):
    variable = var("w", **arguments)
    shown = variable.list_attr()
    assert {key: shown[key] for key in attributes} == attributes
    hidden = {key.strip("_") for key in attributes if key in ("__lr_mult__", "__wd_mult__")}
    assert set(shown) == set(attributes) | hidden
    assert variable.name == "w"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": 3}, TypeError),
        ({"name": None}, TypeError),
        ({"name": b"w"}, TypeError),
        ({"name": "a\0b"}, ValueError),
        ({"name": "\ud800"}, ValueError),
        ({"name": "w", "attr": {"a": 1}}, ValueError),
        ({"name": "w", "attr": {"a": "x\0"}}, ValueError),
        ({"name": "w", "attr": {"w_lr_mult": "1"}}, MXNetError),
        ({"name": "w", "attr": {1: "1"}}, TypeError),
        ({"name": "w", "foo": "1"}, ValueError),
        ({"name": "w", "profiler_scope": "mine:"}, ValueError),
        ({"name": "w", "dtype": "foo"}, TypeError),
        ({"name": "w", "dtype": "complex64"}, KeyError),
        ({"name": "w", "stype": "foo"}, KeyError),
        ({"name": "w", "stype": 1}, KeyError),
        ({"name": "w", "init": 3}, AttributeError),
        ({"name": "w", "shape": "(2,)"}, TypeError),
    ],
)
def test_bad_arguments_are_refused_as_mxnet_did(arguments, error):
    with pytest.raises(error):
        var(**arguments)


def test_the_callers_attributes_are_not_modified():
    attributes = {"mood": "calm"}
    variable = var("w", attr=attributes, shape=(2,))
    variable._set_attr(mood="angry")
    assert attributes == {"mood": "calm"}


def test_the_callers_attributes_are_not_modified_even_if_a_scope_hands_them_on():
    class Transparent(AttrScope):
        def get(self, attr):
            return attr

    attributes = {"mood": "calm"}
    with Transparent():
        var("w", attr=attributes, shape=(2,))
    assert attributes == {"mood": "calm"}


def test_attribute_scopes_apply_and_own_attributes_win():
    with AttrScope(ctx_group="first", __layout__="NCHW"):
        variable = var("w", attr={"__layout__": "NHWC"}, lr_mult=3)
        plain = var("v")
    assert variable.list_attr() == {
        "__ctx_group__": "first",
        "ctx_group": "first",
        "__layout__": "NHWC",
        "__lr_mult__": "3",
        "lr_mult": "3",
    }
    assert plain.attr("__layout__") == "NCHW"
    assert var("w").list_attr() == {}


def test_name_prefixes_do_not_apply():
    with Prefix("net_"):
        assert var("w").name == "w"


def test_variable_is_var():
    assert Variable is var


def test_a_group_has_the_outputs_of_its_members():
    inner = Group([var("a"), var("b")])
    group = Group((var("c"), inner))
    assert group.list_outputs() == ["c", "a", "b"]
    assert type(Group([var("a")], create_fn=_Symbol)) is _Symbol


@pytest.mark.parametrize("wrong", [[], (), [3], [var("a"), None], var("a")])
def test_a_group_of_anything_else_is_refused(wrong):
    with pytest.raises(TypeError, match="list of symbols"):
        Group(wrong)


def test_saved_symbols_load(tmp_path):
    path = tmp_path / "größe.json"
    variable = var("größe", shape=(2,), attr={"mood": "calm"})
    variable.save(path)
    assert path.read_bytes() == variable.tojson().encode()
    for name in (path, str(path)):
        assert load(name).tojson() == variable.tojson()


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    broken = var("a")
    broken._set_attr(mood="\ud800")
    with pytest.raises(UnicodeEncodeError):
        broken.save(path)
    assert path.read_text() == "old"
    with pytest.raises(MXNetError):
        var("a").save(tmp_path / "absent" / "a.json")


def test_loading_what_is_not_there_or_not_text(tmp_path):
    with pytest.raises(MXNetError) as caught:
        load(tmp_path / "absent.json")
    assert isinstance(caught.value, FileNotFoundError)
    path = tmp_path / "a.json"
    path.write_bytes(b'{"nodes": "\xff"')
    with pytest.raises(MXNetError, match="UTF-8 text; byte 11"):
        load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices of POSIX")
def test_pipes_and_devices_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(MXNetError, match=r"Not a regular file.*JSON"):
            load(path)


@pytest.mark.parametrize("wrong", [3, None, b"a.json"])
def test_paths_and_texts_of_other_types_are_refused(wrong):
    with pytest.raises(TypeError, match="fname must be a path"):
        load(wrong)
    with pytest.raises(TypeError, match="fname must be a path"):
        var("a").save(wrong)
    with pytest.raises(TypeError, match="json_str must be a string"):
        load_json(wrong)


def test_operators_of_the_module_are_refused_and_hasattr_says_no():
    with pytest.raises(MXNetError, match=r"mx\.sym\.FullyConnected .* no graph compiler"):
        symbol.FullyConnected(var("a"), num_hidden=3)
    assert not hasattr(symbol, "zeros")
    assert not hasattr(symbol, "_internal")
    with pytest.raises(NoGraphCompilerError):
        symbol.zeros  # noqa: B018
    assert symbol.np._Symbol is _Symbol
    assert issubclass(_Symbol, Symbol)
