"""A person who closes a window is asked once: what the plugin asked, napari does not ask again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hands import live
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.compat import window as napari_window


class Window(QWidget):
    """Stands for napari's main window, whose own question is the second argument."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: list[bool] = []
        self.tasks: list[str] = []
        self._window = SimpleNamespace(_task_status_manager=SimpleNamespace(get_status=lambda: self.tasks))

    def close(self, quit_app: bool = False, confirm_need: bool = False) -> bool:
        self.closed.append(confirm_need)
        return True


class ByHand(QCloseEvent):
    """The button in a window's frame."""

    def spontaneous(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "by_menu", "by_frame"), [(None, [True], []), (True, [False], [False]), (False, [], [])]
)
def test_what_was_asked_is_not_asked_again(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, answer: bool | None, by_menu: list[bool], by_frame: list[bool]
) -> None:
    window, asked = Window(), []
    qtbot.addWidget(window)
    monkeypatch.setattr(napari_window, "main_window", lambda viewer: window)

    def may() -> bool | None:
        asked.append(answer)
        return answer

    napari_window.before_closed(SimpleNamespace(), may)  # type: ignore[arg-type]
    window.close(False, confirm_need=True)
    assert (len(asked), window.closed) == (1, by_menu)
    window.closed.clear()
    event = ByHand()
    kept = window.findChild(napari_window._CloseFilter).eventFilter(window, event)
    live(20)
    assert kept == (answer is not None), "without a question the event goes on to napari, which asks its own"
    assert (len(asked), window.closed) == (2, by_frame)
    window.closed.clear()
    window.close()
    assert (len(asked), window.closed) == (2, [False]), "a program that closes it asks nobody"
    window.tasks.append("something of another plugin")
    kept = window.findChild(napari_window._CloseFilter).eventFilter(window, ByHand())
    assert kept == (answer is False), "about that napari asks"
