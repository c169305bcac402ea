"""Voxels that do not count: what every registered loss must make of padding and of what nobody labelled."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage

from napari_boundaryseg import losses
from napari_boundaryseg.losses.neighbours import valid_within
from napari_boundaryseg.losses.sobel import magnitude
from napari_boundaryseg.models import ModelOutput

CHANCE = {"consistency": [{"noise": False}, {"noise": False, "region": "union"}]}
MEANS = {"edge-bce": [{}, {"normalise": "mean"}], **CHANCE}
SHAPES = {2: (20, 24), 3: (12, 14, 16)}


def example(shape, valid=None, seed=0, organs=3):
    """A truth and what a network says: every head there is, organs that end at the patch's border."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(2, organs + 1, *[max(2, n // 5) for n in shape], generator=generator)
    mode = "bilinear" if len(shape) == 2 else "trilinear"
    labels = F.interpolate(coarse, shape, mode=mode, align_corners=False).argmax(1)

    def head(channels):
        return torch.randn(2, channels, *shape, generator=generator, requires_grad=True)

    output = ModelOutput(
        head(organs + 1),
        hard=head(2),
        soft=head(1),
        edges=head(1),
        main=head(organs + 1),
        deep=[head(organs + 1), head(organs + 1)],
    )
    maps = {
        "hard": (torch.rand(2, 2, *shape, generator=generator) > 0.9).float(),
        "soft": torch.rand(2, 1, *shape, generator=generator),
        "difficulty": 1 + torch.rand(2, 1, *shape, generator=generator),
        "signed-distance": torch.randn(2, organs, *shape, generator=generator),
    }
    return output, losses.Target(labels, maps, valid)


def heads(output):
    return [output.logits, output.hard, output.soft, output.edges, output.main, *output.deep]


def changed(output, target, where):
    """The same in valid voxels; elsewhere another truth and other outputs."""
    other, truth = example(target.labels.shape[1:], seed=1)
    pick = lambda new, old: torch.where(where, new.detach(), old.detach()).requires_grad_()  # noqa: E731
    values = [pick(new, old) for new, old in zip(heads(other), heads(output), strict=True)]
    again = ModelOutput(values[0], hard=values[1], soft=values[2], edges=values[3], main=values[4], deep=values[5:])
    maps = {name: torch.where(where, truth.maps[name], one) for name, one in target.maps.items()}
    return again, losses.Target(torch.where(where[:, 0], truth.labels, target.labels), maps, target.valid)


def taught(name, arguments, output, target):
    torch.manual_seed(0)
    value = losses.build(name, **arguments)(output, target)
    found = torch.autograd.grad(value, heads(output), allow_unused=True)
    return value.detach(), [torch.zeros_like(x) if g is None else g for g, x in zip(found, heads(output), strict=True)]


def masks(shape):
    """A box, as padding leaves it; a slope, as a turned patch has it; scattered voxels."""
    box = torch.zeros(2, 1, *shape, dtype=torch.bool)
    box[(slice(None), slice(None), slice(2, -1), slice(0, -3))] = True
    places = torch.stack(torch.meshgrid(*[torch.arange(n) for n in shape], indexing="ij")).sum(0)
    slope = (places > 9).expand(2, 1, *shape)
    scattered = torch.rand(2, 1, *shape, generator=torch.Generator().manual_seed(2)) > 0.1
    return {"box": box, "slope": slope, "scattered": scattered}


@pytest.mark.parametrize("kind", ["box", "slope", "scattered"])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", losses.names())
def test_what_does_not_count_changes_neither_value_nor_gradient(name, dims, kind):
    valid = masks(SHAPES[dims])[kind]
    output, target = example(SHAPES[dims], valid)
    other = changed(output, target, ~valid)
    for arguments in MEANS.get(name, [{}]):
        value, gradients = taught(name, arguments, output, target)
        again, others = taught(name, arguments, *other)
        assert torch.isfinite(value)
        torch.testing.assert_close(again, value, rtol=1e-5, atol=1e-6)
        for one, two in zip(gradients, others, strict=True):
            torch.testing.assert_close(two, one, rtol=1e-4, atol=1e-8)
            assert not (one * ~valid).any(), "what does not count is taught nothing"


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", losses.names())
def test_padding_changes_nothing(name, dims):
    """A patch with padding that does not count has the loss of the patch without it."""
    output, target = example(SHAPES[dims])
    widths = (3, 2) * dims
    pad = lambda x, value=0.0: F.pad(x, widths, value=value)  # noqa: E731
    valid = pad(torch.ones(2, 1, *SHAPES[dims])) > 0
    wide = [pad(x.detach(), 1.7).requires_grad_() for x in heads(output)]
    padded = ModelOutput(wide[0], hard=wide[1], soft=wide[2], edges=wide[3], main=wide[4], deep=wide[5:])
    truth = losses.Target(pad(target.labels, 0), {k: pad(v) for k, v in target.maps.items()}, valid)
    for arguments in MEANS.get(name, [{}]):
        value, gradients = taught(name, arguments, output, target)
        again, others = taught(name, arguments, padded, truth)
        torch.testing.assert_close(again, value, rtol=2e-5, atol=1e-6)
        inside = (..., *[slice(3, -2)] * dims)
        for one, two in zip(gradients, others, strict=True):
            torch.testing.assert_close(two[inside], one, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", losses.names())
def test_all_voxels_and_no_mask_are_the_same(name):
    output, target = example(SHAPES[3])
    every = losses.Target(target.labels, target.maps, torch.ones(2, 1, *SHAPES[3], dtype=torch.bool))
    for arguments in MEANS.get(name, [{}]):
        value, _ = taught(name, arguments, output, target)
        torch.testing.assert_close(taught(name, arguments, output, every)[0], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", losses.names())
def test_nothing_that_counts_is_nothing_to_learn(name):
    output, target = example(SHAPES[2], torch.zeros(2, 1, *SHAPES[2], dtype=torch.bool))
    value, gradients = taught(name, (CHANCE.get(name) or [{}])[0], output, target)
    assert float(value) == 0
    assert not any(one.any() for one in gradients)


def test_an_organ_that_the_scan_cuts_has_no_edge_there():
    """Sobel edges in a padded patch are those that SciPy finds in the scan itself."""
    scan = torch.zeros(6, 10, 12)
    scan[:4, 3:7, 4:9] = 1
    sides = [ndimage.sobel(scan.numpy(), axis, mode="nearest") / 16 for axis in range(3)]
    valid = F.pad(torch.ones(1, 1, 6, 10, 12), (2, 2) * 3) > 0
    found = magnitude(F.pad(scan, (2, 2) * 3)[None, None], valid)[0, 0, 2:-2, 2:-2, 2:-2]
    torch.testing.assert_close(found, torch.from_numpy(sum(one**2 for one in sides) ** 0.5), atol=2e-6, rtol=0)
    assert float(found[0, 4, 6]) < 0.01


@pytest.mark.parametrize("reach", [0, 1, 3])
def test_where_filters_see_the_whole_is_where_scipy_erodes(reach):
    valid = torch.rand(2, 1, 14, 15, 16, generator=torch.Generator().manual_seed(0)) > 0.002
    cube = torch.ones([2 * reach + 1] * 3).bool().numpy()
    for found, one in zip(valid_within(valid, reach), valid, strict=True):
        eroded = ndimage.binary_erosion(one[0].numpy(), cube)
        assert eroded.any()
        assert torch.equal(found[0], torch.from_numpy(eroded))
