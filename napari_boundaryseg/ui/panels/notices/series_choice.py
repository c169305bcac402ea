"""The series of a DICOM folder in the Scan panel: one is chosen and opened."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_boundaryseg.ui.control.cases.opening import Opening
from napari_boundaryseg.ui.widgets.controls import button, column, line
from napari_boundaryseg.ui.widgets.series_list import SeriesLine, SeriesList


class SeriesChoice(QWidget):
    """Shown while there is something to choose from."""

    def __init__(self, opening: Opening, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._opening = opening
        self.told = line("scan_panel.series_told")
        self.list = SeriesList()
        self.open = button("scan_panel.open_series", "Open series", "Read the series that is chosen", main=True)
        self.cancel = button("scan_panel.cancel_series", "Cancel", "Open none of them")
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.open, 2)
        row.addWidget(self.cancel, 1)
        column(self, self.told, self.list, buttons).setContentsMargins(0, 0, 0, 0)
        self.list.asked.connect(self._choose)
        self.list.itemSelectionChanged.connect(self._enable)
        self.open.clicked.connect(lambda: self._choose(self.list.chosen()))
        self.cancel.clicked.connect(opening.forget)
        opening.found.connect(self._show)
        self._show()

    def _show(self) -> None:
        found = self._opening.series()
        self.setVisible(bool(found))
        self.told.setText(f"This folder holds {len(found)} series. Choose one." if found else "")
        self.list.show_series(
            [SeriesLine(one.words, one.modality, one.slices, one.voxel_mm, one.problem) for one in found]
        )
        self._enable()

    def _enable(self) -> None:
        self.open.setEnabled(self.list.chosen() >= 0)

    def _choose(self, row: int) -> None:
        found = self._opening.series()
        if 0 <= row < len(found) and not found[row].problem:
            self._opening.choose(found[row])
