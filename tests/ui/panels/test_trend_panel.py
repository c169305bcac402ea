"""The Trend panel in a real window: a project of thirty accepted cases, the mouse, and the project opened again."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corrected_cases import accept_all_corrected, accept_corrected
from hands import LEFT
from patience import PATIENCE_S
from qtpy.QtCore import QEvent, QPoint, QPointF, QTimer
from qtpy.QtGui import QHelpEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMessageBox, QPushButton, QToolTip

import napari_boundaryseg
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.trend import trend as trend_of_cases
from napari_boundaryseg.ui import hooks

PELVIS, ORGANS = "pelvis-mr", ("Bladder", "Prostate")
USUAL, MINUTES = [2, 3, 1, 2, 3, 2, 1, 3, 2, 2] * 2, [4.0, 5.0, 6.0, 5.0, 4.5] * 4


@pytest.fixture(scope="module")
def sha256(weights: Path) -> str:
    return read_card(weights / "tiny-pelvis.safetensors")[1]


@pytest.fixture(scope="module")
def thirty(tmp_path_factory: pytest.TempPathFactory, sha256: str) -> Path:
    """Twenty-four usual cases, and six of which much more was corrected."""
    folder, slices = tmp_path_factory.mktemp("thirty"), [*USUAL, 2, 3, 2, 1, *[6, 7, 6, 5, 7, 6]]
    accept_all_corrected(
        Project(folder / "study"), folder / "journals", slices, [*MINUTES, *[5.0] * 10], sha256=sha256, scheme=PELVIS
    )
    return folder / "study"


@pytest.fixture
def study(tmp_path: Path, thirty: Path) -> Path:
    """A copy that nobody holds."""
    return Path(shutil.copytree(thirty, tmp_path / "study"))


def press_in_question(find_in: Any, text: str) -> list[str]:
    """Let a person press a button of the next question; what was asked."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        (chosen,) = [one for one in box.findChildren(QPushButton) if one.text() == text]
        QTest.mouseClick(chosen, LEFT)

    QTimer.singleShot(0, press)
    return asked


def rest_on(chart: Any, place: QPointF) -> str:
    """Let the mouse rest on a place; what is told there."""
    at = place.toPoint()
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, at, chart.mapToGlobal(QPoint(at))))
    return str(QToolTip.text())


def opened(controller_viewer: Any, wait: Callable[..., None], folder: Path) -> Any:
    controller = hooks.controller_of(controller_viewer)
    controller.projects.open(folder)
    wait(lambda: not controller.trend.is_busy and bool(controller.trend.all()))
    return controller


def test_a_change_for_the_worse_leads_to_train_with_the_cases_since_then(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], study: Path
) -> None:
    controller = opened(controller_viewer, wait, study)
    assert bench.sections.by_title["Trend"].state == ("warning", f"{ORGANS[0]} · worse since case 25")
    QTest.mouseClick(find("sections.trend"), LEFT)
    assert find("trend_panel.organ").currentText() == ORGANS[0]
    assert find("trend_panel.surface_dice_says").text().startswith("Surface Dice: lower since about case 25, found at ")
    assert "no change in 30 cases" in find("trend_panel.minutes_says").text()
    assert find("trend_panel.cases").text() == "tiny: 30 cases, one of each patient."
    chart = find("trend_panel.surface_dice")
    told = rest_on(chart, chart.places()[24])
    value = controller.trend.shown().figures[0].cases[24].value
    assert told == f"Case 25: case25, {value:.3g}"
    assert chart.case_at(QPointF(1, 1)) is None

    asked: list[list[str]] = []
    controller.trend.train_asked.connect(asked.append)
    QTest.mouseClick(find("trend_panel.train"), LEFT)
    assert asked == [[f"case{n}" for n in range(25, 31)]]
    assert bench.sections.current == "Train"
    assert controller.session.model.stem == "tiny-pelvis" and "Trains: tiny-pelvis" in find("train_panel.model").text()
    roles = find("train_panel.cases").roles()
    assert {name for name, role in roles.items() if role == "Train"} == set(asked[0])
    assert {role for name, role in roles.items() if name not in asked[0]} == {"Leave out"}
    table = find("train_panel.cases")
    wait(lambda: table.viewport().rect().contains(table.visualItemRect(table.item(24, 0)).center()))
    assert "Nobody is held out" in find("train_panel.hint").text()
    assert find("train_panel.start").isEnabled()
    assert controller.session.project.roles() == {}, "kept once a training begins"
    controller.session.project_changed.emit(controller.session.project)
    assert find("train_panel.cases").roles() == roles


def test_limits_set_anew_after_a_question_are_so_in_the_next_window(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    study: Path,
    tmp_path: Path,
    sha256: str,
) -> None:
    controller = opened(controller_viewer, wait, study)
    QTest.mouseClick(find("sections.trend"), LEFT)
    asked = press_in_question(bench, "Cancel")
    QTest.mouseClick(find("trend_panel.anew"), LEFT)
    assert len(asked) == 1 and asked[0].startswith(f"Set the limits of {ORGANS[0]} anew? What is usual")
    assert controller.trend.shown().changed and find("trend_panel.anew").isVisible()
    press_in_question(bench, "Set anew")
    QTest.mouseClick(find("trend_panel.anew"), LEFT)
    wait(lambda: not controller.trend.is_busy)
    assert not find("trend_panel.anew").isVisible() and not find("trend_panel.train").isVisible()
    assert find("trend_panel.surface_dice_says").text() == "Surface Dice: the chart begins after 20 cases (so far 0)."
    assert bench.sections.by_title["Trend"].state == ("", "0 of 20 cases")

    accept_corrected(
        controller.session.project, tmp_path / "journals", "case99", 3, 4.0, sha256=sha256, scheme=PELVIS, seed=99
    )
    controller.projects.open(study)
    wait(lambda: not controller.trend.is_busy)
    assert "(so far 1)" in find("trend_panel.surface_dice_says").text()
    assert "Of 1 case the patient is not known" in find("trend_panel.cases").text()


def test_another_organ_and_what_was_accepted_as_predicted(
    controller_viewer: Any, find: Callable[[str], Any], wait: Callable[..., None], study: Path
) -> None:
    controller = opened(controller_viewer, wait, study)
    QTest.mouseClick(find("sections.trend"), LEFT)
    combo = find("trend_panel.organ")
    combo.setFocus()
    QTest.keyClick(combo, "h")
    controller.trend.choose(ORGANS[1])
    assert combo.currentText() == ORGANS[1]
    assert "30 cases accepted as predicted: passed over." in find("trend_panel.cases").text()
    chart = find("trend_panel.surface_dice")
    assert rest_on(chart, chart.places()[3]) == "Case 4: case04, 1; accepted as predicted, not counted"
    assert not find("trend_panel.anew").isVisible() and not find("trend_panel.train").isVisible()


def test_an_accept_is_charted_and_the_window_goes_on_while_cases_are_read(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    sha256: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project, go_on = Project(tmp_path / "small"), threading.Event()
    accept_corrected(project, tmp_path / "journals", "case1", 2, 4.0, sha256=sha256, scheme=PELVIS)
    real = trend_of_cases.accepted_figures

    def slowly(*arguments: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        assert go_on.wait(PATIENCE_S)
        return real(*arguments)

    monkeypatch.setattr(trend_of_cases, "accepted_figures", slowly)
    controller = hooks.controller_of(controller_viewer)
    controller.projects.open(tmp_path / "small")
    QTest.mouseClick(find("sections.trend"), LEFT)
    assert find("trend_panel.empty").text() == "Accepted cases are being read."
    QTest.mouseClick(find("sections.cases"), LEFT)
    assert bench.sections.current == "Cases", "the window goes on"
    go_on.set()
    wait(lambda: bool(controller.trend.all()) and not controller.trend.is_busy)
    assert bench.sections.by_title["Trend"].state == ("", "1 of 20 cases")
    accept_corrected(project, tmp_path / "journals", "case2", 3, 4.0, sha256=sha256, scheme=PELVIS, seed=2)
    controller.session.project_changed.emit(controller.session.project)
    wait(lambda: bench.sections.by_title["Trend"].state == ("", "2 of 20 cases"))


def test_train_trains_what_is_chosen_for_the_open_scan_and_that_is_said(
    controller_viewer: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    study: Path,
    pelvis_files: list[Path],
) -> None:
    controller = opened(controller_viewer, wait, study)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    other = Path(napari_boundaryseg.__file__).parent / "weights" / "hippocampus-sgm.safetensors"
    controller.models.open(other, lasting=False)
    assert controller.session.model == other
    QTest.mouseClick(find("sections.trend"), LEFT)
    QTest.mouseClick(find("trend_panel.train"), LEFT)
    assert controller.session.model == other
    assert (
        "Train trains hippocampus-sgm, as chosen in Segment; what was charted is tiny. "
        in find("job_bar.message").text()
    )


def test_without_figures_it_says_what_will_be_here(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    assert find("trend_panel.empty").text().startswith("Nothing to chart yet.")
    controller = hooks.controller_of(controller_viewer)
    controller.projects.open(tmp_path / "empty")
    wait(lambda: not controller.trend.is_busy)
    assert find("trend_panel.empty").text().startswith("Nothing to chart yet.")
    assert bench.sections.by_title["Trend"].state == ("", "")
