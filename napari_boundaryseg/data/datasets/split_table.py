"""Split table: which case is of which group (patient), and whether it trains, chooses or is held out."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from napari_boundaryseg.data.datasets.case import Case, some
from napari_boundaryseg.data.datasets.files import name_of
from napari_boundaryseg.data.datasets.table_text import table_rows
from napari_boundaryseg.errors import InputError

COLUMNS = ("case", "group", "split")
WORDS = {
    "": "",
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""How a split is written, in any letter case."""


def with_splits(cases: Iterable[Case], table: Path) -> list[Case]:
    """The same cases with the group and split of a table.

    Its columns are found by name, in any order and letter case, separated by commas, semicolons or tabs. ``case`` must
    be there, and ``split`` or ``group``; other columns only beside all three, so that none of the three is missing
    because it was written differently. Cases are named as the folder names them, or as their files.

    Parameters
    ----------
    cases : iterable of Case
    table : Path

    Raises
    ------
    InputError
        When a column is missing, a case is unknown, stands there twice or, having labels, is left out, a split is no
        word for train, val or test, or a group is divided.
    """
    cases = list(cases)
    known = {case.name: case for case in cases}
    columns, lines = table_rows(table)
    _check_columns(table, columns)
    rows = _by_case(table, [dict(zip(columns, line, strict=True)) for line in lines], known)
    left_out = [case.name for case in cases if case.label and not case.split and case.name not in rows]
    if left_out:
        raise InputError(
            table, f"it leaves out {some(left_out)}", "Give each case with labels a line: train, val or test"
        )
    if "split" in columns:
        empty = [name for name, row in rows.items() if not row["split"] and known[name].label]
        if empty:
            raise InputError(table, f"it gives {some(empty)} no split", "Write train, val or test there")
    found = [_with_row(case, rows[case.name]) if case.name in rows else case for case in cases]
    _refuse_divided(table, found)
    return found


def marked(table: Path, split: str) -> list[str]:
    """The cases that a table gives a split, as it writes their names.

    Raises
    ------
    InputError
        As `with_splits` for the table itself, and when it marks no case so.
    """
    columns, lines = table_rows(table)
    _check_columns(table, columns)
    rows = [dict(zip(columns, line, strict=True)) for line in lines]
    for row in rows:
        if row.get("split", "").casefold() not in WORDS:
            raise InputError(table, f"{row['case']} has the split {row['split']!r}", "Use train, val or test")
    found = [
        unicodedata.normalize("NFC", row["case"]) for row in rows if WORDS[row.get("split", "").casefold()] == split
    ]
    if not found:
        raise InputError(table, f"it marks no case {split}", f"Mark those that are to be judged {split}")
    return found


def _check_columns(table: Path, columns: list[str]) -> None:
    advice = "Give it the columns case, group and split"
    known = [name for name in columns if name in COLUMNS]
    others = [name for name in columns if name not in COLUMNS]
    heads = f"its columns are {some([repr(name) for name in columns])}" if any(columns) else "it is empty"
    twice = sorted({name for name in known if known.count(name) > 1})
    if "case" not in known:
        raise InputError(table, f"it has no column named case: {heads}", advice)
    if twice:
        raise InputError(table, f"it has two columns named {', '.join(twice)}", advice)
    missing = [name for name in COLUMNS if name not in known]
    if len(missing) == 2 or (missing and others):
        raise InputError(table, f"it has no column named {' or '.join(missing)}: {heads}", advice)


def _by_case(table: Path, lines: list[dict[str, str]], known: dict[str, Case]) -> dict[str, dict[str, str]]:
    """The rows by the names of the cases."""
    images = [(name_of(image), case.name) for case in known.values() for image in case.images]
    often = Counter(file for file, _ in images)
    files = {file: case for file, case in images if often[file] == 1}
    rows: dict[str, dict[str, str]] = {}
    lost = []
    for line in lines:
        written = unicodedata.normalize("NFC", line["case"])
        file = name_of(PurePosixPath(written.replace("\\", "/")).name)
        name = next((name for name in (written, file, files.get(file, "")) if name in known), "")
        word = line.get("split", "")
        if not name:
            lost.append(written or "a line without a case")
        elif word.casefold() not in WORDS:
            raise InputError(table, f"{name} has the split {word!r}", "Use train, val or test")
        elif name in rows:
            raise InputError(table, f"{name} stands there twice", "Keep one of its lines")
        else:
            rows[name] = {**line, "split": WORDS[word.casefold()]}
    if lost:
        raise InputError(
            table, f"it names {some(sorted(lost))}, which the data lacks", "Correct the table or add the files"
        )
    return rows


def _with_row(case: Case, row: dict[str, str]) -> Case:
    """A case with what its row says; what the row leaves open stays."""
    group = " ".join(unicodedata.normalize("NFKC", row.get("group", "")).split())
    return replace(case, group=group or case.group, split=row["split"] or case.split)


def _refuse_divided(table: Path, cases: Iterable[Case]) -> None:
    where: dict[str, Case] = {}
    for case in cases:
        first = where.setdefault(case.group.casefold(), case) if case.group else case
        if first.group != case.group:
            raise InputError(
                table,
                f"the groups {first.group!r} and {case.group!r} differ in nothing but letter case",
                "Write them alike where they are one patient, and differently where not",
            )
        if first.split != case.split:
            raise InputError(
                table,
                f"the group {case.group!r} is divided between {first.split!r} and {case.split!r}",
                "Put all cases of a group into one split",
            )
