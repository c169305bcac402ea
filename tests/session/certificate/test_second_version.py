"""Labels that were opened from an accepted version say so, by their voxels: their work and model are not lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from certified import Bench, bench, paint
from session_cases import box_labels

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.history.edit import MODEL, OPENED
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.session.certificate.replaying import replay
from napari_boundaryseg.session.certificate.verify import verify
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import AcceptedCase, Project


def reopened(first: Bench, labels: LabelMap, folder: Path) -> Bench:
    """Labels that were opened from a file into an empty layer, and one stroke of an eraser."""
    scan, display = first.scan, first.scan.geometry.display
    history = History(np.zeros(display.display_shape, np.uint8))
    scheme = labels.scheme.model_dump_json()
    journal = Journal(
        JournalHeader(scan.name, hash_of(scan), scheme, scan.geometry.voxel_ml, ("scan.nii.gz",)), history.array, folder
    )
    journal.follow(history)
    history.apply("Opened labels", (slice(None),) * 3, display.to_display(labels.array), OPENED)
    paint(history, 6, 0, "Paint: erase, slice 7")
    return Bench(scan, history, journal)


def certificate(case: AcceptedCase) -> tuple[Path, dict[str, Any], str]:
    path = case.label.with_name(f"certificate-v{case.version}.json")
    return path, json.loads(path.read_text("utf-8")), path.with_suffix(".html").read_text("ascii")


def test_a_second_version_names_the_first_its_certificate_and_its_model(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "one")
    _, first, _ = certificate(work.accept(project))
    second = reopened(work, work.labels(), tmp_path / "two")
    path, said, page = certificate(second.accept(project))
    opened = said["work"]["opened"]
    assert (opened["version"], opened["certificate"], opened["step"]) == (1, first["sha256"], 1)
    assert (said["model"]["of_version"], said["model"]["title"], said["model"]["sha256"]) == (1, "Tiny", "ab" * 32)
    assert "result_step" not in said["model"], "steps are those of another journal"
    assert said["against_model"].startswith("No model's result was applied since")
    states = said["work"]["slices"]["Hippocampus_A"]
    assert "untouched" not in states and 6 in states["as in version 1"], "slice 6 was corrected and accepted then"
    whats = [row["what"] for row in said["work"]["kinds"]]
    assert "opened from version 1 of this case" in whats and "opened from a file" not in whats
    assert "Of version 1: Tiny. No model's result was applied since." in page
    assert first["sha256"] in page and "stand in that certificate" in page
    done, found = replay(path), verify(project)
    assert done.same, done.words
    assert (len(found.whole), found.problems) == (2, ())


def test_a_third_version_names_the_second_and_the_model_of_the_first(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "one")
    work.accept(project)
    second = reopened(work, work.labels(), tmp_path / "two")
    second.accept(project)
    third = reopened(work, second.labels(), tmp_path / "three")
    paint(third.history, 9, 2, "Paint: Hippocampus_P, slice 10")
    _, said, _ = certificate(third.accept(project))
    assert (said["work"]["opened"]["version"], said["model"]["of_version"]) == (2, 1)


def test_labels_that_differ_by_one_voxel_are_of_no_version(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "one")
    work.accept(project)
    array = work.labels().array.copy()
    array[0, 0, 0] ^= 1
    labels = work.scan.with_labels(array, work.labels().scheme)
    _, said, page = certificate(reopened(work, labels, tmp_path / "two").accept(project))
    assert "opened" not in said["work"] and said["model"] == "no model's result was applied"
    assert "untouched" in said["work"]["slices"]["Hippocampus_A"] and "opened from a file" in page


def test_the_same_integers_of_other_organs_are_of_no_version(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "one")
    work.accept(project)
    known = work.labels()
    names = [organ.name for organ in known.scheme.organs][::-1]
    organs = tuple(organ.model_copy(update={"name": name}) for organ, name in zip(known.scheme.organs, names))
    labels = known.with_scheme(LabelScheme(name="other", organs=organs))
    second = reopened(work, labels, tmp_path / "two")
    array = np.ascontiguousarray(work.scan.geometry.display.from_display(second.history.array))
    stored = work.scan.with_labels(array, labels.scheme)
    _, said, _ = certificate(project.add_case(work.scan, stored, work=Work("reader", 1.0, journal=second.moment())))
    assert "opened" not in said["work"]


def test_the_certificate_of_another_case_is_none_of_this(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "one")
    work.accept(project)
    other = bench(tmp_path / "other", "case2", seed=3)
    other = reopened(other, work.labels(), tmp_path / "two")
    _, said, _ = certificate(other.accept(project))
    assert (said["case"], "opened" in said["work"]) == ("case2", False)


def test_a_changed_certificate_vouches_for_nothing(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "one")
    path, _, _ = certificate(work.accept(project))
    path.write_text(path.read_text("utf-8").replace("Tiny", "Tony"), "utf-8")
    _, said, _ = certificate(reopened(work, work.labels(), tmp_path / "two").accept(project))
    assert "opened" not in said["work"]


@pytest.mark.parametrize("before", [True, False])
def test_a_models_result_since_is_the_model_of_the_labels(project: Project, tmp_path: Path, before: bool) -> None:
    """And one that the opened version replaced is not."""
    work = bench(tmp_path / "one")
    work.accept(project)
    opened = work.labels()
    second = reopened(work, opened, tmp_path / "two")
    everything, display = (slice(None),) * 3, work.scan.geometry.display
    second.history.apply("Model: New", everything, display.to_display(box_labels(work.scan).array), MODEL)
    second.journal.note(note_body({}, 1, None, {3: {"model": "New", "sha256": "ef" * 32}}))
    if before:
        second.history.apply("Opened labels", everything, display.to_display(opened.array), OPENED)
    _, said, page = certificate(second.accept(project))
    assert said["work"]["opened"]["version"] == 1
    assert said["model"]["title"] == ("Tiny" if before else "New")
    assert ("of_version" in said["model"]) is before
    assert ("No model's result was applied since." in page) is before
    assert ("untouched" in said["work"]["slices"]["Hippocampus_A"]) is not before
