"""Accordion: sections under each other of which one is open; each header shows a state."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_boundaryseg.ui.widgets.controls import named

MARKS = {"": "", "done": "✓ ", "warning": "⚠ "}


class Section(QFrame):
    """A header that opens and closes one panel."""

    opened = Signal()

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.content = title, content
        self.header = named(QToolButton(), f"sections.{title.lower()}", title)
        self.header.setProperty("section", True)
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.header.clicked.connect(self._clicked)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.area)
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

    def set_state(self, mark: str, text: str) -> None:
        """Show a mark ("done", "warning" or none) and a few words in the header."""
        self.state = (mark, text)
        self.header.setText(f" {MARKS[mark]}{self.title}{'   ' if text else ''}{text}")
        self.header.setToolTip(text)


class Sections(QWidget):
    """Sections under each other, one open at a time."""

    def __init__(self, panels: dict[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self.by_title: dict[str, Section] = {}
        for title, panel in panels.items():
            section = Section(title, panel)
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
