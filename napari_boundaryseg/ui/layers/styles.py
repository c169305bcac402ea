"""Styles of layers: the only place that sets their colours, opacity and blending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_boundaryseg.data.labels import LabelScheme

REGION_COLOUR = "#F0E442"
MARK_COLOUR = "#FF5CF4"
"""Of the line over a place to look at."""
BAND_COLOUR = "#FFFFFF"
"""Of the two lines of a band: no organ's colour, and with a dark rim seen on bright fat, too."""
MEDIAN_COLOUR = "#FFFFFF"
"""Of the line in the middle of several observers."""
EDGES_COLOUR = "#66FFB3"
"""Far from every organ's colour and from grey, also for people who see no red or no green."""
FILL = 0.2
"""Opacity of the area of an organ, within its outline."""
COARSE_VOX = 128
"""Below this many voxels across a slice, a contour of two voxels would hide what it is drawn on."""
WINDOWS_HU = {"CT soft tissue": (-160.0, 240.0), "CT bone": (-500.0, 1300.0), "CT lung": (-1350.0, 150.0)}
ROBUST_PERCENTILES = (0.5, 99.5)


def scan_style() -> dict[str, object]:
    """A scan: grey, under everything else."""
    return {"colormap": "gray", "blending": "translucent_no_depth", "interpolation2d": "linear"}


def labels_style(scheme: LabelScheme) -> dict[str, object]:
    """Labels: filled with a little of the organs' own colours; their outlines are drawn by `views.outline_view`."""
    return {"opacity": FILL, "colormap": label_colours(scheme), "blending": "translucent"}


def contour_vox(shape: tuple[int, ...]) -> int:
    """Thickness of the labels' contours, in voxels, on slices of this size."""
    return 2 if min(shape[-2:]) >= COARSE_VOX else 1


def label_colours(scheme: LabelScheme, hidden: Iterable[int] = ()) -> DirectLabelColormap:
    """The scheme's colours; background and hidden organs are clear, an integer without a name is white."""
    colours: dict[int | None, str] = {None: "#FFFFFF", 0: "transparent"}
    colours |= {organ.id: organ.colour for organ in scheme.organs}
    return DirectLabelColormap(color_dict=colours | dict.fromkeys(hidden, "transparent"))


def edges_style() -> dict[str, object]:
    """The edge map: clear in 2-D, where its ridge is drawn; from a half up, a colour that no organ has."""
    red, green, blue = rgb(EDGES_COLOUR)
    ramp = [[red, green, blue, 0], [red, green, blue, 0], [red, green, blue, 0.8], [red, green, blue, 1]]
    return {
        "colormap": Colormap(ramp, name="edges", controls=[0, 0.5, 0.8, 1]),
        "opacity": edges_opacity(2),
        "blending": "translucent_no_depth",
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "linear",
    }


def edges_opacity(ndisplay: int) -> float:
    """Of the edge map as a whole; a person may show it beside its ridge."""
    return 1.0 if ndisplay == 3 else 0.0


def surface_style(colour: str) -> dict[str, Any]:
    """An organ in 3-D: all of its own colour, with light and shadow, nothing seen through it."""
    plain = Colormap([[*rgb(colour), 1.0]] * 2, name=f"organ {colour}")
    return {"colormap": plain, "shading": "smooth", "blending": "opaque"}


def rgb(colour: str) -> tuple[float, float, float]:
    """``#RRGGBB`` as three numbers, 0 to 1."""
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


def contour_style(colour: str) -> dict[str, object]:
    """A soft contour: the organ's own colour, from transparent to full."""
    red, green, blue = rgb(colour)
    ramp = np.array([[red, green, blue, 0.0], [red, green, blue, 0.15], [red, green, blue, 0.7]])
    return {
        "colormap": Colormap(ramp, name=f"contour {colour}", controls=[0, 0.3, 1]),
        "opacity": 0.8,
        "blending": "translucent_no_depth",
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "linear",
    }


LEAST_EFFECT = 0.01
"""Of a gate on the probability of an edge; what is less everywhere stays pale."""


def attention_style(kind: str, most: float = 1.0) -> dict[str, object]:
    """Attention, clear where it changes nothing, so that the scan keeps its greys.

    A gain from violet, held back, over 1, which is clear, to yellow, twice; an effect from 0, clear, to white yellow at
    ``most``, the largest in the scan: an edge stream that is sure has little left for a gate to change.
    """
    gain = kind == "gain"
    ramp = [[0.15, 0.05, 0.5, 0.0], [0.4, 0.1, 0.7, 0.25], [0.9, 0.35, 0.4, 0.5], [1.0, 1.0, 0.7, 0.75]]
    both = [[0.4, 0.1, 0.7, 0.75], [0.4, 0.1, 0.7, 0.0], [1.0, 0.9, 0.4, 0.0], [1.0, 0.9, 0.4, 0.75]]
    controls = [0, 0.5, 0.5, 1] if gain else [0, 0.35, 0.7, 1]
    return {
        "colormap": Colormap(both if gain else ramp, name="gain" if gain else "attention", controls=controls),
        "opacity": 1.0,
        "blending": "translucent_no_depth",
        "contrast_limits": (0.0, {"gain": 2.0, "edge": max(most, LEAST_EFFECT)}.get(kind, 1.0)),
        "interpolation2d": "linear",
    }


def errors_style(limit_mm: float) -> dict[str, object]:
    """Errors of a border, in mm: from blue below 0, too far in, over a pale white to orange; what is none is clear."""
    blue, orange = [[0.1, 0.35, 1.0, 1.0], [0.5, 0.75, 1.0, 0.85]], [[1.0, 0.75, 0.35, 0.85], [1.0, 0.4, 0.0, 1.0]]
    ramp = [*blue, [1.0, 1.0, 1.0, 0.35], *orange]
    return {
        "colormap": Colormap(ramp, name="errors", nan_color=[0.0, 0.0, 0.0, 0.0]),
        "opacity": 1.0,
        "blending": "translucent_no_depth",
        "contrast_limits": (-limit_mm, limit_mm),
        "interpolation2d": "nearest",
    }


def median_style() -> dict[str, Any]:
    """The surface in the middle of several observers: a white line, which is no organ's colour."""
    colours: dict[int | None, str] = {None: "transparent", 0: "transparent", 1: MEDIAN_COLOUR}
    return {"opacity": 1.0, "colormap": DirectLabelColormap(color_dict=colours), "blending": "translucent"}


def spread_style(limit_mm: float) -> dict[str, object]:
    """How far observers lie apart on a border, in mm: pale where they agree, over yellow to a dark red; else clear."""
    ramp = [[1.0, 1.0, 0.85, 0.5], [1.0, 0.85, 0.2, 0.9], [0.95, 0.45, 0.1, 1.0], [0.65, 0.0, 0.25, 1.0]]
    return {
        "colormap": Colormap(ramp, name="spread", nan_color=[0.0, 0.0, 0.0, 0.0]),
        "opacity": 1.0,
        "blending": "translucent_no_depth",
        "contrast_limits": (0.0, limit_mm),
        "interpolation2d": "nearest",
    }


def region_style() -> dict[str, object]:
    """The box that limits a prediction: an outline."""
    return {"edge_color": REGION_COLOUR, "face_color": [0, 0, 0, 0], "edge_width": 1.5, "opacity": 0.9}
