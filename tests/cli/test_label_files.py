"""Which label files belong to which case: nothing is left out, joined or renamed in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_boundaryseg.cli.inputs.label_files import cases_in, compared, known_as
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.listed_maps import report_beside
from napari_boundaryseg.session.report import FORMAT


def touch(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def report(folder: Path, case: str, *files: str, **more: object) -> None:
    (folder / f"{case}.json").write_text(json.dumps({"format": FORMAT, "case": case, "files": files, **more}))


KINDS = ("edges", "contours", "probabilities")


def test_label_maps_of_a_folder_by_case(tmp_path: Path) -> None:
    maps = [f"a_{kind}.nii.gz" for kind in KINDS]
    touch(tmp_path, "a_seg.nii.gz", *maps, "b.nii.gz", "._b.nii.gz")
    report(tmp_path, "a", "a_seg.nii.gz", *maps)
    assert cases_in(tmp_path) == {"a": tmp_path / "a_seg.nii.gz", "b": tmp_path / "b.nii.gz"}


@pytest.mark.parametrize("kind", [*KINDS, "uncertainty"])
@pytest.mark.parametrize("beside", ["nothing", "its case", "a report of another file", "a note", "a damaged report"])
def test_a_label_map_of_any_name_is_a_case(tmp_path: Path, kind: str, beside: str) -> None:
    (own,) = touch(tmp_path, f"knee_{kind}.nii.gz")
    if beside != "nothing":
        touch(tmp_path, "knee_seg.nii.gz")
    if beside == "a report of another file":
        report(tmp_path, "knee", "knee_seg.nii.gz", checks=[f"{kind}: read back unchanged"])
    elif beside == "a note":
        (tmp_path / "knee.json").write_text('{"EchoTime": 0.003, "files": 3}')
    elif beside == "a damaged report":
        (tmp_path / "knee.json").write_text("{")
    assert cases_in(tmp_path).pop(f"knee_{kind}") == own


def test_maps_of_an_earlier_export_and_of_an_old_window_are_known(tmp_path: Path) -> None:
    touch(tmp_path, "a_seg.nii.gz", "a_edges.nii.gz", "b_seg.nii.gz", "b_edges.nii.gz", "b_contours.nii.gz")
    report(tmp_path, "a", "a_seg.nii.gz", earlier={"a_edges.nii.gz": "0" * 64})
    old = {"case": "b", "software": "napari-boundaryseg 0.1.0", "checks": ["edges: read back unchanged"]}
    (tmp_path / "b.json").write_text(json.dumps(old))
    assert set(cases_in(tmp_path)) == {"a", "b", "b_contours"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_that_is_named_alone_is_refused_with_what_it_is(tmp_path: Path, kind: str) -> None:
    (path,) = touch(tmp_path, f"a_{kind}.nii.gz")
    assert cases_in(path) == {f"a_{kind}": path}, "nothing says that it is none"
    report(tmp_path, "a", path.name)
    with pytest.raises(
        InputError, match=rf"^{path.name}: it holds the {kind} of 'a', as a\.json says\. Give the label"
    ):
        cases_in(path)


@pytest.mark.parametrize("scan", ["a.nii.gz", "a.nrrd", "a.nii", "a_seg.nii"])
def test_two_files_of_one_case_are_named(tmp_path: Path, scan: str) -> None:
    touch(tmp_path / "maps", "a_seg.nii.gz", scan)
    with pytest.raises(InputError) as refused:
        cases_in(tmp_path / "maps")
    first, second = sorted(["a_seg.nii.gz", scan])
    assert str(refused.value) == (
        f"maps: {first} and {second} are both taken for the label map of the case 'a'. "
        "Give a folder of label maps only, one for each case: no scans among them."
    )


def test_what_cannot_be_read_is_told_and_what_lies_beside_is_not(tmp_path: Path) -> None:
    touch(tmp_path / "maps", "a.nii.gz", "b.mgz", "c.nii.bz2", "a.json", "a_GTV.stl", "scores.CSV", ".DS_Store")
    (tmp_path / "maps" / "case d").mkdir()
    said: list[str] = []
    assert set(cases_in(tmp_path / "maps", said.append)) == {"a"}
    assert said == ["Left out of maps, for they cannot be read as label maps: b.mgz, c.nii.bz2, case d."]


def test_a_report_is_found_however_its_accents_are_written(tmp_path: Path) -> None:
    parts = "Mu\u0308ller"
    touch(tmp_path, f"{parts}_seg.nii.gz", f"{parts}_edges.nii.gz")
    report(tmp_path, parts, f"{parts}_seg.nii.gz", f"{parts}_edges.nii.gz")
    found = cases_in(tmp_path)
    assert set(found) == {"M\u00fcller"}
    assert report_beside(found["M\u00fcller"]).is_file()


def test_label_maps_keep_patient_numbers(tmp_path: Path) -> None:
    touch(tmp_path, "amos_0001_seg.nii.gz", "amos_0004.nii.gz", "p_0000.nii.gz")
    assert set(cases_in(tmp_path)) == {"amos_0001", "amos_0004", "p_0000"}


@pytest.mark.parametrize(
    ("predicted", "reference", "pairs"),
    [
        (["amos_0004.nii.gz"], ["amos_0001.nii.gz"], set()),
        (["FLARE22_Tr_0001_seg.nii.gz"], ["FLARE22_Tr_0001.nii.gz"], {"FLARE22_Tr_0001"}),
        (["a_seg.nii.gz"], ["a_0000.nii.gz"], {"a"}),
        (["a_0000_seg.nii.gz"], ["a.nii.gz"], {"a_0000"}),
        (["a_seg.nii.gz"], ["a_0000.nii.gz", "a.nii.gz"], {"a"}),
        (["a_0000_seg.nii.gz", "a_0001_seg.nii.gz"], ["a_0000.nii.gz", "a_0001.nii.gz"], {"a_0000", "a_0001"}),
        (["a_0001_seg.nii.gz"], ["a.nii.gz"], set()),
    ],
)
def test_predictions_meet_references_of_their_own_patient(
    tmp_path: Path, predicted: list[str], reference: list[str], pairs: set[str]
) -> None:
    for folder, names in (("p", predicted), ("r", reference)):
        (tmp_path / folder).mkdir()
        touch(tmp_path / folder, *names)
    found, truth = compared(tmp_path / "p", tmp_path / "r")
    assert set(found) & set(truth) == pairs
    assert (len(found), len(truth)) == (len(predicted), len(reference)), "none is lost"


def test_a_reference_that_is_known_under_another_name_is_told(tmp_path: Path) -> None:
    touch(tmp_path / "p", "a_0000_seg.nii.gz", "b_seg.nii.gz")
    touch(tmp_path / "r", "a.nii.gz", "b.nii.gz")
    said: list[str] = []
    assert set(compared(tmp_path / "p", tmp_path / "r", said.append)[1]) == {"a_0000", "b"}
    assert said == ["The reference a is taken for that of a_0000."]


def test_two_files_are_compared_whatever_their_names(tmp_path: Path) -> None:
    one, two = touch(tmp_path, "mine.nii.gz", "truth.nii.gz")
    assert compared(one, two) == ({"mine": one}, {"mine": two})


def test_a_name_is_not_taken_for_another_where_both_are_there() -> None:
    assert known_as("a", {"a", "a_0000"}) == "a"
    assert known_as("a_0000", {"a", "a_0000"}) == "a_0000"


def test_a_name_is_one_however_its_accents_are_written(tmp_path: Path) -> None:
    for system in ("mac", "linux"):
        (tmp_path / system).mkdir()
    (parts,) = touch(tmp_path / "mac", "Mu\u0308ller_seg.nii.gz")
    (whole,) = touch(tmp_path / "linux", "M\u00fcller.nii.gz")
    assert cases_in(tmp_path / "mac") == {"M\u00fcller": parts}
    assert cases_in(tmp_path / "linux") == {"M\u00fcller": whole}
