"""A model that has learned from synthetic scans alone is known as such until it is fine-tuned."""

from __future__ import annotations

from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card, adapted_to
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


def test_one_that_was_adapted_to_a_scan_has_seen_a_patient() -> None:
    start = Card(name="start", recipe=recipe("brain-tumour-bacnn"), parameters=1)
    assert start.synthetic_only
    told = adapted_to(start.training, 5, 3)
    assert (told.adapted, adapted_to(told, 5, 2).adapted) == (1, 2)
    assert not start.model_copy(update={"training": told}).synthetic_only
