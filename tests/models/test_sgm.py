"""SGM-Net: published counts, the module's numbers by hand, and what every network must do."""

import pytest
import torch

from napari_boundaryseg import models
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.sgm import SemanticGuidedModule


def count(**arguments) -> int:
    arguments = {"dims": 3, "in_channels": 1, "classes": 4, "clear": 2, "blurry": 1, **arguments}
    return sum(p.numel() for p in models.build("sgm", **arguments).parameters())


@pytest.mark.parametrize(("arguments", "expected"), [
    ({}, 3_901_890), ({"norm": "group"}, 3_901_890), ({"guided": False}, 3_836_479), ({"fusion": "concat"}, 3_956_322),
    ({"clear": 0, "blurry": 0}, 3_880_047), ({"dims": 2}, 1_240_194),
])
def test_parameter_counts(arguments, expected):
    assert count(**arguments) == expected


@pytest.mark.parametrize(("channels", "expected"), [(32, 3_201), (64, 12_545), (128, 49_665)])
def test_module_parameter_counts(channels, expected):
    assert sum(p.numel() for p in SemanticGuidedModule(channels, dims=3).parameters()) == expected


def hand_set() -> SemanticGuidedModule:
    module = SemanticGuidedModule(2, dims=2)
    values = {
        "squeeze.weight": [[1, 0, 0, 0.5], [0, 1, -1, 0]], "squeeze.bias": [0, 0.5],
        "excite.weight": [[1, -1], [0.5, 0]], "excite.bias": [0, -0.25],
        "spatial.weight": [[[[0.5]], [[-0.25]], [[0.25]], [[0]]]], "spatial.bias": [0.1],
    }
    module.load_state_dict({name: torch.tensor(value, dtype=torch.float32) for name, value in values.items()})
    return module


SHALLOW = torch.tensor([[1.0, 3.0], [2.0, -2.0]]).reshape(1, 2, 1, 2)
DEEP = torch.tensor([[0.0, 2.0], [4.0, 0.0]]).reshape(1, 2, 1, 2)


def test_module_by_hand():
    out, attention = hand_set()(SHALLOW, DEEP)
    torch.testing.assert_close(attention.channel, torch.tensor([[0.952574, 0.777300]]), rtol=0, atol=1e-5)
    torch.testing.assert_close(attention.spatial.flatten(), torch.tensor([0.524979, 0.930862]), rtol=0, atol=1e-5)
    expected = torch.tensor([[1.477553, 5.650307], [2.604558, -3.416323]])
    torch.testing.assert_close(out.reshape(2, 2), expected, rtol=0, atol=1e-5)


def test_module_of_zeros_is_the_identity_and_fuses_by_hand():
    module = SemanticGuidedModule(2, dims=2)
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    out, _ = module(SHALLOW, DEEP)
    torch.testing.assert_close(out, SHALLOW)
    torch.testing.assert_close(torch.relu(out + DEEP).reshape(2, 2), torch.tensor([[1.0, 5.0], [6.0, 0.0]]))
    torch.nn.init.constant_(module.excite.bias, 20.0)
    torch.nn.init.constant_(module.spatial.bias, -20.0)
    torch.testing.assert_close(module(SHALLOW, DEEP)[0], SHALLOW, rtol=0, atol=1e-7)


@pytest.mark.parametrize("arguments", [{"width": 6}, {"width": "wide"}, {"norm": "layer"}, {"fusion": "multiply"},
                                       {"depth": 5}, {"dims": 4}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        count(**arguments)


def test_a_misspelt_network_gets_a_suggestion():
    with pytest.raises(InputError, match="Did you mean 'sgm'"):
        models.build("smg")
