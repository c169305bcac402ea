"""`boundaryseg predict` with a small model: the files, their grid, and what the JSON says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_study import TINY, random_model
from scipy import ndimage


@pytest.fixture
def scan(study: Path) -> Path:
    return study / "images" / "case0.nii.gz"


def test_every_file_lies_on_the_scans_grid(boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path) -> None:
    done = boundaryseg(
        "predict",
        scan,
        "--model",
        tiny_model,
        "-o",
        tmp_path / "out",
        "--edges",
        "--contours",
        "--probabilities",
        "--device",
        "cpu",
    )
    assert done.status == 0, done.err
    assert done.out.startswith("case0: Hippocampus_A ")
    original = nib.load(scan)
    shapes = {"seg": (), "edges": (), "contours": (2,), "probabilities": (3,)}
    for name, more in shapes.items():
        written = nib.load(tmp_path / "out" / f"case0_{name}.nii.gz")
        assert written.shape == (*original.shape, *more)
        assert written.get_data_dtype() == (np.uint8 if name == "seg" else np.float32)
        np.testing.assert_array_equal(written.affine, original.affine)
        assert written.header["sform_code"] == original.header["sform_code"]
        assert written.header["qform_code"] == original.header["qform_code"]
        assert 0 <= written.get_fdata().min() <= written.get_fdata().max() <= (2 if name == "seg" else 1.001)
    probabilities = nib.load(tmp_path / "out" / "case0_probabilities.nii.gz").get_fdata()
    np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-3)
    np.testing.assert_array_equal(probabilities.argmax(-1), nib.load(tmp_path / "out" / "case0_seg.nii.gz").get_fdata())


def test_the_report_says_how_it_was_made(boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path) -> None:
    assert boundaryseg("predict", scan, "--model", tiny_model, "-o", tmp_path / "out").status == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["case0.json", "case0_seg.nii.gz"]
    text = (tmp_path / "out" / "case0.json").read_text()
    report = json.loads(text)
    assert report["model"] == "tiny"
    assert report["sha256"] == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert report["dtype"] == "float32"
    assert report["device"] in ("cpu", "cuda:0", "cuda")
    assert report["backend"] == "torch", "so few windows are not worth a trial of another one"
    assert [organ["name"] for organ in report["label_scheme"]["organs"]] == ["Hippocampus_A", "Hippocampus_P"]
    assert set(report["seconds"]) >= {"reading", "network", "writing"}
    assert report["files"] == ["case0_seg.nii.gz"]
    assert report["checks"] == ["label map: every voxel and the scan's geometry read back unchanged"]
    assert report["contour_sources"] == {}, "of contours that were made, and none was asked for"
    labels = nib.load(tmp_path / "out" / "case0_seg.nii.gz").get_fdata()
    assert report["volumes_ml"]["Hippocampus_P"] == pytest.approx((labels == 2).sum() * 3.0 / 1000)
    assert str(tmp_path) not in text


def test_the_report_says_where_contours_that_were_asked_for_come_from(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path
) -> None:
    assert boundaryseg("predict", scan, "--model", tiny_model, "-o", tmp_path / "out", "--contours").status == 0
    report = json.loads((tmp_path / "out" / "case0.json").read_text())
    assert report["contour_sources"]["Hippocampus_A"] == "soft head"
    assert report["contour_order"] == ["Hippocampus_A", "Hippocampus_P"]


def test_only_the_box_is_segmented(boundaryseg, scan: Path, study: Path, tiny_model: Path, tmp_path: Path) -> None:
    a = boundaryseg(
        "predict", scan, "--model", tiny_model, "-o", tmp_path / "a", "--box", "2:16,4:14,2:14", "--probabilities"
    )
    b = boundaryseg(
        "predict",
        scan,
        "--model",
        tiny_model,
        "-o",
        tmp_path / "b",
        "--box-from",
        study / "labels",
        "--margin-mm",
        "2",
        "--probabilities",
    )
    assert (a.status, b.status) == (0, 0)
    boxes = [json.loads((tmp_path / folder / "case0.json").read_text())["box"] for folder in "ab"]
    assert boxes[0] == [[2, 16], [4, 14], [2, 14]]
    assert boxes[1] == [[2, 15], [4, 14], [3, 13]]
    background = nib.load(tmp_path / "a" / "case0_probabilities.nii.gz").get_fdata()[..., 0]
    outside = np.ones(background.shape, bool)
    outside[2:16, 4:14, 2:14] = False
    assert (background[outside] == 1).all()
    assert (background[~outside] < 1).any()


def test_the_other_scans_go_on_after_a_bad_one(
    boundaryseg, scan: Path, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    bad = study / "images" / "broken.nii.gz"
    bad.write_bytes(scan.read_bytes()[:200])
    done = boundaryseg("predict", bad, scan, "--model", tiny_model, "-o", tmp_path / "out")
    assert done.status == 1
    assert done.err.startswith("error: broken.nii.gz: ")
    assert (tmp_path / "out" / "case0_seg.nii.gz").exists()
    assert not (tmp_path / "out" / "broken_seg.nii.gz").exists()


def test_channels_that_do_not_fit_are_refused(
    boundaryseg, scan: Path, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    pair = f"{scan},{study / 'images' / 'case1.nii.gz'}"
    done = boundaryseg("predict", pair, "--model", tiny_model, "-o", tmp_path / "out")
    assert done.status == 1
    assert "2 channels" in done.err
    assert not (tmp_path / "out").exists()


def test_two_scans_of_one_name_do_not_overwrite_each_other(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path
) -> None:
    done = boundaryseg("predict", scan, scan, "--model", tiny_model, "-o", tmp_path / "out")
    assert (done.status, (tmp_path / "out").exists()) == (1, False)


def test_what_is_doubtful_about_a_scan_is_told_also_where_it_is_refused(
    boundaryseg, tiny_model: Path, tmp_path: Path
) -> None:
    nib.save(nib.Nifti1Image(np.full((20, 24, 16), 7, np.int16), np.diag([0.001, 0.001, 0.002, 1])), tmp_path / "a.nii")
    done = boundaryseg("predict", tmp_path / "a.nii", "--model", tiny_model, "-o", tmp_path / "out")
    assert done.status == 1
    assert done.err.index("note: a: ") < done.err.index("every voxel has the same value")


@pytest.mark.parametrize("margin", ["inf", "nan", "-1", "1e300"])
def test_a_margin_that_is_no_distance_is_refused(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path, margin: str
) -> None:
    labels = scan.parent.with_name("labels") / scan.name
    words = ("--box-from", labels, "--margin-mm", margin, "-o", tmp_path / "out")
    done = boundaryseg("predict", scan, "--model", tiny_model, *words)
    assert done.status == 2 and "margin" in done.err, done.err


@pytest.mark.parametrize("name", [".", ".hidden", "a\nb", "NUL", " ", "x" * 248])
def test_results_are_visible_whatever_a_file_is_called(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"{name}.nii.gz"
    path.write_bytes(scan.read_bytes())
    wanted = ("--model", tiny_model, "-o", tmp_path / "out", "--probabilities")
    assert boundaryseg("predict", path, *wanted).status == 0
    written = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert len(written) == 3
    assert not any(file.startswith((".", " ", "NUL")) for file in written)
    (tmp_path / "labels").mkdir()
    reference = tmp_path / "labels" / path.name
    reference.write_bytes((tmp_path / "out" / written[2]).read_bytes())
    whole = reference if name.startswith(".") else reference.parent
    done = boundaryseg("evaluate", tmp_path / "out" / written[2] if whole == reference else tmp_path / "out", whole)
    assert done.status == 0, done.err
    assert "1.000" in done.out


def test_maps_of_another_model_that_stay_are_told_with_their_model(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path
) -> None:
    boundaryseg("predict", scan, "--model", tiny_model, "-o", tmp_path / "out", "--edges")
    first = json.loads((tmp_path / "out" / "case0.json").read_text("utf-8"))
    done = boundaryseg("predict", scan, "--model", "hippocampus-sgm", "-o", tmp_path / "out", "--whole")
    assert done.status == 0
    told = "note: case0: left from earlier and not made anew: case0_edges.nii.gz (model tiny, SHA-256 "
    assert [line for line in done.err.splitlines() if line.startswith(told + first["sha256"][:8])]
    report = json.loads((tmp_path / "out" / "case0.json").read_text("utf-8"))
    assert report["earlier_origins"] == {
        "case0_edges.nii.gz": {name: first[name] for name in ("model", "sha256", "written")}
    }


def test_another_scans_map_that_somebody_changed_stays_and_is_told(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path
) -> None:
    out = ("--model", tiny_model, "-o", tmp_path / "out")
    assert boundaryseg("predict", scan, *out, "--edges").status == 0
    edges = tmp_path / "out" / "case0_edges.nii.gz"
    image = nib.load(edges)
    changed = np.asarray(image.dataobj).copy()
    changed[0, 0, 0] += 0.5
    nib.save(nib.Nifti1Image(changed, image.affine), edges)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / scan.name
    there = nib.load(scan)
    nib.save(nib.Nifti1Image(np.asarray(there.dataobj)[:-1], there.affine), other)
    done = boundaryseg("predict", other, *out, "--overwrite", "--whole")
    assert done.status == 0, done.err
    assert "note: case0: there, and not of this result: case0_edges.nii.gz" in done.err
    assert np.array_equal(np.asarray(nib.load(edges).dataobj), changed), "no work is lost"


def test_a_scan_of_another_modality_is_refused_until_it_is_meant(boundaryseg, tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    from dicom_files import series

    folder = series(tmp_path / "ct", 12, modality="CT")
    done = boundaryseg("predict", folder, "--model", tiny_model, "-o", tmp_path / "out", "--whole")
    assert done.status == 1
    assert "ct: it is CT of" in done.err and "was made for MR" in done.err
    assert not (tmp_path / "out" / "ct_seg.nii.gz").exists()
    done = boundaryseg("predict", folder, "--model", tiny_model, "-o", tmp_path / "out", "--whole", "--any-modality")
    assert done.status == 0, done.err
    assert (tmp_path / "out" / "ct_seg.nii.gz").exists()


EVEN = (2.6, 2.2, 0.2)
"""With it each class of the random model is the likeliest somewhere, in scattered pieces."""


def test_all_pieces_of_an_organ_are_kept_where_that_is_asked(boundaryseg, scan: Path, tmp_path: Path) -> None:
    model = random_model(tmp_path / "one-piece.safetensors", [*TINY, "inference.smallest_share=1"], EVEN)
    found, said = {}, {}
    for name, more in (("one", []), ("all", ["--all-pieces"])):
        done = boundaryseg("predict", scan, "--model", model, "-o", tmp_path / name, "--probabilities", *more)
        assert done.status == 0, done.err
        found[name] = nib.load(tmp_path / name / "case0_seg.nii.gz").get_fdata()
        said[name] = done.err
        probabilities = nib.load(tmp_path / name / "case0_probabilities.nii.gz").get_fdata()
    assert max(ndimage.label(found["one"] == organ)[1] for organ in (1, 2)) == 1
    assert max(ndimage.label(found["all"] == organ)[1] for organ in (1, 2)) > 1
    np.testing.assert_array_equal(found["all"], probabilities.argmax(-1))
    assert "were left out" in said["one"] and "left out" not in said["all"]


def test_maps_that_say_nothing_are_written_where_asked_for_and_it_is_told(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path
) -> None:
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model, save

    model = load_model(tiny_model)
    silent = tmp_path / "silent.safetensors"
    save(silent, model.card.model_copy(update={"silent": ("edges",)}), model.network.state_dict())
    words = ("predict", scan, "--model", silent, "-o", tmp_path / "out", "--device", "cpu")
    said = "the edges of this model say nothing of where a border is"
    assert said not in boundaryseg(*words).err
    done = boundaryseg(*words, "--edges", "--contours")
    assert done.status == 0
    assert said in done.err
    assert (tmp_path / "out" / "case0_edges.nii.gz").is_file()


@pytest.mark.parametrize(
    ("option", "known"), [("--backend", "none of auto, torch, openvino"), ("--precision", "none of float32, bf16, f16")]
)
def test_a_backend_or_precision_that_is_none_is_a_usage_error(
    boundaryseg, scan: Path, tiny_model: Path, tmp_path: Path, option: str, known: str
) -> None:
    done = boundaryseg("predict", scan, "--model", tiny_model, "-o", tmp_path / "out", option, "tensorrt")
    assert done.status == 2
    assert known in done.err
    assert not (tmp_path / "out").exists()
