"""Cases for a training: only those that fit the model, nobody on both sides, and who is held out at first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_cases import Told, accept_all, box_labels, box_scan

from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.session.actions import accept, fine_tune
from napari_boundaryseg.session.training_cases import (
    Candidate,
    candidates,
    cross_fitted,
    findable,
    first_roles,
    of_unknown_patient,
    on_both_sides,
    roles_to_learn,
)


def cases(**patients: str | None) -> list[Candidate]:
    return [Candidate(name, "own", patient) for name, patient in patients.items()]


def held(found: dict[str, str]) -> str:
    assert set(found.values()) <= {"Train", "Held out", "Leave out"}
    return "".join(name for name, role in found.items() if role == "Held out")


@pytest.mark.parametrize(
    "patients, out",
    [
        ({"a": None}, ""),
        ({"a": None, "b": None}, "b"),
        ({"a": None, "b": None, "c": None}, ""),
        ({"a": "1", "b": "1"}, ""),
        ({"a": "1", "b": "2", "c": "2"}, "a"),
        ({"a": "1", "b": None}, "a"),
        ({"a": "1", "b": "2", "c": None}, ""),
        (dict.fromkeys("abcdefghi"), ""),
        (dict.fromkeys("abcdefghij"), "hij"),
        ({"a": "1", "b": "2", "c": "1", "d": "2"}, "bd"),
        ({"a": "1", "b": "1", "c": "1", "d": None}, "d"),
    ],
)
def test_at_first_nobody_is_held_out_of_3_to_9_patients_of_more_three_are_and_of_two_one(
    patients: dict[str, str | None], out: str
) -> None:
    offered = cases(**patients)
    roles = first_roles(offered, {})
    assert held(roles) == out
    assert on_both_sides(offered, roles) == []


def test_what_the_model_cannot_use_is_left_out_and_never_held_out() -> None:
    offered = [*cases(a=None, b=None), Candidate("c", "own", None, "it holds Rectum")]
    assert first_roles(offered, {"c": "Held out"}, ["c"]) == {"a": "Train", "b": "Held out", "c": "Leave out"}


def test_a_choice_and_who_was_held_out_stay_and_a_new_scan_goes_with_its_patient() -> None:
    offered = cases(a="1", b="2", c="3", d="1")
    assert held(first_roles(offered, {}, ["b"])) == "", "one who was held out of two: with three all judge"
    assert held(first_roles(offered, {}, ["b", "c"])) == ""
    two = cases(a="1", b="2", d="1")
    assert held(first_roles(two, {}, ["b"])) == "b"
    four = cases(a="1", b="2", c="3", d="4")
    assert held(first_roles(four, {}, ["b", "c", "d"])) == "bcd", "three are enough to find a gain"
    assert held(first_roles(offered, {"a": "Held out"})) == "ad"
    assert held(first_roles(offered, {"b": "Train"})) == ""
    alone = cases(a="1", b="1")
    assert held(first_roles(alone, {}, ["b"])) == "", "once it is known that both are of one patient"


def test_a_role_that_was_given_once_stays_with_the_patient() -> None:
    offered = [Candidate("a", "own", "1", role="Held out"), *cases(b="2", c="1", d="3")]
    assert held(first_roles(offered, {})) == "ac", "a new scan of a patient who judges"
    assert held(first_roles(offered, {"a": "Train", "c": "Train"})) == "", "until a person says otherwise"
    two = [Candidate("a", "own", "1", role="Train"), *cases(b="2")]
    assert held(first_roles(two, {})) == "", "once something was given nobody is held out unasked"


def test_how_many_models_judge_where_nobody_is_held_out() -> None:
    offered = cases(a="1", b="2", c="3", d="3", e="4", f="5", g="6")
    roles = dict.fromkeys("abcdefg", "Train")
    assert cross_fitted(offered, roles) == 5
    assert cross_fitted(offered, {**roles, "e": "Leave out", "f": "Leave out", "g": "Leave out"}) == 3
    assert cross_fitted(cases(a="1", b="2"), roles) == 0
    assert cross_fitted(cases(**{f"c{n}": None for n in range(10)}), {f"c{n}": "Train" for n in range(10)}) == 0


def test_what_so_few_judges_can_find_is_known_before_they_judge() -> None:
    """The shares are those of the noncentral t distribution: 0.18 and 0.4 for 3 and 5 patients."""
    offered = cases(a="1", b="2", c="3", d="3", e="4", f="5")
    held_out = {"a": "Train", "b": "Train", "c": "Held out", "d": "Held out"}
    assert findable(offered, held_out, 0) == "With 1 patient no gain can be found: 3 are needed."
    three = {**held_out, "e": "Held out", "f": "Held out"}
    assert findable(offered, three, 0) == "With 3 patients a true gain of one SD is found in 1 of 5 trials."
    everyone = dict.fromkeys("abcdef", "Train")
    assert findable(offered, everyone, 5) == "With 5 patients a true gain of one SD is found in 2 of 5 trials."
    assert findable(offered, everyone, 0) == "", "nobody judges"


def test_a_patient_on_both_sides_is_named_and_one_that_is_not_known_is_told() -> None:
    offered = cases(a="1", b="1", c=None, d=None, e="1")
    roles = {"a": "Train", "b": "Held out", "c": "Held out", "d": "Leave out", "e": "Leave out"}
    assert on_both_sides(offered, roles) == ["a and b are of one patient, 1"]
    assert on_both_sides(offered, {**roles, "b": "Leave out"}) == []
    assert of_unknown_patient(offered, roles) == ["c"]


def test_only_cases_with_the_models_organs_and_channels_fit(told: Told, make_model: Callable[..., Path]) -> None:
    session, card = told.session, read_card(make_model())[0]
    accept_all(session, box_scan("a", 1))
    scan = box_scan("b", 2)
    two = replace(scan, array=np.concatenate([scan.array, scan.array]), channels=("t1", "t2"), name="c")
    other = np.where(box_labels(scan).array == 2, 3, 0)
    more = LabelScheme(
        name="more", organs=(*preset("hippocampus").organs, Organ(id=9, name="Amygdala", colour="#000000"))
    )
    half = LabelScheme(name="half", organs=preset("hippocampus").organs[:1])
    for volume, labels in (
        (scan, scan.with_labels(other, preset("pelvis-mr"))),
        (two, box_labels(two)),
        (box_scan("d", 3), box_labels(scan).with_scheme(more)),
        (box_scan("e", 4), scan.with_labels(np.where(box_labels(scan).array == 1, 9, 0), more)),
        (box_scan("f", 5), scan.with_labels(box_labels(scan).array % 2, half)),
    ):
        session.scan = volume
        accept.accept(session, labels)
    found = {case.name: case.misfit for case in candidates(session.project, card)}
    assert found["a"] == found["d"] == "", "an organ that nobody drew is in nobody's way"
    assert found["b"].startswith("it holds Rectum, and the model knows only Hippocampus_A")
    assert found["c"] == "it has 2 channels, tiny needs 1"
    assert found["e"].startswith("it holds Amygdala")
    assert found["f"].startswith("its labels 'half' have no Hippocampus_P")
    assert {case.misfit for case in candidates(session.project, None)} == {""}


def test_a_case_whose_channels_are_stored_in_another_order_is_not_offered(
    told: Told, make_model: Callable[..., Path]
) -> None:
    """The project's copy has no names of channels: in the training nobody could put them in order."""
    scan = box_scan("a", 1)
    both = np.concatenate([scan.array, -scan.array])
    told.session.scan = volume = Volume(both, scan.geometry, ("t2w", "t1n"), "a")
    accept.accept(told.session, box_labels(scan))
    for channels, misfit in ((("t2w", "t1n"), ""), (("t1n", "t2w"), "its channels are stored as t2w, t1n")):
        (case,) = candidates(told.session.project, read_card(make_model("two", channels=channels))[0])
        assert case.misfit.startswith(misfit) and bool(case.misfit) == bool(misfit), volume.channels


def test_of_a_case_that_an_earlier_version_listed_the_file_says_what_is_known(told: Told, tiny_model: Path) -> None:
    scan = box_scan("a", 1)
    two = replace(scan, array=np.concatenate([scan.array, scan.array]), channels=("t1", "t2"))
    told.session.scan = two
    accept.accept(told.session, box_labels(two))
    with told.session.project.writing() as database:
        database.execute("UPDATE versions SET meaning = NULL")
    (case,) = candidates(told.session.project, read_card(tiny_model)[0])
    assert case.misfit == "it has 2 channels, tiny needs 1"


def test_one_patient_in_two_roles_adds_no_model_and_counts_once(told: Told, tiny_model: Path) -> None:
    session = told.session
    accept_all(session, box_scan("a", 1), box_scan("b", 2), box_scan("c", 3))
    with session.project.writing() as database:
        database.execute("UPDATE cases SET patient = CASE name WHEN 'a' THEN 'P1' ELSE 'P2' END")
    assert fine_tune.fine_tune(session, tiny_model, ["a", "b"], ["c"], steps=1).state == "failed"
    assert "it is held out, and shows the patient of the training case b" in told.one_error()
    assert session.project.roles() == {}, "nobody's role follows from what was refused"
    fine_tune.fine_tune(session, tiny_model, ["a"], ["b", "c"], steps=1)
    (version,) = session.project.models()
    assert (version.comparison["n"], version.comparison["n_cases"]) == (1, 2)


def test_a_few_cases_alone_teach_and_all_others_are_left_out() -> None:
    offered = [*cases(**{f"old{n}": f"{n}" for n in range(12)}), *cases(new1="a", new2="b", new3="c")]
    roles = roles_to_learn(offered, ["new1", "new2", "new3", "gone"])
    assert {name for name, role in roles.items() if role == "Train"} == {"new1", "new2", "new3"}
    assert set(roles) == {case.name for case in offered} and held(roles) == "", "all three judge by cross-fitting"


def test_of_many_such_cases_three_are_held_out_as_of_any() -> None:
    offered = [*cases(old="o"), *cases(**{f"n{n:02d}": f"{n}" for n in range(10)})]
    roles = roles_to_learn(offered, [f"n{n:02d}" for n in range(10)])
    assert held(roles) == "n07n08n09" and roles["old"] == "Leave out"


def test_what_a_person_held_out_stays_so_with_all_of_its_patient() -> None:
    offered = [replace(one, role="Held out") for one in cases(old="1")] + cases(new1="1", new2="2", new3="3", other="4")
    roles = roles_to_learn(offered, ["new1", "new2", "new3"])
    assert roles == {"old": "Held out", "new1": "Held out", "new2": "Train", "new3": "Train", "other": "Leave out"}
    assert on_both_sides(offered, roles) == []


def test_what_the_model_cannot_use_teaches_nothing() -> None:
    offered = [*cases(a="1", b="2"), replace(cases(c="3")[0], misfit="other channels")]
    assert roles_to_learn(offered, ["a", "b", "c"])["c"] == "Leave out"
