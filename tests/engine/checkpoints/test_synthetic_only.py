"""A model that has learned from synthetic scans alone is known as such until it is fine-tuned."""

from __future__ import annotations

from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.fine_tune import tuning_recipe


def test_a_fine_tuned_model_has_seen_patients() -> None:
    start = recipe("pelvis-mr-sgm")
    assert Card(name="start", recipe=start, parameters=1).synthetic_only
    assert not Card(name="start", recipe=tuning_recipe(start, 5), parameters=1).synthetic_only


def test_the_shipped_ones_are_those_that_saw_no_case() -> None:
    cards = [card for card, _ in model_library.cards()]
    assert {card.name for card in cards if card.synthetic_only} == {
        card.name for card in cards if card.training.cases == 0
    }
