"""Numbers beside napari's sliders, counted from 1 as everywhere else in the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QWidget


def count_from_one(view: Any, counted: Callable[[], bool]) -> Callable[[], None]:
    """Let the sliders of a QtViewer count the last three axes from 1 while ``counted`` says so.

    Call what it returns when ``counted`` says something else.

    (0.9.2: no public way. A slider writes its number and the last one in ``_update_slice_labels`` and takes what a
    person typed in ``_set_slice_from_label``; with another number of axes all sliders are made anew.)
    """
    dims, model = view.dims, view.viewer.dims
    resize = dims._resize_slice_labels

    def resized() -> None:
        resize()
        digits = max((len(str(n)) for n in model.nsteps), default=1)
        for label in dims.findChildren(QWidget, "slice_label"):
            label.setFixedWidth(dims.fontMetrics().boundingRect("8" * digits).width() + 6)

    def renew(event: object = None) -> None:
        for slider in dims.slider_widgets:
            if "_update_slice_labels" not in vars(slider):
                _count(slider, counted)
        dims._update_range()

    dims._resize_slice_labels = resized
    model.events.ndim.connect(renew)
    renew()
    return renew


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
