"""What every registered network must do, whatever it is."""

import pytest
import torch

from napari_boundaryseg import models
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, load_model, save
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.sliding_window import sliding_window
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.slicewise import SliceWise

ONLY_2D = {"bacnn"}
CONTOURS = {"sgm", "hmedn"}
SIZES = {2: [(32, 32), (31, 45)], 3: [(9, 17, 21), (23, 7, 18)]}
EVERY = [
    (name, dims, size)
    for name in models.names()
    for dims in (2, 3)
    for size in SIZES[dims]
    if dims == 2 or name not in ONLY_2D
]
VARIANTS = [
    *(("egcnn", {"backbone": backbone}) for backbone in ("unet", "basic-unet", "vnet", "narrow-vnet")),
    *(
        ("egcnn", options)
        for options in (
            {"gate": "additive"},
            {"weighted": False},
            {"per_channel": True},
            {"refined": True},
            {"seed": "decoder"},
            {"backbone": "unet", "seed": "decoder"},
            {"edge_stream": False},
        )
    ),
    ("dilnet", {"variant": 2}),
    ("dilnet", {"variant": 3}),
    ("dstnet", {"variant": 2}),
    *(("hrdn", {"stage": stage}) for stage in (2, 3, 4)),
    *(("hmedn", {"stage": stage}) for stage in (1, 2, 4)),
    ("hmedn", {"connectivity": "dense"}),
    ("hmedn", {"connectivity": "residual"}),
    ("hmedn", {"pathway": False}),
    ("hr-unet", {"stage": 2}),
    ("hr-unet", {"stage": 3}),
    ("hr-unet", {"connectivity": "dense"}),
    ("sgm", {"fusion": "concat"}),
    ("sgm", {"guided": False}),
    ("bacnn", {"shape_stream": False}),
    ("bacnn", {"pooling": "area"}),
]


def make(name, dims, clear, blurry, **arguments):
    """A small network, with group norm where it has a norm: that does not mind a batch of one."""
    known = models.signature(name).parameters
    small = {key: value for key, value in (("width", 8), ("norm", "group")) if key in known}
    return models.build(name, dims=dims, in_channels=2, classes=4, clear=clear, blurry=blurry, **small, **arguments)


@pytest.mark.parametrize(("name", "dims", "size"), EVERY)
def test_every_network(name, dims, size):
    for clear, blurry in [(2, 1), (0, 2), (1, 0), (0, 0)] if name in CONTOURS and size == SIZES[dims][0] else [(2, 1)]:
        check(name, dims, size, clear, blurry)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(("name", "arguments"), VARIANTS)
def test_every_variant(name, arguments, dims):
    if dims == 2 or name not in ONLY_2D:
        check(name, dims, SIZES[dims][-1], 2, 1, **arguments)


def check(name, dims, size, clear, blurry, **arguments):
    torch.manual_seed(0)
    network = make(name, dims, clear, blurry, **arguments)
    check_training(network, size, clear if name in CONTOURS else 0, blurry if name in CONTOURS else 0)
    other = make(name, dims, clear, blurry, **arguments)
    other.load_state_dict(network.state_dict())
    x = torch.randn(1, 2, *size)
    network.eval(), other.eval()
    with torch.inference_mode():
        first, again, loaded = network(x), network(x), other(x)
    assert torch.equal(first.logits, again.logits)
    assert torch.equal(first.logits, loaded.logits)
    assert first.deep == []
    for gate in first.attention.values():
        assert gate.spatial.shape[:2] == (1, 1)
        most = {"gain": 2, "edge": 1}[gate.kind]
        assert 0 <= float(gate.spatial.min()) <= float(gate.spatial.max()) <= most


def check_training(network, size, clear, blurry):
    output = network.train()(torch.randn(2, 2, *size))
    assert output.logits.shape == (2, 4, *size)
    assert all(side.shape == output.logits.shape for side in output.deep)
    for head, channels in ((output.hard, clear), (output.soft, blurry)):
        assert (head is None) == (channels == 0)
        assert head is None or head.shape == (2, channels, *size)
    assert output.edges is None or output.edges.shape == (2, 1, *size)
    assert output.main is None or output.main.shape == output.logits.shape
    heads = [output.logits, *output.deep, *(h for h in (output.hard, output.soft, output.edges) if h is not None)]
    sum((h**2).mean() for h in heads).backward()
    for label, parameter in network.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label


@pytest.mark.parametrize("name", models.names())
def test_every_network_comes_back_from_a_model_file(name, tmp_path):
    wanted = recipe("hippocampus-sgm").model_dump() | {
        "name": name,
        "network": name,
        "dims": 2 if name in ONLY_2D | {"vnet"} else 3,
        "losses": {"wce-dice": 1.0},
        "patch_vox": (1, 16, 16) if name in ONLY_2D | {"vnet"} else (16, 16, 16),
        "network_arguments": {"width": 8} if "width" in models.signature(name).parameters else {},
    }
    wanted = Recipe.model_validate(wanted)
    torch.manual_seed(0)
    network = build_network(wanted).train()
    x = torch.randn(2, 1, 12, 16, 20)
    with torch.no_grad():
        network(x)  # which moves the statistics of batch norm away from where they begin
    save(tmp_path / "model.safetensors", Card(name=name, recipe=wanted, parameters=1), network.state_dict())
    loaded = load_model(tmp_path / "model.safetensors")
    assert loaded.card.recipe == wanted
    with torch.inference_mode():
        expected, found = network.eval()(x), loaded.network(x)
    for head in ("logits", "hard", "soft", "edges", "main"):
        before, after = getattr(expected, head), getattr(found, head)
        assert (before is None) == (after is None)
        assert before is None or torch.equal(before, after), head


@pytest.mark.parametrize("name", models.names())
def test_a_fourth_dimension_is_refused(name):
    with pytest.raises(InputError, match="dims"):
        models.build(name, dims=4)


@pytest.mark.parametrize(("name", "dims"), sorted({(name, dims) for name, dims, _ in EVERY}))
def test_every_network_predicts_through_the_sliding_window(name, dims):
    torch.manual_seed(0)
    network = make(name, dims, 2, 1).eval()
    if dims == 2:
        network = SliceWise(network)
    image = torch.randn(2, 11, 21, 30)
    heads = Heads(network)
    with torch.inference_mode():
        many = heads.split(sliding_window(image, heads, (8, 16, 16), 0.5, batch=2))
        whole = heads.split(heads(image[None])[0])
        one = heads.split(sliding_window(image, heads, tuple(image.shape[1:])))
    assert many.keys() == whole.keys()
    for head, expected in whole.items():
        torch.testing.assert_close(one[head], expected, rtol=1e-4, atol=1e-5)
        assert many[head].shape == expected.shape
        assert torch.isfinite(many[head]).all()
        assert 0 <= float(many[head].min()) <= float(many[head].max()) <= (2 if head.startswith("level") else 1) + 1e-5
    torch.testing.assert_close(many["classes"].sum(0), torch.ones(image.shape[1:]), rtol=0, atol=1e-4)


OFF = [
    ("sgm", "guided", "attention"),
    ("sgm", "contours", "soft"),
    ("hmedn", "contours", "soft"),
    ("hmedn", "pathway", "deep"),
    ("egcnn", "edge_stream", "edges"),
    ("bacnn", "shape_stream", "edges"),
]


@pytest.mark.parametrize(("name", "idea", "gone"), OFF)
def test_each_idea_is_switched_off_by_one_argument(name, idea, gone):
    x = torch.randn(2, 1, 32, 32)
    arguments = {"dims": 2, "in_channels": 1, "classes": 4, "clear": 2, "blurry": 1}
    both = [models.build(name, **arguments, **{idea: on}).train() for on in (True, False)]
    on, off = (getattr(network(x), gone) for network in both)
    assert on is not None
    assert len(on) > 0
    assert off is None or len(off) == 0
    assert sum(p.numel() for p in both[1].parameters()) < sum(p.numel() for p in both[0].parameters())
