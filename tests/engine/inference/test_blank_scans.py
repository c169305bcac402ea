"""A scan in which nothing can be seen is refused before the network runs; it would find an organ there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network
from napari_boundaryseg.engine.inference import answer as module
from napari_boundaryseg.engine.inference.predictor import predict
from napari_boundaryseg.engine.recipes.recipe import Inference, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError

SHAPE = (17, 18, 16)
WAYS = {
    "z-score": {},
    "hu": {"normalise": "hu"},
    "unit": {"normalise": "unit"},
    "slice by slice": {"per_slice": True},
    "without zeros": {"nonzero": True},
    "data set": {"normalise": "dataset", "means": (0.0,), "sds": (1.0,)},
    "foreground": {"normalise": "foreground", "lows": (0.0,), "highs": (100.0,)},
}


def model(channels: tuple[str, ...] = ("image",), **preprocessing: object) -> LoadedModel:
    wanted = recipe("pelvis-mr-sgm").model_copy(
        update={
            "scheme": preset("pelvis-mr"),
            "channels": channels,
            "network_arguments": {"width": 4, "norm": "group"},
            "expected_field_mm": (60.0, 60.0, 60.0),
            "preprocessing": Preprocessing(**preprocessing),
            "patch_vox": (16, 16, 16),
            "inference": Inference(),
        }
    )
    torch.manual_seed(1)
    return LoadedModel(Card(name="tiny", recipe=wanted, parameters=0), build_network(wanted).eval(), "0", Path("tiny"))


def scan(array: np.ndarray, step_mm: float = 1.0, channels: tuple[str, ...] = ("image",)) -> Volume:
    array = array if array.ndim == 4 else array[None]
    where = Geometry(array.shape[1:], np.diag([step_mm] * 3 + [1.0]))  # type: ignore[arg-type]
    return Volume(array, where, channels, name="case1")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the network ran")

    monkeypatch.setattr(module, "slabs", never)


def with_some_nan(value: float) -> np.ndarray:
    array = np.full(SHAPE, value, np.float32)
    array[:3], array[5] = np.nan, np.inf
    return array


BLANK: dict[str, tuple[np.ndarray, str]] = {
    "zeros": (np.zeros(SHAPE, np.int16), "every voxel has the same value"),
    "one value": (np.full(SHAPE, -1024, np.int16), "every voxel has the same value"),
    "one decimal": (np.full(SHAPE, 0.1, np.float32), "every voxel has the same value"),
    "not a number": (np.full(SHAPE, np.nan, np.float32), "no voxel is a number"),
    "infinite": (np.full(SHAPE, -np.inf, np.float64), "no voxel is a number"),
    "one value and no numbers": (with_some_nan(7.0), "every voxel has the same value"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", BLANK)
def test_a_blank_scan_is_refused_before_the_network_runs(kind: str, way: str, no_network: None) -> None:
    array, said = BLANK[kind]
    with pytest.raises(InputError, match=f"case1: {said}, so nothing can be segmented"):
        predict(scan(array), model(**WAYS[way]), device="cpu", whole=True)


def test_a_blank_scan_that_is_too_large_is_not_asked_for_a_box(no_network: None) -> None:
    with pytest.raises(InputError, match="every voxel has the same value"):
        predict(scan(np.zeros(SHAPE, np.int16), step_mm=20.0), model(), device="cpu")


def test_a_blank_box_is_refused(no_network: None) -> None:
    array = np.zeros(SHAPE, np.float32)
    array[10:] = np.random.default_rng(0).normal(size=(7, 18, 16))
    box = ((0, 9), (2, 12), (3, 15))
    with pytest.raises(InputError, match=r"in the box every voxel has the same value.*Draw the box round"):
        predict(scan(array), model(), device="cpu", box=box)


@pytest.mark.parametrize(
    ("way", "array"),
    [
        ("z-score", np.pad(np.full((1, 1, 1), 5000, np.int16), ((8, 8), (8, 9), (7, 8)))),
        ("unit", np.pad(np.full((2, 2, 2), 5000, np.int16), ((8, 7), (8, 8), (7, 7)))),
        ("hu", np.random.default_rng(0).integers(5000, 9000, SHAPE).astype(np.int16)),
        ("foreground", np.random.default_rng(0).integers(500, 900, SHAPE).astype(np.int16)),
    ],
)
def test_a_scan_of_which_the_preprocessing_leaves_nothing_is_refused(
    way: str, array: np.ndarray, no_network: None
) -> None:
    with pytest.raises(InputError, match="after the preprocessing of tiny every voxel has the same value"):
        predict(scan(array), model(**WAYS[way]), device="cpu", whole=True)


@pytest.mark.parametrize("fill", [0.0, np.nan])
def test_one_blank_channel_among_others_is_said(fill: float) -> None:
    array = np.random.default_rng(0).normal(100, 5, (2, *SHAPE)).astype(np.float32)
    array[1] = fill
    found = predict(scan(array, channels=("T1", "T2")), model(("T1", "T2")), device="cpu", whole=True)
    (note,) = (note for note in found.details["notes"] if "T2" in note)  # type: ignore[union-attr]
    assert note.endswith("it tells the model nothing")


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_the_least_contrast_is_no_blank_scan(kind: type) -> None:
    array = np.full(SHAPE, 100, kind)
    array[4:12, 4:12, 4:12] = 101
    found = predict(scan(array), model(), device="cpu", whole=True)
    assert found.labels.array.shape == SHAPE


def test_the_scan_itself_is_left_as_it_is() -> None:
    array = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    array[0] = np.nan
    volume = scan(array)
    before: Callable[[], bytes] = lambda: np.asarray(volume.array).tobytes()  # noqa: E731
    kept = before()
    predict(replace(volume), model(), device="cpu", whole=True)
    assert before() == kept
