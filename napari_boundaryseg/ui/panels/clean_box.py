"""The part of the Correct panel that cleans an organ up: a list, a form, and what would change before it does."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import bring_into_sight, button, choice, line, tool
from napari_boundaryseg.ui.widgets.settings_form import SettingsForm


class CleanBox(QWidget):
    """A switch; while it is on, what the chosen clean-up would change is shown dashed, and can be applied."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clean = controller.clean
        self._tools = self._clean.tools()
        show = keys.KEYS["clean.show"]
        self.show_it = tool("correct_panel.clean", show.label, keys.shown(show.action), show.words)
        self.show_it.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        titles = [made.label for made in self._tools.values()]
        self.which = choice("correct_panel.clean_which", "Clean-up", "What is done to the chosen organ", titles)
        self.use = line("correct_panel.clean_use", quiet=True)
        self.other = choice("correct_panel.clean_other", "Other organ", "The second organ that it is about")
        self.forms: dict[str, SettingsForm[Any]] = {}
        self.words = line("correct_panel.clean_text")
        self.apply = button("correct_panel.clean_apply", "Apply", f"Make it a step ({keys.shown('outline.apply')})")
        self.discard = button("correct_panel.clean_discard", "Discard", f"Leave it ({keys.shown('tool.leave')})")
        self._arrange()
        self.show_it.clicked.connect(lambda on: self._show() if on else self._clean.put_away())
        self.which.currentIndexChanged.connect(lambda _: self._show())
        self.other.currentIndexChanged.connect(lambda _: self._show())
        self.apply.clicked.connect(lambda _: self._clean.apply())
        self.discard.clicked.connect(lambda _: self._clean.put_away())
        self._clean.changed.connect(self.refresh)
        controller.clean_asked.connect(self._toggle)
        self.refresh()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.show_it, 0, 0, 1, 2)
        self._parts = (self.which, self.use, self.other)
        for n, part in enumerate(self._parts, start=1):
            grid.addWidget(part, n, 0, 1, 2)
        self._place = QVBoxLayout()
        grid.addLayout(self._place, 4, 0, 1, 2)
        grid.addWidget(self.words, 5, 0, 1, 2)
        grid.addWidget(self.apply, 6, 0)
        grid.addWidget(self.discard, 6, 1)

    @property
    def _name(self) -> str:
        return list(self._tools)[self.which.currentIndex()]

    def _toggle(self) -> None:
        if self._clean.is_on:
            self._clean.put_away()
        else:
            self._show()
            bring_into_sight(self.apply)

    def _show(self) -> None:
        """Ask for what is chosen and set."""
        name = self._name
        if name not in self.forms:
            made: SettingsForm[Any] = SettingsForm(f"correct_panel.clean.{name}", self._tools[name].settings())
            made.changed.connect(lambda settings: self._show())
            self._place.addWidget(made)
            self.forms[name] = made
        self._clean.show(name, self.forms[name].settings, int(self.other.currentData() or 0))

    def refresh(self) -> None:
        """Say what would change now."""
        on, chosen = self._clean.is_on, self._tools[self._name]
        self.show_it.setChecked(on)
        self.use.setText(f"{chosen.words}.")
        self.words.setText(self._clean.words())
        for part in (*self._parts, self.words, self.apply, self.discard):
            part.setVisible(on)
        self.other.setVisible(on and chosen.needs_other)
        for name, made in self.forms.items():
            made.setVisible(on and name == self._name)
        self.apply.setEnabled(self._clean.changes)

    def show_organs(self, organs: dict[int, str]) -> None:
        """Offer these as the second organ; the one that was chosen stays."""
        before = self.other.currentData()
        if list(organs) == [self.other.itemData(n) for n in range(self.other.count())]:
            return
        with signals_blocked(self.other):
            self.other.clear()
            for organ, name in organs.items():
                self.other.addItem(name, organ)
            self.other.setCurrentIndex(max(self.other.findData(before), 0))
