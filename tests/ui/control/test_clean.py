"""Clean-ups in the window: seen before they are done, applied by Enter, put away by Esc; and copying to a slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import organ_centre
from hands import LEFT, live
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.slice_work import SliceState, slice_states
from napari_boundaryseg.editing.tools.clean_tool import clean_tools
from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.compat.window import main_window

RECTUM = 3
SHIFT = Qt.KeyboardModifier.ShiftModifier
TOOLS = clean_tools()


def choose(find: Callable[[str], Any], name: str) -> None:
    find("correct_panel.clean_which").setCurrentIndex(list(TOOLS).index(name))


def dashed(controller: Any) -> list[np.ndarray]:
    live(100)
    return controller.view.outlines.main.dashed  # type: ignore[no-any-return]


@pytest.fixture
def margins(rectum: Any, find: Callable[[str], Any]) -> Any:
    """A margin of 4 mm round the rectum is shown."""
    QTest.keyClick(canvas_widget(rectum.viewer), Qt.Key.Key_C, SHIFT)
    choose(find, "margins")
    find("correct_panel.clean.margins.margin_mm").setValue(4.0)
    return rectum


def test_it_is_shown_dashed_with_its_volume_and_enter_makes_it_one_step(
    margins: Any, find: Callable[[str], Any]
) -> None:
    labels, history, canvas = margins.tools.layer, margins.tools.editable.history, canvas_widget(margins.viewer)
    before, first = labels.data.copy(), history.position
    assert dashed(margins)
    words = find("correct_panel.clean_text").text()
    assert words.startswith("Rectum +")
    np.testing.assert_array_equal(labels.data, before)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    live(200)
    assert history.position == first + 1
    assert history.top.name == f"{TOOLS['margins'].label}: Rectum"
    won = np.count_nonzero(labels.data == RECTUM) - np.count_nonzero(before == RECTUM)
    told = float(words.split("+")[1].split(" mL")[0])
    assert won * margins.tools.editable.voxel_ml == pytest.approx(told, abs=0.06)
    assert set(np.unique(before[labels.data != before])) == {0}, "other organs are spared"
    assert not dashed(margins)
    assert not find("correct_panel.clean_which").isVisible()
    assert SliceState.CORRECTED not in slice_states(history, RECTUM, 0), "a rule did it, no hand"
    margins.tools.undo()
    np.testing.assert_array_equal(labels.data, before)


def test_enter_in_the_open_list_only_chooses(rectum: Any, find: Callable[[str], Any]) -> None:
    """The list closes on the first event of the key; the second one still comes to it, and is not the canvas's."""
    QTest.keyClick(canvas_widget(rectum.viewer), Qt.Key.Key_C, SHIFT)
    history, which = rectum.tools.editable.history, find("correct_panel.clean_which")
    first, wanted = history.position, list(TOOLS).index("margins")
    QTest.mouseClick(which, LEFT)
    live(300)
    popup = which.view()
    assert popup.isVisible()
    for _ in range(wanted - which.currentIndex()):
        QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    live(300)
    assert which.currentIndex() == wanted
    assert rectum.clean.is_on
    assert rectum.clean.changes
    assert history.position == first


def test_after_a_number_is_written_the_keys_are_tools_again(margins: Any, find: Callable[[str], Any]) -> None:
    field, history = find("correct_panel.clean.margins.margin_mm"), margins.tools.editable.history
    main_window(margins.viewer).activateWindow()
    field.setFocus()
    live(200)
    assert field.hasFocus()
    first = history.position
    QTest.keyClick(field, Qt.Key.Key_Return)
    live(100)
    assert history.position == first, "the first Enter is the field's"
    assert not field.hasFocus()
    QTest.keyClick(main_window(margins.viewer), Qt.Key.Key_Return)
    assert history.position == first + 1


def test_what_goes_as_a_whole_has_a_cross_and_its_slices_are_told(rectum: Any, find: Callable[[str], Any]) -> None:
    labels, at = rectum.tools.layer, rectum.grid.slice()
    spot = np.zeros(labels.data.shape, bool)
    spot[at, 2:4, 2:4] = True
    rectum.tools.editable.put("Spot", np.where(spot, RECTUM, labels.data))
    find("correct_panel.clean").click()
    choose(find, "keep-pieces")
    outlines = rectum.view.outlines.main
    live(200)
    assert f"on slice {at + 1}." in find("correct_panel.clean_text").text()
    spacing = np.array(labels.scale[1:])
    ends = [line / spacing for line in outlines.crossed]
    assert [one.round(6).tolist() for one in ends] == [[[1, 1], [4, 4]], [[1, 4], [4, 1]]]
    QTest.keyClick(canvas_widget(rectum.viewer), Qt.Key.Key_Escape)
    live(200)
    assert not outlines.crossed


def test_escape_puts_it_away_and_so_does_another_organ(margins: Any, find: Callable[[str], Any]) -> None:
    history, canvas = margins.tools.editable.history, canvas_widget(margins.viewer)
    first = history.position
    live(100)
    assert not find("correct_panel.clean_apply").visibleRegion().isEmpty(), "the key has brought it into sight"
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not margins.clean.is_on
    assert not dashed(margins)
    QTest.keyClick(canvas, Qt.Key.Key_C, SHIFT)
    assert margins.clean.is_on
    margins.tools.choose(1)
    assert not margins.clean.is_on
    assert history.position == first


def test_it_follows_what_is_drawn_meanwhile(margins: Any, find: Callable[[str], Any]) -> None:
    words = find("correct_panel.clean_text")
    before, labels = words.text(), margins.tools.layer.data
    where = np.argwhere(labels == RECTUM)
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(where.min(0), where.max(0)))
    half = labels[box].copy()
    half[: len(half) // 2] = 0
    margins.tools.editable.put("Half of it", half, box)
    live(300)
    assert words.text() != before
    assert margins.clean.changes


def test_a_stroke_in_progress_is_not_taken_back_by_the_clean_up(margins: Any) -> None:
    canvas, labels, history = canvas_widget(margins.viewer), margins.tools.layer, margins.tools.editable.history
    before = labels.data.copy()
    where = np.argwhere(labels.data[margins.grid.slice()] == 1)
    QTest.keyClick(canvas, Qt.Key.Key_N)
    free = (margins.grid.slice(), 1, 1) if not len(where) else (margins.grid.slice(), *where[0])
    point = tuple(n * mm for n, mm in zip(free, labels.scale))
    margins.tools.own.begin(labels, 0, tuple(n * mm for n, mm in zip(organ_centre(labels, RECTUM), labels.scale)))
    margins.tools.own.move(point)
    stroke = np.array(labels.data)
    assert (stroke != before).any()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    names = [step.name.partition(":")[0] for step in history.steps[-2:]]
    assert names == ["Nudge", TOOLS["margins"].label]
    drawn = stroke != before
    np.testing.assert_array_equal(labels.data[drawn], stroke[drawn])


def test_where_all_is_locked_nothing_is_promised_or_said_to_be_done(margins: Any, find: Callable[[str], Any]) -> None:
    margins.labels.lock(Lock(RECTUM), True)
    live(300)
    assert find("correct_panel.clean_text").text() == "What is locked stays."
    assert not find("correct_panel.clean_apply").isEnabled()
    first = margins.tools.editable.history.position
    QTest.keyClick(canvas_widget(margins.viewer), Qt.Key.Key_Return)
    assert margins.tools.editable.history.position == first


def test_carry_and_clean_up_are_shown_one_at_a_time(margins: Any) -> None:
    canvas = canvas_widget(margins.viewer)
    QTest.keyClick(canvas, Qt.Key.Key_C)
    assert (margins.carry.is_on, margins.clean.is_on) == (True, False)
    QTest.keyClick(canvas, Qt.Key.Key_C, SHIFT)
    assert (margins.carry.is_on, margins.clean.is_on) == (False, True)
    assert dashed(margins)


def test_what_is_locked_stays_and_is_not_promised(margins: Any, find: Callable[[str], Any]) -> None:
    margins.labels.lock(Lock(RECTUM, margins.grid.slice()), True)
    live(200)
    assert "What is locked stays" in find("correct_panel.clean_text").text()
    assert not dashed(margins), "nothing changes on the slice in view"
    before, at = margins.tools.layer.data.copy(), margins.grid.slice()
    QTest.mouseClick(find("correct_panel.clean_apply"), LEFT)
    assert (margins.tools.layer.data != before).any()
    np.testing.assert_array_equal(margins.tools.layer.data[at], before[at])


def test_the_second_organ_is_any_but_the_chosen_one(rectum: Any, find: Callable[[str], Any]) -> None:
    find("correct_panel.clean").click()
    choose(find, "crop")
    other = find("correct_panel.clean_other")
    assert other.isVisible()
    assert [other.itemText(n) for n in range(other.count())] == ["Bladder", "Prostate"]
    find("correct_panel.clean.crop.within_mm").setValue(1.0)
    assert "lies more than 1 mm" in find("correct_panel.clean_text").text(), "it says what is wrong, and stays"
    find("correct_panel.clean.crop.within_mm").setValue(25.0)
    other.setCurrentIndex(0)
    bladder = find("correct_panel.clean_text").text()
    other.setCurrentIndex(1)
    assert find("correct_panel.clean_text").text() != bladder
    choose(find, "smooth")
    assert not other.isVisible()


@pytest.mark.parametrize("name", TOOLS)
def test_each_has_a_form_and_can_be_tried(rectum: Any, find: Callable[[str], Any], name: str) -> None:
    find("correct_panel.clean").click()
    choose(find, name)
    assert TOOLS[name].words in find("correct_panel.clean_use").text()
    assert find("correct_panel.clean_text").text()
    shown = [made for which, made in find("correct_panel.clean").parent().forms.items() if made.isVisible()]
    assert len(shown) == 1
    assert rectum.clean.is_on


def test_an_organ_that_is_not_on_this_slice_is_not_copied(rectum: Any) -> None:
    said: list[str] = []
    rectum.session.message.connect(lambda level, text: said.append(text))
    labels = rectum.tools.layer
    last = int(np.flatnonzero((labels.data == RECTUM).any((1, 2)))[-1])
    before, first = labels.data.copy(), rectum.tools.editable.history.position
    if last + 1 == len(labels.data):
        empty = labels.data[-1:].copy()
        empty[empty == RECTUM] = 0
        rectum.tools.editable.put("Empty", empty, (slice(last, last + 1), slice(None), slice(None)))
        before, first, last = labels.data.copy(), rectum.tools.editable.history.position, last - 1
    rectum.grid.show_slice(last + 1)
    QTest.keyClick(canvas_widget(rectum.viewer), Qt.Key.Key_PageDown, SHIFT)
    np.testing.assert_array_equal(labels.data, before)
    assert rectum.tools.editable.history.position == first
    assert any("not on this slice" in text for text in said)


@pytest.mark.parametrize(("key", "by"), [(Qt.Key.Key_PageUp, 1), (Qt.Key.Key_PageDown, -1)])
def test_the_organ_is_copied_to_the_slice_beside(rectum: Any, key: Any, by: int) -> None:
    labels, history, at = rectum.tools.layer, rectum.tools.editable.history, rectum.grid.slice()
    before = labels.data.copy()
    QTest.keyClick(canvas_widget(rectum.viewer), key, SHIFT)
    assert rectum.grid.slice() == at + by
    free = (before[at + by] == 0) | (before[at + by] == RECTUM)
    np.testing.assert_array_equal((labels.data[at + by] == RECTUM), (before[at] == RECTUM) & free)
    assert slice_states(history, RECTUM, 0)[at + by] is SliceState.CORRECTED
    changed = np.flatnonzero((labels.data != before).any((1, 2))).tolist()
    assert changed == [at + by]


def test_enter_in_the_list_confirms_the_choice_and_the_next_one_applies(
    margins: Any, find: Callable[[str], Any]
) -> None:
    history, which = margins.tools.editable.history, find("correct_panel.clean_which")
    which.setCurrentIndex(which.currentIndex() - 1)
    first = history.position
    which.setFocus()
    QTest.keyClick(which, Qt.Key.Key_Down)
    assert which.currentText() == TOOLS["margins"].label
    assert dashed(margins)
    QTest.keyClick(which, Qt.Key.Key_Return)
    live(100)
    assert history.position == first, "it was only chosen"
    assert dashed(margins)
    QTest.keyClick(which, Qt.Key.Key_Return)
    live(200)
    assert history.position == first + 1


def test_enter_in_the_list_applies_where_no_key_chose_anything(margins: Any, find: Callable[[str], Any]) -> None:
    history, which = margins.tools.editable.history, find("correct_panel.clean_which")
    first = history.position
    which.setFocus()
    QTest.keyClick(which, Qt.Key.Key_Shift)
    QTest.keyClick(which, Qt.Key.Key_Return)
    live(200)
    assert history.position == first + 1
