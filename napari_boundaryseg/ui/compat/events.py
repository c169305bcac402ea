"""Qt's key and mouse events, in words that are the same on PyQt5 and PyQt6."""

from __future__ import annotations

from typing import Any

from qtpy import QT6, sip
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent

_MODS = Qt.KeyboardModifier
_SHIFTED = (_MODS.NoModifier, _MODS.ShiftModifier)
_TYPES = QEvent.Type
CLASSES = {
    **dict.fromkeys((_TYPES.KeyPress, _TYPES.KeyRelease, _TYPES.ShortcutOverride), QKeyEvent),
    **dict.fromkeys(
        (_TYPES.MouseButtonPress, _TYPES.MouseButtonRelease, _TYPES.MouseButtonDblClick, _TYPES.MouseMove), QMouseEvent
    ),
    _TYPES.Wheel: QWheelEvent,
}


def typed(event: Any) -> Any:
    """A key, mouse or wheel event under its own class, where Python took it for an earlier event.

    Qt puts events on the stack; where Python still holds one that is gone, PyQt finds that object again at the same
    address, whatever is there now.
    """
    kind = CLASSES.get(event.type())
    if kind is None or isinstance(event, kind):
        return event
    pyqt: Any = sip
    return pyqt.wrapinstance(pyqt.unwrapinstance(event), kind)


def key_names(event: Any) -> tuple[str, ...]:
    """What a key event may be called: "Ctrl+Z", "PgUp"; first the symbol or digit that was typed, on any layout."""
    pressed, text = event.modifiers() & ~_MODS.KeypadModifier, event.text()
    alt_gr = pressed == _MODS.ControlModifier | _MODS.AltModifier or bool(pressed & _MODS.GroupSwitchModifier)
    typed = len(text) == 1 and text.isprintable() and not text.isalpha() and not text.isspace()
    names = (text,) if typed and (pressed in _SHIFTED or alt_gr) else ()
    if event.key() in (0, Qt.Key.Key_unknown):
        return names
    bits = pressed.value if QT6 else int(pressed)
    sequence = QKeySequence(bits | int(event.key()))
    return (*names, sequence.toString(QKeySequence.SequenceFormat.PortableText))


def position(event: Any) -> QPointF:
    """Where a mouse or wheel event is, in its widget."""
    return event.position() if hasattr(event, "position") else event.localPos()
