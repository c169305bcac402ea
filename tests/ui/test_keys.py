"""The table of keys: no key twice, none that napari's menus need, and every key that is taken from napari is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from app_model.types import KeyBinding
from napari._qt._qapp_model.qactions._file import Q_FILE_ACTIONS
from napari._qt._qapp_model.qactions._help import Q_HELP_ACTIONS
from napari._qt._qapp_model.qactions._view import Q_VIEW_ACTIONS
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.compat.events import key_names

MODS = Qt.KeyboardModifier
NAMES = {"PgUp": "PageUp", "PgDown": "PageDown", "Esc": "Escape", "Return": "Enter"}


def test_no_key_is_in_the_table_twice() -> None:
    names = [name for key in keys.KEYS.values() for name in key.keys]
    assert len(names) == len(set(names))
    assert len(keys.KEYS) == sum(len(group) for group in keys.GROUPS.values())


def test_every_key_is_as_qt_writes_it(qapp: Any) -> None:
    for name in keys.BY_NAME:
        assert QKeySequence(name).toString(QKeySequence.SequenceFormat.PortableText) == name


def taken() -> set[str]:
    """napari's own keys that the table has too."""
    ours = {NAMES.get(name, name) for name in keys.BY_NAME}
    theirs = {str(key).replace("Command", "Ctrl") for bindings in default_shortcuts.values() for key in bindings}
    return ours & theirs


def test_it_is_known_which_of_naparis_keys_are_taken() -> None:
    digits = {str(n) for n in range(1, 8)}
    assert taken() == {
        *digits,
        "B",
        "E",
        "F",
        "P",
        "[",
        "]",
        "Enter",
        "Escape",
        "Backspace",
        "Ctrl+Y",
        "C",
        "T",
        "Ctrl+T",
        "A",
        "R",
        "S",
        "I",
        "O",
        "Y",
    }


def test_naparis_menus_need_none_of_the_keys(qapp: Any) -> None:
    rules = [
        rule for action in [*Q_FILE_ACTIONS, *Q_VIEW_ACTIONS, *Q_HELP_ACTIONS] for rule in action.keybindings or ()
    ]
    menus = {str(KeyBinding.from_int(key)) for rule in rules for key in (rule.primary, rule.linux, rule.win) if key}
    assert "Ctrl+O" in menus or len(menus) > 8
    assert not menus & set(keys.BY_NAME)


@pytest.mark.parametrize(
    "key, mods, text, name",
    [
        (Qt.Key.Key_B, MODS.NoModifier, "b", "B"),
        (Qt.Key.Key_B, MODS.NoModifier, "B", "B"),  # caps lock
        (Qt.Key.Key_Z, MODS.ControlModifier | MODS.ShiftModifier, "\x1a", "Ctrl+Shift+Z"),
        (Qt.Key.Key_Question, MODS.ShiftModifier, "?", "?"),
        (Qt.Key.Key_BracketLeft, MODS.GroupSwitchModifier, "[", "["),  # AltGr on Linux
        (Qt.Key.Key_BracketLeft, MODS.ControlModifier | MODS.AltModifier, "[", "["),  # and on Windows
        (Qt.Key.Key_1, MODS.KeypadModifier, "1", "1"),
        (Qt.Key.Key_1, MODS.ShiftModifier, "1", "1"),  # French keyboards
        (Qt.Key.Key_Enter, MODS.KeypadModifier | MODS.ControlModifier, "\r", "Ctrl+Enter"),
        (Qt.Key.Key_PageUp, MODS.NoModifier, "", "PgUp"),
    ],
)
def test_a_key_is_known_on_every_keyboard(qapp: Any, key: Any, mods: Any, text: str, name: str) -> None:
    assert name in key_names(QKeyEvent(QEvent.Type.KeyPress, key, mods, text))


@pytest.mark.parametrize(
    "key, mods, text",
    [
        (Qt.Key.Key_B, MODS.ControlModifier, "\x02"),
        (Qt.Key.Key_B, MODS.AltModifier, "b"),
        (Qt.Key.Key_B, MODS.ShiftModifier, "B"),
        (Qt.Key.Key_1, MODS.ControlModifier, "1"),
        (Qt.Key.Key_Up, MODS.ControlModifier, ""),
        (Qt.Key.Key_Shift, MODS.ShiftModifier, ""),
        (Qt.Key.Key_unknown, MODS.NoModifier, ""),
    ],
)
def test_other_keys_are_nobodys(qapp: Any, key: Any, mods: Any, text: str) -> None:
    assert not set(key_names(QKeyEvent(QEvent.Type.KeyPress, key, mods, text))) & set(keys.BY_NAME)


def test_rows_of_the_help_sheet(find: Callable[[str], Any]) -> None:
    assert list(keys.rows("Organs")) == [("1 – 9", "Choose the organ of that row")]
    assert all(words for group in keys.GROUPS for _, words in keys.rows(group))
    for name in keys.MODES:
        shown = find(f"correct_panel.tool.{name}")
        assert shown.text().endswith(keys.shown(f"tool.{name}"))
        assert keys.shown(f"tool.{name}") in shown.toolTip()
    for control, action in (("undo", "edit.undo"), ("redo", "edit.redo"), ("accept", "case.accept")):
        assert find(f"correct_panel.{control}").toolTip() == keys.tip(action)
