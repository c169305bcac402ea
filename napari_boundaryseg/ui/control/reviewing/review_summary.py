"""Summary of a review as plain values, for a certificate."""

from __future__ import annotations

from collections import Counter
from typing import Any

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.ui.control.reviewing import review_words
from napari_boundaryseg.ui.control.reviewing.going import EMPTY, Going


def review_summary(going: Going, scheme: LabelScheme) -> dict[str, Any]:
    """Places as a person answers them, the arcs and mm of border that they cover, and what random ones say of the rest.

    A place is one piece of border, of one arc or of several, or a slice on which nothing is drawn.
    """
    states, organs = Counter(going.states()), {}
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
        "places": {
            "listed": len(going.places),
            "looked at": len(going.places) - states["to come"],
            "right": states["accepted"],
            "flagged": states["flagged"],
            "corrected": states["corrected"],
            "to come": states["to come"],
        },
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
