"""What is said near a border is compared with what is so, and put right without moving the border."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage, optimize, special

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.assembling.calibration import rescaled, tempered
from napari_boundaryseg.engine.inference.assembling.reliability import (
    border,
    fit_scaling,
    fit_temperature,
    near_border,
    reliability,
)
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.shipped import recipe
from tests.assembled import assembled


def honest(n: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    """Values that mean what they say, and what came true."""
    rng = np.random.default_rng(0)
    values = rng.random(n)
    return values, rng.random(n) < values


def test_honest_values_have_no_error_and_exaggerated_ones_have() -> None:
    values, so = honest()
    assert reliability(values, so).error < 0.01
    bold = special.expit(3 * special.logit(values) + 1)
    assert reliability(bold, so).error > 0.1


def test_bins_by_hand() -> None:
    found = reliability(np.array([0.05, 0.15, 0.15, 1.0]), np.array([False, True, False, True]), bins=10)
    assert found.counts.tolist() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found.said[[0, 1, 9]] == pytest.approx([0.05, 0.15, 1.0])
    assert found.found[[0, 1, 9]] == pytest.approx([0.0, 0.5, 1.0])
    assert np.isnan(found.said[5])
    assert found.error == pytest.approx((0.05 + 2 * 0.35 + 0) / 4)
    assert found.error_elsewhere == pytest.approx(2 * 0.35 / 3)
    assert reliability(np.array([0.05]), np.array([True])).error_elsewhere == 0


def test_scale_and_shift_are_found_again() -> None:
    values, so = honest()
    bold = special.expit(2.5 * special.logit(values) - 0.7)
    scaling = fit_scaling(bold, so)
    assert scaling.scale == pytest.approx(1 / 2.5, rel=0.03)
    assert scaling.complement == pytest.approx(1 / 2.5, rel=0.03)
    assert scaling.shift == pytest.approx(0.7 / 2.5, abs=0.03)
    assert reliability(rescaled(bold, scaling), so).error < 0.01


def test_edges_that_promise_too_much_at_their_highest_level_off() -> None:
    """0.5 is right half of the time, and so is everything above: a curve that ends at 1 cannot say so."""
    rng = np.random.default_rng(3)
    values = rng.random(200_000)
    so = rng.random(values.size) < special.expit(4 * np.log(values / 0.5)) * np.where(values > 0.5, 0.5, 1)
    scaling = fit_scaling(values, so)
    plain = optimize.minimize(
        lambda x: np.mean(np.logaddexp(0, z := x[0] * special.logit(values) + x[1]) - so * z), np.zeros(2)
    ).x
    calibrated, platt = rescaled(values, scaling), rescaled(values, Scaling(scale=plain[0], shift=plain[1]))
    assert scaling.complement == pytest.approx(0, abs=0.05)
    assert reliability(calibrated, so).error < 0.6 * reliability(platt, so).error
    assert (np.diff(calibrated[np.argsort(values)]) >= 0).all()


def test_a_scaling_without_a_complement_is_one_of_the_log_odds() -> None:
    values = np.linspace(0.01, 0.99, 99)
    wanted = special.expit(1.7 * special.logit(values) - 0.4)
    np.testing.assert_allclose(rescaled(values, Scaling(scale=1.7, shift=-0.4)), wanted, rtol=1e-6)
    np.testing.assert_allclose(rescaled(values, Scaling(scale=1.7, shift=-0.4, complement=1.7)), wanted, rtol=1e-6)


def test_a_temperature_is_found_again_and_keeps_the_likeliest_class() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (3, 100_000))
    truth = np.array([rng.choice(3, p=p) for p in special.softmax(logits, 0).T[:20_000]])
    sure = special.softmax(2 * logits, 0)[:, :20_000]
    scaling = fit_temperature([sure[:, :5000], sure[:, 5000:]], [truth[:5000], truth[5000:]])
    assert scaling.scale == pytest.approx(0.5, rel=0.05)
    milder = tempered(sure, scaling)
    np.testing.assert_allclose(milder.sum(0), 1, atol=1e-5)
    assert np.array_equal(milder.argmax(0), sure.argmax(0))


def test_the_border_has_two_sides_and_near_is_in_mm() -> None:
    array = np.zeros((20, 12, 12), np.uint8)
    array[10:] = 1
    labels = LabelMap(array, Geometry(array.shape, np.diag([2.0, 1, 1, 1])), preset("prostate"))
    assert np.flatnonzero(border(labels).all(axis=(1, 2))).tolist() == [9, 10]
    assert np.flatnonzero(near_border(labels, 5.0).all(axis=(1, 2))).tolist() == [7, 8, 9, 10, 11, 12]


def test_a_calibrated_model_says_other_numbers_and_the_same_labels() -> None:
    model = load_model("hippocampus-sgm")
    image = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(24, 30, 26)), 2).astype(np.float32)
    scan = Volume(image[None], Geometry(image.shape, np.eye(4)))
    plain = Predictor(model, "cpu", calibrated=False).predict(scan, whole=True)
    scaling = Scaling(scale=0.5, shift=-1.0)
    card = model.card.model_copy(update={"calibration": Calibration(probabilities=scaling, edges=scaling)})
    found = Predictor(replace(model, card=card), "cpu").predict(scan, whole=True)
    assert np.array_equal(found.labels.array, plain.labels.array)
    np.testing.assert_allclose(found.edges, rescaled(plain.edges, scaling), atol=1e-5)
    assert not np.allclose(found.probabilities, plain.probabilities, atol=0.01)
    assert found.details["calibrated"] is True
    assert plain.details["calibrated"] is False
    measured = Calibration(fitted_on="2 cases", errors={"edges": 0.1})
    card = model.card.model_copy(update={"calibration": measured})
    left = Predictor(replace(model, card=card), "cpu").predict(scan, whole=True)
    assert np.array_equal(left.edges, plain.edges)
    assert left.details["calibrated"] is False
    assert measured.sentence == "nothing put right; 2 cases; off on other folds: edges by 0.100 on average"


def test_edges_derived_from_probabilities_are_put_right_once() -> None:
    """Their calibration is fitted on what the network itself says, not on probabilities that were put right before."""
    classes = np.random.default_rng(0).dirichlet((1.0, 1.0), (6, 5, 4)).transpose(3, 0, 1, 2).astype(np.float32)
    volume = Volume(np.zeros((1, 6, 5, 4), np.float32), Geometry((6, 5, 4), np.eye(4)))
    wanted = recipe("prostate-toy").with_settings({"targets.contours": "hard"})
    scalings = Calibration(probabilities=Scaling(scale=2.0), edges=Scaling(scale=0.5, shift=-1.0))
    plain, put_right = (assembled(volume, classes, wanted, calibration)[0] for calibration in (None, scalings))
    assert plain["contour_sources"]["edges"] == "derived"
    np.testing.assert_allclose(put_right["edges"], rescaled(plain["edges"], scalings.edges), atol=1e-6)
    np.testing.assert_allclose(put_right["probabilities"], tempered(classes, scalings.probabilities), atol=1e-6)
