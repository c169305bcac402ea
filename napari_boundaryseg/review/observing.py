"""Observing of a scan: what several observers drew of it, organ by organ, and where labels lie among theirs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.metrics.label_maps import common_scheme, structures
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.observer_spread import AlongBorder, ObserverSpread, among, observer_spread

TOLD = ("surface_dice_2mm", "surface_dice", "hd95_mm", "asd_mm", "dsc", "apl_mm")
"""The metrics that are told of an observer, and of the labels in work."""
OF_LABELS = (*TOLD, "among", "outside_mm")


@dataclass(frozen=True, eq=False)
class Observing:
    """What several observers drew of one scan.

    Parameters
    ----------
    maps : tuple of LabelMap
        On one grid and of one scheme, one of each observer.
    organs : mapping
        Name of an organ or region to its spread, on the display grid.
    left_out : mapping
        Name of one that some observer drew but that has no spread, to the reason as a sentence.
    """

    maps: tuple[LabelMap, ...]
    organs: Mapping[str, ObserverSpread]
    left_out: Mapping[str, str]

    def members(self, organ: str) -> tuple[int, ...]:
        """The integers of an organ or region."""
        return _members(self.maps[0].scheme, organ)

    @property
    def copies(self) -> tuple[tuple[int, int], ...]:
        """Pairs of observers, counted from 0, whose labels are the same voxel by voxel."""
        marks = [_voxels(labels) for labels in self.maps]
        return tuple((marks.index(mark), n) for n, mark in enumerate(marks) if marks.index(mark) < n)

    def plain(self, kinds: Sequence[str], lying: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Plain values for a certificate: observers by kind and hash of their voxels, never by name.

        Parameters
        ----------
        kinds : sequence of str
            What each observer's labels are, such as "a label file".
        lying : mapping
            What `labels_among` says of the labels that are certified.
        """
        return {
            "against": f"the median surface of {len(self.maps)} observers",
            "observers": [
                {"labels": kind, "voxels_sha256": _voxels(one)} for kind, one in zip(kinds, self.maps, strict=True)
            ],
            "organs": {
                organ: {
                    "drawn by": sum(found.drew),
                    "apart_mm": _two(found.apart_mm),
                    "sd_mm": _two(found.sd_mm),
                    "tolerance_mm": found.tolerance_mm,
                    "observers": [_told(row, TOLD) for row in found.rows],
                    "labels": _told(lying[organ], OF_LABELS) if organ in lying else "not compared",
                }
                for organ, found in self.organs.items()
            },
            "without a spread": dict(self.left_out),
        }


def observe(maps: Sequence[LabelMap], scheme: LabelScheme) -> Observing:
    """The spread of several observers' labels of one scan, of each organ and region that two of them drew.

    Parameters
    ----------
    maps : sequence of LabelMap
        At least two on one grid.
    scheme : LabelScheme
        By whose organs they are compared.

    Raises
    ------
    InputError
        For fewer than two, for label maps on different grids, and for one that names an integer differently or has one
        that the scheme lacks.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> at, scheme = np.arange(20) * np.ones((20, 20, 1)), preset("prostate")
    >>> geometry = Geometry(at.shape, np.eye(4))
    >>> maps = [LabelMap((at < n).astype(np.uint8), geometry, scheme) for n in (8, 10, 15)]
    >>> found = observe(maps, scheme)
    >>> found.organs["Prostate"].apart_mm.median, found.left_out
    (7.0, {})
    """
    if len(maps) < 2:
        said = "there is one" if maps else "there are none"
        raise InputError("observers", said, "Choose two at least")
    for labels in maps[1:]:
        if not labels.geometry.same_as(maps[0].geometry):
            raise InputError(labels.name, "it does not lie on the grid of the first", "Choose labels of one scan")
    named = []
    for labels in maps:
        common_scheme(labels, LabelMap(np.zeros_like(labels.array), labels.geometry, scheme))
        named.append(labels.with_scheme(scheme))
    display, across = maps[0].geometry.display, _across(maps[0])
    arrays = [display.to_display(labels.array) for labels in named]
    present = [set(np.unique(array).tolist()) for array in arrays]
    organs: dict[str, ObserverSpread] = {}
    left_out: dict[str, str] = {}
    for name, members, tolerance_mm in structures(scheme, set()):
        drew = [bool(occurring.intersection(members)) for occurring in present]
        if not any(drew):
            continue
        masks = [np.isin(array, members) for array in arrays]
        spread = observer_spread(masks, display.scale_mm, tolerance_mm, across)
        if spread is not None:
            organs[name] = spread
        elif sum(drew) < 2:
            left_out[name] = f"{name} was drawn by one observer alone."
        else:
            left_out[name] = f"{name} was drawn in places so far apart that no surface lies in the middle."
    return Observing(tuple(named), organs, left_out)


def labels_among(
    judged: LabelMap, observing: Observing, before: tuple[LabelMap, Mapping[str, Mapping[str, Any]]] | None = None
) -> dict[str, Mapping[str, Any]]:
    """Where labels lie among the observers, organ by organ: `among` of each that has a spread.

    Parameters
    ----------
    judged : LabelMap
        On the grid of theirs.
    observing : Observing
    before : LabelMap and mapping, optional
        Labels of which this is known, and what: organs with the same voxels keep their values.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> at, scheme = np.arange(20) * np.ones((20, 20, 1)), preset("prostate")
    >>> geometry = Geometry(at.shape, np.eye(4))
    >>> maps = [LabelMap((at < n).astype(np.uint8), geometry, scheme) for n in (8, 10, 15)]
    >>> round(labels_among(maps[0], observe(maps, scheme))["Prostate"]["outside_mm"], 6)
    -2.0
    """
    display, across = judged.geometry.display, _across(judged)
    touched: set[int] | None = None
    if before is not None:
        moved = before[0].array != judged.array
        touched = {int(n) for labels in (before[0], judged) for n in np.unique(labels.array[moved])}
    array, found = display.to_display(judged.array), {}
    for organ, spread in observing.organs.items():
        members = observing.members(organ)
        if before is not None and touched is not None and organ in before[1] and not touched & set(members):
            found[organ] = before[1][organ]
        else:
            found[organ] = among(np.isin(array, members), spread, display.scale_mm, across)
    return found


def _members(scheme: LabelScheme, organ: str) -> tuple[int, ...]:
    return next((members for name, members, _ in structures(scheme, set()) if name == organ), ())


def _across(labels: LabelMap) -> int:
    """The axis of the display grid across the scan's slices."""
    return labels.geometry.display.axis_to_display(slice_axis(labels.affine))


def _voxels(labels: LabelMap) -> str:
    return sha256(np.ascontiguousarray(labels.array, "<u2").tobytes()).hexdigest()


def _told(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    told = {name: round(float(row[name]), 4) if math.isfinite(row[name]) else None for name in names}
    return {**told, "missing": bool(row["missing"])}


def _two(along: AlongBorder) -> dict[str, float]:
    return {"median": round(along.median, 3), "95th percentile": round(along.p95, 3)}
