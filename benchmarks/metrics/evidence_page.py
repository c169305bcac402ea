"""The page of evidence about the metrics, whose tables are written by scripts."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "metrics.md"


def filled(page: str, name: str, table: str) -> str:
    """The page with the table of this name made anew."""
    head, start, rest = page.partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition("<!-- end -->")
    if not (start and end):
        raise SystemExit(f"docs/evidence/metrics.md has no part for <!-- {name} -->: write one")
    return f"{head}{start}{table}\n{end}{tail}"


def into_page(name: str, table: str) -> None:
    """Write a table into the page."""
    PAGE.write_text(filled(PAGE.read_text("utf-8"), name, table), "utf-8")
