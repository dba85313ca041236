"""Learning-rate schedules: MXNet's recorded values, and that they are functions of the update."""

from __future__ import annotations

import math
import pickle

import pytest
import replay
from hypothesis import given
from hypothesis import strategies as st

import numparam
from numparam import lr_scheduler

CASES = {case.name: case for case in replay.cases_of("lr_schedules")}
VALUES = replay.load("lr_schedules")["cases"]


@pytest.mark.parametrize("name", sorted(CASES))
def test_schedules_do_what_mxnet_did_or_the_declared_fix(name):
    assert replay.mismatch(CASES[name], VALUES[name.partition(".")[2]], numparam) is None


SCHEDULES = [
    pytest.param(lr_scheduler.FactorScheduler(3, 0.7, base_lr=2.0, warmup_steps=5), id="factor"),
    pytest.param(lr_scheduler.MultiFactorScheduler([4, 9], 0.5, base_lr=2.0), id="steps"),
    pytest.param(lr_scheduler.PolyScheduler(20, 2.0, 3, 0.1, 4), id="poly"),
    pytest.param(lr_scheduler.CosineScheduler(20, 2.0, 0.1, 4), id="cosine"),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
@given(updates=st.lists(st.integers(0, 60), max_size=20))
def test_a_schedule_answers_the_same_in_any_order(schedule, updates):
    expected = {n: schedule(n) for n in range(61)}
    assert [schedule(n) for n in updates] == [expected[n] for n in updates]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_survives_pickling_and_its_attributes_may_change(schedule):
    again = pickle.loads(pickle.dumps(schedule))
    assert [again(n) for n in range(30)] == [schedule(n) for n in range(30)]
    again.base_lr *= 2
    assert again(5) > schedule(5)


def test_factors_multiply_by_their_definition_and_stop():
    schedule = lr_scheduler.FactorScheduler(4, 0.5, stop_factor_lr=0.2, base_lr=1.0)
    assert [schedule(n) for n in (0, 4, 5, 8, 9, 12, 13, 10**9)] == [
        1,
        1,
        0.5,
        0.5,
        0.25,
        0.25,
        0.2,
        0.2,
    ]


def test_a_late_update_of_a_short_step_is_answered_at_once():
    assert lr_scheduler.FactorScheduler(1, 0.999999, base_lr=1.0)(10**12) == 1e-8


def test_cosine_is_half_way_in_the_middle():
    schedule = lr_scheduler.CosineScheduler(10, 1.0, final_lr=0.5)
    assert schedule(5) == pytest.approx(0.75)
    assert math.isclose(schedule(10), 0.5)
    assert schedule(11) == schedule(10)


@pytest.mark.parametrize(
    ("make", "rates"),
    [
        pytest.param(
            lambda: lr_scheduler.FactorScheduler(1, 0.5, base_lr=0.4), [0.001, 0.0005], id="factor"
        ),
        pytest.param(
            lambda: lr_scheduler.FactorScheduler(2, 0.5, base_lr=0.4, warmup_steps=3),
            [0.4 / 3, 0.8 / 3, 0.0005],
            id="factor after warming up",
        ),
        pytest.param(
            lambda: lr_scheduler.MultiFactorScheduler([1], 0.5, base_lr=0.4),
            [0.001, 0.0005],
            id="steps",
        ),
        pytest.param(
            lambda: lr_scheduler.PolyScheduler(4, base_lr=0.4, pwr=1), [0.3, 0.2, 0.1], id="poly"
        ),
        pytest.param(
            lambda: lr_scheduler.CosineScheduler(4, base_lr=0.4, warmup_steps=2),
            [0.2, 0.4, 0.2],
            id="cosine",
        ),
    ],
)
def test_the_learning_rate_of_an_optimizer_replaces_what_it_replaces_in_mxnet(make, rates):
    adam = numparam.optimizer.Adam(lr_scheduler=make())  # its default, 0.001
    updater, weight = numparam.optimizer.get_updater(adam), numparam.nd.ones(2)
    found = []
    for _ in rates:
        updater(0, numparam.nd.ones(2), weight)
        found.append(adam.learning_rate)
    assert found == pytest.approx(rates)
    again = pickle.loads(pickle.dumps(adam.lr_scheduler))
    assert [again(n) for n in range(9)] == [adam.lr_scheduler(n) for n in range(9)]


def test_the_learning_rate_of_ftrl_does_not_replace_that_of_a_schedule():
    schedule = lr_scheduler.FactorScheduler(10, 0.5, base_lr=0.4)
    ftrl = numparam.optimizer.create("ftrl", learning_rate=0.3, lr_scheduler=schedule)
    assert ftrl.learning_rate == schedule.base_lr == 0.4
    assert numparam.optimizer.create("ftrl").learning_rate == 0.1


def test_subclasses_define_the_call():
    with pytest.raises(NotImplementedError, match="LRScheduler must define"):
        lr_scheduler.LRScheduler(base_lr=0.5)(1)

    class Constant(lr_scheduler.LRScheduler):
        def __call__(self, num_update):
            return self.base_lr

    assert Constant(0.3)(7) == 0.3


def growing():
    return lr_scheduler.FactorScheduler(1, 1.1)


def no_steps():
    return lr_scheduler.MultiFactorScheduler([])


def fraction():
    return lr_scheduler.PolyScheduler(2.5)


def nothing():
    return lr_scheduler.CosineScheduler(3, warmup_steps=3)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        pytest.param(growing, ValueError, id="growing"),
        pytest.param(no_steps, AssertionError, id="no-steps"),
        pytest.param(fraction, TypeError, id="fraction"),
        pytest.param(nothing, ValueError, id="nothing"),
    ],
)
def test_bad_arguments_are_refused(make, error):
    with pytest.raises(error):
        make()
