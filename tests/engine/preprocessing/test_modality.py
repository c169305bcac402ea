"""A model made for MR is not run on CT without being told to, and the other way round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.preprocessing.modality import refuse_other_modality
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError, OtherModality

SCAN = Volume(np.zeros((1, 4, 4, 2), np.int16), Geometry((4, 4, 2), np.diag([0.94, 0.94, 2.5, 1.0])), name="case1")


@pytest.mark.parametrize(
    ("modality", "made_for", "refused"),
    [
        ("CT", "pelvis-mr-sgm", True),
        ("PT", "pelvis-mr-sgm", True),
        ("MR", "hmedn-pelvis-ct", True),
        ("MR", "pelvis-mr-sgm", False),
        ("CT", "hmedn-pelvis-ct", False),
        ("", "pelvis-mr-sgm", False),  # nobody knows
    ],
)
def test_a_known_modality_that_is_another_is_refused(modality: str, made_for: str, refused: bool) -> None:
    scan = replace(SCAN, modality=modality)
    if not refused:
        refuse_other_modality(scan, recipe(made_for), made_for)
        return
    with pytest.raises(OtherModality) as found:
        refuse_other_modality(scan, recipe(made_for), made_for)
    assert isinstance(found.value, InputError)


def test_the_refusal_says_what_both_are_and_what_to_do() -> None:
    with pytest.raises(OtherModality) as found:
        refuse_other_modality(replace(SCAN, modality="PT"), recipe("pelvis-mr-sgm"), "my model")
    said = str(found.value)
    assert said.startswith("case1: it is PET of 0.94 x 0.94 x 2.5 mm; it learnt at ")
    assert "and my model was made for MR (" in said
    assert "Choose another model, or use it all the same (--any-modality)" in said


def test_a_ct_whose_file_does_not_say_so_is_known_by_its_values() -> None:
    """As NIfTI, a CT has no header that tells; an MR without one is taken as it is."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(-1000, 10, 2000), rng.normal(40, 30, 6000)]).round()
    scan = Volume(values.reshape(1, 20, 20, 20).astype(np.int16), Geometry((20, 20, 20), np.eye(4)), name="ct")
    with pytest.raises(OtherModality, match="it is CT, by its values, of 1 x 1 x 1 mm"):
        refuse_other_modality(scan, recipe("pelvis-mr-sgm"), "pelvis-mr-sgm")
    refuse_other_modality(scan, recipe("hmedn-pelvis-ct"), "hmedn-pelvis-ct")
    refuse_other_modality(replace(scan, modality="MR"), recipe("pelvis-mr-sgm"), "what the file says is believed")
    grey = Volume(np.abs(scan.array), scan.geometry, name="mr")
    refuse_other_modality(grey, recipe("pelvis-mr-sgm"), "pelvis-mr-sgm")
