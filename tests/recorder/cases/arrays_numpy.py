"""``mx.np``: creation, indexing with masks, zero-dimensional and zero-size arrays, files."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import numpy
from harness import case, outcome, refused, rows


def in_numpy_mode(function):
    """Run a case with both switches on."""

    def wrapped(mx):
        with mx.util.np_shape(True), mx.util.np_array(True):
            return function(mx)

    wrapped.__name__ = function.__name__
    wrapped.__module__ = function.__module__
    return wrapped


def _names(mx):
    def setup():
        return {
            "mx": mx,
            "np": mx.np,
            "numpy": numpy,
            "pickle": pickle,
            "a": mx.np.array([[0, 1, 2], [10, 11, 12]]),
            "v": mx.np.array([0, 1, 2, 3]),
            "s": mx.np.array(3.5),
        }

    return setup


@case("2.1 mx.np: creation")
@in_numpy_mode
def creation(mx):
    return rows(
        _names(mx),
        "np.array([1, 2])",
        "np.array([[1.5], [2]])",
        "np.array(3)",
        "np.array([])",
        "np.array([True, False])",
        "np.array([1, 2], dtype='int32')",
        "np.array([1, 2], dtype=numpy.float64)",
        "np.array(numpy.array([1, 2]))",
        "np.array(numpy.array([1.5, 2]))",
        "np.array(numpy.array([True]))",
        "np.array(a)",
        "np.array([1], ctx=mx.cpu(1))",
        "np.array((1, 2))",
        "np.zeros((2, 3))",
        "np.zeros(3)",
        "np.zeros(())",
        "np.zeros((0, 2))",
        "np.zeros((2,), dtype='int64')",
        "np.zeros((2,), ctx=mx.cpu(1))",
        "np.zeros((2,), dtype=bool)",
        "np.ones((2,))",
        "np.ones(())",
        "np.ones((2,), dtype='uint8')",
        "np.full((2,), 7)",
        "np.full((2,), 7.5)",
        "np.full((2,), 7, dtype='float64')",
        "np.full((), 1.5)",
        "np.full((2,), True)",
        "np.empty((2, 3)).shape",
        "np.empty((2,), dtype='int8').dtype",
        "np.arange(3)",
        "np.arange(1, 4)",
        "np.arange(1, 8, 3)",
        "np.arange(0, 1, 0.25)",
        "np.arange(3, dtype='int32')",
        "np.arange(0)",
        "np.arange(3, ctx=mx.cpu(1))",
        "np.float32",
        "np.int64",
        "np.ndarray is type(a)",
        "isinstance(a, mx.nd.NDArray)",
        "isinstance(mx.nd.ones((1,)), np.ndarray)",
    )


@case("2.1 mx.np: properties and conversion")
@in_numpy_mode
def properties(mx):
    return rows(
        _names(mx),
        "a.shape",
        "a.size",
        "a.ndim",
        "a.dtype",
        "a.ctx",
        "a.stype",
        "a.T",
        "s.shape",
        "s.size",
        "s.item()",
        "a.item(1, 2)",
        "a.item()",
        "a.tolist()",
        "s.tolist()",
        "float(s)",
        "int(s)",
        "bool(s)",
        "bool(np.array(0))",
        "bool(a)",
        "len(a)",
        "len(s)",
        "[x for x in v]",
        "list(a)",
        "repr(a)",
        "repr(s)",
        "repr(np.array([1, 2], dtype='int32'))",
        "repr(np.array([1], ctx=mx.cpu(1)))",
        "repr(np.zeros((0, 2)))",
        "str(a)",
        "str(s)",
        "a.asnumpy()",
        "a.astype('int32')",
        "a.astype('float32', copy=False) is a",
        "a.copy()",
        "b = a.copy(); b[:] = 0; a",
        "a.as_nd_ndarray()",
        "a.as_np_ndarray() is a",
        "a.as_in_ctx(mx.cpu(1))",
        "a.reshape(3, 2)",
        "a.reshape((-1,))",
        "a.reshape(-1)",
        "a.detach()",
        "a.flatten()",
        "a.attach_grad(); a.grad",
        "pickle.loads(pickle.dumps(a))",
        "pickle.loads(pickle.dumps(s))",
    )


@case("2.1 mx.np: operators", rtol=1e-6)
@in_numpy_mode
def operators(mx):
    texts = [f"v {op} 2" for op in ("+", "-", "*", "/", "%", "**")]
    texts += [f"2 {op} a" for op in ("+", "-", "*")]
    texts += [f"v {op} 1" for op in ("==", "!=", "<", "<=", ">", ">=")]
    texts += ["v == v", "a + v[:3]", "-a", "abs(-a)", "s + 1", "s * s", "s == 3.5", "v > s"]
    texts += ["a + np.ones((2, 1))", "np.zeros((0,)) + 1", "np.zeros((0, 2)) * np.ones((2,))"]
    texts += ["v += 1; v", "v *= 2; v", "np.array([1, 2], dtype='int32') / 2"]
    texts += ["np.array([1, 2], dtype='int32') + 1", "np.array([1, 2], dtype='int32') * 1.5"]
    texts += ["a.sum()", "a.mean()", "a.max()", "a.min()", "a.sum(axis=0)", "a.mean(axis=1)"]
    texts += ["np.zeros((0,)).sum()", "a.sum().shape", "v[0].shape", "a[1, 2] + 1"]
    return rows(_names(mx), *texts)


@case("2.1 mx.np: indexing")
@in_numpy_mode
def indexing(mx):
    keys = ("0", "-1", "1, 2", ":", "...", "0:1", "::2", "::-1", ":, 0", ":, 1:", "0, 1:", "None")
    keys += ("[1, 0]", "[0, 1], [1, 2]", ":, [2, 0]", "np.array([1, 0])", "numpy.array([1])", "()")
    keys += ("0:0", "5:", "..., None", "a > 1", "v[:2] > 0", "a == 99", "2", "0, 3", "'x'")
    keys += ("[True, False]", "numpy.array([True, False])", "np.array([[True] * 3, [False] * 3])")
    texts = [f"a[{key}]" for key in keys]
    texts += ["v[v > 1]", "v[v < 0]", "v[0]", "v[0].shape", "s[()]", "s[()].shape", "s[0]"]
    texts += ["v[[]]", "v[np.array(1)]", "v[numpy.int64(2)]", "a[np.array([0, 1]) == 1]"]
    return rows(_names(mx), *texts)


@case(
    "2.1 mx.np: what fails for no reason",
    fix="it works as in NumPy",
    fixed={
        "s[...]": lambda row: "value" in row,
        "s[...] = 7; s": lambda row: row["value"]["data"] == "7.0",
        "r = a[1, 2]; r[()] = 99; a": lambda row: row["value"]["data"].endswith("11.0 99.0"),
        "a[2:1]": lambda row: row["value"]["shape"] == [0, 3],
        "a[0] = [1, 2]; a": lambda row: refused(row),
    },
)
@in_numpy_mode
def oddities(mx):
    return rows(
        _names(mx),
        "s[...]",
        "s[...] = 7; s",
        "r = a[1, 2]; r[()] = 99; a",
        "a[0] = [1, 2]; a",
        "a[2:1]",
    )


@case("2.1 mx.np: views")
@in_numpy_mode
def views(mx):
    keys = ("0", "0:1", "::2", ":, 0", "0, 1:", "[0]", "a > 1", "...", "None")
    return rows(_names(mx), *(f"r = a[{key}]; r[...] = 99; a" for key in keys))


@case("2.1 mx.np: assignment")
@in_numpy_mode
def assignment(mx):
    keys = (":", "0", "1, 2", "0:1", ":, 1", "[1]", "a > 1", "a == 99", "...", "()", "0:0", "None")
    texts = [f"a[{key}] = 7; a" for key in keys]
    texts += ["s[()] = 7; s", "v[v > 1] = 0; v", "v[v > 1] = np.array([8, 9]); v"]
    texts += [
        "a[0] = [7, 8, 9]; a",
        "a[:, 0] = np.array([7, 8]); a",
        "a[:] = numpy.ones((2, 3)); a",
    ]
    texts += ["a[:] = [[1], [2]]; a", "a[2] = 1; a", "a[v[:2] > 0] = 5; a"]
    return rows(_names(mx), *texts)


@case("4 npx.save and npx.load")
@in_numpy_mode
def files(mx):
    def round_trip(value):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "x.npy")
            mx.npx.save(path, value)
            return mx.npx.load(path)

    def content(value):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x"
            mx.npx.save(str(path), value)
            return path.read_bytes()

    a, s = mx.np.array([1, 2]), mx.np.array(3.5)
    return {
        "array": outcome(lambda: round_trip(a)),
        "scalar": outcome(lambda: round_trip(s)),
        "zero-size": outcome(lambda: round_trip(mx.np.zeros((0, 2)))),
        "list": outcome(lambda: round_trip([a, s])),
        "dict": outcome(lambda: round_trip({"a": a, "s": s})),
        "bool": outcome(lambda: round_trip(mx.np.array([True, False], dtype=bool))),
        "empty list": outcome(lambda: round_trip([])),
        "tuple": outcome(lambda: round_trip((a, s))),
        "classic arrays": outcome(lambda: round_trip(mx.nd.array([1]))),
        "numpy arrays": outcome(lambda: round_trip(numpy.ones((1,)))),
        "bytes of a scalar": outcome(lambda: content(s)),
        "bytes of a dict": outcome(lambda: content({"a": a})),
    }


@case("4 npx.save outside of the mode")
def files_outside(mx):
    def save():
        with tempfile.TemporaryDirectory() as folder:
            mx.npx.save(str(Path(folder) / "x"), mx.np.ones((1,)))

    return {
        "save": outcome(save),
        "load": outcome(lambda: mx.npx.load("/nonexistent/x")),
    }


@case("2.1 mx.np arrays and classic arrays do not mix")
@in_numpy_mode
def mixing(mx):
    def setup():
        return {"mx": mx, "np": mx.np, "n": mx.np.array([1, 2]), "d": mx.nd.array([1, 2])}

    return rows(
        setup,
        "n + d.as_np_ndarray()",
        "n.as_nd_ndarray() + d",
        "d[:] = n; d",
        "n[:] = d; n",
        "mx.nd.add_n(d, d)",
    )
