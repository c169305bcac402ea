"""Pairs, rows and their mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.engine.evaluation.scoring import pair, plain, summarise, unpredicted
from napari_boundaryseg.errors import InputError


def test_pairs_are_by_name() -> None:
    found, truth = {"b": Path("p/b"), "a": Path("p/a")}, {"a": Path("r/a"), "b": Path("r/b"), "c": Path("r/c")}
    assert pair(found, truth) == {"b": (Path("p/b"), Path("r/b")), "a": (Path("p/a"), Path("r/a"))}


def test_one_case_each_is_no_pair_when_their_names_differ() -> None:
    with pytest.raises(InputError, match="amos_0004: there is no reference"):
        pair({"amos_0004": Path("m")}, {"amos_0001": Path("t")})
    assert unpredicted({"mine": Path("m")}, {"truth": Path("t")}) == {"truth": Path("t")}


def test_references_without_a_prediction_are_known() -> None:
    assert unpredicted({"a": Path("p/a")}, {"a": Path("r/a"), "b": Path("r/b")}) == {"b": Path("r/b")}


@pytest.mark.parametrize(
    ("predictions", "words"), [({"a": Path("a"), "z": Path("z")}, "z: there is no reference"), ({}, "no label map")]
)
def test_what_has_no_partner_is_refused(predictions: dict[str, Path], words: str) -> None:
    with pytest.raises(InputError, match=words):
        pair(predictions, {"a": Path("a"), "b": Path("b")})


def test_mean_and_sd_over_known_values_only() -> None:
    rows = [
        {"case": "1", "organ": "GTV", "missing": False, **plain({"dsc": 0.8, "hd_mm": 2.0})},
        {"case": "2", "organ": "GTV", "missing": False, **plain({"dsc": 0.6, "hd_mm": 4.0})},
        {"case": "3", "organ": "GTV", "missing": True, **plain({"dsc": 0.0, "hd_mm": float("inf")})},
    ]
    found = summarise(rows)["GTV"]
    assert (found["n"], found["missing"]) == (3, 1)
    assert found["dsc"] == {"n": 3, "mean": pytest.approx(1.4 / 3), "sd": pytest.approx(0.41633, abs=1e-5)}
    assert found["hd_mm"] == {"n": 2, "mean": 3.0, "sd": pytest.approx(2**0.5)}
    assert summarise(rows[:1])["GTV"]["dsc"] == {"n": 1, "mean": 0.8, "sd": None}


def test_nothing_known_is_said_as_nothing() -> None:
    found = summarise([{"case": "1", "organ": "GTV", "missing": True, "dsc": None}])["GTV"]
    assert found["dsc"] == {"n": 0, "mean": None, "sd": None}
