"""Random numbers into arrays: shapes, dtypes, contexts, ``out=``, seeds; the streams differ."""

from __future__ import annotations

import threading

from harness import any_of, case, dense, gives, outcome, raises, rows


def _names(mx):
    def setup():
        return {"mx": mx, "nd": mx.nd, "random": mx.nd.random}

    return setup


def _form(array):
    return array.shape, array.dtype, array.context, array.stype


@case(
    "2.1 random: shape, dtype, context",
    fix="a normal distribution may have no spread",
    fixed={"normal without spread": gives(dense([3, 3]))},
)
def forms(mx):
    random = mx.nd.random
    return {
        "uniform": outcome(lambda: _form(random.uniform(0, 1, shape=(2, 3)))),
        "uniform of one number": outcome(lambda: _form(random.uniform())),
        "uniform of a length": outcome(lambda: _form(random.uniform(shape=4))),
        "uniform float64": outcome(lambda: _form(random.uniform(shape=(2,), dtype="float64"))),
        "uniform float16": outcome(lambda: _form(random.uniform(shape=(2,), dtype="float16"))),
        "uniform elsewhere": outcome(lambda: _form(random.uniform(shape=(2,), ctx=mx.cpu(1)))),
        "normal": outcome(lambda: _form(random.normal(0, 1, shape=(2, 3)))),
        "normal float64": outcome(lambda: _form(random.normal(shape=(2,), dtype="float64"))),
        "normal elsewhere": outcome(lambda: _form(random.normal(shape=(2,), ctx=mx.cpu(1)))),
        "randn": outcome(lambda: _form(random.randn(2, 3))),
        "randint": outcome(lambda: _form(random.randint(0, 5, shape=(2,)))),
        "normal without spread": outcome(lambda: random.normal(3, 0, shape=(2,))),
        "mx.random": outcome(lambda: _form(mx.random.uniform(0, 1, shape=(2, 3)))),
        "from mx.random.normal": outcome(lambda: _form(mx.random.normal(0, 1, shape=(2,)))),
    }


@case("2.1 random: out")
def into_out(mx):
    within = "((a >= 5) * (a <= 6))"
    return rows(
        _names(mx),
        f"a = nd.zeros((2, 3)); q = random.uniform(5, 6, out=a); (q is a, {within})",
        f"a = nd.zeros((2, 3)); q = random.normal(5.5, 1e-9, out=a); (q is a, {within})",
        f"a = nd.ones((2,), dtype='float64'); random.uniform(5, 6, dtype=a.dtype, out=a); {within}",
        f"a = nd.zeros((2,), ctx=mx.cpu(1)); random.uniform(5, 6, out=a); {within}",
        f"a = nd.zeros((2,)); mx.random.uniform(5, 6, out=a); {within}",
        f"a = nd.zeros((2,)); mx.random.normal(5.5, 1e-9, out=a); {within}",
        f"b = nd.zeros((4,)); a = b[1:3]; random.uniform(5, 6, out=a); ({within}, b[0], b[3])",
        "random.uniform(5, 6, shape=(2,), out=nd.zeros((3,)))",
    )


@case("6 seed: the same numbers follow the same seed")
def seeds(mx):
    def twice(draw, **where):
        mx.random.seed(7, **where)
        first = draw().asnumpy()
        mx.random.seed(7, **where)
        return bool((draw().asnumpy() == first).all())

    def other():
        mx.random.seed(1)
        first = mx.nd.random.uniform(shape=(4,)).asnumpy()
        mx.random.seed(2)
        return bool((mx.nd.random.uniform(shape=(4,)).asnumpy() == first).any())

    def on_two_contexts():
        drawn = []
        for context in (mx.cpu(0), mx.cpu(1)):
            mx.random.seed(5)
            drawn.append(mx.nd.random.uniform(shape=(3,), ctx=context).asnumpy())
        return bool((drawn[0] == drawn[1]).all())

    return {
        "uniform": outcome(lambda: twice(lambda: mx.nd.random.uniform(shape=(3,)))),
        "normal": outcome(lambda: twice(lambda: mx.nd.random.normal(shape=(3,)))),
        "ctx='all'": outcome(lambda: twice(lambda: mx.nd.random.uniform(shape=(3,)), ctx="all")),
        "ctx": outcome(lambda: twice(lambda: mx.nd.random.uniform(shape=(3,)), ctx=mx.cpu(0))),
        "another seed": outcome(other),
        "right after seed() contexts agree": outcome(on_two_contexts),
        "seed returns": outcome(lambda: mx.random.seed(3)),
    }


@case(
    "6 seed: bad arguments",
    fix="the context of a seed is looked at",
    fixed={"a context's name": any_of(raises("TypeError"), raises("ValueError"))},
)
def bad_seeds(mx):
    return {
        "text": outcome(lambda: mx.random.seed("1")),
        "a fraction": outcome(lambda: mx.random.seed(1.5)),
        "nothing": outcome(lambda: mx.random.seed(None)),
        "a context's name": outcome(lambda: mx.random.seed(1, ctx="cpu")),
    }


def _drawn_in_new_threads(mx, count):
    drawn = []

    def draw():
        drawn.append(tuple(mx.nd.random.uniform(shape=(3,)).asnumpy().tolist()))

    for _ in range(count):
        thread = threading.Thread(target=draw)
        thread.start()
        thread.join()
    return drawn


@case(
    "0.32 random numbers in other threads",
    fix="one sequence for the process; in MXNet each thread repeats that of seed 0",
    fixed={
        "two new threads draw the same numbers": gives(False),
        "a new thread draws what seed 0 gives": gives(False),
    },
)
def threads(mx):
    def of_seed_zero():
        mx.random.seed(0)
        first = tuple(mx.nd.random.uniform(shape=(3,)).asnumpy().tolist())
        return _drawn_in_new_threads(mx, 1)[0] == first

    def repeated():
        first, second = _drawn_in_new_threads(mx, 2)
        return first == second

    return {
        "two new threads draw the same numbers": outcome(repeated),
        "a new thread draws what seed 0 gives": outcome(of_seed_zero),
    }


@case(
    "2.1 random: bad arguments",
    fix="the bounds of a distribution are checked",
    fixed={
        "random.uniform(2, 1, shape=(2,)).shape": any_of(gives((2,)), raises("MXNetError")),
        "random.normal(0, -1, shape=(2,)).shape": raises("MXNetError"),
        "random.randint(5, 5, shape=(2,)).shape": raises("MXNetError"),
    },
)
def bad_arguments(mx):
    return rows(
        _names(mx),
        "random.uniform(2, 1, shape=(2,)).shape",
        "random.normal(0, -1, shape=(2,)).shape",
        "random.uniform(0, 1, shape=(2,), dtype='int32').shape",
        "random.uniform(0, 1, shape=(-2,)).shape",
        "random.uniform('a', 1, shape=(2,)).shape",
        "random.randint(5, 5, shape=(2,)).shape",
    )
