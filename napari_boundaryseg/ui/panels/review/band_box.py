"""The part of the Review panel that says what accepted cases promise of a model's border, and shows it."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import bring_into_sight, column, line, named
from napari_boundaryseg.ui.widgets.review.headed import Headed

TIP = (
    "Two lines inside and outside of the border that the model drew of the chosen organ: "
    "how far off such borders were in the cases that you accepted"
)


class BandBox(QWidget):
    """A switch, a sentence for each organ, and what the lines are."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._band, self._labels = controller.band, controller.labels
        self.show_band = named(QCheckBox("Show band"), "review_panel.show_band", "Show band", TIP)
        self.words = line("review_panel.band")
        self.legend = line("review_panel.band_legend", quiet=True)
        head = Headed("review_panel.band_title", "Band", self.show_band)
        column(self, head, self.words, self.legend).setContentsMargins(0, 0, 0, 0)
        self.show_band.toggled.connect(self._on_toggled)
        self._band.changed.connect(self.refresh)
        self._labels.shown.connect(self.refresh)
        self.refresh()

    def _on_toggled(self, on: bool) -> None:
        self._band.show(on)
        if on:
            bring_into_sight(self.legend)

    def refresh(self) -> None:
        """Say what is promised of which organ."""
        words, legend = self._band.words(), self._band.legend()
        self.setVisible(bool(words))
        self.words.setText("\n".join(words))
        with signals_blocked(self.show_band):
            self.show_band.setChecked(self._band.shows)
        self.show_band.setEnabled(self._band.can_show() or self._band.shows)
        self.legend.setText(legend)
        self.legend.setVisible(bool(legend))
