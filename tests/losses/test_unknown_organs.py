"""Organs that are known in some voxels only: what every registered loss must make of slices that nobody looked at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_boundaryseg import losses
from napari_boundaryseg.engine.recipes.shipped import RECIPES
from napari_boundaryseg.losses.unknown import one_class
from napari_boundaryseg.models import ModelOutput

SHAPE, ORGANS = (12, 10, 11), 3
HARD, SOFT = (0, 2), (1,)
CHANCE = {"consistency": {"noise": False}}


def slices(*known: tuple[int, ...]) -> Tensor:
    """(1, organs, *SHAPE): which slices across the first axis each organ was looked at."""
    valid = torch.zeros(1, ORGANS, *SHAPE, dtype=torch.bool)
    for organ, at in enumerate(known):
        valid[:, organ, list(at)] = True
    return valid


VALID = {
    "other slices": slices((1, 5, 6), (5, 6, 9), (0, 6)),
    "one organ alone": slices((2, 3, 4), (), ()),
    "one never": slices(tuple(range(12)), tuple(range(12)), ()),
}


def example(valid: Tensor, seed: int = 0) -> tuple[ModelOutput, losses.Target]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, ORGANS + 1, (1, *SHAPE), generator=generator)

    def head(channels: int) -> Tensor:
        return torch.randn(1, channels, *SHAPE, generator=generator, requires_grad=True)

    output = ModelOutput(head(4), hard=head(2), soft=head(1), edges=head(1), main=head(4), deep=[head(4), head(4)])
    maps = {
        "hard": (torch.rand(1, 2, *SHAPE, generator=generator) > 0.9).float(),
        "soft": torch.rand(1, 1, *SHAPE, generator=generator),
        "difficulty": 1 + torch.rand(1, 1, *SHAPE, generator=generator),
        "signed-distance": torch.randn(1, ORGANS, *SHAPE, generator=generator),
    }
    contoured = {"hard": HARD, "soft": SOFT, "signed-distance": (0, 1, 2)}
    return output, losses.Target(labels, maps, valid, contoured=contoured)


def heads(output: ModelOutput) -> dict[str, Tensor]:
    named = {name: getattr(output, name) for name in ("logits", "hard", "soft", "edges", "main")}
    return named | {f"deep {n}": one for n, one in enumerate(output.deep)}


def taught(name: str, arguments: dict, output: ModelOutput, target: losses.Target) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(0)
    value = losses.build(name, **arguments)(output, target)
    wanted = heads(output)
    found = torch.autograd.grad(value, list(wanted.values()), allow_unused=True)
    return value.detach(), {
        key: torch.zeros_like(head) if one is None else one
        for (key, head), one in zip(wanted.items(), found, strict=True)
    }


def of_recipes() -> list[tuple[str, str]]:
    return [(name, loss) for name, one in RECIPES.items() for loss in one.losses]


@pytest.mark.parametrize("kind", VALID)
@pytest.mark.parametrize(("recipe_name", "name"), of_recipes())
def test_what_nobody_looked_at_is_taught_nothing(recipe_name: str, name: str, kind: str) -> None:
    """Exactly nothing: with the arguments of every recipe that ships, for every head there is."""
    valid = VALID[kind]
    arguments = {**RECIPES[recipe_name].loss_arguments.get(name, {}), **CHANCE.get(name, {})}
    weights = arguments.get("class_weights")
    if weights:
        arguments["class_weights"] = (*weights, 2.0, 3.0, 4.0)[: ORGANS + 1]
    value, gradients = taught(name, arguments, *example(valid))
    assert torch.isfinite(value)
    for head, one in gradients.items():
        assert torch.isfinite(one).all()
        assert not (one * ~valid.any(1, keepdim=True)).any(), head
    for head, organs in (("hard", HARD), ("soft", SOFT)):
        assert not (gradients[head] * ~valid[:, list(organs)]).any(), "each organ's contour by itself"
    assert not (gradients["edges"] * ~valid.all(1, keepdim=True)).any(), "the edges are those of all organs together"


@pytest.mark.parametrize("kind", VALID)
@pytest.mark.parametrize("name", losses.names())
def test_which_of_the_unknown_organs_a_voxel_is_changes_nothing(name: str, kind: str) -> None:
    """Their labels, contours and distances are drawn anew where they are unknown; the loss and its gradients stay."""
    valid = VALID[kind]
    output, target = example(valid)
    _, other = example(valid, seed=1)
    background = torch.cat([torch.ones_like(valid[:, :1]), ~valid], 1)
    free = background.gather(1, target.labels[:, None])[:, 0] & background.gather(1, other.labels[:, None])[:, 0]
    assert free.any()
    pick = {"hard": valid[:, list(HARD)], "soft": valid[:, list(SOFT)], "signed-distance": valid}
    maps = dict(target.maps)
    for map_, known in pick.items():
        maps[map_] = torch.where(known, target.maps[map_], other.maps[map_])
    changed = losses.Target(torch.where(free, other.labels, target.labels), maps, valid, contoured=target.contoured)
    value, gradients = taught(name, CHANCE.get(name, {}), output, target)
    again, others = taught(name, CHANCE.get(name, {}), output, changed)
    torch.testing.assert_close(again, value, rtol=1e-6, atol=1e-7)
    for head, one in gradients.items():
        torch.testing.assert_close(others[head], one, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", losses.names())
def test_a_channel_for_each_organ_is_one_for_all_where_they_are_equal(name: str) -> None:
    one = slices(*[(1, 2, 5, 9)] * 3)
    output, target = example(one)
    alike = losses.Target(target.labels, target.maps, one[:, :1], contoured=target.contoured)
    value, gradients = taught(name, CHANCE.get(name, {}), output, target)
    again, others = taught(name, CHANCE.get(name, {}), output, alike)
    torch.testing.assert_close(again, value, rtol=1e-6, atol=1e-7)
    for head, gradient in gradients.items():
        torch.testing.assert_close(others[head], gradient, rtol=1e-5, atol=1e-8)


def test_one_class_is_the_sum_voxel_by_voxel() -> None:
    """Against a loop: the probability of what a voxel may be, in plain Python."""
    output, target = example(VALID["other slices"])
    valid = target.valid
    assert valid is not None
    merged, labels = one_class(output.logits, target.labels, valid)
    found = torch.softmax(merged.detach(), 1).gather(1, labels[:, None])[0, 0]
    p = torch.softmax(output.logits.detach(), 1)[0]
    for at in torch.cartesian_prod(*[torch.arange(n) for n in SHAPE]).tolist():
        known = [bool(valid[(0, organ, *at)]) for organ in range(ORGANS)]
        label = int(target.labels[(0, *at)])
        may_be = [label] if label and known[label - 1] else [0, *(n + 1 for n in range(ORGANS) if not known[n])]
        assert float(found[tuple(at)]) == pytest.approx(sum(float(p[(n, *at)]) for n in may_be), abs=1e-6)


def test_a_voxel_that_is_not_of_the_known_organ_lowers_that_organ_alone() -> None:
    """The others keep their proportions: a step moves no probability between the classes that nobody told apart."""
    valid = slices((0,), (), ())[:, :, :1, :1, :1]
    logits = torch.tensor([0.3, 1.0, -0.4, 0.8]).reshape(1, 4, 1, 1, 1).requires_grad_()
    target = losses.Target(torch.tensor([2]).reshape(1, 1, 1, 1), valid=valid)
    value, p = losses.build("wce-dice", deep_weights=())(ModelOutput(logits), target), torch.softmax(logits, 1)
    (slope,) = torch.autograd.grad(value, logits)
    assert float(slope[0, 1]) > 0
    rest = (slope / p.detach())[0, [0, 2, 3]].flatten()
    torch.testing.assert_close(rest, rest[:1].expand(3), rtol=1e-5, atol=1e-7)


def test_a_region_is_known_where_all_its_organs_are() -> None:
    valid = slices((1, 2), (2, 3), (2, 4))
    target = losses.Target(torch.zeros(1, *SHAPE, dtype=torch.long), valid=valid, regions=((1, 2, 3), (1, 3), (3,)))
    known = target.regions_known
    assert known is not None
    assert [[int(n) for n in torch.where(one.flatten(1).any(1))[0]] for one in known[0]] == [[2], [2], [2, 4]]
