"""Reports: those of version 0.1, of the window and of the command line, are read under the names of today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import pytest

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.scratch.temporary_files import sweep
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.report import FORMAT, migrated, read_report
from napari_boundaryseg.session.staging import put
from napari_boundaryseg.session.vouching import SEAL, sealed

SCHEME = preset("brats-2023").model_dump(mode="json")
MODEL = {"model": "tiny", "sha256": "0" * 64, "device": "cpu", "dtype": "float32", "box": None, "notes": ["a note"]}
OF_THE_WINDOW = {
    "case": "case1",
    "notice": "Research use only, not a medical device",
    "software": "napari-boundaryseg 0.1.0",
    "written": "2026-01-02T03:04:05+00:00",
    "scan": {"shape": [4, 4, 2], "orientation": "RAS", "tilt_deg": 1.5, "channels": ["T1"], "doubts": ["a doubt"]},
    "label_scheme": SCHEME,
    "volumes_ml": {"NCR": 0.1},
    "contours": {"NCR": "soft head"},
    **MODEL,
    "seconds": {"network": 0.5},
    "checks": ["edges: read back unchanged"],
}
OF_THE_COMMAND_LINE = {
    "case": "case1",
    "program": "napari-boundaryseg 0.1.0",
    **MODEL,
    "calibrated": True,
    "seconds": {"reading": 0.1, "network": 0.5, "writing": 0.2},
    "scheme": SCHEME,
    "contour_sources": {"NCR": "soft head"},
    "contour_order": ["NCR"],
    "shape": [4, 4, 2],
    "spacing_mm": [1.0, 1.0, 2.0],
    "channels": ["T1"],
    "volumes_ml": {"NCR": 0.1},
    "files": ["case1_seg.nii.gz"],
    "use": "For research use only, not a medical device.",
}


def test_the_windows_first_report_loses_nothing_but_its_old_names() -> None:
    now = migrated(OF_THE_WINDOW)
    assert now["scan"] == {
        "shape": [4, 4, 2],
        "orientation": "RAS",
        "obliquity_deg": 1.5,
        "channels": ["T1"],
        "warnings": ["a doubt"],
    }
    assert now["contour_sources"] == {"NCR": "soft head"}
    assert now["format"] == FORMAT
    same = set(OF_THE_WINDOW) - {"scan", "contours"}
    assert {name: now[name] for name in same} == {name: OF_THE_WINDOW[name] for name in same}
    assert set(now) == same | {"scan", "contour_sources", "format"}


def test_the_command_lines_first_report_loses_nothing_but_its_old_names() -> None:
    now = migrated(OF_THE_COMMAND_LINE)
    assert now["scan"] == {"shape": [4, 4, 2], "spacing_mm": [1.0, 1.0, 2.0], "channels": ["T1"]}
    assert (now["label_scheme"], now["software"]) == (SCHEME, "napari-boundaryseg 0.1.0")
    assert now["notice"] == "For research use only, not a medical device."
    old = {"scheme", "program", "use", "shape", "spacing_mm", "channels"}
    same = set(OF_THE_COMMAND_LINE) - old
    assert {name: now[name] for name in same} == {name: OF_THE_COMMAND_LINE[name] for name in same}
    assert set(now) == same | {"label_scheme", "software", "notice", "scan", "format"}


@pytest.mark.parametrize("values", [OF_THE_WINDOW, OF_THE_COMMAND_LINE])
def test_what_was_migrated_stays_as_it_is(values: dict[str, object]) -> None:
    assert migrated(migrated(values)) == migrated(values)


def test_what_is_written_today_is_read_unchanged(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    (path,) = export_files(scan, labels, None, {"report"}, tmp_path)
    assert read_report(path) == json.loads(path.read_text("utf-8"))
    old = {"scheme", "program", "use", "contours", "tilt_deg", "doubts"}
    assert not old & (set(read_report(path)) | set(read_report(path)["scan"]))


@pytest.mark.parametrize("text", ["[]", "3", "null"])
def test_another_file_of_this_name_is_no_report(tmp_path: Path, text: str) -> None:
    (tmp_path / "case1.json").write_text(text)
    assert read_report(tmp_path / "case1.json") == {}
    assert read_report(tmp_path / "case2.json") == {}


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "case1.json: it is no JSON"),
        ("[" * 100_000, "case1.json: it is no JSON"),
        ('{"format": "napari-boundaryseg-report/3"}', "case1.json: a later version of the program wrote it"),
    ],
)
def test_a_report_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "case1.json").write_text(text)
    with pytest.raises(InputError, match=said):
        read_report(tmp_path / "case1.json")


def test_a_format_of_another_program_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "case1.json").write_text('{"format": "BIDS/9"}')
    assert "label_scheme" not in read_report(tmp_path / "case1.json")


@pytest.mark.parametrize("name", ["M\udcfcller", "a\\b", 'quote"d', "n\u00e4he", "line\nbreak"])
def test_any_name_of_a_file_is_sealed_and_read_again(tmp_path: Path, name: str) -> None:
    values = sealed({"case": name, "hashes": {f"{name}_seg.nii.gz": "0"}, "files": [name], "n": 1.5, "none": None})
    json.dumps(values, ensure_ascii=False).encode("utf-8")
    assert values["case"] == name.replace("\udcfc", "\\xfc")
    assert list(values["hashes"]) == [f"{values['case']}_seg.nii.gz"]
    assert (values["files"], values["n"], values["none"]) == ([values["case"]], 1.5, None)
    again = json.loads(json.dumps(values, ensure_ascii=False))
    assert sealed({key: value for key, value in again.items() if key != SEAL}) == values


def test_a_file_that_is_put_in_place_is_not_taken_for_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another export into the same folder sweeps it at that moment."""
    (tmp_path / "staged").write_bytes(b"result")
    real = saving.sync_file

    def swept(stream: BinaryIO) -> None:
        real(stream)
        sweep(tmp_path)

    monkeypatch.setattr(saving, "sync_file", swept)
    put(tmp_path / "staged", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"result"
