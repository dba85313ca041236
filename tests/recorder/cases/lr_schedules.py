"""Learning-rate schedules: their values over the updates, warming up, and bad arguments."""

from __future__ import annotations

from harness import case, outcome, raises, rows

_REFUSED = raises("ValueError")


def _values(schedule, stop=40):
    return [float(schedule(n)) for n in range(stop)]


@case("2.8 schedules: values of updates in order", rtol=1e-12)
def values(mx):
    ls = mx.lr_scheduler
    warm = {"warmup_steps": 6, "warmup_begin_lr": 0.1}
    made = {
        "factor": lambda: ls.FactorScheduler(5, 0.5, base_lr=0.8),
        "factor, default": lambda: ls.FactorScheduler(7),
        "factor, stopped": lambda: ls.FactorScheduler(2, 0.1, stop_factor_lr=1e-3, base_lr=1.0),
        "factor, warm": lambda: ls.FactorScheduler(5, 0.5, base_lr=0.8, **warm),
        "factor, constant": lambda: ls.FactorScheduler(
            3, 0.5, base_lr=0.8, warmup_mode="constant", **warm
        ),
        "steps": lambda: ls.MultiFactorScheduler([3, 10, 11, 30], 0.1, base_lr=2.0),
        "steps, default": lambda: ls.MultiFactorScheduler([3]),
        "steps, warm": lambda: ls.MultiFactorScheduler([3, 10, 11], 0.1, base_lr=2.0, **warm),
        "poly": lambda: ls.PolyScheduler(30, base_lr=0.5),
        "poly, warm": lambda: ls.PolyScheduler(30, 0.5, pwr=1, final_lr=0.01, **warm),
        "cosine": lambda: ls.CosineScheduler(30, base_lr=0.5),
        "cosine, warm": lambda: ls.CosineScheduler(30, 0.5, final_lr=0.01, **warm),
        "cosine, constant": lambda: ls.CosineScheduler(
            30, 0.5, warmup_steps=4, warmup_begin_lr=0.2, warmup_mode="constant"
        ),
    }
    return {name: outcome(lambda make=make: _values(make())) for name, make in made.items()}


@case(
    "2.8 schedules: bad arguments",
    fix="nothing is left to decay once warming up is over",
    fixed={
        "ls.PolyScheduler(5, warmup_steps=5)(5)": _REFUSED,
        "ls.CosineScheduler(5, warmup_steps=5)(5)": _REFUSED,
    },
)
def arguments(mx):
    return rows(
        lambda: {"ls": mx.lr_scheduler},
        "ls.FactorScheduler(0)",
        "ls.FactorScheduler(1, 1.1)",
        "ls.FactorScheduler(1, base_lr=0.1, warmup_begin_lr=0.2)",
        "ls.FactorScheduler(1, warmup_steps=-1)",
        "ls.FactorScheduler(1, warmup_steps=1.5)",
        "ls.FactorScheduler(1, warmup_mode='other')",
        "ls.MultiFactorScheduler([])",
        "ls.MultiFactorScheduler((1, 2))",
        "ls.MultiFactorScheduler([2, 2])",
        "ls.MultiFactorScheduler([0, 2])",
        "ls.MultiFactorScheduler([1, 2], 2)",
        "ls.PolyScheduler(0)",
        "ls.PolyScheduler(2.5)",
        "ls.PolyScheduler(5, warmup_steps=5)(5)",
        "ls.CosineScheduler(0)",
        "ls.CosineScheduler(2.5)",
        "ls.CosineScheduler(5, warmup_steps=5)(5)",
        "ls.FactorScheduler(1, warmup_steps=3).get_warmup_lr(3)",
        "ls.FactorScheduler(5, 0.5, base_lr=0.8, warmup_steps=6).warmup_final_lr",
        "ls.PolyScheduler(5, 0.5, 3, 0.1, 2).max_steps",
        "ls.PolyScheduler(5, 0.5, 3, 0.1, 2).power",
    )


@case(
    "2.8 schedules: an earlier update after a late one, and another base_lr",
    rtol=1e-12,
    fix="a schedule is a function of the update; base_lr is where it starts",
    fixed={
        "factor": {"value": [{"float": "0.25"}, {"float": "1.0"}]},
        "steps": {"value": [{"float": "0.25"}, {"float": "1.0"}]},
        "poly, other base": {"value": {"float": "2.0"}},
        "cosine, other base": {"value": {"float": "2.0"}},
        "warming up, other base": {"value": {"float": "1.0"}},
    },
)
def order(mx):
    ls = mx.lr_scheduler

    def late_then_early(schedule):
        return [float(schedule(21)), float(schedule(1))]

    def with_base(schedule, update):
        schedule.base_lr = 2.0
        return float(schedule(update))

    return {
        "factor": outcome(lambda: late_then_early(ls.FactorScheduler(10, 0.5, base_lr=1.0))),
        "steps": outcome(lambda: late_then_early(ls.MultiFactorScheduler([5, 10], 0.5, 1.0))),
        "poly": outcome(lambda: late_then_early(ls.PolyScheduler(42, 1.0, 1))),
        "factor, other base": outcome(lambda: with_base(ls.FactorScheduler(5, 0.5), 6)),
        "poly, other base": outcome(lambda: with_base(ls.PolyScheduler(10, 1.0), 0)),
        "cosine, other base": outcome(lambda: with_base(ls.CosineScheduler(10, 1.0), 0)),
        "warming up, other base": outcome(
            lambda: with_base(ls.FactorScheduler(5, 0.5, base_lr=1.0, warmup_steps=4), 2)
        ),
    }
