"""Pictures of the slices that a fine-tuning changed most: before and after beside each other, with the reference."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.shapes.outlines import outlines
from napari_boundaryseg.data.volume import LabelMap, Volume

PICTURES = 3
MARGIN_MM = 15.0
SIDE_PX, GAP_PX = 360, 12
"""The longer side of one half, and what lies between the halves."""
REFERENCE = "#ffffff"
GREY = (1.0, 99.0)
"""Percentiles of the part that is shown, from black to white."""


class Picture(NamedTuple):
    """One slice, before on the left and after on the right; the reference's outline is white.

    Parameters
    ----------
    number : int
        Of the slice, as the window counts them: from 1, towards the head, the front or the left.
    changed_mm2 : float
        Area in which the two label maps differ.
    png : str
        Base64.
    """

    number: int
    changed_mm2: float
    png: str


def pictures(
    volume: Volume, before: LabelMap, after: LabelMap, reference: LabelMap, scheme: LabelScheme, most: int = PICTURES
) -> list[Picture]:
    """The slices of a scan on which two label maps differ most, the largest difference first.

    Parameters
    ----------
    volume : Volume
        Its first channel is shown.
    before, after, reference : LabelMap
        On its grid.
    scheme : LabelScheme
        Whose colours the organs have.
    most : int
    """
    grid = volume.geometry.display
    own = slice_axis(volume.affine)
    axis = next(n for n in range(3) if grid.slice_from_display(n, 0)[0] == own)
    scale = [size for n, size in enumerate(grid.scale_mm) if n != axis]
    maps = [np.moveaxis(grid.to_display(one.array), axis, 0) for one in (before, after, reference)]
    changed = np.count_nonzero(maps[0] != maps[1], axis=(1, 2)) * scale[0] * scale[1]
    image = np.moveaxis(grid.to_display(volume.array[0]), axis, 0)
    shown = sorted(np.flatnonzero(changed), key=lambda n: (-changed[n], n))[:most]
    colours = {organ.id: organ.colour for organ in scheme.organs}
    return [
        Picture(int(n) + 1, round(float(changed[n]), 1), _drawn(image[n], [one[n] for one in maps], scale, colours))
        for n in shown
    ]


def _drawn(image: np.ndarray, maps: Sequence[np.ndarray], scale: Sequence[float], colours: dict[int, str]) -> str:
    """Base64 of a PNG file."""
    box = boxes.bounds(np.any([one > 0 for one in maps], axis=0), [round(MARGIN_MM / size) for size in scale])
    part = box if box is not None else (slice(None), slice(None))
    image, (before, after, reference) = image[part], (one[part] for one in maps)
    zoom = SIDE_PX / max(n * size for n, size in zip(image.shape, scale, strict=True))
    height, width = (max(1, round(n * size * zoom)) for n, size in zip(image.shape, scale, strict=True))
    whole = Image.new("RGB", (2 * width + GAP_PX, height), "#000000")
    grey = Image.fromarray(_grey(image)).resize((width, height), Image.Resampling.BILINEAR).convert("RGB")
    for n, labels in enumerate((before, after)):
        half = grey.copy()
        pen = ImageDraw.Draw(half)
        for these, said in ((reference, None), (labels, colours)):
            for organ, lines in outlines(these, sorted(colours), scale).items():
                for line in lines:
                    points = [((x + 0.5) * scale[1] * zoom, (y + 0.5) * scale[0] * zoom) for y, x in line]
                    pen.line(points, fill=REFERENCE if said is None else said[organ], width=2, joint="curve")
        whole.paste(half, (n * (width + GAP_PX), 0))
    file = io.BytesIO()
    whole.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _grey(image: np.ndarray) -> np.ndarray:
    """(R, C) to uint8."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    low, high = np.percentile(values, GREY)
    return (np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
