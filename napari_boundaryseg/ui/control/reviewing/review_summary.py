"""Summary of a review as plain values, for a certificate."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.ui.control.reviewing import review_words
from napari_boundaryseg.ui.control.reviewing.going import EMPTY, Going


def review_summary(going: Going, scheme: LabelScheme) -> dict[str, Any]:
    """How many arcs and how much of each organ's border was reviewed, and what the random places say of the rest."""
    organs = {}
    for organ, tolerance_mm in going.tolerances_mm.items():
        pieces = list(going.arcs(organ))
        counted = {
            name: sum(n for state, _, n in pieces if state == name) for name in ("accepted", "flagged", "corrected")
        }
        organs[scheme.organ(organ).name] = {
            "arcs": sum(n for _, _, n in pieces),
            "reviewed": sum(counted.values()),
            **counted,
            "border_mm": round(sum(mm for _, mm, _ in pieces), 1),
            "reviewed_mm": round(sum(mm for state, mm, _ in pieces if state != "to come"), 1),
            "tolerance_mm": tolerance_mm,
        }
    empty = [going.state(place) for place in going.places if place.kind == EMPTY]
    audit = going.audit
    return {
        "ranked by": going.model,
        **({"ranking": review_words.measured_for(going.base)} if going.base else {}),
        "organs": organs,
        "no ranking": [scheme.organ(organ).name for organ in going.review.queue.unranked],
        "empty slices": {"listed": len(empty), "looked at": sum(state != "to come" for state in empty)},
        "audit": {
            "random places": audit.drawn - audit.skipped,
            "wrong": audit.wrong,
            "skipped": audit.skipped,
            "low": round(audit.low, 4),
            "high": round(audit.high, 4),
            "confidence": 0.95,
        },
    }
