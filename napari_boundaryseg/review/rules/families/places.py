"""Places: organs on the wrong side of each other or of the body, or where accepted cases do not have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from napari_boundaryseg.data.shapes.places import PLACES
from napari_boundaryseg.review.rules.accepted import FEWEST, Point, expected
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule

WAYS = (("to the left of", "to the right of"), ("behind", "in front of"), ("below", "above"))
"""Of the patient's axes (right, front, head): less far along it, and farther."""


def misplaced(middles_mm: Mapping[str, Point]) -> list[tuple[str, str, str]]:
    """Pairs of organs of which the first is not where it should be to the second: in front of, above.

    From what is known of organs by name, and from names that end in ``_L`` and ``_R``.
    """
    known = [*PLACES]
    for name in middles_mm:
        if name.endswith("_R") and (0, name, f"{name[:-2]}_L", "to the right of") not in known:
            known.append((0, name, f"{name[:-2]}_L", "to the right of"))
    return [
        (one, other, where)
        for axis, one, other, where in known
        if one in middles_mm and other in middles_mm and middles_mm[one][axis] < middles_mm[other][axis]
    ]


def wrong_side(view: Drawn) -> Iterator[Finding]:
    """Organs that lie on the wrong side of another: by their names, or by every accepted case."""
    middles = {one.name: view.middle_mm(one) for one in view.organs}
    known = misplaced(middles)
    for one, other, where in known:
        yield _on_wrong_side(view, middles, one, other, f"{one} is not {where} {other}", where)
    told = {frozenset(pair[:2]) for pair in known}
    for one, other in combinations(middles, 2):
        if frozenset((one, other)) not in told:
            yield from _unlike_all_accepted(view, middles, one, other)


def _unlike_all_accepted(view: Drawn, middles: Mapping[str, Point], one: str, other: str) -> Iterator[Finding]:
    """A pair of organs that lies the other way round than in all accepted cases, by more than a tolerance."""
    away = _away(view, one, other)
    if len(away) < FEWEST:
        return
    least = max(view.structures[name].tolerance_mm for name in (one, other))
    here = np.subtract(middles[one], middles[other])
    for axis, values in enumerate(np.stack(away, axis=1)):
        sign = 1 if values[0] > 0 else -1
        if (sign * values > least).all() and sign * here[axis] < -least:
            where = WAYS[axis][sign > 0]
            said = f"{one} is not {where} {other}, as in all of {len(away)} accepted cases"
            yield _on_wrong_side(view, middles, one, other, said, where)
            return


def _away(view: Drawn, one: str, other: str) -> list[np.ndarray]:
    """From the middle of one organ to another's in each accepted case that has both, (3,) each, in mm."""
    both = [case.middles_mm for case in view.accepted if {one, other} <= set(case.middles_mm)]
    return [np.subtract(middles[one], middles[other]) for middles in both]


def _on_wrong_side(view: Drawn, middles: Mapping[str, Point], one: str, other: str, said: str, where: str) -> Finding:
    structure = view.structures[one]
    voxel = structure.middle_of(int(structure.areas_px.argmax()))
    apart = float(np.linalg.norm(np.subtract(middles[one], middles[other])))
    sentence = f"{said}: has one been taken for the other?"
    return Finding("wrong-side", (one, other), sentence, voxel, view.axis, apart, "mm", where)


def unusual_place(view: Drawn) -> Iterator[Finding]:
    """Organs that lie to another organ, or to the middle of the body, as no accepted case lets expect."""
    middles = {one.name: view.middle_mm(one) for one in view.organs}
    for one, other in combinations(middles, 2):
        away = _away(view, one, other)
        yield from _unusual(view, (one, other), away, np.subtract(middles[one], middles[other]), other)
    if view.body_mm is not None:
        for one in middles:
            away = [
                np.subtract(case.middles_mm[one], case.body_mm)
                for case in view.accepted
                if one in case.middles_mm and case.body_mm is not None
            ]
            yield from _unusual(view, (one,), away, np.subtract(middles[one], view.body_mm), "the middle of the body")


def _unusual(
    view: Drawn, names: tuple[str, ...], accepted: list[np.ndarray], here: np.ndarray, other: str
) -> Iterator[Finding]:
    """The patient's axis along which a place is farthest from what is expected, if it is."""
    if not accepted:
        return
    worst, words = 0.0, ""
    for axis, values in enumerate(np.stack(accepted, axis=1)):
        span = expected(values.tolist(), view.limits.place_confidence)
        if span is None:
            return
        beyond = max(span[0] - here[axis], here[axis] - span[1])
        if beyond > worst:
            worst = float(beyond)
            low, high = sorted(span) if here[axis] > 0 else sorted((-span[0], -span[1]))
            where = WAYS[axis][int(here[axis] > 0)]
            words = f"{abs(here[axis]):.0f} mm {where} {other}: accepted cases let {low:.0f} to {high:.0f} mm expect"
    if worst > 0:
        structure = view.structures[names[0]]
        voxel = structure.middle_of(int(structure.areas_px.argmax()))
        sentence = f"{names[0]}: its middle lies {words}."
        yield Finding("place", names, sentence, voxel, view.axis, worst, "mm", f"{round(worst / 10)} cm")


RULES.register("wrong-side")(Rule("Wrong side", wrong_side, position=7))
RULES.register("place")(Rule("Unusual places", unusual_place, position=90))
