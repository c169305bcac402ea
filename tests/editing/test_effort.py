"""What the work took, by a clock that a test turns."""

from __future__ import annotations

import pytest

from napari_boundaryseg.editing.effort import Effort, Work


class Clock:
    """Shows what it was set to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def effort(clock: Clock) -> Effort:
    return Effort(clock=clock)


def test_strokes_and_their_path(effort: Effort) -> None:
    effort.stroke(2, 41, [(0, 0, 0), (0, 3, 4), (0, 3, 4)])
    effort.stroke(2, 41, [(1, 1, 1)])
    effort.stroke(1, 41, [(0, 0, 0), (1, 0, 0)])
    assert effort.rows() == {(1, 41): Work(1, 1.0, 0.0, 0), (2, 41): Work(2, 5.0, 0.0, 0)}
    assert effort.total() == Work(3, 6.0, 0.0, 0)


def test_time_goes_to_what_is_at_hand(effort: Effort, clock: Clock) -> None:
    effort.active(2, 41)
    clock.now += 3
    effort.active(1, 41)
    clock.now += 2
    effort.undo(1, 42)
    clock.now += 1
    assert {key: row.seconds for key, row in effort.rows().items()} == {(1, 41): 2.0, (1, 42): 1.0, (2, 41): 3.0}
    assert effort.total().undos == 1


def test_the_clock_stops_when_nobody_works(effort: Effort, clock: Clock) -> None:
    effort.active(2, 41)
    for _ in range(10):
        clock.now += 1
        assert effort.total().seconds <= 5.0  # looking is no sign of life
    effort.active(2, 41)
    clock.now += 4
    effort.pause()
    clock.now += 4
    assert effort.total().seconds == 9.0


def test_as_csv(effort: Effort, clock: Clock) -> None:
    effort.stroke(2, 41, [(0, 0, 0), (0, 0, 2.5)])
    clock.now += 1.5
    assert effort.as_csv({2: "Prostate"}) == (
        "organ,name,slice,strokes,path_mm,seconds,undos\n2,Prostate,42,1,2.5,1.5,0\n"
    )
