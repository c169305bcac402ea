"""Models that are given a box learn from boxes as loose as those that persons draw."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.inference.windows import pad_to
from napari_boundaryseg.engine.preprocessing.box_distances import with_sides
from napari_boundaryseg.engine.preprocessing.field_of_view import part_of
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.batches import draw
from napari_boundaryseg.engine.training.data.cases import prepare, prepare_loosely
from napari_boundaryseg.engine.training.data.random_boxes import boxed
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import RegionNeeded

SPACING = (1.0, 2.0, 4.0)


def tumour() -> tuple[Volume, LabelMap]:
    """A tumour of 10 x 12 x 6 voxels, off the middle of a scan whose far corner is very bright."""
    labels = np.zeros((60, 50, 30), np.uint8)
    labels[30:40, 20:32, 12:18] = 1
    image = np.random.default_rng(0).normal(100, 5, labels.shape) + 40.0 * labels
    image[:4, :4, :4] = 5000
    volume = Volume(image[None].astype(np.float32), Geometry(labels.shape, np.diag([*SPACING, 1.0])), name="leg")
    return volume, volume.with_labels(labels, preset("sarcoma"))


def of_boxes(**changes: object) -> Recipe:
    return recipe("sarcoma-t1-sgm").with_settings(
        {
            "network_arguments.width": 8,
            "preprocessing.size_vox": (12, 20, 24),
            "patch_vox": (12, 20, 24),
            "augmentation": Augmentation().model_dump(),
            "box_margin_mm": (4.0, 9.0),
            "sides_mm": 0.0,
            "steps": 2,
            **changes,
        }
    )


def test_each_draw_takes_another_box_with_margins_between_the_two() -> None:
    wanted = of_boxes(**{"preprocessing": Preprocessing().model_dump()})
    case = prepare_loosely(*tumour(), wanted)
    shapes = set()
    for seed in range(40):
        made = boxed(case, wanted, np.random.default_rng(seed))
        assert int((made.labels > 0).sum()) == 10 * 12 * 6, "the box holds all of the organ"
        where = np.argwhere(made.labels.numpy() > 0)
        before, after = where.min(0), np.array(made.labels.shape) - 1 - where.max(0)
        margins = np.concatenate([before, after]) * np.tile(case.spacing_mm, 2)
        assert (margins >= 4.0 - 1e-6).all()
        assert (margins <= 9.0 + np.tile(case.spacing_mm, 2)).all()
        shapes.add(tuple(made.labels.shape))
    assert len(shapes) > 10


def test_the_ends_along_the_body_may_have_no_margin() -> None:
    wanted = of_boxes(**{"preprocessing": Preprocessing().model_dump(), "box_margin_along_mm": (0.0, 0.001)})
    case = prepare_loosely(*tumour(), wanted)
    for seed in range(10):
        made = boxed(case, wanted, np.random.default_rng(seed))
        where = np.argwhere(made.labels.numpy() > 0)
        assert where.min(0)[0] == 0
        assert where.max(0)[0] == made.labels.shape[0] - 1
        assert (where.min(0)[1:] * case.spacing_mm[1:] >= 4.0 - 1e-6).all()
    volume, labels = tumour()
    box = part_of(PreparedScan.of(volume, wanted), labels)
    assert box == (slice(30 - 7, 40 + 7), slice(20 - 4, 32 + 4), slice(11, 19))


def test_a_drawn_box_is_what_a_prediction_in_that_box_is_given() -> None:
    wanted = of_boxes(box_margin_mm=(4.0, 4.001))
    volume, labels = tumour()
    made = boxed(prepare_loosely(volume, labels, wanted), wanted, np.random.default_rng(3))
    box = (slice(25, 45), slice(17, 35), slice(10, 20))
    grid = NetworkGrid(volume, wanted.preprocessing, box)
    torch.testing.assert_close(made.image, torch.from_numpy(grid.image()), rtol=1e-4, atol=1e-4)
    assert torch.equal(made.labels, torch.from_numpy(grid.labels(labels)))
    assert made.spacing_mm == pytest.approx(grid.spacing_zyx)
    assert float(made.image.max()) < 5, "the bright corner outside the box has no part in the normalisation"


def test_boxes_are_the_same_for_the_same_seed_and_step() -> None:
    wanted = of_boxes()
    case = prepare_loosely(*tumour(), wanted)
    one, again, other = (draw(case, wanted, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(one[:2], again[:2], strict=True))
    assert one[2].keys() == again[2].keys() == {"soft"}
    assert torch.equal(one[2]["soft"], again[2]["soft"])
    assert not torch.equal(one[0], other[0])


def test_held_out_cases_get_the_mean_margin_and_a_persons_box_counts() -> None:
    wanted = of_boxes()
    volume, labels = tumour()
    box = part_of(PreparedScan.of(volume, wanted), labels)
    assert box == (slice(30 - 7, 40 + 7), slice(20 - 4, 32 + 4), slice(12 - 2, 18 + 2))
    mine = part_of(PreparedScan.of(volume, wanted), labels, ((20, 50), (10, 40), (5, 25)))
    assert mine == (slice(20, 50), slice(10, 40), slice(5, 25))
    assert not prepare(volume, labels, wanted).loose


def test_it_trains_and_its_model_asks_for_a_box(tmp_path) -> None:
    path = fit(of_boxes(), [tumour()], tmp_path, validation=[tumour()])
    predictor = Predictor(load_model(path))
    with pytest.raises(RegionNeeded, match="what lies in a box"):
        predictor.predict(tumour()[0])
    found = predictor.predict(tumour()[0], box=((25, 45), (15, 37), (10, 20)))
    outside = np.ones(found.labels.array.shape, bool)
    outside[25:45, 15:37, 10:20] = False
    assert not found.labels.array[outside].any()


def test_distances_to_the_sides_are_in_mm_to_the_nearer_one_and_end_at_the_reach() -> None:
    image = torch.zeros(2, 4, 3, 30)
    found = with_sides(image, (10.0, 4.0, 2.0), 20.0)
    assert torch.equal(found[:2], image)
    along_z = torch.tensor([5.0, 15.0, 15.0, 5.0]) / 20
    along_y = torch.tensor([2.0, 6.0, 2.0]) / 20
    along_x = torch.tensor([min(1 + 2 * n, 59 - 2 * n, 20) for n in range(30)]) / 20
    for channel, shape, wanted in zip(
        found[2:], ((4, 1, 1), (1, 3, 1), (1, 1, 30)), (along_z, along_y, along_x), strict=True
    ):
        torch.testing.assert_close(channel, wanted.reshape(shape).expand(4, 3, 30))
    assert with_sides(image, (1.0, 1.0, 1.0), 0.0) is image


def test_a_patch_knows_the_sides_as_a_prediction_in_that_box_does() -> None:
    wanted = of_boxes(box_margin_mm=(4.0, 4.001), sides_mm=30.0)
    volume, labels = tumour()
    grid = NetworkGrid(volume, wanted.preprocessing, (slice(25, 45), slice(17, 35), slice(10, 20)))
    given = with_sides(torch.from_numpy(grid.image()), grid.spacing_zyx, wanted.sides_mm)
    drawn = draw(prepare_loosely(volume, labels, wanted), wanted, np.random.default_rng(3))[0]
    assert drawn.shape == given.shape == (4, 12, 20, 24)
    torch.testing.assert_close(drawn, given, rtol=1e-4, atol=2e-4)


def turned(**changes: object) -> Recipe:
    augmentation = Augmentation(flip_axes=("x", "y", "z"), rotate_deg=20, scale=0.1)
    return of_boxes(**{"sides_mm": 30.0, "augmentation": augmentation.model_dump(), **changes})


def test_the_box_is_drawn_round_the_turned_body_and_full_of_it() -> None:
    case = prepare_loosely(*tumour(), turned())
    for seed in range(20):
        image, labels, *_ = draw(case, turned(), np.random.default_rng(seed))
        made = boxed(case, turned(), np.random.default_rng(seed))
        assert torch.equal(image[1:], with_sides(made.image, made.spacing_mm, 30.0)[1:]), "the sides are the patch's"
        distances = image[1:] * 30.0
        step = np.max(made.spacing_mm)
        assert 4.0 - step <= float(distances[:, labels > 0].min()) <= 9.0 + 2 * step, "the organ keeps its margins"
        assert len(image[0].unique()) > 0.99 * image[0].numel(), "no corner is empty"


def test_the_organ_keeps_its_size_when_the_body_is_turned() -> None:
    wanted = turned(augmentation=Augmentation(rotate_deg=20).model_dump(), **{"preprocessing.size_vox": (24, 40, 48)})
    case = prepare_loosely(*tumour(), wanted)
    for seed in range(5):
        made = boxed(case, wanted, np.random.default_rng(seed))
        volume = int((made.labels > 0).sum()) * np.prod(made.spacing_mm)
        assert volume == pytest.approx(10 * 12 * 6 * np.prod(SPACING), rel=0.05)


def test_a_bent_box_is_not_empty_at_its_rim() -> None:
    wanted = turned(augmentation=Augmentation(elastic_mm=6.0).model_dump())
    image = draw(prepare_loosely(*tumour(), wanted), wanted, np.random.default_rng(0))[0][0]
    assert not (image == 0).any()


def test_a_box_smaller_than_the_window_has_nothing_round_it_in_training_and_prediction() -> None:
    wanted = of_boxes(box_margin_mm=(4.0, 4.001), sides_mm=30.0, patch_vox=(16, 24, 32))
    volume, labels = tumour()
    grid = NetworkGrid(volume, wanted.preprocessing, (slice(25, 45), slice(17, 35), slice(10, 20)))
    given, _ = pad_to(with_sides(torch.from_numpy(grid.image()), grid.spacing_zyx, 30.0), wanted.window_vox)
    drawn = draw(prepare_loosely(volume, labels, wanted), wanted, np.random.default_rng(3))[0]
    torch.testing.assert_close(drawn, given, rtol=1e-4, atol=2e-4)


def test_models_that_know_the_sides_train_and_predict(tmp_path) -> None:
    wanted = of_boxes(sides_mm=30.0)
    assert wanted.in_channels == 4
    assert wanted.digest != of_boxes().digest
    predictor = Predictor(load_model(fit(wanted, [tumour()], tmp_path, validation=[tumour()])))
    assert predictor.predict(tumour()[0], box=((25, 45), (15, 37), (10, 20))).labels.array.shape == (60, 50, 30)


@pytest.mark.parametrize(
    "changes",
    [
        {"box_margin_mm": None},
        {"sides_mm": -1.0},
        {"sides_mm": float("inf")},
        {"patch_vox": (16, 16, 16), "augmentation.permute_axes": True},
    ],
    ids=str,
)
def test_distances_to_the_sides_need_a_box_and_a_reach(changes) -> None:
    with pytest.raises(ValueError, match="sides"):
        of_boxes(**{"sides_mm": 30.0, **changes})
