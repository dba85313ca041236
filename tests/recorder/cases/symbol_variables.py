"""Symbolic variables: attributes, scopes, names, JSON text, files, copies, and what is refused."""

import copy
import pickle
import tempfile
from pathlib import Path

from harness import case, gives, outcome, refused


@case("2.5 var")
def var(mx):
    def attributes(**keywords):
        return outcome(lambda: sorted(mx.sym.var("a", **keywords).attr_dict().get("a", {}).items()))

    return {
        "plain": attributes(),
        "shape": attributes(shape=(2, 3)),
        "lr_mult": attributes(lr_mult=2),
        "wd_mult": attributes(wd_mult=0.5),
        "dtype": attributes(dtype="float16"),
        "dtype type": attributes(dtype=float),
        "init name": attributes(init="ones"),
        "init object": attributes(init=mx.init.Zero()),
        "row_sparse": attributes(stype="row_sparse"),
        "default stype": attributes(stype="default"),
        "attr": attributes(attr={"mood": "angry"}),
        "attr, hidden name": attributes(attr={"lr_mult": "1"}),
        "attr, underscores": attributes(attr={"__lr_mult__": "1"}),
        "extra keyword": attributes(__data__="great"),
        "extra keyword, plain": attributes(data="great"),
        "profiler scope": attributes(profiler_scope="mine:"),
        "number in attr": attributes(attr={"mood": 3}),
        "name is a number": outcome(lambda: mx.sym.var(3).name),
        "unknown dtype": attributes(dtype="foo"),
        "unknown stype": attributes(stype="foo"),
        "Variable is var": outcome(lambda: mx.sym.Variable("b").name),
        "symbol is sym": mx.sym is mx.symbol,
    }


@case("2.5 the caller's dict", fix="it is copied (defect 34)", fixed={"dict": gives(["mood"])})
def callers_dict(mx):
    def run():
        attributes = {"mood": "angry"}
        mx.sym.var("a", attr=attributes, shape=(2,))
        return sorted(attributes)

    return {"dict": outcome(run)}


@case("2.5 members")
def members(mx):
    symbol = mx.sym.var("a", shape=(2, 3), lr_mult=2, attr={"mood": "angry"})

    def set_attribute(**attributes):
        changed = mx.sym.var("a")
        changed._set_attr(**attributes)
        return sorted(changed.list_attr().items())

    return {
        "name": outcome(lambda: symbol.name),
        "attr": outcome(lambda: symbol.attr("mood")),
        "attr, hidden": outcome(lambda: [symbol.attr("lr_mult"), symbol.attr("__lr_mult__")]),
        "attr, absent": outcome(lambda: symbol.attr("absent")),
        "list_attr": outcome(lambda: sorted(symbol.list_attr().items())),
        "attr_dict": outcome(
            lambda: [[name, sorted(entry.items())] for name, entry in symbol.attr_dict().items()]
        ),
        "attr_dict without attributes": outcome(lambda: mx.sym.var("a").attr_dict()),
        "list_attr without attributes": outcome(lambda: mx.sym.var("a").list_attr()),
        "_set_attr": outcome(lambda: set_attribute(mood="calm", __shape__="(2,)")),
        "_set_attr, hidden": outcome(lambda: set_attribute(wd_mult="2")),
        "_set_attr, number": outcome(lambda: set_attribute(mood=3)),
        "list_arguments": outcome(symbol.list_arguments),
        "list_outputs": outcome(symbol.list_outputs),
        "list_inputs": outcome(symbol.list_inputs),
        "list_auxiliary_states": outcome(symbol.list_auxiliary_states),
        "text": outcome(lambda: repr(symbol)),
        "length": outcome(lambda: len(symbol)),
        "bool": outcome(lambda: bool(symbol)),
        "infer_shape": outcome(symbol.infer_shape),
        "infer_shape, given": outcome(lambda: mx.sym.var("a").infer_shape(a=(4, 5))),
        "infer_type": outcome(symbol.infer_type),
        "infer_type, given": outcome(lambda: mx.sym.var("a").infer_type(a="float64")),
        "indexed": outcome(lambda: symbol[0].name),
        "indexed by name": outcome(lambda: symbol["a"].name),
        "outputs": outcome(lambda: [output.name for output in symbol]),
    }


@case("2.5 JSON text")
def json_text(mx):
    def text(**keywords):
        return outcome(lambda: mx.sym.var("a", **keywords).tojson())

    def again(symbol):
        loaded = mx.sym.load_json(symbol.tojson())
        return [
            loaded.name,
            sorted(loaded.list_attr().items()),
            loaded.tojson() == symbol.tojson(),
        ]

    return {
        "plain": text(),
        "attributes": text(shape=(2, 3), lr_mult=2, dtype="float16", init="ones"),
        "storage": text(stype="row_sparse", attr={"mood": "angry"}),
        "quotes": text(attr={"text": 'say "hello"\n\\'}),
        "name with a slash": outcome(lambda: mx.sym.var("net/a").tojson()),
        "Unicode": outcome(lambda: mx.sym.var("größe").tojson()),
        "read back": outcome(lambda: again(mx.sym.var("a"))),
        "read back, attributes": outcome(
            lambda: again(mx.sym.var("a", shape=(2,), attr={"mood": "angry"}))
        ),
        "no JSON": outcome(lambda: mx.sym.load_json("no JSON").name),
        "number": outcome(lambda: mx.sym.load_json(3)),
        "parameter": outcome(
            lambda: mx.gluon.Parameter("w", shape=(2, 3), init=mx.init.Normal(0.5)).var().tojson()
        ),
    }


@case("2.5 files and copies")
def files_and_copies(mx):
    def shown(symbol):
        return [symbol.name, sorted(symbol.list_attr().items())]

    def saved():
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "a.json")
            symbol = mx.sym.var("a", shape=(2,), attr={"mood": "angry"})
            symbol.save(path)
            text = Path(path).read_text(encoding="utf-8")
            return [shown(mx.sym.load(path)), text == symbol.tojson()]

    def pickled():
        symbol = mx.sym.var("a", shape=(2,), attr={"mood": "angry"})
        return shown(pickle.loads(pickle.dumps(symbol)))

    def copied(function):
        symbol = mx.sym.var("a", attr={"mood": "angry"})
        other = function(symbol)
        other._set_attr(mood="calm")
        return [shown(symbol), shown(other), symbol is other]

    return {
        "saved": outcome(saved),
        "missing file": outcome(lambda: mx.sym.load("/no/such/folder/a.json")),
        "no text": outcome(lambda: mx.sym.load(3)),
        "pickled": outcome(pickled),
        "copy": outcome(lambda: copied(copy.copy)),
        "deepcopy": outcome(lambda: copied(copy.deepcopy)),
    }


@case("2.5 AttrScope")
def attribute_scope(mx):
    def shown(symbol):
        return sorted(symbol.list_attr().items())

    def nested():
        with mx.AttrScope(a="1", b="1"):
            with mx.AttrScope(b="2", c="2"):
                inner = mx.sym.var("x")
            outer = mx.sym.var("y")
        return [shown(inner), shown(outer), shown(mx.sym.var("z"))]

    def explicit():
        with mx.AttrScope(mood="angry", group="4"):
            return shown(mx.sym.var("x", attr={"mood": "calm"}, lr_mult=1))

    def hidden():
        with mx.AttrScope(ctx_group="dev1", lr_mult="0.1"):
            return shown(mx.sym.var("x"))

    def named():
        with mx.attribute.AttrScope(group="4") as scope:
            return [scope.get({"a": "1"}), scope.get(None), scope.get({"group": "5"})]

    return {
        "nested": outcome(nested),
        "explicit wins": outcome(explicit),
        "hidden names": outcome(hidden),
        "get": outcome(named),
        "outside": outcome(lambda: shown(mx.sym.var("x"))),
        "number": outcome(lambda: mx.AttrScope(a=1)),
        "after an exception": outcome(lambda: after_exception(mx)),
        "same object": mx.AttrScope is mx.attribute.AttrScope,
    }


def after_exception(mx):
    try:
        with mx.AttrScope(mood="angry"):
            raise KeyError
    except KeyError:
        return mx.sym.var("x").list_attr()


@case(
    "2.5 AttrScope entered again",
    fix="a scope does not keep the attributes of the scopes around it (defect 34)",
    fixed={"later": gives([["a", "1"]])},
)
def attribute_scope_again(mx):
    def run():
        inner = mx.AttrScope(a="1")
        with mx.AttrScope(b="2"), inner:
            pass
        with inner:
            return [list(entry) for entry in sorted(mx.sym.var("x").list_attr().items())]

    return {"later": outcome(run)}


@case("2.5 NameManager and Prefix")
def names(mx):
    def counted():
        with mx.name.NameManager() as manager:
            requests = [(None, "fc"), (None, "fc"), (None, "act"), ("mine", "fc")]
            return [manager.get(name, hint) for name, hint in requests]

    def prefixed():
        with mx.name.Prefix("net_") as manager:
            return [manager.get(None, "fc"), manager.get("mine", "fc"), mx.sym.var("a").name]

    def nested():
        with mx.name.Prefix("a_"), mx.name.Prefix("b_") as manager:
            return manager.get("x", "fc")

    return {
        "counted": outcome(counted),
        "prefixed": outcome(prefixed),
        "nested": outcome(nested),
    }


@case(
    "2.5 operations on variables",
    fix="there is no graph: operations are refused",
    fixed={"add": refused, "multiply": refused, "greater": refused},
)
def operations(mx):
    a, b = mx.sym.var("a"), mx.sym.var("b")
    return {
        "add": outcome(lambda: (a + b).list_arguments()),
        "multiply": outcome(lambda: (a * 2).list_arguments()),
        "greater": outcome(lambda: (a > b).list_arguments()),
    }
