"""Progress of the running job with Cancel, and the last message."""

from __future__ import annotations

import time

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, line, named

FOOTER = "Research use only, not a medical device"


class JobBar(QFrame):
    """Progress with Cancel while a job runs, and the last message."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = controller.session, controller.jobs
        self.message = line("job_bar.message")
        self.progress = named(QProgressBar(), "job_bar.progress", "Progress")
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.doing = line("job_bar.text")
        self.cancel = button("job_bar.cancel", "Cancel", "Stop what is running")
        self.cancel.clicked.connect(self._on_cancel)
        self.footer = line("job_bar.footer", FOOTER, quiet=True)
        self._arrange()
        self._tick = QTimer(self)
        self._tick.setInterval(500)
        self._tick.timeout.connect(self._show_time)
        controller.listen(self, self._session.job_changed, self._on_job)
        controller.listen(self, self._session.message, self.say)
        self._jobs.progressed.connect(self._on_progress)
        self._on_job(self._session.job)

    def _arrange(self) -> None:
        self.running = QWidget()
        rows = QVBoxLayout(self.running)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        row = QHBoxLayout()
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel, 0)
        rows.addWidget(self.doing)
        rows.addLayout(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        for part in (self.message, self.running, self.footer):
            layout.addWidget(part)
        self.message.hide()

    def say(self, level: str, text: str) -> None:
        """Show a message: "info", "warning" or "error". A warning joins those that are there; others replace them."""
        joins = level == "warning" and self.message.property("level") == level
        before = self.message.text().splitlines() if joins else []
        new = {"error": "✕ ", "warning": "⚠ "}.get(level, "") + text
        self.message.setProperty("level", level)
        self.message.setText("\n".join([*(line for line in before if line != new), new]))
        self.message.setVisible(bool(text))
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)

    def _on_job(self, job: Job | None) -> None:
        self.running.setVisible(job is not None)
        if job is None:
            self._tick.stop()
            return
        self.say("info", "")
        self._started, self._text = time.monotonic(), "Starting"
        self.progress.setValue(0)
        self.cancel.setEnabled(True)
        self._tick.start()
        self._show_time()

    def _on_progress(self, fraction: float, text: str) -> None:
        self.progress.setValue(round(1000 * fraction))
        self._text = text or self._text
        self._show_time()

    def _show_time(self) -> None:
        self.doing.setText(f"{self._text} · {time.monotonic() - self._started:.0f} s")

    def _on_cancel(self) -> None:
        self._text = "Stopping"
        self._show_time()
        self.cancel.setEnabled(False)
        self._jobs.cancel()
