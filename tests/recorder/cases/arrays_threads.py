"""Threads and forked processes: what is a thread's own, and what a child keeps."""

from __future__ import annotations

import json
import os
import threading

from harness import case, outcome


def in_new_thread(function):
    """The outcome of a call in a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(outcome(function)))
    thread.start()
    thread.join()
    return results[0]


def in_child(function):
    """What a function of a forked child returned, as JSON keeps it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


@case("6 threads: the current context is the thread's own")
def contexts(mx):
    def nested():
        with mx.cpu(3):
            return in_new_thread(lambda: [mx.current_context(), mx.nd.zeros((1,)).context])

    def entered_elsewhere():
        with mx.cpu(3):
            in_new_thread(lambda: mx.cpu(4).__enter__())
            return mx.current_context()

    return {
        "a new thread starts at cpu(0)": nested(),
        "what a thread enters stays there": outcome(entered_elsewhere),
        "afterwards": outcome(lambda: mx.current_context()),
    }


@case(
    "0.19 and 6 threads: one Context object in two threads",
    fix="each thread has a stack of its own; MXNet's threads leak into each other",
    fixed=lambda seen: (
        [row["value"]["context"] for row in seen.values()] == ["cpu(5)", "cpu(2)", "cpu(0)"]
    ),
)
def shared_context(mx):
    shared = mx.cpu(5)
    seen = {}
    entered, left = threading.Event(), threading.Event()

    def other():
        with mx.cpu(2):
            with shared:
                seen["inside"] = outcome(lambda: mx.current_context())
                entered.set()
                left.wait(10)
            seen["after, in the other thread"] = outcome(lambda: mx.current_context())

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(10)
    with shared:
        pass
    left.set()
    thread.join()
    seen["after, in the main thread"] = outcome(lambda: mx.current_context())
    return seen


@case("6 threads: names and attributes are the thread's own")
def names_and_attributes(mx):
    def with_prefix():
        with mx.name.Prefix("outer_"):
            return in_new_thread(lambda: mx.sym.var("x").name)

    def inside(function):
        with mx.AttrScope(group="outer"):
            return function()

    def attribute():
        return mx.sym.var("x").attr("group")

    return {
        "a prefix": with_prefix(),
        "an attribute, inside": outcome(lambda: inside(attribute)),
        "an attribute, in a new thread": inside(lambda: in_new_thread(attribute)),
    }


@case("6 threads: arrays go from thread to thread")
def arrays(mx):
    made = []
    in_new_thread(lambda: made.append(mx.nd.ones((2,), ctx=mx.cpu(1))))

    def write():
        made[0][:] = 5

    in_new_thread(write)
    return {
        "made and written elsewhere": outcome(lambda: made[0]),
        "added elsewhere": in_new_thread(lambda: made[0] + made[0]),
    }


@case("6 fork: a child keeps the state of the forking thread, and arrays of its own")
def fork(mx):
    array = mx.nd.ones((2,))

    def state():
        return [str(mx.current_context()), mx.util.is_np_shape(), mx.util.is_np_array()]

    def with_scopes():
        with mx.cpu(2), mx.util.np_shape(True), mx.util.np_array(True):
            return in_child(state)

    def write():
        array[:] = 9
        return array.asnumpy().tolist()

    return {
        "scopes": outcome(with_scopes),
        "the child computes": outcome(lambda: in_child(lambda: (array + 1).asnumpy().tolist())),
        "the child writes": outcome(lambda: in_child(write)),
        "the parent's array": outcome(lambda: array),
    }
