"""Every recipe starts on a tiny data set in its own challenge's layout, and ends with a checkpoint that predicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.datasets import check_cases, load_case, read_dataset, with_channels
from napari_boundaryseg.data.formats import write
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import RECIPES, recipe
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.phantom import brain, pelvis, two_part_structure

Pair = tuple[Volume, LabelMap]


def tumour() -> Pair:
    return brain(1, (32, 32, 24), 5.0)


def pelvic(contrast: str) -> Pair:
    scan, labels = pelvis(2, (40, 40, 16), (5.0, 5.0, 6.0), contrast)  # type: ignore[arg-type]
    return scan, scan.with_labels(np.where(labels.array > 3, 0, labels.array), preset("pelvis-mr"))


def one_organ(pair: Pair, scheme: str, ids: dict[int, int]) -> Pair:
    scan, labels = pair
    array = np.zeros(labels.array.shape, np.uint8)
    for own, other in ids.items():
        array[labels.array == own] = other
    return scan, scan.with_labels(array, preset(scheme))


def channel(scan: Volume, n: int) -> Volume:
    return Volume(scan.array[n : n + 1], scan.geometry)


def plain(folder: Path, pair: Pair) -> None:
    for name, item in zip(("images", "labels"), pair, strict=True):
        (folder / name).mkdir()
        write(item, folder / name / "case1.nii.gz")


def promise12(folder: Path, pair: Pair) -> None:
    import SimpleITK

    for name, item in zip(("Case00", "Case00_segmentation"), pair, strict=True):
        write(item, folder / f"{name}.nii.gz")
        SimpleITK.WriteImage(SimpleITK.ReadImage(str(folder / f"{name}.nii.gz")), str(folder / f"{name}.mhd"))
        (folder / f"{name}.nii.gz").unlink()


def brats(folder: Path, pair: Pair) -> None:
    name = "BraTS19_X_1"
    scan, labels = one_organ(pair, "brats-2022", {1: 1, 2: 2, 3: 4})
    (folder / "HGG" / name).mkdir(parents=True)
    for n, ending in enumerate(("t1", "t1ce", "t2", "flair")):
        write(channel(scan, n), folder / "HGG" / name / f"{name}_{ending}.nii.gz")
    write(labels, folder / "HGG" / name / f"{name}_seg.nii.gz")


def kits(folder: Path, pair: Pair) -> None:
    (folder / "case_00000").mkdir()
    for name, item in zip(("imaging", "segmentation"), one_organ(pair, "kits", {1: 1, 2: 2}), strict=True):
        write(item, folder / "case_00000" / f"{name}.nii.gz")


def decathlon(folder: Path, pair: Pair) -> None:
    for name, item in zip(("imagesTr", "labelsTr"), pair, strict=True):
        (folder / name).mkdir()
        write(item, folder / name / "case1.nii.gz")
    entry = {"image": "./imagesTr/case1.nii.gz", "label": "./labelsTr/case1.nii.gz"}
    (folder / "dataset.json").write_text(json.dumps({"training": [entry], "test": []}))


def task01(folder: Path, pair: Pair) -> None:
    scan, labels = one_organ(pair, "msd-brain-tumour", {1: 2, 2: 1, 3: 3})
    decathlon(folder, (Volume(scan.array[[3, 0, 1, 2]], scan.geometry, ("flair", "t1", "t1c", "t2")), labels))


DATA: dict[str, tuple[Callable[[Path, Pair], None], Callable[[], Pair]]] = {
    "sgm-pelvis-mr": (plain, lambda: pelvic("t2")),
    "pelvis-ct-locator": (plain, lambda: pelvic("ct")),
    "hmedn-pelvis-ct": (plain, lambda: pelvic("ct")),
    "sgm-promise12": (promise12, lambda: one_organ(pelvic("t2"), "prostate", {2: 1})),
    "prostate-toy": (plain, lambda: one_organ(pelvic("t2"), "prostate", {2: 1})),
    "hmedn-brats17": (brats, tumour),
    "bacnn-brats18-tc": (brats, tumour),
    "be-msd01": (task01, tumour),
    "be-msd09": (decathlon, lambda: one_organ(pelvic("ct"), "msd-spleen", {1: 1})),
    **{f"egcnn-{name}-brats19": (brats, tumour) for name in ("unet", "vnet", "segresnet")},
    **{f"egcnn-{name}-kits19": (kits, lambda: pelvic("ct")) for name in ("unet", "vnet", "segresnet")},
    **{name: (plain, lambda: two_part_structure(1)) for name in RECIPES if name.startswith("hippocampus")},
    **{
        name: (plain, lambda: one_organ(pelvic("t2"), "sarcoma", {2: 1}))
        for name in RECIPES
        if name.startswith("sarcoma")
    },
}


def small(wanted: Recipe) -> Recipe:
    """The recipe with a small patch and a narrow network, for one step."""
    cubic = wanted.augmentation.permute_axes
    patch = tuple(1 if axis == wanted.across else 16 if axis == 0 and not cubic else 32 for axis in range(3))
    changes: dict[str, object] = {
        "patch_vox": patch,
        "batch": 1,
        "steps": 1,
        "steps_per_epoch": 1,
        "inference.window_vox": None,
        "inference.flip_axes": (),
        "inference.overlap": 0.0,
        "preprocessing.spacing_mm": None,
        "network_arguments.width": 8,
    }
    if wanted.preprocessing.size_vox:
        changes["preprocessing.size_vox"] = (16, 32, 32)
    return wanted.with_settings(changes)


def boxes_of(wanted: Recipe) -> Pair:
    """A scan with a bright box for each organ of a recipe: for a recipe whose data nobody has described above."""
    labels = np.zeros((40, 40, 24), np.uint16)
    for n, organ in enumerate(wanted.scheme.ids):
        start = 4 + (n * 32) // len(wanted.scheme.ids)
        labels[start : start + 3, 8:32, 6:18] = organ
    array = np.stack([labels > 0] * len(wanted.channels)).astype(np.float32)
    array += np.random.default_rng(0).normal(0, 0.1, array.shape).astype(np.float32)
    scan = Volume(array, Geometry(labels.shape, np.eye(4)), wanted.channels)
    return scan, scan.with_labels(labels, wanted.scheme)


DATA |= {
    name: (plain, partial(boxes_of, wanted))
    for name, wanted in RECIPES.items()
    if not wanted.synthetic and name not in DATA
}


def test_a_recipe_that_nobody_has_described_is_tried_too(tmp_path: Path) -> None:
    wanted = recipe("hippocampus-segresnet")
    scan, labels = boxes_of(wanted)
    assert set(np.unique(labels.array)) == {0, *wanted.scheme.ids}
    assert fit(small(wanted), [(scan, labels)], tmp_path, steps=1, device="cpu").is_file()


@pytest.mark.parametrize("name", DATA)
def test_train_one_step_and_predict(name: str, tmp_path: Path) -> None:
    if "promise12" in name:
        pytest.importorskip("SimpleITK")
    layout, make = DATA[name]
    folder = tmp_path / "data"
    folder.mkdir()
    layout(folder, make())
    wanted = small(recipe(name))
    cases = with_channels(read_dataset(folder), wanted.channels)
    check_cases(cases, wanted.scheme, len(wanted.channels))
    volume, labels = load_case(cases[0], wanted.scheme)
    assert labels is not None
    model = load_model(fit(wanted, [(volume, labels)], tmp_path / "out", device="cpu"))
    result = Predictor(model, "cpu").predict(volume, whole=True)
    assert result.labels.geometry.same_as(volume.geometry)
    assert result.labels.scheme == wanted.scheme
    assert np.isfinite(result.probabilities).all()
    if wanted.network in {"egcnn", "bacnn"}:
        assert result.contour_sources["edges"] == "hard head"
        assert result.attention
