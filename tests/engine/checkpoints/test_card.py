"""A new model's card: what it inherits, what it says of its training, and when it is refused."""

from __future__ import annotations

import pytest

from napari_boundaryseg.engine.checkpoints.card import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    Calibration,
    Scaling,
    TrainingData,
    adapted_to,
    new_card,
    tuned_on,
)
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError

RECIPE = recipe("hippocampus-sgm")


def test_a_first_card_has_the_recipes_name_and_no_parent() -> None:
    card = new_card(RECIPE, 12)
    assert (card.name, card.parameters, card.parent, card.notes) == (RECIPE.name, 12, "", "")
    assert card.expected_field_mm == RECIPE.expected_field_mm


def test_a_tuned_model_inherits_notes_and_spacing_and_names_its_parent_in_bounds() -> None:
    parent = new_card(RECIPE, 12, name="p" * LONGEST_NAME).model_copy(
        update={"notes": "cropped scans only", "expected_spacing_mm": (1.0, 1.0, 2.0), "silent": ("edges",)}
    )
    card = new_card(RECIPE, 12, name="mine", parent=parent, sha256="0123456789abcdef" * 4)
    assert (card.notes, card.expected_spacing_mm) == ("cropped scans only", (1.0, 1.0, 2.0))
    assert card.silent == ("edges",), "what its maps say is not known to be better"
    assert card.parent.endswith("p 0123456789abcdef")
    assert len(card.parent) == LONGEST_NAME


def test_a_card_that_could_not_be_read_again_is_refused_by_its_field() -> None:
    with pytest.raises(InputError, match="its card would be wrong at 'name'"):
        new_card(RECIPE, 12, name="../elsewhere")


def test_only_the_last_fine_tuning_is_told() -> None:
    once = tuned_on(TrainingData(description="Public scans.", cases=90), 1)
    assert (once.description, once.cases) == ("Public scans. Fine-tuned on 1 case accepted by the user.", 1)
    again = tuned_on(once, 3)
    assert (again.description, again.cases) == ("Public scans. Fine-tuned on 3 cases accepted by the user.", 3)


def test_only_the_last_adaptation_is_told_beside_the_last_fine_tuning() -> None:
    once = adapted_to(tuned_on(TrainingData(description="Public scans.", cases=90), 2), 5, 3)
    assert (once.description, once.cases) == (
        "Public scans. Fine-tuned on 2 cases accepted by the user. "
        "Adapted to one scan of the user's: 5 steps on 3 corrected slices.",
        2,
    )
    assert adapted_to(once, 10, 4).description.endswith(
        "the user. Adapted to one scan of the user's: 10 steps on 4 corrected slices."
    )
    assert len(adapted_to(TrainingData(description="x" * LONGEST_DESCRIPTION), 5, 3).description) == LONGEST_DESCRIPTION


def test_a_long_description_is_cut_and_stays_in_bounds() -> None:
    told = tuned_on(TrainingData(description="x" * LONGEST_DESCRIPTION), 2).description
    assert len(told) == LONGEST_DESCRIPTION
    assert "x… Fine-tuned on 2 cases" in told


def test_a_calibration_says_what_it_puts_right_and_how_far_off_it_was() -> None:
    both = Calibration(
        probabilities=Scaling(scale=0.5), edges=Scaling(shift=1.0), fitted_on="5 folds", errors={"edges": 0.0123}
    )
    assert both.sentence == "probabilities and edges put right; 5 folds; off on other folds: edges by 0.012 on average"
    assert Calibration(fitted_on="nobody").sentence == "nothing put right; nobody"
