"""Page of a certificate: the same for people, as one HTML file that asks for nothing outside of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.6em}table{border-collapse:collapse;margin:.4em 0}"
    "th,td{text-align:left;vertical-align:top;padding:.15em .9em .15em 0;border-bottom:1px solid #ddd}"
    "th{font-weight:600}code{font-size:.85em;overflow-wrap:anywhere}.no{color:#8a3c00}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_AGAINST = ("surface_dice", "tolerance_mm", "apl_mm", "margin_mm")
_REVIEW = {"rules": "Contour rules", "arcs": "Arcs of the border", "band": "Band", "reference": "Metrics"}


def page_of(values: Mapping[str, Any]) -> bytes:
    """A certificate as HTML in ASCII: every value is escaped, and nothing in it is a link, a picture or a script.

    Parameters
    ----------
    values : mapping
        A certificate, see `document`.
    """
    labels, work = values["labels"], values["work"]
    parts = [
        f"<h1>Certificate: {_text(values['case'])}, version {_text(values['version'])}</h1>",
        f"<p>{_text(values['notice'])}. {_text(values['signature'])}</p>",
        _pairs(
            {
                "Accepted": values["accepted"],
                "By": _known(values["person"]),
                "Time, minutes": _known(values["minutes"]),
                "Program": values["software"],
            }
        ),
        "<h2>Organs</h2>",
        _table(("organ", "volume, mL"), ((one["name"], f"{one['volume_ml']:.2f}") for one in labels["organs"])),
        "<h2>Model</h2>",
        _value(values["model"]),
        "<h2>The model's result beside what was accepted</h2>",
        *_against(values.get("against_model")),
        "<h2>Work</h2>",
        *_work(work),
        "<h2>Checks</h2>",
        *(f"<h3>{title}</h3>{_value(values['review'][name])}" for name, title in _REVIEW.items()),
        "<h2>Geometry and file</h2>",
        _pairs(
            {
                "Scan": f"{values['scan']['file']}, {', '.join(values['scan']['channels'])}",
                "Hash of the scan": _known(values["scan"]["hash"]),
                **{name.replace("_", " "): value for name, value in values["geometry"].items()},
                "Labels": labels["file"],
                "Read back": labels["read_back"],
                "SHA-256 of the file": labels["sha256"],
                "SHA-256 of the voxels": labels["voxels_sha256"],
                "Holds for": "the whole scan" if labels["box"] is None else labels["box"],
            }
        ),
        "<h2>Chain</h2>",
        _pairs(
            {
                "This certificate": values.get("sha256"),
                "The one before": values["previous"] or "none: the first of the project",
                "Journal": work["journal"].get("sha256", "none"),
            }
        ),
    ]
    head = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Certificate: {_text(values['case'])}</title><style>{_STYLE}</style></head><body>"
    )
    return (head + "".join(parts) + "</body></html>\n").encode("ascii", "xmlcharrefreplace")


def runs(numbers: Sequence[int]) -> str:
    """Slices in a few words.

    Examples
    --------
    >>> runs([1, 2, 3, 7, 9, 10]), runs([])
    ('1 to 3, 7, 9 to 10', 'none')
    """
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in found) or "none"


def _against(said: Any) -> Iterable[str]:
    """Figures of the model's result; a certificate that has none of them was written before there were any."""
    if not isinstance(said, Mapping):
        yield f"<p>{_text(said)}</p>"
        return
    yield f"<p>{_text(said['model'])}, SHA-256 <code>{_text(said['sha256'])}</code></p>"
    if not said["edited"]:
        yield '<p class="no">Nobody has drawn on this result: such figures flatter the model.</p>'
    if "why" in said:
        yield f'<p class="no">{_text(said["why"])}</p>'
    yield _table(
        ("organ", "surface Dice", "at, mm", "added path, mm", "95 % of the border within, mm", ""),
        (
            (organ, *(row.get(name) for name in _AGAINST), row.get("missing", row.get("why", "")))
            for organ, row in said["organs"].items()
        ),
    )


def _work(work: Mapping[str, Any]) -> Iterable[str]:
    journal = work["journal"]
    if "why" in journal:
        yield f'<p class="no">{_text(journal["why"])}</p>'
    if "steps" not in work:
        yield '<p class="no">Which steps led to these labels is not known.</p>'
        return
    steps = work["steps"]
    yield f"<p>{steps['done']} steps lead to these labels; {steps['undone']} more were made and undone.</p>"
    yield _table(
        ("what", "tool", "steps", "organ", "slices"),
        (
            (row["what"], row["tool"], row["steps"], organ, runs(told["slices"]))
            for row in work["kinds"]
            for organ, told in (row["organs"] or {"": {"slices": []}}).items()
        ),
    )
    yield _table(
        ("organ", "strokes", "path, mm", "minutes", "undos", "slices"),
        (
            (organ, row["strokes"], row["path_mm"], row["minutes"], row["undos"], runs(row["slices"]))
            for organ, row in work["effort"]["organs"].items()
        ),
    )
    states: Iterable[str] = next(iter(work["slices"].values()), {})
    yield _table(("organ", *states), ((organ, *map(runs, told.values())) for organ, told in work["slices"].items()))
    yield _pairs({"Locked": "; ".join(work["locked"]) or "nothing"})


def _value(value: Any) -> str:
    """Any value as JSON holds it."""
    if isinstance(value, Mapping):
        return _pairs(value)
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        names = list(dict.fromkeys(name for one in value for name in one))
        return _table(names, ((one.get(name, "") for name in names) for one in value))
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    return _text(value) if not isinstance(value, str) else f"<p>{_text(value)}</p>"


def _pairs(values: Mapping[str, Any]) -> str:
    rows = (f"<tr><th>{_text(name)}</th><td>{_value(value)}</td></tr>" for name, value in values.items())
    return f"<table>{''.join(rows)}</table>"


def _table(names: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{_value(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>" if body else ""


def _known(value: Any) -> Any:
    return None if value == "" else value


def _text(value: Any) -> str:
    """A value that is not there is not known."""
    return escape("not known" if value is None else str(value), quote=True)
