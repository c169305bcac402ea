"""Work on accepted labels, as the page of a certificate tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from napari_boundaryseg.session.certificate.words.elements import pairs, runs, table, text


def work_part(work: Mapping[str, Any]) -> Iterable[str]:
    """Steps by kind and organ, effort, slices and locks.

    Parameters
    ----------
    work : mapping
        Of a certificate; one of an older program does not say on which slices strokes were drawn.
    """
    journal = work["journal"]
    if "why" in journal:
        yield f'<p class="no">{text(journal["why"])}</p>'
    if "steps" not in work:
        yield '<p class="no">Which steps led to these labels is not known.</p>'
        return
    steps = work["steps"]
    if "opened" in work:
        yield _opened(work["opened"])
    yield f"<p>{steps['done']} steps lead to these labels; {steps['undone']} more were made and undone.</p>"
    yield table(
        ("what", "tool", "steps that changed the organ", "organ", "slices"),
        (
            (row["what"], row["tool"], told["steps"], organ, runs(told["slices"]))
            for row in work["kinds"]
            for organ, told in (row["organs"] or {"": {"steps": row["steps"], "slices": []}}).items()
        ),
    )
    yield table(
        ("organ", "strokes", "path, mm", "minutes", "undos", "slices drawn on", "slices viewed or drawn on"),
        (
            (
                organ,
                row["strokes"],
                row["path_mm"],
                row["minutes"],
                row["undos"],
                runs(row["drawn"]) if "drawn" in row else None,
                runs(row["slices"]),
            )
            for organ, row in work["effort"]["organs"].items()
        ),
    )
    states: Iterable[str] = next(iter(work["slices"].values()), {})
    yield table(("organ", *states), ((organ, *map(runs, told.values())) for organ, told in work["slices"].items()))
    yield pairs({"Locked": "; ".join(work["locked"]) or "nothing"})


def _opened(opened: Mapping[str, Any]) -> str:
    return (
        f"<p>These labels were opened from version {text(opened['version'])} of this case, accepted "
        f"{text(opened['accepted'])}, whose certificate is <code>{text(opened['certificate'])}</code>. The work before "
        "that, its slices and the places that were reviewed stand in that certificate; here is what was done since.</p>"
    )
