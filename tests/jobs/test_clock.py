"""The clock of a job: nothing is promised before it was measured, and pauses do not count."""

from __future__ import annotations

import pytest

from napari_boundaryseg.jobs.clock import FEWEST, MOST, Clock
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.task import Task


class Time:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def clock(time: Time) -> Clock:
    return Clock(time)


def steps(clock: Clock, time: Time, numbers: range, seconds: float, of: int = 100) -> None:
    for n in numbers:
        time.seconds += seconds
        clock.report(n / of, f"Training, step {n} of {of}, loss 0.{n:03}")


def test_nothing_is_promised_before_some_steps_were_measured(clock: Clock, time: Time) -> None:
    assert (clock.seconds(), clock.left_s()) == (0.0, None)
    steps(clock, time, range(1, FEWEST), 3.0)
    assert clock.left_s() is None
    steps(clock, time, range(FEWEST, FEWEST + 1), 3.0)
    assert clock.left_s() == pytest.approx(3.0 * (100 - FEWEST))


def test_what_came_before_the_steps_is_no_measure_of_them(clock: Clock, time: Time) -> None:
    """Loading takes long and is a small part, or none; so does the first of other steps."""
    for text in ("Loading the cases", "Preparing a", "Preparing b", "Preparing c", "Preparing d", "Preparing e"):
        clock.report(0.0, text)
        time.seconds += 60.0
    steps(clock, time, range(1, 11), 2.0)
    assert clock.left_s() == pytest.approx(180.0)
    clock.report(0.9, "Comparing on a, before")
    assert clock.left_s() is None, "of these nothing is known"


def test_a_resumed_training_is_judged_by_the_steps_that_it_took_now(clock: Clock, time: Time) -> None:
    steps(clock, time, range(81, 91), 4.0)
    assert clock.left_s() == pytest.approx(40.0)


def test_the_newest_steps_count(clock: Clock, time: Time) -> None:
    steps(clock, time, range(1, 101), 1.0, of=1000)
    steps(clock, time, range(101, 101 + MOST), 10.0, of=1000)
    assert clock.left_s() == pytest.approx(10.0 * (1000 - 100 - MOST))


def test_it_counts_down_between_two_reports_and_never_below_nothing(clock: Clock, time: Time) -> None:
    steps(clock, time, range(90, 101), 5.0)
    assert clock.left_s() == 0.0
    steps(clock, time, range(1, 11), 5.0)  # another part of the work begins anew
    time.seconds += 3.0
    assert clock.left_s() == pytest.approx(5.0 * 90 - 3.0)
    time.seconds += 10_000.0
    assert clock.left_s() == 0.0


def test_a_report_without_progress_changes_nothing(clock: Clock, time: Time) -> None:
    steps(clock, time, range(1, 11), 1.0)
    before = clock.left_s()
    clock.report(0.1, "Training, step 10 of 100, loss 0.010")
    assert clock.left_s() == before


def test_pauses_do_not_count(clock: Clock, time: Time) -> None:
    steps(clock, time, range(1, 11), 2.0)
    clock.hold(True)
    time.seconds += 5000.0
    assert clock.seconds() == pytest.approx(18.0)
    assert clock.left_s() == pytest.approx(180.0)
    clock.hold(True)
    clock.hold(False)
    clock.hold(False)
    steps(clock, time, range(11, 12), 2.0)
    assert clock.seconds() == pytest.approx(20.0)
    assert clock.left_s() == pytest.approx(178.0)


def test_a_job_that_was_paused_while_it_waited_has_worked_for_nothing_yet(clock: Clock, time: Time) -> None:
    clock.hold(True)
    time.seconds += 50.0
    clock.report(0.0, "Loading")
    time.seconds += 50.0
    assert clock.seconds() == 0.0
    clock.hold(False)
    time.seconds += 7.0
    assert clock.seconds() == pytest.approx(7.0)


def test_a_job_tells_its_clock_of_reports_and_pauses() -> None:
    job, told = Job(Task()), []
    job.clock._now = time = Time()
    job.pause_changed.connect(told.append)
    for n in range(10):
        time.seconds += 1.0
        job.report(n / 10, f"step {n}")
    job.pause()
    time.seconds += 100.0
    assert job.clock.seconds() == pytest.approx(9.0)
    job.resume()
    assert told == [True, False]
    assert job.clock.left_s() == pytest.approx(1.0)
