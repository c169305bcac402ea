"""One call of a long function, observable and cancellable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from psygnal import Signal

from napari_boundaryseg.jobs.clock import Clock
from napari_boundaryseg.task import Task

State = Literal["waiting", "running", "returned", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("returned", "failed", "cancelled")


class Job:
    """A task that is carried out somewhere, and what became of it.

    It ends in exactly one of ``returned``, ``failed`` and ``cancelled``; then ``finished`` is emitted, once.

    Parameters
    ----------
    task : Task
        What it does; its class is the kind of job.
    """

    progressed = Signal(float, str)
    pause_changed = Signal(bool)
    finished = Signal()

    def __init__(self, task: Task) -> None:
        self.task = task
        self.about = ""
        """What is worked on: a scan's name, a model's."""
        self.clock = Clock()
        self.state: State = "waiting"
        self.begun = False
        """Whether its turn has come, also before its first report."""
        self.paused = False
        self.fraction = 0.0
        self.text = ""
        self.result: Any = None
        self.error = ""
        self.error_kind = ""
        self.details = ""
        self._control: Callable[[str], None] = lambda command: None

    @property
    def ended(self) -> bool:
        """Whether it returned, failed or was cancelled."""
        return self.state in ENDED

    def cancel(self) -> None:
        """Ask it to stop; it ends as ``cancelled`` within two seconds."""
        if not self.ended:
            self._control("cancel")

    def pause(self) -> None:
        """Let it wait at its next report."""
        if not self.ended:
            self._set_paused(True)

    def resume(self) -> None:
        """Let it continue."""
        if not self.ended:
            self._set_paused(False)

    def _set_paused(self, paused: bool) -> None:
        self.paused = paused
        self.clock.hold(paused)
        self._control("pause" if paused else "resume")
        self.pause_changed.emit(paused)

    def controlled_by(self, control: Callable[[str], None]) -> None:
        """Give the function that carries out "cancel", "pause" and "resume"."""
        self._control = control

    def report(self, fraction: float, text: str) -> None:
        """Take the news of a running function."""
        if not self.ended:
            self.state, self.fraction, self.text = "running", fraction, text
            self.clock.report(fraction, text)
            self.progressed.emit(fraction, text)

    def end(self, state: State, *, result: Any = None, error: str = "", kind: str = "", details: str = "") -> None:
        """Take its end; a second one is ignored."""
        if self.ended:
            return
        self.state, self.result, self.error, self.error_kind, self.details = state, result, error, kind, details
        self.finished.emit()
