"""ParameterDict.get: new, existing and shared parameters."""

import threading

import numpy as np
from harness import any_of, case, gives, outcome, raises, refused


def again(mx, first, second):
    """Get one name twice, with these keywords; the repr and the attributes asked for."""
    parameters = mx.gluon.ParameterDict("net_")
    parameter = parameters.get("w", **first)
    same = parameters.get("w", **second)
    return [same is parameter, parameter.shape, [getattr(parameter, name, None) for name in second]]


@case("1.15 get, new")
def new(mx):
    def made(**keywords):
        def run():
            parameter = mx.gluon.ParameterDict("net_").get("w", **keywords)
            return [parameter.name, parameter.shape, parameter.dtype, parameter.grad_req]

        return outcome(run)

    return {
        "name only": made(),
        "all": made(shape=(2,), dtype="float16", grad_req="add", lr_mult=2, init="ones"),
        "stored under the full name": outcome(lambda: stored(mx)),
        "unknown keyword": made(shapes=(2,)),
        "not stored after an error": outcome(lambda: not_stored(mx)),
        "stype": outcome(
            lambda: mx.gluon.ParameterDict().get("w", stype="row_sparse", shape=(2, 2))._stype
        ),
    }


def stored(mx):
    parameters = mx.gluon.ParameterDict("net_")
    parameter = parameters.get("w")
    return [list(parameters), parameters["net_w"] is parameter]


def not_stored(mx):
    parameters = mx.gluon.ParameterDict("net_")
    try:
        parameters.get("w", grad_req="bogus")
    except AssertionError:
        return list(parameters)
    return "accepted"


@case("1.15 get, existing: shape")
def existing_shape(mx):
    def merge(first, second):
        return outcome(lambda: again(mx, {"shape": first}, {"shape": second}))

    return {
        "same": merge((2, 3), (2, 3)),
        "list": merge((2, 3), [2, 3]),
        "filled by the new": merge((0, 3), (2, 3)),
        "filled by the old": merge((2, 3), (0, 3)),
        "both ways": merge((0, 3), (2, 0)),
        "both unknown": merge((0, 0), (0, 3)),
        "conflict": merge((2, 3), (2, 4)),
        "conflict of one": merge((0, 3), (2, 4)),
        "longer": merge((2, 3), (2, 3, 1)),
        "shorter": merge((2, 3), (2,)),
        "none before": merge(None, (2, 3)),
        "none before, int": merge(None, (5,)),
        "-1 filled": merge((-1, 3), (2, 3)),
        "-1 wanted": merge((2, 3), (-1, 3)),
        "nothing asked": outcome(lambda: again(mx, {"shape": (2, 3)}, {})),
        "empty": merge((), ()),
        "unchanged after a conflict": outcome(lambda: shape_after_conflict(mx)),
    }


def shape_after_conflict(mx):
    parameters = mx.gluon.ParameterDict()
    parameter = parameters.get("w", shape=(0, 3))
    try:
        parameters.get("w", shape=(2, 4))
    except AssertionError:
        return parameter.shape
    return "accepted"


@case(
    "1.15 get, existing: impossible shapes",
    fix="sizes are checked; None asks for nothing; an int is a shape of one (defect 16)",
    fixed={
        "negative": refused,
        "None": gives((2, 3)),
        "int": gives((5,)),
        "other int": raises("AssertionError"),
        "0 and -1": any_of(gives((0, 3)), gives((-1, 3))),
        "-1 and 0": any_of(gives((0, 3)), gives((-1, 3))),
    },
)
def impossible_shapes(mx):
    def merge(first, second):
        return outcome(lambda: again(mx, {"shape": first}, {"shape": second})[1])

    return {
        "negative": merge((0, 3), (-5, 3)),
        "None": merge((2, 3), None),
        "int": merge((5,), 5),
        "other int": merge((5,), 6),
        "0 and -1": merge((0, 3), (-1, 3)),
        "-1 and 0": merge((-1, 3), (0, 3)),
    }


@case("1.15 get, existing: dtype")
def existing_dtype(mx):
    def merge(first, second):
        return outcome(lambda: again(mx, {"dtype": first}, {"dtype": second})[0])

    return {
        "same text": merge("float16", "float16"),
        "text and type": merge("float32", np.float32),
        "type and text": merge(np.float64, "float64"),
        "NumPy dtype": merge("float32", np.dtype("float32")),
        "other": merge("float32", "float16"),
        "default and float16": outcome(lambda: again(mx, {}, {"dtype": "float16"})[0]),
        "None before": merge(None, "float16"),
        "None after": merge("float16", None),
    }


@case("1.15 get, existing: other attributes")
def existing_attributes(mx):
    def merge(first, second):
        return outcome(lambda: again(mx, first, second))

    zero, constant = mx.init.Zero, mx.init.Constant
    return {
        "same grad_req": merge({"grad_req": "add"}, {"grad_req": "add"}),
        "other grad_req": merge({"grad_req": "add"}, {"grad_req": "write"}),
        "same lr_mult": merge({"lr_mult": 2.0}, {"lr_mult": 2}),
        "other lr_mult": merge({"lr_mult": 2.0}, {"lr_mult": 1.0}),
        "other wd_mult": merge({}, {"wd_mult": 0.0}),
        "None asks for nothing": merge({"lr_mult": 2.0}, {"lr_mult": None}),
        "init, same name": merge({"init": "ones"}, {"init": "ones"}),
        "init, other name": merge({"init": "ones"}, {"init": "zeros"}),
        "init, none before": merge({}, {"init": "zeros"}),
        "init, none after": merge({"init": "zeros"}, {"init": None}),
        "init, equal objects": outcome(lambda: again(mx, {"init": zero()}, {"init": zero()})[0]),
        "init, equal values": outcome(
            lambda: again(mx, {"init": constant(2)}, {"init": constant(2)})[0]
        ),
        "init, other values": outcome(
            lambda: again(mx, {"init": constant(2)}, {"init": constant(3)})[0]
        ),
        "init, other class": outcome(lambda: again(mx, {"init": zero()}, {"init": constant(0)})[0]),
        "name": merge({}, {"name": "other"}),
        "several": merge(
            {"shape": (0, 2), "lr_mult": 2}, {"shape": (3, 2), "lr_mult": 2, "grad_req": "write"}
        ),
    }


@case(
    "1.15 get, existing: private attributes",
    fix="stype and the like are compared with what the parameter has; typos are refused",
    fixed={
        "other stype": raises("AssertionError"),
        "other grad_stype": raises("AssertionError"),
        "other differentiable": raises("AssertionError"),
        "typo": raises("TypeError"),
        "no attribute is added": gives(False),
    },
)
def private_attributes(mx):
    def merge(first, second):
        return outcome(lambda: again(mx, {"shape": (4, 2), **first}, second)[0])

    def added():
        parameters = mx.gluon.ParameterDict()
        parameter = parameters.get("w", shape=(4, 2))
        outcome(lambda: parameters.get("w", stype="default"))
        return hasattr(parameter, "stype")

    rows = {"stype": "row_sparse"}
    return {
        "same stype": merge(rows, rows),
        "other stype": merge({}, rows),
        "same grad_stype": merge({"grad_stype": "row_sparse"}, {"grad_stype": "row_sparse"}),
        "other grad_stype": merge({"grad_stype": "row_sparse"}, {"grad_stype": "default"}),
        "same differentiable": merge({"differentiable": False}, {"differentiable": False}),
        "other differentiable": merge({}, {"differentiable": False}),
        "typo": merge({}, {"shapes": (2,)}),
        "no attribute is added": outcome(added),
    }


@case(
    "1.15 get, existing: allow_deferred_init",
    fix="layers ask for it with every get: it may be granted later, and is then recorded",
    fixed={"granted later": any_of(gives(True), raises("AssertionError"))},
)
def deferred_flag(mx):
    def later():
        parameters = mx.gluon.ParameterDict()
        parameters.get("w", shape=(0, 2))
        return parameters.get("w", allow_deferred_init=True)._allow_deferred_init

    def same():
        parameters = mx.gluon.ParameterDict()
        first = parameters.get("w", shape=(0, 2), allow_deferred_init=True)
        return parameters.get("w", shape=(3, 2), allow_deferred_init=True) is first

    return {"granted later": outcome(later), "same": outcome(same)}


@case(
    "1.15 get, existing: an array as init value",
    fix="initializers with array values compare by value",
    fixed={"equal": gives(True), "other": raises("AssertionError")},
)
def array_init(mx):
    def merge(first, second):
        constant = mx.init.Constant
        inits = [constant(mx.nd.array(values)) for values in (first, second)]
        return outcome(lambda: again(mx, {"init": inits[0]}, {"init": inits[1]})[0])

    return {"equal": merge([1, 2], [1, 2]), "other": merge([1, 2], [1, 3])}


@case(
    "1.15 get, existing: a refusal changes nothing",
    fix="all keywords are checked before the first is applied",
    fixed={"shape before a conflict": gives((0, 2))},
)
def refused_get(mx):
    def run():
        parameters = mx.gluon.ParameterDict()
        parameter = parameters.get("w", shape=(0, 2))
        outcome(lambda: parameters.get("w", shape=(3, 2), grad_req="add"))
        return parameter.shape

    return {"shape before a conflict": outcome(run)}


@case("1.15 shared")
def shared(mx):
    def dictionaries(prefix="net_", child_prefix=None):
        parent = mx.gluon.ParameterDict(prefix)
        parent.get("w", shape=(2, 2), init="ones")
        child = mx.gluon.ParameterDict(child_prefix or prefix, shared=parent)
        return parent, child

    def found():
        parent, child = dictionaries()
        before = list(child)
        parameter = child.get("w", shape=(2, 2))
        return [before, parameter is parent["net_w"], list(child), child._shared is parent]

    def index():
        return dictionaries()[1]["net_w"]

    def new():
        parent, child = dictionaries()
        child.get("b", shape=(2,))
        return [list(parent), list(child)]

    def other_prefix():
        parent, child = dictionaries(child_prefix="other_")
        return [child.get("w", shape=(2, 2)) is parent["net_w"], list(child)]

    def grandparent():
        _, child = dictionaries()
        grandchild = mx.gluon.ParameterDict("net_", shared=child)
        first = grandchild.get("w") is child._shared["net_w"]
        child.get("w")
        other = mx.gluon.ParameterDict("net_", shared=child)
        return [first, other.get("w") is child._shared["net_w"]]

    def conflict():
        dictionaries()[1].get("w", shape=(3, 3))

    def one_value():
        parent, child = dictionaries()
        child.get("w")
        child.initialize()
        parent["net_w"].data()[:] = 5
        return [child["net_w"].data(), parent["net_w"].data()]

    return {
        "found": outcome(found),
        "index does not look there": outcome(index),
        "in does not look there": outcome(lambda: "net_w" in dictionaries()[1]),
        "new ones stay here": outcome(new),
        "other prefix": outcome(other_prefix),
        "only the direct one": outcome(grandparent),
        "conflict": outcome(conflict),
        "one value": outcome(one_value),
        "shapes are merged": outcome(lambda: merged_through_shared(mx)),
    }


def merged_through_shared(mx):
    parent = mx.gluon.ParameterDict("net_")
    parent.get("w", shape=(0, 2), allow_deferred_init=True)
    child = mx.gluon.ParameterDict("net_", shared=parent)
    child.get("w", shape=(3, 0))
    return parent["net_w"].shape


@case("6 get from many threads makes one parameter")
def threads(mx):
    """MXNet can make several (defect 33): not each time, so each thread asks after the first."""

    def run():
        parameters = mx.gluon.ParameterDict("net_")
        first = parameters.get("w", shape=(2,))
        found = []
        workers = [
            threading.Thread(target=lambda: found.append(parameters.get("w", shape=(2,))))
            for _ in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return [len(found), all(parameter is first for parameter in found)]

    return {"existing": outcome(run)}
