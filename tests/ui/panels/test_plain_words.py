"""Words of the window: the field's, not the code's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from napari_boundaryseg.data.labels import PRESETS, preset
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui.panels.card_words import details, summary
from napari_boundaryseg.ui.widgets.attention_bars import caption
from napari_boundaryseg.ui.widgets.result_words import origins
from napari_boundaryseg.ui.widgets.scheme_words import SCHEME_TITLES

CODE = re.compile(r"\b(head|derived|label prior|dsc)\b|^level", re.IGNORECASE)
"""What a person cannot know."""


def test_every_set_of_organs_has_a_title_for_a_person() -> None:
    assert SCHEME_TITLES.keys() == PRESETS.keys()
    assert not [title for title in SCHEME_TITLES.values() if "-" in title or title.islower()]
    assert len(set(SCHEME_TITLES.values())) == len(PRESETS)


def test_short_names_are_spelled_out_and_long_ones_are_left() -> None:
    spelled = [organ.spelled for organ in preset("brats-2023").organs]
    assert spelled == ["NCR (necrotic core)", "ED (oedema)", "ET (enhancing tumour)"]
    assert preset("pelvis-mr").organ("Bladder").spelled == "Bladder"
    assert preset("sarcoma").organ("GTV").spelled == "GTV"


@pytest.mark.parametrize("name", sorted(model_library.shipped()))
def test_a_models_summary_is_plain(name: str) -> None:
    said = summary(model_library.read_card(model_library.shipped()[name])[0])
    assert not CODE.search(said), said
    assert "by position alone" in said
    assert ("NCR (necrotic core)" in said) == name.startswith("brain")
    assert ("synthetic scans only" in said.splitlines()[0]) == (name in BRAINS)


BRAINS = ("brain-tumour-bacnn", "brain-tumour-egcnn")


@pytest.mark.parametrize("edges", ["hard head", "soft head", "derived"])
@pytest.mark.parametrize("bladder", ["hard head", "derived"])
def test_where_maps_come_from_is_plain(edges: str, bladder: str) -> None:
    sources: Any = {"Bladder": bladder, "Prostate": "soft head", "edges": edges}
    nothing = np.zeros((4, 1, 1, 1), np.float32)
    said = origins(Prediction(None, nothing, nothing[0], {}, sources))  # type: ignore[arg-type]
    assert "learned as a soft band (Prostate)" in said
    assert not CODE.search(said), said


def test_no_head_at_all_and_attention_are_plain() -> None:
    nothing = np.zeros((4, 1, 1, 1), np.float32)
    said = origins(Prediction(None, nothing, nothing[0], {}, {"Bladder": "derived", "edges": "derived"}))  # type: ignore[arg-type]
    assert said == "Edges and contours: computed from the probabilities, this network has not learned them"
    assert caption("level 0", (0.0, 0.61)) == "Attention, finest level: 2 features, weights 0.00 to 0.61"


def test_maps_that_say_nothing_are_not_shown_and_it_is_said() -> None:
    card = model_library.read_card(model_library.shipped()["sarcoma-t1"])[0]
    assert card.silent == ("edges", "contours")
    assert "Not shown: edges and contours" in details(card)
    nothing = np.zeros((2, 1, 1, 1), np.float32)
    made = Prediction(None, nothing, nothing[0], {}, {"edges": "derived"}, details={"silent": ["edges", "contours"]})  # type: ignore[arg-type]
    assert origins(made).startswith("Edges and contours are not shown: on scans that this model had not seen")
