"""The list of cases in a real window: a folder added, cases opened one after the other, accepted, reopened."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import live
from napari.settings import get_settings
from qtpy.QtCore import QEvent, QPoint, Qt, QTimer
from qtpy.QtGui import QDesktopServices, QFocusEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.session.actions.accept import logged_in
from napari_boundaryseg.session.kept_results import KeptResult
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control.cases.case_actions import CaseActions

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def study(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Three scans on the list, added by the button; the Cases section open."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(pelvis_files[0].parent))
    bench.sections.open("Cases")
    QTest.mouseClick(find("cases_panel.add"), LEFT)
    controller = hooks.controller_of(controller_viewer)
    wait(lambda: len(controller.cases.rows()) == 3 and controller.session.job is None)
    return controller


def texts(table: Any, column: int) -> list[str]:
    model = table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def double_click(table: Any, row: int) -> None:
    at = table.visualRect(table.model().index(row, 1)).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=at)
    QTest.mouseDClick(table.viewport(), LEFT, pos=at)


def row_at(table: Any, row: int) -> QPoint:
    return table.visualRect(table.model().index(row, 1)).center()


def draw(controller: Any, organ: int = 1) -> np.ndarray:
    """Empty labels with one organ drawn through the layer, as a brush does."""
    controller.labels.new(preset("pelvis-mr"))
    layer = controller.viewer.layers["labels"]
    layer.data_setitem(np.nonzero(np.ones((2, 3, 4), bool)), organ)
    return np.asarray(layer.data).copy()


def test_a_folder_is_worked_through_by_one_button(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    table = find("cases_panel.table")
    assert texts(table, 1) == ["case1", "case2", "case3"]
    assert find("sections.cases").text().endswith("0 of 3 accepted")
    double_click(table, 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    assert study.session.scan.name == "case1"
    drawn = draw(study)
    wait(find("cases_panel.accept_next").isEnabled)
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    assert find("sections.cases").text().endswith("1 of 3 accepted")
    assert texts(table, 0) == ["✓", "", ""]
    (case,) = study.session.project.cases()
    stored = formats.read_labels(case.label)
    np.testing.assert_array_equal(stored.geometry.display.to_display(stored.array), drawn)
    QTest.mouseClick(find("cases_panel.next"), LEFT)
    wait(lambda: study.session.scan.name == "case3" and study.session.job is None)
    QTest.mouseClick(find("cases_panel.next"), LEFT)
    assert "the open one is the last" in find("job_bar.message").text()
    draw(study, 2)
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    draw(study, 3)
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)
    wait(lambda: "Every case of the list is accepted" in find("job_bar.message").text())
    assert find("sections.cases").text().strip().startswith("✓ Cases")


def test_an_accepted_case_is_reopened_with_its_labels_and_work_is_marked(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    table = find("cases_panel.table")
    double_click(table, 1)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    drawn = draw(study)
    wait(lambda: texts(table, 0) == ["", "…", ""])
    study.labels.accept()
    wait(lambda: texts(table, 0) == ["", "✓", ""] and study.session.job is None)
    QTest.mouseClick(find("cases_panel.previous"), LEFT)
    wait(lambda: study.session.scan.name == "case1" and study.session.job is None)
    assert "labels" not in study.viewer.layers
    double_click(table, 1)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    wait(lambda: "labels" in study.viewer.layers)
    np.testing.assert_array_equal(np.asarray(study.viewer.layers["labels"].data), drawn)
    assert find("cases_panel.version").currentText().startswith("1 · 20")
    assert study.session.project.cases()[0].seconds is not None
    assert find("sections.cases").text().endswith("1 of 3 accepted")
    study.viewer.layers["labels"].paint((8, 30, 30), 2)
    wait(lambda: texts(table, 0) == ["", "…", ""])
    assert find("sections.cases").text().endswith("1 of 3 accepted, 1 in work again")
    study.viewer.layers["labels"].data_setitem(np.nonzero(np.ones((1, 1, 1), bool)), 0)
    study.labels.accept()
    wait(lambda: study.session.job is None and study.session.project.cases()[0].version == 2)
    label = study.session.project.cases()[0].label
    first, second = (json.loads(label.with_name(f"certificate-v{n}.json").read_text("utf-8")) for n in (1, 2))
    opened = second["work"]["opened"]
    assert (opened["version"], opened["certificate"]) == (1, first["sha256"])


def test_the_certificate_of_the_newest_version_opens_in_the_browser(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url)) or len(opened) < 3)
    table = find("cases_panel.table")
    double_click(table, 1)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    button = find("cases_panel.certificate")
    assert not button.isVisible(), "nothing is accepted"
    for version in (1, 2):
        draw(study, version)
        study.labels.accept()
        wait(lambda: study.session.job is None and texts(table, 0) == ["", "✓", ""])
        wait(button.isVisible)
        assert "It has a certificate: Certificate, in Cases, shows it." in find("job_bar.message").text()
        QTest.mouseClick(button, LEFT)
        (case,) = study.session.project.cases()
        page = case.label.with_name(f"certificate-v{version}.html")
        assert page.is_file() and opened[-1].toLocalFile() == page.as_posix()
    QTest.mouseClick(button, LEFT)
    assert "no browser opened it" in find("job_bar.message").text()
    page.unlink()
    QTest.mouseClick(button, LEFT)
    assert len(opened) == 3 and "case2 has none" in find("job_bar.message").text()


def test_what_is_noted_is_noted_of_the_case_that_was_opened_last(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    """*Accept and next* takes the selection along, and after Enter keys are tools again."""
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    assert find("cases_panel.of").text() == "case1"
    draw(study)
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    assert find("cases_panel.of").text() == "case2"
    field = find("cases_panel.comment")
    field.setFocus()
    assert field.window().focusWidget() is field
    QTest.keyClicks(field, "apex unsure")
    QTest.keyClick(field, Qt.Key.Key_Return)
    wait(lambda: [row.comment for row in study.cases.rows()] == ["", "apex unsure", ""])
    assert field.window().focusWidget() is not field
    double_click(find("cases_panel.table"), 2)
    wait(lambda: study.session.scan.name == "case3" and study.session.job is None)
    QTest.mouseClick(find("cases_panel.table").viewport(), LEFT, pos=row_at(find("cases_panel.table"), 0))
    study.labels.new(preset("pelvis-mr"))
    draw(study)
    wait(lambda: texts(find("cases_panel.table"), 0) == ["✓", "", "…"])
    assert find("cases_panel.of").text() == "case1", "a person's own selection stays while no other case is opened"


def test_a_comment_is_kept_without_enter_and_a_patient_too(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    double_click(find("cases_panel.table"), 1)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    for name, text in (("comment", "motion"), ("patient", "P7")):
        find(f"cases_panel.{name}").setFocus()
        QTest.keyClicks(find(f"cases_panel.{name}"), text)
        leaves = QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.MouseFocusReason)
        QApplication.sendEvent(find(f"cases_panel.{name}"), leaves)  # as with a press, before it selects
        QTest.mouseClick(find("cases_panel.table").viewport(), LEFT, pos=row_at(find("cases_panel.table"), 0))
        QTest.mouseClick(find("cases_panel.table").viewport(), LEFT, pos=row_at(find("cases_panel.table"), 1))
    assert [(row.comment, row.patient) for row in study.cases.rows()] == [("", None), ("motion", "P7"), ("", None)]


@pytest.mark.parametrize("from_its_copy", [True, False])
def test_a_scan_that_is_a_case_is_opened_as_that_case_whatever_file_it_comes_from(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path, from_its_copy: bool
) -> None:
    """By the project's own copy, as the notice of unsaved work does, or by another file of the same voxels."""
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    drawn = draw(study)
    study.labels.accept()
    wait(lambda: len(study.session.project.cases()) == 1 and study.session.job is None)
    (case,) = study.session.project.cases()
    path = case.image if from_its_copy else tmp_path / "elsewhere.nii.gz"
    if not from_its_copy:
        formats.write(study.session.scan, path)
    before = study.session.scan
    study.open(path)
    wait(lambda: study.session.scan is not before and study.session.job is None)
    assert study.session.scan.name == "case1"
    wait(lambda: "labels" in study.viewer.layers)
    np.testing.assert_array_equal(np.asarray(study.viewer.layers["labels"].data), drawn)
    assert "is the case case1" in find("job_bar.message").text()
    study.viewer.layers["labels"].paint((8, 30, 30), 2)
    study.labels.accept()
    wait(lambda: study.session.project.cases()[0].version == 2 and study.session.job is None)
    assert [case.name for case in study.session.project.cases()] == ["case1"], "a second version, no second case"


def test_unsaved_work_on_an_accepted_case_is_taken_up_before_what_was_accepted(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    draw(study)
    study.labels.accept()
    wait(lambda: len(study.session.project.cases()) == 1 and study.session.job is None)
    (case,) = study.session.project.cases()
    unsaved = {case.scan_hash}
    study.opening._unsaved = study.cases._unsaved = lambda: unsaved  # as after a crash, before anything was taken up
    for again in (lambda: study.open(case.image), lambda: study.cases.open(study.cases.rows()[0])):
        study.viewer.layers.remove("labels") if "labels" in study.viewer.layers else None
        before = study.session.scan
        again()
        wait(lambda before=before: study.session.scan is not before and study.session.job is None)
        assert study.session.scan.name == "case1"
        assert study.session.labels is None, "what was accepted does not come before unsaved work"


def test_the_next_case_is_segmented_ahead_with_a_model_for_its_own_kind(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None], weights: Path
) -> None:
    asked: list[str] = []
    study.cases.ahead._model_for = lambda scan: asked.append(scan.name)
    study.cases.segment_ahead(True)
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    study.session.model = weights / "tiny-pelvis.safetensors"
    draw(study)
    wait(lambda: "case2" in asked)
    assert set(asked) == {"case2"} and not study.session.kept_results.of(study.cases.ahead.ready.volume)


def test_an_older_version_says_so_until_it_is_accepted(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    first = draw(study)
    study.labels.accept()
    wait(lambda: len(study.session.project.cases()) == 1 and study.session.job is None)
    study.viewer.layers["labels"].paint((8, 30, 30), 2)
    study.labels.accept()
    wait(lambda: len(study.cases.versions(study.cases.rows()[0])) == 2 and study.session.job is None)
    version = find("cases_panel.version")
    assert version.currentText().startswith("2 ·")
    version.setCurrentIndex(1)
    QTest.mouseClick(find("cases_panel.open"), LEFT)
    wait(lambda: study.session.job is None and np.array_equal(study.viewer.layers["labels"].data, first))
    assert version.currentText().startswith("1 ·")
    assert "case1: version 1 is open" in find("job_bar.message").text()
    study.viewer.layers["labels"].paint((8, 40, 40), 2)
    study.labels.accept()
    wait(lambda: len(study.cases.versions(study.cases.rows()[0])) == 3 and study.session.job is None)
    wait(lambda: version.currentText().startswith("3 ·"))


def test_plain_accept_stays_and_a_refused_accept_does_not_move_later(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    button = find("cases_panel.accept_next")
    assert not button.isEnabled()
    assert button.toolTip() == "There are no labels to accept yet: segment the scan or draw first"
    study.cases.accept_next()  # its key
    assert "there are none to accept" in find("job_bar.message").text()
    study.labels.new(preset("pelvis-mr"))
    assert button.isEnabled()
    assert button.toolTip().startswith("Accept the labels, and open the next case")
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)  # empty labels are refused
    wait(lambda: "the labels are empty" in find("job_bar.message").text() and study.session.job is None)
    draw(study)
    study.labels.accept()
    wait(lambda: len(study.session.project.cases()) == 1 and study.session.job is None)
    assert study.session.scan.name == "case1"


def test_a_case_is_noted_and_taken_off_after_a_question(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    table = find("cases_panel.table")
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualRect(table.model().index(1, 1)).center())
    comment = find("cases_panel.comment")
    QTest.keyClicks(comment, "apex unclear")
    QTest.keyClick(comment, Qt.Key.Key_Return)
    assert study.session.project.worklist()[1].comment == "apex unclear"
    patient = find("cases_panel.patient")
    QTest.keyClicks(patient, "sub-07")
    QTest.keyClick(patient, Qt.Key.Key_Return)
    assert [one.patient for one in study.session.project.worklist()] == [None, "sub-07", None]
    assert (comment.text(), patient.text()) == ("apex unclear", "sub-07")

    def answer(word: str) -> None:
        box = next(one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible())
        next(one for one in box.buttons() if one.text().replace("&", "") == word).click()

    for word, left in (("Cancel", 3), ("Take off", 2)):
        QTimer.singleShot(200, lambda word=word: answer(word))
        QTest.mouseClick(find("cases_panel.remove"), LEFT)
        assert len(study.cases.rows()) == left
    assert texts(table, 1) == ["case1", "case3"]


def test_long_names_are_cut_in_the_middle_and_the_list_shows_the_open_case(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    table = find("cases_panel.table")
    assert table.textElideMode() == Qt.TextElideMode.ElideMiddle
    double_click(table, 2)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    model = table.model()
    bold = [bool(model.index(row, 1).data(Qt.ItemDataRole.FontRole)) for row in range(3)]
    assert bold == [False, False, True]
    assert model.index(2, 1).data(Qt.ItemDataRole.ToolTipRole).startswith("case3: new")
    assert QPoint(table.columnWidth(0), 0).x() < table.columnWidth(1)


def test_a_long_name_leaves_the_numbers_of_a_header_whole(
    study: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    """At 1366 x 768 the dock is 300 pixels wide."""
    study.viewer.window.resize(1366, 768)
    bench.setFixedWidth(300)
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    study.session.scan = replace(study.session.scan, name="ProstateX-0000_t2_tse_tra_2021-04-01_series_003")
    header = find("sections.scan")
    wait(lambda: header.text().endswith(" · 3.6×3.6×6 mm") and "…" in header.text())
    assert header.fontMetrics().horizontalAdvance(header.text()) <= header.width() - 30
    geometry = Geometry((8, 8, 4), np.diag([-0.9375, -0.9375, 2.5, 1.0]))
    study.session.scan = Volume(np.zeros((1, 8, 8, 4), np.float32), geometry, name="CCTH-0001_thorax_2021-04-01_b")
    wait(lambda: header.text().endswith(("1_b · 0.94×0.94×2.5 mm", "1_b")) and "…" in header.text())
    for points in (9, 11, 13):
        get_settings().appearance.font_size = points
        live(50)
        assert header.fontMetrics().horizontalAdvance(header.text()) <= header.width() - 30, points
        assert header.text().endswith("0.94×0.94×2.5 mm") or "×" not in header.text(), "half a number is another one"
        assert re.search(r"CCT.*_b", header.text()), "which scan is open can be read at every size"


def test_one_key_accepts_and_opens_the_next_case_whatever_has_the_focus(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    table = find("cases_panel.table")
    double_click(table, 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    draw(study)
    wait(lambda: texts(table, 0) == ["…", "", ""])
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    assert texts(table, 0) == ["✓", "", ""]
    QTest.keyClick(table, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: study.session.scan.name == "case3" and study.session.job is None)
    QTest.keyClick(table, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)


def test_whose_scan_it_is_is_asked_once_beside_the_work(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    question = find("patient_question.text").parentWidget()
    assert question.isHidden()
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    draw(study)
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    assert question.isVisible()
    assert find("patient_question.text").text().startswith("Whose scan is case1?")
    assert not find("patient_question.keep").isEnabled()
    QTest.keyClicks(find("patient_question.patient"), "sub-07")
    QTest.keyClick(find("patient_question.patient"), Qt.Key.Key_Return)
    assert question.isHidden()
    draw(study)
    study.labels.accept()
    wait(question.isVisible)
    assert find("patient_question.patient").text() == ""
    QTest.mouseClick(find("patient_question.unknown"), LEFT)
    wait(lambda: study.session.job is None)
    study.labels.accept()
    wait(lambda: study.session.project.cases()[1].version == 2 and study.session.job is None)
    assert question.isHidden()
    assert [case.patient for case in study.session.project.cases()] == ["sub-07", ""]
    assert "Patient not known: case2." in find("train_panel.hint").text()


def test_the_next_case_is_segmented_ahead_if_wished_and_its_labels_are_there_when_it_is_opened(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None], weights: Path
) -> None:
    session, tick = study.session, find("cases_panel.ahead")
    assert not tick.isChecked()
    QTest.mouseClick(tick, LEFT, pos=QPoint(8, tick.height() // 2))
    assert tick.isChecked()
    double_click(find("cases_panel.table"), 0)
    wait(lambda: session.scan is not None and session.job is None)
    session.model = weights / "tiny-pelvis.safetensors"
    draw(study)
    second = formats.read(study.cases.rows()[1].images[0])
    wait(lambda: session.kept_results.of(second) is not None and session.job is None)
    QTest.mouseClick(find("cases_panel.accept_next"), LEFT)
    wait(lambda: session.scan.name == "case2" and "labels" in study.viewer.layers)
    wait(lambda: not study.segmentation.busy and study.labels.history().position == 1)
    assert study.labels.history().top.name == "Model: tiny-pelvis"
    assert find("segment_panel.offer").isHidden(), "nothing is asked"
    assert "tiny-pelvis" in find("sections.segment").text()
    late = KeptResult(session.scan.name, session.prediction, session.new_folder("prediction"), (), ahead=True)
    session.kept_results.keep(session.scan, late)
    wait(lambda: session.kept_results.of(session.scan) is None)
    assert find("segment_panel.offer").isHidden(), "of what would change nothing, nothing is asked"
    study.tools.editable.put("Erased", np.zeros_like(study.tools.editable.history.array))
    late = KeptResult(session.scan.name, session.prediction, session.new_folder("prediction"), (), ahead=True)
    session.kept_results.keep(session.scan, late)
    wait(lambda: not find("segment_panel.offer").isHidden())
    assert study.labels.history().position == 2, "labels that are there are not replaced unasked"


def test_a_case_is_read_ahead_without_a_word_and_nothing_is_segmented_unasked(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None], weights: Path
) -> None:
    study.session.model = weights / "tiny-pelvis.safetensors"
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    wait(lambda: study.cases.ahead.ready is not None)
    assert (study.cases.ahead.ready.volume.name, study.session.job) == ("case2", None)
    QTest.mouseClick(find("cases_panel.next"), LEFT)
    wait(lambda: study.session.scan.name == "case2" and study.session.job is None)
    assert "labels" not in study.viewer.layers


def test_a_name_and_the_wish_to_segment_ahead_are_remembered_for_the_next_window(
    study: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    field = find("cases_panel.person")
    assert field.text() == "" and field.placeholderText() == (logged_in() or "not known")
    QTest.keyClicks(field, " Dr Li ")
    QTest.keyClick(field, Qt.Key.Key_Return)
    tick = find("cases_panel.ahead")
    QTest.mouseClick(tick, LEFT, pos=QPoint(8, tick.height() // 2))
    double_click(find("cases_panel.table"), 0)
    wait(lambda: study.session.scan is not None and study.session.job is None)
    draw(study)
    QTest.mouseClick(find("correct_panel.accept"), LEFT)
    wait(lambda: study.cases.rows()[0].case is not None)
    (version,) = study.cases.versions(study.cases.rows()[0])
    assert version.person == "Dr Li"
    session = Session(study.session.runner)
    again = CaseActions(session, study.labels, set)
    assert (session.person, again.ahead.segments) == ("Dr Li", True)
    again.call_person("")
    again.segment_ahead(False)
    assert (session.person, CaseActions(Session(study.session.runner), study.labels, set).ahead.segments) == ("", False)
