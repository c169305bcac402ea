"""Numbers beside napari's sliders, counted from 1 as everywhere else in the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget

AROUND = 6
"""Pixels for a label's margin and border, beside its indent of a digit's width; with fewer the last digit is cut."""
CHANGES = (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.Polish)


def count_from_one(view: Any, counted: Callable[[], bool]) -> Callable[[], None]:
    """Let the sliders of a QtViewer count the last three axes from 1 while ``counted`` says so.

    Call what it returns when ``counted`` says something else.

    (0.9.2: no public way. A slider writes its number and the last one in ``_update_slice_labels`` and takes what a
    person typed in ``_set_slice_from_label``; with another number of axes all sliders are made anew.)
    """
    dims, model = view.dims, view.viewer.dims
    resize = dims._resize_slice_labels

    def fit(label: QWidget) -> None:
        digits = max((len(str(n)) for n in model.nsteps), default=1)
        label.setFixedWidth(label.fontMetrics().boundingRect("8" * (digits + 1)).width() + AROUND)

    fonts = _FontChanges(dims, fit)

    def resized() -> None:
        resize()
        for label in dims.findChildren(QWidget, "slice_label"):
            label.installEventFilter(fonts)
            fit(label)

    def renew(event: object = None) -> None:
        for slider in dims.slider_widgets:
            if "_update_slice_labels" not in vars(slider):
                _count(slider, counted)
        dims._update_range()

    dims._resize_slice_labels = resized
    model.events.ndim.connect(renew)
    renew()
    return renew


class _FontChanges(QObject):
    """Fits a number's place again when its font has changed, which napari's style does after the number was made."""

    def __init__(self, parent: QObject, fit: Callable[[QWidget], None]) -> None:
        super().__init__(parent)
        self._fit = fit

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() in CHANGES and isinstance(watched, QWidget):
            self._fit(watched)
        return False


def _count(slider: Any, counted: Callable[[], bool]) -> None:
    write, take, edit = slider._update_slice_labels, slider._set_slice_from_label, slider.curslice_label

    model, axis = slider.dims, slider.axis

    def is_counted() -> bool:
        return counted() and model.ndim - 3 <= axis < model.ndim

    def written() -> None:
        write()
        if is_counted():
            edit.setText(str(model.current_step[axis] + 1))
            slider.totslice_label.setText(str(model.nsteps[axis]))

    def taken() -> None:
        if is_counted() and edit.text().isdigit():
            edit.setText(str(max(int(edit.text()) - 1, 0)))
        take()
        written()

    slider._update_slice_labels = written
    edit.editingFinished.disconnect(take)
    edit.editingFinished.connect(taken)
