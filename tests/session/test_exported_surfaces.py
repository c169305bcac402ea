"""Exported surfaces against the exported label map, both as other programs see them: LPS, mm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.session.export import export_files

sitk = pytest.importorskip("SimpleITK")
SHAPE = (7, 9, 8)


def oblique(mirror: int, order: tuple[int, int, int]) -> np.ndarray:
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", (15, -20, 130), degrees=True).as_matrix()
    affine[:3, :3] = (turn * (0.7, 1.1, 2.5 * mirror))[:, order]
    affine[:3, 3] = (-31.5, 12.25, 140)
    return affine


def triangles(path: Path) -> np.ndarray:
    """(m, 3, 3) corners, as the format says: 80 bytes, a count, and 50 bytes for each."""
    data = path.read_bytes()
    records = np.frombuffer(data[84:], np.uint8).reshape(-1, 50)
    assert len(records) == int.from_bytes(data[80:84], "little")
    return np.frombuffer(records[:, 12:48].tobytes(), "<f4").reshape(-1, 3, 3).astype(float)


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Whether each point lies inside a closed surface, by the solid angle under which it sees the triangles."""
    a, b, c = (corners[None, :, n] - points[:, None] for n in range(3))
    la, lb, lc = (np.linalg.norm(one, axis=2) for one in (a, b, c))
    volume = np.einsum("pti,pti->pt", a, np.cross(b, c))
    dots = [np.einsum("pti,pti->pt", one, two) for one, two in ((a, b), (b, c), (c, a))]
    angles = 2 * np.arctan2(volume, la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb)
    return angles.sum(1) / (4 * np.pi) > 0.5


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_surface_holds_just_the_voxels_of_its_organ(
    tmp_path: Path, mirror: int, order: tuple[int, int, int]
) -> None:
    scan = Volume(np.zeros((1, *SHAPE), np.int16), Geometry(SHAPE, oblique(mirror, order)), name="a")
    array = np.zeros(SHAPE, np.uint8)
    array[1:4, 2:7, 1:6], array[4:, 5:, 6:], array[5, 1, 2] = 1, 2, 2
    array[2, 3:5, 3] = 0
    labels: LabelMap = replace(scan.with_labels(array), scheme=preset("hippocampus"))
    export_files(scan, labels, None, {"labels", "mesh"}, tmp_path)
    image = sitk.ReadImage(str(tmp_path / "a_seg.nii.gz"))
    values = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    places = [tuple(map(int, place)) for place in np.ndindex(SHAPE)]
    points = np.array([image.TransformIndexToPhysicalPoint(place) for place in places])
    for organ, name in ((1, "Hippocampus_A"), (2, "Hippocampus_P")):
        found = inside(points, triangles(tmp_path / f"a_{name}.stl"))
        assert np.array_equal(found.reshape(SHAPE), values == organ)
