"""The optimizers' formulas in float64 NumPy, as their papers and MXNet 1.9.1 state them.

Written without looking at the kernels: each function makes one step of one dense weight in place.
`g` is the raw gradient, `t` counts from 1; `s` is a dict that the function fills as it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

State = dict[str, Any]


def _clip(g: np.ndarray, bound: float | None) -> np.ndarray:
    return np.clip(g, -bound, bound) if bound else g


def sgd(w, g, s, t, *, lr, wd, r, c, momentum=0.0):
    g = _clip(r * g, c)
    s["m"] = momentum * s.get("m", 0.0) - lr * (g + wd * w)
    w += s["m"]


def nag(w, g, s, t, *, lr, wd, r, c, momentum=0.0):
    g = _clip(r * g, c)
    if not momentum:
        w -= lr * (g + wd * w)
        return
    m = momentum * s.get("m", 0.0)
    w += -m + (momentum + 1) * (m - lr * (g + wd * w))
    s["m"] = m - lr * (g + wd * w)


def adam(w, g, s, t, *, lr, wd, r, c, beta1=0.9, beta2=0.999, epsilon=1e-8):
    g = _clip(r * g + wd * w, c)
    s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g**2
    w -= lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * s["m"] / (np.sqrt(s["v"]) + epsilon)


def adamw(w, g, s, t, *, lr, wd, r, c, beta1=0.9, beta2=0.999, epsilon=1e-8):
    g = _clip(r * g, c)
    s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g**2
    w *= 1 - lr * wd
    w -= lr * (s["m"] / (1 - beta1**t)) / (np.sqrt(s["v"] / (1 - beta2**t)) + epsilon)


def adagrad(w, g, s, t, *, lr, wd, r, c, eps=1e-7):
    g = _clip(r * g, c)
    s["h"] = s.get("h", 0.0) + g**2
    w -= lr * (g / np.sqrt(s["h"] + eps) + wd * w)


def groupadagrad(w, g, s, t, *, lr, wd, r, c, eps=1e-5):
    g = _clip(r * g, c)
    axes = tuple(range(1, g.ndim))
    s["h"] = s.get("h", 0.0) + (g**2).mean(axes, keepdims=True)
    w -= lr * (g / np.sqrt(s["h"] + eps) + wd * w)


def rmsprop(
    w, g, s, t, *, lr, wd, r, c,
    gamma1=0.9, gamma2=0.9, epsilon=1e-8, centered=False, clip_weights=None,
):  # fmt: skip
    g = _clip(r * g + wd * w, c)
    s["n"] = gamma1 * s.get("n", 0.0) + (1 - gamma1) * g**2
    if centered:
        s["g"] = gamma1 * s.get("g", 0.0) + (1 - gamma1) * g
        scale = np.sqrt(s["n"] - s["g"] ** 2 + epsilon)
        s["d"] = gamma2 * s.get("d", 0.0) - lr * g / scale
        w += s["d"]
    else:
        w -= lr * g / np.sqrt(s["n"] + epsilon)
    w[...] = _clip(w, clip_weights)


def ftrl(w, g, s, t, *, lr, wd, r, c, lamda1=0.01, beta=1.0):
    g = _clip(r * g, c)
    n = s.get("n", np.zeros_like(w))
    s["z"] = s.get("z", 0.0) + g - (np.sqrt(n + g**2) - np.sqrt(n)) * w / lr
    s["n"] = n + g**2
    z = s["z"]
    w[...] = (np.sign(z) * lamda1 - z) / ((beta + np.sqrt(s["n"])) / lr + wd) * (abs(z) > lamda1)


def adadelta(w, g, s, t, *, lr, wd, r, c, rho=0.9, epsilon=1e-5):
    g = _clip(r * g, c)
    s["a"] = rho * s.get("a", 0.0) + (1 - rho) * g**2
    d = np.sqrt(s.get("d", 0.0) + epsilon) / np.sqrt(s["a"] + epsilon) * g
    s["d"] = rho * s.get("d", 0.0) + (1 - rho) * d**2
    w -= d + wd * w


def adamax(w, g, s, t, *, lr, wd, r, c, beta1=0.9, beta2=0.999):
    g = _clip(r * g + wd * w, c)
    s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
    s["u"] = np.maximum(beta2 * s.get("u", 0.0), abs(g))
    moved = np.divide(s["m"], s["u"], out=np.zeros_like(w), where=s["m"] != 0)
    w -= lr / (1 - beta1**t) * moved


def nadam(w, g, s, t, *, lr, wd, r, c, beta1=0.9, beta2=0.999, epsilon=1e-8, schedule_decay=0.004):
    g = _clip(r * g + wd * w, c)
    now = beta1 * (1 - 0.5 * 0.96 ** (t * schedule_decay))
    following = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * schedule_decay))
    product = np.prod([beta1 * (1 - 0.5 * 0.96 ** (k * schedule_decay)) for k in range(1, t + 1)])
    s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g**2
    ahead = (1 - now) * g / (1 - product) + following * s["m"] / (1 - product * following)
    w -= lr * ahead / (np.sqrt(s["v"] / (1 - beta2**t)) + epsilon)


def ftml(w, g, s, t, *, lr, wd, r, c, beta1=0.6, beta2=0.999, epsilon=1e-8):
    g = _clip(r * g + wd * w, c)
    s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g**2
    d = (1 - beta1**t) / lr * (np.sqrt(s["v"] / (1 - beta2**t)) + epsilon)
    s["z"] = beta1 * s.get("z", 0.0) + (1 - beta1) * g - (d - beta1 * s.get("d", 0.0)) * w
    s["d"] = d
    w[...] = -s["z"] / d


def signum(w, g, s, t, *, lr, wd, r, c, momentum=0.9, wd_lh=0.0):
    g = _clip(r * g, c)
    if not momentum:
        w -= lr * (np.sign(g) + wd * w)
        return
    s["m"] = momentum * s.get("m", 0.0) - (1 - momentum) * (g + wd * w)
    w[...] = (1 - lr * wd_lh) * w + lr * np.sign(s["m"])


def dcasgd(w, g, s, t, *, lr, wd, r, c, momentum=0.0, lamda=0.04):
    g = _clip(r * g, c)
    previous = s.get("previous", w.copy())
    change = -lr * (g + wd * w + lamda * g**2 * (w - previous))
    s["m"] = momentum * s.get("m", 0.0) + change
    s["previous"] = w.copy()
    w += s["m"]


def lamb(
    w, g, s, t, *, lr, wd, r, c,
    beta1=0.9, beta2=0.999, epsilon=1e-6, lower_bound=None, upper_bound=None, bias_correction=True,
):  # fmt: skip
    g = _clip(r * g, c)
    s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g**2
    m, v = s["m"], s["v"]
    if bias_correction:
        m, v = m / (1 - beta1**t), v / (1 - beta2**t)
    u = m / (np.sqrt(v) + epsilon) + wd * w
    size, length = np.linalg.norm(w), np.linalg.norm(u)
    if lower_bound:
        size = max(size, lower_bound)
    if upper_bound:
        size = min(size, upper_bound)
    w -= lr * (size / length if size and length else 1.0) * u


def lars(w, g, s, t, *, lr, wd, r, c, momentum=0.0, eta=0.001, eps=0.0):
    size, length = np.linalg.norm(w), np.linalg.norm(r * g)
    trust = eta * size / (length + wd * size + eps) if size and length else 1.0
    sgd(w, g, s, t, lr=lr * trust, wd=wd, r=r, c=c, momentum=momentum)


def test(w, g, s, t, *, lr, wd, r, c):
    w += r * g


FORMULAS: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        sgd, nag, adam, adamw, adagrad, groupadagrad, rmsprop, ftrl, adadelta, adamax, nadam,
        ftml, signum, dcasgd, lamb, lars, test,
    )
}  # fmt: skip


class Reference:
    """The float64 reference of one weight, dense, lazy or exact.

    Parameters
    ----------
    name : str
        The optimizer.
    weight : array_like
        First values.
    **hyper
        `lr`, `wd`, `r` (rescaling), `c` (clipping) and the optimizer's own.
    """

    def __init__(self, name: str, weight: Any, **hyper: Any) -> None:
        self.formula = FORMULAS[name]
        self.weight = np.array(weight, np.float64)
        self.hyper = hyper
        self.state: State = {}
        self.t = 0

    def dense(self, gradient: Any) -> None:
        self.t += 1
        self.formula(self.weight, np.array(gradient, np.float64), self.state, self.t, **self.hyper)

    def lazy(self, ids: Any, rows: Any) -> None:
        """Step only some rows, with states of their own."""
        self.t += 1
        for i, row in zip(ids, np.array(rows, np.float64), strict=True):
            own = self.state.setdefault(int(i), {})
            part = self.weight[i : i + 1]
            self.formula(part, row[None], own, self.t, **self.hyper)
