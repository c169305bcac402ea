"""Paired comparison on held-out cases: before and after as a table, and a verdict. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.metrics import metrics
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.evaluation.card_scores import card_scores
from napari_boundaryseg.engine.evaluation.paired_change import INTERVAL, t_interval, verdict_of

Values = Mapping[str, float]
Scores = Mapping[str, Mapping[str, Mapping[str, Values]]]
"""case → "before" | "after" → organ → metric → value."""
Pairs = dict[str, tuple[Values, Values]]

FORMAT = "napari-boundaryseg-comparison/2"
OLD_INTERVAL = "percentile bootstrap, 95 %"


def compare(
    scores: Scores,
    scheme: LabelScheme | None = None,
    *,
    patients: Mapping[str, str] | None = None,
    not_taught: Iterable[str] = (),
    excluded: Mapping[str, str] | None = None,
    copies: Iterable[Sequence[str]] = (),
    unknown_ancestry: bool = False,
) -> dict[str, Any]:
    """Paired differences per case and organ, with a verdict from a t interval over patients.

    The verdict rests on the mean Dice over the organs that a case's reference holds: see `paired_change.verdict_of`.
    An organ that the reference does not hold was perhaps never drawn: it has no Dice, and what either model finds of
    it is told as a volume.

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

    Returns
    -------
    dict
        ``format``; ``verdict``; ``n``, the patients that it rests on; ``n_cases``; ``metric``; ``interval``, its kind;
        ``change`` (``mean``, ``low``, ``high``, None where there is none); ``cases``, rows with before and after of
        every metric; ``unscored``, rows with the volumes before and after of organs that a reference does not hold;
        ``not_in_references`` and ``not_taught``, organs; ``excluded``, case to reason; ``copies``, lists of names;
        ``unknown_ancestry``.
    """
    composites = {one.name: set(one.members) for one in scheme.composites} if scheme else {}
    paired = {case: _paired(sides) for case, sides in scores.items()}
    drawn = {case: _drawn(organs, composites) for case, organs in paired.items()}
    found = dict.fromkeys(organ for organs in paired.values() for organ in organs if organ not in composites)
    judged = {case: [paired[case][organ] for organ in organs] for case, organs in drawn.items() if organs}
    changes = _over_patients({case: _change(pairs) for case, pairs in judged.items()}, patients or {})
    mean, low, high = t_interval(changes)
    return {
        "format": FORMAT,
        "verdict": verdict_of(changes),
        "n": len(changes),
        "n_cases": len(judged),
        "metric": "dsc, mean over the organs that the reference holds",
        "interval": INTERVAL,
        "change": {"mean": mean, "low": low, "high": high},
        "cases": [_row(case, organ, paired[case][organ]) for case, organs in drawn.items() for organ in organs],
        "unscored": [row for case, organs in paired.items() for row in _unscored(case, organs, drawn[case])],
        "not_in_references": [
            organ
            for organ in (scheme.names if scheme else found)
            if scores and not any(organ in organs for organs in drawn.values())
        ],
        "not_taught": list(not_taught),
        "excluded": dict(excluded or {}),
        "copies": [list(names) for names in copies],
        "unknown_ancestry": unknown_ancestry,
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
        return {"copies": [], **comparison}
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
    """The card of the fine-tuned model with its Dice on the held-out scans.

    A missed organ counts 0. Of a scan that several cases show the mean counts, once.
    """
    first = {name: names[0] for names in comparison["copies"] for name in names}
    scans = {row["case"]: first.get(row["case"], row["case"]) for row in comparison["cases"]}
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in comparison["cases"]:
        of_organ = found.setdefault((row["organ"], "dsc"), {})
        of_organ.setdefault(scans[row["case"]], []).append(row["dsc_after"] or 0.0)
    n = len(set(scans.values()))
    mean = comparison["change"]["mean"]
    said = f"{n} of the user's cases, held out; against the model before: {comparison['verdict']}"
    return card.model_copy(
        update={
            "scores": card_scores({key: map(np.mean, values.values()) for key, values in found.items()}),
            "scored_on": "" if mean is None else f"{said}, mean Dice {mean:+.4f}",
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


def _over_patients(changes: Mapping[str, float], patients: Mapping[str, str]) -> list[float]:
    grouped: dict[str, list[float]] = {}
    for case, change in changes.items():
        grouped.setdefault(patients.get(case) or case, []).append(change)
    return [float(np.mean(values)) for values in grouped.values()]


def _change(pairs: Sequence[tuple[Values, Values]]) -> float:
    """Of the mean Dice over organs; a missed organ counts 0, never nothing."""
    before, after = (np.nan_to_num([pair[side]["dsc"] for pair in pairs], nan=0.0) for side in (0, 1))
    return float(after.mean() - before.mean())


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
