"""The Review panel: what the rules found, the border piece by piece, its band, and how far it is from others'."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.panels.review.agreement_box import AgreementBox
from napari_boundaryseg.ui.panels.review.band_box import BandBox
from napari_boundaryseg.ui.panels.review.checks_box import ChecksBox
from napari_boundaryseg.ui.panels.review.observers_box import ObserversBox
from napari_boundaryseg.ui.panels.review.queue_box import QueueBox
from napari_boundaryseg.ui.widgets.controls import column


@PANELS.register("review")
class ReviewPanel(Panel):
    """The section after Correct: checks by rules, pieces of border, a band, and agreement with other labels."""

    title, position = "Review", 35

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._checks, self._review, self._labels = controller.checks, controller.review, controller.labels
        self.checks = ChecksBox(controller)
        self.queue, self.agreement = QueueBox(controller), AgreementBox(controller)
        self.band, self.observers = BandBox(controller), ObserversBox(controller)
        column(self, self.checks, self.queue, self.band, self.agreement, self.observers).addStretch(1)
        self._review.changed.connect(self._show_state)
        self._checks.changed.connect(self._show_state)
        self._labels.shown.connect(self._show_state)
        self._show_state()

    def _show_state(self) -> None:
        n, going = len(self._checks.open()), self._review.going
        told = []
        if self._labels.scheme() is not None and self._checks.found() is not None:
            told.append(f"{n} finding{'s' if n > 1 else ''}" if n else self._nothing())
        if going is not None and self._review.is_on:
            told.append(f"{sum(state != 'to come' for state in going.states())} of {len(going.places)}")
        self.set_state("warning" if n else "", " · ".join(told))

    def _nothing(self) -> str:
        n = len(self._checks.meant_so())
        return f"{n} meant so" if n else "no findings"
