"""NIfTI-1 and NIfTI-2, compressed or not: read with suspicion, written with the exact geometry of the scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.decimals import not_finite, to_float32, whole_numbers
from napari_boundaryseg.data.formats.format import FORMATS, Format, case_name
from napari_boundaryseg.data.formats.memory import refuse_too_large
from napari_boundaryseg.data.formats.nifti import label_table, write
from napari_boundaryseg.data.formats.nifti.raw import Raw, read_raw
from napari_boundaryseg.data.formats.signatures import GZIP_MAGIC
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

SUFFIXES = (".nii.gz", ".nii")


def read(path: Path, progress: Progress = silent) -> Volume:
    """One scan; a fourth axis becomes channels. Scaled values are float32, others keep their type."""
    raw = read_raw(path, progress)
    array, lost = _scaled(path, raw)
    channels = array[np.newaxis] if array.ndim == 3 else np.moveaxis(array, 3, 0)
    names = ("image",) if len(channels) == 1 else tuple(f"channel {n + 1}" for n in range(len(channels)))
    warnings = raw.warnings + lost + not_finite(array)
    return Volume(channels, raw.geometry, names, case_name(path), "", warnings, (path,))


def read_labels(path: Path, progress: Progress = silent) -> tuple[np.ndarray, Geometry, tuple[str, ...]]:
    """A label map's integers (I, J, K), its grid and warnings.

    Raises
    ------
    InputError
        When the voxels are not whole numbers (up to `LABEL_TOLERANCE`), or there is more than one per place.
    """
    raw = read_raw(path, progress)
    if raw.array.ndim != 3:
        raise InputError(
            path,
            f"it holds {raw.array.shape[3]} volumes, a label map is one",
            "Save the labels as one volume with one integer per voxel",
        )
    array = raw.array
    if (raw.slope, raw.inter) != (1.0, 0.0):
        refuse_too_large(path, 8 * array.size)
        array = array.astype(np.float64) * raw.slope + raw.inter
    return whole_numbers(path, array), raw.geometry, raw.warnings


def _scaled(path: Path, raw: Raw) -> tuple[np.ndarray, tuple[str, ...]]:
    """The voxels' values: float32 where a slope or intercept applies or where they are float64."""
    if (raw.slope, raw.inter) == (1.0, 0.0) and raw.array.dtype != np.float64:
        return raw.array, ()
    refuse_too_large(path, 4 * raw.array.size)
    return to_float32(raw.array, raw.slope, raw.inter)


def _is_nifti(path: Path, head: bytes) -> bool:
    return head[344:347] == b"n+1" or head[4:7] == b"n+2" or head.startswith(GZIP_MAGIC)


FORMATS.register("nifti")(
    Format(SUFFIXES, read, read_labels, write.write, SUFFIXES, _is_nifti, label_table.names, asked_last=True)
)
