"""Styles of layers: the only place that sets their colours, opacity and blending."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_boundaryseg.data.labels import LabelScheme

REGION_COLOUR = "#F0E442"
COARSE_VOX = 128
"""Below this many voxels across a slice, a contour of two voxels would hide what it is drawn on."""
WINDOWS_HU = {"CT soft tissue": (-160.0, 240.0), "CT bone": (-500.0, 1300.0), "CT lung": (-1350.0, 150.0)}
ROBUST_PERCENTILES = (0.5, 99.5)


def scan_style() -> dict[str, object]:
    """A scan: grey, under everything else."""
    return {"colormap": "gray", "blending": "translucent_no_depth", "interpolation2d": "linear"}


def labels_style(scheme: LabelScheme) -> dict[str, object]:
    """Labels: their contours in the organs' own colours."""
    return {"opacity": 1.0, "colormap": label_colours(scheme), "blending": "translucent"}


def contour_vox(shape: tuple[int, ...]) -> int:
    """Thickness of the labels' contours, in voxels, on slices of this size."""
    return 2 if min(shape[-2:]) >= COARSE_VOX else 1


def label_colours(scheme: LabelScheme, hidden: Iterable[int] = ()) -> DirectLabelColormap:
    """The scheme's colours; background and hidden organs are clear, an integer without a name is white."""
    colours: dict[int | None, str] = {None: "#FFFFFF", 0: "transparent"}
    colours |= {organ.id: organ.colour for organ in scheme.organs}
    return DirectLabelColormap(color_dict=colours | dict.fromkeys(hidden, "transparent"))


def edges_style() -> dict[str, object]:
    """The edge map: a warm ramp from transparent to full. Added light would vanish on bright fat and fluid."""
    ramp = [[0.7, 0.1, 0.0, 0], [0.7, 0.1, 0.0, 0], [0.95, 0.3, 0.0, 0.5], [1, 0.6, 0.1, 0.9], [1, 0.95, 0.6, 1]]
    warm = Colormap(ramp, name="edges", controls=[0, 0.15, 0.45, 0.75, 1])
    return {
        "colormap": warm,
        "opacity": 0.6,
        "blending": "translucent_no_depth",
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "linear",
    }


def contour_style(colour: str) -> dict[str, object]:
    """A soft contour: the organ's own colour, from transparent to full."""
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    ramp = np.array([[red, green, blue, 0.0], [red, green, blue, 0.15], [red, green, blue, 0.7]])
    return {
        "colormap": Colormap(ramp, name=f"contour {colour}", controls=[0, 0.3, 1]),
        "opacity": 0.8,
        "blending": "translucent_no_depth",
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "linear",
    }


def attention_style() -> dict[str, object]:
    """Attention: viridis, off until asked for."""
    return {
        "colormap": "viridis",
        "opacity": 0.5,
        "blending": "additive",
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "linear",
    }


def region_style() -> dict[str, object]:
    """The box that limits a prediction: an outline."""
    return {"edge_color": REGION_COLOUR, "face_color": [0, 0, 0, 0], "edge_width": 1.5, "opacity": 0.9}
