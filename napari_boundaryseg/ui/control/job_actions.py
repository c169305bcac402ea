"""The running job: its news as Qt signals, which end with the panel that hears them; cancel and pause."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.session import Session


class JobActions(QObject):
    """Follows whichever job the session runs."""

    progressed = Signal(float, str)
    """The part that is done, 0 to 1, and what is being done."""
    finished = Signal(object)
    """The `Job`, however it ended."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        session.job_changed.connect(self._on_job)

    def _on_job(self, job: Job | None) -> None:
        if job is not None:
            job.progressed.connect(lambda fraction, text: self.progressed.emit(fraction, text))
            job.finished.connect(lambda: self.finished.emit(job))

    def cancel(self) -> None:
        """Stop what is running."""
        if self._session.job is not None:
            self._session.job.cancel()

    def pause(self, on: bool) -> None:
        """Pause what is running, or resume it."""
        job = self._session.job
        if job is not None:
            job.pause() if on else job.resume()

    def warm_up(self) -> None:
        """Let the worker start before it is needed."""
        prestart = getattr(self._session.runner, "prestart", None)
        if prestart is not None:
            prestart()
