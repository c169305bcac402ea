"""Every private or version-dependent napari call, each with the version that it was tried on."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QWidget

CONTROLS_WIDTH = 340


def canvas_widget(viewer: Any) -> QWidget:
    """The widget that draws the scan (napari 0.9.2: no public name for it)."""
    return viewer.window._qt_viewer.canvas.native


def main_window(viewer: Any) -> QWidget:
    """Napari's main window (0.9.2: no public name for it)."""
    return viewer.window._qt_window


def is_open(viewer: Any) -> bool:
    """Whether the viewer's window is there (0.9.2: no public name for it)."""
    try:
        return bool(main_window(viewer).isVisible())
    except (AttributeError, RuntimeError):  # closed by the program, or by the person
        return False


def camera(viewer: Any) -> Any:
    """The camera: ``viewer.scene.camera`` since 0.9, ``viewer.camera`` before."""
    scene = getattr(viewer, "scene", None)
    return scene.camera if scene is not None else viewer.camera


def is_edited(labels: Any) -> bool:
    """Whether a Labels layer has anything to undo (0.9.2: the history is private)."""
    return bool(labels._undo_history)


def can_redo(labels: Any) -> bool:
    """Whether a Labels layer has anything to redo (0.9.2: the history is private)."""
    return bool(labels._redo_history)


Change = dict[int, int]
"""Label to the number of voxels that it has won, or lost."""


def on_edit(labels: Any, told: Callable[[Change | None], object]) -> None:
    """Call ``told`` after each stroke, undo, redo and new array of a Labels layer, with what changed where it is known.

    (0.9.2: undo and redo have no event, and what they change is only in the private history. ``set_data`` is no news
    of an edit: it comes with every slice.)
    """
    labels.events.paint.connect(lambda event: told(_change(event.value, 1)))
    labels.events.data.connect(lambda event: told(None))
    for name, source, target, sign in (("undo", "_undo_history", "_redo_history", -1),
                                       ("redo", "_redo_history", "_undo_history", 1)):
        setattr(labels, name, _telling(labels, getattr(labels, name), source, target, sign, told))


def _telling(labels: Any, move: Callable[[], None], source: str, target: str, sign: int,
             told: Callable[[Change | None], object]) -> Callable[[], None]:
    def moved() -> None:
        there = bool(getattr(labels, source))
        move()
        if there:
            told(_change(getattr(labels, target)[-1], sign))

    return moved


def _change(item: list[Any], sign: int) -> Change | None:
    """What a step of the history changes; None for steps of scripts, which may name a voxel twice."""
    change: Counter[int] = Counter()
    for atom in item:
        old = getattr(atom, "old_values", None)
        if old is None:
            return None
        for label, voxels in zip(*np.unique(old, return_counts=True)):
            change[int(label)] -= sign * int(voxels)
        change[int(atom.new_value)] += sign * np.size(old)
    return dict(change)


def set_tooltip(layer: Any, text: str) -> None:
    """Say more than its name when the mouse rests on a layer in the list (0.9.2: no public name for it)."""
    layer.get_source_str = lambda: f"{layer.name}\n{text}"


def when_closed(viewer: Any, close: Callable[[], None]) -> None:
    """Call ``close`` once when the viewer's window goes, or the program ends (0.9.2: no public event for it)."""
    window = main_window(viewer)
    done: list[bool] = []

    def once(*_: object) -> None:
        if not done:
            done.append(True)
            close()

    window.destroyed.connect(once)
    application = QApplication.instance()
    if application is not None:
        application.aboutToQuit.connect(once)


def steady_window(viewer: Any) -> None:
    """Keep the scan in its place: layer controls as wide as they get, no notice about PyQt5 over the scan (0.9.2)."""
    viewer.window._qt_viewer.dockLayerControls.setMinimumWidth(CONTROLS_WIDTH)
    window = weakref.ref(main_window(viewer))
    for delay in (500, 2000):
        QTimer.singleShot(delay, lambda: _close_notice(window()))


def _close_notice(window: QWidget | None) -> None:
    if window is None:
        return
    try:
        found = window.findChildren(QWidget)
    except RuntimeError:  # the window has gone meanwhile
        return
    for notice in found:
        if type(notice).__name__ == "NapariQtNotification" and "PyQt5" in notice.message.text():
            notice.close()
