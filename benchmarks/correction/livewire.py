"""How many clicks a border takes with a livewire, as a part of a polygon's.

    python benchmarks/correction/livewire.py hippocampus hippocampus-hmedn
    python benchmarks/correction/livewire.py promise12 pelvis-mr-sgm
    python benchmarks/correction/livewire.py phantoms pelvis-mr-sgm-synthetic

A person goes round the wanted border of three slices of each organ and sets the next corner as far on as the line to
it stays within tolerance (2 mm; hippocampus 1 mm) of the border, and the border of the line, with a hand that is off by
0.7 mm along each axis (0.3). Straight edges are the polygon; the others are bent by edges of the image, by those that a
model learned (it had not seen the scan), or by the mean of both. Means over organs of clicks as a part of the
polygon's; intervals by a bootstrap over cases. A row for each organ goes to a CSV beside this file.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from borders import interval, rings_of
from corrector import HANDS
from person import Hand
from scipy.spatial import cKDTree
from starts import BASES, SCANS

from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.editing.tools.livewire import bent, edge_strength, scaled
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor

SIGMA_MM = 0.5
"""Of the image's gradient, in tolerances."""
LENGTHS_MM = (2, 3, 4, 6, 8, 12, 18, 26, 38, 55)
"""How far on the next corner is tried."""
PULLS = (0.5, 1.0)
PLACES = (0.25, 0.5, 0.75)
LEARNED = {"image": 0.0, "both": 0.5, "learned": 1.0}


class Border(NamedTuple):
    """The border of an organ on one slice, and the edges round it."""

    case: str
    organ: str
    ring: np.ndarray
    spacing: tuple[float, float]
    image: np.ndarray
    learned: np.ndarray


def borders(which: str, data: Path, model: str, tolerance_mm: float) -> Iterator[Border]:
    """Of three slices of each organ of a set, the longest ring."""
    pairs, axes = SCANS[which]
    predictor = Predictor(load_model(model, [BASES]), device="cpu")
    for volume, wanted in pairs(data):
        found = predictor.predict(volume, whole=True, any_modality=True, attention=False)
        turned = AxisMap(wanted.affine, wanted.array.shape, axes)
        truth, image, edges = (turned.to_axes(one) for one in (wanted.array, volume.array[0], np.asarray(found.edges)))
        mm = [float(np.linalg.norm(turned.new_affine[:3, n])) for n in (1, 2)]
        spacing = mm[0], mm[1]
        for organ in wanted.scheme.organs:
            there = np.flatnonzero((truth == organ.id).any((1, 2)))
            for n in sorted({int(there[round(part * (len(there) - 1))]) for part in PLACES} if len(there) else ()):
                rings = rings_of(truth[n] == organ.id, spacing)
                strength = edge_strength(image[n], spacing, SIGMA_MM * tolerance_mm)
                if rings:
                    yield Border(
                        volume.name, organ.name, max(rings, key=len), spacing, strength, scaled(edges[n].astype(float))
                    )


def clicks(border: Border, learned: float, pull: float, hand: Hand, seed: int) -> int:
    """How many corners go round a ring."""
    edges = (1 - learned) * border.image + learned * border.learned
    ring = np.concatenate([border.ring, border.ring[:1]])
    shaky = ring + np.random.default_rng(seed).normal(0, hand.jitter_mm, ring.shape)
    shaky[-1], step = shaky[0], min(border.spacing) / 2
    at, count = 0, 1
    while at < len(ring) - 1:
        best = min(at + max(1, round(LENGTHS_MM[0] / step)), len(ring) - 1)
        for far in LENGTHS_MM:
            to = min(at + max(1, round(far / step)), len(ring) - 1)
            line = _points(bent(tuple(shaky[at]), tuple(shaky[to]), edges, border.spacing, pull), step)
            own = ring[at : to + 1]
            if max(cKDTree(own).query(line)[0].max(), cKDTree(line).query(own)[0].max()) <= hand.tolerance_mm:
                best = max(best, to)
        at, count = best, count + (best < len(ring) - 1)
    return count


def _points(line: list[tuple[float, float]], step: float) -> np.ndarray:
    corners = np.asarray(line)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    at = np.linspace(0, way[-1], max(2, int(way[-1] / step) + 1))
    return np.stack([np.interp(at, way, corners[:, axis]) for axis in (0, 1)], axis=1)


def main() -> None:
    """Measure one set, keep its rows, print its table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=SCANS)
    options.add_argument("model")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    hand = HANDS[chosen.set]
    ways = {"polygon": (0.0, 0.0)} | {f"{n}, pull {p}": (LEARNED[n], p) for n in LEARNED for p in PULLS}
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for seed, border in enumerate(borders(chosen.set, chosen.data, chosen.model, hand.tolerance_mm)):
        row = sums.setdefault((border.case, border.organ), dict.fromkeys(ways, 0))
        for name, (learned, pull) in ways.items():
            row[name] += clicks(border, learned, pull, hand, seed)
    text = io.StringIO()
    writer = csv.DictWriter(text, ["case", "organ", *ways], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"case": case, "organ": organ, **row} for (case, organ), row in sums.items())
    atomic_text(Path(__file__).with_name(f"livewire_{chosen.set}_{chosen.model}.csv"), text.getvalue())
    cases = [case for case, _ in sums]
    print(f"{len(sums)} organs of {len(set(cases))} cases")
    print("| way | clicks an organ | ÷ polygon |\n|---|---|---|")
    for name in ways:
        count = np.array([row[name] for row in sums.values()], float)
        part = count / [row["polygon"] for row in sums.values()]
        low, high = interval(part, cases)
        print(f"| {name} | {count.mean():.1f} | {part.mean():.2f} [{low:.2f}, {high:.2f}] |")


if __name__ == "__main__":
    main()
