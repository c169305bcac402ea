"""Adapting in the real window, by the real worker: asked for, offered as further ways, kept for its scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.editing.history.edit import CARRIED
from napari_boundaryseg.editing.tools.propagate.ways import Way
from napari_boundaryseg.engine.training.adapting import adapted_files
from napari_boundaryseg.ui.compat.canvas import canvas_widget

RECTUM = 3
SHIFT = Qt.KeyboardModifier.ShiftModifier


def key(controller: Any, name: Any, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
    canvas = canvas_widget(controller.viewer)
    canvas.setFocus()
    QTest.keyClick(canvas, name, keys)
    live(30)


@pytest.fixture
def drawn(drawing: Any) -> Any:
    """Labels of a pelvis opened from a file, three slices of the rectum corrected, the next of the middle in view."""
    drawing.tools.choose(RECTUM)
    there = np.flatnonzero((drawing.tools.layer.data == RECTUM).any((1, 2)))
    for n in (there[1], there[len(there) // 2], there[-2]):
        grow(drawing, int(n))
    drawing.grid.show_slice(int(there[len(there) // 2]) + 1)
    return drawing


def grow(controller: Any, at: int) -> None:
    history = controller.tools.editable.history
    box = (slice(at, at + 1), slice(None), slice(None))
    mask = history.array[at] == RECTUM
    wide = mask | np.roll(mask, 2, 0) | np.roll(mask, 2, 1)
    values = history.array[box].copy()
    values[0][wide & (values[0] == 0)] = RECTUM
    history.apply("Paint", box, values)
    live(30)


def adapt(controller: Any, wait: Callable[..., None]) -> None:
    key(controller, Qt.Key.Key_W, SHIFT)
    assert controller.adapting.jobs(), controller.session.message
    wait(lambda: not controller.adapting.jobs())
    live(50)


def test_it_is_a_job_beside_all_else_and_offers_what_the_adapted_model_finds(
    drawn: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, kept = adapted_files.load_adapted, []

    def helped(folder: Path) -> Any:
        """As if two steps had helped: random weights foretell nothing."""
        kept.append(replace(real(folder), steps=5))
        return kept[-1]

    monkeypatch.setattr("napari_boundaryseg.session.actions.adapt.load_adapted", helped)
    history = drawn.tools.editable.history
    before, position = history.array.copy(), history.position
    QTest.mouseClick(find("correct_panel.adapt"), LEFT)
    assert drawn.adapting.jobs(), find("job_bar.message").text()
    assert not find("correct_panel.adapt").isEnabled()
    assert find("job_bar.adapting.text").isVisible()
    wait(lambda: not drawn.adapting.jobs())
    live(50)
    assert not find("job_bar.adapting.text").isVisible()
    assert find("correct_panel.adapt").isEnabled()
    assert history.position == position, "nothing is changed before it is taken"
    np.testing.assert_array_equal(history.array, before)
    assert drawn.carry.ways == tuple(Way)
    assert "Surface Dice on slices that were left out: as it is " in find("correct_panel.carry_judged").text()
    shown = drawn.carry.way
    seen = {shown}
    for _ in range(4):
        key(drawn, Qt.Key.Key_W)
        seen.add(drawn.carry.way)
        assert find("correct_panel.carry_way").currentText() == drawn.carry.way.value
    assert seen == set(Way)
    drawn.carry.choose(Way.ADAPTED)
    at = drawn.grid.slice()
    found = np.asarray(drawn.session.scan.geometry.display.to_display(kept[0].prediction.labels.array)) == RECTUM
    key(drawn, Qt.Key.Key_T)
    assert history.top.kind == CARRIED
    assert history.top.name == f"Adapted: Rectum, slice {at + 1}"
    free = (before[at] == 0) | (before[at] == RECTUM)
    np.testing.assert_array_equal((history.array[at] == RECTUM)[free], found[at][free])
    for name in ("adapted_use", "adapted_keep"):
        assert find(f"correct_panel.{name}").isVisible()
    Path(drawn.adapting.kept.result.checkpoint).write_bytes(Path(drawn.session.model).read_bytes())
    QTest.mouseClick(find("correct_panel.adapted_use"), LEFT)
    chosen = drawn.session.model
    assert chosen.stem == "tiny-pelvis-adapted"
    assert chosen != drawn.adapting.kept.result.checkpoint, "what is adapted again does not take it away"
    QTest.mouseClick(find("correct_panel.adapted_keep"), LEFT)
    assert "tiny-pelvis-v2 was added and is not in use" in find("job_bar.message").text()
    version = drawn.session.project.models()[-1]
    assert (version.active, version.comparison) == (False, None)


def test_where_no_step_helps_it_says_so_and_offers_nothing_new(
    drawn: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = adapted_files.load_adapted
    monkeypatch.setattr(
        "napari_boundaryseg.session.actions.adapt.load_adapted", lambda folder: replace(real(folder), steps=0)
    )
    adapt(drawn, wait)
    assert drawn.carry.ways == (Way.CARRIED, Way.INTERPOLATED)
    assert "no better for it" in find("job_bar.message").text()
    assert not find("correct_panel.carry_judged").isVisible()


def test_it_says_what_is_missing(drawn: Any, find: Callable[[str], Any]) -> None:
    while drawn.tools.editable.history.position > 2:
        drawn.tools.undo()
    key(drawn, Qt.Key.Key_W, SHIFT)
    assert not drawn.adapting.jobs()
    assert find("job_bar.message").text().startswith("✕ Adapt: 1 slice is corrected or accepted. Correct two at least")
    drawn.tools.undo()
    key(drawn, Qt.Key.Key_W, SHIFT)
    assert "no slice is corrected or accepted" in find("job_bar.message").text()


def test_what_comes_while_another_scan_is_open_is_kept_for_its_own(
    drawn: Any,
    find: Callable[[str], Any],
    pelvis_files: list[Path],
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = adapted_files.load_adapted
    monkeypatch.setattr(
        "napari_boundaryseg.session.actions.adapt.load_adapted", lambda folder: replace(real(folder), steps=5)
    )
    first, scan = drawn.tools.editable, drawn.session.scan
    key(drawn, Qt.Key.Key_W, SHIFT)
    drawn.open(pelvis_files[1])
    wait(lambda: drawn.session.scan is not scan and drawn.has_every_channel)
    wait(lambda: not list(drawn.session.jobs))
    live(50)
    assert "case1: it is offered there, in Carry." in find("job_bar.message").text()
    assert not drawn.carry.is_on
    drawn.open(pelvis_files[0])
    wait(lambda: drawn.tools.editable is not None and drawn.tools.editable.scan_hash == first.scan_hash)
    live(50)
    drawn.tools.choose(RECTUM)
    key(drawn, Qt.Key.Key_C)
    assert drawn.carry.ways == tuple(Way)
    assert drawn.carry.judged()
    key(drawn, Qt.Key.Key_C)
    assert not drawn.carry.judged()
    assert not find("correct_panel.carry_judged").isVisible()
    drawn.view.set_plane("Sagittal")
    live(50)
    key(drawn, Qt.Key.Key_C)
    assert drawn.carry.ways == tuple(Way), "in every plane"
    assert (drawn.carry.way, drawn.carry.judged()) == (Way.CARRIED, ""), "its slices were judged across another"


def test_it_can_be_cancelled_and_changes_nothing(
    drawn: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    before = drawn.tools.editable.history.array.copy()
    key(drawn, Qt.Key.Key_W, SHIFT)
    wait(lambda: find("job_bar.adapting.cancel").isEnabled())
    QTest.mouseClick(find("job_bar.adapting.cancel"), LEFT)
    wait(lambda: not drawn.adapting.jobs())
    assert "Cancelled. Nothing was changed." in find("job_bar.message").text()
    assert drawn.carry.ways in ((), (Way.CARRIED, Way.INTERPOLATED))
    np.testing.assert_array_equal(drawn.tools.editable.history.array, before)
