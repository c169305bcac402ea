"""One anisotropic, oblique pair in all 48 storage orders: every figure and every map is the same in the patient.

The oracle is nibabel, which turns arrays and affines from the first order into the others and results back; where a
figure can be counted by hand in patient space, it is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest
import torch
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform

from napari_boundaryseg.data import boundaries, boxes, contour_targets, formats, geometry, metrics
from napari_boundaryseg.data.components import fill_enclosed, largest_components
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.shapes import mesh
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network
from napari_boundaryseg.engine.evaluation.label_prior import LabelPrior
from napari_boundaryseg.engine.inference.assembling.postprocess import cleaned
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.intensities import nonzero_box
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Inference, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.losses import target_maps
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.session.export import export_files

SHAPE = (26, 22, 11)
STEPS = (0.8, 0.9, 3.0)
PLANES = {"axial": "LPS", "sagittal": "PSR", "coronal": "RSA"}
"""How the first order is stored: slices across its last axis."""
SCHEME = preset("hippocampus")
ORDERS = ["".join(order) for sides in itertools.product("LR", "AP", "SI") for order in itertools.permutations(sides)]


def turned(degrees: tuple[float, float, float]) -> np.ndarray:
    """A rotation about x, then y, then z."""
    result = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        i, j = (n for n in range(3) if n != axis)
        one = np.eye(3)
        one[i, i] = one[j, j] = math.cos(angle)
        one[i, j], one[j, i] = -math.sin(angle), math.sin(angle)
        result = one @ result
    return result


class Pair(NamedTuple):
    """A scan, a prediction and a reference in one storage order, and the way back to the first."""

    scan: Volume
    found: LabelMap
    truth: LabelMap
    back: np.ndarray

    def first(self, array: np.ndarray) -> np.ndarray:
        """An array in this order as it would be in the first."""
        return apply_orientation(np.asarray(array), self.back)


@cache
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    i, j, k = np.indices(SHAPE)
    truth = ((((i - 14) / 8) ** 2 + ((j - 11) / 6) ** 2 + ((k - 5) / 3.5) ** 2) < 1).astype(np.uint8)
    found = ((((i - 15) / 8) ** 2 + ((j - 10) / 7) ** 2 + ((k - 5) / 3) ** 2) < 1).astype(np.uint8)
    truth[(((i - 4) / 3) ** 2 + ((j - 5) / 4) ** 2 + ((k - 4) / 2.5) ** 2) < 1] = 2
    found[(((i - 5) / 3) ** 2 + ((j - 5) / 3) ** 2 + ((k - 5) / 2.5) ** 2) < 1] = 2
    image = np.random.default_rng(0).normal(100, 8, SHAPE) + 40 * truth
    return image.astype(np.float32), found, truth


@cache
def pair(plane: str, order: str, oblique: bool = True) -> Pair:
    image, found, truth = drawn()
    directions = {"L": (-1, 0, 0), "R": (1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
    affine = np.eye(4)
    affine[:3, :3] = np.stack([directions[side] for side in PLANES[plane]], axis=1) * STEPS
    affine[:3, :3] = turned((12, -8, 17) if oblique else (0, 0, 0)) @ affine[:3, :3]
    affine[:3, 3] = (13.5, -21.25, 40.75)
    there = ornt_transform(axcodes2ornt(PLANES[plane]), axcodes2ornt(order))
    new_affine = affine @ inv_ornt_aff(there, SHAPE)
    arrays = [np.ascontiguousarray(apply_orientation(array, there)) for array in (image, found, truth)]
    where = Geometry(arrays[0].shape, new_affine)  # type: ignore[arg-type]
    scan = Volume(arrays[0][None], where, name="scan", modality="MR")
    maps = [LabelMap(array, where, SCHEME, name) for array, name in zip(arrays[1:], ("found", "truth"))]
    back = ornt_transform(axcodes2ornt(order), axcodes2ornt(PLANES[plane]))
    assert (io_orientation(new_affine) == axcodes2ornt(order)).all(), "the scan is not too oblique for this test"
    return Pair(scan, maps[0], maps[1], back)


def network_grid(one: Pair) -> NetworkGrid:
    return NetworkGrid(one.scan, Preprocessing(spacing_mm=(1.1, 1.0, 2.5)))


def grid_labels(one: Pair, across: int | None = None) -> GridLabels:
    grid = network_grid(one)
    settings = recipe("hippocampus-sgm").targets
    return GridLabels(grid.labels(one.truth), grid.spacing_zyx, SCHEME, settings, (1,), (2,), across)


def specks() -> np.ndarray:
    """Two pieces of one organ of equal size, a hole in another organ, a piece of one inside the other."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5, 2:5, 2:4] = labels[10:13, 15:18, 6:8] = 1
    labels[14:24, 2:12, 3:9] = 2
    labels[16:18, 4:6, 5:7] = 0
    labels[20, 6, 5] = 1
    return labels


def in_order(one: Pair, array: np.ndarray) -> np.ndarray:
    """An array of the first order in the order of a pair."""
    inverse = np.empty_like(one.back)
    for axis, (to, flip) in enumerate(one.back):
        inverse[int(to)] = axis, flip
    return np.ascontiguousarray(apply_orientation(array, inverse))


def corners_mm(one: Pair, box: tuple[slice, ...]) -> np.ndarray:
    """The corners of a box in the patient, in order."""
    ends = np.array(list(itertools.product(*[(s.start, s.stop - 1) for s in box])))
    points = ends @ one.scan.affine[:3, :3].T + one.scan.affine[:3, 3]
    return points[np.lexsort(points.round(3).T)]


def scores(one: Pair) -> dict[str, np.ndarray]:
    rows = metrics.evaluate(one.found, one.truth, tolerance_mm=1.0)
    return {f"{organ} {name}": np.array(value) for organ, row in rows.items() for name, value in row.items()}


def own_maps(one: Pair) -> dict[str, np.ndarray]:
    """What is made of a mask on the scan's own grid, brought back to the first order."""
    mask, step = one.truth.array == 1, one.scan.spacing_mm
    sigma = [2.0 / mm for mm in step]
    inner = boundaries.inner_boundary(mask)
    across = geometry.slice_axis(one.scan.affine)
    settings = recipe("hippocampus-sgm").targets
    hard, soft = contour_targets.contour_targets(one.truth.array, [1], [2], settings, step)
    hard_2d, soft_2d = contour_targets.contour_targets(one.truth.array, [1], [2], settings, step, across)
    made = {
        "inner": inner,
        "outline in slices": boundaries.outline(mask, "inner", across),
        "sobel": boundaries.sobel_edges(mask),
        "soft, filtered": contour_targets.soft_contour(inner, sigma, "gaussian"),
        "soft, by distance": contour_targets.soft_contour(inner, sigma, "distance"),
        "difficulty": contour_targets.slicewise_difficulty([inner], sigma),
        "difficulty in slices": contour_targets.slicewise_difficulty([inner], sigma, across=across),
        **{"hard": hard[0], "soft": soft[0], "hard in slices": hard_2d[0], "soft in slices": soft_2d[0]},
    }
    return {name: one.first(array).astype(float) for name, array in made.items()}


def tidied(one: Pair) -> dict[str, np.ndarray]:
    labels = in_order(one, specks())
    ones = np.stack([labels == n for n in range(4)]).astype(np.float32)
    wanted = Inference(smallest_share=1.0, fill=True)
    found, notes, _ = cleaned(labels, ones[1:].__getitem__, wanted, one.scan.geometry, preset("pelvis-mr"))
    return {
        "cleaned": one.first(found),
        "notes": np.array(" ".join(notes)),
        "large pieces": one.first(largest_components(labels, 0.5)),
        "filled": one.first(fill_enclosed(largest_components(labels, 0.5))),
    }


def on_the_network(one: Pair) -> dict[str, np.ndarray]:
    """The network's grid, which is the patient's, with every target map that there is."""
    grid = network_grid(one)
    made = {"image": grid.image(), "labels": grid.labels(one.truth), "shape": np.array(grid.shape)}
    for across in (None, 0):
        truth = grid_labels(one, across)
        made |= {f"{name} {across}": target_maps.named(name).make(truth) for name in target_maps.names()}
    back = grid.back(grid.image())[0]
    return made | {"there and back": one.first(back)}


def surfaces(one: Pair) -> dict[str, np.ndarray]:
    vertices, faces = mesh.surface(one.truth.array == 1, one.scan.affine)
    triangles = np.round(vertices[faces], 3)
    assert mesh.signed_volume_mm3(vertices, faces) > 0, "turned outwards"
    return {"triangles": triangles[np.lexsort(triangles.reshape(len(triangles), -1).T)]}


def parts(one: Pair) -> dict[str, np.ndarray]:
    around = boxes.around(one.truth.array == 2, one.scan.spacing_mm, 4.0)
    assert around is not None
    held = Volume(one.scan.array * (one.truth.array > 0), one.scan.geometry)
    return {
        "around": corners_mm(one, around),
        "not zero": corners_mm(one, nonzero_box(held)),
        "volumes": np.array(list(one.truth.volumes_ml().values())),
        "prior": np.array(LabelPrior([(one.truth, None)], 1).dice(one.found, None)),
        "slices": np.abs(one.scan.affine[:3, geometry.slice_axis(one.scan.affine)]),
    }


@cache
def tiny_model() -> LoadedModel:
    wanted = recipe("hippocampus-sgm").model_copy(
        update={
            "network_arguments": {"width": 4, "norm": "group"},
            "expected_field_mm": None,
            "preprocessing": Preprocessing(spacing_mm=(1.1, 1.0, 2.5)),
            "patch_vox": (16, 16, 16),
            "inference": Inference(smallest_share=1.0, fill=True),
        }
    )
    torch.manual_seed(1)
    return LoadedModel(
        Card(name="tiny", recipe=wanted, parameters=0), build_network(wanted).eval(), "0" * 64, Path("t")
    )


def predicted(one: Pair) -> dict[str, np.ndarray]:
    result = Predictor(tiny_model(), "cpu").predict(one.scan, whole=True)
    made = {"labels": result.labels.array, "edges": result.edges, **result.contours, **result.attention}
    made |= {f"class {n}": array for n, array in enumerate(result.probabilities)}
    return {name: one.first(np.asarray(array)) for name, array in made.items()}


FAMILIES: dict[str, Callable[[Pair], dict[str, np.ndarray]]] = {
    made.__name__: made for made in (scores, own_maps, tidied, on_the_network, surfaces, parts, predicted)
}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("family", FAMILIES)
def test_everything_is_the_same_in_the_patient_in_all_48_orders(family: str, plane: str) -> None:
    make = FAMILIES[family]
    wanted = make(pair(plane, PLANES[plane]))
    wrong: dict[str, list[str]] = {}
    for order in ORDERS[::5] if family == "predicted" else ORDERS:  # a network takes its time
        made = make(pair(plane, order))
        assert set(made) == set(wanted)
        for name, value in made.items():
            same = value.shape == wanted[name].shape and (
                (value == wanted[name]).all()
                if value.dtype.kind in "Ub"
                else np.allclose(value, wanted[name], rtol=1e-5, atol=2e-4, equal_nan=True)
            )
            if not same:
                wrong.setdefault(name, []).append(order)
    assert len(set(ORDERS)) == 48
    assert not wrong, {name: f"{len(orders)} orders, such as {orders[0]}" for name, orders in wrong.items()}


def path_by_hand(one: Pair, organ: int, tolerance_mm: float, normal: np.ndarray, in_plane_mm: float) -> float:
    """Added path from points in the patient alone: slices are where points lie along the normal of the slices."""

    def contour(mask: np.ndarray) -> dict[int, np.ndarray]:
        points = np.argwhere(mask)
        kept: dict[int, list[np.ndarray]] = {}
        for point in points:
            for axis, step in itertools.product(range(3), (-1, 1)):
                direction = one.scan.affine[:3, axis]
                across = abs(direction @ normal) > 0.99 * np.linalg.norm(direction)
                beside = point.copy()
                beside[axis] += step
                inside_scan = ((beside >= 0) & (beside < mask.shape)).all()
                if not across and inside_scan and not mask[tuple(beside)]:
                    where = one.scan.affine[:3, :3] @ point + one.scan.affine[:3, 3]
                    kept.setdefault(round(float(where @ normal) / 0.05), []).append(where)
                    break
        return {place: np.array(found) for place, found in kept.items()}

    drawn_at, wanted_at = (contour(labels.array == organ) for labels in (one.found, one.truth))
    n = 0
    for place, wanted in wanted_at.items():
        near = next((found for there, found in drawn_at.items() if abs(there - place) <= 1), None)
        for point in wanted:
            n += near is None or np.linalg.norm(near - point, axis=1).min() > tolerance_mm + 1e-6
    return n * in_plane_mm


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("order", ["LPS", "LSA", "SAR", "PIR", "IRA"])
@pytest.mark.parametrize("oblique", [False, True])
def test_added_path_is_counted_in_the_scans_own_slices(plane: str, order: str, oblique: bool) -> None:
    first, one = pair(plane, PLANES[plane], oblique), pair(plane, order, oblique)
    normal = first.scan.affine[:3, 2] / np.linalg.norm(first.scan.affine[:3, 2])
    for tolerance in (0.0, 1.0):
        rows = metrics.evaluate(one.found, one.truth, tolerance_mm=tolerance)
        for organ in (1, 2):
            by_hand = path_by_hand(one, organ, tolerance, normal, (STEPS[0] + STEPS[1]) / 2)
            assert by_hand > 0
            assert rows[SCHEME.organ(organ).name]["apl_mm"] == pytest.approx(by_hand)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("steps", "degrees", "expected"),
    [
        ((1, 1, 1), (0, 0, 0), "S"),
        ((1, 1, 1.2), (25, 10, 0), "S"),
        ((0.5, 0.5, 3), (30, 20, 10), "S"),
        ((3, 0.9, 0.9), (10, 0, 5), "R"),
        ((1, 4, 1), (0, 0, 0), "A"),
        ((3, 3, 1), (0, 0, 0), "S"),
        ((1, 1, 1), (45, 0, 0), "either"),
    ],
)
def test_the_slices_are_those_of_the_patient_in_every_order(
    order: str, steps: tuple[float, ...], degrees: tuple[float, float, float], expected: str
) -> None:
    """Steps are along R, A, S of the first order. At 45 degrees two axes are as close: it is the same one always."""
    affine = np.eye(4)
    affine[:3, :3] = turned(degrees) @ np.diag(steps)
    first = affine[:3, geometry.slice_axis(affine)]
    there = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(order))
    stored = affine @ inv_ornt_aff(there, (9, 8, 7))
    found = stored[:3, geometry.slice_axis(stored)]
    assert min(np.abs(found - first).max(), np.abs(found + first).max()) < 1e-9
    if expected != "either":
        assert np.abs(first) @ np.abs(affine[:3, "RAS".index(expected)]) == pytest.approx(first @ first)


@pytest.mark.parametrize("order", ORDERS[::5])
def test_exported_files_lie_where_the_scan_lies(order: str, tmp_path: Path) -> None:
    """nibabel and a reader of STL by the published rule find the organ at one place in the patient."""
    one = pair("axial", order)
    formats.write(one.scan, tmp_path / "scan.nii.gz")
    scan = formats.read(tmp_path / "scan.nii.gz")
    seg, anterior, *_ = export_files(
        scan, scan.with_labels(one.truth.array, SCHEME), None, {"labels", "mesh"}, tmp_path
    )
    image = nib.load(seg)
    middle = image.affine @ [*np.argwhere(np.asarray(image.dataobj) == 1).mean(0), 1]
    content = anterior.read_bytes()
    record = np.dtype([("normal", "<3f4"), ("corners", "<9f4"), ("spare", "<u2")])
    triangles = np.frombuffer(content[84:], record)
    corners = triangles["corners"].astype(float).reshape(-1, 3, 3)
    space = (1, 1, 1) if b"SPACE=RAS" in content[:80] else (-1, -1, 1)  # LPS is what readers assume
    assert np.abs(corners.reshape(-1, 3).mean(0) * space - middle[:3]).max() < 1.0
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = ((corners.mean(1) - corners.reshape(-1, 3).mean(0)) * normals).sum(1)
    assert (outwards > 0).mean() > 0.95
    assert (np.einsum("ij,ij->i", triangles["normal"].astype(float), normals) > 0).all()
