"""The update operators of optimizers: dense, in place, with row-sparse gradients, in 16 bits."""

from __future__ import annotations

import numpy as np
from harness import case, outcome

SHAPE = (3, 2)
WEIGHT = np.array([[0.5, -1.25], [2.0, 0.75], [-0.5, 1.5]])
GRAD = np.array([[0.25, 1.5], [-2.0, 0.5], [1.0, -0.75]])
STATE = np.array([[0.125, 0.5], [0.75, 1.25], [0.25, 0.625]])

COMMON = {"lr": 0.1, "wd": 0.05, "rescale_grad": 0.5}
CLIPPED = {**COMMON, "clip_gradient": 0.4}

# Name, number of states, attributes.
PLAIN = [
    ("sgd_update", 0, {}),
    ("sgd_mom_update", 1, {"momentum": 0.9}),
    ("nag_mom_update", 1, {"momentum": 0.9}),
    ("signsgd_update", 0, {}),
    ("signum_update", 1, {"momentum": 0.9, "wd_lh": 0.01}),
    ("adam_update", 2, {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3}),
    ("rmsprop_update", 1, {"gamma1": 0.9, "epsilon": 1e-3}),
    ("rmsprop_update", 1, {"clip_weights": 0.6}),
    ("rmspropalex_update", 3, {"epsilon": 1.0}),
    ("ftrl_update", 2, {"lamda1": 0.3, "beta": 0.5}),
]


def _step(mx, name, states, attributes, dtype="float32", grad=None, stypes=("default",) * 5):
    """Weight, result and states after a step with ``out=weight``."""

    def array(values, stype="default"):
        return mx.nd.array(values, dtype=dtype).tostype(stype)

    weight = array(WEIGHT, stypes[0])
    made = [array(STATE + place, stypes[1]) for place in range(states)]
    grad = array(GRAD) if grad is None else grad
    result = getattr(mx.nd, name)(weight, grad, *made, out=weight, **attributes)
    return [result.stype, weight.asnumpy(), *(state.asnumpy() for state in made)]


@case("2.8 update operators: dense, written in place", rtol=2e-6)
def dense_steps(mx):
    found = {}
    for name, states, attributes in PLAIN:
        for label, common in (("", COMMON), (" clipped", CLIPPED)):
            key = f"{name}{label} {sorted(attributes)}"
            found[key] = outcome(
                lambda n=name, s=states, a=attributes, c=common: _step(mx, n, s, {**c, **a})
            )
            found[key + " float64"] = outcome(
                lambda n=name, s=states, a=attributes, c=common: _step(
                    mx, n, s, {**c, **a}, "float64"
                )
            )
    return found


@case("2.8 update operators: defaults", rtol=2e-6)
def defaults(mx):
    return {
        f"{name}": outcome(lambda n=name, s=states: _step(mx, n, s, {"lr": 0.1}))
        for name, states, _ in PLAIN
        if name != "rmspropalex_update"
    }


# MXNet computes 1 - beta2 from a float32, which changes it in the fifth digit.
@case("2.8 update operators: ftml and lamb", rtol=3e-5)
def by_number_of_the_step(mx):
    nd = mx.nd

    def ftml():
        weight = nd.array(WEIGHT)
        states = [nd.array(STATE + place) for place in range(3)]
        nd.ftml_update(weight, nd.array(GRAD), *states, lr=0.1, wd=0.05, t=3, out=weight)
        return [weight.asnumpy(), *(state.asnumpy() for state in states)]

    def phase1(correction):
        mean, var = nd.array(STATE), nd.array(STATE + 1)
        direction = nd.lamb_update_phase1(
            nd.array(WEIGHT),
            nd.array(GRAD),
            mean,
            var,
            t=2,
            wd=0.05,
            rescale_grad=0.5,
            clip_gradient=0.4,
            bias_correction=correction,
        )
        return [direction.asnumpy(), mean.asnumpy(), var.asnumpy()]

    def phase2(first, second, **bounds):
        weight = nd.array(WEIGHT)
        norms = nd.array([first]), nd.array([second])
        nd.lamb_update_phase2(weight, nd.array(GRAD), *norms, lr=0.1, out=weight, **bounds)
        return weight.asnumpy()

    return {
        "ftml": outcome(ftml),
        "phase 1": outcome(lambda: phase1(True)),
        "phase 1 without correction": outcome(lambda: phase1(False)),
        "phase 2": outcome(lambda: phase2(2.0, 4.0)),
        "phase 2 of a zero weight": outcome(lambda: phase2(0.0, 4.0)),
        "phase 2 in bounds": outcome(lambda: phase2(9.0, 4.0, lower_bound=0.5, upper_bound=3.0)),
    }


@case("2.8 update operators: float32 weights beside 16-bit ones", rtol=2e-6)
def with_master_weights(mx):
    nd = mx.nd

    def step(name, states, **attributes):
        weight = nd.array(WEIGHT, dtype="float16")
        wide = [nd.array(STATE) for _ in range(states)] + [nd.array(WEIGHT + 0.001)]
        grad = nd.array(GRAD, dtype="float16")
        getattr(nd, name)(weight, grad, *wide, out=weight, **COMMON, **attributes)
        return [weight.asnumpy(), *(array.asnumpy() for array in wide)]

    return {
        "sgd": outcome(lambda: step("mp_sgd_update", 0)),
        "sgd with momentum": outcome(lambda: step("mp_sgd_mom_update", 1, momentum=0.9)),
        "nag": outcome(lambda: step("mp_nag_mom_update", 1, momentum=0.9)),
    }


def _changed(found):
    """Check that the float32 weight is near the 16-bit one, which was updated."""
    weight, master = (np.array(found["value"][place]["data"].split(), float) for place in (1, 4))
    return bool(np.allclose(weight, master, rtol=1e-3))


@case(
    "2.8 update operators: the float32 weight of lamb",
    fix="the float32 weight is updated, too",
    fixed={"lamb": _changed},
    rtol=3e-5,
)
def lamb_with_master_weights(mx):
    nd = mx.nd

    def lamb():
        weight = nd.array(WEIGHT, dtype="float16")
        mean, var, master = nd.array(STATE), nd.array(STATE + 1), nd.array(WEIGHT + 0.001)
        grad = nd.array(GRAD, dtype="float16")
        g = nd.mp_lamb_update_phase1(weight, grad, mean, var, master, t=1, wd=0.05)
        nd.mp_lamb_update_phase2(
            weight, g, nd.array([2.0]), nd.array([3.0]), master, lr=0.1, out=weight
        )
        return [
            g.asnumpy(),
            weight.asnumpy(),
            mean.asnumpy(),
            var.asnumpy(),
            master.asnumpy(),
        ]

    return {"lamb": outcome(lamb), "but for that": outcome(lambda: lamb()[:4])}


@case("2.8 update operators: many weights in one call", rtol=2e-6)
def many_weights(mx):
    nd = mx.nd
    rates = {"lrs": (0.1, 0.2), "wds": (0.05, 0.0), "num_weights": 2, "rescale_grad": 0.5}

    def arrays(dtype, states, master):
        groups = []
        for add in (0.0, 1.0):
            group = [nd.array(WEIGHT + add, dtype=dtype), nd.array(GRAD - add, dtype=dtype)]
            group += [nd.array(STATE + add) for _ in range(states)]
            group += [nd.array(WEIGHT + add + 0.001)] * master
            groups.append(group)
        return groups

    def step(name, dtype, states, master, **attributes):
        groups = arrays(dtype, states, master)
        given = [array for group in groups for array in group]
        settings = dict(rates)
        if name.startswith("preloaded"):
            given += [nd.array(settings.pop("lrs")), nd.array(settings.pop("wds"))]
        weights = [group[0] for group in groups]
        getattr(nd, name)(*given, out=weights, **settings, **attributes)
        return [array.asnumpy() for group in groups for array in group]

    found = {}
    for prefix in ("", "preloaded_"):
        for name, row in (
            ("multi_sgd_update", ("float32", 0, 0, {})),
            ("multi_sgd_mom_update", ("float32", 1, 0, {"momentum": 0.9})),
            ("multi_mp_sgd_update", ("float16", 0, 1, {})),
            ("multi_mp_sgd_mom_update", ("float16", 1, 1, {"momentum": 0.9})),
        ):
            found[prefix + name] = outcome(lambda n=prefix + name, r=row: step(n, *r[:3], **r[3]))
    sums = [nd.array([0.5, 0.0, 2.0]) for _ in range(3)]
    found["multi_lars"] = outcome(
        lambda: nd.multi_lars(nd.array([0.1, 0.2, 0.3]), *sums, eta=0.1, eps=0.01, rescale_grad=0.5)
    )
    return found


def _sparse(mx, name, states, lazy, weight_stype, state_stype):
    grad = mx.nd.sparse.row_sparse_array((GRAD[[0, 2]], [0, 2]), shape=SHAPE, dtype="float32")
    attributes = {**COMMON, **({} if lazy is None else {"lazy_update": lazy})}
    if name == "sgd_mom_update":
        attributes["momentum"] = 0.9
    return _step(mx, name, states, attributes, grad=grad, stypes=(weight_stype, state_stype))


@case("2.8 update operators: row-sparse gradients", rtol=2e-6)
def row_sparse_gradients(mx):
    found = {}
    for name, states, lazies in (
        ("sgd_update", 0, (True, False)),
        ("sgd_mom_update", 1, (True, False)),
        ("adam_update", 2, (True, False)),
        ("ftrl_update", 2, (None,)),
        ("rmsprop_update", 1, (None,)),
        ("nag_mom_update", 1, (None,)),
    ):
        for lazy in lazies:
            # Of a copy of a sparse weight MXNet takes the old weight for the new one.
            for weight in ("default", "row_sparse")[: 1 if name == "nag_mom_update" else 2]:
                for state in ("default", "row_sparse"):
                    if states or state == "default":
                        found[f"{name} lazy={lazy} weight={weight} state={state}"] = outcome(
                            lambda n=name, s=states, z=lazy, w=weight, t=state: _sparse(
                                mx, n, s, z, w, t
                            )
                        )
    return found


@case("2.8 update operators: adagrad of row-sparse gradients", rtol=2e-6)
def adagrad(mx):
    def step(weight_stype):
        weight = mx.nd.array(WEIGHT).tostype(weight_stype)
        history = mx.nd.array(STATE).tostype(weight_stype)
        grad = mx.nd.sparse.row_sparse_array((GRAD[[0, 2]], [0, 2]), shape=SHAPE, dtype="float32")
        mx.nd.sparse.adagrad_update(
            weight, grad, history, lr=0.1, rescale_grad=0.5, clip_gradient=0.4, out=weight
        )
        return [weight.stype, weight.asnumpy(), history.asnumpy()]

    return {stype: outcome(lambda s=stype: step(s)) for stype in ("row_sparse",)}


@case(
    "2.8 update operators: without out, and wrong arguments",
    fix="several results do not need out, and a row-sparse gradient neither",
    fixed={
        "sparse without out": lambda found: "array" in str(found),
        "many without out": lambda found: "array" in str(found),
    },
    rtol=2e-6,
)
def arguments(mx):
    nd = mx.nd
    weight, grad = nd.array(WEIGHT), nd.array(GRAD)
    sparse = mx.nd.sparse.row_sparse_array((GRAD[[0, 2]], [0, 2]), shape=SHAPE, dtype="float32")

    def unchanged():
        result = nd.sgd_update(weight, grad, lr=0.1)
        return [result.asnumpy(), weight.asnumpy()]

    def read(array):
        return array.asnumpy()

    return {
        "without out": outcome(unchanged),
        "other shape": outcome(lambda: read(nd.sgd_update(weight, nd.ones((2, 2)), lr=0.1))),
        "other dtype": outcome(
            lambda: read(nd.sgd_update(weight, nd.ones(SHAPE, dtype="float64"), lr=0.1))
        ),
        "integers": outcome(
            lambda: read(
                nd.sgd_update(nd.ones(SHAPE, dtype="int32"), nd.ones(SHAPE, dtype="int32"), lr=0.1)
            )
        ),
        "no rate": outcome(lambda: read(nd.sgd_update(weight, grad))),
        "too many rates": outcome(
            lambda: nd.multi_sgd_update(
                weight, grad, lrs=(0.1, 0.2), wds=(0.0, 0.0), num_weights=1, out=[weight]
            )
        ),
        "sparse without out": outcome(lambda: read(nd.sgd_update(weight, sparse, lr=0.1))),
        "many without out": outcome(
            lambda: nd.multi_sgd_update(weight, grad, lrs=(0.1,), wds=(0.0,))
        ),
    }
