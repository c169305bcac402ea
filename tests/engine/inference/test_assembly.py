"""A prediction put together slab by slab is what whole maps would give, in memory and in files."""

from __future__ import annotations

import os
import stat
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_boundaryseg import losses
from napari_boundaryseg.data.scratch.arrays import load_array
from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.inference.assembling.arrays import InFolder
from napari_boundaryseg.engine.inference.assembling.border_probability import BorderProbability, of_probability
from napari_boundaryseg.engine.inference.assembling.calibration import rescaled, tempered
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.assembling.postprocess import derived_contour
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.on_scan_grid import PLANES, on_scan_grid
from napari_boundaryseg.engine.inference.prediction_files import load_prediction, save_all_but_arrays, save_prediction
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.inference.sliding_window import Slab, sliding_window
from napari_boundaryseg.engine.preprocessing.network_grid import linear
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.errors import InputError
from tests.engine.inference.test_segment import SYSTEMS, TURNED, model, scan

PUT_RIGHT = Calibration(probabilities=Scaling(scale=0.7), edges=Scaling(scale=0.8, shift=-0.3))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    ("have", "want"),
    [((9, 7, 8), (9, 7, 8)), ((9, 7, 8), (20, 7, 8)), ((21, 16, 18), (8, 9, 7)), ((5, 30, 1), (31, 4, 6))],
)
def test_slabs_on_the_scans_grid_are_the_whole_there(
    axis: int, have: tuple[int, int, int], want: tuple[int, int, int]
) -> None:
    maps = torch.rand(2, *have, generator=torch.Generator().manual_seed(0))
    found, planes = torch.full((2, *want), float("nan")), []
    for slab in on_scan_grid(in_slabs(maps, axis, (3, 1, 4)), have, want):
        found[(slice(None), *slab.where)] = slab.maps
        planes.append(slab.where[axis])
    torch.testing.assert_close(found, linear(maps, want), rtol=0, atol=1e-6)
    assert [part.start for part in planes] == [0, *(part.stop for part in planes[:-1])]


def in_slabs(maps: torch.Tensor, axis: int, lengths: tuple[int, ...]) -> Any:
    start, n = 0, 0
    while start < maps.shape[axis + 1]:
        stop = min(start + lengths[n % len(lengths)], maps.shape[axis + 1])
        where = [slice(0, size) for size in maps.shape[1:]]
        where[axis] = slice(start, stop)
        yield Slab((where[0], where[1], where[2]), maps[(slice(None), *where)], axis)
        start, n = stop, n + 1


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_border_between_slabs_is_that_of_the_whole(axis: int, length: int) -> None:
    organs = np.random.default_rng(0).random((2, 5, 6, 7), np.float32)
    border, found = BorderProbability(axis, organs.shape[axis + 1]), np.full(organs.shape[1:], np.nan)
    for start in range(0, organs.shape[axis + 1], length):
        planes = slice(start, min(start + length, organs.shape[axis + 1]))
        now, values = border.add(planes, organs[(slice(None), *[slice(None)] * axis, planes)])
        found[(*[slice(None)] * axis, now)] = values
    np.testing.assert_array_equal(found, reduce(np.maximum, map(of_probability, organs)))


def reference(loaded: LoadedModel, predictor: Predictor, volume: Any, **options: Any) -> dict[str, np.ndarray]:
    """Every map of the box, from the network's whole answer."""
    recipe = loaded.card.recipe
    prepared = PreparedScan.of(volume, recipe, "tiny")
    if "box" in options:
        prepared = prepared.within(tuple(slice(*pair) for pair in options["box"]))
    grid = prepared.grid
    heads = Heads(loaded.network.eval(), tuple("zyx".index(axis) for axis in recipe.inference.flip_axes))
    with torch.inference_mode():
        image = prepared.image()
        stacked = sliding_window(image, heads, recipe.window_vox, recipe.inference.overlap, batch=2)
    maps = {name: grid.back(one.numpy()) for name, one in heads.split(stacked).items()}
    classes, put_right = maps["classes"], loaded.card.calibration or Calibration()
    found = {"probabilities": classes if recipe.nested else tempered(classes, put_right.probabilities)}
    edges = maps["edges"][0] if "edges" in maps else reduce(np.maximum, map(of_probability, classes[1:]))
    found["edges"] = rescaled(edges, put_right.edges)
    heads_of = {organ.name: ("hard", n) for n, organ in enumerate(recipe.clear) if "hard" in maps}
    heads_of |= {organ.name: ("soft", n) for n, organ in enumerate(recipe.blurry) if "soft" in maps}
    for n, organ in enumerate(recipe.scheme.names, start=1):
        if organ in heads_of:
            head, at = heads_of[organ]
            found[organ] = losses.probability(head, maps[head][at], recipe.losses, recipe.loss_arguments)
        else:
            found[organ] = derived_contour(classes[n])
    found |= {name: one[0] for name, one in maps.items() if name.startswith("level")}
    found["decided"] = np.array([0, *recipe.scheme.ids])[decided(classes, recipe.nested)]
    top = np.sort(classes, axis=0)
    found["sure"] = (top[-1] - top[-2] > 1e-4) & (np.abs(classes - 0.5) > 1e-4).all(0)
    return found


@pytest.mark.parametrize("way", ["whole", "box", "resampled", "turned"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_maps_are_those_of_the_networks_whole_answer(tmp_path: Path, name: str, way: str) -> None:
    changes: dict[str, Any] = {"inference.smallest_share": 0.0, "inference.fill": False}
    if way == "resampled":
        changes["preprocessing.spacing_mm"] = (1.3, 0.9, 1.7)
    loaded = model(name, tmp_path, PUT_RIGHT, **changes)
    volume = scan(loaded.card.recipe, shape=(20, 9, 26), affine=TURNED if way == "turned" else None)
    options: dict[str, Any] = {"box": ((2, 18), (1, 9), (3, 25))} if way == "box" else {"whole": True}
    predictor = Predictor(loaded, "cpu", backend="torch")
    result = predictor.predict(volume, any_modality=True, **options)
    expected = reference(loaded, predictor, volume, **options)
    inside = tuple(slice(*pair) for pair in options.get("box", [(None, None)] * 3))
    close = {"probabilities": result.probabilities, "edges": result.edges, **result.contours, **result.attention}
    for key, array in close.items():
        np.testing.assert_allclose(array[(..., *inside)], expected[key], atol=2e-5, err_msg=key)
    sure = expected["sure"]
    np.testing.assert_array_equal(result.labels.array[inside][sure], expected["decided"][sure])
    beside = np.ones(volume.geometry.shape, bool)
    beside[inside] = False
    assert beside.any() == (way == "box")
    assert (result.probabilities[0][beside] == 1).all()
    neutral = 1 if result.attention_kind == "gain" else 0
    for array in (*result.probabilities[1:], result.edges, *result.contours.values()):
        assert not array[beside].any()
    assert all((array[beside] == neutral).all() for array in result.attention.values())


def test_a_prediction_in_files_is_the_one_in_memory(tmp_path: Path) -> None:
    loaded = model("sgm", tmp_path, PUT_RIGHT)
    volume = scan(loaded.card.recipe, affine=TURNED)
    predictor = Predictor(loaded, "cpu", backend="torch")
    in_memory = predictor.predict(volume, whole=True)
    saved = load_prediction(save_prediction(in_memory, tmp_path / "saved"))
    streamed = predictor.predict(volume, whole=True, arrays=InFolder(tmp_path / "made"))
    made = load_prediction(save_all_but_arrays(streamed, tmp_path / "made"))
    np.testing.assert_array_equal(made.labels.array, in_memory.labels.array)
    np.testing.assert_array_equal(made.probabilities, in_memory.probabilities)
    assert made.probabilities.dtype == np.float32
    for one, other, full in (
        (made.edges, saved.edges, in_memory.edges),
        *zip(made.contours.values(), saved.contours.values(), in_memory.contours.values(), strict=True),
        *zip(made.attention.values(), saved.attention.values(), in_memory.attention.values(), strict=True),
    ):
        assert one.dtype == other.dtype == np.float16
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, full.astype(np.float16))
    names = {path.name for path in (tmp_path / "saved").iterdir()}
    assert {path.name for path in (tmp_path / "made").iterdir()} == names
    with pytest.raises(ValueError, match="read-only"):
        made.edges[0, 0, 0] = 1


def test_files_that_are_still_being_filled_are_private_and_no_prediction(tmp_path: Path) -> None:
    array = InFolder(tmp_path / "out").new("edges", (4, 5, 6))
    array[1, 2, 3] = 0.5
    path = tmp_path / "out" / "edges.npy"
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    np.testing.assert_array_equal(load_array(path), array)
    with pytest.raises(InputError, match="cannot be read"):
        load_prediction(tmp_path / "out")


def test_files_are_made_anew_where_a_prediction_begins_anew(tmp_path: Path) -> None:
    arrays = InFolder(tmp_path)
    first = arrays.new("edges", (4, 5, 6))
    first[...] = 1
    arrays.settle("edges")
    again = arrays.new("edges", (4, 5, 6))
    assert not again.any()
    assert again.base is not None
    assert np.shares_memory(first, again), "a file that is still mapped cannot be replaced everywhere"
    again[0] = 0.5
    np.testing.assert_array_equal(load_array(tmp_path / "edges.npy"), again)


def test_a_slab_that_is_all_of_a_scan_is_brought_back_a_few_planes_at_a_time() -> None:
    maps = torch.rand(2, 10, 6, 5)
    for want in ((10, 6, 5), (40, 12, 10)):
        pieces = list(on_scan_grid(in_slabs(maps, 0, (10,)), (10, 6, 5), want))
        assert max(piece.maps.shape[1] for piece in pieces) <= PLANES
        whole = torch.cat([piece.maps for piece in pieces], 1)
        torch.testing.assert_close(whole, linear(maps, want), rtol=0, atol=1e-6)
