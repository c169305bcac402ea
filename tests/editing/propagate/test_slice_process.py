"""The process along the slices: what it takes from where, and which length it finds."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.tools.propagate import slice_process
from napari_boundaryseg.editing.tools.propagate.slice_process import (
    ENOUGH,
    LENGTHS_MM,
    NOISE,
    likeliest_length,
    most_uncertain,
    variance,
    weights,
)


def drawn(length: float, count: int, places: np.ndarray, seed: int = 0) -> np.ndarray:
    """Fields along the slices with a covariance of this length, (places, count)."""
    square = (places[:, None] - places[None]) ** 2
    covariance = np.exp(-square / (2 * length**2)) + NOISE * np.eye(len(places))
    return np.linalg.cholesky(covariance) @ np.random.default_rng(seed).normal(size=(len(places), count))


def test_mean_and_variance_are_those_of_the_joint_distribution() -> None:
    """Against many draws of it: regression of the unknown places on the known ones."""
    places, length = np.array([0.0, 3.0, 6.0, 9.0, 15.0]), 6.0
    known, wanted = [0, 2], [1, 3, 4]
    square = (places[:, None] - places[None]) ** 2
    joint = np.exp(-square / (2 * length**2))
    values = np.random.default_rng(0).multivariate_normal(np.zeros(5), joint, 200_000)
    seen = values[:, known] + np.random.default_rng(1).normal(0, NOISE**0.5, (200_000, 2))
    fitted, *_ = np.linalg.lstsq(seen, values[:, wanted], rcond=None)
    assert weights(places[wanted], places[known], length) == pytest.approx(fitted.T, abs=0.01)
    left = (values[:, wanted] - seen @ fitted).var(0)
    assert variance(places[wanted], places[known], length) == pytest.approx(left, abs=0.01)


def test_nothing_is_known_where_nobody_drew() -> None:
    assert variance(np.arange(4.0), np.array([]), 5.0).tolist() == [1.0] * 4
    far = variance(np.array([0.0, 500.0]), np.array([0.0]), 5.0)
    assert far[0] < NOISE
    assert far[1] == pytest.approx(1.0)


def test_the_error_left_out_is_that_of_leaving_out() -> None:
    places = np.array([0.0, 4.0, 7.0, 15.0, 16.0])
    values = drawn(8.0, 6, places)
    errors = []
    for n in range(5):
        others = [k for k in range(5) if k != n]
        errors.append(values[n] - (weights(places[[n]], places[others], 8.0) @ values[others])[0])
    assert slice_process._error_left_out(places, values, 8.0) == pytest.approx(np.mean(np.square(errors)))


@pytest.mark.parametrize("length", [4.0, 12.0, 36.0])
def test_it_finds_the_length_that_corrections_have(length: float) -> None:
    places = np.arange(0.0, 60.0, 3.0)
    found = likeliest_length(places, drawn(length, 400, places), default_mm=1.0)
    assert abs(LENGTHS_MM.index(found) - LENGTHS_MM.index(length)) <= 1


def test_a_few_corrected_slices_and_those_that_changed_nothing_say_no_length() -> None:
    places = np.arange(float(ENOUGH))
    assert likeliest_length(places[:-1], np.ones((ENOUGH - 1, 3)), 5.5) == 5.5
    assert likeliest_length(places, np.zeros((ENOUGH, 3)), 5.5) == 5.5
    assert likeliest_length(places, np.ones((ENOUGH, 3)), 5.5) in LENGTHS_MM


def test_the_slice_that_would_teach_most_is_the_one_of_which_least_is_known() -> None:
    left = variance(np.arange(11.0), np.array([0.0, 6.0]), 2.0)
    assert most_uncertain(left.tolist()) == 10
    assert most_uncertain(left.tolist(), [0.1 if n > 8 else 1.0 for n in range(11)]) == 3
    assert most_uncertain([]) is None
