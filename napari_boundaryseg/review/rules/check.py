"""Check of a label map by every rule, and the measures that an accepted case leaves for the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.rules.accepted import CaseMeasures, Point
from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.contacts import gap_shares
from napari_boundaryseg.review.rules.families.flat_ends import end_areas
from napari_boundaryseg.review.rules.finding import Finding, told_apart
from napari_boundaryseg.review.rules.limits import Limits
from napari_boundaryseg.review.rules.rule import RULES, rules
from napari_boundaryseg.review.rules.usual import TOUCHING


def check(
    labels: LabelMap,
    *,
    axis: int | None = None,
    scan: Box | None = None,
    accepted: Sequence[CaseMeasures] = (),
    touching: Sequence[tuple[str, str]] = TOUCHING,
    beside: Sequence[LabelMap] = (),
    body_mm: Point | None = None,
    only: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with labels, as far as rules can tell; needs neither scan nor model.

    Parameters
    ----------
    labels : LabelMap
        Its scheme gives the organs, their tolerances and regions.
    axis : int, optional
        The array axis across the slices that were drawn: the thickest, or the patient's long axis.
    scan : three slices, optional
        The part of the grid that the scan fills; all of it.
    accepted : sequence of CaseMeasures, optional
        Cases that a person has accepted, from `measures`.
    touching : sequence of (str, str)
        Organs that touch by nature, beside those that do in every accepted case.
    beside : sequence of LabelMap, optional
        Further organs of the same scan, in maps of their own, which should not overlap these.
    body_mm : three floats, optional
        The middle of the body in the patient (RAS+), where it is known.
    only : sequence of str, optional
        Names of the rules that are asked; all of them.
    limits : Limits, optional

    Raises
    ------
    InputError
        When a map beside lies on another grid, or there is no rule of a name.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> array = np.zeros((40, 40, 20), np.uint8)
    >>> array[10:30, 10:30, 5:15] = 1
    >>> array[:, :, 9] = 0
    >>> labels = LabelMap(array, Geometry(array.shape, np.diag([1.0, 1.0, 3.0, 1.0])), preset("sarcoma"))
    >>> [found.sentence for found in check(labels, only=["missing-slices"])]
    ['GTV: slice 10 is empty, the slices beside it are not.']
    """
    for other in beside:
        if not other.geometry.same_as(labels.geometry):
            raise InputError(other.name, f"it lies on another grid than {labels.name}", "Use labels of the same scan")
    view = replace(
        drawn(labels, axis, scan),
        accepted=tuple(accepted),
        touching=tuple(touching),
        beside=tuple(beside),
        body_mm=body_mm,
        limits=limits or Limits(),
    )
    asked = rules() if only is None else {name: RULES[name] for name in only}
    return told_apart(found for rule in asked.values() for found in rule.find(view))


def measures(labels: LabelMap, *, axis: int | None = None, body_mm: Point | None = None) -> CaseMeasures:
    """What a case that a person accepts says of what is usual, for `check` of the next ones.

    Parameters
    ----------
    labels : LabelMap
    axis : int, optional
        As in `check`.
    body_mm : three floats, optional
        The middle of the body in the patient (RAS+), where it is known.
    """
    view = drawn(labels, axis)
    whole = [one for one in view.organs if not one.is_cut]
    return CaseMeasures(
        {one.name: one.ml for one in whole},
        {one.name: view.middle_mm(one) for one in view.organs},
        {one.name: end_areas(view, one) for one in whole},
        gap_shares(view),
        body_mm,
    )
