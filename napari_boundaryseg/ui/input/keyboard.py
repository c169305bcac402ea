"""The keyboard of one window: the keys of the table act wherever the focus is, except where text is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.compat.events import key_names, typed

PRESS, RELEASE = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
OVERRIDE, LEFT = QEvent.Type.ShortcutOverride, QEvent.Type.WindowDeactivate
HEARD = (PRESS, RELEASE, OVERRIDE, LEFT)
DONE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
"""After these a number is written, or left as it was: keys are the table's again."""
TEXT = (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit)
MOVED = (QComboBox, QAbstractSlider)
CONFIRMS = "outline.apply"
"""In a drop-down list in which a key has just chosen, the first Enter confirms the choice, and applies nothing."""


@dataclass(frozen=True)
class Act:
    """What keys do, while there is something to do it to; ``end`` when a key that was held is released."""

    do: Callable[[], object]
    may: Callable[[], bool] = lambda: True
    end: Callable[[], object] | None = None


class Keyboard(QObject):
    """Listens before any widget of a window does: no list, table or shortcut of napari takes a key of the table.

    What has no act, and what has nothing to act on, goes where it always went.

    Parameters
    ----------
    window : QWidget
        The main window; its floating docks belong to it, its dialogs do not.
    acts : mapping
        By the actions of `ui.keys`.
    """

    def __init__(self, window: QWidget, acts: Mapping[str, Act]) -> None:
        super().__init__(window)
        self._acts = acts
        self._held: dict[int, Act] = {}
        self._choosing: tuple[QComboBox, int] | None = None
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Act on a key, or let it pass."""
        if event is None or event.type() not in HEARD:
            return False
        if event.type() == LEFT:
            if watched is self.parent():
                self.release_all()
            return False
        if not isinstance(watched, QWidget):  # Qt gives it to a window first, and then to a widget
            return False
        if event.type() == RELEASE:
            return self._released(typed(event))
        return self._pressed(watched, typed(event))

    def _pressed(self, watched: QWidget, event: Any) -> bool:
        focus = QApplication.focusWidget()
        if focus is None or not _within(watched, focus):  # a widget passes on to its parents what it does not use
            focus = watched
        if not self._is_ours(focus):
            self._choosing = None  # an open list, or a dialog, has its own Enter
            return False
        key = next((keys.BY_NAME[name] for name in key_names(event) if name in keys.BY_NAME), None)
        act = self._acts.get(key.action) if key is not None else None
        if key is not None and key.action == CONFIRMS and self._has_just_chosen(focus):
            event.accept()
            if event.type() == PRESS:
                self._choosing = None
            return True
        if event.type() == PRESS and not (self._choosing and self._choosing[0] is focus):
            list_ = isinstance(focus, QComboBox) and not focus.isEditable()
            self._choosing = (focus, focus.currentIndex()) if list_ else None
        if isinstance(focus, QAbstractSpinBox) and event.type() == PRESS and event.key() in DONE:
            QTimer.singleShot(0, lambda: focus.clearFocus() if focus is QApplication.focusWidget() else None)
        if key is None or act is None or _keeps(focus, key.moves) or not act.may():
            return False
        event.accept()
        if event.type() == PRESS and (key.repeats or not event.isAutoRepeat()):
            if act.end is not None:
                self._held[event.key()] = act
            act.do()
        return True

    def _has_just_chosen(self, focus: QWidget) -> bool:
        """Whether keys have chosen something else in a drop-down list since it was given the first of them."""
        return (
            self._choosing is not None
            and self._choosing[0] is focus
            and self._choosing[0].currentIndex() != self._choosing[1]
        )

    def _released(self, event: Any) -> bool:
        if event.isAutoRepeat() or event.key() not in self._held:
            return False
        self._end(event.key())
        return True

    def release_all(self) -> None:
        """End what is held: the window was left, and will not hear the release."""
        for key in list(self._held):
            self._end(key)

    def _end(self, key: int) -> None:
        end = self._held.pop(key).end
        if end is not None:
            end()

    def _is_ours(self, widget: QWidget) -> bool:
        if QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            return False
        own: Any = widget.window()  # of a list that a key has just closed, the same key still comes to the list
        if isinstance(own, QDialog) or own.windowType() == Qt.WindowType.Popup:
            return False
        return _within(self.parent(), widget)


def _within(parent: QObject | None, widget: QWidget | None) -> bool:
    """Whether a widget is in another, docks that float included."""
    while widget is not None and widget is not parent:
        widget = widget.parentWidget()
    return widget is parent


def _keeps(focus: QWidget, moves: bool) -> bool:
    """Whether a widget needs a key itself: it is written in, or moved by arrows."""
    if isinstance(focus, TEXT) or (isinstance(focus, QComboBox) and focus.isEditable()):
        return True
    return moves and isinstance(focus, MOVED)
