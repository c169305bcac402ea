"""Jobs beside and behind the one that is shown large: one line each, with Cancel."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.ui.widgets.controls import button, column, line
from napari_boundaryseg.ui.widgets.jobs.job_row import SETTLE_MS, in_words


class MoreJobs(QWidget):
    """Line N has ``NAME.N.text`` and ``NAME.N.cancel``, counted from 1; hidden without any."""

    cancel_requested = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._lines: list[_Line] = []
        self._column = column(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.hide()

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show these jobs from now on."""
        while len(self._lines) < len(jobs):
            made = _Line(f"{self._name}.{len(self._lines) + 1}")
            made.cancelled.connect(self.cancel_requested)
            self._lines.append(made)
            self._column.addWidget(made)
        for number, made in enumerate(self._lines):
            made.follow(jobs[number] if number < len(jobs) else None)
        self.setVisible(bool(jobs))

    def refresh(self) -> None:
        """Show how far each is now."""
        for made in self._lines:
            made.refresh()


class _Line(QWidget):
    cancelled = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.job: Job | None = None
        self.text = line(f"{name}.text", quiet=True)
        self.cancel = button(f"{name}.cancel", "Cancel", "Take it out of the queue, or stop it")
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(lambda: self.cancel.setEnabled(True))
        self.cancel.clicked.connect(lambda _: self.cancelled.emit(self.job))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 3)
        row.addWidget(self.cancel, 1)

    def follow(self, job: Job | None) -> None:
        moved, self.job = job is not None and self.job not in (None, job), job
        if moved:
            self.cancel.setEnabled(False)
            self._settle.start()
        self.setVisible(job is not None)
        self.refresh()

    def refresh(self) -> None:
        if self.job is not None:
            self.text.setText(" · ".join(in_words(self.job)))
            self.text.setToolTip(self.job.about)
