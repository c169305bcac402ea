"""Results that are there already: another scan's, or changed by hand, are never replaced without a word."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_cases import FILES, box_labels, box_scan, predicted

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session import export as export_module
from napari_boundaryseg.session.earlier_results import ResultsInTheWay
from napari_boundaryseg.session.export import KINDS, export_files
from napari_boundaryseg.session.report import read_report

SINGLE = ("labels", "edges", "contours", "probabilities", "mesh")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def everything(scan: Volume, folder: Path, **options: object) -> list[Path]:
    return export_files(scan, box_labels(scan), predicted(scan), set(KINDS), folder, **options)  # type: ignore[arg-type]


def moved(labels: LabelMap) -> LabelMap:
    return replace(labels, array=np.roll(labels.array, 1, 0))


@pytest.fixture
def other() -> Volume:
    """Another patient's scan whose file has the same name."""
    return box_scan(seed=1)


def test_the_same_scans_untouched_results_are_replaced_without_a_word(tmp_path: Path, scan: Volume) -> None:
    everything(scan, tmp_path)
    export_files(scan, moved(box_labels(scan)), predicted(scan), set(KINDS), tmp_path)
    report = read_report(tmp_path / "case1.json")
    assert {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in report["files"]} == report[
        "hashes"
    ]
    assert set(content(tmp_path)) == {*report["files"], "case1.json"}


@pytest.mark.parametrize(
    "what",
    [{"labels"}, {"labels", "report"}, {"mesh"}, {"report"}, set(KINDS)],
    ids=lambda what: "-".join(sorted(what)),
)
def test_another_scans_results_of_the_same_name_stay(tmp_path: Path, scan: Volume, other: Volume, what: set) -> None:
    everything(scan, tmp_path)
    before = content(tmp_path)
    with pytest.raises(ResultsInTheWay, match="it is the result of another scan") as caught:
        export_files(other, box_labels(other), predicted(other), what, tmp_path)
    assert set(caught.value.files) == set(before), "every file of the other scan is named"
    assert content(tmp_path) == before


@pytest.mark.parametrize("kind", [*SINGLE, "report"])
def test_a_file_that_was_changed_by_hand_stays(tmp_path: Path, scan: Volume, kind: str) -> None:
    everything(scan, tmp_path)
    path = tmp_path / FILES[kind]
    if kind == "report":
        path.write_text(path.read_text("utf-8").replace('"case": "case1"', '"case": "my note"'), "utf-8")
    else:
        path.write_bytes(path.read_bytes() + b"\0")
    before = content(tmp_path)
    with pytest.raises(ResultsInTheWay, match=f"{path.name}: it was changed after this program wrote it"):
        everything(scan, tmp_path)
    assert content(tmp_path) == before


@pytest.mark.parametrize("kind", [*SINGLE, "report"])
@pytest.mark.parametrize("there", [b"", b"by hand", b"{}", b'{"RepetitionTime": 2.0}'])
def test_a_file_of_unknown_origin_stays(tmp_path: Path, scan: Volume, kind: str, there: bytes) -> None:
    (tmp_path / FILES[kind]).write_bytes(there)
    with pytest.raises(ResultsInTheWay, match="it is there already"):
        everything(scan, tmp_path)
    assert content(tmp_path) == {FILES[kind]: there}


def test_a_file_that_the_report_does_not_list_stays(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    export_files(scan, labels, None, {"labels", "report"}, tmp_path)
    (tmp_path / FILES["edges"]).write_bytes(b"of another program")
    with pytest.raises(ResultsInTheWay, match=f"{FILES['edges']}: .* the report beside it does not list it"):
        everything(scan, tmp_path)
    export_files(scan, labels, None, {"labels", "report"}, tmp_path)
    assert (tmp_path / FILES["edges"]).read_bytes() == b"of another program", "where it is not in the way it stays"


def test_a_report_of_an_earlier_version_does_not_vouch_for_its_files(tmp_path: Path, scan: Volume) -> None:
    everything(scan, tmp_path)
    report = json.loads((tmp_path / "case1.json").read_text("utf-8"))
    old = {name: value for name, value in report.items() if name not in ("hashes", "earlier", "report_sha256")}
    (tmp_path / "case1.json").write_text(json.dumps(old))
    with pytest.raises(ResultsInTheWay, match="did not note what it wrote"):
        everything(scan, tmp_path)
    everything(scan, tmp_path, overwrite=True)
    everything(scan, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_not_written_through_without_a_word(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    mine = tmp_path / "mine.nii.gz"
    mine.write_bytes(b"mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / FILES["labels"]).symlink_to(mine)
    with pytest.raises(ResultsInTheWay, match="it is a link"):
        export_files(scan, labels, None, {"labels"}, out)
    assert mine.read_bytes() == b"mine"
    (out / FILES["edges"]).symlink_to(tmp_path / "nowhere")
    with pytest.raises(ResultsInTheWay, match="it is a link"):
        export_files(scan, labels, predicted(scan), {"edges"}, out)


def test_a_folder_of_that_name_is_refused_before_anything_is_replaced(tmp_path: Path, scan: Volume) -> None:
    everything(scan, tmp_path)
    (tmp_path / FILES["mesh"]).unlink()
    (tmp_path / FILES["mesh"]).mkdir()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    for overwrite in (False, True):
        with pytest.raises(InputError, match="it is a folder or device"):
            everything(scan, tmp_path, overwrite=overwrite)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_overwriting_another_scans_results_leaves_nothing_of_them(tmp_path: Path, scan: Volume, other: Volume) -> None:
    everything(scan, tmp_path)
    export_files(other, box_labels(other), None, {"labels", "report"}, tmp_path, overwrite=True)
    assert set(content(tmp_path)) == {"case1_seg.nii.gz", "case1.json"}, (
        "no edges of one patient beside another's labels"
    )


def test_overwriting_another_scans_results_leaves_work_by_hand(tmp_path: Path, scan: Volume, other: Volume) -> None:
    everything(scan, tmp_path)
    (tmp_path / FILES["mesh"]).write_bytes(b"by hand")
    export_files(other, box_labels(other), None, {"labels", "report"}, tmp_path, overwrite=True)
    assert set(content(tmp_path)) == {"case1_seg.nii.gz", "case1.json", FILES["mesh"]}


def test_what_an_export_does_not_write_again_is_called_earlier(tmp_path: Path, scan: Volume) -> None:
    everything(scan, tmp_path)
    export_files(scan, moved(box_labels(scan)), None, {"labels", "report"}, tmp_path)
    report = read_report(tmp_path / "case1.json")
    assert report["files"] == ["case1_seg.nii.gz"]
    assert set(report["earlier"]) == {FILES[kind] for kind in SINGLE[1:]} | {"case1_Hippocampus_P.stl"}
    everything(scan, tmp_path)
    assert read_report(tmp_path / "case1.json")["earlier"] == {}


def test_a_report_follows_its_files_also_where_it_is_not_asked_for(tmp_path: Path, scan: Volume) -> None:
    everything(scan, tmp_path)
    paths = export_files(scan, moved(box_labels(scan)), None, {"labels"}, tmp_path)
    assert [path.name for path in paths] == ["case1_seg.nii.gz", "case1.json"]
    now = hashlib.sha256((tmp_path / "case1_seg.nii.gz").read_bytes()).hexdigest()
    assert read_report(tmp_path / "case1.json")["hashes"] == {"case1_seg.nii.gz": now}
    export_files(scan, box_labels(scan), None, {"labels"}, tmp_path / "without")
    assert set(content(tmp_path / "without")) == {"case1_seg.nii.gz"}


def test_a_hash_is_that_of_the_scan_and_not_of_its_name(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    export_files(scan, labels, None, {"labels", "report"}, tmp_path)
    again = replace(box_scan(), source=(Path("elsewhere"),))
    export_files(again, box_labels(again), None, {"labels", "report"}, tmp_path)
    shifted = replace(scan, geometry=replace(scan.geometry, affine=np.diag([1, 1, 1.5, 1])))
    with pytest.raises(ResultsInTheWay):
        export_files(shifted, box_labels(shifted), None, {"labels", "report"}, tmp_path)


def test_names_in_a_report_never_lead_out_of_the_folder(tmp_path: Path, scan: Volume, other: Volume) -> None:
    from napari_boundaryseg.session.vouching import sealed

    out = tmp_path / "out"
    everything(scan, out)
    (tmp_path / "mine").write_bytes(b"mine")
    report = json.loads((out / "case1.json").read_text("utf-8"))
    report["hashes"]["../mine"] = report["hashes"][str(tmp_path / "mine")] = hashlib.sha256(b"mine").hexdigest()
    (out / "case1.json").write_text(json.dumps(sealed(report)))
    export_files(other, box_labels(other), None, {"labels", "report"}, out, overwrite=True)
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_full_disk_in_the_middle_leaves_the_whole_old_set(
    tmp_path: Path, scan: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(scan, tmp_path)
    before = content(tmp_path)

    def full(values: object, path: Path) -> None:
        raise InputError(path, "could not be written: No space left on device", "Free some space")

    monkeypatch.setattr(export_module.make.__globals__["formats"], "write_map", lambda *_: full(0, _[2]))
    with pytest.raises(InputError, match="No space left"):
        export_files(scan, moved(box_labels(scan)), predicted(scan), set(KINDS), tmp_path)
    assert content(tmp_path) == before


def test_an_export_that_stops_between_its_files_says_so_and_is_finished_by_the_next(
    tmp_path: Path, scan: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(scan, tmp_path)
    real, done = saving._replace, []

    def fails_at_the_second(temporary: Path, target: Path) -> None:
        if target.parent == tmp_path:
            done.append(target.name)
            if len(done) == 3:  # the unfinished report, the labels, the edges
                raise OSError(5, "Input/output error")
        real(temporary, target)

    monkeypatch.setattr(saving, "_replace", fails_at_the_second)
    with pytest.raises(InputError, match=r"case1_edges\.nii\.gz: could not be written"):
        export_files(scan, moved(box_labels(scan)), predicted(scan), set(KINDS), tmp_path)
    monkeypatch.setattr(saving, "_replace", real)
    assert done[:2] == ["case1.json", "case1_seg.nii.gz"]
    with pytest.raises(InputError, match="the export that it belongs to was interrupted"):
        read_report(tmp_path / "case1.json")
    everything(scan, tmp_path)
    assert set(content(tmp_path)) == {*read_report(tmp_path / "case1.json")["files"], "case1.json"}


@pytest.mark.parametrize("change", ["labels", "edges"])
def test_after_an_interrupted_export_work_by_hand_is_still_known(
    tmp_path: Path, scan: Volume, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(scan, tmp_path)
    real = saving._replace

    def fails_after_the_report(temporary: Path, target: Path) -> None:
        if target.name == "case1_seg.nii.gz" and target.parent == tmp_path:
            raise OSError(5, "Input/output error")
        real(temporary, target)

    monkeypatch.setattr(saving, "_replace", fails_after_the_report)
    with pytest.raises(InputError):
        everything(scan, tmp_path)
    monkeypatch.setattr(saving, "_replace", real)
    (tmp_path / FILES[change]).write_bytes(b"by hand")
    with pytest.raises(ResultsInTheWay, match=f"{FILES[change]}: it was changed"):
        everything(scan, tmp_path)


def test_files_of_the_caller_follow_the_same_rule(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    def picture(path: Path) -> None:
        path.write_bytes(b"picture")

    words = {"report_name": "report.json", "more": {"window.png": picture}}
    for _ in range(2):
        paths = export_files(scan, labels, None, {"labels", "report"}, tmp_path, **words)  # type: ignore[arg-type]
        assert [path.name for path in paths] == ["case1_seg.nii.gz", "window.png", "report.json"]
    (tmp_path / "window.png").write_bytes(b"another picture")
    with pytest.raises(ResultsInTheWay, match=r"window\.png: it was changed"):
        export_files(scan, labels, None, {"labels", "report"}, tmp_path, **words)  # type: ignore[arg-type]


def test_nothing_hidden_is_left_and_what_a_killed_export_left_is_swept(tmp_path: Path, scan: Volume) -> None:
    left = tmp_path / ".boundaryseg-export-0123"
    left.mkdir()
    (left / "case1_seg.nii.gz").write_bytes(b"of a patient")
    (tmp_path / ".boundaryseg-export-mine").write_bytes(b"a file of somebody else")
    everything(scan, tmp_path)
    assert not left.exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [".boundaryseg-export-mine"]


def test_a_folder_that_may_not_be_looked_into_is_named(
    tmp_path: Path, scan: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(InputError, match=r"out: could not be written: Permission denied"):
        export_files(scan, box_labels(scan), None, {"labels"}, tmp_path / "out")
