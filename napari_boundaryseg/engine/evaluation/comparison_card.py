"""Before and after as a card that a person reads: an HTML file without anything from elsewhere. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from napari_boundaryseg.engine.evaluation.comparison import migrated
from napari_boundaryseg.engine.evaluation.comparison_words import (
    change_in_words,
    on_whom,
    organs_in_words,
    path_in_words,
    remarks,
    score_in_words,
)
from napari_boundaryseg.engine.evaluation.power import power_in_words

COLUMNS = (("surface_dice", "Surface Dice", 3), ("hd95_mm", "HD95, mm", 1), ("apl_mm", "To be drawn anew, mm", 0))
_STYLE = (
    "body{font-family:sans-serif;background:#fff;color:#111;margin:16px}"
    "table{border-collapse:collapse}td,th{padding:3px 10px;text-align:left;border-bottom:1px solid #ccc}"
    "p.small{color:#555}"
)


def as_html(comparison: Mapping[str, Any], pictures: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The verdict, what it rests on, every case and organ, and the slices that changed most.

    Parameters
    ----------
    comparison : mapping
        As `comparison.compare` makes it.
    pictures : mapping
        Case to pictures: ``number``, ``changed_mm2``, ``png`` (base64), see `slice_pictures`.
    """
    known = migrated(comparison)
    judged = [f"{score_in_words(known)} {change_in_words(known, 3)}.", _sentence(path_in_words(known))]
    judged += [*organs_in_words(known), power_in_words(known["n"])] if known["n"] else []
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>Before and after</title><style>{_STYLE}</style></head>',
        "<body>",
        f"<h1>Before and after, {escape(on_whom(known))}</h1>",
        f"<p><b>Verdict: {escape(known['verdict'])}</b></p>",
        *_list([*filter(None, judged), *remarks(known)]),
        "<table><tr><th>Organ</th>",
        *(f"<th>{heading}</th>" for _, heading, _ in COLUMNS),
        "</tr>",
    ]
    for case, rows in groupby(known["cases"], key=lambda row: row["case"]):
        lines.append(f'<tr><td colspan="{1 + len(COLUMNS)}"><b>{escape(case)}</b></td></tr>')
        for row in rows:
            cells = "".join(f"<td>{_change(row, name, digits)}</td>" for name, _, digits in COLUMNS)
            lines.append(f"<tr><td>{escape(row['organ'])}</td>{cells}</tr>")
    lines.append("</table>")
    if any(pictures.values()):
        lines.append("<h2>The slices that changed most</h2>")
        lines.append("<p>Left before, right after; white: as it was corrected.</p>")
    for case, shown in pictures.items():
        for picture in shown:
            said = f"{case}, slice {picture['number']}: {picture['changed_mm2']:.0f} mm\u00b2 changed"
            lines.append(
                f'<p>{escape(said)}<br><img alt="{escape(said)}" src="data:image/png;base64,{picture["png"]}"></p>'
            )
    lines.append('<p class="small">Research use only, not a medical device.</p></body></html>')
    return "\n".join(lines)


def _list(sentences: Sequence[str]) -> list[str]:
    return ["<ul>", *(f"<li>{escape(sentence)}</li>" for sentence in sentences), "</ul>"] if sentences else []


def _sentence(words: str) -> str:
    return f"{words}." if words else ""


def _change(row: Mapping[str, Any], name: str, digits: int) -> str:
    before, after = (row.get(f"{name}_{when}") for when in ("before", "after"))
    return " \u2192 ".join("missing" if one is None else f"{one:.{digits}f}" for one in (before, after))
