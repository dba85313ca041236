"""Reductions, orderings, norms, and sums over many arrays."""

from __future__ import annotations

from harness import case, rows


def _names(mx):
    def setup():
        nan = float("nan")
        return {
            "nd": mx.nd,
            "m": mx.nd.array([[3, 1, 2], [6, 5, 4]]),
            "v": mx.nd.array([3, 1, 2, 1]),
            "c": mx.nd.arange(24).reshape((2, 3, 4)),
            "i": mx.nd.array([[1, 2], [3, 4]], dtype="int32"),
            "h": mx.nd.array([[1, 2], [3, 4]], dtype="float16"),
            "d": mx.nd.array([[1, 2], [3, 4]], dtype="float64"),
            "n": mx.nd.array([[nan, 1], [2, nan]]),
            "f": mx.nd.array([[3, 4], [0, 0]]),
        }

    return setup


@case("2.1 reductions: shape, axis, keepdims, exclude", rtol=1e-6)
def shapes(mx):
    texts = []
    for name in ("sum", "mean", "max", "min", "prod"):
        texts += [f"nd.{name}(m)", f"nd.{name}(m, axis=0)", f"nd.{name}(m, axis=1)"]
        texts += [f"nd.{name}(m, axis=1, keepdims=True)", f"m.{name}()", f"m.{name}(axis=0)"]
    texts += ["nd.sum(m, axis=-1)", "nd.sum(m, axis=(0, 1))", "nd.sum(m, axis=())"]
    texts += ["nd.sum(c, axis=(0, 2))", "nd.sum(c, axis=1, exclude=True)", "nd.sum(m, axis=2)"]
    texts += ["nd.sum(c, axis=(1, 2), keepdims=True)", "nd.sum(m, keepdims=True)", "m.sum(1)"]
    texts += ["nd.mean(c, axis=(0, 1))", "nd.max(c, axis=(0, 2))", "nd.sum(v)"]
    texts += ["m.mean(axis=1, keepdims=True)", "m.sum(axis=0).shape"]
    texts += ["nd.sum(nd.array([5]))", "nd.sum(m).shape", "m.nansum()", "nd.nansum(n)", "nd.sum(n)"]
    texts += ["nd.nanprod(n)", "nd.max(n)", "nd.mean(m, axis=1, exclude=True)"]
    return rows(_names(mx), *texts)


@case("2.1 reductions: dtypes", rtol=1e-3)
def dtypes(mx):
    texts = [f"nd.{name}({array})" for name in ("sum", "max", "min") for array in "ihd"]
    texts += ["nd.mean(h)", "nd.mean(d)", "i.mean()", "nd.prod(i)", "i.sum(axis=0)"]
    return rows(_names(mx), *texts)


@case("2.1 argmax, argmin, sort, argsort, topk")
def orderings(mx):
    return rows(
        _names(mx),
        "nd.argmax(m, axis=1)",
        "nd.argmax(m, axis=0)",
        "nd.argmax(m)",
        "nd.argmax(m, axis=1, keepdims=True)",
        "m.argmax(axis=1)",
        "nd.argmin(m, axis=1)",
        "nd.argmin(m)",
        "m.argmin(axis=0)",
        "nd.argmax(v, axis=0)",
        "nd.argmin(v, axis=0)",
        "nd.argmax(i, axis=0)",
        "nd.sort(m)",
        "nd.sort(m, axis=0)",
        "nd.sort(m, is_ascend=False)",
        "m.sort()",
        "nd.sort(v)",
        "nd.argsort(m)",
        "nd.argsort(m, axis=0)",
        "nd.argsort(m, is_ascend=False)",
        "nd.argsort(m, dtype='int32')",
        "m.argsort()",
        "nd.topk(m)",
        "nd.topk(m, k=2)",
        "nd.topk(m, k=2, ret_typ='value')",
        "nd.topk(m, k=2, ret_typ='both')",
        "nd.topk(m, k=2, ret_typ='mask')",
        "nd.topk(m, k=1, is_ascend=True)",
        "nd.topk(m, k=1, axis=0)",
        "nd.topk(m, k=2, dtype='int32')",
        "nd.topk(m, k=9)",
        "m.topk(k=1)",
        "nd.argmax(m, axis=5)",
    )


@case("2.1 norm", rtol=1e-6)
def norms(mx):
    return rows(
        _names(mx),
        "nd.norm(f)",
        "f.norm()",
        "nd.norm(f, ord=1)",
        "nd.norm(f, ord=2)",
        "nd.norm(f, axis=0)",
        "nd.norm(f, axis=1)",
        "nd.norm(f, ord=1, axis=1)",
        "nd.norm(f, axis=1, keepdims=True)",
        "nd.norm(f, axis=(0, 1))",
        "nd.norm(f, ord=3)",
        "nd.norm(h)",
        "nd.norm(d)",
        "nd.norm(nd.array([-3, 4]))",
        "f.norm().shape",
    )


@case("2.1 sums over many arrays: multi_sum_sq, add_n, square_sum", rtol=1e-6)
def many(mx):
    return rows(
        _names(mx),
        "nd.multi_sum_sq(m, v, num_arrays=2)",
        "nd.multi_sum_sq(m, num_arrays=1)",
        "nd.multi_sum_sq(h, num_arrays=1)",
        "nd.multi_sum_sq(d, num_arrays=1)",
        "nd.multi_sum_sq(*[m, v, f], num_arrays=3)",
        "nd.multi_sum_sq(m, v, num_arrays=1)",
        "nd.multi_sum_sq(m, d, num_arrays=2)",
        "nd.add_n(m, m, m)",
        "nd.add_n(i, i)",
        "nd.add_n(h, h)",
        "nd.add_n(m)",
        "r = nd.add_n(m); r[:] = 0; m",
        "nd.add_n(m, v)",
        "nd.ElementWiseSum(m, m)",
        "nd.all_finite(m)",
        "nd.all_finite(n)",
    )
