"""NRRD and MetaImage, formats with a header of text lines: decoded and written here, without foreign code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.channels import many_channels
from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.data.formats.decimals import not_finite, to_float32, whole_numbers
from napari_boundaryseg.data.formats.format import FORMATS, Format, Names, case_name
from napari_boundaryseg.data.formats.memory import refuse_too_large
from napari_boundaryseg.data.formats.text_headers import writing
from napari_boundaryseg.data.formats.text_headers.header import TextHeader
from napari_boundaryseg.data.formats.text_headers.metaimage import read_metaimage
from napari_boundaryseg.data.formats.text_headers.nrrd import MAGIC, read_nrrd
from napari_boundaryseg.data.formats.text_headers.segments import segment_names
from napari_boundaryseg.data.formats.text_headers.voxels import read_voxels
from napari_boundaryseg.data.volume import SAME_GRID_MM, Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

SUFFIXES = (".nrrd", ".seg.nrrd", ".nhdr", ".mha", ".mhd")
WRITTEN = (".nrrd", ".mha")


def read(path: Path, progress: Progress = silent) -> Volume:
    """One scan; several values per voxel become channels. Scaled values and float64 are float32, others keep theirs."""
    array, header, geometry, warnings = _load(path, progress)
    if (header.slope, header.inter) != (1.0, 0.0) or array.dtype == np.float64:
        refuse_too_large(path, 4 * array.size)
        array, lost = to_float32(array, header.slope, header.inter)
        warnings += lost
    names = ("image",) if len(array) == 1 else tuple(f"channel {n + 1}" for n in range(len(array)))
    warnings += many_channels(len(array)) + not_finite(array)
    return Volume(array, geometry, names, case_name(path), "", warnings, (path,))


def read_labels(path: Path, progress: Progress = silent) -> tuple[np.ndarray, Geometry, tuple[str, ...]]:
    """A label map's integers (I, J, K), its grid and warnings.

    Raises
    ------
    InputError
        For several values per voxel, as overlapping segments have them: they are never merged into one.
    """
    array, header, geometry, warnings = _load(path, progress)
    if len(array) != 1:
        raise InputError(
            path,
            f"it holds {len(array)} values per voxel (overlapping segments?), a label map one",
            "Export it as a label map without overlaps",
        )
    labels = array[0]
    if (header.slope, header.inter) != (1.0, 0.0):
        refuse_too_large(path, 8 * labels.size)
        labels = labels.astype(np.float64) * header.slope + header.inter
    return whole_numbers(path, labels), geometry, warnings


def named_segments(path: Path) -> Names:
    """The names that 3D Slicer gave its segments."""
    return segment_names(path, _header(path)[1].notes)


def write(value: LabelMap | Volume, path: Path) -> None:
    """A label map or a scan, compressed; read again before an old file is replaced."""
    writing.write(value, path, _verify)


def _load(path: Path, progress: Progress) -> tuple[np.ndarray, TextHeader, Geometry, tuple[str, ...]]:
    """(C, I, J, K) voxels as they are stored, header, grid and warnings."""
    is_nrrd, header = _header(path)
    array, doubts = read_voxels(header, progress)
    i, j, k = array.shape[1:]
    if path.suffix.lower() in ((".mha", ".mhd") if is_nrrd else (".nrrd", ".nhdr")):
        kind = "an NRRD" if is_nrrd else "a MetaImage"
        doubts = (f"The file is {kind} file although its name ends in {path.suffix.lower()}.", *doubts)
    return array, header, Geometry((i, j, k), header.affine), header.warnings + doubts


def _header(path: Path) -> tuple[bool, TextHeader]:
    """Whether it is an NRRD file, and what its header says."""
    with path.open("rb") as stream:
        first = stream.read(len(MAGIC))
        stream.seek(0)
        if not first:
            raise InputError(path, "the file is empty", DAMAGED)
        is_nrrd = first.startswith(MAGIC)
        return is_nrrd, read_nrrd(path, stream) if is_nrrd else read_metaimage(path, stream)


def _verify(temporary: Path, array: np.ndarray, geometry: Geometry) -> None:
    """Read a new file back: the same voxels on the same grid, or an error."""
    written, _, grid, _ = _load(temporary, silent)
    same = written.shape == array.shape and np.array_equal(written, array, equal_nan=array.dtype.kind == "f")
    if not same or not geometry.distance_mm(grid) <= SAME_GRID_MM:
        raise InputError(temporary, "what was written does not read back the same", "Save it as .nii.gz")


def _is_ours(path: Path, head: bytes) -> bool:
    return head.startswith((MAGIC, b"ObjectType = Image"))


# The name is that of the library which read these files until version 0.2; others may ask for it.
FORMATS.register("itk")(Format(SUFFIXES, read, read_labels, write, WRITTEN, _is_ours, named_segments))
