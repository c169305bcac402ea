"""Whether a map says how likely a border passes: against the loss itself, drawn borders, and a shipped model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, optimize

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.assembling.border_probability import of_probability
from napari_boundaryseg.engine.inference.assembling.reliability import reliability
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.losses import probability
from napari_boundaryseg.losses.hard_contour import meant_by
from napari_boundaryseg.phantom import pelvis


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("truth", [0.001, 0.02, 0.3, 0.5, 0.8, 0.99])
def test_what_the_focal_loss_teaches_is_turned_into_the_share_that_it_was_taught(gamma: float, truth: float) -> None:
    def loss(p: float) -> float:
        return -truth * (1 - p) ** gamma * np.log(p) - (1 - truth) * p**gamma * np.log1p(-p)

    taught = optimize.minimize_scalar(loss, bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-9}).x
    assert meant_by(np.array([taught]), gamma)[0] == pytest.approx(truth, rel=1e-3, abs=1e-4)


def test_the_order_of_a_focal_head_stays_and_its_ends_are_numbers() -> None:
    said = np.linspace(0, 1, 1001)
    found = meant_by(said)
    assert np.isfinite(found).all() and (np.diff(found) >= 0).all()
    assert found[0] == pytest.approx(0, abs=1e-5) and found[-1] == pytest.approx(1, abs=1e-5)


def test_a_loss_that_is_not_installed_keeps_no_model_from_predicting() -> None:
    said = np.array([0.2, 0.6])
    np.testing.assert_array_equal(probability("hard", said, ["of-another-package"], {}), said)
    found = probability("hard", said, ["hard-contour", "of-another-package"], {"hard-contour": {"gamma": 0.0}})
    np.testing.assert_allclose(found, said, atol=1e-6)


def test_of_a_mask_it_is_the_border_on_both_sides() -> None:
    mask = np.random.default_rng(0).random((7, 8, 9)) < 0.4
    np.testing.assert_array_equal(of_probability(mask) > 0, inner_boundary(mask) | inner_boundary(~mask))
    assert set(np.unique(of_probability(mask))) == {0.0, 1.0}


def test_it_is_the_share_of_drawn_borders_that_pass() -> None:
    """Borders drawn at levels of one distance map: their mean mask is the probability, their mean border the truth."""
    solid = np.zeros((12, 16, 16), bool)
    solid[3:9, 4:12, 4:12] = True
    far = ndimage.distance_transform_edt(~solid, (3, 1, 1)) - ndimage.distance_transform_edt(solid, (3, 1, 1))
    masks = [far < level for level in np.random.default_rng(1).normal(0, 1.5, 400)]
    passing = np.mean([inner_boundary(mask) | inner_boundary(~mask) for mask in masks], axis=0)
    np.testing.assert_allclose(of_probability(np.mean(masks, axis=0)), passing, atol=1e-6)


@pytest.fixture(scope="module")
def found() -> tuple[Prediction, LabelMap]:
    scan, labels = pelvis(9100, (96, 96, 24), (2.2, 2.2, 3.8), difficulty="hard")
    result = Predictor(load_model("pelvis-mr-sgm"), "cpu", calibrated=False).predict(
        scan, whole=True, all_pieces=True, attention=False
    )
    return result, labels


@pytest.mark.parametrize("organ", ["Bladder", "Rectum"])
def test_a_hard_contour_promises_about_as_many_border_voxels_as_there_are(
    found: tuple[Prediction, LabelMap], organ: str
) -> None:
    result, labels = found
    border = inner_boundary(labels.mask(organ))
    assert 0.6 * border.sum() < result.contours[organ].sum() < 1.4 * border.sum()
    assert reliability(result.contours[organ], border).error < 0.01


def test_edges_are_on_one_scale_and_believable_near_the_borders(found: tuple[Prediction, LabelMap]) -> None:
    result, labels = found
    masks = [labels.mask(organ.id) for organ in labels.scheme.organs]
    border = np.logical_or.reduce([inner_boundary(mask) | inner_boundary(~mask) for mask in masks])
    near = ndimage.distance_transform_edt(~border, labels.spacing_mm) <= 5
    assert reliability(result.edges[near], border[near]).error < 0.1
    assert reliability(result.edges, border).error < 0.01
