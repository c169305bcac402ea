"""One history for everything that changes labels: napari's tools, results, new arrays, locks; looking is no edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import editable_of, labels_for, show_again, show_labels
from napari_boundaryseg.ui.layers.scan import show_scan
from napari_boundaryseg.ui.layers.shelf import shelf_of

SHAPE = (12, 11, 10)


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def layer(viewer: ViewerModel) -> Any:
    scan = Volume(np.zeros((1, *SHAPE), np.float32), Geometry(SHAPE, np.diag([1.0, 2.0, 3.0, 1.0])))
    labels = LabelMap(np.random.default_rng(0).integers(0, 4, SHAPE), scan.geometry, preset("pelvis-mr"))
    show_scan(viewer, scan)
    return show_labels(viewer, scan, labels)


@pytest.fixture
def editable(layer: Any) -> EditableLabels:
    return editable_of(layer)


def counted(layer: Any) -> dict[int, float]:
    """The volumes, counted anew."""
    return {i: float((np.asarray(layer.data) == i).sum()) * 6.0 / 1000 for i in (1, 2, 3)}


def polygon(layer: Any) -> None:
    layer.n_edit_dimensions = 2
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
def test_every_edit_is_one_step_that_napari_s_undo_takes_back(layer: Any, editable: EditableLabels, edit: Any) -> None:
    assert editable.volumes_ml() == pytest.approx(counted(layer))
    before, steps = layer.data.copy(), editable.history.position
    edit(layer)
    after = layer.data.copy()
    assert not np.array_equal(before, after)
    assert editable.history.position == steps + 1
    assert editable.volumes_ml() == pytest.approx(counted(layer))
    assert not editable.is_stored
    for act, wanted in ((layer.undo, before), (layer.redo, after), (layer.undo, before)):
        act()
        assert np.array_equal(layer.data, wanted)
        assert editable.volumes_ml() == pytest.approx(counted(layer))


def test_steps_are_named_after_tool_organ_and_slice(layer: Any, editable: EditableLabels) -> None:
    layer.mode = "paint"
    layer.selected_label = 2
    stroke(layer)
    layer.mode = "erase"
    layer.paint((5, 5, 5), 0)
    layer.mode = "paint"
    layer.n_edit_dimensions, layer.brush_size = 3, 9
    layer.paint((4, 4, 4), 2)
    assert [step.name for step in editable.history.steps] == [
        "Labels",
        "Paint: Prostate, slice 4",
        "Erase: Prostate, slice 6",
        "Paint: Prostate, slices 4 to 6",
    ]


def test_volumes_are_not_counted_again_after_a_stroke(
    layer: Any, editable: EditableLabels, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_boundaryseg.editing.history import tracked_labels

    editable.volumes_ml()
    sizes: list[int] = []
    real = tracked_labels._count
    monkeypatch.setattr(tracked_labels, "_count", lambda labels: sizes.append(labels.size) or real(labels))
    for edit in (EDITS["brush"], stroke, lambda it: it.undo(), lambda it: it.redo()):
        edit(layer)
        editable.volumes_ml()
    assert sizes
    assert max(sizes) < layer.data.size / 4, "only the boxes that changed"


def test_looking_at_the_labels_is_no_edit(viewer: ViewerModel, layer: Any, editable: EditableLabels) -> None:
    viewer.dims.set_current_step(0, 3)
    viewer.dims.order = (1, 0, 2)
    layer.contour = 3
    layer.refresh()
    assert editable.history.position == 1, "the labels that were opened"
    assert editable.is_stored


def test_napari_s_own_history_stays_empty(layer: Any) -> None:
    for edit in EDITS.values():
        edit(layer)
        assert not layer._undo_history
        assert not layer._redo_history


def test_only_the_state_that_was_stored_counts_as_stored(layer: Any, editable: EditableLabels) -> None:
    layer.paint((5, 5, 5), 2)
    stored = editable.state
    editable.mark_stored(stored)
    assert editable.is_stored
    layer.undo()
    assert not editable.is_stored
    layer.paint((5, 5, 5), 3)
    assert not editable.is_stored, "another step at the same position"
    editable.mark_stored(editable.state)
    editable.lock(Lock(2), True, "Prostate")
    assert editable.is_stored, "a lock is nothing that could be lost"


def test_a_stroke_over_a_locked_organ_leaves_it_alone_and_says_so(layer: Any, editable: EditableLabels) -> None:
    told: list[int] = []
    editable.n_protected.connect(lambda name, voxels: told.append(voxels))
    editable.lock(Lock(1), True, "Bladder")
    before = layer.data.copy()
    layer.brush_size = 5
    layer.paint((5, 5, 5), 2)
    assert np.array_equal(layer.data == 1, before == 1)
    assert (layer.data == 2).sum() > (before == 2).sum()
    assert told == [int(((before == 1) & disc(layer)).sum())]


def test_what_is_locked_is_not_painted_over_even_for_a_moment(layer: Any, editable: EditableLabels) -> None:
    editable.lock(Lock(1), True, "Bladder")
    before = layer.data == 1
    layer.mode, layer.selected_label, layer.brush_size = "paint", 2, 5
    with layer.block_history():
        for place in (5, 6, 5):
            layer.paint((5, place, 5), 2)
            assert np.array_equal(layer.data == 1, before), "while the mouse is still down"
    assert editable.history.steps[-1].name.startswith("Paint: Prostate")


def test_a_stroke_over_locked_voxels_alone_is_no_step_but_is_told(layer: Any, editable: EditableLabels) -> None:
    told: list[tuple[str, int]] = []
    editable.n_protected.connect(lambda name, voxels: told.append((name, voxels)))
    editable.lock(Lock(slice=5), True, "slice 5")
    layer.mode, layer.selected_label = "paint", 2
    layer.brush_size, steps = 3, len(editable.history.steps)
    different = int((np.asarray(layer.data)[5, 4:7, 4:7] != 2).sum())
    with layer.block_history():
        layer.paint((5, 5, 5), 2)
        layer.paint((5, 5, 5), 2)
    assert len(editable.history.steps) == steps
    assert len(told) == 1
    assert told[0][0] == "Paint: Prostate"
    assert 0 < told[0][1] <= different, "each voxel is counted once"
    layer.paint((4, 5, 5), 2)
    assert len(editable.history.steps) == steps + 1
    assert len(told) == 1, "and it is not told again"


def test_a_stroke_that_was_broken_off_is_not_told_with_the_next_one(layer: Any, editable: EditableLabels) -> None:
    told: list[int] = []
    editable.n_protected.connect(lambda name, voxels: told.append(voxels))
    editable.lock(Lock(slice=5), True, "slice 5")
    layer._begin_stroke()
    layer.paint((5, 5, 5), 2)
    layer._abort_stroke()
    layer.paint((4, 5, 5), 2)
    with pytest.raises(IndexError), layer.block_history():
        layer.paint((5, 5, 5), 2)
        layer.paint((50, 5, 5), 2)
    layer.paint((3, 5, 5), 2)
    assert told == []


def test_what_napari_preserves_by_itself_is_not_told_as_locked(layer: Any, editable: EditableLabels) -> None:
    told: list[int] = []
    editable.n_protected.connect(lambda name, voxels: told.append(voxels))
    layer.data[5, 3:8, 3:8] = np.array([0, 1, 1, 1, 0])
    editable.finish()
    editable.lock(Lock(1), True, "Bladder")
    layer.preserve_labels, layer.brush_size, layer.selected_label = True, 5, 2
    layer.paint((5, 5, 5), 2)
    assert (np.asarray(layer.data)[5, 3:8, 3:8] == 1).sum() == 15
    assert told == []


def disc(layer: Any) -> np.ndarray:
    """Where the brush of the test above lies."""
    free = type(layer)(np.zeros(layer.data.shape, np.uint8), scale=layer.scale)
    free.brush_size = layer.brush_size
    free.paint((5, 5, 5), 1)
    return np.asarray(free.data) == 1


def test_a_locked_slice_stays_whatever_the_tool(layer: Any, editable: EditableLabels) -> None:
    editable.lock(Lock(slice=5), True, "slice 5")
    before = layer.data.copy()
    for edit in EDITS.values():
        edit(layer)
    layer.undo()
    assert np.array_equal(layer.data[5], before[5])
    assert not np.array_equal(layer.data[4], before[4])


def test_another_array_that_does_not_fit_is_refused_and_the_labels_stay(layer: Any, editable: EditableLabels) -> None:
    told: list[str] = []
    editable.failed.connect(told.append)
    before = layer.data.copy()
    layer.data = np.zeros((3, 3, 3), np.uint8)
    assert np.array_equal(layer.data, before)
    assert len(told) == 1
    layer.paint((5, 5, 5), 2)
    layer.undo()
    assert np.array_equal(layer.data, before)


def test_a_duplicate_of_the_labels_has_a_history_of_its_own(layer: Any, editable: EditableLabels) -> None:
    layer.paint((5, 5, 5), 2)
    double = type(layer).create(*layer.as_layer_data_tuple())
    double.data = double.data.copy()
    other = editable_of(double)
    assert other.history.position == 0
    double.paint((5, 5, 5), 0)
    assert (other.history.position, editable.history.position) == (1, 2)


def test_a_second_result_is_a_step_that_undo_takes_back(
    viewer: ViewerModel, layer: Any, editable: EditableLabels
) -> None:
    layer.paint((5, 5, 5), 2)
    mine = layer.data.copy()
    scan = layer.metadata[access.KEY]
    again = show_labels(viewer, scan, scan.with_labels(np.zeros(SHAPE, np.uint8), preset("pelvis-mr")))
    assert again is layer
    assert not layer.data.any()
    layer.undo()
    assert not layer.data.any(), "undo stops once before a whole result"
    layer.undo()
    assert np.array_equal(layer.data, mine)


def test_a_result_in_a_box_changes_nothing_outside_of_it(viewer: ViewerModel, layer: Any) -> None:
    scan, before = layer.metadata[access.KEY], layer.data.copy()
    box = (slice(2, 7), slice(3, 9), slice(1, 5))
    show_labels(viewer, scan, scan.with_labels(np.full(SHAPE, 3, np.uint8), preset("pelvis-mr")), box)
    inside = np.zeros(layer.data.shape, bool)
    inside[scan.geometry.display.box_to_display(box)] = True
    assert np.array_equal(layer.data, np.where(inside, 3, before))


def test_labels_of_other_organs_set_the_edited_ones_aside(viewer: ViewerModel, layer: Any) -> None:
    layer.paint((5, 5, 5), 2)
    scan = layer.metadata[access.KEY]
    show_labels(viewer, scan, scan.with_labels(np.zeros(SHAPE, np.uint8), preset("prostate")))
    assert [one.name for one in access.of_kind(viewer, "labels")] == ["labels"]
    (aside,) = shelf_of(viewer).of_scan(hash_of(scan))
    back = show_again(viewer, scan, aside)
    assert np.array_equal(back.history.array, layer.data)
    assert shelf_of(viewer).all() == []


def test_strokes_are_in_the_journal_and_stored_ones_leave_nothing_behind(
    layer: Any, editable: EditableLabels, tmp_path: Path
) -> None:
    journals = tmp_path / "data" / "napari-boundaryseg" / "journal"
    layer.paint((5, 5, 5), 2)
    assert editable.journal is not None
    editable.journal.flush()
    assert len(list(journals.iterdir())) == 1
    wanted = layer.data.copy()
    editable.close()
    (work,) = recovery.recoverable(journals)
    assert np.array_equal(recovery.recover(work).labels, wanted)


def test_a_window_that_goes_after_the_program_has_ended_its_journals_loses_nothing(
    layer: Any, editable: EditableLabels, tmp_path: Path
) -> None:
    """As where a script closes its viewer and ends without an event loop: Qt takes the window last of all."""
    layer.paint((5, 5, 5), 2)
    assert editable.journal is not None
    editable.journal.flush()
    editable.journal._end()  # what the end of the program calls
    editable.close()
    (work,) = recovery.recoverable(tmp_path / "data" / "napari-boundaryseg" / "journal")
    assert np.array_equal(recovery.recover(work).labels, layer.data)


def test_the_journal_of_accepted_labels_goes_with_the_window(
    layer: Any, editable: EditableLabels, tmp_path: Path
) -> None:
    layer.paint((5, 5, 5), 2)
    editable.mark_stored(editable.state)
    editable.close()
    assert list((tmp_path / "data" / "napari-boundaryseg" / "journal").iterdir()) == []


def test_without_a_place_for_journals_the_work_goes_on_and_it_is_said(viewer: ViewerModel, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    scan = Volume(np.zeros((1, *SHAPE), np.float32), Geometry(SHAPE, np.eye(4)))
    layer = labels_for(viewer, scan, preset("pelvis-mr"))
    editable = editable_of(layer)
    assert "journal" in editable.no_journal
    layer.paint((5, 5, 5), 2)
    layer.undo()
    assert not layer.data.any()
