"""Sizes: an organ of nearly nothing, of an unusual volume, or of an unusual volume in comparison with another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.review.rules.accepted import FEWEST, expected
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding, magnitude
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure
from napari_boundaryseg.review.rules.usual import USUAL, Usual

WIDEST = 10.0
"""Where accepted cases let more than so many times as much as so little expect, as of tumours, nothing is said."""


def nearly_nothing(view: Drawn) -> Iterator[Finding]:
    """Organs of hardly any voxels, or of far less than any accepted case has."""
    limits = view.limits
    for one in view.organs:
        accepted = [case.volumes_ml[one.name] for case in view.accepted if one.name in case.volumes_ml]
        least = limits.nothing_ml
        if len(accepted) >= FEWEST and max(accepted) <= WIDEST * min(accepted):
            least = max(least, limits.nothing_share * min(accepted))
        if one.ml < least or one.n_voxels < limits.nothing_vox:
            plural = "s" if one.n_voxels > 1 else ""
            said = f"it is nearly nothing, {one.n_voxels} voxel{plural} or {_small(one.ml)} mL"
            yield _finding(view, "nearly-nothing", one, said, one.ml)


def unusual_volume(view: Drawn) -> Iterator[Finding]:
    """Organs that are smaller or larger than usual in adults, or than accepted cases let expect."""
    for one in view.organs:
        said = unusual(one.ml, one.is_cut, USUAL[one.name]) if one.name in USUAL else None
        if said is None and not one.is_cut:
            said = _unlike_accepted(view, one)
        if said is not None:
            yield _finding(view, "volume", one, said, one.ml)


def unusual(ml: float, is_cut: bool, usual: Usual) -> str | None:
    """What is implausible of a volume, in words; an organ that the end of the scan cuts off may be small."""
    limits = f"{usual.low_ml:g} to {usual.high_ml:g} mL are usual"
    if ml < usual.low_ml and not is_cut:
        return f"{ml_text(ml)} mL is implausibly little: {limits}"
    if ml > usual.high_ml:
        return f"{ml:.0f} mL is implausibly much: {limits}"
    return None


def _unlike_accepted(view: Drawn, one: Structure) -> str | None:
    logs = [math.log(case.volumes_ml[one.name]) for case in view.accepted if case.volumes_ml.get(one.name)]
    span = expected(logs, view.limits.volume_confidence)
    if span is None or span[0] <= math.log(one.ml) <= span[1] or span[1] - span[0] > math.log(WIDEST):
        return None
    low, high = map(math.exp, span)
    amount = "little" if one.ml < low else "much"
    return f"{ml_text(one.ml)} mL is unusually {amount}: accepted cases let {ml_text(low)} to {ml_text(high)} mL expect"


def unusual_ratio(view: Drawn) -> Iterator[Finding]:
    """Pairs of organs of which one is too large or too small for the other, by accepted cases."""
    whole = [one for one in view.organs if not one.is_cut]
    for one, other in combinations(whole, 2):
        both = [case.volumes_ml for case in view.accepted if {one.name, other.name} <= set(case.volumes_ml)]
        logs = [math.log(volumes[one.name] / volumes[other.name]) for volumes in both]
        span = expected(logs, view.limits.volume_confidence)
        ratio = one.ml / other.ml
        if span is None or span[1] - span[0] > math.log(WIDEST):
            continue
        if not span[0] <= math.log(ratio) <= span[1]:
            low, high = map(math.exp, span)
            sentence = (
                f"{one.name} is {ratio:.2f} times as large as {other.name}: "
                f"accepted cases let {low:.2f} to {high:.2f} times expect."
            )
            voxel = one.middle_of(int(one.areas_px.argmax()))
            names = (one.name, other.name)
            yield Finding("volume-ratio", names, sentence, voxel, one.axis, ratio, "", magnitude(ratio))


def _small(ml: float) -> str:
    return ml_text(ml) if ml >= 0.005 else f"{ml:.4f}"


def _finding(view: Drawn, rule: str, one: Structure, said: str, ml: float) -> Finding:
    voxel = one.middle_of(int(one.areas_px.argmax()))
    return Finding(rule, (one.name,), f"{one.name}: {said}.", voxel, one.axis, ml, "mL", magnitude(ml))


RULES.register("nearly-nothing")(Rule("Organs of nearly nothing", nearly_nothing, position=5))
RULES.register("volume")(Rule("Unusual volumes", unusual_volume, position=80))
RULES.register("volume-ratio")(Rule("Volumes that do not fit each other", unusual_ratio, position=81))
