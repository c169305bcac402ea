"""What each clean-up of an organ costs the processor, with its settings as they are at first.

    OMP_NUM_THREADS=1 python benchmarks/correction/clean_ups.py

An organ of about 80 × 66 × 90 voxels of 1 mm in a volume of 256 × 256 × 120, with a second organ at its lower end.
It has a rough border, holes and specks, so that every clean-up has something to do. Milliseconds of the
process, of 20 runs of each.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from napari_boundaryseg.editing.tools.clean_tool import CleanTool, clean_tools
from napari_boundaryseg.editing.tools.scene import Scene
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings

SHAPE = (120, 256, 256)
HALF = (40.0, 33.0, 45.0)
"""Of the organ's axes, in voxels."""
MIDDLE = (66.0, 128.0, 128.0)


def squared_distance(middle: tuple[float, float, float], half: tuple[float, float, float]) -> np.ndarray:
    """From a middle, 1 on the ellipsoid with these half axes."""
    z, y, x = (((np.arange(n) - at) / mm) ** 2 for n, at, mm in zip(SHAPE, middle, half, strict=True))
    return np.asarray(z[:, None, None] + y[:, None] + x)


def scene() -> Scene:
    """An ellipsoid with a rough border, holes, a shaft and specks, above a ball."""
    labels, away = np.zeros(SHAPE, np.uint8), squared_distance(MIDDLE, HALF)
    chance = np.random.default_rng(0).random(SHAPE)
    labels[(away < 0.9) | ((away < 1) & (chance < 0.5))] = 1
    labels[(away < 0.7) & (chance < 0.001)] = 0
    labels[(away < 0.01) & (np.arange(SHAPE[2]) == 128)] = 0
    labels[(away > 1.05) & (away < 1.5) & (chance < 0.0001)] = 1
    labels[squared_distance((16, 128, 128), (14, 14, 14)) < 1] = 2
    return Scene(labels, 1, (1.0, 1.0, 1.0), other=2)


def times_ms(tool: CleanTool, settings: ToolSettings, at: Scene, runs: int) -> np.ndarray:
    """Processor time of each run, in ms; one before them loads what is needed."""
    found = []
    tool.act(at, settings)
    for _ in range(runs):
        start = time.process_time()
        tool.act(at, settings)
        found.append(1000 * (time.process_time() - start))
    return np.array(found)


def main() -> None:
    """Measure every clean-up and print a table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--runs", type=int, default=20)
    chosen, at = options.parse_args(), scene()
    print("| clean-up | median (ms) | p95 (ms) | voxels changed |\n|---|---|---|---|")
    for name, tool in clean_tools().items():
        settings = tool.settings()
        ms, done = times_ms(tool, settings, at, chosen.runs), tool.act(at, settings)
        changed = 0 if done is None else int((done.labels != at.labels[done.box]).sum())
        print(f"| {name} | {np.median(ms):.1f} | {np.percentile(ms, 95):.1f} | {changed} |")


if __name__ == "__main__":
    main()
