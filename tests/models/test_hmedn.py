"""HMEDN and its family: the papers' sizes and receptive fields."""

import pytest
import torch
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.hr_pathway import HighResolutionPathway, ResidualDilatedBlock, schedule


def count(name, **arguments):
    with torch.device("meta"):
        network = models.build(name, **{"dims": 2, "in_channels": 5, "classes": 4, "blurry": 3} | arguments)
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("dilnet", {"variant": 1}, 178_340),
        ("dilnet", {"variant": 2}, 178_340),
        ("dilnet", {"variant": 3}, 119_396),
        ("dstnet", {"variant": 1}, 3_185_508),
        ("dstnet", {"variant": 2}, 1_022_260),
        ("hrdn", {"stage": 1}, 3_371_528),
        ("hrdn", {"stage": 2}, 3_485_672),
        ("hrdn", {"stage": 4}, 4_243_048),
        ("hmedn", {}, 3_791_307),
        ("hmedn", {"pathway": False, "contours": False}, 3_185_508),
        ("hmedn", {"stage": 1, "contours": False}, 3_371_528),
        ("dstnet", {"dims": 3, "in_channels": 4}, 2_570_300),
        ("hrdn", {"dims": 3, "in_channels": 4, "stage": 2}, 4_363_488),
        ("hrdn", {"dims": 3, "in_channels": 4, "stage": 3}, 9_739_136),
        ("hrdn", {"dims": 3, "in_channels": 4, "stage": 2, "connectivity": "residual"}, 3_101_920),
        ("hrdn", {"dims": 3, "in_channels": 4, "stage": 3, "connectivity": "residual"}, 4_692_864),
    ],
)
def test_parameters(name, arguments, expected):
    assert count(name, **arguments) == expected


def test_parameters_of_the_pathway_and_of_its_deeply_supervised_head():
    with torch.device("meta"):
        network = models.build("hrdn", dims=2, in_channels=5, classes=4, stage=1)
        alone = HighResolutionPathway(32, 32, schedule(9, 3, 5), dims=2, norm_kind="batch")
    parts = [sum(p.numel() for p in m.parameters()) for m in (network.pathway, network.pathway_head)]
    assert parts == [177_952, 132]
    assert sum(parts) == 178_084
    assert sum(p.numel() for p in alone.parameters()) == 177_952


def reach(network, size):
    """How far around a voxel its output depends on the input, along both axes."""
    for parameter in network.parameters():
        nn.init.constant_(parameter, 1.0)
    x = torch.ones(1, 5, size, size, dtype=torch.float64, requires_grad=True)
    network.eval()(x).logits[0, 0, size // 2, size // 2].backward()
    touched = (x.grad.abs().sum((0, 1)) > 0).nonzero()
    return tuple((touched.max(0).values - touched.min(0).values + 1).tolist())


@pytest.mark.parametrize(("variant", "expected"), [(1, 133), (2, 97), (3, 85)])
def test_receptive_field_of_the_dilnets(variant, expected):
    network = models.build("dilnet", dims=2, in_channels=5, classes=4, variant=variant, width=4)
    assert reach(network.double(), 161) == (expected, expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((9, 3, 5), 133),
        ((9, 2, 4), 97),
        ((6, 3, 5), 85),
        ((9, 1, 2), 49),
        ((9, 1, 1), 37),
    ],
)
def test_schedules(arguments, expected):
    assert 1 + 2 * sum(map(sum, schedule(*arguments))) == expected


def test_a_schedule_comes_in_thirds():
    with pytest.raises(InputError, match="multiple of 3"):
        schedule(8, 1, 2)


@pytest.mark.parametrize("dense", [False, True])
def test_the_pathway_keeps_the_size(dense):
    pathway = HighResolutionPathway(6, 4, schedule(3, 1, 2), dims=2, norm_kind="group", dense=dense)
    assert pathway(torch.randn(1, 6, 11, 13)).shape == (1, 4, 11, 13)


@pytest.mark.parametrize("signed", [False, True])
def test_a_block_of_the_pathway_can_subtract_only_where_it_is_signed(signed: bool) -> None:
    torch.manual_seed(0)
    block = ResidualDilatedBlock(4, (1, 2), signed=signed, dims=2, norm_kind="group").eval()
    x = torch.randn(2, 4, 16, 16)
    added = block(x) - x
    assert bool((added < -1e-6).any()) == signed
    assert bool((added > 1e-6).any())


def test_signed_reaches_every_block_and_changes_no_weight() -> None:
    both = [models.build("hmedn", dims=2, in_channels=1, classes=2, blurry=1, width=8, signed=s) for s in (False, True)]
    plain, signed = both
    assert {k: v.shape for k, v in plain.state_dict().items()} == {k: v.shape for k, v in signed.state_dict().items()}
    ends = [[type(block.convs[1][2]).__name__ for block in net.pathway.blocks] for net in both]
    assert [set(names) for names in ends] == [{"ReLU"}, {"Identity"}]
