"""One job in a row: what is being done, how far it has come, how long it will take; pause and cancel."""

from __future__ import annotations

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from napari_boundaryseg.jobs.clock import left_in_words
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.ui.widgets.controls import button, column, line, named

LONGEST = 32
"""Characters of a name that fit beside the rest."""
SETTLE_MS = 400
"""A row that another job moves into cannot be cancelled at once: the click was meant for the one before."""


class JobRow(QWidget):
    """Shows a job until it is given another; hidden without one.

    Parameters
    ----------
    name : str
        Its controls are NAME.text, NAME.progress, NAME.cancel and, where it can be paused, NAME.pause.
    pausable : bool
    """

    cancel_requested = Signal(object)
    pause_requested = Signal(object, bool)

    def __init__(self, name: str, pausable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self._stopping = False
        self.doing = line(f"{name}.text")
        self.progress = named(QProgressBar(), f"{name}.progress", "Progress")
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.pause = button(f"{name}.pause", "Pause", "Let it wait, or go on")
        self.cancel = button(f"{name}.cancel", "Cancel", "Stop it")
        row = QHBoxLayout()
        row.addWidget(self.progress, 1)
        if pausable:
            row.addWidget(self.pause)
        row.addWidget(self.cancel)
        rows = column(self, self.doing)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(row)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(lambda: self.cancel.setEnabled(not self._stopping))
        self.pause.clicked.connect(self._on_pause)
        self.cancel.clicked.connect(self._on_cancel)
        self.hide()

    def follow(self, job: Job | None) -> None:
        """Show this job from now on."""
        if job is self.job:
            return
        before, self.job, self._stopping = self.job, job, False
        self.setVisible(job is not None)
        self.cancel.setEnabled(before is None)
        self._settle.start()
        self.refresh()

    def refresh(self) -> None:
        """Show how far the job is now."""
        job = self.job
        if job is None:
            return
        self.progress.setUpdatesEnabled(False)  # else a new value draws the whole window, the scan too, at once
        self.progress.setValue(round(1000 * job.fraction))
        self.progress.setUpdatesEnabled(True)
        self.pause.setText("Resume" if job.paused else "Pause")
        self.pause.setAccessibleName(self.pause.text())
        self.doing.setText(" · ".join(in_words(job, self._stopping)))
        self.doing.setToolTip(job.about)

    def _on_pause(self) -> None:
        if self.job is not None:
            self.pause_requested.emit(self.job, not self.job.paused)

    def _on_cancel(self) -> None:
        self._stopping = True
        self.cancel.setEnabled(False)
        self.refresh()
        if self.job is not None:
            self.cancel_requested.emit(self.job)


def in_words(job: Job, stopping: bool = False) -> list[str]:
    """What a job does, for how long it has done so, and how long it will still take, as far as that is known."""
    about = job.about if len(job.about) <= LONGEST else f"{job.about[: LONGEST // 2]}…{job.about[-LONGEST // 2 :]}"
    name = ": ".join(filter(None, (job.task.title, about)))
    if job.state == "waiting":
        return [*filter(None, [name]), "Stopping" if stopping else "Starting" if job.begun else "Waiting"]
    left = None if job.paused or stopping else job.clock.left_s()
    doing = "Stopping" if stopping else f"Paused, {job.text}" if job.paused else job.text
    words = [name, doing, f"{job.clock.seconds():.0f} s", left_in_words(left) if left is not None else ""]
    return [word for word in words if word]
