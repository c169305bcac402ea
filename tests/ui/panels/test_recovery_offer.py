"""Work that an earlier window left behind, as a person sees it: offered, restored, discarded, put aside."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.editing.journal.folders import DAMAGED, sessions, untold
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import JournalHeader, default_folder
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.editing.journal.second_copy import COPY
from napari_boundaryseg.ui import hooks

_opened: list[str] | None = None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what the main thread opens of journals."""
    if _opened is not None and event in ("open", "sqlite3.connect", "shutil.copyfile"):
        path = Path(str(arguments[0]))
        if path.name.startswith("journal.") and threading.current_thread() is threading.main_thread():
            _opened.append(f"{event} {path.name}")


sys.addaudithook(_hear)


@pytest.fixture
def opened_by_the_window() -> Iterator[list[str]]:
    """The files of journals that are opened on the window's own thread meanwhile."""
    global _opened
    _opened = []
    yield _opened
    _opened = None


@pytest.fixture
def controller(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """A small scan, the Correct section open."""
    made = hooks.controller_of(controller_viewer)
    made.open(pelvis_files[0])
    wait(lambda: made.session.scan is not None and made.session.job is None)
    wait(lambda: made.recovery.looked)
    bench.sections.open("Correct")
    return made


def left_behind(controller: Any, steps: int = 3) -> tuple[Path, np.ndarray]:
    """Strokes on the open scan in a window that is gone."""
    scan = controller.session.scan
    history = History(np.zeros(scan.geometry.display.display_shape, np.uint8))
    header = JournalHeader(scan.name, hash_of(scan), preset("pelvis-mr").model_dump_json(), scan.geometry.voxel_ml)
    journal = Journal(header, history.array)
    journal.follow(history)
    for step in range(steps):
        history.array[step, 2:9, 2:9] = 1 + step % 2
        history.commit("Paint")
    journal.close()
    return journal.folder, history.array


def damage(folder: Path, *, at_start: bool) -> None:
    """Leave the second copy only, and break its first or its last record."""
    (folder / "journal.sqlite").unlink()
    data = bytearray((folder / COPY).read_bytes())
    data[60 if at_start else -1] ^= 1
    (folder / COPY).write_bytes(data)


def test_the_window_itself_reads_no_journal(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], opened_by_the_window: list[str]
) -> None:
    """A journal of a large scan takes seconds: the list of discarded work, preview and restore wait elsewhere."""
    _, wanted = left_behind(controller)
    recovery.discard(recovery.recoverable()[0])
    opened_by_the_window.clear()  # this test read it
    menu = find("correct_panel.discarded").menu()
    menu.popup(QPoint(0, 0))
    wait(lambda: any("3 steps" in action.text() for action in menu.actions()))
    menu.hide()
    left_behind(controller)
    opened_by_the_window.clear()
    controller.recovery.look()
    wait(find("correct_panel.restore").isVisible)
    find("correct_panel.preview").click()
    wait(lambda: "preview: unsaved work" in controller.viewer.layers)
    menu.actions()[0].trigger()
    wait(lambda: "labels" in controller.viewer.layers)
    assert np.array_equal(controller.viewer.layers["labels"].data, wanted)
    assert opened_by_the_window == []


def test_discarded_work_is_in_the_menu_at_once_and_restored_from_there(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    _, wanted = left_behind(controller)
    controller.recovery.look()
    wait(find("correct_panel.restore").isVisible)
    find("correct_panel.discard").click()
    assert not find("correct_panel.restore").isVisible()
    wait(lambda: len(controller.recovery.discarded()) == 1)
    menu = find("correct_panel.discarded").menu()
    menu.aboutToShow.emit()
    (action,) = menu.actions()
    assert "3 steps" in action.text()
    action.trigger()
    wait(lambda: "labels" in controller.viewer.layers)
    assert np.array_equal(controller.viewer.layers["labels"].data, wanted)
    assert "3 steps are restored" in find("job_bar.message").text()


def test_a_damaged_journal_is_said_to_be_incomplete_and_kept_where_it_is_said(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    folder, _ = left_behind(controller)
    damage(folder, at_start=False)
    controller.recovery.look()
    wait(find("correct_panel.restore").isVisible)
    assert "damaged" in find("correct_panel.recovery").text()
    find("correct_panel.restore").click()
    wait(lambda: "is kept" in find("job_bar.message").text())
    said = find("job_bar.message").text()
    assert "Incomplete: 2 steps are restored; the journal is damaged behind them." in said
    assert f"see …/journal/damaged/{folder.name}." in said
    assert str(tmp_path) not in said
    assert [path.name for path in sessions(default_folder() / DAMAGED)] == [folder.name]
    assert untold(default_folder()) == []


def test_what_was_put_aside_is_told_once_with_its_place(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    folder, _ = left_behind(controller)
    damage(folder, at_start=True)
    controller.recovery.look()
    wait(lambda: "damaged" in find("job_bar.message").text())
    said = find("job_bar.message").text()
    assert "A journal of unsaved work is damaged and cannot be restored. Nothing was deleted: see" in said
    assert "journal/damaged" in said
    assert (default_folder() / DAMAGED / folder.name / COPY).exists()
    find("job_bar.message").setText("")
    looked: list[Any] = []
    controller.recovery.found.connect(looked.append)
    controller.recovery.look()
    wait(lambda: bool(looked))
    assert find("job_bar.message").text() == ""


def test_a_scan_closed_meanwhile_gets_no_restored_labels(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(controller)
    controller.recovery.look()
    wait(find("correct_panel.restore").isVisible)
    recover = recovery.recover
    closed = threading.Event()
    monkeypatch.setattr(recovery, "recover", lambda work: (closed.wait(), recover(work))[1])
    find("correct_panel.restore").click()
    controller.session.scan = None
    closed.set()
    wait(lambda: "was closed before" in find("job_bar.message").text())
    assert "labels" not in controller.viewer.layers
    assert len(recovery.recoverable()) == 1, "the work is offered again, once"
