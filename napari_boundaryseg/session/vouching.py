"""Vouching of a report for the files beside it: by which bytes they are known again, and what shows a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.file_format import stored_text
from napari_boundaryseg.session.origins import OF_AN_EXPORT, Origin, origins_in
from napari_boundaryseg.session.report import FORMAT

SEAL = "report_sha256"
NO_REPORT = "it is there already, and it is no report of this version of the program"
WITHOUT_HASHES = "an earlier version of the program wrote it, which did not note what it wrote"
CHANGED = "it was changed after this program wrote it"


def unfinished(report: Mapping[str, Any], replaced: Mapping[str, str]) -> dict[str, Any]:
    """What stands in a report's place while its files are put in place: it claims nothing but whose they are.

    Parameters
    ----------
    report : mapping
        The one that is to come.
    replaced : mapping
        The files that are replaced or removed, each with its SHA-256.
    """
    kept = {name: report[name] for name in ("format", "case", "notice", "software", *OF_AN_EXPORT)}
    lists = {name: report[name] for name in ("hashes", "earlier", "earlier_origins")}
    scan = {"hash": report["scan"]["hash"]}
    return sealed({**kept, "unfinished": True, "scan": scan, "files": [], **lists, "replaced": dict(replaced)})


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a report with the SHA-256 of all of them, by which a change by hand shows."""
    stored = _stored(json.loads(json.dumps(values, allow_nan=False)))
    return {**stored, SEAL: _seal(stored)}


def _stored(value: Any) -> Any:
    """JSON values with texts that a file can hold."""
    if isinstance(value, str):
        return stored_text(value)
    if isinstance(value, dict):
        return {stored_text(name): _stored(one) for name, one in value.items()}
    return [_stored(one) for one in value] if isinstance(value, list) else value


def _seal(values: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in values.items() if name != SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Vouched:
    """What a report says of the files beside it.

    Parameters
    ----------
    is_report : bool
        Whether there is a report of this program that can be read and that nobody changed.
    fault : str
        Why there is none, where there is a file of its name.
    scan : str
        The hash of the scan, empty where the report does not say.
    hashes : mapping
        Each file that was written, with its SHA-256.
    replaced : mapping
        Of an export that was interrupted: the files that it was about to replace, which may be another scan's.
    origins : mapping
        By which model each file was made that was written, and when; None where that is not known.
    """

    is_report: bool = False
    fault: str = ""
    scan: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Origin | None] = field(default_factory=dict)


def vouched(path: Path) -> Vouched:
    """What the report at this path says of the files beside it; never raises."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Vouched()
    except (OSError, ValueError, RecursionError):
        return Vouched(fault=NO_REPORT)
    if not isinstance(values, dict) or values.get("format") not in (None, FORMAT):
        return Vouched(fault=NO_REPORT)
    if SEAL not in values:
        return Vouched(fault=WITHOUT_HASHES if "software" in values or "program" in values else NO_REPORT)
    scan, lists = values.get("scan"), [values.get(name, {}) for name in ("hashes", "earlier", "replaced")]
    if _seal(values) != values[SEAL] or not isinstance(scan, dict) or not all(isinstance(one, dict) for one in lists):
        return Vouched(fault=CHANGED)
    written, earlier, replaced = lists
    known, hashes = str(scan.get("hash", "")), {**earlier, **written}
    return Vouched(True, scan=known, hashes=hashes, replaced=replaced, origins=origins_in(values))
