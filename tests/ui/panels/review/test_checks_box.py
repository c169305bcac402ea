"""Checks in the window: listed as sentences, a click goes there, meant so with a reason, asked about at Accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget

BLADDER = 1


def sentences(find: Callable[[str], Any], name: str = "findings") -> list[str]:
    return find(f"review_panel.{name}").sentences()  # type: ignore[no-any-return]


def click_row(widget: Any, row: int) -> None:
    widget.scrollToItem(widget.item(row))
    QTest.mouseClick(widget.viewport(), LEFT, pos=widget.visualItemRect(widget.item(row)).center())
    live(50)


def dot(labels: np.ndarray, at: tuple[int, int, int], size: int = 4) -> np.ndarray:
    """A cube of bladder in a corner of the scan: an island."""
    drawn = labels.copy()
    z, y, x = at
    drawn[z : z + 2, y : y + size, x : x + size] = BLADDER
    return drawn


@pytest.fixture
def checked(drawing: Any, bench: Any, wait: Callable[..., None]) -> Any:
    """Labels with an island of bladder at rows 4 to 7, columns 50 to 53 of slices 3 and 4, checked by themselves."""
    bench.sections.open("Review")
    wait(lambda: drawing.checks.is_fresh)
    layer = drawing.tools.layer
    drawing.tools.editable.put("Island", dot(np.asarray(layer.data), (2, 4, 50)))
    wait(lambda: drawing.checks.is_fresh and not drawing.checks.is_busy)
    return drawing


def island(find: Callable[[str], Any]) -> int:
    rows = [n for n, said in enumerate(sentences(find)) if said.startswith("Bladder") and "an island of" in said]
    assert len(rows) == 1, sentences(find)
    return rows[0]


def test_a_finding_is_listed_by_itself_and_goes_when_it_is_mended(
    checked: Any, find: Callable[[str], Any], bench: Any, wait: Callable[..., None]
) -> None:
    island(find)
    count = len(sentences(find))
    assert f"{count} finding" in bench.sections.by_title["Review"].header.text()
    checked.tools.editable.undo()
    wait(lambda: len(sentences(find)) == count - 1)
    assert not [said for said in sentences(find) if "an island of" in said and said.startswith("Bladder")]


def test_a_click_shows_its_slice_in_its_plane_and_its_place_in_the_middle(
    checked: Any, find: Callable[[str], Any]
) -> None:
    checked.view.set_plane("Coronal")
    row = island(find)
    click_row(find("review_panel.findings"), row)
    dims, scale = checked.viewer.dims, checked.tools.layer.scale
    assert dims.order[0] == 0, "the plane in which it was drawn"
    z, y, x = (round(at / mm) for at, mm in zip(dims.point, scale))
    assert z in (2, 3)
    assert 4 <= y < 8
    assert 50 <= x < 54
    assert np.allclose(camera_of(checked.viewer).center[-2:], (y * scale[1], x * scale[2]))


def test_meant_so_needs_a_reason_is_listed_with_it_and_can_be_taken_back(
    checked: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    row = island(find)
    said, before = sentences(find)[row], sentences(find)
    assert not find("review_panel.meant_so").isEnabled(), "none is chosen"
    click_row(find("review_panel.findings"), row)
    QTest.mouseClick(find("review_panel.meant_so"), LEFT)
    live(50)
    reason = find("review_panel.reason")
    QTest.keyClick(reason, Qt.Key.Key_Return)
    assert sentences(find) == before, "no reason, no answer"
    QTest.keyClicks(reason, "a diverticulum")
    position = checked.tools.editable.history.position
    QTest.keyClick(reason, Qt.Key.Key_Return)
    live(50)
    assert sentences(find) == [one for one in before if one != said]
    assert sentences(find, "answered") == [f"{said} — a diverticulum"]
    assert checked.tools.editable.history.position == position, "letters and Enter were text"
    where = tuple(slice(n, n + 1) for n in (8, 2, 2))
    checked.tools.editable.put("Elsewhere", np.array([[[3]]], np.uint8), where)
    wait(lambda: checked.checks.is_fresh and not checked.checks.is_busy)
    assert said not in sentences(find), "the answer holds in the next check"
    click_row(find("review_panel.answered"), 0)
    QTest.mouseClick(find("review_panel.take_back"), LEFT)
    live(50)
    assert said in sentences(find)
    assert sentences(find, "answered") == []


@pytest.mark.usefixtures("findings_are_asked")
def test_accept_tells_what_is_open_and_stores_only_when_a_person_says_so(
    checked: Any, find: Callable[[str], Any], bench: Any, wait: Callable[..., None]
) -> None:
    count = len(sentences(find))
    bench.sections.open("Correct")
    QTest.mouseClick(find("correct_panel.accept"), LEFT)
    text = find("findings_notice.text")
    wait(text.isVisible)
    assert text.text().startswith(f"{count} findings are open, the first: {sentences(find)[0][:100]}")
    assert not checked.labels.is_stored()
    QTest.mouseClick(find("findings_notice.look"), LEFT)
    live(50)
    assert bench.sections.current == "Review"
    assert not text.isVisible()
    assert find("review_panel.findings").currentRow() == 0
    assert find("review_panel.meant_so").isEnabled(), "the first one is chosen"
    QTest.keyClick(canvas_widget(checked.viewer), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(text.isVisible)
    QTest.mouseClick(find("findings_notice.accept"), LEFT)
    wait(lambda: checked.labels.is_stored())
    assert not text.isVisible()


@pytest.mark.usefixtures("findings_are_asked")
def test_accept_goes_on_by_itself_where_all_was_answered(
    checked: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    for found in checked.checks.open():
        checked.checks.mean_so(found, "so it is")
    assert sentences(find) == []
    QTest.keyClick(canvas_widget(checked.viewer), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: checked.labels.is_stored())
    assert not find("findings_notice.text").isVisible()
