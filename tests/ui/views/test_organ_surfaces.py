"""Surfaces of the organs in a real window's 3-D view: they are where the labels are, and go with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT
from qtpy.QtTest import QTest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.shapes.mesh import signed_volume_mm3
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control import three_d_question


@pytest.fixture
def opened(
    controller_viewer: Any,
    bench: Any,
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """A scan with its labels."""
    monkeypatch.setattr(three_d_question, "draws_by_software", lambda viewer: False)
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: controller.tools.layer is not None and controller.session.job is None)
    return controller


def surfaces(viewer: Any) -> dict[str, Any]:
    return {layer.name: layer for layer in viewer.layers if layer.name.startswith("surface: ")}


def turn(viewer: Any) -> None:
    """Press the cube below the layer list."""
    QTest.mouseClick(viewer.window._qt_viewer.viewerButtons.ndisplayButton, LEFT)


def test_in_3d_each_organ_is_a_surface_where_its_voxels_are(opened: Any, wait: Callable[..., None]) -> None:
    viewer, labels = opened.viewer, opened.tools.layer
    turn(viewer)
    assert viewer.dims.ndisplay == 3
    wait(lambda: set(surfaces(viewer)) == {"surface: Bladder", "surface: Prostate", "surface: Rectum"})
    assert not labels.visible
    for organ, name in enumerate(("Bladder", "Prostate", "Rectum"), start=1):
        vertices, faces = surfaces(viewer)[f"surface: {name}"].data[:2]
        voxels, mm3 = np.argwhere(labels.data == organ) * labels.scale, float(np.prod(labels.scale))
        assert np.allclose(vertices.mean(axis=0), voxels.mean(axis=0), atol=max(labels.scale))
        assert (vertices.min(axis=0) >= voxels.min(axis=0) - labels.scale / 2 - 1e-6).all()
        assert (vertices.max(axis=0) <= voxels.max(axis=0) + labels.scale / 2 + 1e-6).all()
        assert 0.8 < abs(signed_volume_mm3(vertices, faces)) / (len(voxels) * mm3) < 1.0, "at half height: cut corners"
        drawn = surfaces(viewer)[f"surface: {name}"].colormap.colors
        assert np.allclose(drawn, labels.get_color(organ), atol=1 / 255), name
    turn(viewer)
    wait(lambda: surfaces(viewer) == {})
    assert labels.visible


def test_surfaces_follow_the_labels_and_hidden_organs_have_none(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer, labels = opened.viewer, opened.tools.layer
    turn(viewer)
    wait(lambda: len(surfaces(viewer)) == 3)
    opened.labels.hide([2])
    wait(lambda: set(surfaces(viewer)) == {"surface: Bladder", "surface: Rectum"})
    before = len(surfaces(viewer)["surface: Bladder"].data[0])
    half = np.where((labels.data == 1) & (np.arange(labels.data.shape[0]) % 2 == 0)[:, None, None], 0, labels.data)
    labels.data = half.astype(labels.data.dtype)
    wait(lambda: len(surfaces(viewer)["surface: Bladder"].data[0]) != before)
    opened.labels.hide([])
    wait(lambda: len(surfaces(viewer)) == 3)
    opened.session.scan = None
    wait(lambda: surfaces(viewer) == {})


def test_labels_that_a_person_has_hidden_stay_hidden(opened: Any, wait: Callable[..., None]) -> None:
    viewer, labels = opened.viewer, opened.tools.layer
    labels.visible = False
    turn(viewer)
    turn(viewer)
    assert not labels.visible
    assert surfaces(viewer) == {}
