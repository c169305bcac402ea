"""The band in the window: its promise, and two lines round what the model drew, in the slice that each view shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accepted_results import accept
from doubtful_results import segmented, settled
from hands import LEFT, live
from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest
from scipy.spatial import cKDTree

from napari_boundaryseg.data import formats
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.session.actions.running import project_of

BLADDER, RECTUM = 1, 3
EVERYWHERE = (slice(None),) * 3
NONE = (slice(0, 0),) * 3


def press(box: Any) -> None:
    QTest.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
    live(50)


def known(controller: Any, wait: Callable[..., None]) -> None:
    settled(controller, wait)
    wait(lambda: not controller.band.is_busy and not controller.band._measuring.is_busy)
    live(50)


def accept_all(controller: Any, folder: Path, sha256: str, off_mm: list[int], doubts: bool = False) -> None:
    project = project_of(controller.session)
    for n, mm in enumerate(off_mm):
        accept(project, folder, n, sha256, mm, doubts=doubts)
    controller.session.project_changed.emit(project)


@pytest.fixture
def sha256(weights: Path) -> str:
    return read_card(weights / "tiny-pelvis.safetensors")[1]


@pytest.fixture
def labels(pelvis_files: list[Path]) -> np.ndarray:
    """(I, J, K), true ones."""
    array = formats.read(pelvis_files[0].with_name("case1_labels.nii.gz")).array[0]
    return np.asarray(array).astype(np.uint8)


@pytest.fixture
def opened(
    controller: Any,
    bench: Any,
    wait: Callable[..., None],
    pelvis_files: list[Path],
    labels: np.ndarray,
    sha256: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """A scan with a result of the tiny model, the Review section open."""
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Review")
    segmented(controller, monkeypatch, labels, NONE, sha256=sha256)
    known(controller, wait)
    return controller


def mask_of(controller: Any, labels: np.ndarray, organ: int) -> np.ndarray:
    return np.asarray(controller.session.scan.geometry.display.to_display(labels)) == organ


def go_to_middle(controller: Any, organ: int) -> list[int]:
    where = np.argwhere(np.asarray(controller.tools.layer.data) == organ)
    voxel = [int(n) for n in where[len(where) // 2]]
    controller.tools.choose(organ)
    controller.grid.go_to(voxel)
    live(50)
    return voxel


def border(mask: np.ndarray, spacing: Any) -> np.ndarray:
    """Middles of the faces of a border, in mm."""
    found = []
    for axis in range(3):
        at = np.argwhere(np.diff(mask.astype(np.int8), axis=axis) != 0).astype(float)
        at[:, axis] += 0.5
        found.append(at * spacing)
    return np.concatenate(found)


def points_of(controller: Any, view: Any) -> np.ndarray:
    """The points of the lines of a view, z, y, x in mm."""
    at = view._model.dims.point[-3:]
    order = [axis for axis in view._model.dims.order if axis >= view._model.dims.ndim - 3]
    across, down, right = (axis - (view._model.dims.ndim - 3) for axis in order)
    flat = np.concatenate(view.band.drawn)
    points = np.zeros((len(flat), 3))
    points[:, across], points[:, down], points[:, right] = at[across], flat[:, 0], flat[:, 1]
    return points


def test_with_too_few_patients_it_says_so_and_nothing_is_drawn(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path, sha256: str
) -> None:
    assert "Too few for a band: no patient yet accepted with a result of " in find("review_panel.band").text()
    accept_all(opened, tmp_path, sha256, [1, 2, 1])
    known(opened, wait)
    said = find("review_panel.band").text()
    assert said.startswith("Bladder, Prostate, Rectum: Too few for a band: 3 patients") and "\n" not in said
    assert not find("review_panel.show_band").isEnabled()
    assert opened.band.for_certificate()["Bladder"]["margin_mm"] is None


def test_two_lines_lie_at_the_margin_round_what_the_model_drew_in_every_plane(
    opened: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    labels: np.ndarray,
    sha256: str,
) -> None:
    accept_all(opened, tmp_path, sha256, [1, 2, 3, 2, 1, 4, 2, 2, 4])
    known(opened, wait)
    said = find("review_panel.band").text()
    assert "within ± 4.0 mm (n = 9)" in said and "The model does not say all that it learned from." in said
    go_to_middle(opened, BLADDER)
    press(find("review_panel.show_band"))
    known(opened, wait)
    outlines = opened.view.outlines
    assert len(outlines.main.band.drawn) >= 2
    assert "that tiny-pelvis drew" in find("review_panel.band_legend").text()
    mask, spacing = mask_of(opened, labels, BLADDER), opened.session.scan.geometry.display.scale_mm
    tree = cKDTree(border(mask, spacing))
    opened.view.planes.open()
    known(opened, wait)
    views = [outlines.main, *outlines.others]
    assert len(views) == 3 and all(view.band.drawn for view in views)
    for view in views:
        points = points_of(opened, view)
        far = tree.query(points)[0]
        assert np.median(np.abs(far - 4.0)) < 1.0 and far.max() < 4.0 + max(spacing)
        inside = mask[tuple(np.clip(np.rint(points / spacing).astype(int), 0, np.array(mask.shape) - 1).T)]
        assert 0.1 < inside.mean() < 0.9, "one line lies within the organ, and one outside"
    press(find("review_panel.show_band"))
    assert not any(view.band.drawn for view in views) or (live(50), not any(v.band.drawn for v in views))[1]


def test_it_follows_the_slice_and_the_organ_and_no_stroke_moves_it(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path, sha256: str
) -> None:
    accept_all(opened, tmp_path, sha256, [4] * 9)
    known(opened, wait)
    z, y, x = go_to_middle(opened, BLADDER)
    press(find("review_panel.show_band"))
    known(opened, wait)
    view = opened.view.outlines.main
    first = [line.copy() for line in view.band.drawn]
    array = np.asarray(opened.tools.layer.data).copy()
    array[array == BLADDER] = 0
    array[z, 2:9, 2:9] = BLADDER
    opened.tools.editable.put("Elsewhere", array, None, "paint")
    known(opened, wait)
    assert [line.tolist() for line in view.band.drawn] == [line.tolist() for line in first]
    bare = int(np.flatnonzero((np.asarray(opened.tools.layer.data) > 0).any(axis=(1, 2)))[0]) - 3
    opened.grid.go_to([max(bare, 0), y, x])
    live(50)
    assert [line.tolist() for line in view.band.drawn] != [line.tolist() for line in first]
    go_to_middle(opened, RECTUM)
    known(opened, wait)
    assert view.band.drawn and "the Rectum that" in find("review_panel.band_legend").text()


def test_labels_that_no_model_drew_are_promised_nothing(
    drawing: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    bench.sections.open("Review")
    known(drawing, wait)
    assert find("review_panel.band").text() == "No band: no model's result is in these labels."
    assert not find("review_panel.show_band").isEnabled()
    assert drawing.band.for_certificate() is None


def test_of_a_patient_that_the_model_learned_from_nothing_is_promised(
    opened: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    sha256: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_boundaryseg.session.certificate.accepted_figures import Learned

    real = Learned.nothing_of
    name = opened.session.scan.name
    monkeypatch.setattr(Learned, "nothing_of", lambda self, sha, case, *a: case != name and real(self, sha, case, *a))
    accept_all(opened, tmp_path, sha256, [4] * 9)
    known(opened, wait)
    assert find("review_panel.band").text().startswith("No band: the model learned of this patient")
    assert not find("review_panel.show_band").isEnabled() and opened.band.for_certificate() is None


def test_the_certificate_holds_the_band_as_it_was_at_the_accept(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path, sha256: str
) -> None:
    accept_all(opened, tmp_path, sha256, [1, 2, 3, 2, 1, 4, 2, 2, 4, 3])
    known(opened, wait)
    opened.labels.accept()
    wait(lambda: opened.session.job is None)
    known(opened, wait)
    folder = opened.session.project.folder / "cases"
    path = next(path for path in folder.glob("*/certificate-v1.json") if not path.parent.name.startswith("accepted"))
    band = json.loads(path.read_text("utf-8"))["review"]["band"]
    assert {(one["margin_mm"], one["n"], one["held"], one["judged"]) for one in band.values()} == {(4.0, 10, 10, 10)}
    said = find("review_panel.band").text()
    assert "(n = 10)" in said, "the case itself does not count for its own band"


def test_where_every_case_was_measured_so_it_follows_the_local_width(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path, sha256: str
) -> None:
    accept_all(opened, tmp_path, sha256, [1, 2, 3, 2, 1, 4, 2, 2, 4], doubts=True)
    known(opened, wait)
    band = opened.band.bands()["Bladder"]
    assert band.scaled is not None and "mm on average" in find("review_panel.band").text()
    go_to_middle(opened, BLADDER)
    press(find("review_panel.show_band"))
    known(opened, wait)
    view = opened.view.outlines.main
    scaled = [line.tolist() for line in view.band.drawn]
    assert len(scaled) >= 2
    assert opened.band.for_certificate()["Bladder"]["local"]["factor"] == band.scaled.margin
    opened.session.prediction = None
    opened.session.project_changed.emit(opened.session.project)
    known(opened, wait)
    assert "mm on average" not in find("review_panel.band").text(), "without its probabilities the constant one holds"
    assert view.band.drawn and [line.tolist() for line in view.band.drawn] != scaled
