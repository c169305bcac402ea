"""Controls with an object name and an accessible name: every button, line and list of a panel is made here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TypeVar

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QPaintEvent, QWheelEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

W = TypeVar("W", bound=QWidget)
MARGIN = 6
"""Pixels that napari's style leaves beside the text in a drop-down list."""


def named(widget: W, name: str, label: str = "", tip: str = "") -> W:
    """Give a control its object name, its accessible name and its tooltip."""
    widget.setObjectName(name)
    if label:
        widget.setAccessibleName(label)
    if tip:
        widget.setToolTip(tip)
        widget.setAccessibleDescription(tip)
    return widget


def button(name: str, label: str, tip: str = "", *, main: bool = False) -> QPushButton:
    """A push button; the one a person presses next is `main`."""
    made = named(QPushButton(label), name, label, tip)
    made.setAutoDefault(False)
    made.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
    if main:
        made.setProperty("main", True)
    return made


def styled_by(widget: QWidget, name: str, value: object) -> None:
    """Set the property that a style sheet asks for, and have the widget drawn by it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def tool(name: str, label: str, key: str, tip: str) -> QToolButton:
    """A button that stays down while its tool is in use; its key stands on it."""
    made = named(QToolButton(), name, label, f"{tip} ({key})")
    made.setText(f"{label}  {key}")
    made.setCheckable(True)
    made.setProperty("tool", True)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def line(name: str, text: str = "", *, quiet: bool = False) -> QLabel:
    """A text that wraps instead of widening the dock, and can be selected."""
    made = named(QLabel(text), name)
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if quiet:
        made.setProperty("quiet", True)
    return made


class Choice(QComboBox):
    """A drop-down list that leaves out the middle of a name that is too long for it; Qt would cut off its end."""

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the list as the style does, with the shortened name."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        width = field.width() - MARGIN
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideMiddle, width)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Let the panel scroll: a wheel that passes over a list chooses nothing."""
        if event is not None:
            event.ignore()


class Slider(QSlider):
    """A horizontal slider for mouse and keys; the wheel scrolls the panel, and changes nothing on its way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Let the panel scroll."""
        if event is not None:
            event.ignore()


def choice(name: str, label: str, tip: str = "", items: Iterable[str] = ()) -> QComboBox:
    """A drop-down list that never widens the dock."""
    made = narrow(named(Choice(), name, label, tip))
    made.addItems(list(items))
    return made


def bring_into_sight(widget: QWidget) -> None:
    """Scroll whatever it lies in until all of it is seen, once it has its place."""
    area = widget.parentWidget()
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    if isinstance(area, QScrollArea):
        soon = QTimer(widget)  # ends with it
        soon.setSingleShot(True)
        soon.timeout.connect(partial(area.ensureWidgetVisible, widget))
        soon.timeout.connect(soon.deleteLater)
        soon.start()


def as_list(table: QTableView) -> None:
    """A table of names: one line a row, long names with their middle left out, never wider than the dock."""
    table.verticalHeader().hide()
    table.setWordWrap(False)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def look_old(widget: QWidget, old: bool) -> None:
    """Have a table or a list look as what it shows is: of before the last change, or of now."""
    if bool(widget.property("old")) != old:
        widget.setProperty("old", old)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def narrow(combo: QComboBox) -> QComboBox:
    """Keep a drop-down list from being as wide as its longest entry."""
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a wheel that passes over takes no keys from the window
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return combo


def column(parent: QWidget, *parts: QWidget) -> QVBoxLayout:
    """A panel's layout: parts under each other, at the panel's own width."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(8, 4, 8, 8)
    layout.setSpacing(6)
    for part in parts:
        layout.addWidget(part)
    return layout


def form(parent: QWidget) -> QFormLayout:
    """A form that grows with the panel; with large text a field goes under its word instead of out of sight."""
    layout = QFormLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return layout
