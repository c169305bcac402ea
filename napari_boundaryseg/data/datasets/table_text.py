"""Table in a text file, as spreadsheet programs write it: its columns by name, whatever the separator and encoding."""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path

from napari_boundaryseg.errors import InputError

SEPARATORS = (",", ";", "\t")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_INVISIBLE = "\ufeff\u200b\u00a0 \t"


def table_rows(file: Path) -> tuple[list[str], list[list[str]]]:
    """Column names in lower case, and the rows that are not empty, each as long as the column names; without blanks.

    Parameters
    ----------
    file : Path
        UTF-8 or UTF-16, lines ended by LF, CRLF or CR, cells between commas, semicolons or tabs, quoted or not.

    Raises
    ------
    InputError
        When it cannot be read, or a row has more cells than there are columns.
    """
    text = _text(file).lstrip("\n" + _INVISIBLE)
    first, _, rest = text.partition("\n")
    stated = re.fullmatch(r'"?sep=(.)"?,*', first.strip(), re.IGNORECASE)
    separator, text = (stated[1], rest) if stated else (max(SEPARATORS, key=first.count), text)
    try:
        rows = [
            [cell.strip(_INVISIBLE) for cell in row]
            for row in csv.reader(text.split("\n"), delimiter=separator, skipinitialspace=True, strict=True)
        ]
    except csv.Error as error:
        raise InputError(file, "it cannot be read as a table", "Save it as CSV in UTF-8") from error
    rows = [row for row in rows if any(row)]
    if not rows:
        return [], []
    columns = [name.casefold() for name in rows[0]]
    while columns and not columns[-1]:
        columns.pop()
    full = []
    for row in rows[1:]:
        if any(row[len(columns) :]):
            raise InputError(
                file, f"the line of {next(filter(None, row))} has more cells than columns", "Correct the line"
            )
        full.append((row + [""] * len(columns))[: len(columns)])
    return columns, full


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-16" if raw.startswith(_UTF16) else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(file, "it cannot be read as a table", "Save it as CSV in UTF-8") from error
    if "\0" in text:
        raise InputError(file, "it cannot be read as a table", "Save it as CSV in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
