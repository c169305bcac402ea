"""A tiny model with random weights, and a scan of two boxes whose labels are as a person wants them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network
from napari_boundaryseg.engine.recipes.shipped import recipe

MakeModel = Callable[..., LoadedModel]
MakeCase = Callable[..., tuple[Volume, LabelMap]]


@pytest.fixture
def make_model() -> MakeModel:
    """A model of a shipped recipe, as small as tests need it."""

    def make(
        name: str = "hippocampus-sgm", window: tuple[int, int, int] = (16, 16, 16), **settings: object
    ) -> LoadedModel:
        small = {"patch_vox": window, "inference.window_vox": window, "inference.flip_axes": (), "batch": 4}
        arguments = {"network_arguments": {"width": 4, "norm": "group"}} if name == "hippocampus-sgm" else {}
        wanted = recipe(name).with_settings({**small, **arguments, "expected_field_mm": None, **settings})
        torch.manual_seed(0)
        card = Card(name="tiny", recipe=wanted, parameters=1)
        return LoadedModel(card, build_network(wanted).eval(), "0" * 64, Path("tiny.safetensors"))

    return make


@pytest.fixture
def model(make_model: MakeModel) -> LoadedModel:
    """Of the family that ships, with group norm."""
    return make_model()


@pytest.fixture
def make_case() -> MakeCase:
    """Two boxes beside each other, one bright and one dark; slices lie across the second axis."""

    def make(
        affine: np.ndarray | None = None,
        scheme: LabelScheme | None = None,
        channels: tuple[str, ...] = ("image",),
        shape: tuple[int, int, int] = (16, 20, 18),
    ) -> tuple[Volume, LabelMap]:
        array = np.zeros(shape, np.uint8)
        ids = (scheme or preset("hippocampus")).ids
        array[4:12, 4:17, 4:9], array[4:12, 4:17, 9:14] = ids[0], ids[-1]
        noise = np.random.default_rng(0).normal(0, 0.2, (len(channels), *shape))
        image = noise + 2.0 * (array == ids[0]) - 2.0 * (array == ids[-1])
        geometry = Geometry(shape, np.eye(4) if affine is None else affine)
        volume = Volume(image.astype(np.float32), geometry, channels, name="case")
        return volume, volume.with_labels(array, scheme or preset("hippocampus"))

    return make


@pytest.fixture
def case(make_case: MakeCase) -> tuple[Volume, LabelMap]:
    """The same as one axis after another grows to the right, to the front, to the head."""
    return make_case()
