"""Tables of scores as files: one CSV line per case and organ, and a line for each case that has no row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NOTHING_THERE = "no label map of this case holds a label"


def every_case(
    rows: Iterable[Mapping[str, Any]],
    notes: Mapping[str, Sequence[str]],
    empty: Iterable[str],
    failed: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The rows with what is to be known of their cases, and one row without figures for each case that has none.

    Parameters
    ----------
    rows : iterable of mapping
    notes : mapping
        Case to sentences.
    empty : iterable of str
        Cases in which there is nothing to score.
    failed : mapping
        Case that was not scored to the error.
    """
    said = {case: " ".join(sentences) for case, sentences in notes.items()}
    return [
        *({**row, "note": said.get(row["case"], "")} for row in rows),
        *({"case": case, "note": " ".join(filter(None, (NOTHING_THERE, said.get(case, ""))))} for case in empty),
        *({"case": case, "error": why, "note": said.get(case, "")} for case, why in failed.items()),
    ]


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """One line per row, one column per metric; a case that was not scored has the error instead.

    Rows of thirds of organs have a column for their region.
    """
    from napari_boundaryseg.data import metrics  # the command line asks for its help without waiting for it

    rows = list(rows)
    region = ["region"] if any("region" in row for row in rows) else []
    columns = ("case", "organ", *region, *metrics.measured(rows), "missing", "in_reference", "error", "note")
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
