"""The Train panel: roles stay with patients, who judges where nobody is held out, and the card of what changed."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from qtpy.QtCore import QUrl
from qtpy.QtGui import QTextDocument

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.panels.train import CROSS_FITTED


@pytest.fixture
def session(controller_viewer: Any, bench: Any, pelvis_files: list[Path], tmp_path: Path) -> Iterator[Any]:
    """A session whose project has an accepted case of each of three scans; the first two are of one patient."""
    project = Project(tmp_path / "study")
    for path in pelvis_files[:3]:
        scan = formats.read(path)
        labels = formats.read_labels(path.with_name(f"{scan.name}_labels.nii.gz"), scan, preset("pelvis-mr"))
        project.add_case(scan, labels)
    session = hooks.controller_of(controller_viewer).session
    session.project = project
    yield session


def roles(find: Callable[[str], Any]) -> list[str]:
    return list(find("train_panel.cases").roles().values())


def test_a_role_that_a_person_gives_is_that_of_the_patient_and_is_kept(
    session: Any, find: Callable[[str], Any]
) -> None:
    names = list(find("train_panel.cases").roles())
    assert roles(find) == ["Train"] * 3, "with three patients all of them judge by cross-fitting"
    assert CROSS_FITTED.format(3) in find("train_panel.hint").text()
    for name in names[:2]:
        session.project.note_patient_of(name, "P1")
    session.project_changed.emit(session.project)
    find("train_panel.cases").set_role(names[0], "Held out")
    assert roles(find) == ["Held out", "Held out", "Train"]
    assert Project(session.project.folder).roles() == {names[0]: "Held out", names[1]: "Held out"}
    find("train_panel.cases").set_role(names[1], "Train")
    assert roles(find) == ["Train"] * 3, "and not on both sides"
    assert "not put to use" in find("train_panel.hint").text(), "two patients are too few"


def test_without_cross_fitting_nobody_judges(session: Any, find: Callable[[str], Any]) -> None:
    form = find("train_panel.start").parentWidget().parentWidget().form
    form.changed.emit(form.settings)
    assert CROSS_FITTED.format(3) in find("train_panel.hint").text()
    find("train_panel.cross_fitting").setChecked(False)
    assert "not put to use" in find("train_panel.hint").text()


def test_the_slices_that_changed_are_shown_for_the_version_that_is_chosen(
    session: Any, find: Callable[[str], Any], weights: Path, tmp_path: Path
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (7, 5), "#ff0000").save(file, "PNG")
    picture = base64.b64encode(file.getvalue()).decode("ascii")
    page = tmp_path / "comparison.html"
    page.write_text(f'<p>Verdict: better</p><img src="data:image/png;base64,{picture}">', "utf-8")
    change = {"mean": 0.1, "low": 0.05, "high": 0.2}
    comparison = {"verdict": "better", "n": 3, "change": change, "cases": []}
    without = session.project.add_model(weights / "tiny-pelvis.safetensors", comparison)
    version = session.project.add_model(weights / "tiny-pelvis.safetensors", comparison, page=page)
    assert version.page.read_text("utf-8") == page.read_text("utf-8")
    session.project_changed.emit(session.project)
    versions = find("train_panel.versions").parentWidget()
    versions.choose(without.path)
    assert find("train_panel.card").isHidden()
    versions.choose(version.path)
    assert not find("train_panel.card").isHidden()
    find("train_panel.card").click()
    text = find("train_panel.card_text")
    assert text.window().windowTitle() == version.path.stem
    assert "Verdict: better" in text.toPlainText()
    document: QTextDocument = text.document()
    shown = document.documentLayout().documentSize().width()
    assert shown > 0
    kind = QTextDocument.ResourceType.ImageResource
    assert document.resource(kind, QUrl(f"data:image/png;base64,{picture}")) is not None
    find("train_panel.card_close").click()
