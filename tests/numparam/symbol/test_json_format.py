import contextlib
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.base import MXNetError
from numparam.symbol import Group, SymbolJSONError, json_format, load_json, var

_A = var("a")
_FULL = {"shape": (2, 3), "lr_mult": 2, "wd_mult": 0.5, "dtype": "float16", "init": "ones"}
# Length and SHA-256 of what Symbol.tojson() of MXNet 1.9.1 gives for the same symbols, in UTF-8.
WRITTEN_BY_MXNET = {
    "plain": (
        var("x"),
        212,
        "1e689ad44e0a4a378a090a884bb1bae3bfe3ffec5f6d1b75e492c693985ea6cf",
    ),
    "one attribute": (
        var("x", lr_mult=2),
        250,
        "02b9e0ef8f69973c9b45f865e7d95d5c5b05d006d1fb3beb00b3803e60de8a14",
    ),
    "all attributes": (
        var("w", **_FULL, stype="row_sparse", attr={"mood": "calm"}),
        444,
        "a4603360a621a55b0daf4d7de449b7f1dc017c6186558954f6dacaaeaae7d1fd",
    ),
    "escapes": (
        var('q"\\\n\r\t\x01/é\u2028', attr={"k": 'v\n"'}),
        261,
        "ff0b4740912892f1172be322fea6a8365a6d8a022e32579bdabece36dc555990",
    ),
    "group": (
        Group([var("a"), var("b", shape=(2,))]),
        342,
        "a17bb6fc324710e5e680519a13b3b41a95a49a1a986c10411dbb27c4d4e141e2",
    ),
    "one variable twice": (
        Group([_A, _A]),
        223,
        "3abb2aaa26979f86779d83bb167fb491e4aa9bc9d713a81729bb97965b45e207",
    ),
    "ten, heads on one line": (
        Group([var(f"v{i}") for i in range(10)]),
        1100,
        "2cbb8e8be69202d2c1c3aa38ad39ee7eee0aef6d632d2dcd17141b84564b2da8",
    ),
    "eleven, heads on lines": (
        Group([var(f"v{i}") for i in range(11)]),
        1317,
        "384feda39a872a0a40c8dac535568116e6165b5313daaf247084010170fafb40",
    ),
}

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@pytest.mark.parametrize("name", WRITTEN_BY_MXNET)
def test_the_text_is_byte_for_byte_that_of_mxnet(name):
    symbol, length, digest = WRITTEN_BY_MXNET[name]
    contents = symbol.tojson().encode()
    assert len(contents) == length
    assert hashlib.sha256(contents).hexdigest() == digest


@given(
    st.lists(st.tuples(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3)), min_size=1, max_size=12)
)
def test_what_is_written_reads_back(nodes):
    heads = list(range(len(nodes)))[::-1]
    text = json_format.dumps(nodes, heads)
    assert json_format.loads(text) == (nodes, heads)


def test_older_files_name_the_attributes_differently():
    text = (
        '{"nodes":[{"op":"null","param":{"a":"1"},"name":"x","inputs":[],"backward_source_id":-1,'
        '"attr":{"lr_mult":"3","b":"2"}}],"arg_nodes":[0],"heads":[[0,0]]}'
    )
    assert load_json(text).list_attr() == {"a": "1", "b": "2", "__lr_mult__": "3", "lr_mult": "3"}


def test_a_graph_with_operators_is_refused_with_its_first_operator():
    graph = json.loads(Group([var("data"), var("fc1_weight")]).tojson())
    graph["nodes"].append({"op": "FullyConnected", "name": "fc1", "inputs": [[0, 0, 0]]})
    graph["heads"] = [[2, 0, 0]]
    with pytest.raises(SymbolJSONError, match=r"1 operators, .* 'fc1' \('FullyConnected'\)"):
        load_json(json.dumps(graph))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "no JSON",
        "{}",
        "[]",
        "3",
        "null",
        '{"nodes": [], "heads": []}',
        '{"nodes": [{"op": "null", "name": "a"}], "heads": []}',
        '{"nodes": [{"op": "null", "name": "a"}], "heads": [[1, 0, 0]]}',
        '{"nodes": [{"op": "null", "name": "a"}], "heads": [[-1, 0, 0]]}',
        '{"nodes": [{"op": "null", "name": "a"}], "heads": [["0", 0, 0]]}',
        '{"nodes": [{"op": "null", "name": "a"}], "heads": [[]]}',
        '{"nodes": [{"op": "null", "name": 3}], "heads": [[0, 0, 0]]}',
        '{"nodes": [{"op": "null"}], "heads": [[0, 0, 0]]}',
        '{"nodes": [{"op": "null", "name": "a", "attrs": {"x": 1}}], "heads": [[0, 0, 0]]}',
        '{"nodes": [{"op": "null", "name": "a", "attrs": [1]}], "heads": [[0, 0, 0]]}',
        '{"nodes": [3], "heads": [[0, 0, 0]]}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("caught_as", [MXNetError, ValueError])
def test_damaged_text_is_one_clear_error(text, caught_as):
    with pytest.raises(caught_as) as caught:
        load_json(text)
    assert isinstance(caught.value, SymbolJSONError)


@given(st.integers(0, 250), st.sampled_from('{}[],:"0x'))
def test_any_changed_character_gives_a_symbol_or_the_one_error(position, character):
    text = var("weight", shape=(2, 3)).tojson()
    changed = text[:position] + character + text[position + 1 :]
    with contextlib.suppress(SymbolJSONError):
        assert len(load_json(changed)) >= 1
