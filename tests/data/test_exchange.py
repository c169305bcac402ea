"""Scans and labels through a folder, as the window and its worker exchange them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.exchange import load_labels, load_volume, save_labels, save_volume
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, NiftiForm, Volume
from napari_boundaryseg.errors import InputError

FORM = NiftiForm(1, 2, (1.0, 0.1, 1 / 3, 2.0, 0, 0, 0, 0), (0.1, 0.2, 1 / 7), (1.0, 2.0, 3.3),
                 np.arange(12).reshape(3, 4) / 7, 10)  # fmt: skip
GRID = Geometry((3, 4, 5), np.diag([0.1, 1 / 3, 2.0, 1.0]), FORM)


def fields(form: NiftiForm | None) -> list[object]:
    assert form is not None
    return [
        form.sform_code,
        form.qform_code,
        form.pixdim,
        form.quatern,
        form.qoffset,
        form.srow.tolist(),
        form.xyzt_units,
    ]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8])
def test_a_scan_comes_back_bit_by_bit(tmp_path: Path, order: str, dtype: type) -> None:
    array = np.asarray(np.arange(120).reshape(2, 3, 4, 5), dtype, order=order)  # type: ignore[call-overload]
    volume = Volume(array, GRID, ("t1", "t2"), "é", "MR", ("odd.",), (tmp_path / "a.nii",))
    again = load_volume(save_volume(volume, tmp_path / "new" / "folder"))
    assert np.array_equal(again.array, array)
    assert again.array.dtype == dtype
    assert np.array_equal(again.affine, volume.affine)
    assert fields(again.geometry.nifti) == fields(FORM)
    for name in ("channels", "name", "modality", "warnings"):
        assert getattr(again, name) == getattr(volume, name)
    assert again.source == (Path("a.nii"),), "of the folders nothing"


def test_the_array_stays_on_disk_and_cannot_be_written(tmp_path: Path) -> None:
    volume = Volume(np.zeros((1, 3, 4, 5), np.float32), GRID)
    again = load_volume(save_volume(volume, tmp_path))
    base = again.array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base  # type: ignore[assignment]
    assert isinstance(base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again.array[0, 0, 0, 0] = 1


def test_labels_keep_their_scheme(tmp_path: Path) -> None:
    array = np.zeros((3, 4, 5), np.uint16)
    array[1, 1, 1] = 2
    labels = LabelMap(array, Geometry((3, 4, 5), np.eye(4)), preset("hippocampus"), "case", ("odd.",))
    again = load_labels(save_labels(labels, tmp_path))
    assert np.array_equal(again.array, array)
    assert (again.scheme, again.name, again.warnings) == (labels.scheme, "case", ("odd.",))
    assert again.geometry.nifti is None


@pytest.mark.parametrize("order", ["C", "F"])
def test_slices_lie_whole_on_the_disk_whatever_their_order_in_memory(tmp_path: Path, order: str) -> None:
    array = np.asarray(np.arange(60).reshape(1, 3, 4, 5), "<i2", order=order)  # type: ignore[call-overload]
    save_volume(Volume(array, GRID), tmp_path)
    stored = np.load(tmp_path / "scan.npy")
    assert stored.flags.c_contiguous
    assert np.array_equal(stored, array.transpose(0, 3, 2, 1))


@pytest.mark.skipif(os.name == "nt", reason="rights of files as on Unix")
def test_nothing_of_a_persons_folders_is_written_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    planted = ["Doe^Jane", "1970-02-03", "ward 7", "jdoe"]
    source = tmp_path.joinpath(*planted) / "scan.nii.gz"
    folder = tmp_path / "worker"
    save_volume(Volume(np.zeros((1, 3, 4, 5), np.uint8), GRID, source=(source, source.with_name("t2.nii"))), folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        assert not [word for word in planted if word.encode() in path.read_bytes()], path.name


@pytest.mark.parametrize("fault", ["nothing", "no array", "no json", "pickle", "no name", "odd grid", "a list"])
def test_a_broken_folder_is_refused(tmp_path: Path, fault: str) -> None:
    folder = save_volume(Volume(np.zeros((1, 3, 4, 5), np.uint8), GRID), tmp_path / "case")
    if fault in ("nothing", "no array"):
        (folder / "scan.npy").unlink()
    if fault in ("nothing", "no json"):
        (folder / "scan.json").write_text("{")
    if fault in ("no name", "odd grid"):
        values = json.loads((folder / "scan.json").read_text())
        values["geometry"] = {**values["geometry"], "shape": [1, 2]}
        (folder / "scan.json").write_text(json.dumps(values if fault == "odd grid" else {"geometry": None}))
    if fault == "a list":
        (folder / "scan.json").write_text("[1]")
    if fault == "pickle":
        np.save(folder / "scan.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"^case: no scan can be read"):
        load_volume(folder)
