"""Grids that must agree: the channels of one case, the labels of one scan."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.decimals import to_float32
from napari_boundaryseg.data.formats.format import name_of_channels, shared_start
from napari_boundaryseg.data.formats.memory import refuse_too_large
from napari_boundaryseg.data.safe_names import safe_name
from napari_boundaryseg.data.volume import SAME_GRID_MM, Geometry, Volume
from napari_boundaryseg.errors import InputError


def joined(volumes: list[Volume]) -> Volume:
    """Several scans on one grid as the channels of one case.

    Raises
    ------
    InputError
        When a grid differs from the first one's, with both shapes or the distance in mm.
    """
    first = volumes[0]
    for other in volumes[1:]:
        if not first.geometry.same_as(other.geometry):
            raise InputError(
                other.source[0],
                f"its grid is not that of {first.source[0].name}: {difference(other.geometry, first.geometry)}",
                "Resample the channels onto one grid first",
            )
    dtype = np.result_type(*(volume.array for volume in volumes))
    refuse_too_large(first.source[0], sum(volume.array.size for volume in volumes) * dtype.itemsize)
    sources = [volume.source[0] if volume.source else Path(volume.name) for volume in volumes]
    array = np.concatenate([volume.array for volume in volumes])
    warnings = tuple(dict.fromkeys(warning for volume in volumes for warning in volume.warnings))
    if array.dtype == np.float64:
        refuse_too_large(first.source[0], 4 * array.size)
        array, lost = to_float32(array)
        warnings += lost
    return Volume(
        array,
        first.geometry,
        _names(volumes),
        safe_name(name_of_channels(sources) or first.name),
        first.modality,
        warnings,
        tuple(path for volume in volumes for path in volume.source),
    )


USUAL_CHANNELS = 8
"""A scan with more values per voxel than this may be a series in time, or of diffusion directions."""


def many_channels(count: int) -> tuple[str, ...]:
    """A warning where one file gives more channels than a scan usually has."""
    if count <= USUAL_CHANNELS:
        return ()
    return (f"Its {count} volumes are taken as {count} channels: is it a series in time?",)


def difference(one: Geometry, two: Geometry) -> str:
    """How two grids differ, in words."""
    if one.shape != two.shape:
        return f"{_size(one)} voxels against {_size(two)}"
    return f"corners up to {one.distance_mm(two):.3g} mm apart"


def fitted(path: Path, labels: Geometry, scan: Volume) -> tuple[Geometry, tuple[str, ...]]:
    """The scan's grid for labels that fit it, and a warning when they fit only roughly.

    Roughly: every corner within half the smallest voxel side in mm, and within half a voxel along each axis, which is
    less where axes are not at right angles.
    """
    apart = labels.distance_mm(scan.geometry)
    if apart <= SAME_GRID_MM:
        return scan.geometry, ()
    if apart <= min(scan.spacing_mm) / 2 and _voxels_apart(labels, scan.geometry) <= 0.5:
        return scan.geometry, (
            f"The labels lie up to {apart:.3g} mm off the scan's grid, less than half a voxel: "
            "they are taken as they are.",
        )
    raise InputError(
        path,
        f"the labels do not fit {scan.name}: {difference(labels, scan.geometry)}",
        "Choose labels that were drawn on this scan, or resample them onto it",
    )


def _voxels_apart(one: Geometry, two: Geometry) -> float:
    """How far apart two grids of one shape put their corners along any axis, in voxels of the second."""
    i, j, k = two.shape
    corners = np.array([[a, b, c, 1] for a in (0, i - 1) for b in (0, j - 1) for c in (0, k - 1)]).T
    moved = np.linalg.solve(two.affine, one.affine @ corners) - corners
    return float(np.abs(moved).max())


def _size(geometry: Geometry) -> str:
    return " x ".join(map(str, geometry.shape))


def _names(volumes: list[Volume]) -> tuple[str, ...]:
    """What each channel is called: the part of its file's name that the others do not share."""
    names = [volume.name for volume in volumes]
    rests = [name.removeprefix(shared_start(names)).strip("-_. ") for name in names]
    numbers = all(re.fullmatch(r"\d{4}", rest) for rest in rests)
    if len(set(rests)) < len(rests) or not all(rests) or numbers:
        rests = (
            names if len(set(names)) == len(names) and not numbers else [f"channel {n + 1}" for n in range(len(names))]
        )
    channels = []
    for volume, rest in zip(volumes, rests):
        single = len(volume.channels) == 1
        channels += [rest] if single else [f"{rest} {channel}" for channel in volume.channels]
    return tuple(channels)
