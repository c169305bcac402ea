"""Folders of cases: their layouts, splits, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.datasets import check_cases, load_case, read_dataset, with_channels
from napari_boundaryseg.data.formats import write
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError

GRID = Geometry((3, 4, 5), np.eye(4))
SCAN = Volume(np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5), GRID)


def scans(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write(SCAN, folder / name)


def segmentations(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write(SCAN.with_labels(np.asarray(SCAN.array[0] % 3, np.uint8)), folder / name)


def test_images_and_labels(tmp_path: Path) -> None:
    scans(tmp_path / "images", "b.nii.gz", "a.nii.gz", "c_0001.nii.gz", "c_0000.nii.gz")
    segmentations(tmp_path / "labels", "a.nii.gz", "c.nii.gz")
    for junk in ("._a.nii.gz", ".DS_Store", "Thumbs.db"):
        (tmp_path / "images" / junk).write_bytes(b"junk")
    a, b, c = read_dataset(tmp_path)
    assert [case.name for case in (a, b, c)] == ["a", "b", "c"]
    assert b.label is None
    assert c.label is not None
    assert [path.name for path in c.images] == ["c_0000.nii.gz", "c_0001.nii.gz"]
    volume, labels = load_case(c, preset("hippocampus"))
    assert volume.array.shape == (2, 3, 4, 5)
    assert volume.name == "c"
    assert labels is not None
    assert labels.name == "c"
    assert labels.scheme.name == preset("hippocampus").name
    assert labels.geometry is volume.geometry
    assert load_case(b)[1] is None


def test_years_in_names_are_no_channels_when_the_labels_say_so(tmp_path: Path) -> None:
    scans(tmp_path / "images", "p_2011.nii.gz", "p_2012.nii.gz")
    segmentations(tmp_path / "labels", "p_2011.nii.gz", "p_2012.nii.gz")
    assert [case.name for case in read_dataset(tmp_path)] == ["p_2011", "p_2012"]


def test_nnunet_raw(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "x_0000.nii.gz", "x_0001.nii.gz", "y_0000.nii.gz", "y_0001.nii.gz")
    segmentations(tmp_path / "labelsTr", "x.nii.gz", "y.nii.gz")
    scans(tmp_path / "imagesTs", "z_0000.nii.gz", "z_0001.nii.gz")
    (tmp_path / "dataset.json").write_text(json.dumps({"channel_names": {"0": "T1", "1": "T2"}, "numTraining": 2}))
    x, y, z = read_dataset(tmp_path)
    assert (x.name, y.name, z.name) == ("x", "y", "z")
    assert len(x.images) == len(z.images) == 2
    assert (x.split, z.split, z.label) == ("", "test", None)


def test_decathlon(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_001.nii.gz", "h_2012.nii.gz")
    segmentations(tmp_path / "labelsTr", "h_001.nii.gz", "h_2012.nii.gz")
    scans(tmp_path / "imagesTs", "h_003.nii.gz")
    (tmp_path / "imagesTr" / "._h_001.nii.gz").write_bytes(b"junk")
    entries = [{"image": f"./imagesTr/{n}", "label": f"./labelsTr/{n}"} for n in ("h_001.nii.gz", "h_2012.nii.gz")]
    entries.append({"image": "./imagesTr/._h_001.nii.gz", "label": "./labelsTr/h_001.nii.gz"})
    (tmp_path / "dataset.json").write_text(json.dumps({"training": entries, "test": ["./imagesTs/h_003.nii.gz"]}))
    cases = read_dataset(tmp_path)
    assert [case.name for case in cases] == ["h_001", "h_003", "h_2012"]
    assert [case.split for case in cases] == ["", "test", ""]
    assert cases[0].label == tmp_path / "labelsTr" / "h_001.nii.gz"


def test_monai_label(tmp_path: Path) -> None:
    scans(tmp_path, "a.nii.gz", "b.nii.gz")
    segmentations(tmp_path / "labels" / "final", "a.nii.gz")
    segmentations(tmp_path / "labels" / "original", "a.nii.gz", "b.nii.gz")
    a, b = read_dataset(tmp_path)
    assert (a.name, b.name, b.label) == ("a", "b", None)
    assert a.label == tmp_path / "labels" / "final" / "a.nii.gz"


@pytest.mark.parametrize("inner", ["", "data"])
def test_kits(tmp_path: Path, inner: str) -> None:
    for name in ("case_00001", "case_00000"):
        scans(tmp_path / inner / name, "imaging.nii.gz")
    segmentations(tmp_path / inner / "case_00000", "segmentation.nii.gz")
    first, second = read_dataset(tmp_path)
    assert (first.name, second.name) == ("case_00000", "case_00001")
    assert first.label is not None
    assert second.label is None
    assert load_case(first)[0].channels == ("ct",)


def test_promise12(tmp_path: Path) -> None:
    pytest.importorskip("SimpleITK")
    for number in ("00", "01"):
        scans(tmp_path, f"Case{number}.nii.gz")
        segmentations(tmp_path, f"Case{number}_segmentation.nii.gz")
        for name in (f"Case{number}", f"Case{number}_segmentation"):
            as_mhd(tmp_path / f"{name}.nii.gz")
    cases = read_dataset(tmp_path)
    assert [case.name for case in cases] == ["Case00", "Case01"]
    with pytest.raises(InputError, match="holds \\[2\\], which 'prostate' does not name"):
        load_case(cases[0])
    write(SCAN.with_labels(np.ones(SCAN.array.shape[1:], np.uint8)), tmp_path / "one.nii.gz")
    as_mhd(tmp_path / "one.nii.gz")
    (tmp_path / "one.mhd").rename(tmp_path / "Case01_segmentation.mhd")
    volume, labels = load_case(cases[1], preset("prostate"))
    assert volume.channels == ("t2",)
    assert labels is not None
    assert labels.array.max() == 1


def as_mhd(file: Path) -> None:
    """The same scan as the two files of a MetaImage."""
    import SimpleITK

    SimpleITK.WriteImage(SimpleITK.ReadImage(str(file)), str(file).replace(".nii.gz", ".mhd"))
    file.unlink()


@pytest.mark.parametrize(
    ("name", "files", "group"),
    [
        ("HGG/Brats18_X_1", ("_t1", "_t1ce", "_t2", "_flair", "_seg"), "Brats18_X_1"),
        ("BraTS-GLI-00003-001", ("-t1n", "-t1c", "-t2w", "-t2f", "-seg"), "BraTS-GLI-00003"),
    ],
)
def test_brats(tmp_path: Path, name: str, files: tuple[str, ...], group: str) -> None:
    folder = tmp_path / name
    scans(folder, *(f"{folder.name}{end}.nii.gz" for end in files[:4]))
    segmentations(folder, f"{folder.name}{files[4]}.nii.gz")
    (case,) = read_dataset(tmp_path)
    assert (case.name, case.group) == (folder.name, group)
    assert [image.name for image in case.images] == [f"{folder.name}{end}.nii.gz" for end in files[:4]]
    volume, labels = load_case(case, preset("brats-2023"))
    assert volume.channels == ("t1", "t1c", "t2", "flair")
    assert labels is not None
    assert set(np.unique(labels.array)) == {0, 1, 2}
    (only,) = with_channels([case], ("flair", "t1c"))
    assert [image.name for image in only.images] == [f"{folder.name}{files[n]}.nii.gz" for n in (3, 1)]
    assert with_channels([case], ("ct",)) == [case]
    (folder / f"{folder.name}{files[2]}.nii.gz").unlink()
    with pytest.raises(InputError, match="its t2 is missing"):
        read_dataset(tmp_path)


def test_every_wrong_case_is_named_before_training(tmp_path: Path) -> None:
    scans(tmp_path / "images", "empty.nii.gz", "good.nii.gz", "grid.nii.gz", "nan.nii.gz", "scheme.nii.gz")
    segmentations(tmp_path / "labels", "good.nii.gz", "nan.nii.gz", "scheme.nii.gz")
    write(SCAN.with_labels(np.zeros(SCAN.array.shape[1:], np.uint8)), tmp_path / "labels" / "empty.nii.gz")
    write(SCAN.with_labels(np.full(SCAN.array.shape[1:], 9, np.uint8)), tmp_path / "labels" / "scheme.nii.gz")
    moved = Volume(SCAN.array, Geometry((3, 4, 5), np.diag([2.0, 1, 1, 1])))
    write(moved.with_labels(np.ones((3, 4, 5), np.uint8)), tmp_path / "labels" / "grid.nii.gz")
    holes = np.array(SCAN.array, np.float32)
    holes[0, 1, 1, 1] = np.nan
    write(Volume(holes, GRID), tmp_path / "images" / "nan.nii.gz")
    with pytest.raises(InputError) as caught:
        check_cases(read_dataset(tmp_path), preset("hippocampus"))
    message = str(caught.value)
    assert message.startswith("4 of 5 cases: ")
    for part in ("empty: no voxel is labelled", "grid: ", "nan: some voxels are not numbers", "scheme: "):
        assert part in message
    assert "good" not in message
    with pytest.raises(InputError, match="it has 1 channels, not 2"):
        check_cases(read_dataset(tmp_path)[1:2], preset("hippocampus"), channels=2)
    check_cases(read_dataset(tmp_path)[1:2], preset("hippocampus"))


def test_a_scan_is_checked_also_where_its_labels_are_wrong(tmp_path: Path) -> None:
    holes = np.array(SCAN.array, np.float32)
    holes[0, 1, 1, 1] = np.nan
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    write(Volume(holes, GRID), tmp_path / "images" / "a.nii.gz")
    write(SCAN.with_labels(np.full(SCAN.array.shape[1:], 9, np.uint8)), tmp_path / "labels" / "a.nii.gz")
    with pytest.raises(InputError, match=r"^1 of 1 cases: a: .*holds \[9\].*, some voxels are not numbers\. "):
        check_cases(read_dataset(tmp_path), preset("hippocampus"))
    (tmp_path / "images" / "a.nii.gz").write_bytes(b"no scan")
    with pytest.raises(InputError, match=r"^1 of 1 cases: a: [^,;]*\. "):
        check_cases(read_dataset(tmp_path), preset("hippocampus"))


def test_every_brats_case_without_a_channel_is_named(tmp_path: Path) -> None:
    for name, endings in (("P1", ("_t1", "_flair")), ("P2", ("_t1", "_t1ce", "_t2", "_flair")), ("P3", ("_t1ce",))):
        scans(tmp_path / name, *(f"{name}{ending}.nii.gz" for ending in endings))
    with pytest.raises(InputError, match=r"^2 cases: P1: its t1c, t2 is missing; P3: its t1, t2, flair is missing\. "):
        read_dataset(tmp_path)


def test_every_wrong_entry_of_the_decathlon_is_named(tmp_path: Path) -> None:
    scans(tmp_path, "a.nii.gz")
    entries = [{"image": "a.nii.gz", "label": "gone.nii.gz"}, {"image": "b.nii.gz"}, {"image": "../c.nii.gz"}]
    (tmp_path / "dataset.json").write_text(json.dumps({"training": entries}))
    with pytest.raises(InputError) as caught:
        read_dataset(tmp_path)
    assert str(caught.value) == (
        "dataset.json: it names gone.nii.gz, which is not there; it names b.nii.gz, which is not there; "
        "it names c.nii.gz, which lies outside the folder. Correct or remove them."
    )


def listing(value: object) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        scans(folder, "a.nii.gz")
        (folder / "dataset.json").write_text(value if isinstance(value, str) else json.dumps(value))

    return make


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (lambda folder: None, "it holds no cases"),
    "no scans": (lambda folder: (folder / "images").mkdir(), "it holds no scan that can be read"),
    "broken JSON": (listing("{"), "no valid JSON"),
    "a list": (listing(["training"]), "does not list its cases"),
    "training is no list": (listing({"training": 3}), "does not list its cases"),
    "no image": (listing({"training": [{"label": "a.nii.gz"}]}), "names no image"),
    "missing file": (listing({"training": [{"image": "b.nii.gz"}]}), "names b.nii.gz, which is not there"),
    "outside": (listing({"training": [{"image": "../../etc/passwd"}]}), "passwd, which lies outside"),
    "absolute": (listing({"training": [{"image": "/etc/passwd"}]}), "passwd, which lies outside"),
    "twice": (listing({"training": [{"image": "a.nii.gz"}, {"image": "./a.nii.gz"}]}), "two cases are named a"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_folders(tmp_path: Path, name: str) -> None:
    make, reason = FAULTS[name]
    make(tmp_path)
    with pytest.raises(InputError, match=reason):
        read_dataset(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^nowhere: there is no such folder"):
        read_dataset(tmp_path / "nowhere")


def paired(tmp_path: Path) -> Path:
    scans(tmp_path / "images", "a.nii.gz", "b.nii.gz", "c.nii.gz")
    return tmp_path


def test_splits_and_groups(tmp_path: Path) -> None:
    folder = paired(tmp_path)
    (folder / "splits.csv").write_text("\ufeffcase,group,split\na,p1,train\nb,p2,val\n", "utf-8")
    assert [(case.group, case.split) for case in read_dataset(folder)] == [("p1", "train"), ("p2", "val"), ("", "")]
    other = tmp_path / "other.csv"
    other.write_text("case,split\nc,test\n")
    assert [case.split for case in read_dataset(folder, other)] == ["", "", "test"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("case,group,split\na,p,train\nb,p,val\n", "the group 'p' is divided between 'train' and 'val'"),
        ("case,group,split\nx,p,train\n", "it names x, which the data lacks"),
        ("case,group,split\na,p,train\na,p,train\n", "a stands there twice"),
        ("case,group,split\na,p,evaluation\n", "a has the split 'evaluation'"),
        ("name,split\na,train\n", "it has no column named case"),
        ("", "it has no column named case"),
    ],
)
def test_faulty_splits(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(InputError, match=f"^s.csv: {reason}"):
        read_dataset(paired(tmp_path), tmp_path / "s.csv")


def test_labels_that_do_not_fit_their_scan(tmp_path: Path) -> None:
    scans(tmp_path / "images", "a.nii.gz")
    (tmp_path / "labels").mkdir()
    small = Volume(SCAN.array[:, :, :, 1:], Geometry((3, 4, 4), np.eye(4)))
    write(small.with_labels(np.ones((3, 4, 4), np.uint8)), tmp_path / "labels" / "a.nii.gz")
    with pytest.raises(InputError, match="do not fit"):
        load_case(read_dataset(tmp_path)[0])


@pytest.mark.parametrize(("name", "count"), [("hippocampus", 209), ("prostate_toy", 20), ("sarcoma_t1", 40)])
def test_real_folders(shared_data: Path, name: str, count: int) -> None:
    cases = read_dataset(shared_data / name)
    assert len(cases) == count
    assert all(case.label is not None and case.split in ("train", "val") for case in cases)
    volume, labels = load_case(cases[0])
    assert labels is not None
    assert labels.array.any()
    assert labels.geometry is volume.geometry
