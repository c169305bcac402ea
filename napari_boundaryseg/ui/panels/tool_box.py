"""The tools of the Correct panel: a button for each, the size of the brush, and what the tool in hand does."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import Slider, button, line, named, tool
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.settings_form import SettingsForm

MOST_MM = 40


class ToolBox(QWidget):
    """Follows the tools, however they are taken: by a button, a key, or napari."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = controller.tools
        self.buttons = {name: self._button(name) for name in keys.MODES}
        self.brush_size = named(
            Slider(),
            "correct_panel.size",
            "Brush size",
            "Diameter of brush and eraser in mm, by the chosen organ's size until you set it "
            f"({keys.shown('tool.smaller')} and {keys.shown('tool.larger')}, or the wheel with Shift)",
        )
        self.brush_size.setRange(1, MOST_MM)
        self._size_title = QLabel("Brush size")
        self.size_text = named(QLabel(), "correct_panel.size_text")
        self.use = line("correct_panel.tool_text", quiet=True)
        self.forms: dict[str, SettingsForm[Any]] = {}
        """Of tools that have settings, each made when it is first in hand."""
        self.undo = button("correct_panel.undo", keys.KEYS["edit.undo"].label, keys.tip("edit.undo"))
        self.redo = button("correct_panel.redo", keys.KEYS["edit.redo"].label, keys.tip("edit.redo"))
        self._arrange()
        self.brush_size.valueChanged.connect(self._drawing.set_brush)
        self.undo.clicked.connect(lambda _: self._drawing.undo())
        self.redo.clicked.connect(lambda _: self._drawing.redo())
        self._drawing.tool_changed.connect(self.show_tool)
        self._drawing.stepped.connect(self.show_steps)

    def _button(self, name: str) -> QWidget:
        key = keys.KEYS[f"tool.{name}"]
        made = tool(f"correct_panel.tool.{name}", key.label, keys.shown(key.action), key.words)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.clicked.connect(lambda on: self._drawing.set_mode(keys.MODES[name] if on else keys.DOWN))
        return made

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(ButtonGrid(list(self.buttons.values())), 0, 0, 1, 2)
        grid.addWidget(self.use, 1, 0, 1, 2)
        self._place = QVBoxLayout()
        grid.addLayout(self._place, 2, 0, 1, 2)
        grid.addWidget(self._size_title, 3, 0)
        grid.addWidget(self.size_text, 3, 1)
        grid.addWidget(self.brush_size, 4, 0, 1, 2)
        grid.addWidget(self.undo, 5, 0)
        grid.addWidget(self.redo, 5, 1)

    def show_tool(self) -> None:
        """Show which tool is in hand, how large the brush is and what can be undone."""
        mode, mm, _ = self._drawing.state()
        for name, made in self.buttons.items():
            made.setChecked(mode == keys.MODES[name])
        with signals_blocked(self.brush_size):
            self.brush_size.setValue(round(mm))
        self.size_text.setText(self._drawing.brush_text())
        self.use.setText(next((f"{keys.use(name)}." for name, its in keys.MODES.items() if its == mode), ""))
        self.use.setVisible(bool(self.use.text()))
        self.show_settings()
        self.show_steps()

    def show_settings(self) -> None:
        """Show how the tool in hand is set: a form, or the size of the brush."""
        name, tools = self._drawing.state()[0], self._drawing
        settings = tools.settings()
        if settings is not None and name not in self.forms:
            made = SettingsForm(f"correct_panel.{name}", settings)
            made.changed.connect(tools.set_settings)
            self._place.addWidget(made)
            self.forms[name] = made
        for other, made in self.forms.items():
            made.setVisible(other == name)
        if settings is not None and self.forms[name].settings != settings:
            self.forms[name].show_settings(settings)
        for part in (self._size_title, self.size_text, self.brush_size):
            part.setVisible(settings is None)

    def show_steps(self) -> None:
        """Let a button be pressed as soon as there is something to take back, or to make again."""
        self.undo.setEnabled(self._drawing.can_undo())
        self.redo.setEnabled(self._drawing.can_redo())
