"""The help sheet: every key of the table, and the habits of the mouse to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayoutItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.input.habits import HABITS, Habits
from napari_boundaryseg.ui.widgets.appearance import STRIP_COLOURS, STRIP_LOOKED_AT, STRIP_TO_COME
from napari_boundaryseg.ui.widgets.controls import button, named

COLUMNS = (("Tools", "Organs", "Review"), ("Slices", "Polygon"))
"""What stands in the first columns; the mouse comes last, and what is in none."""
WIDTH_PX = 424
"""Of each of them."""
SLACK_PX = 2
"""Without it Qt shows both scroll bars, each because of the other."""
FRAME = QSize(16, 48)
"""What a window's frame takes of the screen, at most."""
MOUSE = (
    ("Shift+wheel", "Larger or smaller brush and eraser"),
    ("Shift held", "The other planes follow the mouse"),
)
STRIP = "Over the slider, the chosen organ on each slice:"
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
        self._page = QWidget()
        columns = QHBoxLayout(self._page)
        columns.setContentsMargins(0, 0, 0, 0)
        for names in COLUMNS:
            text = "".join(groups.pop(name) for name in names)
            columns.addWidget(_column(text, f"help.{names[0].lower()}"), 0, Qt.AlignmentFlag.AlignTop)
            columns.addSpacing(16)
        beside = QVBoxLayout()
        beside.addWidget(_column("".join(groups.values()) + table("Mouse", MOUSE) + table(ROOM, ()), "help.view"))
        for name, (words, otherwise) in HABITS.items():
            tick = named(QCheckBox(words), f"help.{name}", words, f"Without the tick, as in {otherwise}")
            tick.setChecked(habits.has(name))
            tick.toggled.connect(lambda on, n=name: habits.set(n, on))
            beside.addWidget(tick)
        beside.addStretch(1)
        columns.addLayout(beside)
        close = button("help.close", "Close")
        close.clicked.connect(self.accept)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(self._page)
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        below = QLabel(f"{NEVER_IN_TEXT}&nbsp;&nbsp; {_legend()}")
        below.setWordWrap(True)
        layout.addWidget(below)
        layout.addWidget(close)
        self._around = layout

    def showEvent(self, event: QShowEvent | None) -> None:
        """Be as large as the text where the screen is; Qt would cut a dialog off at two thirds of it."""
        super().showEvent(event)
        rest, page, screen = self._around.contentsMargins(), self._page.sizeHint(), self.screen()
        beside = (self._around.itemAt(n) for n in range(1, self._around.count()))
        height = sum(_height(item, page.width()) + self._around.spacing() for item in beside if item is not None)
        text = max(page.height(), self._page.heightForWidth(page.width())) + SLACK_PX
        wanted = QSize(page.width() + SLACK_PX + rest.left() + rest.right(), text + height + rest.top() + rest.bottom())
        self.resize(wanted if screen is None else wanted.boundedTo(screen.availableGeometry().size() - FRAME))


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()


def _legend() -> str:
    """The colours of the slice strip as rich text."""
    told = [
        ", ".join(f"<span style='color: {colour}'>■</span> {words}" for words, colour in colours.items())
        for colours in (STRIP_COLOURS, {"next": STRIP_TO_COME, "looked at": STRIP_LOOKED_AT})
    ]
    return f"{STRIP} {told[0]}; under them the places of the review: {told[1]}."


def _column(text: str, name: str) -> QLabel:
    made = named(QLabel(text), name)
    made.setWordWrap(True)
    made.setFixedWidth(WIDTH_PX)
    return made
