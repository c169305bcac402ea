"""Hounsfield units are known by their values, and nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.hounsfield import are_hounsfield, modality_of
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.phantom import pelvis

SHAPE = (40, 40, 12)


def noise(mean: float, sd: float, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, sd, shape)


def ct(air: float = -1000.0) -> np.ndarray:
    """A patient in air, with bone and fat."""
    values = noise(air, 12)
    values[8:32, 8:32] = noise(40, 25)[8:32, 8:32]
    values[10:30, 10:14] = -95
    values[18:22, 18:22] = 700
    return values.round().astype(np.int16)


def padded(value: int) -> np.ndarray:
    values = ct()
    y, x = np.ogrid[:40, :40]
    values[(y - 20) ** 2 + (x - 20) ** 2 > 400] = value
    return values


def clipped(low: int, high: int) -> np.ndarray:
    return ct().clip(low, high)


def chest() -> np.ndarray:
    values = ct()
    values[12:28, 9:20] = -850
    return values


HOUNSFIELD = {
    "a patient in air": ct(),
    "air at the foot of the scale": ct(-1024.0),
    "padding of -2000": padded(-2000),
    "padding of -3024": padded(-3024),
    "padding of -1024": padded(-1024),
    "clipped at -1000 and 1000": clipped(-1000, 1000),
    "a chest": chest(),
    "floats, resampled": (0.7 * ct() + 0.3 * np.roll(ct(), 1, axis=0)).astype(np.float32),
    "metal": np.where(noise(0, 1) > 3, 12_000, ct()).astype(np.int16),
    "little air": np.where(noise(0, 1) > 2.6, -990, noise(40, 30)).round().astype(np.int16),
}
OTHER = {
    "MR": np.abs(noise(300, 120)).round(),
    "MR around zero": noise(0, 300).round(),
    "MR, normalised": noise(0, 1),
    "phase": np.random.default_rng(0).integers(-4096, 4096, SHAPE),
    "a mask": (noise(0, 1) > 0).astype(np.uint8),
    "a mask of -1000 and 0": np.where(noise(0, 1) > 0, 0, -1000),
    "labels": np.random.default_rng(0).integers(0, 5, SHAPE),
    "CT from 0 to 1": (ct().clip(-160, 240) + 160) / 400,
    "CT in a soft tissue window": clipped(-160, 240),
    "CT with an offset of 1024": ct().astype(np.int32) + 1024,
    "a crop without air": noise(40, 30).round(),
    "PET": np.abs(noise(2, 3)).astype(np.float32),
    "PET in Bq/mL": np.abs(noise(5000, 9000)).round(),
    "a subtraction": noise(0, 250).round(),
    "a distance map": np.linspace(-1500, 1500, int(np.prod(SHAPE))).reshape(SHAPE),
    "a velocity": noise(0, 400).round(),
    "nothing but air": noise(-1000, 10).round(),
    "constant": np.full(SHAPE, -1000),
    "empty": np.zeros(SHAPE),
    "no numbers": np.full(SHAPE, np.nan),
    "infinite": np.full(SHAPE, np.inf),
    "one voxel": np.full((1, 1, 1), -1000),
}


@pytest.mark.parametrize("name", HOUNSFIELD)
def test_ct_is_known_by_its_values(name: str) -> None:
    assert are_hounsfield(HOUNSFIELD[name])


@pytest.mark.parametrize("name", OTHER)
def test_nothing_else_is_taken_for_ct(name: str) -> None:
    assert not are_hounsfield(OTHER[name])


def test_unsigned_and_scaled_values_do_not_overflow() -> None:
    assert not are_hounsfield(ct().astype(np.int32).clip(0).astype(np.uint16))
    assert are_hounsfield(ct().astype(np.float64))


@pytest.mark.parametrize("contrast, expected", [("ct", ("CT", True)), ("t2", ("", False))])
def test_a_file_without_a_modality_is_looked_at(tmp_path: Path, contrast: str, expected: tuple[str, bool]) -> None:
    scan, _ = pelvis(1, (48, 48, 12), (4.8, 4.8, 8.0), contrast=contrast)
    for name in ("scan.nii.gz", "scan.nrrd", "scan.mha"):
        formats.write(scan, tmp_path / name)
        assert modality_of(formats.read(tmp_path / name)) == expected, name


def test_what_a_file_says_is_believed() -> None:
    grid = Geometry(SHAPE, np.eye(4))
    assert modality_of(Volume(ct()[None], grid, modality="MR")) == ("MR", False)
    assert modality_of(Volume(ct()[None], grid, modality="CT")) == ("CT", False)
    two = Volume(np.stack([ct(), ct()]), grid, ("low", "high"))
    assert modality_of(two) == ("", False)
