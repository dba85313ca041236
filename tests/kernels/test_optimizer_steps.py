"""Optimizers' steps: their formulas, and that all forms of a step are the same step."""

from __future__ import annotations

import importlib
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels import _coefficients
from numparam.kernels.cpu import _pool, adam, lamb, sgd
from tests.support.awkward_inputs import same_bits
from tests.support.optimizer_steps import (
    OPTIMIZERS,
    Optimizer,
    coefficients,
    dtype_held,
    states_of,
    tried,
)

EXACT = [one for one in OPTIMIZERS if one.exact]
WD, RESCALE, CLIP = 0.01, 0.5, 0.6


def each(optimizers):
    return pytest.mark.parametrize(
        "optimizer", [pytest.param(one, id=one.label) for one in optimizers]
    )


def module_of(optimizer: Optimizer):
    return importlib.import_module(f"numparam.kernels.cpu.{optimizer.name}")


def clip(gradient):
    return np.clip(gradient, -CLIP, CLIP)


def formula(optimizer: Optimizer, w, g, s, t, h):
    """One step in float64, as the papers and MXNet's documentation write it."""
    lr, name = h["lr"], optimizer.name
    s = [state.copy() for state in s]
    g0, coupled = clip(RESCALE * g), clip(RESCALE * g + WD * w)
    if name in ("sgd", "nag") and not s:
        return (1 - lr * WD) * w - lr * g0, s
    if name == "sgd":
        s[0] = 0.9 * s[0] - lr * WD * w - lr * g0
        return w + s[0], s
    if name == "nag":
        ahead = 0.9 * s[0]
        made = w - ahead + 1.9 * (ahead - lr * (g0 + WD * w))
        return made, [ahead - lr * (g0 + WD * made)]
    if name in ("adam", "adamw", "nadam"):
        slope = g0 if name == "adamw" else coupled
        m, v = 0.9 * s[0] + 0.1 * slope, 0.999 * s[1] + 0.001 * slope**2
        if name == "adam":
            rate = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            return w - rate * m / (np.sqrt(v) + 1e-8), [m, v]
        if name == "adamw":
            mean, square = m / (1 - 0.9**t), v / (1 - 0.999**t)
            return w * (1 - lr * WD) - lr * mean / (np.sqrt(square) + 1e-8), [m, v]
        momenta = [0.9 * (1 - 0.5 * 0.96 ** (k * 0.004)) for k in range(1, t + 2)]
        now = np.prod(momenta[:-1])
        mean = (1 - momenta[-2]) * slope / (1 - now)
        mean = mean + momenta[-1] * m / (1 - now * momenta[-1])
        return w - lr * mean / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), [m, v]
    if name == "groupadagrad":
        total = s[0] + (g0**2).mean(1, keepdims=True)
        return w - lr * (g0 / np.sqrt(total + 1e-5) + WD * w), [total]
    if name == "adagrad":
        total = s[0] + g0**2
        return w - lr * (g0 / np.sqrt(total + 1e-7) + WD * w), [total]
    if name == "rmsprop" and len(s) == 1:
        n = 0.1 * coupled**2 + 0.9 * s[0]
        return np.clip(w - lr * coupled / np.sqrt(n + 1e-8), -2.5, 2.5), [n]
    if name == "rmsprop":
        n, mean = 0.1 * coupled**2 + 0.9 * s[0], 0.1 * coupled + 0.9 * s[1]
        change = 0.8 * s[2] - lr * coupled / np.sqrt(n - mean**2 + 1e-4)
        return w + change, [n, mean, change]
    if name == "ftrl":
        n = s[1] + g0**2
        z = s[0] + g0 - (np.sqrt(n) - np.sqrt(s[1])) * w / lr
        made = (np.sign(z) * 0.01 - z) / ((1 + np.sqrt(n)) / lr + WD)
        return np.where(abs(z) > 0.01, made, 0), [z, n]
    if name == "adadelta":
        a = 0.9 * s[0] + 0.1 * g0**2
        change = np.sqrt(s[1] + 1e-5) / np.sqrt(a + 1e-5) * g0
        return w - change - WD * w, [a, 0.9 * s[1] + 0.1 * change**2]
    if name == "adamax":
        m, u = 0.9 * s[0] + 0.1 * coupled, np.maximum(0.999 * s[1], abs(coupled))
        return w - lr / (1 - 0.9**t) * m / u, [m, u]
    if name == "ftml":
        v = 0.999 * s[1] + 0.001 * coupled**2
        d = (1 - 0.6**t) / lr * (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        z = 0.6 * s[2] + 0.4 * coupled - (d - 0.6 * s[0]) * w
        return -z / d, [d, v, z]
    if name == "signum" and not s:
        return (1 - lr * WD) * w - lr * np.sign(g), s
    if name == "signum":
        m = 0.9 * s[0] - 0.1 * WD * w - 0.1 * g0
        return (1 - lr * 0.02) * w + lr * np.sign(m), [m]
    if name == "dcasgd":
        change = -lr * (g0 + WD * w + 0.04 * g0**2 * (w - s[0]))
        if len(s) == 1:
            return w + change, [w]
        return w + 0.9 * s[1] + change, [w, 0.9 * s[1] + change]
    if name == "lamb":
        m, v = 0.9 * s[0] + 0.1 * g0, 0.999 * s[1] + 0.001 * g0**2
        u = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + WD * w
        return w - lr * np.linalg.norm(w) / np.linalg.norm(u) * u, [m, v, u]
    if name == "sgld":
        return w - lr / 2 * (g0 + WD * w) + np.sqrt(lr) * s[0], s
    return w + RESCALE * g, s


def changing(optimizer: Optimizer, t: int) -> dict:
    """Hyper-parameters of step t, under a schedule."""
    changed = {"lr": optimizer.hyper["lr"] / (1 + 0.1 * t)}
    if "t" in optimizer.hyper:
        changed["t"] = t
    if "schedule" in optimizer.hyper:
        momenta = [_coefficients.nadam_momentum(float(k), 0.9, 0.004) for k in range(1, t)]
        changed["schedule"] = float(np.prod(momenta))
    return changed


@pytest.mark.parametrize(
    ("kind", "mixed", "tolerance"),
    [
        pytest.param("float64", False, 1e-11, id="float64"),
        pytest.param("float32", False, 2e-5, id="float32"),
        pytest.param("bfloat16", True, 2e-2, id="bfloat16 with master weights"),
        pytest.param("bfloat16", False, 0.2, id="bfloat16"),
    ],
)
@each(OPTIMIZERS)
def test_five_steps_follow_the_formula(optimizer, kind, mixed, tolerance):
    if mixed not in tried(optimizer, "dense", kind):
        kind, mixed, tolerance = "float32", False, 2e-5
    module = module_of(optimizer)
    generator = np.random.default_rng(3)
    given_dtype, held = dtype_held(kind, False), dtype_held(kind, mixed)
    weight = generator.standard_normal((60, 5)).astype(given_dtype)
    master = weight.astype(np.float32) if mixed else None
    states = states_of(optimizer, weight, held)
    expected, expected_states = weight.astype(float), [s.astype(float) for s in states]
    for t in range(1, 6):
        gradient = (2 * generator.standard_normal((60, 5))).astype(given_dtype)
        if optimizer.name == "sgld":
            states[0][...] = generator.standard_normal((60, 5))
            expected_states = [states[0].astype(float)]
        hyper = changing(optimizer, t)
        many = ([weight], [gradient], [[s] for s in states], [master] if mixed else None)
        module.dense(many, coefficients(module, optimizer, **hyper))
        expected, expected_states = formula(
            optimizer, expected, gradient.astype(float), expected_states, t, hyper
        )
    updated = master if mixed else weight
    # A sign or a threshold may fall to the other side by rounding.
    close = np.isclose(updated.astype(float), expected, rtol=tolerance, atol=tolerance)
    assert close.mean() > 0.98
    if mixed:
        assert same_bits(weight, master.astype(weight.dtype))


class Training:
    """Weight, states and what goes with them, before the first step."""

    def __init__(self, optimizer: Optimizer, kind: str, mixed: bool, rows: int) -> None:
        generator = np.random.default_rng(rows)
        self.weight = generator.standard_normal((rows, 5)).astype(dtype_held(kind, False))
        self.master = self.weight.astype(np.float32) if mixed else None
        self.states = states_of(optimizer, self.weight, dtype_held(kind, mixed))
        self.last = np.zeros(rows, np.int64)

    def arrays(self) -> list[np.ndarray]:
        own = [] if self.master is None else [self.master]
        return [self.weight, *own, *self.states]

    def many(self, gradient: np.ndarray) -> tuple:
        own = None if self.master is None else [self.master]
        return [self.weight], [gradient], [[state] for state in self.states], own


def history_of(module, optimizer: Optimizer, wd: float, steps: int) -> np.ndarray:
    """Coefficients of that many steps, one row for each."""
    rows = [
        coefficients(module, optimizer, wd=wd, **changing(optimizer, t))
        for t in range(1, steps + 1)
    ]
    return np.concatenate(rows)


def both_trainings(optimizer, kind, mixed, wd, plan):
    """Train densely and exactly, a row-sparse gradient a step, and compare what is looked at."""
    module = module_of(optimizer)
    dense, exact = (Training(optimizer, kind, mixed, 12) for _ in range(2))
    made = history_of(module, optimizer, wd, len(plan))
    generator = np.random.default_rng(len(plan))
    full = np.zeros_like(dense.weight)
    bound = module.bind(*dense.many(full))
    first = 1
    for t, (ids, look) in enumerate(plan, 1):
        rows = np.array(sorted(ids), np.int64)
        gradient = generator.standard_normal((len(rows), 5)).astype(dense.weight.dtype)
        full[...] = 0
        full[rows] = gradient
        module.dense(bound, made[t - 1 : t])
        history = made[first - 1 : t]
        module.exact_rows(
            exact.weight, rows, gradient, exact.states, exact.last, history, first, exact.master
        )
        if look == "some":
            module.catch_up(
                exact.weight, exact.states, exact.last, history, first, [1, 4, 5], exact.master
            )
            for mine, theirs in zip(exact.arrays(), dense.arrays(), strict=True):
                assert same_bits(mine[[1, 4, 5]], theirs[[1, 4, 5]])
        if look == "all" or t == len(plan):
            module.catch_up(
                exact.weight, exact.states, exact.last, history, first, None, exact.master
            )
            first = t + 1
            for mine, theirs in zip(exact.arrays(), dense.arrays(), strict=True):
                assert same_bits(mine, theirs)


STEPS = st.lists(
    st.tuples(st.sets(st.integers(0, 11), max_size=4), st.sampled_from(["", "", "some", "all"])),
    min_size=1,
    max_size=12,
)


@each(EXACT)
@given(plan=STEPS, wd=st.sampled_from([0.0, 0.01]), kind=st.sampled_from(["float32", "bfloat16"]))
@settings(max_examples=15, deadline=None)
def test_any_interleaving_of_exact_steps_gives_the_bits_of_dense_ones(optimizer, plan, wd, kind):
    for mixed in tried(optimizer, "exact_rows", kind):
        both_trainings(optimizer, kind, mixed, wd, plan)


@pytest.mark.parametrize("wd", [0.0, 0.01])
@each(EXACT)
def test_rows_that_rest_for_long_have_the_bits_of_dense_steps(optimizer, wd):
    quiet = [(set(), "")] * 1500
    plan = [({0, 1, 2}, ""), ({2, 3}, ""), *quiet, ({2, 5}, "some"), *quiet[:300], ({1, 2}, "")]
    both_trainings(optimizer, "float32", False, wd, plan)


@each([one for one in OPTIMIZERS if one.name != "lamb"])
def test_a_lazy_step_is_the_dense_one_on_its_rows_and_leaves_the_others(optimizer):
    module = module_of(optimizer)
    lazy, dense = (Training(optimizer, "float32", False, 40) for _ in range(2))
    before = [array.copy() for array in lazy.arrays()]
    ids = np.array([0, 3, 4, 39])
    gradient = np.random.default_rng(1).standard_normal((4, 5)).astype(np.float32)
    full = np.zeros_like(dense.weight)
    full[ids] = gradient
    with_ = coefficients(module, optimizer)
    module.rows(lazy.weight, ids, gradient, lazy.states, with_)
    module.dense(dense.many(full), with_)
    others = np.setdiff1d(np.arange(40), ids)
    for mine, theirs, was in zip(lazy.arrays(), dense.arrays(), before, strict=True):
        assert same_bits(mine[ids], theirs[ids])
        assert same_bits(mine[others], was[others])


def test_a_lazy_step_of_lamb_goes_by_the_norms_of_its_rows():
    generator = np.random.default_rng(0)
    weight, mean, variance, update = abs(generator.standard_normal((4, 9, 5)))
    gradient = generator.standard_normal((2, 5))
    hyper = {"lr": 0.1, "wd": 0.01, "t": 1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-6}
    with_ = lamb.coefficients(1, rescale_grad=1, clip_gradient=None, **hyper)
    alone = [array[[2, 7]] for array in (weight, mean, variance, update)]
    lamb.dense(([alone[0]], [gradient], [[state] for state in alone[1:]]), with_)
    others = np.delete(weight, [2, 7], axis=0)
    lamb.rows(weight, [2, 7], gradient, [mean, variance, update], with_)
    assert same_bits(weight[[2, 7]], alone[0])
    assert same_bits(np.delete(weight, [2, 7], axis=0), others)


def test_lamb_bounds_the_norm_of_the_weight_and_steps_plainly_from_zeros():
    hyper = {"lr": 0.5, "wd": 0, "t": 1, "beta1": 0.0, "beta2": 0.0, "epsilon": 0.0}
    common = {"rescale_grad": 1, "clip_gradient": None, "bias_correction": False}
    for start, bounds, moved in (
        (3.0, {}, 1.5), (3.0, {"upper_bound": 2.0}, 1.0), (3.0, {"lower_bound": 8.0}, 4.0),
        (0.0, {}, 0.5),
    ):  # fmt: skip
        weight, gradient, *states = (np.full(1, value) for value in (start, 7.0, 0.0, 0.0, 0.0))
        with_ = lamb.coefficients(1, **hyper, **common, **bounds)
        lamb.dense(([weight], [gradient], [[state] for state in states]), with_)
        assert weight[0] == start - moved


def test_many_parameters_of_one_dtype_enter_compiled_code_once(monkeypatch):
    shapes = [(), (1,), (3,), (0, 4), (64,), (100, 70)] * 20
    arrays = [[np.ones(shape, np.float32) for shape in shapes] for _ in range(3)]
    bound = sgd.bind(arrays[0], arrays[1], [arrays[2]])
    with_ = sgd.coefficients(
        len(shapes), lr=0.1, wd=0, rescale_grad=1, clip_gradient=None, momentum=0.9
    )
    entered = []
    enter = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *given: entered.append(1) or enter(*given))
    before = kernels.set_num_threads(1)
    try:
        sgd.dense(bound, with_)
    finally:
        kernels.set_num_threads(before)
    assert len(entered) == 1
    assert all(
        (array == np.float32(1) + (np.float32(0.9) - np.float32(0.1))).all() for array in arrays[0]
    )


def test_a_clip_of_zero_bounds_nothing():
    common = {"lr": 1, "wd": 0, "rescale_grad": 1}
    none = sgd.coefficients(1, clip_gradient=None, **common)
    assert same_bits(sgd.coefficients(1, clip_gradient=0, **common), none)
    assert same_bits(sgd.coefficients(1, clip_gradient=-1.0, **common), none)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        pytest.param({"lr": float("nan")}, ValueError, "lr must be finite, but is nan", id="nan"),
        pytest.param({"wd": np.array([np.inf])}, ValueError, r"wd\[0\] is inf", id="infinite"),
        pytest.param({"lr": np.ones(2)}, ValueError, r"shape \(2,\)", id="shape"),
        pytest.param({"lr": "a"}, TypeError, "lr must be a real number, not str", id="text"),
        pytest.param({"speed": 1}, TypeError, "unknown: speed", id="unknown"),
        pytest.param({"t": 0}, ValueError, "t counts the steps from 1", id="step zero"),
    ],
)
def test_hyper_parameters_that_mean_nothing_raise(changed, error, message):
    common = {"lr": 1, "wd": 0, "rescale_grad": 1, "clip_gradient": None, "t": 1, "beta1": 0.9}
    with pytest.raises(error, match=message):
        adam.coefficients(1, **(common | {"beta2": 0.9, "epsilon": 1e-8} | changed))


def test_a_missing_hyper_parameter_raises():
    with pytest.raises(TypeError, match="missing: wd, rescale_grad, clip_gradient"):
        sgd.coefficients(1, lr=1)


def _untouched(call, *arrays):
    before = [array.copy() for array in arrays]
    call()
    for array, was in zip(arrays, before, strict=True):
        assert same_bits(array, was)


BACKENDS = [
    pytest.param(importlib.import_module(f"numparam.kernels.{name}.sgd"), id=name)
    for name in ("cpu", "reference")
]
ONE = sgd.coefficients(1, lr=1, wd=0, rescale_grad=1, clip_gradient=None, momentum=0.5)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        pytest.param([1, 9], IndexError, r"ids\[1\] is 9", id="beyond"),
        pytest.param([-1, 2], IndexError, r"ids\[0\] is -1", id="negative"),
        pytest.param([2, 1], ValueError, r"ids\[1\] is 1 after 2", id="falling"),
        pytest.param([2, 2], ValueError, r"ids\[1\] is 2 after 2", id="repeated"),
        pytest.param([1], ValueError, "1 ids and data 2 rows", id="count"),
    ],
)
def test_wrong_ids_raise_and_change_nothing(backend, ids, error, message):
    weight, momentum = np.ones((9, 2)), np.ones((9, 2))
    last = np.zeros(9, np.int64)

    def call():
        with pytest.raises(error, match=message):
            backend.rows(weight, ids, np.ones((2, 2)), [momentum], ONE)
        with pytest.raises(error, match=message):
            backend.exact_rows(weight, ids, np.ones((2, 2)), [momentum], last, ONE)

    _untouched(call, weight, momentum, last)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_history_that_does_not_go_back_far_enough_raises(backend):
    weight, momentum, last = np.ones((3, 2)), np.ones((3, 2)), np.array([4, 1, 9])

    def call():
        with pytest.raises(ValueError, match="row 1 had step 1 last; the history goes from step 5"):
            backend.catch_up(weight, [momentum], last, ONE, 5)
        with pytest.raises(ValueError, match="row 2 had step 9 last"):
            backend.exact_rows(weight, [2], np.ones((1, 2)), [momentum], last, ONE, 5)

    _untouched(call, weight, momentum, last)


@pytest.mark.parametrize("backend", BACKENDS)
def test_arrays_that_do_not_fit_raise_and_change_nothing(backend):
    weight, gradient, momentum = np.ones(4), np.ones(4), np.ones(4)

    def call():
        for wrong, error, message in (
            (([weight], [gradient[:3]], [[momentum]]), ValueError, r"gradients\[0\] must be"),
            (([weight], [], [[momentum]]), ValueError, "1 weights and 0 gradients"),
            (([weight], [gradient], [[np.ones(4, "f4")]]), ValueError, r"states\[0\]\[0\] must be"),
            (([weight], [gradient], [[weight]]), ValueError, "share memory"),
            (([weight], [weight], [[momentum]]), ValueError, "share memory"),
            (([weight], [gradient], [[momentum]] * 2), ValueError, "takes 0 or 1 states"),
            (([np.ones(4, int)], [np.ones(4, int)], [[np.ones(4, int)]]), TypeError, "int64"),
            (([weight], [gradient], [[momentum]], [np.ones(4, "f4")]), TypeError, "float64; only"),
        ):
            with pytest.raises(error, match=message):
                backend.dense(wrong, ONE)
        with pytest.raises(ValueError, match="coefficients must be float64"):
            backend.dense(([weight], [gradient], [[momentum]]), ONE[:, :3].copy())

    _untouched(call, weight, momentum)


def test_gradients_may_share_memory_with_each_other():
    first, second, gradient = np.zeros(3), np.zeros(3), np.ones(3)
    with_ = np.concatenate([ONE, ONE])
    sgd.dense(([first, second], [gradient, gradient], []), with_)
    assert first.tolist() == second.tolist() == [-1, -1, -1]


def test_bound_arrays_are_not_pickled():
    with pytest.raises(TypeError, match="addresses of this process"):
        pickle.dumps(sgd.bind([np.ones(2)], [np.ones(2)], []))
