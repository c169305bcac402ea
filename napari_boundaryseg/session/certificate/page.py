"""Page of a certificate: the same for people, as one HTML file that asks for nothing outside of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from napari_boundaryseg.session.certificate.words.elements import pairs, table, text, value
from napari_boundaryseg.session.certificate.words.names import in_words
from napari_boundaryseg.session.certificate.words.review_part import review_part, summary
from napari_boundaryseg.session.certificate.words.work_part import work_part

_STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.6em}table{border-collapse:collapse;margin:.4em 0}"
    "th,td{text-align:left;vertical-align:top;padding:.15em .9em .15em 0;border-bottom:1px solid #ddd}"
    "th{font-weight:600}code{font-size:.85em;overflow-wrap:anywhere}.no{color:#8a3c00}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_AGAINST = ("surface_dice", "tolerance_mm", "apl_mm", "margin_mm")


def page_of(values: Mapping[str, Any]) -> bytes:
    """A certificate as HTML in ASCII: every value is escaped, and nothing in it is a link, a picture or a script.

    Parameters
    ----------
    values : mapping
        A certificate, see `document`.
    """
    labels, work = values["labels"], values["work"]
    parts = [
        f"<h1>Certificate: {text(values['case'])}, version {text(values['version'])}</h1>",
        f"<p>{text(summary(values['review'], work.get('opened')))}</p>",
        f"<p>{text(values['notice'])}. {text(values['signature'])}</p>",
        pairs(
            {
                "Accepted": values["accepted"],
                "By": _known(values["person"]),
                "Time, minutes": _known(values["minutes"]),
                "Program": values["software"],
            }
        ),
        "<h2>Organs</h2>",
        table(("organ", "volume, mL"), ((one["name"], f"{one['volume_ml']:.2f}") for one in labels["organs"])),
        "<h2>Model</h2>",
        *_model(values["model"]),
        "<h2>The model's result beside what was accepted</h2>",
        *_against(values.get("against_model")),
        "<h2>Work</h2>",
        *work_part(work),
        "<h2>Checks</h2>",
        *review_part(values["review"]),
        "<h2>Geometry and file</h2>",
        pairs(
            {
                "Scan": f"{values['scan']['file']}, {', '.join(values['scan']['channels'])}",
                "Hash of the scan": _known(values["scan"]["hash"]),
                **{in_words(name): one for name, one in values["geometry"].items()},
                "Labels": labels["file"],
                "Read back": labels["read_back"],
                "SHA-256 of the file": labels["sha256"],
                "SHA-256 of the voxels": labels["voxels_sha256"],
                "Holds for": "the whole scan" if labels["box"] is None else labels["box"],
            }
        ),
        "<h2>Chain</h2>",
        pairs(
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
        f"<title>Certificate: {text(values['case'])}</title><style>{_STYLE}</style></head><body>"
    )
    return (head + "".join(parts) + "</body></html>\n").encode("ascii", "xmlcharrefreplace")


def _model(said: Any) -> Iterable[str]:
    if isinstance(said, Mapping) and "of_version" in said:
        yield (
            f"<p>Of version {text(said['of_version'])}: {text(said.get('model') or said.get('title'))}. "
            "No model's result was applied since.</p>"
        )
        said = {name: value for name, value in said.items() if name != "of_version"}
    yield value(said)


def _against(said: Any) -> Iterable[str]:
    """Figures of the model's result; a certificate that has none of them was written before there were any."""
    if not isinstance(said, Mapping):
        yield f"<p>{text(said)}</p>"
        return
    yield f"<p>{text(said['model'])}, SHA-256 <code>{text(said['sha256'])}</code></p>"
    if not said["edited"]:
        yield '<p class="no">Nobody has drawn on this result: such figures flatter the model.</p>'
    if "why" in said:
        yield f'<p class="no">{text(said["why"])}</p>'
    yield table(
        (
            "organ",
            "surface Dice",
            "at, mm",
            "added path, mm",
            "margin that holds 95 % of both borders' area, mm (not HD95)",
            "",
        ),
        (
            (organ, *(row.get(name) for name in _AGAINST), row.get("missing", row.get("why", "")))
            for organ, row in said["organs"].items()
        ),
    )


def _known(value: Any) -> Any:
    return None if value == "" else value
