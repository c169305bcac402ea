"""Colours over the scan: far from each other and from grey, for everybody."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_boundaryseg.data.labels import PRESETS
from napari_boundaryseg.ui.layers import styles

SIGHT = {
    "usual": np.eye(3),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
"""Machado, Oliveira and Fernandes, A physiologically-based model for simulation of color vision deficiency, 2009."""


def seen(rgb: tuple[float, ...], sight: str) -> np.ndarray:
    """A colour in CIELAB, as somebody sees it."""
    values = np.asarray(rgb)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    other = np.clip(SIGHT[sight] @ linear, 0, 1)
    return rgb2lab(np.where(other <= 0.0031308, other * 12.92, 1.055 * other ** (1 / 2.4) - 0.055)[None, None])[0, 0]


def difference(one: tuple[float, ...], two: tuple[float, ...], sight: str) -> float:
    return float(deltaE_ciede2000(seen(one, sight), seen(two, sight)))


ORGANS = sorted({organ.colour for scheme in PRESETS.values() for organ in scheme.organs})


@pytest.mark.parametrize("sight", SIGHT)
def test_edges_have_a_colour_that_no_organ_and_no_grey_has(sight: str) -> None:
    edges = styles.rgb(styles.EDGES_COLOUR)
    assert min(difference(edges, styles.rgb(colour), sight) for colour in ORGANS) > 12
    assert min(difference(edges, (grey,) * 3, sight) for grey in np.linspace(0, 1, 11)) > 12


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scheme", PRESETS)
def test_the_organs_of_a_scheme_are_told_apart(scheme: str, sight: str) -> None:
    colours = {organ.colour for organ in PRESETS[scheme].organs}
    pairs = [(one, two) for one in colours for two in colours if one < two]
    assert all(difference(styles.rgb(one), styles.rgb(two), sight) > 9 for one, two in pairs)


def test_maps_are_clear_at_zero_so_that_the_scan_keeps_its_greys() -> None:
    for style in (styles.edges_style(), styles.contour_style("#E69F00"), styles.attention_style("edge")):
        assert style["colormap"].map(np.array([0.0]))[0, 3] == 0
        assert style["blending"] == "translucent_no_depth"


def test_a_gain_is_clear_at_one_and_coloured_to_both_sides() -> None:
    style = styles.attention_style("gain")
    low, high = style["contrast_limits"]
    opacity = style["colormap"].map(np.array([gain / (high - low) for gain in (0.0, 0.5, 1.0, 1.5, 2.0)]))[:, 3]
    assert opacity[2] == 0
    assert (opacity[[0, 1, 3, 4]] > 0.3).all()
