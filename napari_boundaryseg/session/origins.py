"""Origins of result files: by which model, and when, each file was made that a report lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

Origin = Mapping[str, Any]
"""``model`` and ``sha256`` (None where labels were written without a prediction), ``written``: as a report has them."""
OF_AN_EXPORT = ("model", "sha256", "written")


def origin_of(report: Mapping[str, Any]) -> Origin:
    """Of the files that an export itself wrote."""
    return {name: report.get(name) for name in OF_AN_EXPORT}


def origins_in(report: Mapping[str, Any]) -> dict[str, Origin | None]:
    """Of every file that a report lists, by its name; None where nothing says it, as in older reports."""
    earlier, said = _mapping(report.get("earlier")), _mapping(report.get("earlier_origins"))
    found: dict[str, Origin | None] = {name: _mapping(said.get(name)) or None for name in earlier}
    return {**found, **dict.fromkeys(_mapping(report.get("hashes")), origin_of(report))}


def not_of_this(folder: Path, names: Iterable[str], report: Mapping[str, Any]) -> str:
    """Which files lie under names of results and are none of a report; nothing where there is none.

    Such as another scan's map that somebody has changed: it stays where it is, but it is not this scan's.
    """
    listed = {*_mapping(report.get("hashes")), *_mapping(report.get("earlier"))}
    found = [name for name in names if name not in listed and (folder / name).exists()]
    return f"there, and not of this result: {', '.join(found)}" if found else ""


def kept_in_words(report: Mapping[str, Any]) -> str:
    """Which files of earlier exports a report still lists, and whose they are; nothing where there is none.

    Examples
    --------
    >>> kept_in_words({"earlier": {"t1_edges.nii.gz": "ab", "t1_contours.nii.gz": "cd"}})
    'left from earlier and not made anew: t1_edges.nii.gz, t1_contours.nii.gz (nothing says by which model)'
    """
    groups: dict[str, list[str]] = {}
    known = origins_in(report)
    for name in _mapping(report.get("earlier")):
        groups.setdefault(_origin_in_words(known.get(name)), []).append(name)
    parts = [f"{', '.join(names)} ({origin})" for origin, names in groups.items()]
    return f"left from earlier and not made anew: {'; '.join(parts)}" if parts else ""


def _origin_in_words(origin: Origin | None) -> str:
    if origin is None:
        return "nothing says by which model"
    digest = f", SHA-256 {origin['sha256']:.8}…" if isinstance(origin.get("sha256"), str) else ""
    model = origin.get("model")
    return f"{f'model {model}{digest}' if model else 'without a model'}, {_time_in_words(origin.get('written'))}"


def _time_in_words(written: Any) -> str:
    try:
        return datetime.fromisoformat(written).astimezone().strftime("%Y-%m-%d %H:%M")
    except (TypeError, ValueError, OverflowError, OSError):
        return "at an unknown time"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
