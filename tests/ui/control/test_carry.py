"""Carrying in the real window: dashed after a stroke, taken by keys, put away, in every plane, one step each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hands import LEFT, drag, live
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.editing.history.edit import CARRIED, OPENED
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.compat.canvas import canvas_widget

RECTUM = 3
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def key(controller: Any, name: Any, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
    canvas = canvas_widget(controller.viewer)
    canvas.setFocus()
    QTest.keyClick(canvas, name, keys)
    live(30)


def grow(controller: Any, at: int, axis: int = 0) -> None:
    """Draw the rectum five voxels larger on one slice, as the brush would: one step."""
    history = controller.tools.editable.history
    part = [slice(None)] * 3
    part[axis] = slice(at, at + 1)
    box = tuple(part)
    mask = np.take(history.array == RECTUM, at, axis)
    wide = mask.copy()
    for shift in range(-5, 6):
        for a in (0, 1):
            wide |= np.roll(mask, shift, a)
    values = history.array[box].copy()
    values[np.expand_dims(wide, axis) & (values == 0)] = RECTUM
    history.apply("Paint", box, values)
    live(30)


def dashes(controller: Any) -> list[np.ndarray]:
    live(50)
    return controller.view.outlines.main.dashed  # type: ignore[no-any-return]


def dashed(controller: Any) -> int:
    return len(dashes(controller))


def test_what_a_stroke_means_for_the_others_is_dashed_and_taken_slice_by_slice(
    rectum: Any, find: Callable[[str], Any]
) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    key(rectum, Qt.Key.Key_C)
    assert "Correct Rectum on a slice" in find("correct_panel.carry_text").text()
    assert not find("correct_panel.carry_take").isEnabled()
    grow(rectum, at)
    assert dashed(rectum) == 0, "this slice is as it was drawn"
    words = find("correct_panel.carry_text").text()
    assert words.startswith("Rectum: 1 slice corrected or locked. Dashed on ")
    assert words.endswith(" mL.")
    assert "−" not in words, "it grew"
    rectum.grid.show_slice(at + 1)
    assert dashed(rectum) > 0
    before, position = history.array.copy(), history.position
    key(rectum, Qt.Key.Key_T)
    assert history.position == position + 1
    assert history.top.kind == CARRIED
    assert history.top.name == f"Carry: Rectum, slice {at + 2}"
    changed = np.flatnonzero((history.array != before).any((1, 2)))
    assert changed.tolist() == [at + 1]
    assert rectum.grid.slice() == at + 2, "on to the next that has a proposal"


def test_the_next_slice_is_one_that_was_not_taken_yet(rectum: Any) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    key(rectum, Qt.Key.Key_C)
    grow(rectum, at)
    rectum.grid.show_slice(at + 1)
    key(rectum, Qt.Key.Key_T)
    grow(rectum, at + 3)
    offered = rectum.carry._proposal.offered
    assert at + 1 in offered, "another correction says something else of it now"
    rectum.grid.show_slice(at)
    position = history.position
    key(rectum, Qt.Key.Key_T)
    assert history.position == position, "nothing is proposed for the slice that was drawn"
    assert rectum.grid.slice() == at + 2, "not back to the one that was taken"


def test_organs_in_the_way_stay_and_that_is_said(rectum: Any, find: Callable[[str], Any]) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    box = (slice(at + 1, at + 2), slice(None), slice(None))
    values = history.array[box].copy()
    rows = np.flatnonzero((values[0] == RECTUM).any(1))
    values[0, : rows[0]][values[0, : rows[0]] == 0] = 2
    history.apply("Opened labels", box, values, OPENED)
    key(rectum, Qt.Key.Key_C)
    grow(rectum, at)
    rectum.grid.show_slice(at + 1)
    before = history.array == 2
    key(rectum, Qt.Key.Key_T)
    assert history.top.kind == CARRIED
    np.testing.assert_array_equal(history.array == 2, before)
    assert "Prostate was spared. Interface (I)" in find("job_bar.message").text()


def test_one_key_interpolates_between_corrected_slices_instead_and_carries_again(
    rectum: Any, find: Callable[[str], Any]
) -> None:
    there = np.flatnonzero((rectum.tools.editable.history.array == RECTUM).any((1, 2)))
    first, last = int(there[1]), int(there[-2])
    key(rectum, Qt.Key.Key_C)
    grow(rectum, first)
    grow(rectum, last)
    rectum.grid.show_slice((first + last) // 2)
    carried, words = [line.copy() for line in dashes(rectum)], find("correct_panel.carry_text").text()
    key(rectum, Qt.Key.Key_W)
    assert find("correct_panel.carry_way").currentText() == "Interpolated"
    assert "Interpolated between them and carried beyond, dashed on" in find("correct_panel.carry_text").text()
    between = dashes(rectum)
    assert [line.shape for line in between] != [line.shape for line in carried] or any(
        (a != b).any() for a, b in zip(between, carried)
    )
    QTest.keyClick(find("correct_panel.carry_way"), Qt.Key.Key_Up)
    live(30)
    assert find("correct_panel.carry_way").currentText() == "Carried"
    assert find("correct_panel.carry_text").text() == words
    for a, b in zip(dashes(rectum), carried, strict=True):
        np.testing.assert_array_equal(a, b)


def test_all_are_taken_as_one_step_and_undo_brings_them_back(rectum: Any, find: Callable[[str], Any]) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    grow(rectum, at)
    QTest.mouseClick(find("correct_panel.carry"), LEFT)
    live(30)
    before, position = history.array.copy(), history.position
    key(rectum, Qt.Key.Key_T, SHIFT)
    assert history.position == position + 1
    assert (history.array != before).any((1, 2)).sum() > 1
    assert "Nothing follows" in find("correct_panel.carry_text").text()
    assert not find("correct_panel.carry_take_all").isEnabled()
    key(rectum, Qt.Key.Key_Z, CONTROL)
    assert (history.array == before).all()
    assert "Dashed on" in find("correct_panel.carry_text").text()


def test_a_range_reaches_from_the_corrected_slice_to_the_one_in_view(rectum: Any) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    grow(rectum, at)
    key(rectum, Qt.Key.Key_C)
    rectum.grid.show_slice(at - 2)
    before = history.array.copy()
    key(rectum, Qt.Key.Key_T, CONTROL)
    assert np.flatnonzero((history.array != before).any((1, 2))).tolist() == [at - 2, at - 1]


def test_escape_puts_it_away_before_the_tool(rectum: Any, find: Callable[[str], Any]) -> None:
    grow(rectum, rectum.grid.slice())
    key(rectum, Qt.Key.Key_B)
    key(rectum, Qt.Key.Key_C)
    assert rectum.carry.is_on
    key(rectum, Qt.Key.Key_Escape)
    assert not rectum.carry.is_on
    assert rectum.tools.state()[0] == "paint"
    assert not find("correct_panel.carry_text").isVisible()
    key(rectum, Qt.Key.Key_Escape)
    assert rectum.tools.state()[0] == "pan_zoom"


def test_a_locked_slice_gets_none_and_counts_as_right(rectum: Any) -> None:
    at = rectum.grid.slice()
    grow(rectum, at)
    key(rectum, Qt.Key.Key_C)
    with_all = rectum.carry.words()
    rectum.labels.lock(Lock(RECTUM, at + 1), True)
    live(30)
    assert rectum.carry.words() != with_all
    assert "2 slices corrected or locked" in rectum.carry.words()
    before = rectum.tools.layer.data[at + 1].copy()
    rectum.carry.take_all()
    assert (rectum.tools.layer.data[at + 1] == before).all()


def test_a_real_stroke_renews_it_at_once(rectum: Any) -> None:
    canvas = canvas_widget(rectum.viewer)
    key(rectum, Qt.Key.Key_C)
    key(rectum, Qt.Key.Key_B)
    rectum.tools.set_brush(30)
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, middle, middle + QPoint(50, 0), middle + QPoint(90, 0))
    assert "1 slice corrected" in rectum.carry.words()
    assert rectum.carry.offers


def test_it_follows_the_chosen_organ_and_ends_with_the_labels(rectum: Any, find: Callable[[str], Any]) -> None:
    grow(rectum, rectum.grid.slice())
    key(rectum, Qt.Key.Key_C)
    assert rectum.carry.offers
    rectum.tools.choose(2)
    live(30)
    assert rectum.carry.is_on
    assert not rectum.carry.offers
    assert "Prostate" in find("correct_panel.carry_text").text()
    rectum.viewer.layers.remove(rectum.tools.layer)
    live(30)
    assert not rectum.carry.is_on


def test_in_another_plane_it_is_about_that_planes_slices(rectum: Any) -> None:
    rectum.view.set_plane("Sagittal")
    live(50)
    assert rectum.grid.axis == 2
    at = rectum.grid.slice()
    grow(rectum, at, axis=2)
    key(rectum, Qt.Key.Key_C)
    assert "1 sagittal slice corrected" in rectum.carry.words()
    rectum.grid.show_slice(at + 1)
    assert dashed(rectum) > 0
    key(rectum, Qt.Key.Key_T)
    assert rectum.tools.editable.history.top.name == f"Carry: Rectum, sagittal slice {at + 2}"


def test_the_next_slice_to_correct_is_named_and_shown(rectum: Any, find: Callable[[str], Any]) -> None:
    at = rectum.grid.slice()
    grow(rectum, at)
    key(rectum, Qt.Key.Key_C)
    there = rectum.carry.next_slice()
    assert there is not None
    assert there != at
    assert find("correct_panel.carry_next").text() == f"Next: slice {there + 1}"
    QTest.mouseClick(find("correct_panel.carry_next"), LEFT)
    assert rectum.grid.slice() == there


def test_it_takes_no_slice_that_nobody_sees(rectum: Any, find: Callable[[str], Any]) -> None:
    grow(rectum, rectum.grid.slice())
    key(rectum, Qt.Key.Key_C)
    assert rectum.carry.offers
    rectum.view.set_plane("Coronal")
    live(50)
    position = rectum.tools.editable.history.position
    key(rectum, Qt.Key.Key_T)
    assert rectum.tools.editable.history.position == position
    assert "show that plane" in find("job_bar.message").text()


def test_in_3d_the_button_comes_up_again(rectum: Any, find: Callable[[str], Any]) -> None:
    rectum.viewer.dims.ndisplay = 3
    live(50)
    QTest.mouseClick(find("correct_panel.carry"), LEFT)
    live(30)
    assert not rectum.carry.is_on
    assert not find("correct_panel.carry").isChecked()


def test_another_organ_is_carried_across_the_same_slices(rectum: Any) -> None:
    rectum.view.set_plane("Sagittal")
    live(50)
    key(rectum, Qt.Key.Key_C)
    rectum.view.set_plane("Axial")
    rectum.tools.choose(2)
    live(30)
    assert "sagittal slice" in rectum.carry.words()
