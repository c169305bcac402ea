"""Labels alone cost less than a whole prediction, and are the very same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration, Card, Scaling
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.models import EVERY_MAP
from tests.assembled import assembled

SYSTEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgm": ("pelvis-mr-sgm", {"network_arguments": {"width": 8, "norm": "group"}}),
    "hmedn": ("hippocampus-hmedn", {"network_arguments.width": 8}),
    "egcnn": ("hippocampus-egcnn", {"network_arguments.width": 8}),
    "nested egcnn": ("egcnn-segresnet-brats19", {"network_arguments.width": 8}),
    "bacnn": ("hippocampus-bacnn", {}),
    "segresnet": ("hippocampus-segresnet", {"network_arguments.width": 8}),
}
TURNED = np.array([[0.0, 0.0, 2.0, 5.0], [-1.0, 0.0, 0.0, -3.0], [0.0, 1.5, 0.0, 9.0], [0.0, 0.0, 0.0, 1.0]])


def model(name: str, tmp_path: Path, calibration: Calibration | None = None, **changes: object) -> LoadedModel:
    shipped, own = SYSTEMS[name]
    wanted = recipe(shipped)
    patch = (16, 16, 16) if wanted.dims == 3 else (16, 1, 16)
    wanted = wanted.with_settings({**own, "patch_vox": patch, "expected_field_mm": None, **changes})
    torch.manual_seed(3)
    network = build_network(wanted).eval()
    with torch.no_grad():  # larger weights: an untrained answer is nearly even, and says little of ties
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.Conv3d)) and module.out_channels <= 8:
                module.weight.mul_(4)
    card = Card(name="tiny", recipe=wanted, parameters=0, calibration=calibration)
    return LoadedModel(card, network, "0" * 64, tmp_path / "tiny.safetensors")


def scan(of: Recipe, shape: tuple[int, int, int] = (22, 19, 24), affine: np.ndarray | None = None) -> Volume:
    array = np.random.default_rng(0).normal(size=(of.in_channels, *shape)).astype(np.float32)
    return Volume(array, Geometry(shape, np.diag([1.0, 1, 2, 1]) if affine is None else affine), of.channels, name="s")


@pytest.mark.parametrize("way", ["whole", "box", "resampled", "turned", "every piece", "mirrored"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_labels_are_those_of_the_whole_prediction(tmp_path: Path, name: str, way: str) -> None:
    changes: dict[str, Any] = {"inference.smallest_share": 0.0 if way == "every piece" else 1.0}
    if way == "resampled":
        changes["preprocessing.spacing_mm"] = (1.3, 0.9, 1.7)
    if way == "mirrored":
        changes["inference.flip_axes"] = ("x", "z")
    loaded = model(name, tmp_path, **changes)
    volume = scan(loaded.card.recipe, affine=TURNED if way == "turned" else None)
    options: dict[str, Any] = {"whole": True, "any_modality": True}
    if way == "box":
        options["box"] = ((2, 20), (1, 18), (3, 24))
    predictor = Predictor(loaded, "cpu")
    full, alone = predictor.predict(volume, **options), predictor.segment(volume, **options)
    assert len(np.unique(full.labels.array)) > 1
    np.testing.assert_array_equal(alone.labels.array, full.labels.array)
    assert alone.labels.array.dtype == full.labels.array.dtype
    assert alone.labels.scheme == full.labels.scheme
    same = {key: value for key, value in full.details.items() if key not in ("seconds", "calibrated")}
    assert same == {key: alone.details[key] for key in same}
    assert alone.details.keys() == full.details.keys()


def test_what_puts_probabilities_right_moves_no_piece() -> None:
    """A small sure piece has more evidence than a large unsure one, until a scale makes both equally unsure."""
    classes = np.zeros((2, 20, 8, 8), np.float32)
    small, large = (slice(1, 4), slice(1, 5), slice(1, 5)), (slice(10, 18), slice(2, 4), slice(1, 6))
    classes[1][small], classes[1][large] = 0.99, 0.55  # 48 voxels: 47.5; 80 voxels: 44
    classes[0] = 1 - classes[1]
    volume = Volume(np.zeros((1, 20, 8, 8), np.float32), Geometry((20, 8, 8), np.eye(4)))
    wanted = recipe("prostate-toy").with_settings({"inference.smallest_share": 1.0})
    flat = Calibration(probabilities=Scaling(scale=0.05))
    found = [assembled(volume, classes, wanted, of)[0] for of in (None, flat)]
    before, after = (one["probabilities"][1] for one in found)
    assert before[small].sum() > before[large].sum()
    assert after[small].sum() < after[large].sum(), "by what was put right, the other piece would win"
    for one in found:
        assert one["labels"].array[small].all()
        assert not one["labels"].array[large].any()


def counted(network: nn.Module, kind: str) -> list[str]:
    """The submodules of a name that ran, as they run."""
    ran: list[str] = []
    for name, module in network.named_modules():
        if name.split(".")[0] in kind.split():
            module.register_forward_hook(lambda *_, name=name: ran.append(name))
    return ran


def test_heads_that_nobody_asks_for_do_not_run(tmp_path: Path) -> None:
    loaded = model("sgm", tmp_path)
    volume = scan(loaded.card.recipe)
    ran = counted(loaded.network, "hard soft")
    predictor = Predictor(loaded, "cpu")
    predictor.segment(volume, whole=True)
    assert ran == []
    predictor.predict(volume, whole=True, attention=False)
    assert {name.split(".")[0] for name in ran} == {"hard", "soft"}


def test_the_contour_head_of_hmedn_runs_where_it_is_asked_for(tmp_path: Path) -> None:
    loaded = model("hmedn", tmp_path)
    volume = scan(loaded.card.recipe)
    ran = counted(loaded.network, "contour")
    predictor = Predictor(loaded, "cpu")
    predictor.segment(volume, whole=True)
    assert ran == []
    assert predictor.predict(volume, whole=True).contour_sources["Hippocampus_A"] == "soft head"
    assert ran


def test_attention_that_nobody_asks_for_does_not_run_the_edge_stream_again(tmp_path: Path) -> None:
    loaded = model("egcnn", tmp_path)
    x = torch.zeros(1, 1, 16, 16, 16)
    ran: list[int] = []
    loaded.network.stream.register_forward_hook(lambda *_: ran.append(1))  # type: ignore[union-attr]
    with torch.inference_mode():
        Heads(loaded.network, asked=("edges",))(x)
        assert len(ran) == 1
        Heads(loaded.network, asked=EVERY_MAP)(x)
    assert len(ran) > 2


def test_a_network_is_asked_for_everything_again_after_an_error_and_within_another() -> None:
    network = models.build("sgm", classes=2, clear=0, blurry=1, width=4).eval()
    with models.asking(network, ("edges",)):
        with pytest.raises(RuntimeError, match="of the test"), models.asking(network, ()):
            raise RuntimeError("of the test")
        assert network.asked == {"edges"}
    assert network.asked == EVERY_MAP
    assert network(torch.zeros(1, 1, 16, 16, 16)).soft is not None


def test_a_training_has_every_head() -> None:
    network = models.build("sgm", classes=2, clear=0, blurry=1, width=4).train()
    with models.asking(network, ()):
        assert network(torch.zeros(2, 1, 16, 16, 16)).soft is not None
