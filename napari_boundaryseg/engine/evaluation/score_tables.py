"""Tables of scores as files: one CSV line per case and organ, and how such a file is known again."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any


def as_csv(rows: list[dict[str, Any]]) -> str:
    """One line per case and organ, one column per metric; a case that was not scored has the error instead."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _columns(), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _columns() -> tuple[str, ...]:
    from napari_boundaryseg.data import metrics  # the command line asks for its help without waiting for it

    return ("case", "organ", *metrics.names(), "missing", "in_reference", "error")


def is_our_csv(path: Path) -> bool:
    """Whether a file is a table that this command wrote, so that it may be replaced by a newer one."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(10_000).rstrip("\n") == ",".join(_columns())
    except (OSError, ValueError):
        return False


def is_our_json(path: Path) -> bool:
    """The same of a file of cases and summary."""
    keys = {"cases", "summary", "label_prior_dsc", "without_prediction", "in_no_reference", "not_scored", "notes"}
    try:
        return set(json.loads(path.read_text(encoding="utf-8"))) == keys
    except (OSError, ValueError, TypeError, RecursionError):
        return False
