"""Curves of a training while it runs: its log is read once a second, until the next one is followed."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.widgets.controls import column
from napari_boundaryseg.ui.widgets.jobs.loss_curve import LossCurve
from napari_boundaryseg.ui.widgets.jobs.score_curve import ScoreCurve
from napari_boundaryseg.ui.widgets.jobs.training_log import TrainingLog

POLL_MS = 1000


class TrainingCurves(QWidget):
    """The loss, and above it the score of held-out cases where there are some."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scores, self.losses = ScoreCurve(), LossCurve()
        column(self, self.scores, self.losses).setContentsMargins(0, 0, 0, 0)
        self._log: TrainingLog | None = None
        self._steps = 0
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._read)
        self.hide()

    def follow(self, log: Path, steps: int) -> None:
        """Show what this log says from now on, of a training of so many steps."""
        self._log, self._steps = TrainingLog(log), steps
        self._read()
        self.show()
        self._poll.start()

    def stop(self) -> None:
        """Read to its end what was followed, and leave that."""
        self._read()
        self._log = None
        self._poll.stop()

    def _read(self) -> None:
        if self._log is not None:
            course = self._log.read()
            self.losses.set_points(course.losses, self._steps)
            self.scores.set_course(course, self._steps)
            self.scores.setVisible(bool(course.scores))
