"""Labels as the rules see them: their structures cut out, their slices numbered, and what is known of such labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_boundaryseg.data.boxes import Box, clipped
from napari_boundaryseg.data.components import organ_boxes
from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.review.rules.accepted import CaseMeasures, Point
from napari_boundaryseg.review.rules.limits import Limits
from napari_boundaryseg.review.rules.structure import Structure
from napari_boundaryseg.review.rules.usual import TOUCHING


@dataclass(frozen=True, eq=False)
class Drawn:
    """What rules are given; see `check`."""

    labels: LabelMap
    axis: int
    scan: Box
    structures: Mapping[str, Structure]
    """Organs and regions that are drawn, by name."""
    accepted: Sequence[CaseMeasures] = ()
    touching: Sequence[tuple[str, str]] = TOUCHING
    beside: Sequence[LabelMap] = ()
    body_mm: Point | None = None
    limits: Limits = field(default_factory=Limits)

    def number(self, n: int) -> int:
        """The number that a person sees for a slice of the scan's own array: from 1, along the patient's axes."""
        display = self.labels.geometry.display
        for axis in range(3):
            own, first = display.slice_from_display(axis, 0)
            if own == self.axis:
                return (n if first == 0 else first - n) + 1
        raise ValueError(f"axis {self.axis}")

    def slices(self, *numbers: int) -> str:
        """Slices of the scan's own array, for a person: "slice 12", "slices 12 to 14"."""
        low, *_, high = sorted([*map(self.number, numbers)] * 2)
        return f"slice {low}" if low == high else f"slices {low} to {high}"

    @property
    def upwards(self) -> bool:
        """Whether slices are stored as the window counts them."""
        return self.number(1) > self.number(0)

    def middle_mm(self, one: Structure) -> Point:
        """The middle of a structure in the patient, in mm, RAS+."""
        counts = [np.count_nonzero(one.mask, axis=tuple(other for other in range(3) if other != d)) for d in range(3)]
        middle = np.empty(3)
        rest = [axis for axis in range(3) if axis != one.axis]
        middle[[one.axis, *rest]] = [np.average(np.arange(len(count)), weights=count) for count in counts]
        x, y, z, _ = self.labels.affine @ [*(middle + [part.start for part in one.box]), 1.0]
        return float(x), float(y), float(z)

    @property
    def outlined(self) -> tuple[Structure, ...]:
        """Structures whose shape is looked at: regions, and organs that belong to none.

        What lies within a region is patchy by nature, as a ring of oedema round a core.
        """
        within = {member for region in self.labels.scheme.regions for member in region.members}
        names = {organ.name for organ in self.labels.scheme.organs if organ.id not in within}
        return tuple(one for one in self.structures.values() if one.region or one.name in names)

    @property
    def organs(self) -> tuple[Structure, ...]:
        """Organs, without regions."""
        return tuple(one for one in self.structures.values() if not one.region)


def drawn(labels: LabelMap, axis: int | None = None, scan: Box | None = None) -> Drawn:
    """Cut the structures out of a label map.

    Parameters
    ----------
    labels : LabelMap
    axis : int, optional
        Across the slices that were drawn; see `slice_axis`.
    scan : three slices, optional
        The part of the grid that the scan fills; all of it.
    """
    across = slice_axis(labels.affine) if axis is None else axis
    whole = clipped(scan, labels.array.shape)
    boxes = dict(organ_boxes(labels.array))
    structures = {}
    for organ in labels.scheme.organs:
        if organ.id in boxes:
            one = _cut(labels, (organ.id,), organ.name, organ.tolerance_mm, boxes, across, whole)
            structures[organ.name] = one
    for region in labels.scheme.regions:
        members = tuple(n for n in region.members if n in boxes)
        if members:
            one = _cut(labels, members, region.name, region.tolerance_mm, boxes, across, whole, region=True)
            structures[region.name] = one
    return Drawn(labels, across, whole, structures)


def _cut(
    labels: LabelMap,
    ids: tuple[int, ...],
    name: str,
    tolerance_mm: float,
    boxes: Mapping[int, tuple[slice, ...]],
    axis: int,
    scan: Box,
    region: bool = False,
) -> Structure:
    parts = [slice(min(boxes[n][d].start for n in ids), max(boxes[n][d].stop for n in ids)) for d in range(3)]
    box: Box = (parts[0], parts[1], parts[2])
    crop = np.ascontiguousarray(np.moveaxis(labels.array[box], axis, 0))
    mask = crop == ids[0] if len(ids) == 1 else np.isin(crop, ids)
    order = [axis, *(other for other in range(3) if other != axis)]
    s, r, c = (labels.spacing_mm[n] for n in order)
    ends = tuple((box[n].start <= scan[n].start, box[n].stop >= scan[n].stop) for n in order)
    others = (crop > 0) & ~mask
    return Structure(name, tolerance_mm, mask, others, box, axis, (s, r, c), labels.geometry.voxel_ml, ends, region)
