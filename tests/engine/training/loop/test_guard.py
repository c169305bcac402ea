"""The guard against steps without finite numbers: three in a row restore, four restores give up."""

from __future__ import annotations

from napari_boundaryseg.engine.training.loop.guard import Guard


def test_only_bad_steps_in_a_row_restore_and_each_time_the_rate_is_halved() -> None:
    guard = Guard()
    for _ in range(5):
        guard = guard.after_bad().after_bad().after_good()
    assert guard == Guard()
    for restores in (1, 2, 3):
        guard = guard.after_bad().after_bad().after_bad()
        assert guard == Guard(0.5**restores, 0, restores)
        assert not guard.given_up
    assert guard.after_bad().after_bad().after_bad().given_up


def test_a_state_keeps_it_and_older_ones_that_know_the_damping_alone_are_read() -> None:
    guard = Guard(0.25, 2, 2)
    assert Guard.of({name: float(value) for name, value in guard.numbers().items()}) == guard
    assert Guard.of({"step": 3.0, "damping": 0.5}) == Guard(0.5)
