"""A certificate says what was accepted after which work, claims nothing that was not done, and names no patient."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from certified import AFFINE, bench
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate import writing
from napari_boundaryseg.session.certificate.document import FORMAT, read_certificate, text_of
from napari_boundaryseg.session.certificate.page import page_of
from napari_boundaryseg.session.certificate.reviewed import Reviewed
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import AcceptedCase, Project

REVIEWED = Reviewed(
    findings=[{"sentence": "Slice 4 has no <Anterior>.", "answer": "meant so", "reason": "calcified & cut"}],
    arcs={"Anterior": {"reviewed": 12, "audited": 2, "of": 30}},
    band={"Anterior": {"margin_mm": 1.3, "coverage": 0.9, "patients": 18}},
    reference={"against": "observer 2", "Anterior": {"dsc": 0.91}},
)


def said_of(case: AcceptedCase) -> dict[str, Any]:
    path = case.label.with_name(f"certificate-v{case.version}.json")
    return dict(json.loads(path.read_text("utf-8")))


def page(case: AcceptedCase) -> str:
    return case.label.with_name(f"certificate-v{case.version}.html").read_text("ascii")


def test_it_says_what_was_accepted_of_which_scan(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    case = work.accept(project)
    said = said_of(case)
    stored = nib.load(case.label)
    voxels = np.asarray(stored.dataobj)
    assert (said["format"], said["case"], said["version"], said["person"]) == (FORMAT, "case1", 1, "reader")
    assert said["minutes"] == 2.5
    assert said["labels"]["sha256"] == hashlib.sha256(case.label.read_bytes()).hexdigest()
    assert said["labels"]["voxels_sha256"] == hashlib.sha256(voxels.astype("<u2").tobytes()).hexdigest()
    assert said["labels"]["read_back"].startswith("equal")
    voxel_ml = abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    assert {organ["name"]: organ["volume_ml"] for organ in said["labels"]["organs"]} == pytest.approx(
        {"Hippocampus_A": (voxels == 1).sum() * voxel_ml, "Hippocampus_P": (voxels == 2).sum() * voxel_ml}, abs=1e-6
    )
    geometry = said["geometry"]
    assert geometry["shape"] == list(stored.shape)
    np.testing.assert_array_equal(geometry["affine"], AFFINE)
    assert (geometry["sform_code"], geometry["qform_code"]) == (
        int(stored.header["sform_code"]),
        int(stored.header["qform_code"]),
    )
    assert said["scan"]["hash"] == case.scan_hash
    assert "not a digital signature" in said["signature"] and "new chain" in said["signature"]
    assert "not a medical device" in said["notice"]


def test_it_tells_every_step_by_kind_organ_and_slice(project: Project, tmp_path: Path) -> None:
    said = said_of(bench(tmp_path / "journal").accept(project))["work"]
    assert said["steps"] == {"made": 7, "done": 6, "undone": 1}
    told = {(row["kind"], row["tool"]): (row["steps"], row["organs"]) for row in said["kinds"]}
    assert {key: steps for key, (steps, _) in told.items()} == {
        ("model", "Model"): 1,
        ("paint", "Paint"): 1,
        ("paint", "Pull"): 1,
        ("carried", "Carry"): 1,
        ("cleaned", "Fill holes"): 1,
        ("lock", "Lock"): 1,
    }
    assert told["paint", "Paint"][1] == {"Hippocampus_A": {"steps": 1, "slices": [6]}}
    assert told["paint", "Pull"][1] == {"Hippocampus_P": {"steps": 1, "slices": [7]}}
    assert told["carried", "Carry"][1] == {"Hippocampus_A": {"steps": 1, "slices": [8]}}
    effort = said["effort"]
    assert (effort["strokes"], effort["path_mm"], effort["minutes"], effort["undos"]) == (4, 51.3, 2.0, 1)
    assert effort["organs"]["Hippocampus_A"] == {
        "strokes": 3,
        "path_mm": 41.3,
        "minutes": 1.5,
        "undos": 1,
        "slices": [6],
        "drawn": [6],
    }
    assert said["locked"] == ["Hippocampus_A, slice 6"]
    assert said["slices"]["Hippocampus_A"]["accepted"] == [6]
    assert said["slices"]["Hippocampus_A"]["carried, not looked at"] == [8]
    assert said["slices"]["Hippocampus_P"]["corrected"] == [7]


def test_it_names_the_model_its_settings_and_the_hash_of_its_result(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    said = said_of(work.accept(project))
    result = hashlib.sha256(box_labels(work.scan).array.astype("<u2").tobytes()).hexdigest()
    assert said["model"]["sha256"] == "ab" * 32
    assert (said["model"]["title"], said["model"]["device"]) == ("Tiny", "cpu")
    assert (said["model"]["result_step"], said["model"]["result_voxels_sha256"]) == (1, result)


def test_what_was_checked_is_told_as_it_was_given(project: Project, tmp_path: Path) -> None:
    case = bench(tmp_path / "journal").accept(project, REVIEWED)
    said = said_of(case)["review"]
    assert said["rules"] == [dict(finding) for finding in REVIEWED.findings or ()]
    assert (said["arcs"], said["band"], said["reference"]) == (REVIEWED.arcs, REVIEWED.band, REVIEWED.reference)
    assert "Slice 4 has no &lt;Anterior&gt;." in page(case) and "calcified &amp; cut" in page(case)


def test_what_was_not_done_is_not_claimed(project: Project, scan: Volume) -> None:
    case = project.add_case(scan, box_labels(scan))
    said = said_of(case)
    assert said["review"] == {"rules": "not checked", "arcs": "not reviewed", "band": "none", "reference": "none"}
    assert (said["person"], said["minutes"], said["model"]) == (None, None, "not known")
    assert said["work"] == {"journal": {"file": None, "why": "There is no journal of these labels."}}
    assert "not reviewed" in page(case) and "not checked" in page(case)
    assert "Which steps led to these labels is not known." in page(case)
    assert not case.label.with_name("journal-v1.steps").exists()


@pytest.mark.parametrize("wrong", [float("nan"), object()])
def test_a_review_that_no_file_holds_is_refused_where_it_is_made(wrong: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Reviewed(band={"Anterior": wrong})


def test_it_names_neither_patient_nor_folder_nor_machine(project: Project, tmp_path: Path) -> None:
    case = bench(tmp_path / "journal").accept(project)
    for path in case.label.parent.iterdir():
        data = path.read_bytes()
        assert b"DOE" not in data and str(tmp_path).encode() not in data, path.name


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_asks_for_nothing_and_runs_nothing(project: Project, tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", '"><img src=http://x onerror=y>', "Größe & Co"]
    scheme = LabelScheme(
        name=names[0], organs=tuple(Organ(id=n, name=name, colour="#ff0000") for n, name in enumerate(names, 1))
    )
    scan = box_scan("case <b>1</b>")
    case = project.add_case(scan, box_labels(scan).with_scheme(scheme), work=Work("<i>me</i>"))
    read = Page(page(case))
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "table", "tr", "th", "td"}
    assert {tag for tag, _ in read.tags} <= allowed
    assert {name for _, attributes in read.tags for name, _ in attributes} <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "class",
    }
    for name in (*names, "case <b>1</b>", "<i>me</i>"):
        assert name in read.text
    assert "url(" not in page(case) and "@import" not in page(case)


def test_the_page_says_what_the_certificate_says(project: Project, tmp_path: Path) -> None:
    case = bench(tmp_path / "journal").accept(project)
    said, text = said_of(case), Page(page(case)).text
    for value in (said["sha256"], said["labels"]["sha256"], said["model"]["sha256"], said["work"]["journal"]["sha256"]):
        assert value in text
    assert "not a digital signature" in text and "6 steps lead to these labels; 1 more were made and undone." in text
    assert page_of(said).decode() == page(case)


def test_a_journal_that_leads_to_other_labels_is_not_passed_off_as_theirs(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    labels = work.labels()
    work.history.undo()
    work.history.undo()
    case = project.add_case(work.scan, labels, work=Work("reader", 1.0, journal=work.moment()))
    assert said_of(case)["work"]["journal"] == {"file": None, "why": "The journal does not lead to these labels."}


def test_a_journal_that_cannot_be_read_keeps_nobody_from_accepting(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    moment, labels = work.moment(), work.labels()
    work.journal.finish()
    case = project.add_case(work.scan, labels, work=Work("reader", 1.0, journal=moment))
    journal = said_of(case)["work"]["journal"]
    assert journal["file"] is None and journal["why"].startswith("The journal of these labels could not be read")


def test_a_journal_that_is_too_large_is_told_and_not_kept(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_BYTES", 100)
    case = bench(tmp_path / "journal").accept(project)
    said = said_of(case)["work"]
    assert said["journal"]["file"] is None and "cannot be replayed" in said["journal"]["why"]
    assert said["steps"]["done"] == 6, "what was done is told all the same"
    assert not case.label.with_name("journal-v1.steps").exists()


FORGED: dict[str, Any] = {
    "no JSON": b"{",
    "a list": b"[]",
    "another file": b'{"format": "napari-boundaryseg-report/2"}',
    "a name twice": b'{"format": "napari-boundaryseg-certificate/1", "format": "x"}',
    "nothing but its format": b'{"format": "napari-boundaryseg-certificate/1"}',
    "a deep text": b"[" * 100_000,
    "no UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("kind", FORGED)
def test_what_is_no_certificate_is_one_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "certificate-v1.json"
    path.write_bytes(FORGED[kind])
    with pytest.raises(InputError, match=r"certificate-v1\.json: it "):
        read_certificate(path)


def test_a_later_version_is_left_to_the_program_that_wrote_it(project: Project, tmp_path: Path) -> None:
    said = said_of(bench(tmp_path / "journal").accept(project))
    path = tmp_path / "certificate-v1.json"
    path.write_bytes(text_of({**said, "format": "napari-boundaryseg-certificate/2"}))
    with pytest.raises(InputError, match="a later version of the program wrote it"):
        read_certificate(path)


def test_a_path_out_of_the_folder_is_refused(project: Project, tmp_path: Path) -> None:
    said = said_of(bench(tmp_path / "journal").accept(project))
    path = tmp_path / "certificate-v1.json"
    for part, name in (("labels", "../../labels-v1.nii.gz"), ("work", "/etc/passwd")):
        changed = json.loads(json.dumps(said))
        (changed[part] if part == "labels" else changed["work"]["journal"])["file"] = name
        path.write_bytes(text_of(changed))
        with pytest.raises(InputError, match="it does not say what it must"):
            read_certificate(path)
