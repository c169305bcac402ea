"""Which model is suggested, and what its name in the list says: starting points that have seen no patient give way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.ui.control import model_list

PELVIS, BRAIN, HIPPOCAMPUS = (230.0, 230.0, 100.0), (145.0, 175.0, 140.0), (40.0, 55.0, 40.0)


def scan(field_mm: tuple[float, ...], channels: tuple[str, ...] = ("image",), modality: str = "MR") -> Volume:
    array = np.random.default_rng(0).normal(100, 5, (len(channels), 10, 10, 10)).astype(np.float32)
    where = Geometry((10, 10, 10), np.diag([*(mm / 10 for mm in field_mm), 1.0]))
    return Volume(array, where, channels=channels, modality=modality)


def card(name: str, **changes: Any) -> Card:
    wanted = recipe("pelvis-mr-sgm").model_copy(update={"name": name, "expected_field_mm": PELVIS, **changes})
    return Card(name=name, recipe=wanted, parameters=1)


@pytest.fixture
def among(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is suggested for a scan among these models and the shipped starting point for the pelvis."""

    def best(one: Volume, *others: Card) -> str:
        cards = [(made, Path(f"{made.name}.safetensors")) for made in (card("start", synthetic="pelvis"), *others)]
        monkeypatch.setattr(model_list, "available", lambda project: cards)
        found = model_list.best_for(one, None)
        assert found is not None
        return found.stem

    return best


def test_shipped_starting_points_are_marked_and_others_are_not() -> None:
    titles = {path.stem: model_list.title(one, path) for one, path in model_list.available(None)}
    marked = {name for name, title in titles.items() if title == f"{name} · synthetic"}
    assert marked == {"brain-tumour-bacnn", "brain-tumour-egcnn"}
    assert titles["hippocampus-hmedn"] == "hippocampus-hmedn"


@pytest.mark.parametrize(
    ("field_mm", "name"),
    [(PELVIS, "pelvis-mr-sgm"), (HIPPOCAMPUS, "hippocampus-hmedn"), ((130.0, 130.0, 150.0), "sarcoma-t1")],
)
def test_of_the_shipped_ones_the_closest_is_suggested(field_mm: tuple[float, ...], name: str) -> None:
    found = model_list.best_for(scan(field_mm), None)
    assert found is not None and found.stem == name


def test_a_real_model_for_the_same_organs_that_fits_goes_before_it(among: Any) -> None:
    real = card("real", synthetic="", expected_field_mm=(260.0, 260.0, 130.0))
    one_organ = card("gland", synthetic="", expected_field_mm=(180.0, 180.0, 90.0), scheme=preset("prostate"))
    assert among(scan(PELVIS)) == "start"
    assert among(scan(PELVIS), real) == "real"
    assert among(scan(PELVIS), one_organ) == "gland"
    assert among(scan(PELVIS), one_organ, real) == "real", "the closest of them"


def test_a_real_model_that_does_not_fit_does_not(among: Any) -> None:
    others = [
        card("ct", synthetic="", modality="CT"),
        card("channels", synthetic="", channels=("t1", "t2")),
        card("small", synthetic="", expected_field_mm=(60.0, 60.0, 40.0)),
        card("other-organs", synthetic="", expected_field_mm=(260.0, 260.0, 130.0), scheme=preset("sarcoma")),
    ]
    assert among(scan(PELVIS), *others) == "start"
