"""How long each drawing tool takes for one action, with its default settings, on 256 x 256 x 120 voxels of 1 mm.

    OMP_NUM_THREADS=1 python benchmarks/correction/drawing_tools.py           exit status 1 when a tool misses its bar
    OMP_NUM_THREADS=1 python benchmarks/correction/drawing_tools.py --seed 3  other actions

Each action begins at a random place of the border of an ellipsoid that touches two others, in a random plane. A tool
that goes on gets a piece a few mm long across the border; one whose line is shown a line of 150 points from border to
border; any other, as pull, two points. What counts is the processor time of the call, after one that is not counted.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from napari_boundaryseg.editing.tools.draw_tool import DrawTool, draw_tools
from napari_boundaryseg.editing.tools.scene import Scene

SHAPE = (120, 256, 256)
ORGANS = (((60, 128, 110), (40, 60, 55)), ((60, 128, 150), (48, 75, 70)), ((25, 70, 60), (22, 25, 40)))
"""Middle and half axes, in voxels; the second lies round half of the first, where that leaves it room."""
PIECE_MM = (1.0, 6.0)
POINTS = 150
ACTIONS = 200
BAR_MS = 16.0
"""One picture of a screen that shows sixty in a second."""
LONG_BAR_MS, PULLS_MM = 50.0, (5.0, 10.0, 15.0)


def balls(grow: float = 0.0) -> np.ndarray:
    """(I, J, K) uint8, three ellipsoids that touch."""
    labels = np.zeros(SHAPE, np.uint8)
    grids = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    for organ in (3, 2, 1):
        middle, half = ORGANS[organ - 1]
        inside = sum(((grid - at) / (r + grow)) ** 2 for grid, at, r in zip(grids, middle, half)) <= 1
        labels[inside] = organ
    return labels


def scene(rng: np.random.Generator) -> Scene:
    """Labels, a noisy scan on which the organs are larger by 3 mm, and a model's labels, larger by 2 mm."""
    labels = balls()
    levels = np.array([100, 160, 60, 220], np.float32)
    scan = levels[balls(grow=3.0)] + rng.normal(0, 15, SHAPE).astype(np.float32)
    return Scene(labels, 1, (1.0, 1.0, 1.0), scan=scan, model=balls(grow=2.0))


def border_point(axis: int, at: int, angle: float) -> np.ndarray:
    """Where the border of the first ellipsoid lies in a slice, in a direction of it."""
    middle, half = (np.array(part, float) for part in ORGANS[0])
    first, second = (a for a in range(3) if a != axis)
    scale = np.sqrt(1 - ((at - middle[axis]) / half[axis]) ** 2)
    point = middle.copy()
    point[axis] = at
    point[first] += half[first] * scale * np.sin(angle)
    point[second] += half[second] * scale * np.cos(angle)
    return point


def line(axis: int, at: int, angle: float, rng: np.random.Generator) -> np.ndarray:
    """From border to border, beside the border between them, with a hand that shakes."""
    angles = np.linspace(angle, angle + rng.uniform(0.5, 3.0), POINTS)
    way = np.array([border_point(axis, at, one) for one in angles])
    middle = np.array(ORGANS[0][0], float)
    bulge = 1 + rng.uniform(-0.3, 0.3) * np.sin(np.linspace(0, np.pi, POINTS))
    way = middle + (way - middle) * bulge[:, None] + rng.normal(0, 0.2, way.shape)
    way[:, axis] = at
    return way


def action(tool: DrawTool, rng: np.random.Generator) -> tuple[int, np.ndarray]:
    """A plane, and what the mouse does in it."""
    axis = int(rng.integers(3))
    middle, half = (part[axis] for part in ORGANS[0])
    at, angle = round(middle + half * float(rng.uniform(-0.6, 0.6))), float(rng.uniform(0, 2 * np.pi))
    if tool.has_line:
        return axis, line(axis, at, angle, rng)
    start = border_point(axis, at, angle)
    step = rng.normal(size=3)
    step[axis] = 0.0
    step *= rng.uniform(*PIECE_MM) / np.linalg.norm(step)
    return axis, np.stack([start - step / 2, start + step / 2])


def times_ms(tool: DrawTool, where: Scene, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Processor time of each action, and how many of them changed anything."""
    settings, found, changed = tool.settings(), np.zeros(ACTIONS + 1), 0
    for n in range(ACTIONS + 1):
        axis, way = action(tool, rng)
        place = tuple(round(float(x)) for x in way[0])
        there = where._replace(axis=axis, pressed=int(where.labels[place]))
        began = time.process_time()
        written = tool.act(there, way, settings)
        found[n] = 1000 * (time.process_time() - began)
        changed += n > 0 and written is not None
    return found[1:], changed


def long_pulls_ms() -> dict[float, np.ndarray]:
    """Processor time of pulls of some mm from the border of a ball of 60 mm, on fine voxels in thick slices."""
    spacing, shape = (3.0, 0.5, 0.5), (40, 400, 400)
    middle = np.array([20.0, 200.0, 200.0])
    away = np.linalg.norm((np.moveaxis(np.indices(shape), 0, -1) - middle) * spacing, axis=-1)
    where, tool, found = Scene((away < 30).astype(np.uint8), 1, spacing), draw_tools()["pull"], {}
    for mm in PULLS_MM:
        start = middle + np.array([0.0, 0.0, 60.0])
        way, each = np.stack([start, start + np.array([0.0, 0.0, 2 * mm])]), []
        for _ in range(21):
            began = time.process_time()
            tool.act(where, way, tool.settings())
            each.append(1000 * (time.process_time() - began))
        found[mm] = np.array(each[1:])
    return found


def main() -> int:
    """Measure every tool and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--seed", type=int, default=0)
    rng = np.random.default_rng(options.parse_args().seed)
    where, slow = scene(rng), 0
    print(f"{ACTIONS} actions of each tool\n")
    print(f"| tool | changed anything | median (ms) | 95th percentile (ms) | at most {BAR_MS:g} ms |")
    print("|---|---|---|---|---|")
    for name, tool in draw_tools().items():
        found, changed = times_ms(tool, where, rng)
        late = float(np.percentile(found, 95))
        slow += late > BAR_MS
        row = f"{changed} | {np.median(found):.2f} | {late:.2f} | {'yes' if late <= BAR_MS else 'NO'}"
        print(f"| {name} | {row} |")
    print(f"\n| pull, 0.5 x 0.5 x 3 mm | median (ms) | 95th percentile of 20 (ms) | at most {LONG_BAR_MS:g} ms |")
    print("|---|---|---|---|")
    for mm, found in long_pulls_ms().items():
        late = float(np.percentile(found, 95))
        print(f"| {mm:g} mm | {np.median(found):.1f} | {late:.1f} | {'yes' if late <= LONG_BAR_MS else 'NO'} |")
    return int(slow > 0)


if __name__ == "__main__":
    raise SystemExit(main())
