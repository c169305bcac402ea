"""Words for agreement: what is said of places too small to be listed is true."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.review.border_errors import border_errors
from napari_boundaryseg.ui.widgets.review.agreement_words import left_out, worst_title


def test_one_voxel_that_is_off_is_not_said_to_be_right() -> None:
    """A spike of one voxel, 1 mm tall, whose worst place is below the list's least area."""
    reference = np.zeros((20, 30, 30), bool)
    reference[4:16, 5:25, 5:25] = True
    judged = reference.copy()
    judged[10, 25:28, 15] = True
    errors = border_errors(judged, reference, (1.0, 1.0, 1.0), tolerance_mm=0.5)
    assert errors is not None
    assert errors.n_small == 1
    assert errors.small_mm == np.nanmax(np.abs(errors.signed_mm)) == 3.0, "what the error map shows"
    assert worst_title("GTV", errors) == "GTV: no place of 25 mm² or more is more than 0.5 mm off."
    said = left_out(0, 0, errors.n_small, errors.least_mm2, errors.small_mm)
    assert said == "1 place smaller than 25 mm² is left out, off by up to 3.0 mm."


def test_a_border_without_any_error_is_said_to_have_none() -> None:
    mask = np.zeros((20, 30, 30), bool)
    mask[4:16, 5:25, 5:25] = True
    errors = border_errors(mask, mask, (1.0, 1.0, 1.0), tolerance_mm=0.5)
    assert errors is not None
    assert worst_title("GTV", errors) == "GTV: no place is more than 0.5 mm off."
