"""What a person changes in the labels is counted; looking at them is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.ui import edits, layers

SHAPE = (12, 11, 10)


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def layer(viewer: ViewerModel) -> Any:
    scan = Volume(np.zeros((1, *SHAPE), np.float32), Geometry(SHAPE, np.diag([1.0, 2.0, 3.0, 1.0])))
    labels = LabelMap(np.random.default_rng(0).integers(0, 4, SHAPE), scan.geometry, preset("pelvis-mr"))
    layers.show_scan(viewer, scan)
    return layers.show_labels(viewer, scan, labels)


def counted(layer: Any) -> dict[int, float]:
    """The volumes, counted anew."""
    return {i: float((np.asarray(layer.data) == i).sum()) * 6.0 / 1000 for i in (1, 2, 3)}


def polygon(layer: Any) -> None:
    layer.paint_polygon([(4, 1, 1), (4, 1, 7), (4, 8, 7)], 1)


def ball(layer: Any) -> None:
    layer.n_edit_dimensions = 3
    layer.brush_size = 4
    layer.paint((4, 4, 4), 2)


def stroke(layer: Any) -> None:
    with layer.block_history():
        for place in range(2, 8):
            layer.paint((3, place, place), 3)


EDITS = {
    "brush": lambda layer: layer.paint((5, 5, 5), 2),
    "ball": ball,
    "stroke over itself": stroke,
    "eraser": lambda layer: layer.paint((5, 5, 5), 0),
    "fill": lambda layer: layer.fill((5, 5, 5), (int(layer.data[5, 5, 5]) + 1) % 4),
    "polygon": polygon,
    "script": lambda layer: layer.data_setitem(tuple(np.array([[1, 1, 2], [1, 1, 2], [1, 1, 2]])), 7),
    "new array": lambda layer: setattr(layer, "data", np.full_like(layer.data, 2)),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_volumes_and_revision_follow_every_edit_undo_and_redo(layer: Any, edit: Any) -> None:
    assert edits.volumes_ml(layer) == pytest.approx(counted(layer))
    seen = [edits.revision(layer)]
    for act in (edit, lambda it: it.undo(), lambda it: it.redo(), lambda it: it.undo()):
        before = layer.data.copy()
        act(layer)
        assert edits.volumes_ml(layer) == pytest.approx(counted(layer))
        if not np.array_equal(layer.data, before):
            seen.append(edits.revision(layer))
    assert len(seen) > 1
    assert seen == sorted(set(seen)), "a new number each time"
    assert not edits.is_stored(layer)


def test_volumes_are_not_counted_again_after_a_stroke(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    edits.volumes_ml(layer)
    monkeypatch.setattr(edits.np, "count_nonzero", lambda *_: pytest.fail("it was counted again"))
    for edit in (EDITS["brush"], EDITS["fill"], lambda it: it.undo(), lambda it: it.redo()):
        edit(layer)
        edits.volumes_ml(layer)


def test_looking_at_the_labels_is_no_edit(viewer: ViewerModel, layer: Any) -> None:
    viewer.dims.set_current_step(0, 3)
    viewer.dims.order = (1, 0, 2)
    layer.contour = 3
    layer.refresh()
    layer.undo()
    layer.redo()
    assert edits.revision(layer) == 0
    assert edits.is_stored(layer)


def test_only_the_revision_that_was_stored_counts_as_stored(layer: Any) -> None:
    layer.paint((5, 5, 5), 2)
    stored = edits.revision(layer)
    edits.mark_stored(layer, stored)
    assert edits.is_stored(layer)
    layer.undo()
    assert not edits.is_stored(layer)
    edits.mark_stored(layer, stored)
    assert not edits.is_stored(layer)


def test_a_duplicate_of_the_labels_has_a_count_of_its_own(viewer: ViewerModel, layer: Any) -> None:
    layer.paint((5, 5, 5), 2)
    double = type(layer).create(*layer.as_layer_data_tuple())
    assert edits.revision(double) == 0
    double.paint((5, 5, 5), 0)
    assert (edits.revision(double), edits.revision(layer)) == (1, 1)
    assert not edits.is_stored(double)


def test_labels_undone_after_they_were_stored_are_kept_by_the_next_segmentation(viewer: ViewerModel, layer: Any
                                                                                ) -> None:
    layer.paint((5, 5, 5), 2)
    layer.paint((7, 5, 5), 1)
    edits.mark_stored(layer, edits.revision(layer))
    layer.undo()
    scan = layer.metadata[layers.KEY]
    layers.show_labels(viewer, scan, scan.with_labels(np.zeros(SHAPE, np.uint8), preset("pelvis-mr")))
    assert layers.of_kind(viewer, "kept labels") == [layer]
