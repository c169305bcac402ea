"""Which part of a labelled scan is used: the box it was segmented in, or the surroundings of its labels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.boxes import AnyBox, Box
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.field_of_view import far_larger, part_of
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.errors import InputError

SHAPE = (60, 50, 30)
SPACING = (2.0, 1.0, 3.0)


def crops(field: tuple[float, float, float] | None = (20, 20, 20)) -> Recipe:
    return recipe("hippocampus-sgm").model_copy(update={"expected_field_mm": field, "preprocessing": Preprocessing()})


def head(*, empty: bool = False) -> tuple[Volume, LabelMap]:
    """A bright skull far from a dark organ of 4 x 6 x 3 voxels."""
    labels = np.zeros(SHAPE, np.uint8)
    if not empty:
        labels[30:34, 20:26, 10:13] = 1
    image = np.random.default_rng(0).normal(size=SHAPE) - 3.0 * labels
    image[:5] = 500
    volume = Volume(image[None].astype(np.float32), Geometry(SHAPE, np.diag([*SPACING, 1.0])), name="head")
    return volume, volume.with_labels(labels, preset("hippocampus"))


def ends(box: tuple[slice, slice, slice] | None) -> list[tuple[int, int]]:
    assert box is not None
    return [(part.start, part.stop) for part in box]


def part(case: tuple[Volume, LabelMap], wanted: Recipe, box: AnyBox | None = None) -> Box | None:
    return part_of(PreparedScan.of(case[0], wanted), case[1], box)


@pytest.mark.parametrize(
    "field, wanted",
    [
        (None, False),
        ((120, 50, 90), False),
        ((76, 50, 90), False),
        ((76, 32, 90), False),
        ((75, 31, 90), True),
        ((49, 50, 90), False),
        ((48, 50, 90), True),
    ],
)
def test_far_larger_is_1_6_times_along_two_axes_or_2_5_along_one(
    field: tuple[float, float, float] | None, wanted: bool
) -> None:
    assert far_larger(PreparedScan.of(head()[0], crops(field))) is wanted


def test_without_a_box_a_far_larger_scan_is_cut_to_15_mm_round_its_labels() -> None:
    assert ends(part(head(), crops())) == [(30 - 8, 34 + 8), (20 - 15, 26 + 15), (10 - 5, 13 + 5)]


def test_a_scan_that_suits_the_model_is_taken_whole() -> None:
    assert part(head(), crops((120, 50, 90))) is None
    assert part(head(), crops(None)) is None


@pytest.mark.parametrize("field", [None, (20, 20, 20)])
def test_a_box_counts_whatever_the_field_and_grows_to_hold_the_labels(field: tuple[float, float, float] | None) -> None:
    assert ends(part(head(), crops(field), [[28, 40], [0, 50], [11, 99]])) == [(28, 40), (0, 50), (10, 30)]


def test_a_far_larger_scan_without_labels_and_box_is_refused() -> None:
    with pytest.raises(InputError, match="head: the model needs a box round the organs, and nothing is labelled"):
        part(head(empty=True), crops())
    assert ends(part(head(empty=True), crops(), [[0, 9]] * 3)) == [(0, 9)] * 3


def test_a_box_outside_the_scan_is_refused() -> None:
    with pytest.raises(InputError, match="box"):
        part(head(), crops(), [[70, 80]] * 3)


def test_intensities_for_training_are_those_of_the_part_as_when_predicting() -> None:
    box = (slice(22, 42), slice(5, 41), slice(5, 18))
    prepared = prepare(*head(), crops())
    assert prepared.image.shape == (1, 13, 36, 20)
    assert float(prepared.image.std()) == pytest.approx(1, abs=0.01)
    whole = prepare(*head(), crops(None))
    assert float(whole.image[0, 5:18, 5:41, 22:42].std()) < 0.1, "beside the skull nothing is left of the organ"
    given = prepare(*head(), crops(None), box)
    assert (given.image == prepared.image).all()
    assert int(prepared.labels.bool().sum()) == 4 * 6 * 3
