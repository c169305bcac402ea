"""NRRD and MetaImage files through SimpleITK, whose directions (LPS) become ours (RAS)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.decimals import not_finite, to_float32, whole_numbers
from napari_boundaryseg.data.formats.format import FORMATS, Format, case_name
from napari_boundaryseg.data.formats.itk.check import check
from napari_boundaryseg.data.formats.itk.geometry import NO_SHEAR, SHEAR_DEG, header_warnings
from napari_boundaryseg.data.geometry import shear_deg
from napari_boundaryseg.data.saving import atomic_file
from napari_boundaryseg.data.volume import SAME_GRID_MM, Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError, MissingExtra
from napari_boundaryseg.progress import Progress, silent

SUFFIXES = (".nrrd", ".seg.nrrd", ".nhdr", ".mha", ".mhd")
WRITTEN = (".nrrd", ".mha")
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read(path: Path, progress: Progress = silent) -> Volume:
    """One scan; several values per voxel become channels. float64 becomes float32, other types are kept."""
    array, geometry, warnings = _load(path, progress)
    if array.dtype == np.float64:
        array, lost = to_float32(array)
        warnings += lost
    names = ("image",) if len(array) == 1 else tuple(f"channel {n + 1}" for n in range(len(array)))
    return Volume(array, geometry, names, case_name(path), "", warnings + not_finite(array), (path,))


def read_labels(path: Path, progress: Progress = silent) -> tuple[np.ndarray, Geometry, tuple[str, ...]]:
    """A label map's integers (I, J, K), its grid and warnings."""
    array, geometry, warnings = _load(path, progress)
    if len(array) != 1:
        raise InputError(
            path,
            f"it holds {len(array)} values per voxel (overlapping segments?), a label map one",
            "Export it as a label map without overlaps",
        )
    return whole_numbers(path, array[0]), geometry, warnings


def write(value: LabelMap | Volume, path: Path) -> None:
    """A label map or a scan, compressed; read again before an old file is replaced.

    Raises
    ------
    InputError
        For a grid whose axes are not at right angles, which these formats cannot hold, and for a file of segments,
        whose names and colours would be missing.
    """
    if path.name.lower().endswith(".seg.nrrd"):
        raise InputError(path, "a segmentation with named segments is not written", "Use .nrrd, .mha or .nii.gz")
    if path.suffix.lower() in (".mhd", ".nhdr"):
        raise InputError(path, "a header apart from its voxels is not written", "Use .mha, .nrrd or .nii.gz")
    if shear_deg(value.affine) > SHEAR_DEG:
        raise InputError(path, "this scan's axes are not at right angles", "Save it as .nii.gz")
    sitk = simpleitk()
    array = value.array[np.newaxis] if isinstance(value, LabelMap) else value.array
    image = _image(sitk, array, value.geometry.affine)

    def make(temporary: Path) -> None:
        try:
            sitk.WriteImage(image, str(temporary), True)
        except RuntimeError as error:
            raise InputError(
                path, "could not be written", "Check the space on the disk, or save somewhere else"
            ) from error

    atomic_file(
        path, make, suffix=path.suffix.lower(), check=lambda temporary: _verify(path, temporary, array, value.geometry)
    )


def simpleitk() -> Any:
    """The library, or what to install."""
    try:
        import SimpleITK
    except ImportError as error:
        raise MissingExtra("Reading and writing NRRD and MHA", "itk") from error
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)  # its warnings quote whole paths
    return SimpleITK


def _load(path: Path, progress: Progress) -> tuple[np.ndarray, Geometry, tuple[str, ...]]:
    """(C, I, J, K) voxels, grid and warnings."""
    sitk = simpleitk()
    info = check(path)
    warnings = header_warnings(path, info.fields)
    progress(0.5, "reading")
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(path, "its axes are not at right angles, or its header is wrong", NO_SHEAR) from error
    array = _voxels(path, sitk, image)
    progress(1.0, "reading")
    i, j, k = array.shape[1:]
    return array, Geometry((i, j, k), _affine(path, image)), warnings


def _voxels(path: Path, sitk: Any, image: Any) -> np.ndarray:
    """(C, I, J, K) from SimpleITK's (K, J, I) or (K, J, I, C)."""
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3:
        raise InputError(path, f"it has {image.GetDimension()} axes", "Split it into one file per time point")
    array = sitk.GetArrayFromImage(image)
    if array.dtype.kind not in "iuf":
        raise InputError(path, f"its voxels are {array.dtype}, not plain numbers", "Export it as a grey-value scan")
    if array.ndim == 3:
        return array.transpose(2, 1, 0)[np.newaxis]
    return array.transpose(3, 2, 1, 0)


def _affine(path: Path, image: Any) -> np.ndarray:
    """Voxel to mm, RAS+, from the LPS of ITK."""
    n = image.GetDimension()
    direction, spacing = np.array(image.GetDirection()).reshape(n, n)[:3, :3], np.array(image.GetSpacing())[:3]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = direction * spacing, image.GetOrigin()[:3]
    if not np.isfinite(affine).all() or not (spacing > 0).all() or abs(np.linalg.det(direction)) < 0.5:
        text = " x ".join(f"{value:g}" for value in spacing)
        raise InputError(path, f"its voxel size is {text} mm or its directions are not usable", "Export it again")
    return _LPS_TO_RAS @ affine + 0.0  # no negative zeros


def _image(sitk: Any, array: np.ndarray, affine: np.ndarray) -> Any:
    """A SimpleITK image of (C, I, J, K) voxels on a RAS+ grid."""
    vector = len(array) > 1
    ordered = array.transpose(3, 2, 1, 0) if vector else array[0].transpose(2, 1, 0)
    if ordered.dtype.kind not in "iuf" or ordered.dtype == np.float16:
        ordered = ordered.astype(np.float32 if ordered.dtype.kind == "f" else np.uint8)
    image = sitk.GetImageFromArray(np.ascontiguousarray(ordered), isVector=vector)
    lps = _LPS_TO_RAS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def _verify(path: Path, temporary: Path, array: np.ndarray, geometry: Geometry) -> None:
    """Read a new file back: the same voxels on the same grid, or an error."""
    written, grid, _ = _load(temporary, silent)
    same = written.shape == array.shape and np.array_equal(written, array, equal_nan=array.dtype.kind == "f")
    if not same or not geometry.distance_mm(grid) <= SAME_GRID_MM:
        raise InputError(path, "what was written does not read back the same", "Save it as .nii.gz")


FORMATS.register("itk")(Format(SUFFIXES, read, read_labels, write, WRITTEN))
