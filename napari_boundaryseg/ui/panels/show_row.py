"""The Show row: what lies over the scan, in one place whatever section is open."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import Slider, named

SWITCHES = {
    "outline": ("Outline", "The border of the labels as they now stand"),
    "edges": (
        "Edges",
        "Where the model sees a border, at least as likely as not; the opacity of the layer shows the whole map",
    ),
    "contour": ("Soft", "The soft contour of the chosen organ: how the model spreads its border"),
    "attention": ("Attention", "What the model's attention does to the features; 'Segment' says what the colours mean"),
    "limits": ("10–90 %", "Dashed: where the model gives the chosen organ 10 % and 90 %, whatever was corrected since"),
}
COLUMNS, FEWER = 4, 2
"""How many switches stand beside each other, and how many where the text is too large for that."""
SPACING, MARGIN = 4, 8


class ShowRow(QFrame):
    """A switch for each kind of map, and how much of the organs' colour lies over the scan."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = controller.display
        self.switches = {name: self._switch(name) for name in SWITCHES}
        self.fill = named(Slider(), "display.fill", "Fill", "How much of the organs' colours fills them")
        self.fill.setRange(0, 100)
        self.fill.valueChanged.connect(lambda percent: self._display.set_fill(percent / 100))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(MARGIN, 2, MARGIN, 2)
        self._grid.setSpacing(SPACING)
        self._fills = QWidget()
        row = QHBoxLayout(self._fills)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Fill"))
        row.addWidget(self.fill, 1)
        self._columns = 0
        self._arrange()
        self._display.changed.connect(self._show)
        self._show()

    def _switch(self, name: str) -> QToolButton:
        label, tip = SWITCHES[name]
        made = named(QToolButton(), f"display.{name}", label, tip)
        made.setText(label)
        made.setCheckable(True)
        made.setProperty("tool", True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.clicked.connect(lambda on: self._display.show(name, on))
        return made

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put as many switches beside each other as can be read."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent | None) -> None:
        """The text may be larger now."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()

    def _arrange(self) -> None:
        """The switches in rows; the last one is beside the fill."""
        row = [switch.sizeHint().width() + SPACING for switch in list(self.switches.values())[:COLUMNS]]
        fits = sum(row) + 2 * MARGIN <= self.width()
        columns = COLUMNS if fits or not self.isVisible() else FEWER
        if columns == self._columns:
            return
        self._columns, last = columns, (len(self.switches) - 1) // columns
        for n, switch in enumerate(self.switches.values()):
            is_last = n == len(self.switches) - 1
            self._grid.addWidget(switch, last if is_last else n // columns, columns - 1 if is_last else n % columns)
        self._grid.addWidget(self._fills, last, 0, 1, columns - 1)

    def _show(self) -> None:
        there = self._display.available()
        for name, switch in self.switches.items():
            switch.setEnabled(name in there)
            switch.setChecked(name in self._display.wanted)
        self.fill.setEnabled("outline" in there)
        with signals_blocked(self.fill):
            self.fill.setValue(round(100 * self._display.fill))
