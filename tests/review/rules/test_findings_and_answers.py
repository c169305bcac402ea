"""Findings that last, and answers to them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from rule_shapes import ellipsoid, said, stored

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.rules.answers import Answer, open_findings
from napari_boundaryseg.review.rules.finding import Finding, amount, magnitude, told_apart

FOUND = Finding("islands", ("GTV",), "GTV: an island.", (1, 2, 3), 0, 0.05, "mL", "at 1, 2, 3")


def test_a_finding_is_frozen_and_knows_its_slice() -> None:
    assert (FOUND.slice, FOUND.identity) == (1, "islands/GTV/at 1, 2, 3")
    with pytest.raises(FrozenInstanceError):
        FOUND.value = 1.0  # type: ignore[misc]


def test_the_identity_is_of_rule_organs_and_key_alone() -> None:
    assert replace(FOUND, sentence="other words", value=0.06, voxel=(1, 2, 4)).identity == FOUND.identity
    others = [replace(FOUND, rule="x"), replace(FOUND, organs=("GTV", "x")), replace(FOUND, key="x")]
    assert len({FOUND.identity, *(one.identity for one in others)}) == 4


def test_findings_that_are_alike_are_told_apart_in_their_order() -> None:
    keys = [one.key for one in told_apart([FOUND, FOUND, replace(FOUND, key="x"), FOUND])]
    assert keys == ["at 1, 2, 3", "at 1, 2, 3 (2)", "x", "at 1, 2, 3 (3)"]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_answer_has_a_reason(reason: str) -> None:
    with pytest.raises(InputError, match="no reason"):
        Answer(FOUND.identity, reason, "2026-11-30T10:00:00+00:00")


def test_what_was_answered_is_not_open_and_the_rest_keeps_its_order() -> None:
    second, third = replace(FOUND, key="second"), replace(FOUND, key="third")
    answer = Answer(second.identity, "a metastasis", "2026-11-30T10:00:00+00:00")
    assert open_findings([FOUND, second, third], [answer]) == (FOUND, third)
    assert open_findings([FOUND, second], []) == (FOUND, second)
    assert open_findings([], [answer]) == ()


def test_an_answer_holds_in_the_next_run_and_after_an_edit_elsewhere_but_not_for_a_new_fault() -> None:
    array = ellipsoid((45, 35, 32), (30, 25, 22))
    array[9] = False
    first = said(stored(array))
    answers = [Answer(found.identity, "meant so", "2026-11-30T10:00:00+00:00") for found in first]
    assert first and open_findings(said(stored(array)), answers) == ()
    array[20, 34:37, 31:34] = False
    assert [found.rule for found in open_findings(said(stored(array)), answers)] == ["cavities"]


def test_amounts_are_in_ml_or_in_voxels() -> None:
    assert [amount(12.34, 99), amount(0.01, 3), amount(0.0099, 7), amount(0.0001, 1)] == [
        "12.3 mL",
        "0.01 mL",
        "7 voxels",
        "1 voxel",
    ]
    assert magnitude(1.0) == "2^0" and magnitude(3.0) == "2^2"


def test_an_answer_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Answer(FOUND.identity, "a metastasis", "2026-11-30T10:00:00+00:00").reason = ""  # type: ignore[misc]
