"""Accordion: sections under each other of which one is open; each header shows a state."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_boundaryseg.ui.widgets.controls import named

ARROW_PX = 34
"""What the arrow and the margins of a header take."""
LEAST_PX = 40
"""Of a panel that can be scrolled: what is pinned under it is read whole before."""
DOT, LEAST_NAME = " · ", 6
"""Between the facts of a header, and how much of a name stays rather than what lies between it and the last."""
MARKS = {"": "", "done": "✓ ", "warning": "⚠ "}


class Section(QFrame):
    """A header that opens and closes one panel, and what is pinned under it."""

    opened = Signal()

    def __init__(
        self, title: str, content: QWidget, pinned: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title, self.content, self.pinned = title, content, pinned
        self.header = named(QToolButton(), f"sections.{title.lower()}", title)
        self.header.setProperty("section", True)
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.header.clicked.connect(self._clicked)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setMinimumHeight(LEAST_PX)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.area, 1)
        if pinned is not None:
            layout.addWidget(pinned)
        self.set_state("", "")
        self.set_open(False)

    def _clicked(self) -> None:
        self.set_open(True)
        self.opened.emit()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the panel."""
        self.header.setChecked(is_open)
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.area.setVisible(is_open)
        if self.pinned is not None:
            self.pinned.setVisible(is_open)

    def set_state(self, mark: str, text: str) -> None:
        """Show a mark ("done", "warning" or none) and a few words in the header."""
        self.state = (mark, text)
        self.header.setToolTip(text)
        self._write()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Write as much of the state as there is room for."""
        super().resizeEvent(event)
        self._write()

    def _write(self) -> None:
        mark, text = self.state
        head = f" {MARKS[mark]}{self.title}{'   ' if text else ''}"
        name, *facts = text.split(DOT)
        self.header.setText(head + (self._fitted(head, name, facts) if facts and self.header.isVisible() else text))

    def _fitted(self, head: str, name: str, facts: list[str]) -> str:
        """What there is room for: facts before the last one go first, then the name's middle, or else the last fact."""
        metrics, room = self.header.fontMetrics(), self.header.width() - ARROW_PX
        width = lambda words: metrics.horizontalAdvance(head + words)  # noqa: E731
        while len(facts) > 1 and width(DOT.join([name[:LEAST_NAME], *facts])) > room:
            del facts[-2]
        rest = "".join(DOT + fact for fact in facts)
        short = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room - width(rest), 0))
        if width(short + rest) <= room and len(short) >= min(LEAST_NAME, len(name)):
            return short + rest
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room - width(""), 0))


class Sections(QWidget):
    """Sections under each other, one open at a time."""

    def __init__(
        self,
        panels: Mapping[str, QWidget],
        pinned: Mapping[str, QWidget | None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self.by_title: dict[str, Section] = {}
        for title, panel in panels.items():
            section = Section(title, panel, (pinned or {}).get(title))
            section.opened.connect(lambda t=title: self.open(t))
            self.by_title[title] = section
            self._layout.addWidget(section)
        self.open(next(iter(panels)))

    def open(self, title: str) -> None:
        """Open one section and close the others."""
        self.current = title
        for n, (name, section) in enumerate(self.by_title.items()):
            section.set_open(name == title)
            self._layout.setStretch(n, 1 if name == title else 0)
