"""The help sheet: every key of the table, and the habits of the mouse to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.input.habits import HABITS, Habits
from napari_boundaryseg.ui.widgets.controls import button, named

COLUMNS = (("Tools", "Polygon"), ("Slices", "Organs", "Labels"))
"""What stands in the first columns; the mouse comes last, and what is in none."""
WIDTH_PX = 424
"""Of each of them."""
MOUSE = (
    ("Shift+wheel", "Larger or smaller brush and eraser"),
    ("Shift held", "The other planes follow the mouse"),
)
ROOM = "Mouse and arrows, as in a reading room"
NEVER_IN_TEXT = "Keys act wherever you are in the window, except where you write text."


def table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A group of keys as rich text."""
    lines = "".join(
        f"<tr><td style='padding-right: 12px'><b>{escape(key)}</b></td><td>{escape(words)}</td></tr>"
        for key, words in rows
    )
    return f"<h4>{title}</h4><table>{lines}</table>"


class HelpSheet(QDialog):
    """Stays beside the work until it is closed; a tick takes effect at once."""

    def __init__(self, habits: Habits, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "help.sheet", "Keys and mouse")
        self.setWindowTitle("Keys and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = {name: table(name, keys.rows(name)) for name in keys.GROUPS}
        columns = QHBoxLayout()
        for names in COLUMNS:
            text = "".join(groups.pop(name) for name in names)
            columns.addWidget(_column(text, f"help.{names[0].lower()}"), 0, Qt.AlignmentFlag.AlignTop)
            columns.addSpacing(16)
        beside = QVBoxLayout()
        beside.addWidget(named(QLabel("".join(groups.values()) + table("Mouse", MOUSE) + table(ROOM, ())), "help.view"))
        for name, (words, otherwise) in HABITS.items():
            tick = named(QCheckBox(words), f"help.{name}", words, f"Without the tick, as in {otherwise}")
            tick.setChecked(habits.has(name))
            tick.toggled.connect(lambda on, n=name: habits.set(n, on))
            beside.addWidget(tick)
        beside.addStretch(1)
        columns.addLayout(beside)
        close = button("help.close", "Close")
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.addLayout(columns)
        layout.addWidget(QLabel(NEVER_IN_TEXT))
        layout.addWidget(close)


def _column(text: str, name: str) -> QLabel:
    made = named(QLabel(text), name)
    made.setWordWrap(True)
    made.setFixedWidth(WIDTH_PX)
    return made
