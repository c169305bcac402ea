"""Surfaces: closed, turned outwards, in patient mm, and readable as STL by others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.shapes.mesh import read_stl, signed_volume_mm3, surface, write_stl
from napari_boundaryseg.errors import InputError

AFFINES = {
    "unit": np.eye(4),
    "far away": np.array([[1, 0, 0, -900], [0, 1, 0, 1200], [0, 0, 1, 700], [0, 0, 0, 1.0]]),
    "mirrored": np.diag([-1, 1, 1, 1.0]),
    "two mirrored": np.diag([-0.5, -0.7, 3, 1.0]),
    "all mirrored": np.diag([-1, -1, -2, 1.0]),
    "oblique": np.array([[-0.9, 0.1, 0.3, 12.5], [0.2, 1.1, -0.2, -40.25], [0.1, 0.3, -2.0, 7.0], [0, 0, 0, 1]]),
}
RECORD = np.dtype([("normal", "<3f4"), ("corners", "<9f4"), ("spare", "<u2")])


def ball(size: int = 25, radius: float = 10) -> np.ndarray:
    return ((np.indices((size,) * 3) - size // 2) ** 2).sum(0) <= radius**2


def two_pieces() -> np.ndarray:
    mask = np.zeros((9, 8, 7), bool)
    mask[1:3, 1:4, 1:3] = mask[5:8, 4:7, 3:6] = True
    return mask


def at_the_edge() -> np.ndarray:
    mask = np.zeros((5, 6, 7), bool)
    mask[:3, 2:, :] = True
    return mask


def with_a_hole() -> np.ndarray:
    mask = ball(15, 6)
    mask[6:9, 6:9, 6:9] = False
    return mask


def one_voxel() -> np.ndarray:
    mask = np.zeros((3, 3, 3), bool)
    mask[0, 1, 2] = True
    return mask


def speckled() -> np.ndarray:
    return np.random.default_rng(3).random((8, 8, 8)) > 0.6


MASKS = {made.__name__: made() for made in (ball, two_pieces, at_the_edge, with_a_hole, one_voxel, speckled)}
MASKS["everywhere"] = np.ones((3, 4, 5), bool)


@pytest.mark.parametrize("affine", [AFFINES["unit"], AFFINES["oblique"]], ids=["unit", "oblique"])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_the_surface_is_closed_and_turned_one_way(mask: np.ndarray, affine: np.ndarray) -> None:
    _, faces = surface(mask, affine)
    edges = np.concatenate([faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    there, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 1).all(), "no edge is run along twice in one direction"
    back = np.unique(edges[:, ::-1], axis=0)
    np.testing.assert_array_equal(there, back, err_msg="every edge is run along once in each direction")


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_normals_point_outwards(mask: np.ndarray, affine: np.ndarray) -> None:
    assert signed_volume_mm3(*surface(mask, affine)) > 0


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_every_normal_of_a_ball_points_away_from_its_middle(affine: np.ndarray) -> None:
    vertices, faces = surface(ball(), affine)
    a, b, c = (vertices[faces[:, n]] for n in range(3))
    middle = affine[:3, :3] @ (12, 12, 12) + affine[:3, 3]
    outwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), (a + b + c) / 3 - middle)
    assert (outwards > 0).all()


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_the_volume_is_that_of_the_voxels(affine: np.ndarray) -> None:
    mask = ball()
    voxels_mm3 = mask.sum() * abs(np.linalg.det(affine[:3, :3]))
    assert signed_volume_mm3(*surface(mask, affine)) == pytest.approx(voxels_mm3, rel=0.05)


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_vertices_lie_half_a_voxel_outside_the_mask_in_mm(affine: np.ndarray) -> None:
    mask = np.zeros((9, 10, 11), bool)
    mask[2:5, 3:8, 4:6] = True
    vertices, _ = surface(mask, affine)
    voxels = (vertices - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    np.testing.assert_allclose(voxels.min(0), (1.5, 2.5, 3.5), atol=1e-4)
    np.testing.assert_allclose(voxels.max(0), (4.5, 7.5, 5.5), atol=1e-4)


def test_a_mask_at_the_edge_of_the_scan_is_closed_there() -> None:
    vertices, _ = surface(np.ones((3, 4, 5), bool), np.eye(4))
    np.testing.assert_allclose(vertices.min(0), -0.5)
    np.testing.assert_allclose(vertices.max(0), (2.5, 3.5, 4.5))


@pytest.mark.parametrize("shape", [(3, 3, 3), (0, 3, 3)])
def test_an_empty_mask_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="the organ is empty"):
        surface(np.zeros(shape, bool), np.eye(4))


def test_the_volume_of_a_tetrahedron_and_its_inside_out() -> None:
    vertices = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, 4.0]]) + 100
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    assert signed_volume_mm3(vertices, faces) == pytest.approx(4)
    assert signed_volume_mm3(vertices, faces[:, ::-1]) == pytest.approx(-4)


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_an_stl_file_holds_the_triangles(tmp_path: Path, affine: np.ndarray) -> None:
    vertices, faces = surface(ball(11, 4), affine)
    write_stl(vertices, faces, tmp_path / "a.stl")
    data = (tmp_path / "a.stl").read_bytes()
    assert int.from_bytes(data[80:84], "little") == len(faces)
    assert len(data) == 84 + 50 * len(faces)
    assert not data.startswith(b"solid"), "readers take that for a text file"
    assert b"SPACE=LPS" in data[:80], "the words by which 3D Slicer tells LPS from RAS"
    records = np.frombuffer(data[84:], RECORD)
    corners = records["corners"].reshape(-1, 3, 3)
    np.testing.assert_array_equal(corners * (-1, -1, 1), vertices[faces].astype(np.float32), err_msg="stored in LPS")
    np.testing.assert_array_equal(read_stl(tmp_path / "a.stl"), vertices[faces].astype(np.float32))
    wanted = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    np.testing.assert_allclose(np.linalg.norm(records["normal"], axis=1), 1, atol=1e-5)
    assert (np.einsum("ij,ij->i", wanted, records["normal"]) > 0).all()
    assert not records["spare"].any()


@pytest.mark.parametrize("spoilt", [b"", b"short", b" " * 84, b"SPACE=LPS".ljust(80) + b"\1\0\0\0"])
def test_another_file_is_not_read_as_a_surface(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "a.stl").write_bytes(spoilt)
    with pytest.raises(InputError, match=r"a\.stl: it is no surface of this program"):
        read_stl(tmp_path / "a.stl")


def test_a_triangle_without_area_has_no_normal_and_is_no_fault(tmp_path: Path) -> None:
    write_stl(np.zeros((3, 3)), np.array([[0, 1, 2]]), tmp_path / "a.stl")
    records = np.frombuffer((tmp_path / "a.stl").read_bytes()[84:], RECORD)
    np.testing.assert_array_equal(records["normal"], [[0, 0, 0]])


def test_an_old_file_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_bytes(b"old" * 10_000)
    vertices, faces = surface(MASKS["one_voxel"], np.eye(4))
    write_stl(vertices, faces, tmp_path / "a.stl")
    assert (tmp_path / "a.stl").stat().st_size == 84 + 50 * 8
    assert [path.name for path in tmp_path.iterdir()] == ["a.stl"]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    vertices, faces = surface(MASKS["one_voxel"], np.eye(4))
    with pytest.raises(InputError, match=r"^a\.stl: could not be written"):
        write_stl(vertices, faces, tmp_path / "no" / "a.stl")
