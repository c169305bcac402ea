"""The fourth axis of a NIfTI file: channels are read as such, times are told or refused, vectors lie along a fifth."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_boundaryseg.data.formats import read, read_labels, write, write_map
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError

SHAPE = (6, 7, 8)


def save(path: Path, count: int, shape: tuple[int, ...] = (), **fields: float) -> Path:
    """A file of ``count`` volumes; ``step`` and ``unit`` are those of time."""
    array = np.arange(np.prod(SHAPE) * count, dtype=np.int16).reshape((*SHAPE, *(shape or (count,))))
    image = nib.Nifti1Image(array, np.eye(4))
    image.header["xyzt_units"] = 2 + int(fields.pop("unit", 0))
    image.header["pixdim"][4] = fields.pop("step", 1)
    for name, value in fields.items():
        image.header[name] = value
    path.write_bytes(image.to_bytes())
    return path


@pytest.mark.parametrize(
    "fields",
    [{}, {"unit": 8, "step": 0}, {"step": 2.5}, {"intent_code": 1007}],
    ids=["maps", "BraTS", "step", "vector"],
)
def test_channels_are_read_without_a_word(tmp_path: Path, fields: dict[str, float]) -> None:
    volume = read(save(tmp_path / "a.nii", 4, **fields))
    assert volume.array.shape == (4, *SHAPE)
    assert volume.channels == ("channel 1", "channel 2", "channel 3", "channel 4")
    assert volume.warnings == ()


@pytest.mark.parametrize(
    ("count", "fields", "said"),
    [
        (5, {"unit": 8, "step": 2.5}, "Its header calls its 5 volumes a series in time: they are taken as 5 channels."),
        (5, {"unit": 8, "step": 1}, "Its header calls its 5 volumes a series in time: they are taken as 5 channels."),
        (5, {"unit": 16, "step": 2000}, "Its header calls its 5 volumes a series in time"),
        (5, {"slice_code": 1}, "Its header calls its 5 volumes a series in time"),
        (5, {"slice_duration": 0.05}, "Its header calls its 5 volumes a series in time"),
        (5, {"unit": 32}, "Its header calls its 5 volumes a spectrum: they are taken as 5 channels."),
        (5, {"unit": 40}, "Its header calls its 5 volumes a spectrum"),
        (65, {}, "Its 65 volumes are taken as 65 channels: is it a series in time?"),
    ],
)
def test_times_do_not_pass_for_channels_in_silence(
    tmp_path: Path, count: int, fields: dict[str, float], said: str
) -> None:
    path = save(tmp_path / "a.nii", count, **fields)
    volume = read(path)
    assert len(volume.array) == count
    assert [warning for warning in volume.warnings if said in warning]
    with pytest.raises(InputError, match=f"it holds {count} volumes, a label map is one"):
        read_labels(path)


def test_a_time_series_by_intent_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", 5, intent_code=2001)
    for reader in (read, read_labels):
        with pytest.raises(InputError, match=r"^a\.nii: it is a series of 5 volumes in time\. Split it into one file"):
            reader(path)


@pytest.mark.parametrize("fields", [{"unit": 8, "step": 2.5}, {"slice_code": 1}, {"intent_code": 2001}])
def test_one_volume_is_no_series(tmp_path: Path, fields: dict[str, float]) -> None:
    assert read(save(tmp_path / "a.nii", 1, **fields)).warnings == ()


def test_a_fifth_axis_behind_one_time_is_channels(tmp_path: Path) -> None:
    volume = read(save(tmp_path / "a.nii", 3, (1, 3), intent_code=1007, unit=8, step=2.5))
    assert volume.array.shape == (3, *SHAPE)
    assert volume.warnings == ()
    stored = np.asanyarray(nib.load(tmp_path / "a.nii").dataobj)
    assert np.array_equal(volume.array, np.moveaxis(stored[..., 0, :], 3, 0))
    with pytest.raises(InputError, match="it has 5 axes"):
        read(save(tmp_path / "b.nii", 6, (2, 3)))


def test_what_simpleitk_writes_with_several_values_per_voxel(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    array = np.random.default_rng(0).integers(0, 99, (8, 7, 6, 3)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=True), str(tmp_path / "a.nii.gz"))
    assert np.array_equal(read(tmp_path / "a.nii.gz").array, array.transpose(3, 2, 1, 0))


def test_maps_and_channels_of_a_scan_with_a_repetition_time_are_no_times(tmp_path: Path) -> None:
    scan = read(save(tmp_path / "scan.nii", 1, unit=8, step=2.5))
    write_map(np.zeros((4, *SHAPE)), scan.geometry, tmp_path / "maps.nii.gz")
    write(Volume(np.zeros((2, *SHAPE), np.int16), scan.geometry, ("a", "b")), tmp_path / "two.nii.gz")
    for name in ("maps.nii.gz", "two.nii.gz"):
        volume = read(tmp_path / name)
        assert volume.warnings == ()
        assert volume.geometry.same_as(scan.geometry)
        header = nib.load(tmp_path / name).header
        assert (header["xyzt_units"], header["pixdim"][4]) == (2, 1)
    write(scan.with_labels(np.zeros(SHAPE, np.uint8)), tmp_path / "labels.nii.gz")
    header = nib.load(tmp_path / "labels.nii.gz").header
    assert (header["xyzt_units"], header["pixdim"][4]) == (10, 2.5)
