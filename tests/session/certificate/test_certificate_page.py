"""The page of a certificate counts each organ's own steps and slices, and says in words what was reviewed."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from certified import bench, paint

from napari_boundaryseg.editing.effort import Work as Effort
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.session.certificate.page import page_of
from napari_boundaryseg.session.certificate.reviewed import Reviewed
from napari_boundaryseg.session.project.project import AcceptedCase, Project

ARCS = {
    "places": {"listed": 197, "looked at": 14, "right": 7, "flagged": 0, "corrected": 7, "to come": 183},
    "ranked by": "Tiny",
    "organs": {
        "Hippocampus_A": {
            "arcs": 121,
            "reviewed": 17,
            "accepted": 17,
            "flagged": 0,
            "corrected": 0,
            "border_mm": 800.5,
            "reviewed_mm": 90.1,
            "tolerance_mm": 1.0,
        }
    },
    "no ranking": [],
    "empty slices": {"listed": 5, "looked at": 2},
    "audit": {"random places": 12, "wrong": 1, "skipped": 2, "low": 0.025, "high": 0.6, "confidence": 0.95},
}


class Rows(HTMLParser):
    """The rows of every table of a page, and the text outside of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def of(case: AcceptedCase) -> tuple[dict[str, Any], Rows]:
    path = case.label.with_name(f"certificate-v{case.version}.json")
    return json.loads(path.read_text("utf-8")), Rows(path.with_suffix(".html").read_text("ascii"))


def test_each_row_counts_the_steps_of_its_own_organ(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")  # one stroke on A
    paint(work.history, 10, 2, "Paint: Hippocampus_P, slice 11")
    paint(work.history, 11, 2, "Paint: Hippocampus_P, slice 12")
    _, page = of(work.accept(project))
    rows = [row for row in page.rows if row[:2] == ["drawn", "Paint"]]
    assert rows == [["drawn", "Paint", "1", "Hippocampus_A", "6"], ["drawn", "Paint", "2", "Hippocampus_P", "11 to 12"]]
    (lock,) = (row for row in page.rows if row[:2] == ["locked", "Lock"])
    assert lock == ["locked", "Lock", "1", "", "none"], "steps of no organ are counted, too"


def test_slices_that_were_only_viewed_are_not_drawn_on(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    viewed = {(1, 5): Effort(3, 41.26, 90.0, 1), (1, 6): Effort(0, 0.0, 4.0, 0), (1, 8): Effort(0, 0.0, 2.0, 0)}
    work.journal.note(note_body(viewed, 1, None))
    said, page = of(work.accept(project))
    effort = said["work"]["effort"]["organs"]["Hippocampus_A"]
    assert (effort["drawn"], effort["slices"]) == ([6], [6, 7, 9])
    at = next(n for n, row in enumerate(page.rows) if "strokes" in row)
    told = dict(zip(page.rows[at], page.rows[at + 1], strict=True))
    assert (told["slices drawn on"], told["slices viewed or drawn on"]) == ("6", "6 to 7, 9")
    del effort["drawn"]
    old = Rows(page_of(said).decode())
    assert dict(zip(old.rows[at], old.rows[at + 1], strict=True))["slices drawn on"] == "not known"


def test_places_come_first_as_the_window_counts_them_and_arcs_are_what_they_cover(
    project: Project, tmp_path: Path
) -> None:
    _, page = of(bench(tmp_path / "journal").accept(project, Reviewed(findings=[], arcs=ARCS)))
    places = "14 of 197 places looked at: 7 right, 0 flagged, 7 corrected; 183 to come."
    assert 0 < page.text.index(places) < page.text.index("arcs covered")
    at = next(n for n, row in enumerate(page.rows) if "arcs covered" in row)
    told = dict(zip(page.rows[at], page.rows[at + 1], strict=True))
    assert (told["arcs in all"], told["arcs covered"], told["border covered, mm"]) == ("121", "17", "90.1")
    assert "of the border that was not reviewed, 2 % to 60 % is still off" in page.text.lower()
    top = page.text.index("Reviewed: 14 of 197 places of the border, contour rules; not reviewed: the other 183 places")
    assert top < page.text.index("Organs")


def test_an_older_review_without_places_is_told_all_the_same(project: Project, tmp_path: Path) -> None:
    arcs = {name: value for name, value in ARCS.items() if name != "places"}
    _, page = of(bench(tmp_path / "journal").accept(project, Reviewed(arcs=arcs)))
    assert "arcs covered" in page.text and "places looked at:" not in page.text


@pytest.mark.parametrize(
    "raw",
    ["border_mm", "reviewed_mm", "calibrated", "result_voxels_sha256", "of_version", "tolerance_mm", "low", "box"],
)
def test_no_key_of_a_file_stands_on_the_page(project: Project, tmp_path: Path, raw: str) -> None:
    work = bench(tmp_path / "journal")
    details = {"model": "Tiny", "sha256": "ab" * 32, "box": None, "calibrated": False, "notes": []}
    work.journal.note(note_body({}, 1, None, {1: details}))
    reviewed = Reviewed(arcs=ARCS, band={"Hippocampus_A": {"model": "Tiny", "margin_mm": 1.5, "n": 9}})
    _, page = of(work.accept(project, reviewed))
    assert all(cell != raw for row in page.rows for cell in row)
    assert ["probabilities calibrated", "no"] in page.rows
    assert ["part of the scan that was segmented", "the whole scan"] in page.rows


def test_the_margin_is_not_taken_for_hd95(project: Project, tmp_path: Path) -> None:
    _, page = of(bench(tmp_path / "journal").accept(project))
    headings = next(row for row in page.rows if "surface Dice" in row)
    assert "margin that holds 95 % of both borders' area, mm (not HD95)" in headings
    assert not any(heading.startswith("95 % of the border") for heading in headings)
