"""Which part of the scan is segmented: all of it, a drawn box, or the surroundings of a label."""

from __future__ import annotations

from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QHBoxLayout, QPushButton, QSpinBox, QWidget

from napari_boundaryseg.data.boxes import Box, size_text
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, choice, line, named

WHOLE, DRAWN, AROUND = "Whole scan", "Box drawn on the scan", "Around a label"
SLICES = "From slice to slice"
EVERY_LABEL = "Every label"
DRAW_HINT = "Drag a rectangle on the scan, then set the slices that it holds for."


class RegionForm(QWidget):
    """The region part of the Segment section."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._region, self._labels = controller.session, controller.region, controller.labels
        self._axis = 0
        """The display axis that first and last slice are counted along."""
        self.kind = choice(
            "segment_panel.region", "Region", "The part of the scan to segment", (WHOLE, DRAWN, AROUND, SLICES)
        )
        self.draw = button("segment_panel.draw_box", "Draw a box", DRAW_HINT)
        self.first = self._slice("segment_panel.first_slice", "First slice")
        self.last = self._slice("segment_panel.last_slice", "Last slice")
        self.from_here = button("segment_panel.from_here", "From here", "The slice now shown is the first")
        self.to_here = button("segment_panel.to_here", "To here", "The slice now shown is the last")
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
        for spin, here in ((self.first, self.from_here), (self.last, self.to_here)):
            spin.valueChanged.connect(self._show_size)
            here.clicked.connect(lambda _, spin=spin: self._mark(spin))
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
        drawn_form.addRow("First slice", _beside(self.first, self.from_here))
        drawn_form.addRow("Last slice", _beside(self.last, self.to_here))
        drawn_form.addRow(self.box_size)
        around_form.addRow("Label", self.organ)
        around_form.addRow("Margin", self.margin)
        self._pages = {drawn: (DRAWN, SLICES), around: (AROUND,)}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Region", self.kind)
        form.addRow(drawn)
        form.addRow(around)
        self._on_kind()

    def _on_kind(self) -> None:
        chosen = self.kind.currentText()
        for page, kinds in self._pages.items():
            page.setVisible(chosen in kinds)
        self.draw.setVisible(chosen == DRAWN)
        if chosen != DRAWN:
            self._region.remove()
        if chosen == SLICES:
            self._all_slices()
        self._show_size()

    def _on_scan(self, scan: object) -> None:
        self.kind.setCurrentText(WHOLE)
        if scan is None:
            return
        self._all_slices()

    def _fill_organs(self) -> None:
        scheme = self._labels.scheme()
        self.organ.clear()
        self.organ.addItems([EVERY_LABEL, *(scheme.names if scheme else ())])

    def start_drawing(self) -> None:
        """Choose the drawn box, and let the person draw it in the plane now shown."""
        self.kind.setCurrentText(DRAWN)
        first = self.first.value()
        self._all_slices()
        self.first.setValue(first)
        self.box_size.setText(DRAW_HINT)
        self._region.draw()

    def _all_slices(self) -> None:
        """From the first to the last of the plane now shown."""
        slices, self._axis = self._region.slices(), self._region.flat
        for spin, value in ((self.first, 1), (self.last, slices)):
            spin.setRange(1, slices)
            spin.setValue(value)

    def _mark(self, spin: QSpinBox) -> None:
        """Take the slice now shown; where another plane is, its slices count from now on, if no box is drawn."""
        if self._region.flat != self._axis:
            if self.kind.currentText() == DRAWN:
                self.box_size.setText("Show the plane in which the box was drawn.")
                return
            self._all_slices()
        spin.setValue(self._region.shown() + 1)
        self._show_size()

    def box(self) -> Box | None:
        """The region as a box on the scan's own array; None for the whole scan.

        Raises
        ------
        InputError
            When no box is drawn, the label is empty, or slices alone leave too much round it for the model.
        """
        if self.kind.currentText() == WHOLE:
            return None
        if self.kind.currentText() == AROUND:
            organ = self.organ.currentText()
            return self._region.around(None if organ == EVERY_LABEL else organ, self.margin.value())
        slices = self.first.value() - 1, self.last.value() - 1
        if self.kind.currentText() == DRAWN:
            return self._region.box(slices)
        card = model_list.read(self._session.model)
        if card is not None and card.recipe.box_margin_mm is not None:
            raise InputError(
                SLICES,
                f"{card.name} learned what lies in a box of {card.recipe.box_margin_mm[1]:.0f} mm round it at most",
                "Draw a box; its first and last slice are marked the same way",
            )
        return self._region.between(slices, self._axis)

    def _show_size(self) -> None:
        scan = self._session.scan
        if self.kind.currentText() not in (DRAWN, SLICES) or scan is None:
            return
        try:
            box = self.box()
        except InputError as error:
            self.box_size.setText(DRAW_HINT if self.kind.currentText() == DRAWN else error.advice)
            return
        if box is not None:
            self.box_size.setText(f"Box: {size_text(box, scan.spacing_mm)}")


def _beside(spin: QSpinBox, here: QPushButton) -> QHBoxLayout:
    """A slice's number, and a button that takes the one now shown."""
    row = QHBoxLayout()
    row.addWidget(spin, 1)
    row.addWidget(here)
    return row
