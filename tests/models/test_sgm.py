"""SGM-Net: published counts, the module's numbers by hand, and what every network must do."""

import pytest
import torch
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.backbones import listening
from napari_boundaryseg.models.sgm import SemanticGuidedModule, _DecoderStage


def count(**arguments) -> int:
    arguments = {"dims": 3, "in_channels": 1, "classes": 4, "clear": 2, "blurry": 1, **arguments}
    return sum(p.numel() for p in models.build("sgm", **arguments).parameters())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, 3_901_890),
        ({"norm": "group"}, 3_901_890),
        ({"guided": False}, 3_836_479),
        ({"fusion": "concat"}, 3_956_322),
        ({"clear": 0, "blurry": 0}, 3_880_047),
        ({"dims": 2}, 1_240_194),
    ],
)
def test_parameter_counts(arguments, expected):
    assert count(**arguments) == expected


@pytest.mark.parametrize(("channels", "expected"), [(32, 3_201), (64, 12_545), (128, 49_665)])
def test_module_parameter_counts(channels, expected):
    assert sum(p.numel() for p in SemanticGuidedModule(channels, dims=3).parameters()) == expected


def test_the_modules_are_a_small_part_of_the_network():
    network = models.build("sgm", classes=4, clear=2, blurry=1)
    guides = [m for m in network.modules() if isinstance(m, SemanticGuidedModule)]
    sizes = [sum(p.numel() for p in guide.parameters()) for guide in guides]
    assert sizes == [3_201, 12_545, 49_665]
    assert sum(sizes) == count() - count(guided=False) == 65_411
    assert sum(sizes) / count() == pytest.approx(0.017, abs=5e-4)


def hand_set() -> SemanticGuidedModule:
    module = SemanticGuidedModule(2, dims=2)
    values = {
        "squeeze.weight": [[1, 0, 0, 0.5], [0, 1, -1, 0]],
        "squeeze.bias": [0, 0.5],
        "excite.weight": [[1, -1], [0.5, 0]],
        "excite.bias": [0, -0.25],
        "spatial.weight": [[[[0.5]], [[-0.25]], [[0.25]], [[0]]]],
        "spatial.bias": [0.1],
    }
    module.load_state_dict({name: torch.tensor(value, dtype=torch.float32) for name, value in values.items()})
    return module


SHALLOW = torch.tensor([[1.0, 3.0], [2.0, -2.0]]).reshape(1, 2, 1, 2)
DEEP = torch.tensor([[0.0, 2.0], [4.0, 0.0]]).reshape(1, 2, 1, 2)


def test_module_by_hand():
    out, attention = hand_set()(SHALLOW, DEEP)
    torch.testing.assert_close(attention.channel, torch.tensor([[0.952574, 0.777300]]), rtol=0, atol=1e-5)
    gain = torch.tensor([0.524979, 0.930862]) + (0.952574 + 0.777300) / 2
    torch.testing.assert_close(attention.spatial.flatten(), gain, rtol=0, atol=1e-5)
    expected = torch.tensor([[1.477553, 5.650307], [2.604558, -3.416323]])
    torch.testing.assert_close(out.reshape(2, 2), expected, rtol=0, atol=1e-5)


def test_the_attention_shown_is_the_mean_gain_of_the_features():
    torch.manual_seed(0)
    module = SemanticGuidedModule(6, dims=2)
    shallow, deep = torch.rand(2, 6, 9, 7) + 0.1, torch.randn(2, 6, 9, 7)
    out, attention = module(shallow, deep)
    assert attention.kind == "gain"
    torch.testing.assert_close(attention.spatial, (out / shallow).mean(1, keepdim=True))


def test_every_step_of_the_module_by_hand():
    module, came_in = hand_set(), {}
    for name in ("squeeze", "excite"):
        module.get_submodule(name).register_forward_pre_hook(lambda _, x, name=name: came_in.update({name: x[0]}))
    with listening(module, ("excite", "spatial")) as went_out:
        module(SHALLOW, DEEP)
    expected = {"squeeze": [2, 0, 1, 2], "excite": [3, 0]}
    assert {name: x.flatten().tolist() for name, x in came_in.items()} == expected
    torch.testing.assert_close(went_out["excite"].flatten(), torch.tensor([3, 1.25]), rtol=0, atol=1e-6)
    torch.testing.assert_close(went_out["spatial"].flatten(), torch.tensor([0.1, 2.6]), rtol=0, atol=1e-6)


def zeroed(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def test_a_module_of_zeros_is_the_identity_and_so_is_one_gate_open_and_one_shut():
    module, shallow = zeroed(SemanticGuidedModule(2, dims=2)).double(), SHALLOW.double()
    torch.testing.assert_close(module(shallow, DEEP.double())[0], shallow, rtol=0, atol=0)
    nn.init.constant_(module.excite.bias, 20.0)
    nn.init.constant_(module.spatial.bias, -20.0)
    torch.testing.assert_close(module(shallow, DEEP.double())[0], shallow, rtol=0, atol=1e-8)


def test_the_gated_skip_is_added_to_the_decoder():
    stage = zeroed(_DecoderStage(2, dims=2, norm_kind="batch", fusion="add", guided=True))
    stage.up = stage.decode = nn.Identity()
    fused, _ = stage(DEEP, SHALLOW)
    assert fused.reshape(2, 2).tolist() == [[1, 5], [6, 0]]


@pytest.mark.parametrize(
    "arguments", [{"width": 6}, {"width": "wide"}, {"norm": "layer"}, {"fusion": "multiply"}, {"depth": 5}, {"dims": 4}]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        count(**arguments)


def test_a_misspelt_network_gets_a_suggestion():
    with pytest.raises(InputError, match="Did you mean 'sgm'"):
        models.build("smg")
