"""Intensities as the papers want them."""

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.preprocessing.intensities import measured, measured_foreground, nonzero_box, normalised
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.errors import InputError

ALL = (0.0, 100.0)


def scan(*channels: np.ndarray) -> Volume:
    return Volume(np.stack(channels), Geometry(channels[0].shape, np.eye(4)), tuple(map(str, range(len(channels)))))


@pytest.fixture
def channel() -> np.ndarray:
    return np.random.default_rng(0).normal(100, 20, (6, 7, 8)).astype(np.float32)


def test_zscore_of_what_is_not_zero(channel):
    channel[:2] = 0
    found = normalised(channel, Preprocessing(nonzero=True, clip_percentiles=ALL))
    assert found[2:].mean() == pytest.approx(0, abs=1e-5)
    assert found[2:].std() == pytest.approx(1, abs=1e-5)
    assert not found[:2].any()
    assert normalised(channel, Preprocessing(clip_percentiles=ALL))[:2].max() < -1
    assert not normalised(np.zeros((2, 2, 2)), Preprocessing(nonzero=True)).any()


def test_unit_between_percentiles(channel):
    found = normalised(channel, Preprocessing(normalise="unit", clip_percentiles=(5, 95)))
    low, high = np.percentile(channel, (5, 95))
    np.testing.assert_allclose(found, np.clip((channel - low) / (high - low), 0, 1), atol=1e-5)


def test_every_slice_by_itself(channel):
    channel *= np.arange(1, 7)[:, None, None]
    channel[3] = 5
    found = normalised(channel, Preprocessing(normalise="unit", per_slice=True, clip_percentiles=ALL))
    assert [plane.min() for plane in found] == [0] * 6
    assert [plane.max() for plane in found] == [1, 1, 1, 0, 1, 1], "a constant slice becomes 0"


def test_mean_and_sd_of_the_data_set(channel):
    settings = Preprocessing(normalise="dataset")
    with pytest.raises(InputError, match="not known yet"):
        normalised(channel, settings)
    first, second = scan(channel, 3 * channel), scan(channel + 10, 3 * channel + 10)
    known = measured([first, second], settings)
    both = np.stack([channel, channel + 10]).astype(np.float64)
    assert known.means == pytest.approx((both.mean(), 3 * channel.astype(np.float64).mean() + 5), rel=1e-6)
    assert known.sds[0] == pytest.approx(both.std(), rel=1e-6)
    np.testing.assert_allclose(
        normalised(channel, known), (channel - known.means[0]) / known.sds[0], rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        normalised(3 * channel, known, 1), (3 * channel - known.means[1]) / known.sds[1], rtol=1e-4, atol=1e-5
    )
    assert Preprocessing.model_validate_json(known.model_dump_json()) == known
    assert measured([scan(np.full((2, 2, 2), 4.0))], settings).sds == (1.0,)


def test_unit_between_the_percentiles_of_all_labelled_voxels(channel):
    settings = Preprocessing(normalise="foreground", clip_percentiles=(5, 95))
    with pytest.raises(InputError, match="not known yet"):
        normalised(channel, settings)
    pairs, voxels = [], []
    for n, volume in enumerate((scan(channel, 3 * channel), scan(channel + 50, 3 * channel))):
        mask = np.zeros(channel.shape, np.uint8)
        mask[: n + 1] = 1
        pairs.append((volume, volume.with_labels(mask, preset("prostate"))))
        voxels.append(volume.array[:, : n + 1].reshape(2, -1))
    low, high = np.percentile(np.concatenate(voxels, axis=1), (5, 95), axis=1)
    known = measured_foreground(pairs, settings)
    assert (known.lows, known.highs) == (pytest.approx(tuple(low)), pytest.approx(tuple(high)))
    for index, one in enumerate((channel, 3 * channel)):
        expected = np.clip((one - low[index]) / (high[index] - low[index]), 0, 1)
        np.testing.assert_allclose(normalised(one, known, index), expected, atol=1e-5)
    assert Preprocessing.model_validate_json(known.model_dump_json()) == known
    empty = scan(channel).with_labels(np.zeros(channel.shape, np.uint8), preset("prostate"))
    nothing = measured_foreground([(scan(channel), empty)], settings)
    assert not normalised(channel, nothing).any()


def test_the_empty_surroundings_are_cut_off_and_come_back(channel):
    padded = np.zeros((12, 13, 14), np.float32)
    padded[3:9, 2:9, 4:12] = channel
    volume = scan(padded, np.zeros_like(padded))
    assert nonzero_box(volume) == (slice(3, 9), slice(2, 9), slice(4, 12))
    grid = NetworkGrid(volume, Preprocessing(crop="nonzero"))
    assert grid.shape == (8, 7, 6)
    assert grid.back(grid.image()).shape == (2, 6, 7, 8)
    assert nonzero_box(scan(np.zeros((3, 4, 5)))) == (slice(0, 3), slice(0, 4), slice(0, 5))


def test_every_scan_gets_the_same_size(channel):
    grid = NetworkGrid(scan(channel), Preprocessing(size_vox=(16, 12, 10)))
    assert grid.shape == (16, 12, 10)
    assert grid.spacing_zyx == pytest.approx((0.5, 7 / 12, 0.6))
    assert grid.image().shape == (1, 16, 12, 10)
    assert grid.back(np.zeros((1, 16, 12, 10), np.float32)).shape == (1, 6, 7, 8)


@pytest.mark.parametrize("normalise", ["zscore", "unit"])
@pytest.mark.parametrize("unit", [1e-30, 1e-9, 1e-6, 1.0, 1e6, 1e20])
def test_the_unit_of_the_values_does_not_count(normalise, unit):
    channel = np.random.default_rng(0).gamma(2, 90, (4, 20, 20)).astype(np.float32)
    settings = Preprocessing(normalise=normalise)
    wanted, found = normalised(channel, settings), normalised((channel * unit).astype(np.float32), settings)
    assert np.ptp(wanted) > 0.5
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1e-9, 7.3, -1e8])
def test_a_constant_channel_becomes_nothing_whatever_its_unit(value):
    channel = np.full((2, 5, 5), value, np.float32)
    assert not normalised(channel, Preprocessing(normalise="unit")).any()
    assert not normalised(channel, Preprocessing(normalise="zscore")).any()
