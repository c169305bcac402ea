"""A report says of every file that it did not make anew whose it is: by which model, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from session_cases import FILES, Told, box_labels, predicted

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions.export import start_export
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.origins import kept_in_words
from napari_boundaryseg.session.report import read_report
from napari_boundaryseg.session.vouching import sealed


def export(scan: Volume, folder: Path, model: str, *maps: str) -> dict[str, Any]:
    """Export what a model predicted, and its report; without a model the labels were drawn."""
    found = predicted(scan)
    found = replace(found, details={**found.details, "model": model, "sha256": model * 64})
    export_files(scan, box_labels(scan), found if model else None, {"labels", "report", *maps}, folder)
    return read_report(folder / "case1.json")


def origin(report: dict[str, Any]) -> dict[str, Any]:
    return {name: report[name] for name in ("model", "sha256", "written")}


def test_each_file_that_was_kept_says_by_which_model_it_was_made_and_when(tmp_path: Path, scan: Volume) -> None:
    a = export(scan, tmp_path, "a", "edges", "contours")
    b = export(scan, tmp_path, "b", "contours")
    assert a["earlier_origins"] == {}
    assert b["earlier_origins"] == {FILES["edges"]: origin(a)}
    c = export(scan, tmp_path, "c")
    assert c["earlier_origins"] == {FILES["edges"]: origin(a), FILES["contours"]: origin(b)}
    drawn = export(scan, tmp_path, "")
    assert drawn["earlier_origins"] == c["earlier_origins"]
    assert drawn["earlier"] == c["earlier"], "names and hashes, as ever"
    anew = export(scan, tmp_path, "d", "edges")
    assert anew["earlier_origins"] == {FILES["contours"]: origin(b)}


def test_what_was_written_without_a_model_says_so(tmp_path: Path, scan: Volume) -> None:
    drawn = export(scan, tmp_path, "", "mesh")
    kept = export(scan, tmp_path, "a")["earlier_origins"]
    assert kept[FILES["mesh"]] == {"model": None, "sha256": None, "written": drawn["written"]}


def test_of_a_report_that_does_not_say_it_nothing_is_made_up(tmp_path: Path, scan: Volume) -> None:
    a = export(scan, tmp_path, "a", "edges", "contours")
    b = export(scan, tmp_path, "b", "contours")
    old = {name: value for name, value in b.items() if name not in ("earlier_origins", "report_sha256")}
    (tmp_path / "case1.json").write_text(json.dumps(sealed(old)), "utf-8")
    c = export(scan, tmp_path, "c")
    assert c["earlier_origins"] == {FILES["edges"]: None, FILES["contours"]: origin(b)}
    assert c["earlier"][FILES["edges"]] == a["hashes"][FILES["edges"]]
    assert export(scan, tmp_path, "d")["earlier_origins"] == c["earlier_origins"]


@pytest.mark.parametrize("at", ["case1_seg.nii.gz", "case1_contours.nii.gz"])
def test_an_export_that_was_interrupted_forgets_nothing(tmp_path: Path, scan: Volume, monkeypatch, at: str) -> None:
    a = export(scan, tmp_path, "a", "edges", "contours")
    real = saving._replace

    def fails(temporary: Path, target: Path) -> None:
        if target == tmp_path / at:
            raise OSError(5, "Input/output error")
        real(temporary, target)

    monkeypatch.setattr(saving, "_replace", fails)
    with pytest.raises(InputError, match="could not be written"):
        export(scan, tmp_path, "b", "contours")
    monkeypatch.setattr(saving, "_replace", real)
    c = export(scan, tmp_path, "c", "contours")
    assert c["earlier"] == {FILES["edges"]: a["hashes"][FILES["edges"]]}
    assert c["earlier_origins"] == {FILES["edges"]: origin(a)}


def test_it_is_said_in_one_line() -> None:
    written = "2026-01-15T12:04:05+00:00"
    report = {
        "earlier": dict.fromkeys("abcdef", "0"),
        "earlier_origins": {
            "a": {"model": "tiny", "sha256": "0123456789", "written": written},
            "b": {"model": "tiny", "sha256": "0123456789", "written": written},
            "c": {"model": None, "sha256": None, "written": written},
            "d": None,
            "e": {"model": "tiny", "sha256": 3, "written": "yesterday"},
        },
    }
    said = kept_in_words(report)
    assert said.startswith("left from earlier and not made anew: a, b (model tiny, SHA-256 01234567…, 2026-01-1")
    assert "; c (without a model, 2026-01-1" in said
    assert "; d, f (nothing says by which model); e (model tiny, at an unknown time)" in said
    assert kept_in_words({}) == kept_in_words({"earlier": {}}) == ""


def test_the_window_says_it_after_an_export(tmp_path: Path, told: Told, scan: Volume) -> None:
    export(scan, tmp_path, "a", "edges")
    done: list[list[Path]] = []
    start_export(told.session, box_labels(scan), {"labels", "report"}, tmp_path, done.append)
    (said,) = told.of("warning")
    assert said.startswith("case1.json: left from earlier and not made anew: case1_edges.nii.gz (model a, SHA-256 aaaa")
    start_export(told.session, box_labels(scan), {"labels"}, tmp_path / "other", done.append)
    assert (len(done), len(told.of("warning"))) == (2, 1)


def test_corrected_labels_beside_a_models_maps_are_told(told: Told, tmp_path: Path) -> None:
    scan = told.session.scan
    told.session.prediction = predicted(scan)
    start_export(told.session, told.session.prediction.labels, {"labels", "edges"}, tmp_path / "as_found", list)
    assert not any("corrected" in said for said in told.of("warning"))
    drawn = told.session.prediction.labels.array.copy()
    drawn[0] = 0
    drawn[1] = 1
    labels = scan.with_labels(drawn, told.session.prediction.labels.scheme)
    start_export(told.session, labels, {"labels"}, tmp_path / "labels", list)
    assert not any("corrected" in said for said in told.of("warning")), "nothing of the model lies beside them"
    start_export(told.session, labels, {"labels", "edges"}, tmp_path / "both", list)
    assert "edges and contours are the model's" in told.of("warning")[-1]
