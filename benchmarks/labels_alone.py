"""What labels alone cost, beside a whole prediction without attention: both in turn, in one process.

    python benchmarks/labels_alone.py            the samples that ship, and a synthetic brain
    python benchmarks/labels_alone.py --rounds 5 --threads 1

The labels are compared first: no figure where they differ. Ratios are those of the medians of processor time and of
time on the wall; the range is of processor time over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import brain

SAMPLES = Path(__file__).resolve().parents[1] / "sample_data"
CASES: dict[str, Callable[[], Volume]] = {
    "hippocampus-hmedn": lambda: formats.read(SAMPLES / "two_parts.nii.gz"),
    "hippocampus-sgm": lambda: formats.read(SAMPLES / "two_parts.nii.gz"),
    "pelvis-mr-sgm": lambda: formats.read(SAMPLES / "pelvis_mr.nii.gz"),
    "brain-tumour-egcnn": lambda: brain(90210, (74, 86, 70), 2.0, varied=True)[0],
}


def clocked(run: Callable[[], object]) -> tuple[float, float]:
    """Processor time and time on the wall, in s."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    """Measure each model, and print a row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    print(
        "| model | whole (s) | labels alone (s) | ratio, processor | range | ratio, wall |\n|---|---|---|---|---|---|"
    )
    for name, scan in CASES.items():
        volume, predictor = scan(), Predictor(load_model(name), "cpu")
        whole = partial(predictor.predict, volume, whole=True, attention=False)
        alone = partial(predictor.segment, volume, whole=True)
        if not np.array_equal(whole().labels.array, alone().labels.array):
            raise SystemExit(f"{name}: the labels differ")
        both = [(clocked(whole), clocked(alone)) for _ in range(chosen.rounds)]
        cpu, wall = ([(one[n], other[n]) for one, other in both] for n in (0, 1))
        ratios = sorted(other / one for one, other in cpu)
        before, after = (statistics.median(pair[n] for pair in cpu) for n in (0, 1))
        walls = [statistics.median(pair[n] for pair in wall) for n in (0, 1)]
        print(
            f"| {name} | {before:.2f} | {after:.2f} | {after / before:.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} "
            f"| {walls[1] / walls[0]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
