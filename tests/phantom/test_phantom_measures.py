"""The measures of difficulty, on pictures whose answer can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.phantom.measures import (
    best_threshold_dice,
    border_contrast,
    dice,
    label_prior_dice,
)

SPACING = (1.0, 1.0, 2.0)


@pytest.fixture
def ball() -> np.ndarray:
    i, j, k = np.ogrid[-20:21, -20:21, -10:11]
    return i**2 + j**2 + (2 * k) ** 2 < 12.2**2


def test_an_even_scan_has_no_contrast(ball: np.ndarray) -> None:
    assert border_contrast(np.full(ball.shape, 7.0), ball, SPACING, 2.0).max() == pytest.approx(0)


def test_a_step_is_measured_in_noise_sds(ball: np.ndarray) -> None:
    i, j, k = np.ogrid[-20:21, -20:21, -10:11]
    radius = np.sqrt(i**2 + j**2 + (2.0 * k) ** 2)
    ramp = 10 * np.clip((radius - 11.2) / 2, 0, 1)
    assert np.median(border_contrast(ramp, ball, SPACING, 2.0)) == pytest.approx(
        5, abs=1
    )  # a border between voxels is known to half a voxel


def test_half_a_step_is_found_on_half_of_the_border(ball: np.ndarray) -> None:
    scan = np.where(ball, 10.0, 0.0)
    scan[: ball.shape[0] // 2] = 10.0
    contrast = border_contrast(scan, ball, SPACING, 1.0)
    assert (contrast < 0.5).mean() == pytest.approx(0.5, abs=0.08)


def test_a_faint_gradient_is_measured_along_the_normal(ball: np.ndarray) -> None:
    scan = np.broadcast_to(np.arange(41.0)[:, None, None], ball.shape)
    contrast = border_contrast(scan, ball, SPACING, 1.0)
    assert contrast.max() == pytest.approx(3.0, abs=0.1)
    assert contrast.min() < 0.5


def test_no_mask_has_no_border() -> None:
    empty = np.zeros((5, 5, 5), bool)
    assert border_contrast(empty.astype(float), empty, SPACING, 1.0).size == 0


def test_thresholding_finds_what_has_its_own_brightness(ball: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    assert best_threshold_dice(np.where(ball, 10, 0) + rng.normal(size=ball.shape), ball) > 0.98
    background = np.where(np.arange(41)[:, None, None] % 2, 20, 0)
    assert best_threshold_dice(np.where(ball, 10, background) + rng.normal(size=ball.shape), ball) > 0.98


def test_thresholding_fails_where_brightness_says_nothing(ball: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(size=ball.shape)
    share = ball.mean()
    assert best_threshold_dice(noise, ball) == pytest.approx(2 * share / (1 + share), abs=0.02)


def test_a_label_prior_knows_what_never_moves(ball: np.ndarray) -> None:
    assert label_prior_dice([ball, ball], [ball]) == 1.0
    moved = [np.roll(ball, shift, axis=0) for shift in (-14, 14)]
    assert label_prior_dice([ball], moved) == pytest.approx(np.mean([dice(ball, m) for m in moved]))


def test_dice_of_nothing_and_nothing_is_one() -> None:
    empty = np.zeros(4, bool)
    assert dice(empty, empty) == 1.0
    assert dice(~empty, empty) == 0.0
