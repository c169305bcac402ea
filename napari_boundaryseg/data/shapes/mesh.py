"""Surface meshes: an organ as triangles in patient mm, and as an STL file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.errors import InputError


def surface(mask: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The closed surface at half height of a mask.

    Parameters
    ----------
    mask : (I, J, K) bool array
    affine : (4, 4) array
        Voxel indices to mm, RAS+.

    Returns
    -------
    vertices : (n, 3) float64 array, mm, RAS+
    faces : (m, 3) int array
        Turned so that the normals point outwards.

    Raises
    ------
    InputError
        For an empty mask.
    """
    from skimage.measure import marching_cubes

    if not mask.any():
        raise InputError("surface", "the organ is empty", "Draw it first")
    i, j, k = mask.shape
    axes = AxisMap(affine, (i, j, k), "RAS")  # the same triangles however the scan is stored
    padded = np.pad(np.ascontiguousarray(axes.to_axes(mask), np.float32), 1)
    vertices, faces, _, _ = marching_cubes(padded, 0.5)
    vertices = (vertices - 1) @ axes.new_affine[:3, :3].T + axes.new_affine[:3, 3]
    if signed_volume_mm3(vertices, faces) < 0:
        faces = faces[:, ::-1]
    return vertices, np.ascontiguousarray(faces)


def signed_volume_mm3(vertices: np.ndarray, faces: np.ndarray) -> float:
    """The volume inside a closed surface; negative when its normals point inwards."""
    a, b, c = (vertices[faces[:, n]] for n in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


_RECORD = np.dtype([("normal", "<3f4"), ("corners", "<9f4"), ("spare", "<u2")])
_TO_LPS = np.array([-1, -1, 1], np.float32)


def write_stl(vertices: np.ndarray, faces: np.ndarray, path: Path) -> None:
    """Write a binary STL file in mm, whole or not at all; read again before an old file is replaced.

    Vertices are given in RAS+ and stored in LPS+, which the header says in the words that 3D Slicer looks for: programs
    that read surfaces of patients take STL for LPS, with or without those words.
    """
    corners = vertices[faces].astype(np.float32) * _TO_LPS
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    records = np.zeros(len(faces), _RECORD)
    records["normal"] = normals / np.where(lengths > 0, lengths, 1)
    records["corners"] = corners.reshape(-1, 9)
    content = b"napari-boundaryseg. mm. SPACE=LPS".ljust(80) + len(faces).to_bytes(4, "little") + records.tobytes()

    def write(file: BinaryIO) -> None:
        file.write(content)

    def check(temporary: Path) -> None:
        if temporary.read_bytes() != content:
            raise InputError(path, "what was written does not read back the same", "Save it again, on another disk")

    atomic_write(path, write, check=check)


def read_stl(path: Path) -> np.ndarray:
    """The triangles of a file that `write_stl` wrote: (m, 3 corners, 3) float32 array, mm, RAS+."""
    content = path.read_bytes()
    if b"SPACE=LPS" not in content[:80] or len(content) != 84 + _RECORD.itemsize * int.from_bytes(
        content[80:84], "little"
    ):
        raise InputError(path, "it is no surface of this program", "Export it again")
    return np.frombuffer(content, _RECORD, offset=84)["corners"].reshape(-1, 3, 3) * _TO_LPS
