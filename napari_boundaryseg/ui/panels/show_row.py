"""The Show row: what lies over the scan, in one place whatever section is open."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QSlider, QToolButton, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import named

SWITCHES = {
    "outline": ("Outline", "The border of the labels as they now stand"),
    "edges": (
        "Edges",
        "Where the model sees a border, at least as likely as not; the opacity of the layer shows the whole map",
    ),
    "contour": ("Soft", "The soft contour of the chosen organ: how the model spreads its border"),
    "attention": ("Attention", "Where the model's attention lies, from violet (little) to yellow (all)"),
    "limits": ("10–90 %", "Dashed: where the model gives the chosen organ 10 % and 90 %, whatever was corrected since"),
}
COLUMNS = 4
"""As many switches as fit beside each other with large text; the last one is beside the fill."""


class ShowRow(QFrame):
    """A switch for each kind of map, and how much of the organs' colour lies over the scan."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = controller.display
        self.switches = {name: self._switch(name) for name in SWITCHES}
        self.fill = named(
            QSlider(Qt.Orientation.Horizontal), "display.fill", "Fill", "How much of the organs' colours fills them"
        )
        self.fill.setRange(0, 100)
        self.fill.valueChanged.connect(lambda percent: self._display.set_fill(percent / 100))
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 2, 8, 2)
        grid.setSpacing(4)
        for n, switch in enumerate(self.switches.values()):
            grid.addWidget(switch, n // COLUMNS, min(n, COLUMNS - 1))
        grid.addWidget(QLabel("Fill"), 1, 0)
        grid.addWidget(self.fill, 1, 1, 1, COLUMNS - 2)
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

    def _show(self) -> None:
        there = self._display.available()
        for name, switch in self.switches.items():
            switch.setEnabled(name in there)
            switch.setChecked(name in self._display.wanted)
        self.fill.setEnabled("outline" in there)
        with signals_blocked(self.fill):
            self.fill.setValue(round(100 * self._display.fill))
