"""Paired comparison on held-out cases: before and after as a table, and a verdict. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.metrics import metrics
from napari_boundaryseg.engine.checkpoints.card import Card, EarlierScores
from napari_boundaryseg.engine.evaluation.card_scores import card_scores
from napari_boundaryseg.engine.evaluation.paired_change import INTERVAL
from napari_boundaryseg.engine.evaluation.verdict import Change, judge
from napari_boundaryseg.engine.recipes.tuning import SMALLEST_GAIN

Values = Mapping[str, float]
Scores = Mapping[str, Mapping[str, Mapping[str, Values]]]
"""case → "before" | "after" → organ → metric → value."""
Pairs = dict[str, tuple[Values, Values]]

FORMAT = "napari-boundaryseg-comparison/3"
METRIC = "surface Dice, mean over the organs that the reference holds"
ITSELF = "its labels are the old model's own result, which nobody has corrected"
OLD_INTERVAL = "percentile bootstrap, 95 %"
_OF_ORGANS: dict[str, Any] = {"path": None, "organs": [], "held_back": [], "smallest": None, "models": 0}
"""What versions before the third did not look at."""


def compare(
    scores: Scores,
    scheme: LabelScheme | None = None,
    *,
    patients: Mapping[str, str] | None = None,
    not_taught: Iterable[str] = (),
    excluded: Mapping[str, str] | None = None,
    copies: Iterable[Sequence[str]] = (),
    unknown_ancestry: bool = False,
    smallest: float = SMALLEST_GAIN,
    models: int = 0,
    on_slices: Mapping[str, tuple[int, int]] | None = None,
    earlier: EarlierScores | None = None,
) -> dict[str, Any]:
    """Paired differences per case and organ, with a verdict from t intervals over patients.

    The verdict rests on surface Dice and the added path of the organs that a case's reference holds: see
    `verdict.judge`. An organ that the reference does not hold was perhaps never drawn: it has no score, and what either
    model finds of it is told as a volume. A case that the model before labels exactly as its reference is labelled with
    that model's own result: it judges nothing.

    Parameters
    ----------
    scores : mapping
        As `data.metrics.evaluate` gives them for both models.
    scheme : LabelScheme, optional
        The model's: its organs are looked for in the references, and a composite counts where all its members do.
    patients : mapping, optional
        Case to patient. The changes of one patient's cases are averaged and count once; each case is a patient where
        nothing is said.
    not_taught : iterable of str
        Organs of the model that no training case holds.
    excluded : mapping, optional
        Held-out case that may not judge to the reason why; such a case has no scores.
    copies : iterable of sequence of str
        The names of cases that are one scan; ``patients`` counts them as one.
    unknown_ancestry : bool
        Nobody knows on which cases the model was trained first, so that these could not be excluded.
    smallest : float
        The smallest gain of surface Dice that matters.
    models : int
        By how many models, each taught without their patients, the cases were judged; 0 where the new one itself did.
    on_slices : mapping, optional
        A case that `data.metrics.evaluate_on` scored to the number of slices looked at, and of all that it has.
    earlier : EarlierScores, optional
        What the new model has kept on earlier scans.

    Returns
    -------
    dict
        ``format``; ``verdict``; ``n``, the patients that it rests on; ``n_cases``; ``metric``; ``interval``, its kind;
        ``change`` of it and ``path``, in mm (``mean``, ``low``, ``high``, None where there is none); ``organs``,
        ``held_back`` as in `verdict.Verdict`; ``smallest``; ``models``; ``cases``, rows of metrics before and after;
        ``unscored``, rows with the volumes before and after of organs that a reference does not hold;
        ``not_in_references`` and ``not_taught``, organs; ``excluded``, case to reason; ``copies``, lists of names;
        ``unknown_ancestry``; ``on_slices``; ``earlier``.
    """
    composites = {one.name: set(one.members) for one in scheme.composites} if scheme else {}
    paired = {case: _paired(sides) for case, sides in scores.items()}
    drawn = {case: _drawn(organs, composites) for case, organs in paired.items()}
    found = dict.fromkeys(organ for organs in paired.values() for organ in organs if organ not in composites)
    itself = {case for case, organs in drawn.items() if organs and _is_itself(paired[case], organs)}
    judging = {case: organs for case, organs in drawn.items() if organs and case not in itself}
    changes = {case: {organ: _change(paired[case][organ]) for organ in organs} for case, organs in judging.items()}
    found_by = judge(_over_patients(changes, patients or {}), smallest)
    return {
        "format": FORMAT,
        "verdict": found_by.said,
        "n": found_by.n,
        "n_cases": len(judging),
        "metric": METRIC,
        "interval": INTERVAL,
        "change": found_by.change,
        "path": found_by.path,
        "organs": found_by.organs,
        "held_back": found_by.held_back,
        "smallest": smallest,
        "models": models,
        "cases": [_row(case, organ, paired[case][organ]) for case, organs in drawn.items() for organ in organs],
        "unscored": [row for case, organs in paired.items() for row in _unscored(case, organs, drawn[case])],
        "not_in_references": [
            organ
            for organ in (scheme.names if scheme else found)
            if scores and not any(organ in organs for organs in drawn.values())
        ],
        "not_taught": list(not_taught),
        "excluded": {**dict.fromkeys(sorted(itself), ITSELF), **(excluded or {})},
        "copies": [list(names) for names in copies],
        "unknown_ancestry": unknown_ancestry,
        "on_slices": {case: list(counts) for case, counts in (on_slices or {}).items()},
        "earlier": earlier.model_dump(mode="json") if earlier else None,
    }


def migrated(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """A stored comparison of whatever version, under the names of today.

    Examples
    --------
    >>> old = migrated({"verdict": "better", "n": 3, "change": {"mean": 0.1, "low": 0.0, "high": 0.2}, "cases": []})
    >>> old["interval"], old["not_taught"]
    ('percentile bootstrap, 95 %', [])
    """
    if "format" in comparison:
        return {"copies": [], "on_slices": {}, "earlier": None, **_OF_ORGANS, **comparison}
    return {
        "metric": "dsc, mean over organs",
        "interval": OLD_INTERVAL,
        "n_cases": comparison.get("n", 0),
        "cases": [],
        "unscored": [],
        "not_in_references": [],
        "not_taught": [],
        "excluded": {},
        "copies": [],
        "unknown_ancestry": False,
        **_OF_ORGANS,
        "on_slices": {},
        "earlier": None,
        **comparison,
        "format": FORMAT,
    }


def wins(comparison: Mapping[str, Any] | None) -> bool:
    """Whether a model may take the place of the one before: it is better, and every organ was taught and judged."""
    return (
        comparison is not None
        and comparison["verdict"] == "better"
        and not comparison.get("not_taught")
        and not comparison.get("not_in_references")
    )


def with_scores(card: Card, comparison: Mapping[str, Any]) -> Card:
    """The card of the fine-tuned model with its Dice and surface Dice on the held-out scans.

    A missed organ counts 0. Of a scan that several cases show the mean counts, once.
    """
    first = {name: names[0] for names in comparison["copies"] for name in names}
    scans = {row["case"]: first.get(row["case"], row["case"]) for row in comparison["cases"]}
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in comparison["cases"]:
        for metric in ("dsc", "surface_dice"):
            of_organ = found.setdefault((row["organ"], metric), {})
            of_organ.setdefault(scans[row["case"]], []).append(row[f"{metric}_after"] or 0.0)
    n = len(set(scans.values()))
    mean = comparison["change"]["mean"]
    how = f"each by one of {comparison['models']} models that had not seen it" if comparison["models"] else "held out"
    said = f"{n} of the user's cases, {how}; against the model before: {comparison['verdict']}"
    return card.model_copy(
        update={
            "scores": card_scores({key: map(np.mean, values.values()) for key, values in found.items()}),
            "scored_on": "" if mean is None else f"{said}, mean surface Dice {mean:+.4f}",
        }
    )


def _paired(sides: Mapping[str, Mapping[str, Values]]) -> Pairs:
    """Before and after of every organ that occurs in a case at all."""
    absent = {metric.name: metric.absent for metric in metrics()}
    return {
        organ: (sides["before"].get(organ, absent), sides["after"].get(organ, absent))
        for organ in {**sides["before"], **sides["after"]}
    }


def _drawn(organs: Pairs, composites: Mapping[str, set[str]]) -> list[str]:
    """The organs that a case's reference holds; a composite where it holds every member."""
    alone = {organ for organ, pair in organs.items() if any(side.get("reference_ml", 0.0) > 0 for side in pair)}
    return [organ for organ in organs if organ in alone or (organ in composites and composites[organ] <= alone)]


def _unscored(case: str, organs: Pairs, drawn: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for organ, pair in organs.items():
        before, after = (float(side.get("volume_ml", 0.0)) for side in pair)
        if organ not in drawn and (before > 0 or after > 0):  # a composite has no volume
            rows.append({"case": case, "organ": organ, "volume_ml_before": before, "volume_ml_after": after})
    return rows


def _over_patients(
    changes: Mapping[str, Mapping[str, Change]], patients: Mapping[str, str]
) -> dict[str, dict[str, Change]]:
    """Patient to organ to the mean over the patient's cases."""
    grouped: dict[str, dict[str, list[Change]]] = {}
    for case, of_case in changes.items():
        of_patient = grouped.setdefault(patients.get(case) or case, {})
        for organ, change in of_case.items():
            of_patient.setdefault(organ, []).append(change)
    return {
        patient: {organ: Change(*map(float, np.mean(found, axis=0))) for organ, found in organs.items()}
        for patient, organs in grouped.items()
    }


def _change(pair: tuple[Values, Values]) -> Change:
    """A missed organ's surface Dice is 0, never nothing; all of its contour has to be drawn."""
    before, after = (
        np.nan_to_num([side.get(name, 0.0) for name in ("surface_dice", "apl_mm")], nan=0.0) for side in pair
    )
    return Change(*map(float, after - before))


def _is_itself(pairs: Pairs, organs: Sequence[str]) -> bool:
    return all(pairs[organ][0].get("dsc") == 1.0 for organ in organs)


def _row(case: str, organ: str, pair: tuple[Values, Values]) -> dict[str, Any]:
    return {
        "case": case,
        "organ": organ,
        "missing_before": bool(pair[0].get("missing")),
        **{
            f"{metric.name}_{when}": _number(side.get(metric.name))
            for metric in metrics()
            for when, side in zip(("before", "after"), pair, strict=True)
        },
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
