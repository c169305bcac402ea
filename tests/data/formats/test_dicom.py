"""DICOM folders: slices sorted and scaled one by one, and stacks that are none refused with the place named."""

from __future__ import annotations

import os
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_boundaryseg.data.formats import read, read_labels
from napari_boundaryseg.data.formats.dicom import folder as dicom_folder
from napari_boundaryseg.errors import InputError, MissingExtra
from napari_boundaryseg.progress import Cancelled

pydicom = pytest.importorskip("pydicom")
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import (  # noqa: E402
    MPEG2MPML,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RawDataStorage,
    generate_uid,
)

ROWS, COLUMNS, COUNT = 4, 5, 6
SERIES = generate_uid()
VOXELS = np.arange(COUNT * ROWS * COLUMNS, dtype=np.int16).reshape(COUNT, ROWS, COLUMNS)


def one_slice(n: int, *, normal_step: float = 3.0, turn: np.ndarray | None = None, **tags: Any) -> Dataset:
    """An axial slice at n steps above (1, 2, -7), turned when asked."""
    turn = np.eye(3) if turn is None else turn
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.SeriesInstanceUID, ds.Modality = SERIES, "CT"
    ds.PatientName, ds.InstanceNumber = "SECRET^NAME", 100 - 7 * n
    ds.ImagePositionPatient = [round(float(v), 6) for v in turn @ [1, 2, -7 + normal_step * n]]
    ds.ImageOrientationPatient = [float(v) for v in (*turn[:, 0], *turn[:, 1])]
    ds.PixelSpacing, ds.SliceThickness = [0.5, 0.75], 3
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    ds.PixelData = VOXELS[n % COUNT].tobytes()
    for name, value in tags.items():
        setattr(ds, name, value)
    return ds


def series(turn: np.ndarray | None = None) -> list[Dataset]:
    return [one_slice(n, turn=turn) for n in range(COUNT)]


def save(folder: Path, slices: list[Dataset], **arguments: Any) -> Path:
    folder.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n, ds in enumerate(slices):
            arguments = arguments or {"enforce_file_format": True}
            ds.save_as(folder / f"IM{(n * 5) % 7}{n}", **arguments)  # names in another order than the slices
    return folder


def test_slices_are_sorted_by_position_only(tmp_path: Path) -> None:
    volume = read(save(tmp_path / "case", series()))
    assert np.array_equal(volume.array[0], VOXELS.transpose(2, 1, 0))
    assert volume.array.dtype == np.int16
    assert (volume.name, volume.modality, volume.warnings) == ("case", "CT", ())
    assert volume.spacing_mm == pytest.approx((0.75, 0.5, 3))
    assert volume.geometry.orientation == "LPS"
    assert np.allclose(volume.affine @ [0, 0, 0, 1], [-1, -2, -7, 1])
    assert np.allclose(volume.affine @ [4, 3, 5, 1], [-1 - 4 * 0.75, -2 - 3 * 0.5, 8, 1])


@pytest.mark.parametrize("angles", [(20, 0, 0), (90, 0, 0), (0, 90, 0), (10, -20, 130), (180, 0, 0)])
def test_an_oblique_stack_is_normal(tmp_path: Path, angles: tuple[float, ...]) -> None:
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    volume = read(save(tmp_path / "case", series(turn)))
    expected = np.diag([-1, -1, 1]) @ turn @ np.diag([0.75, 0.5, 3])
    assert np.allclose(volume.affine[:3, :3], expected, atol=1e-5)
    assert np.array_equal(volume.array[0], VOXELS.transpose(2, 1, 0))


def test_each_slice_has_its_own_scale(tmp_path: Path) -> None:
    slices = series()
    for n, ds in enumerate(slices):
        ds.RescaleSlope, ds.RescaleIntercept = 0.5 + n, -10 * n
    volume = read(save(tmp_path / "case", slices))
    assert volume.array.dtype == np.float32
    for n in range(COUNT):
        assert np.allclose(volume.array[0, :, :, n].T, VOXELS[n] * (0.5 + n) - 10 * n, atol=1e-3)


def test_hounsfield_units_stay_integers_and_do_not_wrap(tmp_path: Path) -> None:
    slices = series()
    for ds in slices:
        ds.RescaleIntercept = -1024
    assert read(save(tmp_path / "a", slices)).array.dtype == np.int16
    for ds in slices:
        ds.PixelRepresentation, ds.RescaleIntercept = 0, 0
        ds.PixelData = np.full((ROWS, COLUMNS), 60000, np.uint16).tobytes()
    volume = read(save(tmp_path / "b", slices))
    assert volume.array.dtype == np.int32
    assert volume.array.max() == 60000


@pytest.mark.parametrize(("modality", "turned"), [("MR", True), ("CT", False)])
def test_monochrome1_is_turned_round_unless_the_values_mean_something(
    tmp_path: Path, modality: str, turned: bool
) -> None:
    slices = series()
    for ds in slices:
        ds.PhotometricInterpretation, ds.Modality = "MONOCHROME1", modality
        ds.PixelRepresentation, ds.BitsStored, ds.HighBit = 0, 12, 11
    volume = read(save(tmp_path / "case", slices))
    expected = 4095 - VOXELS if turned else VOXELS
    assert np.array_equal(volume.array[0], expected.transpose(2, 1, 0))
    assert "MONOCHROME1" in volume.warnings[0]


def test_one_slice_is_as_thick_as_it_says(tmp_path: Path) -> None:
    volume = read(save(tmp_path / "case", series()[:1]))
    assert volume.array.shape == (1, COLUMNS, ROWS, 1)
    assert volume.spacing_mm[2] == pytest.approx(3)
    assert volume.warnings == ("There is only one slice.",)


# --- stacks that are none ---------------------------------------------------------------------------------------


def without(*numbers: int) -> list[Dataset]:
    return [ds for n, ds in enumerate(series()) if n not in numbers]


def changed(n: int, **tags: Any) -> list[Dataset]:
    slices = series()
    for name, value in tags.items():
        setattr(slices[n], name, value)
    return slices


def tilted(degrees: float) -> list[Dataset]:
    slices = series()
    for n, ds in enumerate(slices):
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, round(float(y) + np.tan(np.radians(degrees)) * 3 * n, 6), z]
    return slices


def enhanced() -> list[Dataset]:
    ds = one_slice(0, NumberOfFrames=2)
    ds.PixelData = VOXELS[:2].tobytes()
    return [ds]


FAULTS: dict[str, tuple[Callable[[], list[Dataset]], str]] = {
    "missing slice": (lambda: without(3), "case: a slice is missing between -1.0 mm and 5.0 mm"),
    "two missing": (lambda: without(2, 3), "case: 2 slices are missing between -4.0 mm and 5.0 mm"),
    "double slice": (lambda: [*series(), one_slice(2)], "case: two slices lie at -1.0 mm. Remove"),
    "several echoes": (lambda: series() + series(), "case: two slices lie at -7.0 mm (several time points"),
    "uneven": (lambda: changed(5, ImagePositionPatient=[1, 2, 9.1]),
               "4.10 mm after the one at 5.0 mm, 3.00 mm elsewhere"),
    "tilted": (lambda: tilted(0.7), "stacked 0.7 degrees off their normal, from -7.0 mm to 8.0 mm"),
    "shifted": (lambda: changed(2, ImagePositionPatient=[1, 3, -1]),
                "the slice at -1.0 mm is shifted 1.00 mm sideways"),
    "two series": (lambda: [*series(), one_slice(9, SeriesInstanceUID="1.2", Modality="MR")],
                   "it holds 2 series (CT with 6 slices, MR with 1 slices)"),
    "localiser": (lambda: changed(0, ImageOrientationPatient=[0, 1, 0, 0, 0, 1]), "point in different directions"),
    "size": (lambda: changed(3, Rows=2, Columns=10), "differ in size: 10 x 2 at 2.0 mm, 5 x 4 elsewhere"),
    "voxel size": (lambda: changed(3, PixelSpacing=[0.6, 0.75]), "differ in voxel size (the one at 2.0 mm"),
    "enhanced": (enhanced, "IM00: it is an enhanced (multi-frame) DICOM object"),
    "mosaic": (lambda: [one_slice(0, ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"])],
               "IM00: it is a mosaic of many slices in one picture"),
    "no position": (lambda: changed(3, ImagePositionPatient=None), "does not say where in the patient"),
    "bad orientation": (lambda: changed(0, ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "its orientation or its pixel"),
    "zero spacing": (lambda: changed(0, PixelSpacing=[0, 0.75]), "its orientation or its pixel spacing is not usable"),
    "thin single": (lambda: [one_slice(0, SliceThickness=None)], "does not say how thick"),
    "colours": (lambda: changed(2, SamplesPerPixel=3), "its pixels are colours"),
    "bits": (lambda: changed(2, BitsStored=17), "it says 17 of 16 bits are used"),
    "no pixels": (lambda: [ds for ds in changed(2) if delattr(ds, "PixelData") is None], "it has no pixels"),
    "short pixels": (lambda: changed(2, PixelData=bytes(10)), "it is cut short: 10 of 40 bytes of pixels"),
    "slope zero": (lambda: changed(2, RescaleSlope=0), "its rescale slope is 0"),
    "no size": (lambda: changed(2, Columns=0), "its size is 0 x 4"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_even_straight_stack_is_refused(tmp_path: Path, name: str) -> None:
    make, reason = FAULTS[name]
    folder = save(tmp_path / "case", make())
    with pytest.raises(InputError) as caught:
        read(folder)
    text = str(caught.value)
    assert reason in text
    assert str(tmp_path) not in text
    assert "SECRET" not in text
    assert caught.value.advice


def test_a_tilt_below_half_a_degree_is_read(tmp_path: Path) -> None:
    assert read(save(tmp_path / "case", tilted(0.4))).array.shape == (1, COLUMNS, ROWS, COUNT)


def test_rounded_positions_are_even(tmp_path: Path) -> None:
    slices = [one_slice(n) for n in range(COUNT)]
    for n, ds in enumerate(slices):
        ds.ImagePositionPatient = [1, 2, round(-7 + 3.2727 * n, 2)]
    assert read(save(tmp_path / "case", slices)).spacing_mm[2] == pytest.approx(3.2727, abs=2e-3)


# --- files and folders ------------------------------------------------------------------------------------------


def test_no_preamble_and_implicit_encoding_are_read(tmp_path: Path) -> None:
    slices = series()
    for ds in slices:
        ds.file_meta = FileMetaDataset()
    folder = save(tmp_path / "case", slices, implicit_vr=True, little_endian=True)
    assert (folder / "IM00").read_bytes()[128:132] != b"DICM"
    assert np.array_equal(read(folder).array[0], VOXELS.transpose(2, 1, 0))
    for ds in (slices := series()):
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert np.array_equal(read(save(tmp_path / "two", slices)).array[0], VOXELS.transpose(2, 1, 0))


@pytest.mark.parametrize("keep", [0.999, 0.5, 0.05])
def test_a_file_cut_short_is_refused(tmp_path: Path, keep: float) -> None:
    folder = save(tmp_path / "case", series())
    file = sorted(folder.iterdir())[2]
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError):
        read(folder)


def test_slices_that_are_compressed_as_jpeg_ls_are_read(tmp_path: Path) -> None:
    slices = series()
    for ds in slices:
        ds.compress(JPEGLSLossless, generate_instance_uid=False)
    scan = read(save(tmp_path / "case", slices))
    assert np.array_equal(scan.array, read(save(tmp_path / "plain", series())).array)


def test_a_codec_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pydicom.pixels import get_decoder

    slices = series()
    for ds in slices:
        ds.file_meta.TransferSyntaxUID = JPEGLosslessSV1
        ds.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
        ds["PixelData"].VR = "OB"
    folder = save(tmp_path / "case", slices)
    monkeypatch.setattr(type(get_decoder(JPEGLosslessSV1)), "is_available", property(lambda self: False))
    with pytest.raises(InputError, match=r"compressed as JPEG Lossless.*pip install pylibjpeg pylibjpeg-libjpeg"):
        read(folder)
    for ds in slices:
        ds.file_meta.TransferSyntaxUID = MPEG2MPML
    with pytest.raises(InputError, match=r"compressed as MPEG2 .* are not read"):
        read(save(tmp_path / "film", slices))


def test_packed_pixels_are_read(tmp_path: Path) -> None:
    slices = series()
    for ds in slices:
        ds.compress(pydicom.uid.RLELossless)
    assert np.array_equal(read(save(tmp_path / "case", slices)).array[0], VOXELS.transpose(2, 1, 0))


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    folder = save(tmp_path / "case", series())
    (folder / "README.txt").write_text("notes")
    (folder / "._IM00").write_bytes(b"\x00\x05\x16\x07" * 60)
    (folder / "notes").write_text("no suffix either")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    contours = one_slice(0, Modality="RTSTRUCT", SeriesInstanceUID="1.2.3")
    contours.save_as(folder / "RS.dcm", enforce_file_format=True)
    raw = one_slice(0, SOPClassUID=RawDataStorage)
    del raw.Rows
    raw.file_meta.MediaStorageSOPClassUID = RawDataStorage
    raw.save_as(folder / "raw", enforce_file_format=True)
    assert read(folder).array.shape == (1, COLUMNS, ROWS, COUNT)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_loops_and_pipes_do_not_hang(tmp_path: Path) -> None:
    folder = save(tmp_path / "case", series())
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe")
    assert read(folder).array.shape == (1, COLUMNS, ROWS, COUNT)


def test_a_folder_of_very_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_folder, "MOST_FILES", 4)
    with pytest.raises(InputError, match="case: it holds more than 4 files"):
        read(save(tmp_path / "case", series()))


def test_a_folder_without_dicom(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.dcm").write_text("no dicom" * 100)
    for name in ("empty", "text"):
        with pytest.raises(InputError, match=rf"^{name}: there is no DICOM image in this folder"):
            read(tmp_path / name)
    with pytest.raises(InputError, match=r"^empty: it is a folder, and labels are one file"):
        read_labels(tmp_path / "empty")


def test_without_pydicom_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "case", series())
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtra, match=r"pip install 'napari-boundaryseg\[dicom\]'"):
        read(folder)


def test_reading_can_be_cancelled_at_any_slice(tmp_path: Path) -> None:
    folder = save(tmp_path / "case", series())
    calls = []

    def stop(fraction: float, text: str = "") -> None:
        calls.append(fraction)
        if fraction > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        read(folder, progress=stop)
    assert calls == sorted(calls)


# --- real series ------------------------------------------------------------------------------------------------


def extracted(archive: Path, folder: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder, [name for name in content.namelist() if name.startswith(inside)])
    return folder / inside


def test_the_real_oblique_series_equals_its_nifti(shared_data: Path, tmp_path: Path) -> None:
    series_ = read(extracted(shared_data / "pelvic_t2" / "ProstateX-0000_t2_dicom.zip", tmp_path))
    nifti = read(shared_data / "pelvic_t2" / "ProstateX-0000_t2_image.nii.gz")
    assert np.array_equal(series_.array, nifti.array)
    assert series_.array.dtype == nifti.array.dtype
    assert series_.geometry.distance_mm(nifti.geometry) < 1e-4
    assert series_.geometry.obliquity_deg == pytest.approx(18.5, abs=0.1)
    assert series_.modality == "MR"


@pytest.mark.parametrize("patient", ["STS_025", "STS_042"])
@pytest.mark.parametrize(("kind", "name"), [("CT", "CT"), ("MR_T1", "MR"), ("PET", "PT")])
def test_real_series_agree_with_independent_readings(
    shared_data: Path, tmp_path: Path, patient: str, kind: str, name: str
) -> None:
    folder = shared_data / "dicom_rtstruct"
    archive = folder / f"{patient}_dicom_ct_mr_pet_rtstruct.zip"
    series_ = read(extracted(archive, tmp_path, f"{patient}/{kind}/image"))
    reference = read(folder / f"{patient}_{kind}_image_reference.nii.gz")
    assert series_.modality == name
    assert series_.geometry.same_as(reference.geometry)
    assert np.allclose(series_.array, reference.array, atol=1e-3)


def test_a_real_folder_of_three_series_says_what_is_there(shared_data: Path, tmp_path: Path) -> None:
    archive = shared_data / "dicom_rtstruct" / "STS_025_dicom_ct_mr_pet_rtstruct.zip"
    with pytest.raises(InputError, match=r"3 series .*CT with 47 slices.*MR with 25 slices"):
        read(extracted(archive, tmp_path))


def test_a_real_tilted_uneven_series_is_refused(shared_data: Path, tmp_path: Path) -> None:
    archive = shared_data / "odd_files" / "dicom_gantry_tilt" / "GE_CT_gantry_tilt_variable_spacing.zip"
    with pytest.raises(InputError, match=r"unevenly spaced: 1\.08 mm after the one at 18\.4 mm"):
        read(extracted(archive, tmp_path))
