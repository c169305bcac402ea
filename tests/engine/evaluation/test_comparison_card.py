"""The card shows the slices that changed most, as they are numbered in the window, and nothing from elsewhere."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from test_comparison import scores

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.evaluation.comparison import compare
from napari_boundaryseg.engine.evaluation.comparison_card import as_html
from napari_boundaryseg.engine.evaluation.slice_pictures import GAP_PX, Picture, pictures

SCHEME = preset("prostate")


def scan(affine: np.ndarray) -> Volume:
    image = np.random.default_rng(0).normal(100, 10, (1, 40, 30, 12)).astype(np.float32)
    return Volume(image, Geometry((40, 30, 12), affine), name="somebody")


def drawn(volume: Volume, **slices: tuple[slice, slice]) -> np.ndarray:
    array = np.zeros(volume.geometry.shape, np.uint8)
    for name, where in slices.items():
        array[(*where, int(name[1:]))] = 1
    return array


def opened(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.png))).convert("RGB")).astype(int)


WHOLE, SMALL = (slice(10, 30), slice(8, 22)), (slice(10, 30), slice(8, 12))


@pytest.mark.parametrize("down", [False, True])
def test_the_slices_that_changed_most_come_first_with_their_area(down: bool) -> None:
    affine = np.diag([1.0, 0.5, -3.0 if down else 3.0, 1.0])
    volume = scan(affine)
    reference = volume.with_labels(drawn(volume, s2=WHOLE, s5=WHOLE, s7=WHOLE, s9=WHOLE), SCHEME)
    before = volume.with_labels(drawn(volume, s2=WHOLE, s5=SMALL, s9=WHOLE), SCHEME)
    found = pictures(volume, before, reference, reference, SCHEME, most=2)
    numbers = [8, 6] if not down else [12 - 7, 12 - 5]
    assert [one.number for one in found] == numbers
    assert [one.changed_mm2 for one in found] == [20 * 14 * 0.5, 20 * 10 * 0.5]
    assert len(pictures(volume, before, reference, reference, SCHEME)) == 2, "two have not changed"


def test_slices_lie_across_the_thickest_voxels_whatever_the_file_stores() -> None:
    volume = scan(np.array([[0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, 3.0, 0, 0], [0, 0, 0, 1]]))
    changed = np.zeros(volume.geometry.shape, np.uint8)
    changed[10:20, 17, 3:9] = 1
    (found,) = pictures(
        volume, volume.with_labels(0 * changed, SCHEME), *[volume.with_labels(changed, SCHEME)] * 2, SCHEME
    )
    assert found.number == 18


def test_before_is_left_and_after_right_with_the_reference_under_both() -> None:
    volume = scan(np.diag([1.0, 1.0, 3.0, 1.0]))
    empty, whole = (volume.with_labels(drawn(volume, **said), SCHEME) for said in ({}, {"s4": WHOLE}))
    (found,) = pictures(volume, empty, whole, whole, SCHEME)
    image = opened(found)
    height, width = image.shape[:2]
    half = (width - GAP_PX) // 2
    assert height / half == pytest.approx(14 / 20, rel=0.6), "a part of the slice, to scale"
    assert not image[:, half : half + GAP_PX].any()
    left, right = image[:, :half], image[:, half + GAP_PX :]
    colour = np.array([int(SCHEME.organs[0].colour[n : n + 2], 16) for n in (1, 3, 5)])
    assert ((left == 255).all(-1)).sum() > 200, "the reference"
    assert not (left == colour).all(-1).any()
    assert (right == colour).all(-1).sum() > 200


class Asked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_holds_everything_and_trusts_no_name() -> None:
    values = scores([0.05, 0.06, 0.04])
    strange = "<script>alert(1)</script>&"
    values[strange] = values.pop("case 0")
    comparison = compare(values)
    page = as_html(comparison, {strange: [Picture(3, 41.5, "AAAA")._asdict()], "case 1": []})
    asked = Asked()
    asked.feed(page)
    assert "script" not in asked.tags
    assert asked.sources == ["data:image/png;base64,AAAA"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;, slice 3: 42 mm² changed" in page
    assert asked.tags.count("tr") == 1 + 2 * len(values)
    assert "Verdict: better" in page and "With 3 patients" in page and "not a medical device" in page
    assert "0.700 → 0.750" in page


def test_a_comparison_of_an_older_version_is_a_card_too() -> None:
    old = {"verdict": "better", "n": 3, "change": {"mean": 0.1, "low": 0.0, "high": 0.2}, "cases": []}
    assert "Mean Dice +0.100" in as_html(old, {})


class Cells(HTMLParser):
    """How many columns each row of a table spans, and what its cells say."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[int, list[str]]] = []
        self.within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within = tag in ("td", "th", "b") and bool(self.rows or self.within)
        if tag == "tr":
            self.rows.append((0, []))
        elif tag in ("td", "th"):
            width, cells = self.rows[-1]
            self.rows[-1] = (width + int(dict(attrs).get("colspan") or 1), cells)

    def handle_data(self, data: str) -> None:
        if self.within and data.strip():
            self.rows[-1][1].append(data)

    def handle_endtag(self, tag: str) -> None:
        self.within = False


def test_every_row_is_as_wide_as_the_head_and_figures_have_their_digits() -> None:
    values = scores([0.05])
    values["case 0"]["before"]["Prostate"] |= {"surface_dice": 0.8125, "hd95_mm": 3.4499, "apl_mm": 120.4}
    values["case 0"]["after"]["Prostate"] |= {"surface_dice": 0.9, "hd95_mm": 2.0, "apl_mm": 80.0}
    cells = Cells()
    cells.feed(as_html(compare(values), {}))
    assert cells.rows == [
        (4, ["Organ", "Surface Dice", "HD95, mm", "To be drawn anew, mm"]),
        (4, ["case 0"]),
        (4, ["Prostate", "0.812 → 0.900", "3.4 → 2.0", "120 → 80"]),
    ]


def test_slices_have_a_heading_where_there_are_some() -> None:
    comparison, heading = compare(scores([0.05])), "<h2>The slices that changed most</h2>"
    assert heading in as_html(comparison, {"case 0": [Picture(3, 41.5, "AAAA")._asdict()]})
    assert heading not in as_html(comparison, {"case 0": []})


def test_the_change_and_its_interval_are_said_to_a_thousandth() -> None:
    """The t interval of 0.05, 0.06 and 0.04 is 0.05 ± 4.303 · 0.01 / sqrt(3)."""
    assert "Mean surface Dice +0.050 (95 % interval +0.025 to +0.075, n = 3)." in as_html(
        compare(scores([0.05, 0.06, 0.04])), {}
    )
