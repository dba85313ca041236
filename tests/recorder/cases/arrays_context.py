"""Contexts: identity, conversion, the stack of defaults, device queries."""

from __future__ import annotations

import copy
import pickle

from harness import case, outcome, raises, refused, rows


@case("2.2 Context: names, ids, equality")
def identity(mx):
    def setup():
        return {"mx": mx, "Context": mx.Context}

    return rows(
        setup,
        "str(mx.cpu())",
        "repr(mx.cpu(2))",
        "str(mx.gpu(1))",
        "str(mx.cpu_pinned(0))",
        "str(Context('cpu_shared', 4))",
        "mx.cpu(1).device_id",
        "mx.cpu(1).device_type",
        "mx.cpu().device_typeid",
        "mx.gpu().device_typeid",
        "mx.cpu_pinned().device_typeid",
        "Context('cpu_shared').device_typeid",
        "mx.cpu() == mx.cpu(0)",
        "mx.cpu() == mx.cpu(1)",
        "mx.cpu() != mx.cpu(1)",
        "mx.cpu() == mx.cpu_pinned()",
        "mx.cpu() == mx.gpu()",
        "mx.cpu() == 'cpu(0)'",
        "mx.cpu() == None",
        "hash(mx.cpu(1)) == hash(mx.cpu(1))",
        "len({mx.cpu(0), mx.cpu(0), mx.cpu(1), mx.gpu(0), mx.cpu_pinned(0)})",
        "{mx.cpu(1): 'x'}[Context('cpu', 1)]",
        "mx.cpu() < mx.cpu(1)",
        "Context(mx.cpu(3))",
        "Context(mx.cpu(3), 5)",
        "Context('gpu', 2)",
        "Context('cpu')",
        "Context('tpu')",
        "Context('CPU')",
        "Context.devtype2str[1]",
        "sorted(Context.devstr2type.items())",
        "bool(mx.cpu())",
        "isinstance(mx.cpu(), mx.context.Context)",
        "mx.cpu_pinned(1).device_id",
        "mx.context.cpu(2)",
        "mx.context.gpu(2)",
    )


@case("2.2 Context: pickling and copying")
def copies(mx):
    return {
        "pickle": outcome(lambda: pickle.loads(pickle.dumps(mx.cpu(3)))),
        "pickle of pinned": outcome(lambda: pickle.loads(pickle.dumps(mx.cpu_pinned(1)))),
        "deepcopy equal": outcome(lambda: copy.deepcopy(mx.cpu(3)) == mx.cpu(3)),
        "copy equal": outcome(lambda: copy.copy(mx.gpu(3)) == mx.gpu(3)),
    }


@case("2.2 Context: the stack of defaults")
def scopes(mx):
    def nested():
        seen = [mx.current_context()]
        with mx.cpu(1):
            seen.append(mx.current_context())
            with mx.cpu(2) as inner:
                seen.append(inner)
                seen.append(mx.current_context())
                seen.append(mx.nd.zeros((1,)).context)
            seen.append(mx.current_context())
        seen.append(mx.current_context())
        return seen

    def left_by_an_exception():
        try:
            with mx.cpu(4):
                raise KeyError("leave")
        except KeyError:
            return mx.current_context()

    return {
        "nested": outcome(nested),
        "left by an exception": outcome(left_by_an_exception),
        "an argument wins": outcome(lambda: mx.nd.zeros((1,), ctx=mx.cpu(1)).context),
        "also from mx.context": outcome(lambda: mx.context.current_context()),
    }


@case(
    "0.19 one Context object entered twice",
    fix="every entry remembers its own previous context",
    fixed=lambda seen: [c["context"] for c in seen["value"]] == ["cpu(5)", "cpu(5)", "cpu(0)"],
)
def one_object_entered_twice(mx):
    def enter():
        context = mx.cpu(5)
        try:
            seen = []
            with context:
                with context:
                    seen.append(mx.current_context())
                seen.append(mx.current_context())
            seen.append(mx.current_context())
            return seen
        finally:
            while mx.current_context() != mx.cpu(0):
                mx.Context._default_ctx.value = mx.cpu(0)

    return outcome(enter)


@case("2.2 Context: devices")
def devices(mx):
    return {
        "num_gpus": outcome(lambda: mx.context.num_gpus()),
        "a gpu can be named": outcome(lambda: mx.gpu(7)),
        "its memory cannot": outcome(lambda: mx.nd.zeros((2,), ctx=mx.gpu(0))),
        "nor by array": outcome(lambda: mx.nd.array([1, 2], ctx=mx.gpu(0))),
        "nor by copying": outcome(lambda: mx.nd.ones((2,)).copyto(mx.gpu(0))),
        "nor by as_in_context": outcome(lambda: mx.nd.ones((2,)).as_in_context(mx.gpu(0))),
        "gpu_memory_info": outcome(lambda: mx.context.gpu_memory_info(0)),
        "pinned memory": outcome(lambda: mx.nd.ones((2,), ctx=mx.cpu_pinned(0))),
        "shared memory": outcome(lambda: mx.nd.ones((2,), ctx=mx.Context("cpu_shared", 0))),
        "cpu(1) is a device": outcome(lambda: mx.nd.ones((2,), ctx=mx.cpu(1))),
        "cpu(37) too": outcome(lambda: mx.nd.ones((2,), ctx=mx.cpu(37))),
    }


@case("2.2 Context: default_ctx")
def default_context_property(mx):
    def assign():
        mx.Context.default_ctx = mx.cpu(3)
        try:
            return mx.current_context()
        finally:
            mx.Context.default_ctx = mx.cpu(0)

    return {
        "read": outcome(lambda: mx.Context.default_ctx),
        "assign": outcome(assign),
        "after": outcome(lambda: mx.current_context()),
    }


@case(
    "2.2 Context: bad arguments",
    fix="bad ids and types are refused when the context is made",
    fixed={
        "mx.cpu(-1)": refused,
        "mx.cpu('0')": refused,
        "mx.cpu(1.5)": refused,
        "Context(1)": raises("KeyError"),
        "Context(None)": raises("KeyError"),
    },
)
def bad_arguments(mx):
    return rows(
        lambda: {"mx": mx, "Context": mx.Context},
        "mx.cpu(-1)",
        "mx.cpu('0')",
        "mx.cpu(1.5)",
        "Context(1)",
        "Context(None)",
    )


@case("2.2 Context: the object is mutable")
def mutable(mx):
    return rows(
        lambda: {"mx": mx},
        "c = mx.cpu(1); c.device_id = 2; c",
        "c = mx.cpu(1); c.note = 'x'; c.note",
        "mx.cpu(0).empty_cache()",
    )


@case("2.2 Context: arrays on several contexts mix freely")
def mixing(mx):
    def setup():
        return {
            "mx": mx,
            "a": mx.nd.array([1, 2], ctx=mx.cpu(1)),
            "b": mx.nd.array([10, 20], ctx=mx.cpu(2)),
        }

    return rows(
        setup,
        "a + b",
        "b + a",
        "a += b; a",
        "a == b",
        "mx.nd.add_n(a, b)",
        "a[:] = b; a",
        "b.copyto(a); a",
        "a.as_in_context(mx.cpu(2))",
        "a.as_in_context(mx.cpu(1)) is a",
        "a.copyto(mx.cpu(1)) is a",
        "a.copyto(mx.cpu(3))",
        "mx.nd.zeros_like(a)",
        "mx.nd.array(a)",
        "mx.nd.array(a, ctx=mx.cpu(4))",
        "a.copy()",
        "a * 2",
        "a[0:1]",
        "a.ctx",
    )


@case("2.2 Context: module paths")
def module_paths(mx):
    return {
        "mx.Context": outcome(lambda: mx.Context is mx.context.Context),
        "mx.cpu": outcome(lambda: mx.context.cpu is not None),
        "mx.current_context": outcome(lambda: mx.current_context is mx.context.current_context),
    }
