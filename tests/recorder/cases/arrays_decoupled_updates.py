"""The update operators of AdamW, LAMB in one step, and AdaGrad with a history for each row."""

from __future__ import annotations

import numpy as np
from harness import case, outcome

WEIGHT = np.array([[0.5, -1.25], [2.0, 0.75], [-0.5, 1.5]])
GRAD = np.array([[0.25, 1.5], [-2.0, 0.5], [1.0, -0.75]])
STATE = np.array([[0.125, 0.5], [0.75, 1.25], [0.25, 0.625]])

SETTINGS = {
    "plain": {},
    "clipped": {"clip_gradient": 0.4},
    "clipped to 0": {"clip_gradient": 0.0},
    "others": {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01},
}


def _arrays(mx, wide, rows=slice(None)):
    """Weight, gradient, mean, variance and, beside a 16-bit weight, a float32 weight."""
    dtype = "float16" if wide else "float32"
    made = [mx.nd.array(values[rows], dtype=dtype) for values in (WEIGHT, GRAD)]
    made += [mx.nd.array(values[rows]) for values in (STATE, STATE + 1)]
    return made + ([mx.nd.array(WEIGHT[rows] + 0.001)] if wide else [])


def _read(weights):
    return [[array.asnumpy() for array in (arrays[0], *arrays[2:])] for arrays in weights]


def _scales(mx):
    return {
        "number": 0.5,
        "array": mx.nd.array([2.0]),
        "zero": 0,
        "nan": np.nan,
        "infinite array": mx.nd.array([np.inf]),
    }


@case("2.8 update operators: AdamW", rtol=5e-6)
def adamw(mx):
    def step(wide, scale, settings):
        weight, *rest = _arrays(mx, wide)
        update = mx.nd.contrib.mp_adamw_update if wide else mx.nd.contrib.adamw_update
        update(weight, *rest, scale, lr=0.1, eta=0.5, wd=0.05, out=weight, **settings)
        return _read([[weight, *rest]])

    return {
        f"{label}, {scale}{', float16' if wide else ''}": outcome(
            lambda w=wide, s=number, own=settings: step(w, s, own)
        )
        for wide in (False, True)
        for label, settings in SETTINGS.items()
        for scale, number in _scales(mx).items()
    }


def _of_two(mx, wide):
    return [_arrays(mx, wide), _arrays(mx, wide, slice(0, 1))]


@case("2.8 update operators: AdamW, many weights", rtol=5e-6)
def many_adamw(mx):
    def step(wide, scale, settings):
        both = _of_two(mx, wide)
        update = mx.nd.contrib.multi_mp_adamw_update if wide else mx.nd.contrib.multi_adamw_update
        lists = [list(arrays) for arrays in zip(*both)]  # noqa: B905  # also on Python 3.8
        rates = {"lrs": (0.1, 0.2), "wds": (0.05, 0.1), "etas": (0.5, 0.3)}
        update(*lists, scale, **rates, out=lists[0], **settings)
        return _read(both)

    return {
        f"{label}, {scale}{', float16' if wide else ''}": outcome(
            lambda w=wide, s=number, own=settings: step(w, s, own)
        )
        for wide in (False, True)
        for label, settings in SETTINGS.items()
        for scale, number in _scales(mx).items()
    }


@case("2.8 update operators: LAMB in one step", rtol=5e-6)
def many_lamb(mx):
    def step(wide, settings):
        both = _of_two(mx, wide)
        update = mx.nd.contrib.multi_mp_lamb_update if wide else mx.nd.contrib.multi_lamb_update
        lists = [list(arrays) for arrays in zip(*both)]  # noqa: B905  # also on Python 3.8
        update(*lists, (1, 3), lrs=(0.1, 0.2), wds=(0.05, 0.1), out=lists[0], **settings)
        return _read(both)

    more = {
        "without correction": {"bias_correction": False},
        "bounded": {"lower_bound": 0.5, "upper_bound": 1.0},
        "rescaled": {"rescale_grad": 0.25},
    }
    return {
        f"{label}{', float16' if wide else ''}": outcome(lambda w=wide, s=settings: step(w, s))
        for wide in (False, True)
        for label, settings in {**SETTINGS, **more}.items()
    }


@case("2.8 update operators: AdaGrad by rows", rtol=5e-6)
def by_rows(mx):
    # MXNet has no such operation on CPUs for dense gradients.
    def step(stype, settings):
        weight = mx.nd.array(WEIGHT).tostype(stype)
        history = mx.nd.array(STATE[:, :1]).tostype(stype)
        grad = mx.nd.array(GRAD * [[1], [0], [1]]).tostype("row_sparse")
        mx.nd.contrib.group_adagrad_update(weight, grad, history, lr=0.1, out=weight, **settings)
        return [weight.stype, weight.asnumpy(), history.asnumpy()]

    return {
        f"{stype} {sorted(settings)}": outcome(lambda s=stype, own=settings: step(s, own))
        for stype in ("default", "row_sparse")
        for settings in ({}, {"rescale_grad": 0.5, "clip_gradient": 0.4, "epsilon": 0.01})
    }
