"""References for the labels in work: which layers are of this scan, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.errors import InputError


def words(controller: Any) -> list[str]:
    return [one.words for one in controller.agreement.others()]


def test_layers_of_this_scan_are_listed_and_those_of_another_are_not(
    drawing: Any, pelvis_files: list[Path], wait: Any
) -> None:
    viewer, layer = drawing.viewer, drawing.tools.layer
    assert words(drawing) == []
    viewer.add_labels(np.zeros(layer.data.shape, np.uint8), name="a", scale=layer.scale)
    viewer.add_labels(np.zeros((8, 8), np.uint8), name="flat")
    viewer.add_image(np.zeros(layer.data.shape), name="image", scale=layer.scale)
    assert words(drawing) == ["Layer a"]
    drawing.references.add(Path("x") / "one.nii.gz")
    assert words(drawing) == ["Layer a", "File one.nii.gz"]
    before = drawing.session.scan
    drawing.open(pelvis_files[1])
    wait(lambda: drawing.session.scan is not before and drawing.session.job is None)
    drawing.labels.new(preset("pelvis-mr"))
    wait(lambda: drawing.labels.scheme() is not None)
    assert words(drawing) == [], "it was drawn on another patient, and so was the file"


def test_a_layer_is_read_on_the_scans_own_grid_as_it_was_when_asked(drawing: Any) -> None:
    scan, layer = drawing.session.scan, drawing.tools.layer
    other = drawing.viewer.add_labels(np.asarray(layer.data).copy(), name="a", scale=layer.scale)
    (reference,) = drawing.agreement.others()
    read = drawing.references.reader(reference, preset("pelvis-mr"))
    other.data[:] = 0
    found = read()
    assert found.geometry is scan.geometry
    assert np.array_equal(scan.geometry.display.to_display(found.array), layer.data)


def test_a_layer_elsewhere_is_refused(drawing: Any) -> None:
    layer = drawing.tools.layer
    drawing.viewer.add_labels(np.asarray(layer.data).copy(), name="moved", scale=layer.scale, translate=(0, 0, 20))
    (reference,) = drawing.agreement.others()
    with pytest.raises(InputError, match="moved: the labels do not fit"):
        drawing.references.reader(reference, preset("pelvis-mr"))
