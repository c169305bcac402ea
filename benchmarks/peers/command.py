"""From a scan's file to a file of labels: the command beside its network, cold, warm, and beside an older checkout.

    python benchmarks/peers/command.py                                    this checkout
    git worktree add .work/before e2deae6
    python benchmarks/peers/command.py --before .work/before              and another one, in turn
    python benchmarks/peers/command.py --before .work/before --maps       with all maps written, too

*Cold* is `boundaryseg predict` on the pelvis of the samples in a fresh process, one thread: the processor time that is
not the network's. *Scan to labels* is what the report says of preparing, the network and the scan's grid, by wall time.
*Warm* is what a process does that has the model already: read, segment, write, by wall time and by the network's. On a
busy machine the network's wall time says too much: run it alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parents[2]
SCAN = HERE / "sample_data" / "pelvis_mr.nii.gz"
MODEL = "pelvis-mr-sgm"
RUN = "import sys; from napari_boundaryseg.cli import main; main()"


class Taken(NamedTuple):
    """Seconds of one command."""

    processor: float
    wall: float
    network: float
    inside: float

    @property
    def other(self) -> float:
        """Processor time of all but the network."""
        return self.processor - self.network


def cold(checkout: Path, maps: bool) -> Taken:
    """One command in a fresh process."""
    own = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        asked = [sys.executable, "-c", RUN, "predict", str(SCAN), "--model", MODEL, "-o", folder]
        asked += ["--edges", "--contours", "--probabilities"] if maps else []
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(asked, check=True, capture_output=True, env=own, cwd=checkout)
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        report: dict[str, Any] = json.loads(next(Path(folder).glob("*.json")).read_text("utf-8"))
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(processor, wall, report["seconds"]["network"], sum(report["seconds"].values()))


def warm(rounds: int) -> list[float]:
    """Wall time from file to file, in this process, of the network's."""
    import torch

    from napari_boundaryseg.data import formats
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.inference.predictor import Predictor

    torch.set_num_threads(1)
    predictor, found = Predictor(load_model(MODEL), "cpu", backend="torch"), []
    for _ in range(1 + rounds):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            result = predictor.segment(formats.read(SCAN))
            formats.write(result.labels, Path(folder) / "labels_seg.nii.gz")
            wall = time.perf_counter() - began
        seconds: Any = result.details["seconds"]
        found.append(wall / seconds["network"])
    return found[1:]


def spread(values: list[float]) -> str:
    """Median, least and most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--maps", action="store_true", help="also edges, contours and probabilities")
    options.add_argument("--before", type=Path, help="another checkout, to compare with")
    chosen = options.parse_args()
    checkouts = {"this checkout": HERE, **({"the other": chosen.before.resolve()} if chosen.before else {})}
    taken: dict[str, list[Taken]] = {name: [] for name in checkouts}
    for _ in range(chosen.rounds):
        for name, checkout in checkouts.items():
            taken[name].append(cold(checkout, chosen.maps))
    for name, rows in taken.items():
        print(f"{name}, cold: {spread([row.processor for row in rows])} s of processor time, of which not the network")
        print(f"  {spread([row.other for row in rows])} s; wall {spread([row.wall for row in rows])} s")
        print(f"  scan to labels: {spread([row.inside for row in rows])} s")
    if chosen.before:
        both = list(zip(taken["this checkout"], taken["the other"], strict=True))
        print(f"not the network, of the other's: {spread([one.other / two.other for one, two in both])}")
        print(f"scan to labels, of the other's: {spread([one.inside / two.inside for one, two in both])}")
    print(f"warm, file to file, of the network's time: {spread(warm(chosen.rounds))}")


if __name__ == "__main__":
    main()
