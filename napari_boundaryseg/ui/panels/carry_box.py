"""The part of the Correct panel that carries corrections to other slices: what is proposed, and how to take it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, choice, column, line, tool
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid


class CarryBox(QWidget):
    """A switch; while it is on, what follows from the corrections, in which way, and buttons that take it."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._carry = controller.carry
        show = keys.KEYS["carry.show"]
        self.show_it = tool("correct_panel.carry", show.label, keys.shown(show.action), show.words)
        self.show_it.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.words = line("correct_panel.carry_text", quiet=True)
        self.way = choice("correct_panel.carry_way", "How it follows", keys.tip("carry.way"))
        self.judged = line("correct_panel.carry_judged", quiet=True)
        self.next = button("correct_panel.carry_next", "Next to correct", "Show the slice that would teach most")
        self.take, self.take_range, self.take_all = (
            button(f"correct_panel.{action.replace('.', '_')}", keys.KEYS[action].label, keys.tip(action))
            for action in ("carry.take", "carry.take_range", "carry.take_all")
        )
        self._taking = ButtonGrid([self.take, self.take_range, self.take_all, self.next])
        column(self, self.show_it, self.words, self.way, self.judged, self._taking).setContentsMargins(0, 0, 0, 0)
        self.show_it.clicked.connect(lambda on: self._carry.show(on))
        self.next.clicked.connect(lambda _: self._carry.go_to_next())
        self.way.activated.connect(lambda n: self._carry.choose(self._carry.ways[n]))
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
        self.judged.setText(self._carry.judged())
        self._show_way()
        for part in (self.words, self.way, self._taking):
            part.setVisible(on)
        self.judged.setVisible(bool(self.judged.text()))
        at = self._carry.next_slice() if on else None
        self.next.setText("Next to correct" if at is None else f"Next: slice {at + 1}")
        self.next.setEnabled(at is not None)
        for part in (self.take, self.take_range, self.take_all):
            part.setEnabled(self._carry.offers)

    def _show_way(self) -> None:
        ways = self._carry.ways
        if [self.way.itemText(n) for n in range(self.way.count())] != [way.value for way in ways]:
            self.way.clear()
            self.way.addItems([way.value for way in ways])
        if self._carry.way is not None:
            self.way.setCurrentIndex(ways.index(self._carry.way))
