"""Card of a fine-tuning in a window of its own: the verdict, every case, and the slices that changed most."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from napari_boundaryseg.ui.widgets.controls import button, named

SIZE = (820, 900)
SHARE = 0.9
"""Of the screen, at most."""


class ComparisonCard(QDialog):
    """Stays beside the work until it is closed.

    Parameters
    ----------
    title : str
    page : str
        HTML that asks for nothing from elsewhere; links in it do nothing.
    parent : QWidget
    """

    def __init__(self, title: str, page: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "train_panel.card_window", "Before and after")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = named(QTextBrowser(), "train_panel.card_text", "Before and after")
        self.text.setOpenLinks(False)
        self.text.setHtml(page)
        close = button("train_panel.card_close", "Close")
        close.clicked.connect(self.accept)
        box = QVBoxLayout(self)
        box.addWidget(self.text)
        box.addWidget(close)
        screen = parent.screen()
        room = screen.availableSize() if screen is not None else self.sizeHint()
        self.resize(min(SIZE[0], int(SHARE * room.width())), min(SIZE[1], int(SHARE * room.height())))
