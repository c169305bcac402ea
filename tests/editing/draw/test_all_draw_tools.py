"""What holds for every registered drawing tool, in any plane, however arrays lie in memory, wherever the mouse is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from stroke_pictures import after

from napari_boundaryseg.editing.tools.draw_tool import DrawTool, draw_tools
from napari_boundaryseg.editing.tools.scene import Scene
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings

TOOLS = draw_tools()
SHAPE = (16, 20, 22)
SPACING = (2.0, 0.8, 1.1)
MOVES_OTHERS = {"interface_brush"}
"""What these do to other organs is their purpose."""
every_tool = pytest.mark.parametrize("name", TOOLS)
Case = tuple[Scene, np.ndarray, Any]


def blobs(rng: np.random.Generator) -> np.ndarray:
    """Three organs, some of which touch, with holes and parts, and background."""
    fields = [gaussian_filter(rng.normal(size=SHAPE), 2.5 / np.array(SPACING)) for _ in range(3)]
    found = np.where(fields[0] > 0, np.where(fields[1] > 0, 1, 2), 0)
    return np.where(fields[2] > 1.2 * fields[2].std(), 3, found).astype(np.uint8)


def border_points(organ: np.ndarray, axis: int, at: int) -> np.ndarray:
    """(N, 3), between two voxels of a slice of which one is the organ's."""
    found = []
    for across in (a for a in range(3) if a != axis):
        steps = np.argwhere(np.diff(organ.astype(int), axis=across)).astype(float)
        steps[:, across] += 0.5
        found.append(steps[steps[:, axis] == at])
    return np.concatenate(found)


def route(rng: np.random.Generator, points: np.ndarray, axis: int, tool: DrawTool) -> np.ndarray:
    """From border to border where the line is shown, else a few steps near one place of the border."""
    start, end = points[rng.integers(len(points), size=2)]
    shake = rng.normal(0, 0.15, (12, 3))
    way = np.linspace(start, end, 12) + shake
    if tool.has_line:
        way[1:-1] += rng.uniform(-4, 4, 3) * np.sin(np.linspace(0, np.pi, 12))[1:-1, None]
    else:
        way = start + np.cumsum(rng.normal(0, 1.2, (rng.integers(1, 5), 3)) / SPACING, axis=0)
    way[:, axis] = start[axis]
    return way


def chosen(rng: np.random.Generator, tool: DrawTool, in_slice: bool) -> ToolSettings:
    """Settings with a small radius, where the tool has one."""
    fields = tool.settings.model_fields
    wanted: dict[str, Any] = {"radius_mm": float(rng.uniform(1.5, 6)), "in_slice": in_slice}
    return tool.settings(**{name: value for name, value in wanted.items() if name in fields})


@cache
def volumes(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, a scan, a model's labels; no one can write to them."""
    rng = np.random.default_rng(seed)
    labels, model = blobs(rng), blobs(rng)
    scan = np.float32(50) * (blobs(rng) == 1) + rng.normal(0, 5, SHAPE).astype(np.float32)
    found = labels, scan, np.where(rng.random(SHAPE) < 0.5, model, labels)
    for array in found:
        array.flags.writeable = False
    return found


def cases(name: str, count: int, in_slice: bool = True) -> Iterator[Case]:
    """Scenes, ways and settings."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        labels, scan, model = volumes(seed)
        axis = seed % 3
        at = int(rng.integers(SHAPE[axis]))
        points = border_points(labels == 1, axis, at)
        if not len(points):
            continue
        way = route(rng, points, axis, TOOLS[name])
        place = tuple(int(np.clip(round(x), 0, n - 1)) for x, n in zip(way[0], SHAPE, strict=True))
        scene = Scene(labels, 1, SPACING, axis, int(labels[place]), scan, model)
        yield scene, way, chosen(rng, TOOLS[name], in_slice)


def done(name: str, case: Case) -> np.ndarray:
    return after(case[0].labels, TOOLS[name].act(*case))


def away_mm(voxels: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Of each voxel from the nearest of many points of a piece of the way: never less than from the piece."""
    steps = start + np.linspace(0, 1, 401)[:, None] * (end - start)
    return np.array([np.linalg.norm((voxel - steps) * SPACING, axis=1).min() for voxel in voxels])


@pytest.mark.parametrize("in_slice", [True, False])
@every_tool
def test_nothing_beyond_the_ring_changes(name: str, in_slice: bool) -> None:
    tool, changed = TOOLS[name], 0
    for case in cases(name, 60, in_slice):
        scene, way, settings = case
        voxels = np.argwhere(done(name, case) != scene.labels)
        changed += len(voxels) > 0
        if tool.ring_mm is not None and len(voxels):
            start = way[-2:][0] if tool.goes_on else way[-1]
            ring = tool.ring_mm(settings, way, SPACING)
            assert away_mm(voxels, start, way[-1]).max() <= ring + 1e-4
    assert changed > 10, "these cases ask nothing of this tool"


@every_tool
def test_other_slices_stay(name: str) -> None:
    for case in cases(name, 60):
        voxels = np.argwhere(done(name, case) != case[0].labels)
        assert (voxels[:, case[0].axis] == case[1][-1, case[0].axis]).all()


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if "in_slice" in tool.settings.model_fields])
def test_a_tool_for_space_reaches_other_slices(name: str) -> None:
    found = [
        np.unique(np.argwhere(done(name, case) != case[0].labels)[:, case[0].axis]).size
        for case in cases(name, 60, in_slice=False)
    ]
    assert max(found) > 2


@every_tool
def test_other_organs_are_spared(name: str) -> None:
    for case in cases(name, 60, in_slice=False):
        before, found = case[0].labels, done(name, case)
        if name in MOVES_OTHERS:
            np.testing.assert_array_equal(found == 0, before == 0)
            assert (found[found != before] == case[0].pressed).all()
        else:
            np.testing.assert_array_equal(np.where(found == 1, 0, found), np.where(before == 1, 0, before))


@every_tool
def test_it_does_not_matter_which_plane_it_is(name: str) -> None:
    for case in cases(name, 20, in_slice=False):
        scene, way, settings = case
        found = done(name, case)
        for order in permutations(range(3)):
            assert scene.scan is not None
            assert scene.model is not None
            turned = scene._replace(
                labels=np.ascontiguousarray(scene.labels.transpose(order)),
                scan=np.ascontiguousarray(scene.scan.transpose(order)),
                model=np.ascontiguousarray(scene.model.transpose(order)),
                spacing_mm=tuple(SPACING[a] for a in order),
                axis=order.index(scene.axis),
            )
            np.testing.assert_array_equal(done(name, (turned, way[:, order], settings)), found.transpose(order))


def apart(array: np.ndarray) -> np.ndarray:
    """The same values as every second one of a larger array, backwards."""
    larger = np.zeros([2 * n for n in array.shape], array.dtype)
    larger[::-2, ::2, ::-2] = array
    return larger[::-2, ::2, ::-2]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
@pytest.mark.parametrize("stored", [np.asfortranarray, apart])
@every_tool
def test_it_does_not_matter_how_arrays_lie_in_memory(name: str, stored: Any, dtype: type) -> None:
    for case in cases(name, 15, in_slice=False):
        scene, way, settings = case
        assert scene.scan is not None
        assert scene.model is not None
        other = scene._replace(
            labels=stored(scene.labels.astype(dtype)), scan=stored(scene.scan), model=stored(scene.model)
        )
        found = done(name, (other, stored(way) if stored is np.asfortranarray else way[::-1].copy()[::-1], settings))
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, done(name, case))


@every_tool
def test_what_it_is_given_is_not_written_to(name: str) -> None:
    """Nor given back: the arrays of these cases cannot be written to, and are checked all the same."""
    for case in cases(name, 30, in_slice=False):
        arrays = [case[0].labels, case[0].scan, case[0].model, case[1]]
        before = [np.array(array) for array in arrays]
        case[1].flags.writeable = False
        written = TOOLS[name].act(*case)
        assert written is None or not np.shares_memory(written.labels, case[0].labels)
        assert all(np.array_equal(array, copy) for array, copy in zip(arrays, before, strict=True))


@every_tool
def test_ways_off_the_scan_of_one_point_or_that_stand_still(name: str) -> None:
    changed = 0
    for n, (scene, way, settings) in enumerate(cases(name, 40, in_slice=False)):
        rng = np.random.default_rng(n)
        gone = way.copy()
        gone[-1] += rng.choice([-1, 1], 3) * rng.uniform(5, 60, 3) * (np.arange(3) != scene.axis)
        off = way + 100.0 * (np.arange(3) != scene.axis)
        beside = way + (np.arange(3) == scene.axis) * 50.0
        edges = np.clip(way, 0, np.array(SHAPE) - 1)
        for one in (gone, gone[::-1], off, -off, beside, -beside, edges, way[:1], way[-1:], way[[0, 0]], off[:1]):
            voxels = np.argwhere(done(name, (scene, one, settings)) != scene.labels)
            changed += len(voxels) > 0
    assert changed > 5


@every_tool
def test_a_mouse_that_stands_still_is_a_way_of_one_point(name: str) -> None:
    for scene, way, settings in cases(name, 30):
        once, twice = (done(name, (scene, way[picked], settings)) for picked in ([-1], [-1, -1]))
        np.testing.assert_array_equal(once, twice)


@every_tool
def test_without_scan_and_model_it_works_or_does_nothing(name: str) -> None:
    for scene, way, settings in cases(name, 20):
        done(name, (scene._replace(scan=None, model=None), way, settings))


@every_tool
def test_an_organ_that_is_not_there(name: str) -> None:
    for scene, way, settings in cases(name, 20):
        found = done(name, (scene._replace(organ=9), way, settings))
        assert set(np.unique(found)) <= {0, 1, 2, 3, 9}


def test_keys_labels_and_places_are_each_its_own() -> None:
    tools = TOOLS.values()
    assert {"pull", "replace_arc", "nudge", "interface_brush", "smart_brush", "model_border"} <= set(TOOLS)
    for part in ("key", "label", "words", "position"):
        values = [getattr(tool, part) for tool in tools]
        assert all(values)
        assert len(set(values)) == len(values)
    assert not {tool.key for tool in tools} & set("BEFPCTAH")
