"""Outlines over the scan in a real window: those of the labels as they stand, thin at any zoom, in every plane."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import drag, live
from qtpy.QtCore import QPoint
from scipy.ndimage import gaussian_filter, map_coordinates, shift
from skimage.measure import points_in_poly

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget
from napari_boundaryseg.ui.layers.access import only


@pytest.fixture
def opened(controller_viewer: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """The controller, with a scan and labels."""
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: controller.tools.layer is not None and controller.session.job is None)
    return controller


def enclosed(view: Any, layer: Any, organ: int) -> np.ndarray:
    """The voxels of the slice in view whose centres lie within an odd number of lines."""
    down, right = view._model.dims.order[1:]
    shape = layer.data.shape[down], layer.data.shape[right]
    centres = np.argwhere(np.ones(shape, bool)) * np.asarray(layer.scale)[[down, right]]
    inside = sum(
        (points_in_poly(centres, line).astype(int) for line in view.drawn.get(organ, [])), np.zeros(len(centres), int)
    )
    return (inside % 2 == 1).reshape(shape)


def in_view(view: Any, layer: Any, organ: int) -> np.ndarray:
    across, down, right = view._model.dims.order
    index = round(view._model.dims.point[across] / layer.scale[across])
    return np.moveaxis(np.asarray(layer.data), (across, down, right), (0, 1, 2))[index] == organ


def follows(opened: Any) -> bool:
    """Whether the lines of every view enclose the labels of its slice, and nothing else."""
    layer, outlines = only(opened.viewer, "labels"), opened.view.outlines
    return all(
        np.array_equal(enclosed(view, layer, organ), in_view(view, layer, organ))
        for view in (outlines.main, *outlines.others)
        for organ in (1, 2, 3)
    )


def test_lines_follow_slices_strokes_undo_and_planes(opened: Any, wait: Callable[..., None]) -> None:
    layer, outlines = only(opened.viewer, "labels"), opened.view.outlines
    thickest = int((np.asarray(layer.data) > 0).sum(axis=(1, 2)).argmax())
    opened.viewer.dims.set_current_step(0, thickest)
    wait(lambda: follows(opened) and len(outlines.main.drawn[1]) > 0)
    before = np.asarray(layer.data).copy()
    opened.tools.choose(3)
    opened.tools.set_mode("paint")
    canvas = canvas_widget(opened.viewer)
    centre = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, centre, centre + QPoint(40, 10))
    assert (np.asarray(layer.data) != before).any()
    wait(lambda: follows(opened))
    opened.tools.undo()
    wait(lambda: np.array_equal(layer.data, before) and follows(opened))
    opened.tools.set_mode("pan_zoom")
    opened.view.show_three_planes(True)
    live(200)
    wait(lambda: len(outlines.others) == 2 and follows(opened))
    assert any(view.drawn[1] for view in outlines.others)
    opened.view.set_plane("Sagittal")
    wait(lambda: follows(opened))
    opened.view.show_three_planes(False)
    wait(lambda: outlines.others == [] and follows(opened))


def test_half_an_organ_erased_takes_its_line_along(opened: Any, wait: Callable[..., None]) -> None:
    layer, outlines = only(opened.viewer, "labels"), opened.view.outlines
    thickest = int((np.asarray(layer.data) == 1).sum(axis=(1, 2)).argmax())
    opened.viewer.dims.set_current_step(0, thickest)
    where = np.argwhere(np.asarray(layer.data) == 1)
    cut = int(np.median(where[:, 1]))
    lower = where[where[:, 1] >= cut]
    layer.data_setitem(tuple(lower.T), 0)
    wait(lambda: follows(opened))
    (line,) = outlines.main.drawn[1]
    assert line[:, 0].max() <= (cut - 0.5 + 0.5) * layer.scale[1]


def test_hidden_organs_and_layers_and_3d_have_no_lines(opened: Any, wait: Callable[..., None]) -> None:
    layer, main = only(opened.viewer, "labels"), opened.view.outlines.main
    opened.viewer.dims.set_current_step(0, int((np.asarray(layer.data) > 0).sum(axis=(1, 2)).argmax()))
    wait(lambda: set(main.drawn) == {1, 2, 3})
    opened.labels.hide({2})
    wait(lambda: set(main.drawn) == {1, 3})
    layer.visible = False
    wait(lambda: main.drawn == {})
    layer.visible = True
    wait(lambda: set(main.drawn) == {1, 3})
    opened.view.outlines.want(outline=False)
    wait(lambda: main.drawn == {})


def widths_px(picture: np.ndarray, colour: tuple[int, int, int]) -> list[int]:
    """How many pixels wide each stretch of a colour is, in the middle row of a picture of a canvas."""
    row = picture[picture.shape[0] // 2, :, :3].astype(int)
    near = np.abs(row - colour).max(axis=1) < 70
    edges = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(int), [0]])))
    return [int(end - start) for start, end in edges.reshape(-1, 2)]


def test_a_line_is_as_thin_at_any_zoom(opened: Any, wait: Callable[..., None]) -> None:
    viewer, layer = opened.viewer, only(opened.viewer, "labels")
    layer.opacity = 0.0
    viewer.layers[0].visible = False
    organ = np.argwhere(np.asarray(layer.data) == 1)
    centre = organ.mean(axis=0)
    viewer.dims.set_current_step(0, round(centre[0]))
    wait(lambda: bool(opened.view.outlines.main.drawn.get(1)))
    camera = camera_of(viewer)
    camera.center = (0, *(centre[1:] * np.asarray(layer.scale)[1:]))
    red, green, blue = (round(255 * part) for part in layer.colormap.color_dict[1][:3])
    for zoom in (3.0, 9.0):
        camera.zoom = zoom
        live(200)
        found = widths_px(viewer.screenshot(canvas_only=True, flash=False), (red, green, blue))
        assert found and max(found) <= 4, (zoom, found)


def test_a_line_is_as_thin_in_the_other_planes_whose_voxels_are_thick(opened: Any, wait: Callable[..., None]) -> None:
    """A contour of two voxels was a band that hid where two organs meet."""
    viewer, layer = opened.viewer, only(opened.viewer, "labels")
    viewer.window.resize(1366, 768)
    viewer.layers[0].visible = False
    opened.view.show_three_planes(True)
    centre = np.argwhere(np.asarray(layer.data) == 1).mean(axis=0)
    viewer.dims.point = tuple(centre * np.asarray(layer.scale))
    live(200)
    wait(lambda: all(view.drawn.get(1) for view in opened.view.outlines.others))
    red, green, blue = (round(255 * part) for part in layer.colormap.color_dict[1][:3])
    for view in opened.view.planes.views:
        down, right = view.model.dims.order[-2:]
        camera = camera_of(view.model)
        camera.center, camera.zoom = (0, *(centre[[down, right]] * np.asarray(layer.scale)[[down, right]])), 5.0
        live(200)
        found = widths_px(view.widget.screenshot(flash=False), (red, green, blue))
        assert found and max(found) <= 4, (view.plane, found)


def test_the_bare_scan_has_no_lines_while_the_key_is_held(opened: Any, wait: Callable[..., None]) -> None:
    layer, main = only(opened.viewer, "labels"), opened.view.outlines.main
    opened.viewer.dims.set_current_step(0, int((np.asarray(layer.data) > 0).sum(axis=(1, 2)).argmax()))
    wait(lambda: set(main.drawn) == {1, 2, 3})
    opened.view.outlines.set_bare(True)
    assert main.drawn == {}
    main.later()
    live(50)
    assert main.drawn == {}
    opened.view.outlines.set_bare(False)
    assert set(main.drawn) == {1, 2, 3}


@pytest.fixture
def predicted(opened: Any, wait: Callable[..., None]) -> Any:
    """The controller, whose labels are a model's result that rounds the true ones, shifted by a third of a voxel."""
    scan, truth = opened.session.scan, np.asarray(opened.session.labels.array)
    whole = np.stack([gaussian_filter((truth == organ).astype(np.float32), 1.5) for organ in range(4)])
    whole = np.moveaxis(shift(np.moveaxis(whole, 0, -1), (1 / 3, 1 / 3, 0, 0), order=1, mode="nearest"), -1, 0)
    whole /= whole.sum(axis=0)
    labels = scan.with_labels(whole.argmax(axis=0), preset("pelvis-mr"))
    maps = {organ.name: whole[organ.id] for organ in labels.scheme.organs}
    opened.session.prediction = Prediction(
        labels, whole, 4 * whole[0] * (1 - whole[0]), maps, dict.fromkeys(maps, "derived")
    )
    wait(lambda: opened.view.outlines.wanted.result is not None and not opened.segmentation.busy)
    organ = np.asarray(only(opened.viewer, "labels").data) == 1
    opened.viewer.dims.set_current_step(0, int(organ.sum(axis=(1, 2)).argmax()))
    return opened


def test_edges_are_a_ridge_in_every_plane_and_the_layer_keeps_the_map(
    predicted: Any, wait: Callable[..., None]
) -> None:
    viewer, outlines = predicted.viewer, predicted.view.outlines
    layer = only(viewer, "edges")
    live(50)
    assert not len(outlines.main.ridge.pieces)
    predicted.display.show("edges", True)
    predicted.view.show_three_planes(True)
    live(200)
    wait(lambda: len(outlines.others) == 2 and all(len(v.ridge.pieces) for v in (outlines.main, *outlines.others)))
    edges = np.asarray(layer.data)
    np.testing.assert_array_equal(
        edges, predicted.session.scan.geometry.display.to_display(predicted.session.prediction.edges)
    )
    assert layer.opacity == 0
    for view in (outlines.main, *outlines.others):
        order, scale = view._model.dims.order, np.asarray(layer.scale)
        number = round(view._model.dims.point[order[0]] / scale[order[0]])
        plane = np.moveaxis(edges, order, (0, 1, 2))[number]
        along = map_coordinates(plane, (view.ridge.pieces.reshape(-1, 2) / scale[list(order[1:])]).T, order=1)
        assert np.median(along) > np.median(plane[plane >= 0.5])
        assert len(view.ridge.pieces) < 0.7 * (plane >= 0.5).sum()
    before = outlines.main.ridge.pieces
    viewer.dims.set_current_step(0, viewer.dims.current_step[0] - 1)
    wait(lambda: not np.array_equal(outlines.main.ridge.pieces, before))
    outlines.set_bare(True)
    assert not len(outlines.main.ridge.pieces)
    outlines.set_bare(False)
    assert len(outlines.main.ridge.pieces)
    predicted.view.show_three_planes(False)
    layer.visible = False  # by its eye in napari's list
    wait(lambda: not len(outlines.main.ridge.pieces))
    layer.visible = True
    wait(lambda: len(outlines.main.ridge.pieces) > 0)
    viewer.dims.ndisplay = 3
    wait(lambda: layer.opacity == 1 and not len(outlines.main.ridge.pieces))
    viewer.dims.ndisplay = 2
    wait(lambda: layer.opacity == 0 and len(outlines.main.ridge.pieces) > 0)
    predicted.session.prediction = None
    wait(lambda: only(viewer, "edges") is None and not len(outlines.main.ridge.pieces))


def off_border(opened: Any, view: Any, organ: int) -> np.ndarray:
    """How sure the model is of an organ along its lines, beyond what else is likeliest."""
    display, order = opened.session.scan.geometry.display, view._model.dims.order
    layer = only(opened.viewer, "labels")
    number = round(view._model.dims.point[order[0]] / layer.scale[order[0]])
    part = [
        np.moveaxis(display.to_display(one), order, (0, 1, 2))[number]
        for one in opened.session.prediction.probabilities
    ]
    margin = part[organ] - np.max([one for n, one in enumerate(part) if n != organ], axis=0)
    points = np.concatenate(view.drawn[organ]) / np.asarray(layer.scale)[list(order[1:])]
    return np.asarray(map_coordinates(margin, points.T, order=1))


def test_a_models_margin_places_its_lines_in_every_plane(predicted: Any, wait: Callable[..., None]) -> None:
    outlines = predicted.view.outlines
    predicted.view.show_three_planes(True)
    live(200)
    wait(lambda: len(outlines.others) == 2 and follows(predicted) and all(view.drawn for view in outlines.others))
    for view in (outlines.main, *outlines.others):
        assert view.drawn[1]
        with_model = np.abs(off_border(predicted, view, 1)).mean()
        result = outlines.wanted.result
        outlines.want(result=None)
        view.draw()
        without = np.abs(off_border(predicted, view, 1)).mean()
        outlines.want(result=result)
        assert with_model < 0.5 * without
    wait(lambda: follows(predicted))


def test_half_a_models_organ_erased_takes_its_line_along(predicted: Any, wait: Callable[..., None]) -> None:
    layer, main = only(predicted.viewer, "labels"), predicted.view.outlines.main
    wait(lambda: bool(main.drawn.get(1)))
    before = np.concatenate(main.drawn[1])
    where = np.argwhere(np.asarray(layer.data) == 1)
    cut = int(np.median(where[:, 1]))
    layer.data_setitem(tuple(where[where[:, 1] >= cut].T), 0)
    wait(lambda: follows(predicted) and main.drawn[1][0][:, 0].max() < before[:, 0].max())
    (line,) = main.drawn[1]
    down = layer.scale[1]
    assert line[:, 0].max() <= cut * down
    middle = line[np.abs(line[:, 1] - line[:, 1].mean()) < 5]
    np.testing.assert_allclose(middle[middle[:, 0] > (cut - 2) * down][:, 0], (cut - 0.5) * down, atol=0.25 * down)
    above = line[line[:, 0] < (cut - 4) * down]
    assert np.abs(above[:, None] - before).sum(axis=-1).min(axis=1).max() < 1e-6, "elsewhere it stays"
    predicted.tools.undo()
    wait(lambda: len(np.concatenate(main.drawn[1])) == len(before))
    np.testing.assert_allclose(np.concatenate(main.drawn[1]), before)


def test_dashed_lines_are_the_chosen_organs_and_the_models(predicted: Any, wait: Callable[..., None]) -> None:
    layer, main = only(predicted.viewer, "labels"), predicted.view.outlines.main
    assert "limits" in predicted.display.available()
    live(50)
    assert main.dashed == []
    predicted.tools.choose(1)
    predicted.display.show("limits", True)
    wait(lambda: len(main.dashed) >= 2)
    bladder = [line.copy() for line in main.dashed]
    areas = sorted(np.ptp(line[:, 0]) * np.ptp(line[:, 1]) for line in (*bladder, *main.drawn[1]))
    assert areas[0] < areas[1] < areas[-1], "90 % within the outline, and that within 10 %"
    predicted.tools.choose(3)
    wait(lambda: len(main.dashed) != len(bladder) or not np.array_equal(main.dashed[0], bladder[0]))
    predicted.tools.choose(1)
    wait(lambda: len(main.dashed) == len(bladder) and np.array_equal(main.dashed[0], bladder[0]))
    where = np.argwhere(np.asarray(layer.data) == 1)
    layer.data_setitem(tuple(where.T), 0)
    wait(lambda: not main.drawn[1])
    assert len(main.dashed) == len(bladder), "the model's, whatever was corrected"
    predicted.view.outlines.set_bare(True)
    assert main.dashed == []
    predicted.view.outlines.set_bare(False)
    assert main.dashed
    predicted.display.show("limits", False)
    wait(lambda: main.dashed == [])


def test_without_the_models_labels_there_is_nothing_to_dash(predicted: Any, wait: Callable[..., None]) -> None:
    main = predicted.view.outlines.main
    predicted.display.show("limits", True)
    wait(lambda: bool(main.dashed))
    predicted.labels.go_to(0)
    wait(lambda: main.dashed == [])
    predicted.session.prediction = None
    assert "limits" not in predicted.display.available()
    assert predicted.view.outlines.wanted.result is None


def test_planes_that_open_later_show_what_is_wanted(opened: Any, wait: Callable[..., None]) -> None:
    outlines = opened.view.outlines
    opened.display.show("outline", False)
    opened.view.show_three_planes(True)
    live(200)
    wait(lambda: len(outlines.others) == 2)
    live(50)
    assert [view.drawn for view in outlines.others] == [{}, {}]
    opened.display.show("outline", True)
    wait(lambda: all(view.drawn for view in outlines.others))
