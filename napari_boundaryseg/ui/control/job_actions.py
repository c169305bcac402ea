"""The jobs that have not ended: their news as Qt signals, which end with the panel that hears them."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.engine.task_list import TimeSteps
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.session import Session


class JobActions(QObject):
    """Follows every job of the session."""

    added = Signal(object)
    """The `Job` that begins, or waits."""
    changed = Signal()
    """A job began, or ended."""
    progressed = Signal(object)
    """The `Job` that has come further, was paused, or goes on."""
    paused = Signal(object)
    """The `Job` that was paused, or goes on."""
    finished = Signal(object)
    """The `Job`, however it ended."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        session.jobs.added.connect(self._on_job)
        session.jobs.added.connect(lambda job: self.added.emit(job))
        session.jobs.changed.connect(lambda: self.changed.emit())

    def _on_job(self, job: Job) -> None:
        job.progressed.connect(lambda fraction, text: self._tell(self.progressed, job))
        job.pause_changed.connect(lambda paused: self._tell(self.paused, job))
        job.pause_changed.connect(lambda paused: self._tell(self.progressed, job))
        job.finished.connect(lambda: self._tell(self.finished, job))

    def _tell(self, signal: Any, job: Job) -> None:
        if not self._session.closing:  # parts of the window may be gone
            signal.emit(job)

    def work(self) -> tuple[Job, ...]:
        """What a person waits for, the first first."""
        return self._session.jobs.in_lane("work")

    def adapting(self) -> tuple[Job, ...]:
        """What adapts a model to a scan, the first first."""
        return self._session.jobs.in_lane("adapting")

    def trainings(self) -> tuple[Job, ...]:
        """The training that runs, and those that wait for it."""
        return self._session.jobs.in_lane("training")

    def is_timing(self) -> bool:
        """Whether steps of a fine-tuning are being timed."""
        return bool(self._session.jobs.of(TimeSteps))

    def warm_up(self) -> None:
        """Let the worker start before it is needed."""
        prestart = getattr(self._session.runner, "prestart", None)
        if prestart is not None:
            prestart()
