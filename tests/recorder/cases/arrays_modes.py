"""The switches np_shape and np_array: scopes, nesting, global form, threads, and files."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from harness import case, gives, outcome, rows


def in_new_thread(function):
    """The outcome of a call in a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(outcome(function)))
    thread.start()
    thread.join()
    return results[0]


@case("6 np_shape: scopes and functions")
def np_shape(mx):
    def scope():
        seen = [mx.util.is_np_shape()]
        with mx.util.np_shape(True):
            seen.append(mx.util.is_np_shape())
            with mx.util.np_shape(False):
                seen.append(mx.util.is_np_shape())
            seen.append(mx.util.is_np_shape())
        return [*seen, mx.util.is_np_shape()]

    def set_and_back():
        seen = [mx.util.set_np_shape(True), mx.util.set_np_shape(True), mx.util.is_np_shape()]
        return [*seen, mx.util.set_np_shape(False), mx.util.is_np_shape()]

    def left_by_an_exception():
        try:
            with mx.util.np_shape(True):
                raise KeyError
        except KeyError:
            return mx.util.is_np_shape()

    @mx.util.use_np_shape
    def decorated():
        return mx.util.is_np_shape()

    return {
        "scope": outcome(scope),
        "set_np_shape returns the previous": outcome(set_and_back),
        "left by an exception": outcome(left_by_an_exception),
        "decorator": outcome(lambda: [decorated(), mx.util.is_np_shape()]),
        "default": outcome(lambda: mx.util.is_np_shape()),
    }


@case("6 np_shape: shapes it allows")
def shapes_allowed(mx):
    with mx.util.np_shape(True):
        return rows(
            lambda: {"mx": mx, "nd": mx.nd},
            "nd.zeros(())",
            "nd.zeros((0,))",
            "nd.ones((2, 0))",
            "nd.array(3)",
            "nd.array(3) + 1",
            "nd.array([])",
            "nd.array([]) + 1",
            "nd.zeros((2, 3)).shape",
            "nd.ones(()).shape",
            "nd.array([1, 2]).sum().shape",
            "nd.array([[1, 2], [3, 4]]).sum(axis=0)",
            "nd.concat(nd.zeros((0, 2)), nd.ones((1, 2)), dim=0)",
        )


@case("6 np_array: scopes and functions")
def np_array(mx):
    def scope():
        seen = [mx.util.is_np_array()]
        with mx.util.np_array(True):
            seen.append(mx.util.is_np_array())
            with mx.util.np_array(False):
                seen.append(mx.util.is_np_array())
            seen.append(mx.util.is_np_array())
        return [*seen, mx.util.is_np_array()]

    def with_set_np():
        mx.npx.set_np()
        try:
            return [mx.util.is_np_shape(), mx.util.is_np_array()]
        finally:
            mx.npx.reset_np()

    @mx.util.use_np
    def decorated():
        return [mx.util.is_np_shape(), mx.util.is_np_array()]

    return {
        "scope": outcome(scope),
        "set_np": outcome(with_set_np),
        "after reset_np": outcome(lambda: [mx.util.is_np_shape(), mx.util.is_np_array()]),
        "use_np": outcome(decorated),
        "after use_np": outcome(lambda: [mx.util.is_np_shape(), mx.util.is_np_array()]),
        "set_np(shape=False)": outcome(lambda: mx.npx.set_np(shape=False, array=True)),
        "npx.is_np_array": outcome(lambda: mx.npx.is_np_array()),
        "npx.is_np_shape": outcome(lambda: mx.npx.is_np_shape()),
    }


@case("6 np_shape cannot go while np_array is on")
def shape_under_array(mx):
    def deactivate():
        mx.npx.set_np()
        try:
            mx.util.set_np_shape(False)
        finally:
            mx.npx.reset_np()

    return {
        "deactivate": outcome(deactivate),
        "afterwards": outcome(lambda: [mx.util.is_np_shape(), mx.util.is_np_array()]),
    }


@case("6 threads: every switch is the thread's own")
def threads(mx):
    def switches():
        return [
            mx.util.is_np_shape(),
            mx.util.is_np_array(),
            mx.autograd.is_recording(),
            mx.autograd.is_training(),
            mx.current_context(),
        ]

    def set_everything():
        with mx.util.np_shape(True), mx.util.np_array(True), mx.autograd.record(), mx.cpu(2):
            return [switches(), in_new_thread(switches)]

    def set_in_a_thread():
        in_new_thread(lambda: mx.util.set_np_shape(True))
        in_new_thread(lambda: mx.autograd.set_recording(True))
        return switches()

    return {
        "a new thread": in_new_thread(switches),
        "while all are set elsewhere": outcome(set_everything),
        "set in another thread": outcome(set_in_a_thread),
        "arrays cross threads": in_new_thread(lambda: mx.nd.array([1, 2]) + 1),
    }


@case("6 np_shape: the global form")
def global_form(mx):
    def globally():
        previous = mx.util.set_np_shape(2)
        try:
            return [previous, mx.util.is_np_shape(), in_new_thread(mx.util.is_np_shape)]
        finally:
            mx.util.set_np_shape(0)

    return {
        "set": outcome(globally),
        "cleared": outcome(lambda: [mx.util.is_np_shape(), in_new_thread(mx.util.is_np_shape)]),
        "previous of 0": outcome(lambda: mx.util.set_np_shape(0)),
    }


@case(
    "0.19 scope objects entered twice",
    fix="every entry remembers its own previous state",
    fixed=lambda seen: all(row == gives([True, True, False]) for row in seen.values()),
)
def scopes_entered_twice(mx):
    def enter(scope, state):
        with scope:
            with scope:
                seen = [state()]
            seen.append(state())
        seen.append(state())
        return seen

    def restore(set_state, call):
        try:
            return call()
        finally:
            set_state(False)

    return {
        "np_shape": outcome(
            lambda: restore(
                mx.util.set_np_shape, lambda: enter(mx.util.np_shape(True), mx.util.is_np_shape)
            )
        ),
        "record": outcome(
            lambda: restore(
                mx.autograd.set_recording,
                lambda: enter(mx.autograd.record(train_mode=False), mx.autograd.is_recording),
            )
        ),
    }


@case(
    "4 and 5 files across np_shape modes",
    fix="sparse arrays save in every mode, or fail before the file is touched",
    fixed={
        "sparse saved with np_shape": lambda row: "value" in row or "MXNetError" in row["raises"],
        "mx.np arrays": lambda row: "value" in row or "TypeError" in row["raises"],
    },
)
def files(mx):
    def save(value, folder, mode):
        path = str(Path(folder) / "x.params")
        with mx.util.np_shape(mode):
            mx.nd.save(path, value())
        return path

    def round_trip(value, save_mode, load_mode):
        with tempfile.TemporaryDirectory() as folder:
            path = save(value, folder, save_mode)
            with mx.util.np_shape(load_mode):
                return mx.nd.load(path)

    def loaded_globally(save_mode):
        with tempfile.TemporaryDirectory() as folder:
            path = save(lambda: mx.nd.array([1, 2]), folder, save_mode)
            mx.util.set_np_shape(2)
            try:
                return mx.nd.load(path)
            finally:
                mx.util.set_np_shape(0)

    def magic(mode):
        with tempfile.TemporaryDirectory() as folder:
            path = save(lambda: mx.nd.array([1, 2]), folder, mode)
            return Path(path).read_bytes()[24:28]

    vector = lambda: mx.nd.array([1, 2])  # noqa: E731
    scalar = lambda: mx.nd.ones(())  # noqa: E731
    return {
        "off, off": outcome(lambda: round_trip(vector, False, False)),
        "on, on": outcome(lambda: round_trip(vector, True, True)),
        "on, off": outcome(lambda: round_trip(vector, True, False)),
        "off, on": outcome(lambda: round_trip(vector, False, True)),
        "off, global": outcome(lambda: loaded_globally(False)),
        "on, global": outcome(lambda: loaded_globally(True)),
        "scalar on, on": outcome(lambda: round_trip(scalar, True, True)),
        "scalar on, off": outcome(lambda: round_trip(scalar, True, False)),
        "empty on, on": outcome(lambda: round_trip(lambda: mx.nd.zeros((0, 2)), True, True)),
        "magic off": outcome(lambda: magic(False)),
        "magic on": outcome(lambda: magic(True)),
        "sparse saved with np_shape": outcome(
            lambda: round_trip(lambda: vector().tostype("row_sparse"), True, False)
        ),
        "mx.np arrays": outcome(lambda: round_trip(lambda: mx.np.ones((2,)), True, True)),
    }
