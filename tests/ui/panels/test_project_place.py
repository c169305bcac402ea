"""Where cases are kept, in a real window: seen with its path before the first scan is copied, and chosen there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_boundaryseg.ui import hooks

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def unseen(controller_viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A default folder that the person has not seen."""
    monkeypatch.setenv("BOUNDARYSEG_PROJECT", str(tmp_path / "unseen" / "project"))
    return tmp_path / "unseen" / "project"


def test_the_first_accept_shows_the_folder_and_waits_for_the_answer(
    unseen: Path, drawing: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    notice = find("place_notice.text").parentWidget()
    assert notice.isHidden()
    assert str(unseen) in find("cases_panel.place").text()
    QTest.mouseClick(find("correct_panel.accept"), LEFT)
    assert notice.isVisible()
    assert str(unseen) in find("place_notice.text").text()
    assert (drawing.session.job, unseen.exists()) == (None, False), "nothing was made or copied"
    QTest.mouseClick(find("place_notice.keep"), LEFT)
    wait(lambda: drawing.session.project is not None and len(drawing.session.project.cases()) == 1)
    assert notice.isHidden()
    wait(lambda: drawing.session.job is None)
    drawing.labels.accept()
    assert notice.isHidden(), "it is asked once"
    wait(lambda: drawing.session.job is None and drawing.session.project.cases()[0].version == 2)


def test_another_folder_is_chosen_there_and_another_scan_forgets_the_question(
    unseen: Path,
    drawing: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notice, chosen = find("place_notice.text").parentWidget(), tmp_path / "chosen"
    drawing.cases.accept_next()
    assert notice.isVisible()
    drawing.open(pelvis_files[1])
    wait(lambda: drawing.session.scan.name == "case2" and drawing.session.job is None)
    assert notice.isHidden()
    wait(lambda: "Nothing was stored: another scan was opened" in find("job_bar.message").text())
    drawing.open(pelvis_files[0])
    wait(lambda: drawing.session.scan.name == "case1" and drawing.session.job is None)
    drawing.labels.accept()
    for answer, shown in (("", True), (str(chosen), False)):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, answer=answer: answer)
        QTest.mouseClick(find("place_notice.folder"), LEFT)
        assert notice.isVisible() == shown
    wait(lambda: drawing.session.job is None and len(drawing.session.project.cases()) == 1)
    assert drawing.session.project.folder == chosen
    assert find("cases_panel.place").text() == f"Project: {chosen}"
    assert not unseen.exists()


def test_a_folder_of_scans_waits_too(
    unseen: Path,
    bench: Any,
    controller_viewer: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller.cases.add_folder(pelvis_files[0].parent)
    assert find("place_notice.text").parentWidget().isVisible()
    assert not unseen.exists()
    QTest.mouseClick(find("place_notice.keep"), LEFT)
    wait(lambda: len(controller.cases.rows()) == 3)
