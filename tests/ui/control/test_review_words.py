"""What is left in words: nothing is said of so few random places that it means nothing."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import binomtest

from napari_boundaryseg.review.arcs.audit import FEWEST_DRAWN, Audit
from napari_boundaryseg.ui.control.reviewing.going import Going
from napari_boundaryseg.ui.control.reviewing.review_words import estimate_in_words


def words_of(monkeypatch: pytest.MonkeyPatch, drawn: int, wrong: int, skipped: int = 0) -> str:
    """Of a review of which so much is known; a place is to come."""
    ends = [binomtest(n, drawn or 1).proportion_ci(method="exact") for n in (wrong, wrong + skipped)]
    audit = Audit(drawn, wrong, skipped, ends[0].low if drawn else 0.0, ends[1].high if drawn else 1.0)
    going: Any = object.__new__(Going)
    place: Any = type("Place", (), {"what": None})()
    monkeypatch.setattr(Going, "audit", property(lambda self: audit))
    monkeypatch.setattr(Going, "state", lambda self, place: "to come")
    monkeypatch.setattr("napari_boundaryseg.ui.control.reviewing.review_words.Item", object)
    going.places, going.tolerances_mm = [place], {1: 1.0}
    return estimate_in_words(going)


@pytest.mark.parametrize(("drawn", "skipped"), [(0, 0), (1, 0), (FEWEST_DRAWN - 1, 0), (FEWEST_DRAWN + 3, 4)])
def test_of_too_few_random_places_it_is_said_how_many_are_needed(
    monkeypatch: pytest.MonkeyPatch, drawn: int, skipped: int
) -> None:
    said = words_of(monkeypatch, drawn, min(1, drawn), skipped)
    assert said.startswith("Too few random places") and f"from {FEWEST_DRAWN} on" in said
    assert "%" not in said and str(drawn) not in said.replace(str(FEWEST_DRAWN), ""), "how many it were is not told"


def test_an_estimate_names_its_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clopper and Pearson's interval of 1 of 20 is 0.13 % to 24.87 %."""
    assert words_of(monkeypatch, 20, 1) == (
        "Of what was not reviewed, 0 % to 25 % of the border is still off by more than 1 mm "
        "(95 % confidence, from 20 random places)."
    )
    assert FEWEST_DRAWN == 10 and round(binomtest(0, 10).proportion_ci(method="exact").high, 2) == 0.31
