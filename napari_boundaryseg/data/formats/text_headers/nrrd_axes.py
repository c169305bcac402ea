"""Axes of an NRRD header: which are the volume's, which holds several values per voxel, and where they point."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.extent import odd_extent
from napari_boundaryseg.data.formats.text_headers.geometry import (
    LPS_TO_RAS,
    NO_ORIENTATION,
    NO_SPACING,
    affine_of,
)
from napari_boundaryseg.data.formats.text_headers.header import EXPORT_AGAIN, Fields, volume_sizes
from napari_boundaryseg.data.formats.text_headers.units import nrrd_units
from napari_boundaryseg.errors import InputError

_TO_RAS = {
    "right-anterior-superior": np.eye(4),
    "ras": np.eye(4),
    "left-anterior-superior": np.diag([-1.0, 1.0, 1.0, 1.0]),
    "las": np.diag([-1.0, 1.0, 1.0, 1.0]),
    "left-posterior-superior": LPS_TO_RAS,
    "lps": LPS_TO_RAS,
}
_OTHER_SPACES = ("scanner-xyz", "3d-right-handed", "3d-left-handed")
_SPATIAL, _UNKNOWN = ("domain", "space"), ("none", "???", "")
_VALUES = re.compile(
    r"list|point|vector|covariant-vector|normal|stub|scalar|quaternion|time|[234]-(vector|gradient|normal)"
)


def volume_axes(path: Path, fields: Fields, sizes: tuple[int, ...]) -> tuple[list[int], int | None]:
    """The three axes of the volume, and the one with the values of one voxel, if there is one.

    Raises
    ------
    InputError
        For other numbers of axes, times, colours, complex numbers and matrices.
    """
    if len(sizes) < 3:
        volume_sizes(path, sizes)
    if len(sizes) > 4:
        raise InputError(path, f"it has {len(sizes)} axes", "Split it into one file per time point or component")
    kinds = _per_axis(fields, "kinds", len(sizes))
    placed = [_is_placed(fields, n, len(sizes)) for n in range(len(sizes))]
    _refuse_kinds(path, kinds, sizes)
    spatial = [n for n, kind in enumerate(kinds) if kind in _SPATIAL or (kind in _UNKNOWN and placed[n] is not False)]
    if len(spatial) == 4:  # no word on which axis is another: a last one of size 1 does not matter
        if sizes[3] != 1:
            raise InputError(path, "it has 4 axes", "Split it into one file per time point")
        spatial = spatial[:3]
    volume_sizes(path, tuple(sizes[n] for n in spatial) if len(spatial) == 3 else sizes[:2])
    rest = [n for n in range(len(sizes)) if n not in spatial]
    if any(placed[n] is False for n in spatial):
        raise InputError(path, "one of its three axes has no direction or voxel size", EXPORT_AGAIN)
    if rest and kinds[rest[0]] == "time" and sizes[rest[0]] > 1:
        raise InputError(path, f"it holds {sizes[rest[0]]} times", "Split it into one file per time point")
    return spatial, rest[0] if rest else None


def read_affine(
    path: Path, fields: Fields, axes: list[int], sizes: tuple[int, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The affine of the three axes, and what is doubtful about it."""
    n, space = len(sizes), fields.one("space").lower()
    timed = space.endswith("-time") or space in ("rast", "last", "lpst")
    space = space.removesuffix("-time").removesuffix("t") if timed else space
    if "space directions" in fields:
        count = 4 if timed else fields.single("space dimension", 3, most=16)
        columns, origin = _directions(path, fields, axes, count)
        warnings = _space_warnings(space)
        if "spacings" in fields and np.isfinite(_numbers(fields, "spacings", n)[axes]).any():
            raise InputError(path, "its header gives its voxel size twice", EXPORT_AGAIN)
    else:
        columns, origin, warnings = _spacings(fields, axes, n)
    mm, doubts = nrrd_units(fields, axes, n)
    affine = affine_of(path, columns * mm[:, np.newaxis], origin * mm, _TO_RAS.get(space, LPS_TO_RAS))
    return affine, warnings + doubts + odd_extent([sizes[axis] for axis in axes], affine)


def _directions(path: Path, fields: Fields, axes: list[int], count: int) -> tuple[np.ndarray, np.ndarray]:
    vectors = _vectors(fields.raw("space directions"))
    rows = []
    for n in axes:
        if n >= len(vectors):
            raise fields.wrong("space directions", f"for {len(vectors)} axes only")
        rows.append(fields.numbers("space directions", vectors[n], count))
    origin = np.zeros(count)
    if text := fields.one("space origin"):
        origin = fields.numbers("space origin", text.strip("() ").replace(",", " "), count)
    if count not in (3, 4) or any(row[3:].any() for row in rows):
        raise InputError(path, "its axes do not lie in a space of three dimensions", EXPORT_AGAIN)
    return np.array(rows)[:, :3].T, origin[:3]


def _spacings(fields: Fields, axes: list[int], n: int) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Voxel sizes without directions; an axis minimum is the edge of the first voxel, unless nodes are meant."""
    spacing, warnings = np.ones(3), (NO_ORIENTATION, NO_SPACING)
    if "spacings" in fields:
        spacing, warnings = _numbers(fields, "spacings", n)[axes], (NO_ORIENTATION,)  # type: ignore[assignment]
        if not np.isfinite(spacing).all() or (spacing <= 0).any():
            raise fields.wrong("spacings", " ".join(f"{value:g}" for value in spacing))
    origin = np.zeros(3)
    if text := fields.one("space origin"):
        origin = fields.numbers("space origin", text.strip("() ").replace(",", " "), 3)
    elif "axis mins" in fields and "spacings" in fields:
        minima = _numbers(fields, "axis mins", n)[axes]
        centres = _per_axis(fields, "centers" if "centers" in fields else "centerings", n)
        if np.isfinite(minima).all():
            origin = minima + [0 if centres[axis] == "node" else spacing[m] / 2 for m, axis in enumerate(axes)]
    return np.diag(spacing), origin, warnings


def _numbers(fields: Fields, name: str, count: int) -> np.ndarray:
    """One number for each axis; NaN marks an axis that has none."""
    words = fields.raw(name).lower().split()
    known = [word for word in words if word not in ("nan", "none", "???")]
    values = iter(fields.numbers(name, " ".join(known), len(known)))
    found = [next(values) if word not in ("nan", "none", "???") else np.nan for word in words]
    if len(found) != count:
        raise fields.wrong(name, f"for {len(found)} axes, not {count}")
    return np.array(found)


def _vectors(text: str) -> list[str]:
    """The numbers of each vector of ``(1,0,0) none (0,1,0)``; ``"none"`` stays."""
    return [word.strip("()").replace(",", " ").strip() for word in re.findall(r"\([^()]*\)|[^\s()]+", text)]


def _is_placed(fields: Fields, axis: int, n: int) -> bool | None:
    """Whether the header gives an axis a direction or a voxel size; None where it gives none to any."""
    if "space directions" in fields:
        vectors = _vectors(fields.raw("space directions"))
        return axis < len(vectors) and vectors[axis].lower() not in ("none", "???")
    if "spacings" in fields:
        return bool(np.isfinite(_numbers(fields, "spacings", n)[axis]))
    return None


def _per_axis(fields: Fields, name: str, n: int) -> list[str]:
    words = fields.one(name).lower().split()
    if words and len(words) != n:
        raise fields.wrong(name, f"for {len(words)} axes, not {n}")
    return words or [""] * n


def _refuse_kinds(path: Path, kinds: list[str], sizes: tuple[int, ...]) -> None:
    for kind, size in zip(kinds, sizes):
        if "color" in kind:
            raise InputError(path, "its voxels are colours", "Export it as a grey-value scan")
        if "complex" in kind or "matrix" in kind:
            raise InputError(path, "its voxels are complex numbers or matrices", "Export it as a grey-value scan")
        if kind not in (*_SPATIAL, *_UNKNOWN) and not _VALUES.fullmatch(kind):
            raise InputError(path, "its header names a kind of axis that is not known", EXPORT_AGAIN)
        if kind[:1].isdigit() and int(kind[0]) != size:
            raise InputError(path, f"its header says a kind of {kind[0]} values for an axis of {size}", EXPORT_AGAIN)


def _space_warnings(space: str) -> tuple[str, ...]:
    if not space:
        return (NO_ORIENTATION,)
    if space in _TO_RAS:
        return ()
    known = f"Its space, {space}," if space in _OTHER_SPACES else "Its space"
    return (f"{known} is not tied to the patient: left and right may be swapped.",)
