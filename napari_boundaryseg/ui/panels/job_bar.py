"""What runs and what waits, each with its progress and Cancel, and the last message."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, line, styled_by
from napari_boundaryseg.ui.widgets.jobs.job_row import JobRow
from napari_boundaryseg.ui.widgets.jobs.more_jobs import MoreJobs

FOOTER = "Research use only, not a medical device"
TICK_MS, SOON_MS = 500, 100
"""How often the time is counted on, and progress is told: a job may report a hundred times a second."""


class JobBar(QFrame):
    """The last message, the training, what adapts a model, what a person waits for, and what is behind these.

    Controls: ``job_bar.text``, ``.progress`` and ``.cancel`` are those of what a person waits for; the training has
    ``job_bar.training.text``, ``.progress``, ``.pause`` and ``.cancel``; what adapts a model ``job_bar.adapting.text``
    and so on; ``job_bar.more.1.text`` and ``.cancel`` and so on are what is behind.
    """

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._tools = controller.session, controller.jobs, controller.tools
        self.message = line("job_bar.message")
        self.training = JobRow("job_bar.training", pausable=True)
        self.work = JobRow("job_bar")
        self.adapting = JobRow("job_bar.adapting")
        self.more = MoreJobs("job_bar.more")
        self.progress, self.cancel = self.work.progress, self.work.cancel
        self.footer = line("job_bar.footer", FOOTER, quiet=True)
        self.help = button("help.keys", f"Keys  {keys.shown('help')}", keys.KEYS["help"].words)
        self.help.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.help.clicked.connect(controller.keys_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        for part in (self.message, self.training, self.adapting, self.work, self.more):
            layout.addWidget(part)
        last = QHBoxLayout()
        last.addWidget(self.footer, 1)
        last.addWidget(self.help, 0)
        layout.addLayout(last)
        self.message.hide()
        self._rows = {
            self.training: self._jobs.trainings,
            self.adapting: self._jobs.adapting,
            self.work: self._jobs.work,
        }
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._refresh)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._on_soon)
        self._has_news = False
        self._connect(controller)
        self._on_jobs()

    def _connect(self, controller: ViewerController) -> None:
        for row in self._rows:
            row.cancel_requested.connect(lambda job: job.cancel())
            row.pause_requested.connect(lambda job, on: job.pause() if on else job.resume())
        self.more.cancel_requested.connect(lambda job: job.cancel())
        self._jobs.added.connect(lambda _: self.say("info", ""))
        controller.listen(self, self._session.message, self.say)
        self._jobs.changed.connect(self._on_jobs)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.paused.connect(lambda job: self._refresh())
        self._tools.used.connect(self._on_used)

    def say(self, level: str, text: str) -> None:
        """Show a message: "info", "warning" or "error".

        A warning joins those that are there; others replace them, but for the end of a training, which comes at any
        time: it takes nothing away that the person may not have read.
        """
        shown = self.message.property("level") if self.message.text() else ""
        unread = shown in ("warning", "error") and (level, text) == self._session.training_outcome
        before = self.message.text().splitlines() if unread or level == shown == "warning" else []
        new = {"error": "✕ ", "warning": "⚠ "}.get(level, "") + text
        styled_by(self.message, "level", shown if unread else level)
        self.message.setText("\n".join([*(line for line in before if line != new), new]))
        self.message.setVisible(bool(text))

    def _on_used(self) -> None:
        """Words about what was before leave when a person goes on; what went wrong stays."""
        if self.message.property("level") != "error":
            self.say("info", "")

    def _on_jobs(self) -> None:
        more: list[Job] = []
        for row, waiting in self._rows.items():
            jobs = waiting()
            row.follow(jobs[0] if jobs else None)
            more += jobs[1:]
        self.more.show_jobs(more)
        self._tick.start() if any(row.job is not None for row in self._rows) else self._tick.stop()

    def _on_progress(self, job: Job) -> None:
        self._has_news = self._has_news or any(row.job is job for row in self._rows)
        if not self._soon.isActive():
            self._on_soon()

    def _on_soon(self) -> None:
        """Tell what is new, and what comes in the next moments together."""
        if self._has_news:
            self._has_news = False
            self._refresh()
            self._soon.start()

    def _refresh(self) -> None:
        for row in (*self._rows, self.more):
            row.refresh()
