"""The part of the Correct panel that carries corrections to other slices: what is proposed, and how to take it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, line, tool


class CarryBox(QWidget):
    """A switch; while it is on, what follows from the corrections, and buttons that take it."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._carry = controller.carry
        show = keys.KEYS["carry.show"]
        self.show_it = tool("correct_panel.carry", show.label, keys.shown(show.action), show.words)
        self.show_it.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.words = line("correct_panel.carry_text", quiet=True)
        self.next = button("correct_panel.carry_next", "Next to correct", "Show the slice that would teach most")
        way = keys.KEYS["carry.way"]
        self.way = tool("correct_panel.carry_way", way.label, keys.shown(way.action), way.words)
        self.way.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.take, self.take_range, self.take_all = (
            button(f"correct_panel.{action.replace('.', '_')}", keys.KEYS[action].label, keys.tip(action))
            for action in ("carry.take", "carry.take_range", "carry.take_all")
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.show_it, 0, 0, 1, 2)
        grid.addWidget(self.words, 1, 0, 1, 2)
        for n, made in enumerate((self.take, self.take_range, self.take_all, self.next)):
            grid.addWidget(made, 2 + n // 2, n % 2)
        grid.addWidget(self.way, 4, 0, 1, 2)
        self.show_it.clicked.connect(lambda on: self._carry.show(on))
        self.next.clicked.connect(lambda _: self._carry.go_to_next())
        self.way.clicked.connect(lambda _: self._carry.change_way())
        self.take.clicked.connect(lambda _: self._carry.take())
        self.take_range.clicked.connect(lambda _: self._carry.take_range())
        self.take_all.clicked.connect(lambda _: self._carry.take_all())
        self._carry.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what is proposed now."""
        on = self._carry.is_on
        self.show_it.setChecked(on)
        self.words.setText(self._carry.words())
        self.way.setChecked(self._carry.interpolates)
        for part in (self.words, self.take, self.take_range, self.take_all, self.next, self.way):
            part.setVisible(on)
        at = self._carry.next_slice() if on else None
        self.next.setText("Next to correct" if at is None else f"Next: slice {at + 1}")
        self.next.setEnabled(at is not None)
        for part in (self.take, self.take_range, self.take_all):
            part.setEnabled(self._carry.offers)
