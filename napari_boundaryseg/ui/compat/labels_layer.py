"""Strokes and history of napari's Labels layer, and what of it is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box


def on_stroke(labels: Any, notify: Callable[[], object]) -> None:
    """Call ``notify`` after each stroke, fill and polygon of a Labels layer, whose own history stays empty.

    (0.9.2: outside of ``block_history`` the event comes before the voxels are written, so that single edits are wrapped
    in one. ``set_data`` is no news of an edit: it comes with every slice.)
    """

    def stroke(event: object) -> None:
        labels._undo_history.clear()
        labels._redo_history.clear()
        notify()

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
    protected: Callable[[Box, np.ndarray], np.ndarray],
    begun: Callable[[], object],
    ended: Callable[[], object],
) -> None:
    """Keep the brush, fill and polygon of a Labels layer from what ``protected`` finds in a box and its new labels.

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
        kept = protected(volume_slice, np.where(mask, new_label, data).astype(data.dtype))
        return write(data, mask & ~kept, new_label, volume_slice)

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
