"""A band in words: never narrower than it is, and why there is none."""

from __future__ import annotations

import math

import pytest

from napari_boundaryseg.review.band.band_words import band_in_words
from napari_boundaryseg.review.band.conformal import Band
from napari_boundaryseg.review.band.local_width import Widths


@pytest.mark.parametrize(
    ("margin", "text"), [(1.3, "1.3"), (1.30001, "1.4"), (0.0, "0.0"), (1.21, "1.3"), (12.0, "12.0")]
)
def test_the_margin_is_rounded_up(margin: float, text: str) -> None:
    said = band_in_words(Band(18, margin, 17, 18))
    assert said == (
        f"In 9 of 10 patients at least 95 % of the border lies within ± {text} mm (n = 18). So far it did in 17 of 18."
    )


def test_nothing_is_said_of_what_could_not_be_judged() -> None:
    assert band_in_words(Band(9, 2.0, 0, 0)).endswith("(n = 9).")


@pytest.mark.parametrize(
    ("n", "begins"), [(0, "no patient yet accepted"), (1, "1 patient accepted"), (8, "8 patients")]
)
def test_too_few_are_counted(n: int, begins: str) -> None:
    said = band_in_words(Band(n, None, 0, 0), model="pelvis-v2")
    assert " accepted with a result of pelvis-v2 of whom it learned nothing; " in said, "no other version's count"
    assert said.startswith(f"Too few for a band: {begins}") and said.endswith("9 are needed.")


def test_an_organ_that_is_often_missed_has_no_band() -> None:
    assert band_in_words(Band(19, math.inf, 17, 19)).startswith("No band:")


def test_a_band_that_follows_a_width_says_how_wide_it_is_here() -> None:
    assert band_in_words(Band(18, 0.4, 17, 18), Widths(1.31, 0.8, 2.0)) == (
        "In 9 of 10 patients at least 95 % of the border lies within the band (± 1.4 mm on average, 0.8 to 2.0 mm on "
        "this scan; n = 18). So far it did in 17 of 18."
    )
