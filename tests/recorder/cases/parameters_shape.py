"""The shape of a parameter: what may be assigned, what is known."""

import importlib

from harness import any_of, case, gives, outcome, raises, refused


def assign(mx, first, second):
    def run():
        parameter = mx.gluon.Parameter("w", shape=first)
        parameter.shape = second
        return parameter.shape

    return outcome(run)


@case("1.4 assignment")
def assignment(mx):
    return {
        "from none": assign(mx, None, (2, 3)),
        "from none to unknown": assign(mx, None, (0, 3)),
        "none to none": assign(mx, None, None),
        "unknown filled": assign(mx, (0, 3), (2, 3)),
        "all unknown filled": assign(mx, (0, 0, 0), (2, 3, 4)),
        "unknown stays unknown": assign(mx, (0, 3), (0, 3)),
        "the same": assign(mx, (2, 3), (2, 3)),
        "-1 filled": assign(mx, (-1, 3), (2, 3)),
        "-1 to 0": assign(mx, (-1, 3), (0, 3)),
        "known to 0": assign(mx, (2, 3), (0, 3)),
        "known to -1": assign(mx, (2, 3), (-1, 3)),
        "other size": assign(mx, (2, 3), (2, 4)),
        "filled and other size": assign(mx, (0, 3), (2, 4)),
        "longer": assign(mx, (2, 3), (2, 3, 1)),
        "shorter": assign(mx, (2, 3), (2,)),
        "empty to empty": assign(mx, (), ()),
        "empty to something": assign(mx, (), (2,)),
        "product is equal": assign(mx, (2, 3), (3, 2)),
    }


@case(
    "1.4 assignment of other types",
    fix="a shape is a tuple of int, or it is refused",
    fixed={
        "int when unknown": any_of(gives((5,)), refused),
        "int when known": any_of(gives((5,)), refused),
        "None when known": any_of(gives((2, 3)), refused),
        "list": any_of(gives((2, 3)), refused),
    },
)
def assignment_of_other_types(mx):
    return {
        "int when unknown": assign(mx, None, 5),
        "int when known": assign(mx, (5,), 5),
        "None when known": assign(mx, (2, 3), None),
        "list": assign(mx, (0, 3), [2, 3]),
    }


@case("1.4 a refused assignment changes nothing")
def refused_assignment(mx):
    def run(second):
        parameter = mx.gluon.Parameter("w", shape=(2, 0))
        try:
            parameter.shape = second
        except AssertionError:
            return parameter.shape
        return "accepted"

    return {
        "other size": outcome(lambda: run((3, 1))),
        "longer": outcome(lambda: run((2, 1, 1))),
    }


@case("1.4 initialised")
def initialised(mx):
    def run(second):
        parameter = mx.gluon.Parameter("w", shape=(2, 3))
        parameter.initialize(init="ones")
        data = parameter.data()
        try:
            parameter.shape = second
        except AssertionError:
            return ["refused", parameter.shape, parameter.data() is data, data.shape]
        return [parameter.shape, parameter.data() is data, data.shape]

    return {
        "the same": outcome(lambda: run((2, 3))),
        "resized": outcome(lambda: run((4, 3))),
        "longer": outcome(lambda: run((2, 3, 1))),
    }


@case("1.4 deferred initialization finished by hand")
def finished_by_hand(mx):
    def run(shape):
        parameter = mx.gluon.Parameter("w", shape=(0, 3), allow_deferred_init=True)
        parameter.initialize(init="ones", ctx=[mx.cpu(1), mx.cpu(0)])
        parameter.shape = shape
        parameter._finish_deferred_init()
        return [parameter.shape, parameter.list_data(), parameter._deferred_init]

    def still_unknown():
        parameter = mx.gluon.Parameter("w", shape=(0, 3), allow_deferred_init=True)
        parameter.initialize(init="ones")
        parameter._finish_deferred_init()

    def nothing_deferred():
        parameter = mx.gluon.Parameter("w", shape=(2, 3))
        first = parameter._finish_deferred_init()
        parameter.initialize(init="ones")
        data = parameter.data()
        parameter._finish_deferred_init()
        return [first, parameter.data() is data]

    return {
        "known": outcome(lambda: run((2, 3))),
        "incompatible": outcome(lambda: run((2, 4))),
        "still unknown": outcome(still_unknown),
        "nothing deferred": outcome(nothing_deferred),
    }


@case(
    "1.4 deferred initialization that fails",
    fix="a failed finish keeps the deferred state (defect 12)",
    fixed={"state": gives([True, True]), "tried again": gives([2, 3])},
)
def finish_fails(mx):
    parameter = mx.gluon.Parameter("w", shape=(0, 3), allow_deferred_init=True)
    parameter.initialize(init="ones")
    first = outcome(lambda: parameter._finish_deferred_init())

    def again():
        parameter.shape = (2, 3)
        parameter._finish_deferred_init()
        return list(parameter.data().shape)

    return {
        "refused": first,
        "state": outcome(lambda: [bool(parameter._deferred_init), parameter._data is None]),
        "tried again": outcome(again),
    }


@case("1.4 with np_shape")
def with_np_shape(mx):
    def shown(shape):
        def run():
            parameter = mx.gluon.Parameter("w", shape=shape)
            outside = parameter.shape
            with mx.util.np_shape(True):
                return [outside, parameter.shape, repr(parameter), parameter._shape]

        return outcome(run)

    def assign_inside(first, second):
        def run():
            with mx.util.np_shape(True):
                parameter = mx.gluon.Parameter("w", shape=first)
                parameter.shape = second
                return parameter.shape

        return outcome(run)

    return {
        "zero shown as -1": shown((0, 3)),
        "known": shown((2, 3)),
        "none": shown(None),
        "empty": shown(()),
        "-1 kept": shown((-1, 3)),
        "0 filled": assign_inside((0, 3), (2, 3)),
        "to scalar": assign_inside(None, ()),
        "scalar again": assign_inside((), ()),
        "other": assign_inside((2, 3), (3, 3)),
    }


@case("1.4 with np_shape: -1 is filled")
def minus_one_filled_with_np_shape(mx):
    def run(first, second):
        with mx.util.np_shape(True):
            parameter = mx.gluon.Parameter("w", shape=first)
            parameter.shape = second
            return parameter.shape

    return {
        "-1 filled": outcome(lambda: run((-1, 3), (2, 3))),
        "-1 filled in part": outcome(lambda: run((-1, -1), (2, -1))),
    }


@case("1.4 shape_is_known")
def shape_is_known(mx):
    known = importlib.import_module(f"{mx.__name__}.gluon.utils").shape_is_known

    def inside(shape):
        with mx.util.np_shape(True):
            return known(shape)

    shapes = {
        "none": None,
        "known": (2, 3),
        "empty": (),
        "zero": (0, 3),
        "zero last": (3, 0),
        "zero before -1": (0, -1),
    }
    return {
        **{f"classic, {name}": outcome(lambda s=shape: known(s)) for name, shape in shapes.items()},
        **{
            f"np_shape, {name}": outcome(lambda s=shape: inside(s))
            for name, shape in {**shapes, "-1": (-1, 3), "-1 last": (3, -1)}.items()
        },
    }


@case(
    "1.4 shape_is_known of impossible sizes",
    fix="-1 is unknown in every mode",
    fixed={
        "classic, -1": gives(False),
        "classic, -1 last": gives(False),
        "np_shape, -2": any_of(gives(False), raises("AssertionError"), raises("ValueError")),
    },
)
def shape_is_known_of_negative(mx):
    known = importlib.import_module(f"{mx.__name__}.gluon.utils").shape_is_known

    def inside(shape):
        with mx.util.np_shape(True):
            return known(shape)

    return {
        "classic, -1": outcome(lambda: known((-1, 3))),
        "classic, -1 last": outcome(lambda: known((3, -1))),
        "np_shape, -2": outcome(lambda: inside((-2, 3))),
    }
