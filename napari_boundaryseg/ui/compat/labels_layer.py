"""Every private or version-dependent napari call, each with the version that it was tried on."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.qt import QtViewer
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QApplication, QSplitter, QWidget

from napari_boundaryseg.data.boxes import Box

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


def on_stroke(labels: Any, told: Callable[[], object]) -> None:
    """Call ``told`` after each stroke, fill and polygon of a Labels layer, whose own history stays empty.

    (0.9.2: outside of ``block_history`` the event comes before the voxels are written, so that single edits are wrapped
    in one. ``set_data`` is no news of an edit: it comes with every slice.)
    """

    def stroke(event: object) -> None:
        labels._undo_history.clear()
        labels._redo_history.clear()
        told()

    labels.events.paint.connect(stroke)
    _whole_strokes(labels)


def lead_strokes(labels: Any, main: Any) -> None:
    """Make each stroke in a Labels layer one of the main layer on the same array, for all who listen to it (0.9.2)."""

    def stroke(event: Any) -> None:
        labels._undo_history.clear()
        labels._redo_history.clear()
        main._redo_history.clear()
        main._append_to_undo_history(event.value)

    labels.events.paint.connect(stroke)
    _whole_strokes(labels)


def write_only(
    labels: Any,
    barred: Callable[[Box, np.ndarray], np.ndarray],
    begun: Callable[[], object],
    ended: Callable[[], object],
) -> None:
    """Let the brush, fill and polygon of a Labels layer leave alone what ``barred`` finds in a box and its new labels.

    ``begun`` comes before each stroke, ``ended`` after one that wrote nothing. (0.9.2: these tools write through
    ``_apply_mask_to_data``; a stroke begins in ``block_history`` or ``_begin_stroke`` and ends in
    ``_commit_staged_history``, silently where nothing was written.)
    """
    write, block, begin, commit = (
        labels._apply_mask_to_data,
        labels.block_history,
        labels._begin_stroke,
        labels._commit_staged_history,
    )

    def written(data: np.ndarray, mask: np.ndarray, new_label: int, volume_slice: Box) -> np.ndarray | None:
        if labels.preserve_labels:
            mask = mask & (data == labels._get_preserve_labels_source_label(new_label))
        shut = barred(volume_slice, np.where(mask, new_label, data).astype(data.dtype))
        return write(data, mask & ~shut, new_label, volume_slice)

    @contextmanager
    def one_stroke() -> Iterator[None]:
        if not labels._block_history:
            begun()
        with block():
            yield

    def begin_one() -> None:
        begun()
        begin()

    def committed() -> None:
        silent = not labels._staged_history
        commit()
        if silent:
            ended()

    labels._apply_mask_to_data, labels.block_history = written, one_stroke
    labels._begin_stroke, labels._commit_staged_history = begin_one, committed


def _whole_strokes(labels: Any) -> None:
    for name in ("paint", "fill", "paint_polygon", "data_setitem"):
        setattr(labels, name, _as_stroke(labels, getattr(labels, name)))


def _as_stroke(labels: Any, edit: Callable[..., object]) -> Callable[..., object]:
    def stroke(*arguments: Any, **named: Any) -> object:
        if labels._block_history:  # part of a longer stroke
            return edit(*arguments, **named)
        with labels.block_history():
            return edit(*arguments, **named)

    return stroke


def own_history(labels: Any, undo: Callable[[], object], redo: Callable[[], object]) -> None:
    """Lead Ctrl+Z and Ctrl+Shift+Z of a Labels layer elsewhere (0.9.2: its key bindings call these two methods)."""
    labels.undo, labels.redo = undo, redo


def set_tooltip(layer: Any, text: str) -> None:
    """Say more than its name when the mouse rests on a layer in the list (0.9.2: no public name for it)."""
    layer.get_source_str = lambda: f"{layer.name}\n{text}"


class _CloseFilter(QObject):
    """Asks before a window closes because a person said so."""

    def __init__(self, window: QWidget, may: Callable[[], bool]) -> None:
        super().__init__(window)
        self._may = may
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Close and event.spontaneous() and not self._may():
            event.ignore()
            return True
        return False


def before_closed(viewer: Any, may: Callable[[], bool]) -> None:
    """Ask ``may`` before a person closes the viewer's window, by its frame or by napari's menu.

    (0.9.2: no public event for it. The menu calls ``close`` of the main window with ``confirm_need``.)
    """
    try:
        window: Any = main_window(viewer)
    except AttributeError:  # a viewer without a window
        return
    close = window.close

    def asked(quit_app: bool = False, confirm_need: bool = False) -> Any:
        return close(quit_app, confirm_need) if not confirm_need or may() else None

    window.close = asked
    _CloseFilter(window, may)


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


class PlainView(QtViewer):
    """A QtViewer beside the main one, which has bound napari's shortcuts already (0.9.2: that takes 0.2 s)."""

    def _bind_shortcuts(self) -> None:
        """Leave them as they are."""


def view_canvas(view: QtViewer) -> QWidget:
    """The widget of a QtViewer that draws (0.9.2: its canvas is of a private class)."""
    return view.canvas.native


def main_view(viewer: Any) -> QSplitter:
    """The main window's QtViewer, which is a splitter with the main canvas as its only part (0.9.2)."""
    return viewer.window._qt_viewer


def keep_apart(view: QtViewer) -> None:
    """Let a QtViewer remove layers safely.

    (0.9.2: after a layer is removed, its canvas sends what waits for the graphics card to whatever was drawn last:
    another canvas, or the window around it. That ended in a crash at the next drawing. So it is made the current one.)
    """
    events, current = view.viewer.layers.events, view.canvas._scene_canvas.set_current
    for source in (events.removed, events.end_batch):
        source.connect(current, position="first")


def share_keys(main: Any, other: Any) -> None:
    """Let the keys that are bound to one layer or viewer, now and later, work for another too (0.9.2)."""
    other._keymap = main._keymap


def slice_of(layer: Any) -> Any:
    """A value that stays the same while a layer shows the same slice (0.9.2: ``set_data`` does not tell why)."""
    return layer._slice_input


def box_drawn(labels: Any) -> Box | None:
    """The box of the array that a Labels layer draws again, while it tells of ``labels_update`` (0.9.2)."""
    return labels._updated_slice


def draw_box(labels: Any, box: Box) -> None:
    """Draw a box of the array again, if the slice that a Labels layer shows goes through it (0.9.2: strokes do so)."""
    shown = labels._slice_input
    for n in shown.not_displayed:
        at = round((shown.world_slice.point[n] - labels.translate[n]) / labels.scale[n])
        if not box[n].start <= at < box[n].stop:
            return
    if not labels.visible:
        return
    part = tuple(box[n] for n in shown.displayed)
    view = labels._slice.image.view
    view[part] = labels._raw_to_displayed(labels._slice.image.raw, data_slice=part)
    labels.events.labels_update(data=view[part], offset=[axis.start for axis in part])
