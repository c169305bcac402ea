"""A comparison as a page that a person reads. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_boundaryseg.data.metrics import Metric, metrics
from napari_boundaryseg.engine.evaluation.comparison import migrated
from napari_boundaryseg.engine.evaluation.comparison_words import (
    change_in_words,
    on_whom,
    organs_in_words,
    path_in_words,
    remarks,
)
from napari_boundaryseg.engine.evaluation.power import power_in_words


def as_markdown(comparison: Mapping[str, Any]) -> str:
    """The comparison as a page that a person reads."""
    known = migrated(comparison)
    rows = known["cases"]
    columns = [metric for metric in metrics() if any(f"{metric.name}_after" in row for row in rows)]
    judged = [path_in_words(known), *organs_in_words(known), power_in_words(known["n"])] if known["n"] else []
    said = [*filter(None, judged), *remarks(known)]
    head = ["case", "organ", *(metric.heading for metric in columns)]
    lines = [
        f"# Before and after fine-tuning, {on_whom(known)}",
        "",
        f"**Verdict: {known['verdict']}** — {known['metric']}: {change_in_words(known)}.",
        "",
        *(f"- {sentence}" for sentence in said),
        *([""] if said else []),
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
