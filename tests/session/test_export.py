"""Export: everything in the scan's exact geometry, nothing half-written, nothing outside the folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from session_cases import FILES, SHAPE, box_labels, box_scan, predicted

from napari_boundaryseg.data import formats, saving
from napari_boundaryseg.data.formats.nifti import write as nifti_write
from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session import result_files
from napari_boundaryseg.session.export import KINDS, MAPS, export_files

OBLIQUE = np.array([[-0.9, 0.1, 0.3, 12.5], [0.2, 1.1, -0.2, -40.25], [0.1, 0.3, -2.0, 7.0], [0, 0, 0, 1]])
AFFINES = {
    "unit": np.eye(4),
    "mirrored": np.diag([-1, 1, 3.3, 1.0]),
    "oblique": OBLIQUE,
    "permuted": np.array([[0, 0, 2, 1], [0.5, 0, 0, 2], [0, -0.7, 0, 3], [0, 0, 0, 1.0]]),
}


FOLDERS = ("as_found", "corrected", "drawn")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def stl_volume_ml(path: Path) -> float:
    data = path.read_bytes()
    corners = np.frombuffer(data[84:], np.dtype([("n", "<3f4"), ("p", "<9f4"), ("s", "<u2")]))["p"].reshape(-1, 3, 3)
    assert len(corners) == int.from_bytes(data[80:84], "little")
    a, b, c = corners.astype(float).transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6000)


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_the_label_map_has_the_scans_exact_geometry(tmp_path: Path, affine: np.ndarray) -> None:
    scan = box_scan(affine=affine, shape=(14, 15, 13))
    labels = box_labels(scan)
    (path,) = export_files(scan, labels, None, {"labels"}, tmp_path)
    assert path == tmp_path / "case1_seg.nii.gz"
    back = nib.load(path)
    np.testing.assert_array_equal(np.asarray(back.dataobj), labels.array)
    assert back.shape == scan.geometry.shape
    np.testing.assert_allclose(back.affine, affine, atol=1e-5)


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 1)])
def test_the_header_fields_of_a_nifti_scan_are_kept_bit_by_bit(tmp_path: Path, codes: tuple[int, int]) -> None:
    image = nib.Nifti1Image(box_scan().array[0], OBLIQUE)
    image.set_sform(OBLIQUE, codes[0])
    image.set_qform(OBLIQUE, codes[1], strip_shears=True)
    nib.save(image, tmp_path / "scan.nii.gz")
    scan = formats.read(tmp_path / "scan.nii.gz")
    (path,) = export_files(scan, box_labels(scan), None, {"labels"}, tmp_path)
    own, back = (nib.load(file).header for file in (tmp_path / "scan.nii.gz", path))
    for field in (
        "sform_code",
        "qform_code",
        "srow_x",
        "srow_y",
        "srow_z",
        "quatern_b",
        "quatern_c",
        "quatern_d",
        "qoffset_x",
        "qoffset_y",
        "qoffset_z",
    ):
        np.testing.assert_array_equal(own[field], back[field], err_msg=field)


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_edges_and_contours_lie_on_the_scan(tmp_path: Path, affine: np.ndarray) -> None:
    scan = box_scan(affine=affine)
    prediction = predicted(scan)
    edges, contours = export_files(scan, box_labels(scan), prediction, {"edges", "contours"}, tmp_path)
    np.testing.assert_allclose(nib.load(edges).get_fdata(), prediction.edges, atol=1e-6)
    back = nib.load(contours)
    assert back.shape == (*SHAPE, 2)
    for n, name in enumerate(("Hippocampus_A", "Hippocampus_P")):
        np.testing.assert_allclose(back.get_fdata()[..., n], prediction.contours[name], atol=1e-6)
    np.testing.assert_allclose(back.affine, affine, atol=1e-5)


def test_probabilities_lie_on_the_scan_background_first(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    stacked = np.random.default_rng(3).random((3, *SHAPE), dtype=np.float32)
    prediction = replace(predicted(scan), probabilities=stacked)
    (path,) = export_files(scan, labels, prediction, {"probabilities"}, tmp_path)
    assert path == tmp_path / "case1_probabilities.nii.gz"
    back = nib.load(path)
    np.testing.assert_allclose(np.moveaxis(back.get_fdata(), -1, 0), stacked, atol=1e-6)
    np.testing.assert_allclose(back.affine, scan.affine, atol=1e-5)


@pytest.mark.skipif(sys.platform == "win32", reason="a file's name holds no colon there")
def test_a_case_that_is_named_after_a_file_keeps_its_name(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    paths = export_files(scan, labels, None, {"labels", "report"}, tmp_path, case="10:30")
    assert [path.name for path in paths] == ["10:30_seg.nii.gz", "10:30.json"]
    assert json.loads(paths[-1].read_text("utf-8"))["case"] == "10:30"


def test_the_contour_of_a_single_organ_is_exported(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    prediction = predicted(scan, preset("prostate"))
    (path,) = export_files(scan, labels, prediction, {"contours"}, tmp_path)
    np.testing.assert_allclose(np.squeeze(nib.load(path).get_fdata()), prediction.contours["Prostate"], atol=1e-6)


def test_everything_at_once_in_one_new_folder(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    folder = tmp_path / "new" / "folder"
    paths = export_files(scan, labels, predicted(scan), set(KINDS), folder)
    assert (
        sorted(path.name for path in paths)
        == names(folder)
        == [
            "case1.json",
            "case1_Hippocampus_A.stl",
            "case1_Hippocampus_P.stl",
            "case1_contours.nii.gz",
            "case1_edges.nii.gz",
            "case1_probabilities.nii.gz",
            "case1_seg.nii.gz",
        ]
    )


def test_the_report_says_how_far_labels_are_from_the_result_that_the_maps_are_of(tmp_path: Path, scan: Volume) -> None:
    found = predicted(scan)
    export_files(scan, found.labels, found, {"edges", "report"}, tmp_path / "as_found")
    drawn = found.labels.array.copy()
    drawn[0, :2, :3] = 1  # background before
    corrected = scan.with_labels(drawn, found.labels.scheme)
    export_files(scan, corrected, found, {"edges", "report"}, tmp_path / "corrected")
    export_files(scan, corrected, None, {"labels", "report"}, tmp_path / "drawn")
    said = {name: json.loads((tmp_path / name / f"{scan.name}.json").read_text())["corrected_ml"] for name in FOLDERS}
    assert said == {"as_found": 0.0, "corrected": pytest.approx(6 * scan.geometry.voxel_ml), "drawn": None}


@pytest.mark.parametrize(
    "what, said",
    [
        (set(), "nothing was chosen"),
        ({"labels", "pdf"}, "pdf was chosen"),
        ({"Labels"}, "Labels was chosen"),
        ({"edges"}, "there are no edges and contours yet"),
        ({"probabilities"}, "there are no edges and contours yet"),
        ({"labels", "contours"}, "there are no edges and contours yet"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_written(
    tmp_path: Path, scan: Volume, labels: LabelMap, what: set[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        export_files(scan, labels, None, what, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("other", [Geometry(SHAPE, np.diag([1, 1, 1.01, 1])), Geometry(SHAPE, OBLIQUE)])
def test_labels_of_another_grid_are_refused(tmp_path: Path, scan: Volume, labels: LabelMap, other: Geometry) -> None:
    with pytest.raises(InputError, match="the labels do not lie on this scan"):
        export_files(scan, replace(labels, geometry=other), None, {"labels", "mesh"}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_the_surface_of_a_ball_holds_the_volume_of_its_voxels(tmp_path: Path, affine: np.ndarray) -> None:
    shape = (31, 31, 31)
    ball = ((np.indices(shape) - 15) ** 2).sum(0) <= 13**2
    scan = Volume(np.zeros((1, *shape), np.float32), Geometry(shape, affine), name="ball")
    labels = scan.with_labels(ball.astype(np.uint8), preset("prostate"))
    (path,) = export_files(scan, labels, None, {"mesh"}, tmp_path)
    assert path.name == "ball_Prostate.stl"
    assert stl_volume_ml(path) == pytest.approx(labels.volumes_ml()["Prostate"], rel=0.05), "and not turned inside out"


def test_organs_that_are_not_there_get_no_surface(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    only = replace(labels, array=np.where(labels.array == 2, 2, 0))
    export_files(scan, only, None, {"mesh"}, tmp_path)
    assert names(tmp_path) == ["case1_Hippocampus_P.stl"]


def organs(*organ_names: str) -> LabelScheme:
    return LabelScheme(
        name="own",
        organs=tuple(Organ(id=n, name=name, colour="#000000") for n, name in enumerate(organ_names, start=1)),
    )


@pytest.mark.parametrize(
    "first, second",
    [
        ("x/../../../evil", "/x/evil"),
        ("../x", "x/../../x"),
        ("GTV/CTV", "GTV\\CTV"),
        ("Lung", "lung"),
        ("a:b", "a*b"),
        ("a\0b", "a\nb"),
        ("näher", "Label 2"),
        ("..", "."),
    ],
)
@pytest.mark.parametrize("case", ["case1", "../case/1"])
def test_names_of_organs_and_cases_never_lead_out_of_the_folder(
    tmp_path: Path, case: str, first: str, second: str
) -> None:
    scan = box_scan(case)
    labels = replace(box_labels(scan), scheme=organs(first, second))
    folder = tmp_path / "a" / "b" / "out"
    paths = export_files(scan, labels, None, {"labels", "mesh", "report"}, folder)
    assert [path.parent for path in paths] == [folder] * 4
    assert len({path.name.lower() for path in paths}) == 4, "also where letter case does not count"
    assert names(folder) == sorted(path.name for path in paths)
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a" / "b") == ["out"]


def test_the_report_says_what_was_made_from_what(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    scan = replace(scan, warnings=("The scan is tilted.",), modality="MR")
    what = {"labels", "mesh", "report"}
    export_files(scan, labels, predicted(scan), what, tmp_path, seconds={"reading": 0.2})
    report = json.loads((tmp_path / "case1.json").read_text("utf-8"))
    assert report["case"] == "case1"
    assert report["notice"] == "Research use only, not a medical device"
    assert report["scan"]["shape"] == list(SHAPE)
    assert report["scan"]["warnings"] == ["The scan is tilted."]
    assert report["volumes_ml"] == {"Hippocampus_A": 0.32, "Hippocampus_P": 0.32}
    assert (report["model"], report["sha256"], report["notes"]) == ("tiny", "0" * 64, ["2 voxels were filled"])
    assert report["contour_sources"]["Hippocampus_A"] == "soft head"
    assert report["contour_order"] == ["Hippocampus_A", "Hippocampus_P"]
    assert report["files"] == ["case1_seg.nii.gz", "case1_Hippocampus_A.stl", "case1_Hippocampus_P.stl"]
    assert list(report["seconds"]) == ["reading", "network", "writing"], "in the order in which they passed"
    assert LabelScheme.model_validate(report["label_scheme"]) == preset("hippocampus")
    assert [check.partition(":")[0] for check in report["checks"]] == [
        "label map",
        "surface of Hippocampus_A",
        "surface of Hippocampus_P",
    ]


def test_the_report_names_no_folder(tmp_path: Path, scan: Volume) -> None:
    formats.write(scan, tmp_path / "case1.nii.gz")
    opened = formats.read(tmp_path / "case1.nii.gz")
    (path,) = export_files(opened, box_labels(opened), predicted(opened), {"report"}, tmp_path / "out")
    text = path.read_text("utf-8")
    assert str(tmp_path) not in text
    assert str(Path.home()) not in text
    assert tmp_path.name not in text
    assert opened.source == (tmp_path / "case1.nii.gz",), "the scan itself knows where it came from"


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_file_survives_a_write_that_fails(
    tmp_path: Path, scan: Volume, labels: LabelMap, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILES[kind]).write_bytes(b"old")

    def full(temporary: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "_replace", full)
    with pytest.raises(InputError, match=f"{FILES[kind]}: could not be written: No space left on device"):
        export_files(scan, labels, predicted(scan), {kind}, tmp_path, overwrite=True)
    assert (tmp_path / FILES[kind]).read_bytes() == b"old"
    assert names(tmp_path) == [FILES[kind]]


@pytest.mark.parametrize("kind", ["labels", *MAPS])
def test_a_disk_that_changes_voxels_is_noticed(
    tmp_path: Path, scan: Volume, labels: LabelMap, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = nifti_write._put
    (tmp_path / FILES[kind]).write_bytes(b"old")

    def faulty(stream: object, header: object, array: np.ndarray) -> None:
        array = array.copy()
        array.flat[7] += 1
        real(stream, header, array)  # type: ignore[arg-type]

    monkeypatch.setattr(nifti_write, "_put", faulty)
    with pytest.raises(InputError, match="does not read back"):
        export_files(scan, labels, predicted(scan), {kind}, tmp_path, overwrite=True)
    assert (tmp_path / FILES[kind]).read_bytes() == b"old"


def test_a_surface_that_does_not_read_back_is_noticed(
    tmp_path: Path, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = saving._fill
    (tmp_path / FILES["mesh"]).write_bytes(b"old")

    def faulty(
        temporary: Path, target: Path, make: Callable[[Path], None], check: Callable[[Path], None] | None
    ) -> None:
        def spoilt(path: Path) -> None:
            make(path)
            data = bytearray(path.read_bytes())
            data[100] ^= 1
            path.write_bytes(data)

        real(temporary, target, spoilt, check)

    monkeypatch.setattr(saving, "_fill", faulty)
    with pytest.raises(InputError, match="does not read back"):
        export_files(scan, labels, None, {"mesh"}, tmp_path, overwrite=True)
    assert (tmp_path / FILES["mesh"]).read_bytes() == b"old"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(InputError, match="could not be written") as caught:
            export_files(scan, labels, None, {"labels"}, folder)
        assert str(tmp_path) not in str(caught.value)


def test_integers_without_a_name_are_refused(tmp_path: Path, scan: Volume, labels: LabelMap) -> None:
    more = labels.array.copy()
    more[0, 0, 0] = 7
    with pytest.raises(InputError, match=r"holds \[7\]"):
        export_files(scan, replace(labels, array=more), None, {"labels"}, tmp_path)


def test_every_kind_has_a_writer() -> None:
    assert set(result_files._WRITERS) | {"report"} == set(KINDS)


@pytest.mark.parametrize("case", ["..", ".hidden", "a\nb", "NUL", " ", "x" * 250, "\N{BRAIN}" * 62])
def test_results_are_visible_whatever_a_scan_is_called(tmp_path: Path, case: str) -> None:
    scan = box_scan(case)
    labels = replace(box_labels(scan), scheme=organs("é" * 64, "b" * 64))
    paths = export_files(scan, labels, predicted(scan), set(KINDS), tmp_path)
    assert names(tmp_path) == sorted(path.name for path in paths)
    for name in names(tmp_path):
        assert name.isprintable()
        assert not name.startswith((".", " ", "NUL"))
        assert len(name.encode()) <= 255
