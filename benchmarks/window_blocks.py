"""The longest blocks of the window's thread while scans and results arrive.

Each situation is what a person does: a result of the pelvis and of four channels arrives, three planes open, a CT opens
beside them, a large scan opens. For each the three longest blocks are printed, by their own processor time (drawing
apart) and on the clock, and for a scan of 256 x 256 x 120 how long it takes from the click to its first picture.

    tools/with_screen.sh .venv/bin/python benchmarks/window_blocks.py --json blocks.json
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from heart import Block, Heart, pause, wait_for, window

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.ui import samples
from napari_boundaryseg.ui.compat.window import deliver_deletions
from napari_boundaryseg.ui.control.viewer_controller import ViewerController

ALLOWED_MS, ALLOWED_PICTURE_S = 100.0, 1.0


def scan_file(folder: Path, name: str, shape: tuple[int, int, int], spacing: tuple[float, ...], ct: bool) -> Path:
    """A scan of this size with something to see, as a file of 16-bit integers."""
    coarse = np.random.default_rng(0).normal(0, 60, tuple(n // 8 + 1 for n in shape))
    array = np.kron(coarse, np.ones((8, 8, 8)))[: shape[0], : shape[1], : shape[2]]
    if ct:
        array[: shape[0] // 5] = -1000
    volume = Volume(array[None].astype(np.int16), Geometry(shape, np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])))
    formats.write(volume, folder / name)
    return folder / name


def opened(controller: ViewerController, *paths: Path) -> Callable[[], None]:
    """Open a scan and wait until it is there."""

    def run() -> None:
        before = controller.session.scan
        controller.open(*paths)
        wait_for(lambda: controller.session.scan is not before and controller.session.job is None, 120)

    return run


def segmented(controller: ViewerController) -> None:
    """Segment the scan and wait until the last map is there."""
    controller.segmentation.run(whole=True)
    wait_for(lambda: controller.session.prediction is not None and not controller.segmentation.busy, 900)


def first_picture_s(controller: ViewerController, heart: Heart, path: Path) -> float:
    """From asking for a scan until it has been drawn."""
    began, before = time.perf_counter(), controller.session.scan
    shown: list[int] = []

    def is_drawn() -> bool:
        if controller.session.scan is not before and not shown:
            shown.append(heart.pictures)
        return bool(shown) and heart.pictures > shown[0]

    controller.open(path)
    wait_for(is_drawn, 120)
    return time.perf_counter() - began


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Every situation, in one window, several times over."""
    viewer, controller = window()
    heart = Heart()
    ct = scan_file(folder, "ct.nii.gz", (330, 260, 76), (0.94, 0.94, 2.5), ct=True)
    large = scan_file(folder, "large.nii.gz", (512, 512, 300), (0.9, 0.9, 1.5), ct=True)
    mid = scan_file(folder, "mid.nii.gz", (256, 256, 120), (1.0, 1.0, 1.0), ct=False)
    pelvis, brain = (next(one for one in samples.SAMPLES if one.key == key) for key in ("pelvis_mr", "brain"))
    opened(controller, *pelvis.paths())()
    pause(10)  # the worker has loaded its libraries by then
    found: dict[str, list[list[Block]]] = {}
    pictures = []

    def note(name: str, live: Callable[[], object]) -> None:
        found.setdefault(name, []).append(heart.during(live))

    for _ in range(rounds):
        note("the pelvis opens", opened(controller, *pelvis.paths()))
        note("its result arrives", lambda: segmented(controller))
        note("three planes open", lambda: controller.view.show_three_planes(True, soon=True))
        note("a CT of 330 × 260 × 76 opens with three planes", opened(controller, ct))
        controller.view.show_three_planes(False)
        note("four channels open", opened(controller, *brain.paths()))
        note("their result arrives", lambda: segmented(controller))
        note("a scan of 512 × 512 × 300 opens", opened(controller, large))
        pictures.append(first_picture_s(controller, heart, mid))
        pause(1)
    viewer.close()
    deliver_deletions()
    return {
        "load": round(os.getloadavg()[0], 1),
        "blocks": {name: [longest(run) for run in runs] for name, runs in found.items()},
        "first_picture_s": [round(one, 2) for one in pictures],
    }


def longest(blocks: list[Block], n: int = 3) -> list[dict[str, int]]:
    """The longest of one run, by their own processor time."""
    best = sorted(blocks, key=lambda block: -block.own)[:n]
    return [{"own_ms": round(one.own), "drawing_ms": round(one.drawing), "wall_ms": round(one.wall)} for one in best]


def main() -> int:
    """Measure, print a table, and say whether every block is short enough."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), chosen.rounds)
    print("| while | longest blocks, own CPU ms (+ drawing; wall) |\n|---|---|")
    for name, runs in found["blocks"].items():
        texts = (", ".join(f"{one['own_ms']} (+ {one['drawing_ms']}; {one['wall_ms']})" for one in run) for run in runs)
        print(f"| {name} | {' · '.join(texts)} |")
    print(f"first picture: {', '.join(map(str, found['first_picture_s']))} s; load {found['load']}")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    worst = max(block["own_ms"] for runs in found["blocks"].values() for run in runs for block in run)
    return worst > ALLOWED_MS or max(found["first_picture_s"]) > ALLOWED_PICTURE_S


if __name__ == "__main__":
    raise SystemExit(main())
