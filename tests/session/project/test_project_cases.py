"""What the labels of a case mean, also where ``case.json`` is old, damaged or gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.cases import meaning, read_notes, write_notes
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project

OWN = LabelScheme(
    name="own", organs=(Organ(id=1, name="Thymus", colour="#123456"), Organ(id=2, name="Thyroid", colour="#654321"))
)


def test_a_scheme_of_ones_own_comes_back_whole(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    write_notes(tmp_path, scan, 1, "now", meaning(labels.with_scheme(OWN), None))
    assert LabelScheme.model_validate(read_notes(tmp_path, "case1", 1, "own")["scheme"]) == OWN


@pytest.mark.parametrize("notes", [None, "{", "[]", '{"version": 1}', '{"version": 2, "earlier": 3}'])
def test_without_notes_the_listed_name_of_a_known_scheme_counts(tmp_path: Path, notes: str | None) -> None:
    if notes is not None:
        (tmp_path / "case.json").write_text(notes)
    wanted = {"scheme": preset("hippocampus").model_dump(mode="json"), "box": None, "looked": None}
    assert read_notes(tmp_path, "case1", 1, "hippocampus") == wanted
    with pytest.raises(InputError, match="case1: nothing says which organs"):
        read_notes(tmp_path, "case1", 1, "own")


def test_notes_of_another_version_never_count(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    """After a crash ``case.json`` may speak of labels that were never listed."""
    write_notes(tmp_path, scan, 1, "now", meaning(labels, None))
    write_notes(tmp_path, scan, 2, "later", meaning(labels.with_scheme(OWN), (slice(0, 3), slice(0, 3), slice(0, 3))))
    assert read_notes(tmp_path, "case1", 1, "hippocampus") == {
        "scheme": preset("hippocampus").model_dump(mode="json"),
        "box": None,
        "looked": None,
    }


def test_notes_from_before_boxes_were_kept_mean_the_whole_scan(tmp_path: Path) -> None:
    atomic_json(tmp_path / "case.json", {"name": "case1", "version": 1, "scheme": OWN.model_dump(mode="json")})
    assert read_notes(tmp_path, "case1", 1, "own") == {
        "scheme": OWN.model_dump(mode="json"),
        "box": None,
        "looked": None,
    }


def test_notes_of_version_0_1_are_read_and_kept_under_the_names_of_today(
    tmp_path: Path, scan: Volume, labels: LabelMap
) -> None:
    own, known = OWN.model_dump(mode="json"), preset("hippocampus").model_dump(mode="json")
    first = {"version": 1, "accepted": "then", "scheme": own, "box": [[0, 3], [0, 3], [0, 3]]}
    atomic_json(
        tmp_path / "case.json",
        {"name": "case1", "version": 2, "accepted": "now", "scheme": known, "box": None, "earlier": [first]},
    )
    assert read_notes(tmp_path, "case1", 1, "own") == {
        "scheme": own,
        "box": [[0, 3], [0, 3], [0, 3]],
        "looked": None,
    }
    write_notes(tmp_path, scan, 3, "later", meaning(labels.with_scheme(OWN), None))
    stored = json.loads((tmp_path / "case.json").read_text("utf-8"))
    assert (stored["format"], stored["label_scheme"]) == ("napari-boundaryseg-case/3", own)
    assert [(entry["version"], entry["label_scheme"]) for entry in stored["earlier"]] == [(2, known), (1, own)]
    assert "scheme" not in {name for entry in (stored, *stored["earlier"]) for name in entry}


def test_notes_of_a_later_version_are_not_guessed_at(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    text = json.dumps({"format": "napari-boundaryseg-case/4", "name": "case1", "version": 1})
    (tmp_path / "case.json").write_text(text)
    with pytest.raises(InputError, match=r"case\.json: a later version of the program wrote it"):
        read_notes(tmp_path, "case1", 1, "hippocampus")
    with pytest.raises(InputError, match=r"case\.json: a later version of the program wrote it"):
        write_notes(tmp_path, scan, 2, "now", meaning(labels, None))
    assert (tmp_path / "case.json").read_text() == text


@pytest.mark.parametrize("damaged", ["{", '{"format": "napari-boundaryseg-case/2", "box": [[1e999, 2]]}', '"text"'])
def test_notes_that_cannot_be_read_are_kept_beside_the_new_ones(
    tmp_path: Path, scan: Volume, labels: LabelMap, damaged: str
) -> None:
    for _ in range(2):
        (tmp_path / "case.json").write_text(damaged)
        write_notes(tmp_path, scan, 2, "now", meaning(labels, None))
        assert read_notes(tmp_path, scan.name, 2, "hippocampus")["box"] is None
    kept = sorted(tmp_path.glob("case-damaged-*.json"))
    assert [file.read_text() for file in kept] == [damaged, damaged]


@pytest.mark.parametrize("change", ["organs", "box", "looked", "gone"])
def test_a_case_json_that_somebody_changed_does_not_change_what_was_accepted(
    project: Project, scan: Volume, labels: LabelMap, change: str
) -> None:
    work = Work(looked=LookedAt(axis=2, slices={1: (5, 7), 2: (5,)}))
    case = project.add_case(scan, labels, (slice(0, 14), slice(1, 15), slice(2, 16)), work=work)
    accepted, file = project.meaning_of(case), case.label.parent / "case.json"
    assert accepted["box"] == [[0, 14], [1, 15], [2, 16]]
    notes = json.loads(file.read_text())
    if change == "organs":
        one, two = notes["label_scheme"]["organs"]
        one["name"], two["name"] = two["name"], one["name"]
    notes["looked"] = None if change == "looked" else notes["looked"]
    notes["box"] = [[0, 3]] * 3 if change == "box" else notes["box"]
    file.write_text(json.dumps(notes))
    if change == "gone":
        file.unlink()
    assert project.meaning_of(case) == accepted
    said = [(finding.subject, finding.problem) for finding in check(project.folder)]
    where = file.relative_to(project.folder).as_posix()
    told = (where, "says something else of version 1 than the project's list, which counts")
    assert said == ([] if change == "gone" else [told])


def test_which_slices_were_looked_at_is_kept_for_each_version(project: Project, scan: Volume, labels: LabelMap) -> None:
    looked = LookedAt(axis=2, slices={1: (5, 7), 2: None})
    first = project.add_case(scan, labels, work=Work(looked=looked))
    said = json.loads((first.label.parent / "case.json").read_text("utf-8"))["looked"]
    assert LookedAt.model_validate(said) == looked
    second = project.add_case(scan, labels)
    assert project.meaning_of(second)["looked"] is None
    assert LookedAt.model_validate(project.meaning_of(first)["looked"]) == looked
    assert check(project.folder) == []


def test_slices_that_the_scan_does_not_have_are_refused_before_anything_is_stored(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    with pytest.raises(InputError, match="does not have"):
        project.add_case(scan, labels, work=Work(looked=LookedAt(axis=2, slices={1: (99,)})))
    assert project.cases() == []
    assert not list(project.folder.glob("cases/*"))


def test_labels_of_a_version_2_case_count_as_a_whole(project: Project, scan: Volume, labels: LabelMap) -> None:
    """A project from before slices were kept: its list and its file say nothing of them."""
    case = project.add_case(scan, labels)
    file = case.label.parent / "case.json"
    notes = json.loads(file.read_text("utf-8"))
    del notes["looked"]
    file.write_text(json.dumps({**notes, "format": "napari-boundaryseg-case/2"}))
    with project.writing() as database:
        (text,) = database.execute("SELECT meaning FROM versions").fetchone()
        listed = {key: value for key, value in json.loads(text).items() if key != "looked"}
        database.execute("UPDATE versions SET meaning = ?", (json.dumps(listed),))
    assert project.meaning_of(case)["looked"] is None
    assert check(project.folder) == []
