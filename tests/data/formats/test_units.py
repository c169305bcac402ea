"""Units of length: every format that names one is converted to mm, and one that is not known is said."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from text_header_cases import EXPECTED, SHAPE, VOXELS, meta, nrrd

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.errors import InputError

MM = {"um": 0.001, "mm": 1.0, "cm": 10.0, "m": 1000.0}
KINDS = ["nrrd", "nrrd by spacings", "mha", "nifti"]


def saved(folder: Path, kind: str, unit: str) -> Path:
    """The one small scan, its numbers in another unit."""
    name = "a.nii" if kind == "nifti" else "a.mha" if kind == "mha" else "a.nrrd"
    path = folder / name
    if kind == "nifti":
        header = nib.Nifti1Header()
        header["xyzt_units"] = {"m": 1, "mm": 2, "um": 3}[unit]
        nib.save(nib.Nifti1Image(VOXELS, EXPECTED, header), path)
        return path
    if kind == "mha":
        data = meta(DistanceUnits=unit)
    elif kind == "nrrd":
        data = nrrd(space_units=" ".join(3 * [f'"{unit}"']))
    else:
        data = nrrd(space_directions="", spacings="0.5 0.75 3", units=" ".join(3 * [f'"{unit}"']))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", MM)
def test_units_of_length_are_converted(tmp_path: Path, kind: str, unit: str) -> None:
    if (kind, unit) == ("nifti", "cm"):
        return  # NIfTI has no code for it
    volume = read(saved(tmp_path, kind, unit))
    assert np.allclose(volume.affine[:3], EXPECTED[:3] * MM[unit], rtol=1e-6)
    assert np.array_equal(volume.array[0], VOXELS)
    longest = 18 * MM[unit]
    odd = not 1 <= longest <= 5000
    assert [f"It is {longest:.3g} mm long: the unit of its voxel size may be wrong."] * odd == [
        text for text in volume.warnings if "unit" in text
    ]


@pytest.mark.parametrize(
    ("fields", "factors"),
    [
        ({"space_units": '"um" "mm" "cm"'}, (0.001, 1, 10)),
        ({"space_units": "Microns MILLIMETRES Centimeters"}, (0.001, 1, 10)),
        ({"space_units": '"µm" "μm" "nm"'}, (0.001, 0.001, 1e-6)),
        ({"space_units": "cm"}, (10, 10, 10)),
        ({"space_units": '"" "" ""'}, (1, 1, 1)),
        ({"space_units": '"cm" "cm" "cm"', "units": '"cm" "cm" "cm"'}, (10, 10, 10)),
        ({"units": '"cm" "cm" "cm"'}, (10, 10, 10)),
        ({"units": '"" "" ""', "space_units": "m m m"}, (1000, 1000, 1000)),
        ({"space_directions": "", "spacings": "0.5 0.75 3", "units": '"cm" "mm" "m"'}, (10, 1, 1000)),
        (
            {"dimension": "4", "sizes": "1 4 5 6", "kinds": "list domain domain domain", "space_directions": "",
             "spacings": "nan 0.5 0.75 3", "units": '"" "cm" "mm" ???'}, (10, 1, 1),
        ),
    ],
)  # fmt: skip
def test_each_axis_of_the_space_has_its_unit(
    tmp_path: Path, fields: dict[str, str], factors: tuple[float, float, float]
) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd(**fields))
    volume = read(tmp_path / "a.nrrd")
    assert np.allclose(volume.affine[:3], EXPECTED[:3] * np.array(factors)[:, None])
    assert not any("millimetres are assumed" in text for text in volume.warnings)


def test_a_unit_follows_its_axis_of_the_space_and_not_of_the_array(tmp_path: Path) -> None:
    turned = {"space_directions": "(0,0.5,0) (0,0,0.75) (3,0,0)", "space_units": '"mm" "cm" "mm"'}
    (tmp_path / "a.nrrd").write_bytes(nrrd(**turned))
    assert np.allclose(read(tmp_path / "a.nrrd").spacing_mm, (5, 0.75, 3))
    assert read(tmp_path / "a.nrrd").array.shape[1:] == SHAPE


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.nrrd", nrrd(space_units='"furlong" "furlong" "furlong"'), "Its unit of length is furlong: millimetres are"),
        ("a.nrrd", nrrd(space_units='"mm" "mm" "<b>"'), "Its unit of length is not known: millimetres are assumed"),
        ("a.mha", meta(DistanceUnits="?"), "Its unit of length is not known: millimetres are assumed"),
        ("a.mha", meta(DistanceUnits="inch"), "Its unit of length is inch: millimetres are assumed"),
    ],
)
def test_a_unit_that_is_not_known_is_said(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    volume = read(tmp_path / name)
    assert np.allclose(volume.affine, EXPECTED)
    (warning,) = volume.warnings
    assert said in warning


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"space_units": '"mm" "cm"'}, "its header says space units: for 2 axes only, not 3"),
        ({"units": '"mm" "cm" "mm" "mm"'}, "its header says units: for 4 axes, not 3"),
        ({"units": '"mm" "cm" "mm"'}, "its header says units: of its axes that do not go with those of its space"),
        ({"units": "cm cm cm", "space_units": "mm mm mm"}, "do not go with those of its space"),
    ],
)
def test_units_that_contradict_each_other_are_refused(tmp_path: Path, fields: dict[str, str], said: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd(**fields))
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.nrrd")
