"""Who may judge a fine-tuning: no copy of a training case, no patient of one, nothing that an ancestor has seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_fine_tune import case, write_model

from napari_boundaryseg.data.volume import Geometry
from napari_boundaryseg.engine.checkpoints.ancestry import Ancestry, content_hashes
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.fine_tune import fine_tune
from napari_boundaryseg.engine.training.judges import Judges
from napari_boundaryseg.errors import InputError


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return load_model(write_model(tmp_path / "tiny.safetensors"))


def copied(seed: int, name: str) -> LabelledScan:
    """The same scan stored the other way round, under another name."""
    volume, labels = case(seed)
    turned = Geometry(volume.geometry.shape, np.array([[-1, 0, 0, 15], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    scan = replace(volume, array=volume.array[:, ::-1].astype(np.float64), geometry=turned, name=name)
    return LabelledScan(scan, scan.with_labels(labels.array[::-1], labels.scheme))


def test_a_copy_of_a_training_case_under_another_name_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="other: it is held out, and a copy of the scan of the training case case1"):
        fine_tune(model, [case(1)], tmp_path / "out", held_out=[copied(1, "other")], steps=1)
    assert not (tmp_path / "out").exists()


def test_a_held_out_case_whose_labels_lie_elsewhere_is_refused_before_anything_is_trained(
    model: LoadedModel, tmp_path: Path
) -> None:
    volume, labels = case(2)
    elsewhere = replace(labels, geometry=Geometry(labels.array.shape, np.diag([-1.0, 1, 1, 1])))
    with pytest.raises(InputError, match="case2: its labels lie on another grid"):
        fine_tune(model, [case(1)], tmp_path / "out", held_out=[(volume, elsewhere)], steps=1)
    assert not (tmp_path / "out").exists()


def test_a_patient_on_both_sides_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    patients = {"case1": "p", "case2": "p"}
    with pytest.raises(InputError, match="case2: it is held out, and shows the patient of the training case case1"):
        fine_tune(model, [case(1)], tmp_path / "out", held_out=[case(2)], patients=patients, steps=1)


def test_what_an_ancestor_was_trained_on_is_named_and_not_counted(model: LoadedModel, tmp_path: Path) -> None:
    """Two generations: the first saw case 1 of patient p; scans 2 and 4 may judge the third, copies of 1 and p not."""
    first = load_model(fine_tune(model, [case(1)], tmp_path / "1", patients={"case1": "p"}, steps=1, device="cpu"))
    second = load_model(fine_tune(first, [case(3)], tmp_path / "2", steps=1, device="cpu"))
    held = [case(2), case(4), copied(1, "renamed"), case(6)]
    fine_tune(second, [case(5)], tmp_path / "3", held_out=held, patients={"case6": "p"}, steps=1, device="cpu")
    comparison = json.loads((tmp_path / "3" / "comparison.json").read_text("utf-8"))
    assert {row["case"] for row in comparison["cases"]} == {"case2", "case4"}
    assert (comparison["n"], set(comparison["excluded"])) == (2, {"renamed", "case6"})
    page = (tmp_path / "3" / "comparison.md").read_text("utf-8")
    assert "renamed may not judge: an earlier version of the model was trained on this scan, or on a copy of it" in page
    assert "case6 may not judge" in page
    assert "could not be checked" in page, "the first of all has a card that does not say what it was trained on"


def test_where_nobody_may_judge_there_is_no_evidence(model: LoadedModel, tmp_path: Path) -> None:
    first = load_model(fine_tune(model, [case(1)], tmp_path / "1", steps=1, device="cpu"))
    path = fine_tune(first, [case(2)], tmp_path / "2", held_out=[case(1)], steps=1, device="cpu")
    comparison = json.loads((tmp_path / "2" / "comparison.json").read_text("utf-8"))
    assert (comparison["verdict"], comparison["n"], comparison["change"]["mean"]) == ("no evidence", 0, None)
    assert load_model(path).card.scores == ()


def test_an_ancestry_outlives_the_file(model: LoadedModel, tmp_path: Path) -> None:
    card = load_model(fine_tune(model, [case(1)], tmp_path / "1", steps=1, device="cpu")).card
    assert set(content_hashes(case(1)[0])) <= set(card.ancestry.scans)
    assert not card.ancestry.complete
    assert "case1" not in card.ancestry.model_dump_json()


def test_a_case_of_the_same_name_in_both_roles_is_refused_as_before() -> None:
    with pytest.raises(InputError, match="case1: it is both a training case and held out"):
        Judges.of(Ancestry(), [LabelledScan(*case(1))], [LabelledScan(*case(1))], {})


def moved(seed: int, name: str) -> LabelledScan:
    """The same voxels under another name, in a file that has lost its geometry."""
    volume, labels = case(seed)
    scan = replace(volume, geometry=Geometry(volume.geometry.shape, np.diag([1.0, -1, 1, 1])), name=name)
    return LabelledScan(scan, scan.with_labels(labels.array, labels.scheme))


@pytest.mark.parametrize("copy", [copied, moved])
def test_copies_of_one_held_out_scan_count_as_one_patient_and_are_told(
    model: LoadedModel, tmp_path: Path, copy: Callable[[int, str], LabelledScan]
) -> None:
    """Five names of one scan, and two others: with five patients more there might be a verdict."""
    held = [case(2), *(copy(2, f"copy{n}") for n in range(4)), case(4), case(6)]
    path = fine_tune(model, [case(1)], tmp_path / "out", held_out=held, steps=1, device="cpu")
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))
    assert (comparison["n"], comparison["n_cases"]) == (3, 7)
    assert comparison["copies"] == [["case2", "copy0", "copy1", "copy2", "copy3"]]
    said = "case2, copy0, copy1, copy2, copy3 are one scan under several names, and count as one patient."
    assert said in (tmp_path / "out" / "comparison.md").read_text("utf-8")
    card = load_model(path).card
    assert {score.n for score in card.scores} == {3}
    assert card.scored_on.startswith("3 of the user's cases")


def test_cases_of_one_scan_join_their_patients() -> None:
    """Whoever is behind two names is one patient, with all cases of either."""
    held = [LabelledScan(*case(2)), copied(2, "copy"), LabelledScan(*case(4)), LabelledScan(*case(6))]
    patients = {"case2": "p", "copy": "q", "case4": "q", "case6": ""}
    judges = Judges.of(Ancestry(), [LabelledScan(*case(1))], held, patients)
    assert len({judges.patients[name] for name in ("case2", "copy", "case4")}) == 1
    assert judges.patients["case6"] == ""
    alone = Judges.of(Ancestry(), [LabelledScan(*case(1))], held[:2], {"case2": "", "copy": ""})
    assert set(alone.patients.values()) == {"case2"}


def test_an_excluded_copy_is_excluded_with_all_of_its_names(model: LoadedModel, tmp_path: Path) -> None:
    first = load_model(fine_tune(model, [case(1)], tmp_path / "1", steps=1, device="cpu"))
    judges = Judges.of(first.card.ancestry, [LabelledScan(*case(3))], [copied(1, "a"), copied(1, "b")], {})
    assert (set(judges.excluded), list(judges.copies)) == ({"a", "b"}, [])


def test_a_copy_of_a_training_case_that_has_lost_its_geometry_is_refused() -> None:
    with pytest.raises(InputError, match="other: it is held out, and a copy of the scan of the training case case1"):
        Judges.of(Ancestry(), [LabelledScan(*case(1))], [moved(1, "other")], {})


def test_labels_that_nobody_has_corrected_judge_nothing_and_may_teach(model: LoadedModel, tmp_path: Path) -> None:
    """They are what some model found, perhaps an earlier version of this one: it would be judged by itself."""
    judged = [case(2), case(3)]
    fine_tune(model, [case(1)], tmp_path, held_out=judged, untouched=["case1", "case3"], steps=1, device="cpu")
    comparison = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert comparison["n"] == 1
    assert comparison["excluded"] == {"case3": "its labels are a model's own result, which nobody has corrected"}
