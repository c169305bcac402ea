"""A project that another process holds, in the real window: said where its name stands, and accepted into once free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hands import live
from project_holder import held
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui import hooks


def test_the_window_says_who_holds_a_project_and_keeps_the_labels_until_it_is_free(
    controller_viewer: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    tmp_path: Path,
) -> None:
    controller = hooks.controller_of(controller_viewer)
    session = controller.session
    controller.open(pelvis_files[0])
    wait(lambda: session.scan is not None and session.job is None)
    controller.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: "labels" in controller_viewer.layers and session.job is None)
    controller.tools.layer.paint((5, 30, 30), 2)
    with held(tmp_path / "study") as other:
        controller.projects.open(tmp_path / "study")
        place = find("cases_panel.place").text()
        assert place.startswith(f"Project: {tmp_path / 'study'} (read-only: held by a window on ")
        assert f"(process {other.pid}) since " in place
        assert "study is read-only: held by a window on " in find("job_bar.message").text()
        controller.labels.accept()
        wait(lambda: session.job is None and "it is read-only: held by" in find("job_bar.message").text())
        assert session.project.cases() == []
        assert not controller.labels.is_stored(), "the corrections still count as unsaved"
        controller.projects.roll_back("tiny-pelvis")
        assert "it is read-only: held by" in find("job_bar.message").text()
    controller.labels.accept()
    wait(lambda: session.job is None and len(session.project.cases()) == 1)
    assert find("cases_panel.place").text() == f"Project: {tmp_path / 'study'}"
    assert controller.labels.is_stored()


def test_two_windows_of_one_process_share_a_project(
    controller_viewer: Any, find: Callable[[str], Any], tmp_path: Path
) -> None:
    other = Project(tmp_path / "study")
    other.begin_writing()
    hooks.controller_of(controller_viewer).projects.open(tmp_path / "study")
    assert find("cases_panel.place").text() == f"Project: {tmp_path / 'study'}"


def test_the_line_follows_when_the_other_window_has_ended(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    """By opening the section, or by coming back to the window; nobody accepts anything."""
    projects, place = hooks.controller_of(controller_viewer).projects, find("cases_panel.place")
    bench.sections.open("Scan")
    with held(tmp_path / "one"):
        projects.open(tmp_path / "one")
        bench.sections.open("Cases")
        live(50)
        assert "read-only: held by" in place.text()
        bench.sections.open("Scan")
    bench.sections.open("Cases")
    wait(lambda: place.text() == f"Project: {tmp_path / 'one'}")
    with held(tmp_path / "two"):
        projects.open(tmp_path / "two")
        live(50)
        assert "read-only: held by" in place.text()
    panel = place.parentWidget()
    panel.isActiveWindow = lambda: True  # a screen without a window manager activates none
    QApplication.sendEvent(panel, QEvent(QEvent.Type.ActivationChange))
    wait(lambda: place.text() == f"Project: {tmp_path / 'two'}")
