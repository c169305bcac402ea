"""Organs that are not drawn at all, though they belong to what is."""

from __future__ import annotations

from collections.abc import Iterator

from napari_boundaryseg.review.rules.accepted import FEWEST
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule


def not_drawn(view: Drawn) -> Iterator[Finding]:
    """Organs of the scheme without a voxel, of which a neighbour by nature is drawn, or which every accepted case has.

    Members of a region, as the parts of a tumour, may be missing by nature: nothing is said of them. Nor is anything
    said where the end of the scan cuts off all that is drawn: what is missing may lie beyond it.
    """
    whole = {one.name: one for one in view.organs if not one.is_cut}
    within = {member for region in view.labels.scheme.regions for member in region.members}
    for organ in view.labels.scheme.organs:
        if organ.name in view.structures or organ.id in within or not whole:
            continue
        beside = {name for pair in view.touching if organ.name in pair for name in pair} & set(whole)
        always = len(view.accepted) >= FEWEST and all(organ.name in case.middles_mm for case in view.accepted)
        if not beside and not always:
            continue
        at = max((whole[name] for name in beside or whole), key=lambda one: one.ml)
        why = f"{at.name}, which it touches by nature, is" if beside else "in every accepted case it is"
        voxel = at.middle_of(int(at.areas_px.argmax()))
        sentence = f"{organ.name} is not drawn at all; {why}."
        yield Finding("not-drawn", (organ.name,), sentence, voxel, at.axis, 0.0, "mL", "")


RULES.register("not-drawn")(Rule("Organs that are not drawn at all", not_drawn, position=4))
