"""The Review panel: what the rules found, and the border piece by piece."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.panels.review.checks_box import ChecksBox
from napari_boundaryseg.ui.widgets.controls import column


@PANELS.register("review")
class ReviewPanel(Panel):
    """The section after Correct: checks by rules, and a queue of pieces of border."""

    title, position = "Review", 35

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._checks, self._labels = controller.checks, controller.labels
        self.checks = ChecksBox(controller)
        column(self, self.checks).addStretch(1)
        self._checks.changed.connect(self._show_state)
        self._labels.shown.connect(self._show_state)
        self._show_state()

    def _show_state(self) -> None:
        n = len(self._checks.open())
        if self._labels.scheme() is None or self._checks.found() is None:
            self.set_state("", "")
        elif n:
            self.set_state("warning", f"{n} finding{'s' if n > 1 else ''}")
        else:
            self.set_state("", "no findings")
