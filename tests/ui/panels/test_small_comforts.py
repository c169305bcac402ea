"""Small things that a day's work missed: accept while closing, own names, what abbreviations stand for, columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel
import numpy as np
import pytest
from hands import live
from napari.settings import get_settings
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QInputDialog, QLineEdit

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.compat import window as napari_window
from napari_boundaryseg.ui.compat.window import is_open, main_window
from napari_boundaryseg.ui.control import close_dialog
from napari_boundaryseg.ui.widgets.organ_table import OrganTable
from napari_boundaryseg.ui.widgets.scheme_words import own_scheme

MANY = ",".join(f"n{n}" for n in range(65))


def press(words: str, seen: list[list[str]]) -> None:
    """Press a button of the question that is about to come, by its words."""

    def now() -> None:
        box: Any = QApplication.activeModalWidget()
        if box is None:  # it is not there yet
            QTimer.singleShot(20, now)
            return
        seen.append([one.text() for one in box.buttons()])
        (wanted,) = [one for one in box.buttons() if one.text() == words]
        wanted.click()

    QTimer.singleShot(20, now)


def paint_voxel(drawing: Any) -> None:
    """One stroke that nobody accepted."""
    layer = drawing.tools.layer
    layer.selected_label = 1
    layer.paint((1, 2, 3), 1)
    live(50)


def test_accept_and_close_stores_the_case_and_then_closes(
    drawing: Any, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    paint_voxel(drawing)
    closed: list[int] = []
    folder, wanted = drawing.place.folder, drawing.tools.layer.data.copy()

    def close(viewer: Any, asked: bool) -> None:  # the window itself is the fixture's to close
        closed.append(len(list((folder / "cases").rglob("labels-v1.nii.gz"))))

    monkeypatch.setattr(close_dialog, "close_window", close)
    seen: list[list[str]] = []
    press("Accept and close", seen)
    main_window(drawing.viewer).close(quit_app=False, confirm_need=True)
    assert closed == [], "not before it is stored"
    wait(lambda: bool(closed))
    assert closed == [1]
    (label,) = (folder / "cases").rglob("labels-v1.nii.gz")
    assert np.count_nonzero(np.asarray(nibabel.load(label).dataobj)) == np.count_nonzero(wanted)


@pytest.mark.parametrize(("busy", "asked", "wanted"), [(True, False, True), (True, True, False), (False, False, False)])
def test_what_other_plugins_are_doing_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, busy: bool, asked: bool, wanted: bool
) -> None:
    calls: list[tuple[bool, bool]] = []
    window = SimpleNamespace(
        close=lambda quit_app, confirm_need: calls.append((quit_app, confirm_need)),
        _window=SimpleNamespace(_task_status_manager=SimpleNamespace(get_status=lambda: ["a task"] * busy)),
    )
    monkeypatch.setattr(napari_window, "main_window", lambda viewer: window)
    napari_window.close_window(SimpleNamespace(), asked)  # type: ignore[arg-type]
    assert calls == [(False, wanted)]


def test_it_is_not_offered_where_another_scans_work_would_stay_behind(
    drawing: Any, wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    paint_voxel(drawing)
    drawing.open(pelvis_files[1])
    wait(lambda: drawing.session.scan.name == "case2" and drawing.session.job is None)
    drawing.labels.new(preset("pelvis-mr"))
    paint_voxel(drawing)
    seen: list[list[str]] = []
    press("Cancel", seen)
    main_window(drawing.viewer).close(quit_app=False, confirm_need=True)
    assert main_window(drawing.viewer).isVisible()
    assert not [words for words in seen[0] if "Accept" in words]


def test_a_training_that_began_while_the_case_was_stored_is_asked_about(
    drawing: Any, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    paint_voxel(drawing)
    asked: list[bool] = []
    monkeypatch.setattr(close_dialog, "may_stop", lambda viewer, session: bool(asked.append(True)))
    drawing.labels.accept(then=partial(close_dialog.close_unless_asked, drawing.viewer, drawing.session))
    wait(lambda: bool(asked))
    assert is_open(drawing.viewer), "it waits for the training"
    assert not drawing.labels.in_work()


def test_empty_labels_can_have_names_of_ones_own(
    drawing: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    def type_names() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QInputDialog):
            QTimer.singleShot(20, type_names)
            return
        QTest.keyClicks(dialog.findChild(QLineEdit), "Uterus, Cervix")
        dialog.accept()

    QTimer.singleShot(20, type_names)
    (own,) = [action for action in find("correct_panel.new").menu().actions() if action.text() == "Names of your own…"]
    own.trigger()
    wait(lambda: drawing.labels.scheme() is not None and drawing.labels.scheme().names == ("Uterus", "Cervix"))
    table = find("correct_panel.organs")
    assert [table.item(row, 0).text() for row in range(table.rowCount())] == ["Uterus", "Cervix"]


@pytest.mark.parametrize(
    "typed",
    ["", " , ", "Uterus, uterus", "Lymph node, Lymph_node", "Tumour, tumor", "Straße, STRASSE", "U" * 41, MANY],
)
def test_names_that_cannot_be_told_apart_or_read_are_refused(typed: str) -> None:
    with pytest.raises(InputError, match="Own names"):
        own_scheme(typed)


def test_the_table_says_what_an_abbreviation_stands_for(qtbot: Any) -> None:
    table = OrganTable()
    qtbot.addWidget(table)
    table.show_scheme(preset("brats-2023"))
    assert [table.item(row, 0).text() for row in range(3)] == [one.spelled for one in preset("brats-2023").organs]


def test_the_columns_beside_the_scan_are_narrow_again_after_a_large_font(
    drawing: Any, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    docks = drawing.viewer.window._qt_viewer
    main_window(drawing.viewer).resize(1366, 768)
    before = docks.dockLayerControls.width()
    monkeypatch.setattr(get_settings().appearance, "font_size", 14)
    wait(lambda: docks.dockLayerControls.width() > before)
    get_settings().appearance.font_size = 9
    wait(lambda: docks.dockLayerControls.width() <= max(before, docks.dockLayerControls.minimumWidth()))
