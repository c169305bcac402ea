"""The guard against steps without finite numbers: three in a row restore, four restores give up."""

from __future__ import annotations

from napari_boundaryseg.engine.training.loop.guard import Guard


def test_only_bad_steps_in_a_row_restore_and_each_time_the_rate_is_halved() -> None:
    guard = Guard()
    for _ in range(5):
        guard = guard.after_bad().after_bad().after_good()
    assert guard == Guard(skipped=10, settled=5)
    for restores in (1, 2, 3):
        guard = guard.after_bad().after_bad().after_bad()
        assert guard == Guard(0.5**restores, 0, restores, skipped=10 + 3 * restores, settled=0)
        assert not guard.given_up
    assert guard.after_bad().after_bad().after_bad().given_up


def test_a_state_keeps_it_and_older_ones_that_know_the_damping_alone_are_read() -> None:
    guard = Guard(0.25, 2, 2, 7, 4)
    assert Guard.of({name: float(value) for name, value in guard.numbers().items()}) == guard
    older = Guard.of({"step": 3.0, "damping": 0.5, "restores": 2.0})
    assert (older.damping, older.restores) == (0.5, 2)
    assert not older.spoilt(3), "it did not count what a training that ends well must have"


def after(steps: str) -> Guard:
    guard = Guard()
    for step in steps:
        guard = guard.after_good() if step == "." else guard.after_bad()
    return guard


def test_a_training_that_ends_in_a_fault_or_mostly_was_one_is_spoilt() -> None:
    assert not after("......").spoilt(6)
    assert not after("..x...xx..").spoilt(10), "single steps are skipped and forgotten"
    assert not after("...xxx......").spoilt(12), "it recovered"
    assert after("......xxx").spoilt(9)
    assert after("......xxx..").spoilt(11), "two steps are no recovery"
    assert after(".xxx.xxx.xxx").spoilt(12)
    assert after(".xxx.xxx....").spoilt(10), "more steps were skipped than taken"
    assert after("xx").spoilt(2)
