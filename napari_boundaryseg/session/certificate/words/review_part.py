"""Review before an accept, as the page of a certificate tells it: places that a person answered, then arcs and mm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from napari_boundaryseg.review.arcs.audit import FEWEST_DRAWN
from napari_boundaryseg.session.certificate.words.elements import table, text, value
from napari_boundaryseg.session.certificate.words.names import in_words

_PARTS = {"rules": "Contour rules", "arcs": "Review of the border", "band": "Band", "reference": "Metrics"}
_ARCS = {
    "arcs": "arcs in all",
    "reviewed": "arcs covered",
    "accepted": "arcs right",
    "flagged": "arcs flagged",
    "corrected": "arcs corrected",
    "border_mm": "border, mm",
    "reviewed_mm": "border covered, mm",
    "tolerance_mm": "tolerance, mm",
}


def summary(review: Mapping[str, Any], opened: Mapping[str, Any] | None = None) -> str:
    """One sentence of what was reviewed of the labels, and of what was not.

    Examples
    --------
    >>> nothing = {"rules": "not checked", "arcs": "not reviewed", "band": "none", "reference": "none"}
    >>> print(summary(nothing))
    Reviewed: nothing; not reviewed: places of the border, contour rules, a comparison with other labels.
    >>> places = {"listed": 197, "looked at": 14, "right": 7, "flagged": 0, "corrected": 7, "to come": 183}
    >>> print(summary({**nothing, "rules": [], "arcs": {"places": places}}))
    Reviewed: 14 of 197 places of the border, contour rules; not reviewed: the other 183 places, a comparison with \
other labels.
    """
    done, left = [], []
    arcs, rules = review["arcs"], review["rules"]
    places = arcs.get("places") if isinstance(arcs, Mapping) else None
    if places and places["looked at"]:
        done.append(f"{places['looked at']} of {places['listed']} places of the border")
        left += [f"the other {places['to come']} places"] if places["to come"] else []
    elif places or not isinstance(arcs, Mapping):
        left.append("places of the border")
    else:
        done.append("places of the border")
    (done if isinstance(rules, list) else left).append("contour rules")
    compared = isinstance(review["reference"], Mapping)
    (done if compared else left).append("a comparison with other labels")
    said = f"Reviewed: {', '.join(done) or 'nothing'}; not reviewed: {', '.join(left) or 'nothing'}"
    before = f"; the review of version {opened['version']} stands in its own certificate" if opened else ""
    return f"{said}{before}."


def review_part(review: Mapping[str, Any]) -> Iterable[str]:
    """Rules, places and arcs, band and metrics, each with what was found."""
    for name, title in _PARTS.items():
        yield f"<h3>{title}</h3>"
        what = review[name]
        if name == "arcs" and isinstance(what, Mapping) and isinstance(what.get("organs"), Mapping):
            yield from _arcs(what)
        elif what == []:
            yield "<p>Nothing was found.</p>"
        else:
            yield value(what)


def _arcs(said: Mapping[str, Any]) -> Iterable[str]:
    if "places" in said:
        yield f"<p>{text(places_in_words(said['places']))}</p>"
    yield (
        "<p>A person answers places. Each is one piece of border, of one arc or of several that lie together, or a "
        "slice on which nothing is drawn. Of each organ, so many arcs and so many mm of border these places cover:</p>"
    )
    names = [name for name in _ARCS if any(name in row for row in said["organs"].values())]
    yield table(
        ("organ", *(_ARCS[name] for name in names)),
        ((organ, *(row.get(name) for name in names)) for organ, row in said["organs"].items()),
    )
    if isinstance(said.get("audit"), Mapping):
        yield f"<p>{text(audit_in_words(said['audit']))}</p>"
    empty = said.get("empty slices")
    if isinstance(empty, Mapping):
        looked, listed = empty.get("looked at"), empty.get("listed")
        yield f"<p>{text(looked)} of {text(listed)} slices on which nothing is drawn were looked at.</p>"
    told = ("organs", "places", "audit", "empty slices")
    yield value({_OTHERS.get(name, in_words(name)): one for name, one in said.items() if name not in told})


_OTHERS = {"ranked by": "ranked by the doubts of", "no ranking": "organs without a ranking"}


def places_in_words(places: Mapping[str, int]) -> str:
    """As the window counts them.

    Examples
    --------
    >>> print(places_in_words({"listed": 9, "looked at": 3, "right": 2, "flagged": 0, "corrected": 1, "to come": 6}))
    3 of 9 places looked at: 2 right, 0 flagged, 1 corrected; 6 to come.
    """
    return (
        f"{places['looked at']} of {places['listed']} places looked at: {places['right']} right, "
        f"{places['flagged']} flagged, {places['corrected']} corrected; {places['to come']} to come."
    )


def audit_in_words(audit: Mapping[str, Any]) -> str:
    """What random places say of the border that was not reviewed.

    Examples
    --------
    >>> print(audit_in_words({"random places": 2, "wrong": 0, "skipped": 0, "low": 0, "high": 0.8, "confidence": 0.95}))
    Only 2 random places were answered, of 10 that an estimate needs of the border that was not reviewed.
    """
    n = audit.get("random places")
    if not n:
        return "No random place was answered: nothing is known of the border that was not reviewed."
    if n < FEWEST_DRAWN:
        places = f"{n} random place{' was' if n == 1 else 's were'} answered"
        return f"Only {places}, of {FEWEST_DRAWN} that an estimate needs of the border that was not reviewed."
    low, high = (f"{100 * audit[end]:.0f} %" for end in ("low", "high"))
    return (
        f"Of the border that was not reviewed, {low} to {high} is still off by more than its tolerance (interval of "
        f"{100 * audit['confidence']:.0f} %, from {n} random places, {audit['wrong']} of them "
        f"flagged or corrected; {audit['skipped']} more were shown without an answer)."
    )
