"""Windows and weights are MONAI's: the same labels, voxel by voxel."""

from itertools import pairwise

import pytest
import torch

from napari_boundaryseg import models
from napari_boundaryseg.engine.inference.sliding_window import slabs, sliding_window
from napari_boundaryseg.engine.inference.windows import importance, places, starts
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled


@pytest.mark.parametrize("size", [(20, 33, 27), (9, 40, 17), (16, 16, 16), (31, 12, 50)])
@pytest.mark.parametrize("overlap", [0.25, 0.5])
def test_same_labels_as_monai(size, overlap):
    inferers = pytest.importorskip("monai.inferers")
    torch.manual_seed(0)
    network = models.build("sgm", classes=3, clear=1, blurry=1, width=8, norm="group").eval()
    image = torch.randn(1, *size)

    def softmax(x):
        return torch.softmax(network(x).logits, 1)

    with torch.inference_mode():
        theirs = inferers.sliding_window_inference(
            image[None], (16, 16, 16), 1, softmax, overlap=overlap, mode="gaussian"
        )[0]
        ours = sliding_window(image, softmax, (16, 16, 16), overlap)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert int((ours.argmax(0) != theirs.argmax(0)).sum()) == 0


def test_a_network_that_says_its_input_gives_the_image_back():
    image = torch.rand(2, 11, 23, 30)
    seen = sliding_window(image, lambda x: x, (8, 16, 16), 0.5, batch=3)
    torch.testing.assert_close(seen, image, rtol=1e-5, atol=1e-6)


def test_windows_cover_the_whole_axis():
    for size in range(16, 60):
        places = starts(size, 16, 0.5)
        assert places[0] == 0
        assert places[-1] == size - 16
        assert all(b - a <= 8 for a, b in pairwise(places))


def test_weights_are_highest_in_the_middle_and_never_zero():
    weights = importance((8, 16, 16))
    assert weights.min() >= 1e-3
    assert weights[3:5, 7:9, 7:9].min() == weights.max()


def test_cancel_stops_at_the_next_window():
    calls = []

    def stop_at_third(fraction, text=""):
        calls.append(text)
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        sliding_window(torch.rand(1, 40, 40, 40), lambda x: x, (16, 16, 16), progress=stop_at_third)
    assert len(calls) == 3


def test_tiny_windows_over_a_large_scan_are_refused_and_usual_ones_are_not():
    windows = places((48, 48, 48), (16, 16, 16), 0.75)
    assert len(windows) == 9**3
    assert len(places((12, 12, 12), (1, 1, 1), 0.9)) == 12**3, "few windows come to an end whatever they are"
    assert len(places((200, 512, 512), (1, 96, 96), 0.5)) == 200 * 10 * 10
    for size, window, overlap in (((40, 40, 40), (1, 1, 1), 0.9), ((64, 64, 64), (8, 8, 8), 0.9)):
        with pytest.raises(InputError, match=r"it would look at this scan through \d+ windows"):
            places(size, window, overlap)


def test_windows_that_would_never_come_to_an_end_are_refused():
    with pytest.raises(InputError, match=r"through 262144 windows of \(1, 1, 1\) voxels"):
        sliding_window(torch.zeros(1, 64, 64, 64), lambda x: x, (1, 1, 1))


@pytest.mark.parametrize("size", [(20, 33, 27), (60, 9, 17), (16, 16, 16), (31, 12, 50), (5, 6, 7), (70, 20, 20)])
@pytest.mark.parametrize(("overlap", "batch"), [(0.0, 1), (0.25, 3), (0.5, 2), (0.75, 4)])
def test_slabs_are_the_whole_bit_by_bit_and_each_voxel_comes_once(size, overlap, batch):
    torch.manual_seed(1)
    layer = torch.nn.Conv3d(1, 3, 3, padding=1)
    image = torch.randn(1, *size)
    with torch.inference_mode():
        whole = sliding_window(image, layer, (16, 12, 14), overlap, batch=batch)
        together, seen = torch.full_like(whole, -1), torch.zeros(size, dtype=torch.int32)
        for slab in slabs(image, layer, (16, 12, 14), overlap, batch=batch):
            together[(slice(None), *slab.where)] = slab.maps
            seen[slab.where] += 1
    assert (seen == 1).all()
    assert torch.equal(together, whole)


def test_slabs_hold_one_row_of_windows_however_long_the_scan_is():
    """The largest of a slab's own memory is what is held of the sums."""
    for length in (64, 256):
        held = {
            slab.maps.untyped_storage().nbytes()
            for slab in slabs(torch.zeros(1, length, 16, 16), lambda x: x.repeat(1, 5, 1, 1, 1), (16, 16, 16))
        }
        assert held == {5 * 16**3 * 4}
