"""Ticks as pictures, large enough to hit and to read: an eye for what is shown, a padlock for what is locked."""

from __future__ import annotations

from qtpy.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from napari_boundaryseg.ui.widgets.appearance import HEADING_COLOUR, LOCK_COLOUR

SIDE = 20
"""Of a picture, in pixels; a click anywhere in its cell counts."""


class Ticks(QStyledItemDelegate):
    """Draws the tick of a cell as a picture, dimmed where there is none."""

    def heading(self) -> QIcon:
        """The picture that stands over the column, in a grey that reads on a dark and on a light header."""
        made = QPixmap(SIDE, SIDE)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(SIDE / 2, SIDE / 2)
        painter.setPen(QPen(QColor(HEADING_COLOUR), 1.6))
        self.draw(painter, self.IN_HEADING)
        painter.end()
        return QIcon(made)

    IN_HEADING = True
    """Whether the picture over the column is that of a tick that is set."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Room for the picture."""
        return QSize(SIDE + 6, SIDE + 6)

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Leave the small box of the style out."""
        super().initStyleOption(option, index)
        if option is not None:
            kept = option.features & ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
            option.features = kept  # type: ignore[assignment]  # PyQt5's stubs take the flags for an int

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """The cell, and the picture in its middle."""
        super().paint(painter, option, index)
        if painter is None:
            return
        on = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(QRectF(option.rect).center())
        colour = QColor(option.palette.text().color())
        colour.setAlphaF(1.0 if on else 0.45)
        painter.setPen(QPen(colour, 1.6))
        self.draw(painter, on)
        painter.restore()

    def draw(self, painter: QPainter, on: bool) -> None:
        """The picture, around the origin."""
        raise NotImplementedError


class Eyes(Ticks):
    """What is shown."""

    def draw(self, painter: QPainter, on: bool) -> None:
        """An eye, crossed out where nothing is shown."""
        painter.drawEllipse(QRectF(-9, -5, 18, 10))
        painter.drawEllipse(QRectF(-2.5, -2.5, 5, 5))
        if not on:
            painter.drawLine(QPointF(-8, 7), QPointF(8, -7))


class Padlocks(Ticks):
    """What is locked."""

    IN_HEADING = False

    def draw(self, painter: QPainter, on: bool) -> None:
        """A padlock: closed and filled, or open."""
        if on:
            painter.setPen(QPen(QColor(LOCK_COLOUR), 2))
            painter.setBrush(QColor(LOCK_COLOUR))
        painter.drawRect(QRectF(-6, -1, 12, 8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shift = 0 if on else 6
        painter.drawArc(QRectF(-4 + shift, -8, 8, 10), 0, 180 * 16)
        legs = (-4, 4) if on else (shift - 4,)
        for x in legs:
            painter.drawLine(QPointF(x, -3), QPointF(x, -1))
