"""Labels that the program did not make, of napari or of other plugins: saved where they are seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.layers.scan import show_scan

AFFINES = {
    "oblique": np.array([[-0.9, 0.05, 0.1, 3.0], [0.04, -1.1, 0.2, -7.0], [0.06, 0.15, 2.9, 11.0], [0, 0, 0, 1]]),
    "sagittal": np.array([[0, 0, 3.0, -40], [0.7, 0, 0, 20.0], [0, -0.8, 0, 90.0], [0, 0, 0, 1]]),
    "RAS": np.diag([0.7, 0.8, 3.0, 1.0]),
}


def scan_of(affine: np.ndarray, name: str = "demo") -> Volume:
    array = np.random.default_rng(0).normal(100, 20, (1, 7, 6, 5)).astype(np.float32)
    return Volume(array, Geometry((7, 6, 5), affine), ("T2",), name, "MR")


def in_napari(viewer: Any, index: tuple[int, int, int], scan: Volume) -> np.ndarray:
    """Where napari shows a voxel of the file's array, in (z, y, x)."""
    mark = np.zeros(scan.geometry.shape, np.uint8)
    mark[index] = 1
    (voxel,) = np.argwhere(scan.geometry.display.to_display(mark))
    layer = next(layer for layer in viewer.layers if layer.metadata.get("boundaryseg") is scan)
    return np.asarray(layer.data_to_world(voxel))


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_new_labels_over_an_open_scan_are_on_its_grid(
    controller_viewer: Any, affine: np.ndarray, tmp_path: Path
) -> None:
    scan = scan_of(affine)
    controller = hooks.controller_of(controller_viewer)
    controller.session.scan = scan
    controller_viewer.window._qt_viewer.layerButtons.newLabelsButton.click()
    layer = controller_viewer.layers[-1]
    assert "boundaryseg" not in layer.metadata
    drawn = np.zeros(scan.geometry.shape, np.uint8)
    drawn[1:4, 2:5, 3] = 2
    layer.data = scan.geometry.display.to_display(drawn).copy()
    path = tmp_path / "new.nii.gz"
    assert layer.save(str(path), plugin="napari-boundaryseg") == [str(path)]
    back = nib.load(path)
    np.testing.assert_array_equal(np.asarray(back.dataobj), drawn)
    np.testing.assert_allclose(back.affine, affine, atol=1e-5)
    np.testing.assert_array_equal(formats.read_labels(path, scan).array, drawn)


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_labels_of_another_grid_are_saved_where_they_are_seen_over_the_scan(
    controller_viewer: Any, affine: np.ndarray, tmp_path: Path
) -> None:
    scan = scan_of(affine)
    hooks.controller_of(controller_viewer).session.scan = scan
    data = (np.random.default_rng(0).random((4, 9, 8)) > 0.7).astype(np.uint8)
    layer = controller_viewer.add_labels(data, scale=(1.5, 0.5, 0.4), translate=(2, 1, 3))
    layer.save(str(tmp_path / "other.nii.gz"), plugin="napari-boundaryseg")
    back = nib.load(tmp_path / "other.nii.gz")
    for index in ((0, 0, 0), (6, 5, 4), (0, 5, 1), (6, 0, 2)):
        world = in_napari(controller_viewer, index, scan)
        in_file = np.asarray(layer.world_to_data(world))[::-1]
        np.testing.assert_allclose((back.affine @ [*in_file, 1])[:3], (scan.affine @ [*index, 1])[:3], atol=1e-4)


def test_labels_stay_with_the_scan_over_which_they_came(controller_viewer: Any, tmp_path: Path) -> None:
    """The next scan has the same shape, and is another patient's."""
    session = hooks.controller_of(controller_viewer).session
    first, second = scan_of(AFFINES["oblique"], "first"), scan_of(AFFINES["RAS"], "second")
    session.scan = first
    layer = controller_viewer.add_labels(np.ones((5, 6, 7), np.uint8), scale=first.geometry.display.scale_mm)
    session.scan = second
    layer.save(str(tmp_path / "new.nii.gz"), plugin="napari-boundaryseg")
    np.testing.assert_allclose(nib.load(tmp_path / "new.nii.gz").affine, first.affine, atol=1e-5)


def test_labels_that_were_there_before_the_scan_are_on_their_own_grid(controller_viewer: Any, tmp_path: Path) -> None:
    session = hooks.controller_of(controller_viewer).session
    scan = scan_of(AFFINES["oblique"])
    layer = controller_viewer.add_labels(np.ones((5, 6, 7), np.uint8), scale=scan.geometry.display.scale_mm)
    session.scan = scan
    layer.save(str(tmp_path / "free.nii.gz"), plugin="napari-boundaryseg")
    z, y, x = scan.geometry.display.scale_mm
    np.testing.assert_allclose(nib.load(tmp_path / "free.nii.gz").affine, np.diag([-x, -y, z, 1]), atol=1e-5)


def test_without_a_panel_the_scan_is_that_of_the_viewer(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer()
    scan = scan_of(AFFINES["sagittal"])
    show_scan(viewer, scan)
    layer = viewer.add_labels(
        np.ones(scan.geometry.display.display_shape, np.uint8), scale=scan.geometry.display.scale_mm
    )
    layer.save(str(tmp_path / "new.nii.gz"), plugin="napari-boundaryseg")
    np.testing.assert_allclose(nib.load(tmp_path / "new.nii.gz").affine, scan.affine, atol=1e-5)


def test_the_writer_saves_free_labels_on_their_own_grid(tmp_path: Path) -> None:
    viewer = ViewerModel()
    data = np.zeros((4, 5, 6), np.uint8)
    data[1, 2, 3] = 7
    viewer.add_labels(data, scale=(3, 2, 1), translate=(30, 20, 10))
    array, meta, _ = viewer.layers[0].as_layer_data_tuple()
    hooks.write_labels(str(tmp_path / "free.nii.gz"), array, meta)
    back: LabelMap = formats.read_labels(tmp_path / "free.nii.gz")
    assert back.array.shape == (6, 5, 4)
    assert back.array[3, 2, 1] == 7
    np.testing.assert_allclose(back.affine @ [3, 2, 1, 1], [-13, -24, 33, 1], atol=1e-5)


TURNED = np.array([[1, 0, 0, 100], [0, 0.8, -0.6, 50], [0, 0.6, 0.8, -20], [0, 0, 0, 1.0]])


@pytest.mark.parametrize(
    "placed",
    [
        {"affine": TURNED},
        {"affine": TURNED, "scale": (3, 0.7, 0.8), "translate": (10, 20, 30)},
        {"rotate": (0, 0, 30)},
        {"shear": (0.3, 0, 0)},
        {"scale": (3, -0.7, 0.8)},
        {"scale": (3000, 700, 800), "units": ("micrometer",) * 3},
        {"scale": (0.3, 0.7, 0.8), "units": ("cm", "mm", "mm")},
    ],
    ids=lambda placed: "-".join(placed),
)
def test_free_labels_are_saved_where_napari_shows_them(tmp_path: Path, placed: dict[str, Any]) -> None:
    viewer = ViewerModel()
    data = (np.random.default_rng(0).random((4, 5, 6)) > 0.7).astype(np.uint8)
    layer = viewer.add_labels(data, **placed)
    array, meta, _ = layer.as_layer_data_tuple()
    hooks.write_labels(str(tmp_path / "free.nii.gz"), array, meta)
    back = nib.load(tmp_path / "free.nii.gz")
    np.testing.assert_array_equal(np.asarray(back.dataobj), data.T)
    mm = np.array([{"micrometer": 1e-3, "centimeter": 10.0}.get(str(unit), 1.0) for unit in layer.units])
    for voxel in ((0, 0, 0), (3, 4, 5), (0, 4, 1), (3, 0, 2)):
        head, back_mm, left = np.asarray(layer.data_to_world(voxel)) * mm
        np.testing.assert_allclose((back.affine @ [*voxel[::-1], 1])[:3], [-left, -back_mm, head], atol=1e-4)
