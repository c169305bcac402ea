"""Which part of the scan is segmented: all of it, a drawn box, or the surroundings of a label."""

from __future__ import annotations

from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from napari_boundaryseg.data.boxes import Box, size_text
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, choice, line, named

WHOLE, DRAWN, AROUND = "Whole scan", "Box drawn on the scan", "Around a label"
EVERY_LABEL = "Every label"
DRAW_HINT = "Drag a rectangle on the scan, then set the slices that it holds for."


class RegionForm(QWidget):
    """The region part of the Segment section."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._region, self._labels = controller.session, controller.region, controller.labels
        self.kind = choice("segment_panel.region", "Region", "The part of the scan to segment", (WHOLE, DRAWN, AROUND))
        self.draw = button("segment_panel.draw_box", "Draw a box", DRAW_HINT)
        self.first = self._slice("segment_panel.first_slice", "First slice")
        self.last = self._slice("segment_panel.last_slice", "Last slice")
        self.box_size = line("segment_panel.box_size", DRAW_HINT, quiet=True)
        self.organ = choice("segment_panel.around", "Label")
        self.margin = named(QDoubleSpinBox(), "segment_panel.margin", "Margin", "Added on every side")
        self.margin.setRange(0, 200)
        self.margin.setValue(15)
        self.margin.setSuffix(" mm")
        self._arrange()
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.draw.clicked.connect(self.start_drawing)
        self._region.drawn.connect(self._show_size)
        self._labels.shown.connect(self._fill_organs)
        for spin in (self.first, self.last):
            spin.valueChanged.connect(self._show_size)
        controller.listen(self, self._session.scan_changed, self._on_scan)
        self._fill_organs()
        self._on_scan(self._session.scan)

    @staticmethod
    def _slice(name: str, label: str) -> QSpinBox:
        return named(QSpinBox(), name, label, "Counted from 1, as beside the slider")

    def _arrange(self) -> None:
        drawn, around = QWidget(), QWidget()
        drawn_form, around_form = QFormLayout(drawn), QFormLayout(around)
        for form in (drawn_form, around_form):
            form.setContentsMargins(0, 0, 0, 0)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        drawn_form.addRow(self.draw)
        drawn_form.addRow("First slice", self.first)
        drawn_form.addRow("Last slice", self.last)
        drawn_form.addRow(self.box_size)
        around_form.addRow("Label", self.organ)
        around_form.addRow("Margin", self.margin)
        self._by_kind = {WHOLE: None, DRAWN: drawn, AROUND: around}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Region", self.kind)
        form.addRow(drawn)
        form.addRow(around)
        self._on_kind()

    def _on_kind(self) -> None:
        for kind, page in self._by_kind.items():
            if page is not None:
                page.setVisible(kind == self.kind.currentText())
        if self.kind.currentText() != DRAWN:
            self._region.remove()

    def _on_scan(self, scan: object) -> None:
        self.kind.setCurrentText(WHOLE)
        if scan is None:
            return
        slices = self._region.slices()
        for spin, value in ((self.first, 1), (self.last, slices)):
            spin.setRange(1, slices)
            spin.setValue(value)

    def _fill_organs(self) -> None:
        scheme = self._labels.scheme()
        self.organ.clear()
        self.organ.addItems([EVERY_LABEL, *(scheme.names if scheme else ())])

    def start_drawing(self) -> None:
        """Choose the drawn box, and let the person draw it in the plane now shown."""
        self.kind.setCurrentText(DRAWN)
        slices = self._region.slices()
        for spin in (self.first, self.last):
            spin.setMaximum(slices)
        self.last.setValue(slices)
        self.box_size.setText(DRAW_HINT)
        self._region.draw()

    def box(self) -> Box | None:
        """The region as a box on the scan's own array; None for the whole scan.

        Raises
        ------
        InputError
            When no box is drawn, or the label is empty.
        """
        if self.kind.currentText() == WHOLE:
            return None
        if self.kind.currentText() == AROUND:
            organ = self.organ.currentText()
            return self._region.around(None if organ == EVERY_LABEL else organ, self.margin.value())
        return self._region.box((self.first.value() - 1, self.last.value() - 1))

    def _show_size(self) -> None:
        scan = self._session.scan
        if self.kind.currentText() != DRAWN or scan is None:
            return
        try:
            box = self._region.box((self.first.value() - 1, self.last.value() - 1))
        except InputError:
            self.box_size.setText(DRAW_HINT)
            return
        self.box_size.setText(f"Box: {size_text(box, scan.spacing_mm)}")
