"""What the model drew is told beside what was accepted, in numbers that another library and counting find, too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from certified import Bench, bench
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter
from session_cases import box_labels, box_scan
from test_certificate import page, said_of

from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.history.edit import MODEL, OPENED
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.review.band.border_margin import border_factor
from napari_boundaryseg.review.band.local_width import local_width_mm
from napari_boundaryseg.session.certificate import document
from napari_boundaryseg.session.certificate.accepted_figures import accepted_figures
from napari_boundaryseg.session.certificate.against_model import (
    IN_ACCEPTED,
    NO_MODEL,
    OVER_HAND_WORK,
    SOME_SLICES,
)
from napari_boundaryseg.session.certificate.page import page_of
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import Project


def surface_dice(a: np.ndarray, b: np.ndarray, spacing: Sequence[float], mm: float) -> float:
    """By distance transforms, where the metric asks a tree."""
    edges = [mask & ~binary_erosion(mask, border_value=1) for mask in (a, b)]
    far = [distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    near = (far[1][edges[0]] <= mm + 1e-4).sum() + (far[0][edges[1]] <= mm + 1e-4).sum()
    return float(near / (edges[0].sum() + edges[1].sum()))


def note_of(work: Bench, step: int, **details: object) -> None:
    said = {"model": "Tiny", "sha256": "ab" * 32, "box": None, **details}
    work.journal.note(note_body({}, 1, None, {step: said}))


def untouched(folder: Path, name: str = "case1", seed: int = 0) -> Bench:
    """Labels as the model drew them."""
    work = bench(folder, name, seed)
    while work.history.position > 1:
        work.history.undo()
    return work


def test_it_holds_the_metrics_of_what_the_model_drew(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    said = said_of(work.accept(project))["against_model"]
    assert (said["model"], said["sha256"], said["edited"], said["adapted"]) == ("Tiny", "ab" * 32, True, False)
    before, after = box_labels(work.scan).array, work.labels().array
    for organ in work.labels().scheme.organs:
        row = said["organs"][organ.name]
        wanted = surface_dice(before == organ.id, after == organ.id, work.scan.spacing_mm, organ.tolerance_mm)
        assert row["surface_dice"] == pytest.approx(wanted, abs=5e-5)
        assert row["tolerance_mm"] == organ.tolerance_mm
    assert said["organs"]["Hippocampus_A"]["margin_mm"] > 0


def test_the_page_says_it_and_none_nowhere(project: Project, tmp_path: Path) -> None:
    case = bench(tmp_path / "journal").accept(project)
    text = page(case)
    assert "The model's result beside what was accepted" in text.replace("&#x27;", "'")
    assert "None" not in text and "flatter" not in text
    bare = project.add_case(box_scan("bare", 5), box_labels(box_scan("bare", 5)))
    assert "None" not in page(bare) and said_of(bare)["against_model"] == "not known"


def test_any_number_that_is_missing_is_not_known_on_the_page(project: Project, tmp_path: Path) -> None:
    said = said_of(bench(tmp_path / "journal").accept(project))
    said["review"]["reference"] = {"organs": {"Hippocampus_A": {"hd95_mm": None, "found": [1, None]}}}
    said["minutes"] = None
    text = page_of(said).decode()
    assert "None" not in text and text.count("not known") >= 3


def test_a_certificate_from_before_is_read_and_shown(project: Project, tmp_path: Path) -> None:
    case = bench(tmp_path / "journal").accept(project)
    old = {name: value for name, value in said_of(case).items() if name not in ("against_model", document.HASH)}
    del old["scan"]["content"]
    path = tmp_path / "certificate-v1.json"
    path.write_bytes(document.text_of(document.sealed(old)))
    read = document.read_certificate(path)
    assert document.is_whole(read) and b"not known" in page_of(read) and b"None" not in page_of(read)


def test_no_model_no_figures(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    work.history.undo()
    while work.history.position:
        work.history.undo()
    work.history.apply("Open: labels", (slice(None),) * 3, np.ones_like(work.history.array), OPENED)
    case = work.accept(project)
    assert said_of(case)["against_model"] == NO_MODEL and accepted_figures(project) == []


def test_a_result_over_hand_work_that_stayed_is_not_called_the_models(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")  # slice 6 is locked
    whole = np.zeros_like(work.history.array)
    work.history.apply("Model: Tiny", (slice(None),) * 3, whole, MODEL)
    note_of(work, work.history.position)
    said = said_of(work.accept(project))["against_model"]
    assert said["organs"] == {} and said["why"] == OVER_HAND_WORK
    assert accepted_figures(project) == []


@pytest.mark.parametrize(
    ("name", "box", "known"),
    [
        ("Model: Tiny", None, True),
        ("Model: Tiny", [[0, 2], [0, 2], [0, 2]], False),
        ("Model: all pieces of Hippocampus_A", None, False),
    ],
)
def test_a_result_that_replaces_all_is_the_models(
    project: Project, tmp_path: Path, name: str, box: object, known: bool
) -> None:
    work = bench(tmp_path / "journal")
    work.history.unlock(Lock(1, 5), "Unlock")
    work.history.apply(name, (slice(None),) * 3, np.roll(work.history.array, 1, axis=0), MODEL)
    note_of(work, work.history.position, box=box)
    assert ("why" not in said_of(work.accept(project))["against_model"]) == known


def test_what_nobody_corrected_is_marked(project: Project, tmp_path: Path) -> None:
    case = untouched(tmp_path / "journal").accept(project)
    said = said_of(case)["against_model"]
    assert not said["edited"] and "flatter the model" in page(case)
    assert {row["margin_mm"] for row in said["organs"].values()} == {0.0}
    assert {one.edited for one in accepted_figures(project)} == {False}


def test_a_missing_organ_has_no_margin(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    work.history.unlock(Lock(1, 5), "Unlock")
    without = np.where(work.history.array == 1, 0, work.history.array).astype(work.history.array.dtype)
    work.history.apply("Erase", (slice(None),) * 3, without, "paint")
    case = work.accept(project)
    row = said_of(case)["against_model"]["organs"]["Hippocampus_A"]
    assert (row["surface_dice"], row["margin_mm"], row["missing"]) == (0.0, None, IN_ACCEPTED)
    assert IN_ACCEPTED in page(case)
    assert [one.margin_mm for one in accepted_figures(project) if one.organ == "Hippocampus_A"] == [math.inf]


def test_of_an_organ_on_slices_that_nobody_looked_at_nothing_is_said(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    looked = LookedAt(axis=2, slices={1: (2, 3), 2: None})
    case = project.add_case(work.scan, work.labels(), work=Work(journal=work.moment(), looked=looked))
    organs = said_of(case)["against_model"]["organs"]
    assert organs["Hippocampus_A"] == {"why": SOME_SLICES} and "margin_mm" in organs["Hippocampus_P"]
    assert {one.organ for one in accepted_figures(project)} == {"Hippocampus_P"}


def test_figures_come_in_the_order_of_acceptance_with_the_newest_version(project: Project, tmp_path: Path) -> None:
    first, second = bench(tmp_path / "one", "z", 1), bench(tmp_path / "two", "a", 2)
    first.accept(project)
    second.accept(project)
    first.accept(project)
    found = accepted_figures(project)
    assert [(one.case, one.version) for one in found if one.organ == "Hippocampus_A"] == [("a", 1), ("z", 2)]
    assert {(one.minutes, one.model, one.edited) for one in found} == {(2.5, "Tiny", True)}


def test_a_changed_certificate_and_a_removed_case_count_no_more(project: Project, tmp_path: Path) -> None:
    cases = [bench(tmp_path / name, name, n).accept(project) for n, name in enumerate(("a", "b", "c"))]
    path = cases[0].label.with_name("certificate-v1.json")
    path.write_text(path.read_text().replace('"reader"', '"writer"'))
    project.remove_case("b")
    assert {one.case for one in accepted_figures(project)} == {"c"}


def test_a_model_without_a_card_at_hand_is_not_called_new_to_a_patient(project: Project, tmp_path: Path) -> None:
    bench(tmp_path / "journal").accept(project)
    assert {(one.unseen, one.ancestry_known) for one in accepted_figures(project)} == {(False, False)}


@pytest.mark.parametrize("how", ["name", "patient", "another case of the patient", "scan", "adapted", "nothing"])
def test_a_case_that_the_model_learned_from_is_not_unseen(
    project: Project, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_boundaryseg.engine.checkpoints.card import Card, new_card
    from napari_boundaryseg.engine.recipes.shipped import recipe
    from napari_boundaryseg.session.certificate import accepted_figures as module

    work, other = bench(tmp_path / "one", "a", 1), bench(tmp_path / "two", "b", 2)
    if how == "adapted":
        note_of(work, 1, adapted_steps=20)
    for one in (work, other):
        one.accept(project)
    for name in ("a", "b"):
        project.note_patient_of(name, "subject")
    card: Card = new_card(recipe("hippocampus-sgm"), 1)
    names = {"name": ["a"], "patient": ["subject"], "another case of the patient": ["b"]}.get(how, ["someone"])
    scans = content_hashes(work.scan) if how == "scan" else ()
    card = card.model_copy(update={"ancestry": card.ancestry.with_cases(scans, names)})
    monkeypatch.setattr(module, "read_card", lambda path: (card, "ab" * 32))
    found = {one.case: one for one in accepted_figures(project)}
    assert found["a"].unseen == (how == "nothing")
    assert found["a"].ancestry_known
    assert replace(found["a"], unseen=True).patient == "subject"


def prediction_of(work: Bench, labels: LabelMap, seed: int = 0) -> Prediction:
    noise = np.random.default_rng(seed).normal(0, 0.02, (2, *labels.array.shape))
    organs = [gaussian_filter((labels.array == n).astype(float), 1.0) for n in (1, 2)] + noise
    likely = np.clip(np.stack([1 - organs.sum(axis=0), *organs]), 0, 1).astype(np.float32)
    return Prediction(labels, likely, likely[0], {}, {}, details={"model": "Tiny"})


def test_where_the_probabilities_are_at_hand_the_factor_is_kept(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    prediction = prediction_of(work, box_labels(work.scan))
    drawn, accepted = prediction.labels.array, work.labels()
    case = project.add_case(work.scan, accepted, work=Work(journal=work.moment(), prediction=prediction))
    rows = said_of(case)["against_model"]["organs"]
    found = {one.organ: one for one in accepted_figures(project)}
    for n, organ in enumerate(accepted.scheme.names, start=1):
        width = local_width_mm(prediction.probabilities[n], work.scan.spacing_mm)
        wanted = border_factor(drawn == n, accepted.array == n, width, work.scan.spacing_mm)
        assert rows[organ]["factor"] == pytest.approx(wanted, abs=1e-4) and rows[organ]["width_mm"] > 0
        assert (found[organ].factor, found[organ].width_mm) == (rows[organ]["factor"], rows[organ]["width_mm"])


def test_probabilities_of_another_result_say_nothing(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    other = box_labels(work.scan)
    other = LabelMap(np.roll(other.array, 1, axis=0), other.geometry, other.scheme)
    made = Work(journal=work.moment(), prediction=prediction_of(work, other))
    rows = said_of(project.add_case(work.scan, work.labels(), work=made))["against_model"]["organs"]
    assert all("factor" not in row for row in rows.values())
    assert {one.factor for one in accepted_figures(project)} == {None}
