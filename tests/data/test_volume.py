"""Scans and label maps: what they accept, refuse and keep."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume, as_labels
from napari_boundaryseg.errors import InputError

GRID = Geometry((2, 3, 4), np.diag([0.5, 0.5, 2.0, 1.0]))


def labels(**values: object) -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    array[0, 0, :2] = 1
    array[1, 2, 3] = 2
    return LabelMap(array, GRID, **values)


def test_arrays_are_read_only() -> None:
    volume = Volume(np.zeros((1, 2, 3, 4), np.int16), GRID)
    for array in (volume.array, labels().array, GRID.affine):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("shape", "channels", "reason"),
    [
        ((2, 3, 4), ("image",), "the array is"),
        ((1, 2, 3, 5), ("image",), "the array is"),
        ((2, 2, 3, 4), ("a",), "names"),
    ],
)
def test_volume_refuses_what_does_not_fit(shape: tuple[int, ...], channels: tuple[str, ...], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Volume(np.zeros(shape), GRID, channels)


def test_labels_of_another_size_are_refused() -> None:
    with pytest.raises(InputError, match="drawn on this scan"):
        LabelMap(np.zeros((2, 3, 5), np.uint8), GRID)


def test_volumes_in_ml() -> None:
    assert labels().volumes_ml() == pytest.approx({"Label 1": 2 * 0.5 / 1000, "Label 2": 0.5 / 1000})
    assert GRID.voxel_ml == pytest.approx(0.0005)


def test_a_scheme_must_name_every_integer() -> None:
    scheme = preset("prostate")
    with pytest.raises(InputError, match="does not name"):
        LabelMap(np.full(GRID.shape, 77, np.uint8), GRID).with_scheme(scheme)
    assert labels(warnings=("odd.",)).with_scheme(preset("hippocampus")).warnings == ("odd.",)


def test_masks_by_name_and_id() -> None:
    assert labels().mask(1).sum() == 2
    assert labels().mask("label 2").dtype == bool
    with pytest.raises(InputError, match="no such organ"):
        labels().mask("Spleen")


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([True, False], np.uint8), (np.array([0, 255], np.int64), np.uint8), (np.array([0, 256], np.int64), np.uint16),
        (np.array([0, 65534], np.uint64), np.uint16), (np.array([0.0, 2.0], np.float32), np.uint8),
    ],
)  # fmt: skip
def test_labels_are_kept_without_loss(values: list[int], dtype: type) -> None:
    kept = as_labels(np.asarray(values))
    assert kept.dtype == dtype
    assert np.array_equal(kept, np.asarray(values))


@pytest.mark.parametrize("value", [70000, 65535, -1, 0.5, 1.2, 1.8, 255.999, np.nan, np.inf, 1j, "a"])
def test_what_is_no_label_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        as_labels(np.array([0, value]))


def test_grids_within_a_micrometre_are_the_same() -> None:
    def moved(mm: float) -> Geometry:
        affine = GRID.affine.copy()
        affine[0, 3] += mm
        return Geometry(GRID.shape, affine)

    assert GRID.same_as(moved(0.9e-3))
    assert not GRID.same_as(moved(1.1e-3))
    assert GRID.distance_mm(Geometry((2, 3, 5), GRID.affine)) == float("inf")
