"""Late learner: what a step sees, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.training.adapting.corrected_slices import CorrectedSlices
from napari_boundaryseg.engine.training.adapting.late_layers import late_layers
from napari_boundaryseg.engine.training.adapting.late_learner import SHADES, LateLearner
from napari_boundaryseg.engine.training.adapting.trunk import Trunk, settled_parts
from napari_boundaryseg.engine.training.adapting.view import View

Case = tuple[Volume, LabelMap]


@pytest.fixture
def make(make_model: Callable[..., LoadedModel], case: Case) -> Callable[..., LateLearner]:
    """A learner of three slices through windows of some size."""

    def learner(window: tuple[int, int, int], known: bool = True, **settings: object) -> LateLearner:
        model = make_model(window=window, **settings)
        recipe, network = model.card.recipe, model.network
        view = View.of(PreparedScan.of(case[0], recipe), case[1])
        corrected = CorrectedSlices.of(*case, (6, 10, 14), 1, recipe.scheme)
        late = late_layers(network, recipe.in_channels, view.window)
        trunk = Trunk(settled_parts(network, late, recipe.in_channels, view.window))
        lessons = view.lessons(corrected, view.places(corrected, corrected) if known else [])
        return LateLearner(network, late, trunk, view, lessons, "cpu", 0)

    return learner


def seen(learner: LateLearner, steps: int) -> list[tuple[object, int, str]]:
    found = []
    for step in range(1, steps + 1):
        learner.steps = step
        found += learner._chosen()
    return found


@pytest.mark.parametrize("window", [(20, 20, 20), (20, 20, 8), (20, 8, 8)], ids=["one", "two", "more"])
def test_each_window_is_seen_plain_and_mirrored_by_turns(
    make: Callable[..., LateLearner], window: tuple[int, int, int]
) -> None:
    chosen = seen(make(window, **{"inference.flip_axes": ("x",)}), 24)
    assert len(chosen) == 48, "two at a time"
    for place in {one for one, *_ in chosen}:
        mirrored = [mirror for one, _, mirror in chosen if one == place]
        assert len(mirrored) >= 4
        assert all(a != b for a, b in pairwise(mirrored))
    assert {shade for _, shade, _ in chosen} == set(range(SHADES))
    assert {mirror for *_, mirror in seen(make(window), 4)} == {""}


def test_shades_leave_padding_and_distances_as_they_are(make: Callable[..., LateLearner]) -> None:
    learner = make(
        (20, 24, 20),
        box_margin_mm=(1.0, 3.0),
        sides_mm=4.0,
        **{"augmentation.flip_axes": ()},
    )
    place = next(iter(learner._lessons))
    plain = learner._lessons[place].image
    for shade in range(SHADES):
        image, labels, counted, elsewhere, first = learner._sample(place, shade, "")
        assert torch.equal(image[1:], plain[1:])
        assert torch.equal(image[0] == 0, plain[0] == 0)
        assert not torch.equal(image[0], plain[0])
        assert (image[0] - plain[0]).abs().mean() < 0.2
        mirrored = learner._sample(place, shade, "y")
        for one, other in zip((image, labels, counted, elsewhere, first), mirrored, strict=True):
            assert torch.equal(one.flip(-2), other)


def test_without_a_lesson_nothing_changes(make: Callable[..., LateLearner]) -> None:
    learner = make((16, 16, 16), known=False)
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    learner.step()
    assert learner.steps == 1
    assert all(torch.equal(before[name], value) for name, value in learner.network.state_dict().items())
