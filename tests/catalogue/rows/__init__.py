"""The rows of the catalogue: each with its fault, its status and the tests that make the fault."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

HOLDS = "holds"
BY_INJECTION = "holds, by a planted fault"
REFUSED = "refused: no such feature"
DUE = "due"
BEING_MENDED = "being mended"
STATUSES = {
    HOLDS: "the tests make the fault, and what is required holds",
    BY_INJECTION: "the fault cannot be made on a test machine; the tests raise it where it would come from",
    REFUSED: "the program has no such feature; the tests show that it refuses in one sentence",
    BEING_MENDED: "a test shows that it does not hold yet",
    DUE: "it waits for the feature that it is about",
}
LAST = 117
"""The rows of a remote engine follow when there is one."""


@dataclass(frozen=True)
class Row:
    """One fault.

    Parameters
    ----------
    number : int
    fault : str
        In plain words.
    tests : tuple of str
        Below ``tests/``: ``file.py::function``, or one of its cases, ``file.py::function[case]``.
    status : str
    note : str
        What a reader of the table should know.
    """

    number: int
    fault: str
    tests: tuple[str, ...]
    status: str = HOLDS
    note: str = ""


def inside(file: str, *functions: str) -> tuple[str, ...]:
    """Tests of one file."""
    return tuple(f"{file}::{function}" for function in functions)


def all_rows() -> list[Row]:
    """Every row, by number."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return sorted((row for module in modules for row in module.ROWS), key=lambda row: row.number)
