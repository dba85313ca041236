"""Dense arrays: reshape codes, transposition, joining, splitting, repeating."""

from __future__ import annotations

import numpy as np
from harness import case, refused, rows


def _arrays(mx):
    def setup():
        return {
            "nd": mx.nd,
            "np": np,
            "m": mx.nd.arange(6).reshape((2, 3)),
            "c": mx.nd.arange(24).reshape((2, 3, 4)),
            "one": mx.nd.array([[[1], [2]]]),
            "a": mx.nd.array([[1, 2], [3, 4]]),
            "b": mx.nd.array([[5, 6], [7, 8]]),
        }

    return setup


@case("2.1 reshape: codes")
def reshape_codes(mx):
    shapes = (
        "(4, 6)",
        "(24,)",
        "(-1,)",
        "(0, -1)",
        "(0, 0, 4)",
        "(0, 0, 0)",
        "(-1, 4)",
        "(2, -1, 2)",
        "(0, 12)",
        "(-2,)",
        "(0, -2)",
        "(2, -2)",
        "(-2, 1, 1)",
        "(-3, 4)",
        "(0, -3)",
        "(-3, -2)",
        "(-4, 1, 2, -2)",
        "(2, -4, -1, 3, -2)",
        "(-4, 1, -1, 0, 0)",
        "(-1, 0)",
        "(5, -1)",
        "(-1, -1)",
        "(7,)",
        "(0, 0, 0, 0)",
        "(-5,)",
        "()",
        "(1, 0, -1)",
    )
    texts = [f"c.reshape({shape}).shape" for shape in shapes]
    texts += ["c.reshape(4, 6).shape", "c.reshape(-1).shape", "c.reshape(24).shape"]
    texts += ["c.reshape([4, 6]).shape", "c.reshape(shape=(4, 6)).shape"]
    texts += ["c.reshape((-1, 0), reverse=True).shape", "c.reshape((-1, 0, 0), reverse=True).shape"]
    texts += ["nd.reshape(c, shape=(0, -1)).shape", "nd.Reshape(c, shape=(-3, 0)).shape"]
    texts += ["nd.reshape(m, shape=(3, 2))", "m.reshape((3, 2))", "m.reshape((-1,))"]
    texts += ["m.reshape()", "m.reshape((2, 3), (1,))"]
    texts += ["m.reshape_like(nd.zeros((3, 2)))", "m.reshape_like(nd.zeros((4, 2)))"]
    return rows(_arrays(mx), *texts)


@case("2.1 transposition and axes")
def axes(mx):
    return rows(
        _arrays(mx),
        "m.T",
        "nd.transpose(m)",
        "m.transpose()",
        "m.transpose((1, 0))",
        "m.transpose(1, 0)",
        "nd.transpose(c, axes=(2, 0, 1))",
        "nd.transpose(c, axes=(0, 2, 1)).shape",
        "nd.transpose(c).shape",
        "nd.swapaxes(m, 0, 1)",
        "nd.swapaxes(c, dim1=0, dim2=2).shape",
        "nd.SwapAxis(c, dim1=1, dim2=2).shape",
        "m.swapaxes(0, 1)",
        "nd.expand_dims(m, axis=0).shape",
        "nd.expand_dims(m, axis=1).shape",
        "nd.expand_dims(m, axis=-1).shape",
        "nd.expand_dims(m, axis=5)",
        "m.expand_dims(axis=2).shape",
        "m.expand_dims(1).shape",
        "one.squeeze().shape",
        "nd.squeeze(one)",
        "nd.squeeze(one, axis=0).shape",
        "nd.squeeze(one, axis=-1).shape",
        "nd.squeeze(one, axis=(0, 2)).shape",
        "nd.squeeze(one, axis=1)",
        "nd.squeeze(nd.ones((1, 1))).shape",
        "nd.flatten(c).shape",
        "nd.Flatten(c).shape",
        "c.flatten().shape",
        "nd.flatten(nd.array([1, 2])).shape",
        "nd.shape_array(m)",
        "nd.size_array(m)",
        "m.shape_array()",
        "m.size_array()",
        "nd.reverse(m, axis=1)",
        "nd.flip(m, axis=0)",
        "nd.flip(m, axis=(0, 1))",
        "m.flip(axis=1)",
        "nd.diag(m)",
        "nd.diag(nd.array([1, 2]))",
        "nd.diag(m, k=1)",
        "nd.diag(m, -1)",
        "m.diag()",
    )


@case(
    "2.1 transposition: repeated axes",
    fix="refused; MXNet corrupts its heap",
    fixed={"nd.transpose(m, axes=(0, 0))": refused, "m.transpose((0, 0))": refused},
    crashes="aborts with a corrupted heap",
)
def repeated_axes(mx):
    return rows(_arrays(mx), "nd.transpose(m, axes=(0, 0))", "m.transpose((0, 0))")


@case("2.1 joining")
def joining(mx):
    return rows(
        _arrays(mx),
        "nd.concat(a, b, dim=0)",
        "nd.concat(a, b, dim=1)",
        "nd.concat(a, b)",
        "nd.concat(a, b, dim=-1)",
        "nd.concat(a, nd.ones((2, 1)), dim=1)",
        "nd.concat(a, nd.ones((2, 1)), dim=0)",
        "nd.concat(a)",
        "nd.concat(a, b, dim=2)",
        "nd.concat(*[a, b, a], dim=0)",
        "nd.Concat(a, b, dim=0)",
        "nd.concatenate([a, b])",
        "nd.concatenate([a, b], axis=1)",
        "nd.concatenate([a])",
        "nd.concatenate([a], always_copy=False) is a",
        "nd.concatenate([a, nd.ones((1, 2))], axis=0)",
        "nd.concatenate([])",
        "nd.stack(a, b)",
        "nd.stack(a, b, axis=1)",
        "nd.stack(a, b, axis=-1)",
        "nd.stack(a, nd.ones((2, 1)))",
        "nd.stack(a)",
        "nd.stack(a, b, axis=5)",
    )


@case("2.1 splitting")
def splitting(mx):
    return rows(
        _arrays(mx),
        "nd.split(m, num_outputs=3)",
        "nd.split(m, num_outputs=3, axis=1)",
        "nd.split(m, num_outputs=2, axis=0)",
        "nd.split(m, num_outputs=2, axis=0, squeeze_axis=True)",
        "nd.split(m, num_outputs=1, axis=0)",
        "nd.split(m, num_outputs=2, axis=1)",
        "nd.SliceChannel(m, num_outputs=3, axis=1, squeeze_axis=1)",
        "m.split(num_outputs=3, axis=1)",
        "nd.slice(m, begin=(0, 1), end=(2, 3))",
        "nd.slice(m, begin=(0,), end=(1,))",
        "nd.slice(m, begin=(None, 1), end=(None, None))",
        "nd.slice(m, begin=(None, 2), end=(None, None), step=(None, -1))",
        "nd.slice(m, begin=(0, 0), end=(2, 3), step=(1, 2))",
        "nd.slice(m, begin=(-1, -2), end=(None, None))",
        "nd.slice(m, begin=(0, 0), end=(9, 9))",
        "m.slice(begin=(0, 1), end=(2, 2))",
        "nd.slice_axis(m, axis=1, begin=1, end=3)",
        "nd.slice_axis(m, axis=1, begin=-2, end=None)",
        "nd.slice_axis(m, axis=-1, begin=0, end=1)",
        "nd.slice_axis(m, axis=0, begin=0, end=5)",
        "m.slice_axis(axis=0, begin=1, end=2)",
        "nd.slice_like(c, nd.zeros((1, 2, 4))).shape",
        "nd.slice_like(c, nd.zeros((1, 2, 2)), axes=(1,)).shape",
        "m.slice_like(nd.zeros((1, 2)))",
    )


@case("2.1 repeating and padding")
def repeating(mx):
    return rows(
        _arrays(mx),
        "nd.tile(m, reps=(2,))",
        "nd.tile(m, reps=(2, 1))",
        "nd.tile(m, reps=(2, 1, 1)).shape",
        "nd.tile(a, reps=2)",
        "m.tile(reps=(1, 2))",
        "nd.repeat(m, repeats=2)",
        "nd.repeat(m, repeats=2, axis=1)",
        "nd.repeat(m, repeats=2, axis=0)",
        "nd.repeat(m, repeats=2, axis=-1)",
        "m.repeat(repeats=2, axis=0)",
    )
