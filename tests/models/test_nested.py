"""Nested regions, a sigmoid each: against their formula, MONAI's Dice of the regions, and a network that must learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.losses import DiceLoss
from torch import Tensor, nn

from napari_boundaryseg import losses
from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.nested_regions import classes_inside, from_regions, organs_between
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration, Card, Scaling
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, check_continues, load_model, save
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.assembling.left_out import put_back
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.batches import batch_at
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare_all
from napari_boundaryseg.engine.training.loop.validate import dice_scores
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses import Target
from napari_boundaryseg.losses.consistency import edge_difference
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.models.nested import by_regions, class_logits
from napari_boundaryseg.phantom.brain import brain
from tests.assembled import assembled

WT, TC, ET = (1, 2, 3), (1, 3), (3,)
NESTED = (WT, TC, ET)
TUMOUR = preset("brats-2022")


def of_regions(z: Tensor) -> Tensor:
    """P of WT, TC, ET, by the definition."""
    return torch.cumprod(torch.sigmoid(z.double()), dim=1)


def test_classes_say_what_the_regions_sigmoids_say() -> None:
    z = 3 * torch.randn(2, 3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    classes = torch.softmax(class_logits(z, organs_between(NESTED)).double(), 1)
    wt, tc, et = of_regions(z).unbind(1)
    expected = torch.stack([1 - wt, tc - et, wt - tc, et], 1)  # background, NCR, ED, ET
    assert torch.allclose(classes, expected, atol=1e-6)
    for inside, region in zip(NESTED, (wt, tc, et), strict=True):
        assert torch.allclose(classes[:, list(inside)].sum(1), region, atol=1e-6)


def test_extreme_logits_have_finite_slopes() -> None:
    z = torch.tensor([[-200.0, 200.0, -200.0]])[..., None].requires_grad_()
    class_logits(z, (2, 1, 3)).sum().backward()
    assert z.grad is not None
    assert torch.isfinite(z.grad).all()


def truth_and_output() -> tuple[Tensor, ModelOutput]:
    torch.manual_seed(1)
    labels = torch.randint(0, 4, (2, 8, 8, 8))
    return labels, ModelOutput(logits=torch.randn(2, 4, 8, 8, 8, requires_grad=True))


def masks(labels: Tensor) -> Tensor:
    return torch.stack([torch.isin(labels, torch.tensor(inside)) for inside in NESTED], 1).float()


def test_dice_of_regions_is_monais() -> None:
    labels, output = truth_and_output()
    probabilities = torch.softmax(output.logits, 1)
    regions = torch.stack([probabilities[:, list(inside)].sum(1) for inside in NESTED], 1)
    oracle = DiceLoss(squared_pred=True, smooth_nr=0.0, smooth_dr=1e-5)(regions, masks(labels))
    ours = losses.build("dice-squared", main_weight=0.0)(output, Target(labels, regions=NESTED))
    assert float(ours) == pytest.approx(float(oracle), abs=1e-6)
    assert float(losses.build("dice-squared")(output, Target(labels))) != pytest.approx(float(ours), abs=1e-3)


@pytest.mark.parametrize("loss", ["consistency", "boundary-enhancement"])
def test_other_losses_of_overlap_compare_regions(loss: str) -> None:
    labels, output = truth_and_output()
    sure = ModelOutput(logits=30.0 * nn.functional.one_hot(labels, 4).movedim(-1, 1).float())
    arguments = {"noise": False} if loss == "consistency" else {}
    built = losses.build(loss, **arguments)
    assert float(built(sure, Target(labels, regions=NESTED))) == pytest.approx(0, abs=1e-6)
    by_region = float(built(output, Target(labels, regions=NESTED)))
    assert by_region != pytest.approx(float(built(output, Target(labels))), rel=1e-3)
    if loss == "consistency":
        sampled = torch.softmax(output.logits / 0.5, 1)
        regions = torch.stack([sampled[:, list(inside)].sum(1) for inside in NESTED], 1)
        assert by_region == pytest.approx(float(edge_difference(regions, masks(labels), "truth")), abs=1e-6)


def test_a_target_keeps_its_regions_on_its_way_to_a_device() -> None:
    assert Target(torch.zeros(1, 2, 2, 2).long(), regions=NESTED).to("cpu").regions == NESTED


def test_the_innermost_region_that_is_likelier_than_not_decides() -> None:
    rng = np.random.default_rng(0)
    found = np.cumprod(rng.uniform(0.3, 1, (3, 6, 6, 6)), 0)  # of WT, TC, ET
    wt, tc, et = found
    classes = np.stack([1 - wt, tc - et, wt - tc, et])
    grid = Geometry((6, 6, 6), np.eye(4))
    oracle = from_regions(dict(zip(("WT", "TC", "ET"), found >= 0.5, strict=True)), TUMOUR, grid)
    assert np.array_equal(np.array([0, *TUMOUR.ids])[decided(classes, NESTED)], oracle.array)
    assert (decided(classes) == 0).sum() > (decided(classes, NESTED) == 0).sum(), "the likeliest class is another rule"


@pytest.mark.parametrize(
    "regions", [("WT", "TC"), ("TC", "WT", "ET"), ("WT", "ET", "TC"), ("WT", "TC", "ED"), ("WT", "TC", "nothing")]
)
def test_regions_that_do_not_lie_one_in_another_are_refused(regions: Sequence[str]) -> None:
    with pytest.raises(ValueError, match=r"region|organ"):
        Recipe(name="wrong", scheme=TUMOUR, regions=tuple(regions))


def test_one_organ_has_no_regions() -> None:
    with pytest.raises(ValueError, match="one organ"):
        Recipe(name="wrong", scheme=preset("prostate"), regions=("Prostate",))


@pytest.mark.parametrize("scheme", ["brats-2022", "brats-2023", "msd-brain-tumour"])
def test_every_scheme_of_brain_tumours_has_the_three(scheme: str) -> None:
    its: LabelScheme = preset(scheme)
    inside = classes_inside(("WT", "TC", "ET"), its)
    assert [{its.ids[n - 1] for n in one} for one in inside] == [set(its.members(name)) for name in ("WT", "TC", "ET")]
    assert [its.names[n - 1] for n in organs_between(inside)] == ["ED", "NCR", "ET"]


def small(**more: object) -> Recipe:
    return recipe("egcnn-segresnet-brats19").with_settings(
        {
            "network_arguments.width": 4,
            "patch_vox": (16, 24, 24),
            "batch": 1,
            "steps": 40,
            "preprocessing.spacing_mm": (6.0, 6.0, 6.0),
            **more,
        }
    )


def test_the_papers_recipe_has_a_channel_for_each_region_and_hands_out_classes() -> None:
    wanted = small()
    assert wanted.nested == NESTED
    network = build_network(wanted)
    channels = [module.out_channels for module in network.modules() if isinstance(module, nn.Conv3d)]
    assert 4 not in channels[-1:], "no channel for the background"
    output = network(torch.zeros(1, 4, 16, 24, 24))
    assert output.logits.shape[1] == output.main.shape[1] == 4
    assert torch.allclose(output.logits.exp().sum(1), torch.ones(1, 16, 24, 24), atol=1e-5)
    names = {name: value.shape for name, value in network.state_dict().items()}
    plain = {name: value.shape for name, value in build_network(small(regions=())).state_dict().items()}
    assert names.keys() == plain.keys()
    assert [name for name in names if names[name] != plain[name]], "the last layers are smaller"


def test_it_learns_and_each_channel_has_a_slope() -> None:
    wanted = small(scheme=preset("brats-2023").model_dump(), foreground=1.0)
    case = prepare_all([brain(3)], wanted)[0]
    torch.manual_seed(0)
    network = build_network(wanted).train()
    chosen = losses.build("dice-squared")
    chosen(network(batch_at([case], wanted, 0, 0)[0]), batch_at([case], wanted, 0, 0)[1]).backward()
    last = [module for module in network.modules() if isinstance(module, nn.Conv3d) and module.out_channels == 3][-1]
    assert bool((last.weight.grad.flatten(1).abs().amax(1) > 0).all()), "each region's channel is taught"
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    image, target = batch_at([case], wanted, 0, 0)
    assert target.regions == NESTED
    seen = []
    for _ in range(25):
        optimiser.zero_grad()
        loss = chosen(network(image), target)
        loss.backward()
        optimiser.step()
        seen.append(float(loss.detach()))
    assert min(seen) < seen[0] - 0.3


def doubtful(shape: tuple[int, int, int] = (6, 6, 6)) -> np.ndarray:
    """Probabilities of four classes, (4, ...), so that the likeliest is often another than the regions say."""
    found = np.random.default_rng(0).dirichlet([1, 1, 1, 1], shape)
    return np.ascontiguousarray(np.moveaxis(found, -1, 0), np.float32)


def bare(**more: object) -> Recipe:
    """Without post-processing, which would change labels, too."""
    return small(**{"scheme": preset("brats-2023").model_dump(), "inference.smallest_share": 0.0, **more})


@pytest.mark.parametrize("scale", [None, 0.5, 2.0])
def test_a_result_is_decided_by_regions_whatever_its_calibration(scale: float | None) -> None:
    wanted, said = bare(**{"inference.fill": False}), doubtful()
    scan = Volume(np.zeros((4, 6, 6, 6), np.float32), Geometry((6, 6, 6), np.eye(4)), ("t1", "t1c", "t2", "flair"))
    put_right = None if scale is None else Calibration(probabilities=Scaling(scale=scale))
    parts, _ = assembled(scan, said, wanted, put_right)
    expected = np.array([0, *wanted.scheme.ids])[decided(said, NESTED)]
    assert np.array_equal(parts["labels"].array, expected)
    assert not np.array_equal(expected, np.array([0, *wanted.scheme.ids])[decided(said)]), "else nothing was asked"
    assert np.allclose(parts["probabilities"], said)


def test_what_was_left_out_comes_back_as_the_regions_say() -> None:
    said, scheme = doubtful(), preset("brats-2023")
    whole = np.array([0, *scheme.ids])[decided(said, NESTED)]
    without = np.where(whole == scheme.organ("ED").id, 0, whole)
    left = {"ED": {"box": [[0, 6]] * 3, "kept_ml": 0.0, "left_out_ml": 1.0}}
    assert np.array_equal(put_back(without, said, left, scheme, NESTED), whole)
    assert not np.array_equal(put_back(without, said, left, scheme), whole)


def test_a_step_is_chosen_by_what_would_be_predicted() -> None:
    class Says(nn.Module):
        def forward(self, x: Tensor) -> ModelOutput:
            return ModelOutput(logits=torch.from_numpy(np.log(doubtful()))[None].expand(len(x), -1, -1, -1, -1))

    wanted = bare(**{"patch_vox": (6, 6, 6), "inference.window_vox": (6, 6, 6)})
    truth = torch.from_numpy(decided(doubtful(), NESTED))
    case = TrainingCase(torch.zeros(4, 6, 6, 6), truth, {}, (1.0, 1.0, 1.0), [], "case")
    scores = dice_scores(Says(), [case], wanted, torch.device("cpu")).choosing
    assert {organ: values[0] for organ, values in scores.items()} == {"NCR": 1.0, "ED": 1.0, "ET": 1.0}


def test_a_model_of_other_regions_is_no_start(tmp_path: Path) -> None:
    """By shape it would fit, and two organs would change places when it is loaded again."""
    there, here = bare(), bare(scheme=preset("msd-brain-tumour").model_dump())
    assert there.nested != here.nested
    torch.manual_seed(0)
    weights = build_network(there).state_dict()
    save(tmp_path / "there.safetensors", Card(name="there", recipe=there, parameters=1), weights)
    start = load_model(tmp_path / "there.safetensors")
    with pytest.raises(InputError, match="other regions"):
        fit(here, [brain(3)], tmp_path / "out", start=start, steps=1, device="cpu")
    check_continues(start, there)


def test_from_training_over_a_file_to_a_scans_labels(tmp_path: Path) -> None:
    wanted = bare(**{"steps_per_epoch": 1, "expected_field_mm": None, "losses": {"dice-squared": 1.0}})
    scan, labels = brain(3)
    path = fit(wanted, [(scan, labels)], tmp_path, validation=[(scan, labels)], steps=1, device="cpu")
    model = load_model(path)
    assert model.card.recipe.nested == NESTED
    found = Predictor(model, device="cpu").predict(scan, whole=True)
    assert found.probabilities.shape[0] == 4
    assert np.allclose(found.probabilities.sum(0), 1, atol=1e-3)
    assert tuple(found.details["regions"]) == ("WT", "TC", "ET")


def test_a_hook_stays_on_a_copy() -> None:
    import copy

    class One(nn.Module):
        def forward(self, x: Tensor) -> ModelOutput:
            return ModelOutput(logits=x[:, :3])

    network = copy.deepcopy(by_regions(One(), organs_between(NESTED)))
    assert network(torch.zeros(1, 3, 2, 2, 2)).logits.shape[1] == 4
