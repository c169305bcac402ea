"""Paired comparison on held-out cases: before and after as a table, and a verdict. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.metrics import Metric, metrics
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.evaluation.card_scores import card_scores

Scores = Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]
"""case → "before" | "after" → organ → metric → value."""

RESAMPLES = 5000
FEWEST_CASES = 3


def compare(scores: Scores) -> dict[str, Any]:
    """Paired differences per case and organ, with a verdict from a paired bootstrap over cases.

    The verdict rests on the mean Dice over organs: "better" or "worse" when the 95 % interval of its change leaves
    out zero, otherwise "no evidence"; with fewer than three held-out cases it is always "no evidence".

    Returns
    -------
    dict
        ``verdict``, ``n``, ``change`` (mean, low, high), ``cases`` (rows with before and after of every metric).
    """
    # An organ in neither map, which the model found on the other side of the comparison only, is rightly absent.
    table = metrics()
    absent = {metric.name: metric.absent for metric in table}
    paired = {
        case: {
            organ: (pair["before"].get(organ, absent), pair["after"].get(organ, absent))
            for organ in {**pair["before"], **pair["after"]}
        }
        for case, pair in scores.items()
    }
    rows = [
        {
            "case": case,
            "organ": organ,
            "missing_before": bool(before.get("missing")),
            **{
                f"{metric.name}_{when}": _number(side.get(metric.name))
                for metric in table
                for when, side in (("before", before), ("after", after))
            },
        }
        for case, organs in paired.items()
        for organ, (before, after) in organs.items()
    ]
    changes = [
        _mean_dice([pair[1] for pair in organs.values()]) - _mean_dice([pair[0] for pair in organs.values()])
        for organs in paired.values()
    ]
    mean, low, high = bootstrap_mean(changes)
    return {
        "verdict": verdict(len(changes), low, high),
        "n": len(changes),
        "metric": "dsc, mean over organs",
        "change": {"mean": mean, "low": low, "high": high},
        "cases": rows,
    }


def verdict(n: int, low: float, high: float) -> str:
    """Say "better", "worse" or "no evidence" of the interval of a change."""
    if n < FEWEST_CASES:
        return "no evidence"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no evidence"


def bootstrap_mean(changes: list[float]) -> tuple[float, float, float]:
    """Mean of paired changes and its 95 % percentile interval over resampled cases, always the same draw."""
    values = np.asarray(changes, float)
    draws = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def _mean_dice(organs: Sequence[Mapping[str, float]]) -> float:
    """Mean over organs; a missed organ counts 0, never nothing. A scan that holds none and gets none is right."""
    return float(np.mean([np.nan_to_num(values["dsc"], nan=0.0) for values in organs])) if organs else 1.0


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def with_scores(card: Card, comparison: Mapping[str, Any]) -> Card:
    """The card of the fine-tuned model with its Dice on the held-out cases; a missed organ counts 0."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in comparison["cases"]:
        found.setdefault((row["organ"], "dsc"), []).append(row["dsc_after"] or 0.0)
    said = (
        f"{comparison['n']} of the user's cases, held out; against the model before: {comparison['verdict']}, "
        f"mean Dice {comparison['change']['mean']:+.4f}"
    )
    return card.model_copy(update={"scores": card_scores(found), "scored_on": said})


def as_markdown(comparison: Mapping[str, Any]) -> str:
    """The comparison as a page that a person reads."""
    change, rows = comparison["change"], comparison["cases"]
    columns = [metric for metric in metrics() if any(f"{metric.name}_after" in row for row in rows)]
    head = ["case", "organ", *(metric.heading for metric in columns)]
    lines = [
        "# Before and after fine-tuning, on held-out cases",
        "",
        f"**Verdict: {comparison['verdict']}** — {comparison['metric']}: {change['mean']:+.4f} "
        f"(95 % interval {change['low']:+.4f} to {change['high']:+.4f}, n = {comparison['n']}).",
        "",
        "Before → after; one figure where they are equal.",
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
        *(f"| {' | '.join([row['case'], row['organ'], *(_change(row, m) for m in columns)])} |" for row in rows),
    ]
    return "\n".join([*lines, "", "Research use only, not a medical device.", ""])


def _change(row: Mapping[str, Any], metric: Metric) -> str:
    before, after = (_cell(row.get(f"{metric.name}_{when}")) for when in ("before", "after"))
    return before if before == after else f"{before} → {after}"


def _cell(value: float | None) -> str:
    return "missing" if value is None else f"{value:.3f}"
