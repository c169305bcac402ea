"""Seconds on a GPU beside the CPU's: a large scan from file to labels, and where MONAI is installed its windows.

    python benchmarks/gpu_speed.py                                  on cuda: 512 × 512 × 300 voxels
    python benchmarks/gpu_speed.py --device cpu --size 96 96 40     the same code without a GPU, to see that it runs

A synthetic pelvis, repeated to the size that is asked for, is read from a NIfTI file, segmented by pelvis-mr-sgm
(`Predictor.segment`, the whole scan) and its labels are written, in each precision, after one that warms up: seconds of
each stage, windows, most memory of the GPU, and the Dice of each organ with the first precision's labels. Then
`gpu_check.py` (whether numbers are right) and `peers/windows.py --half` (B1, with its share of the network alone) run
with the same device. *No GPU has run it yet.*
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import pelvis

HERE = Path(__file__).parent
MODEL = "pelvis-mr-sgm"


def large_scan(size: tuple[int, int, int]) -> Volume:
    """A pelvis, repeated along its axes and cut to (I, J, K)."""
    volume, _ = pelvis(seed=1)
    times = [-(-wanted // own) for wanted, own in zip(size, volume.geometry.shape, strict=True)]
    array = np.tile(volume.array, (1, *times))[:, : size[0], : size[1], : size[2]]
    geometry = Geometry(size, volume.affine)
    return Volume(np.ascontiguousarray(array), geometry, volume.channels, "large", volume.modality)


def file_to_labels(scan: Path, out: Path, predictor: Predictor) -> tuple[LabelMap, dict[str, float]]:
    """Labels, and seconds: of the stages, and in all."""
    began = time.perf_counter()
    volume = formats.read(scan)
    read = time.perf_counter() - began
    found = predictor.segment(volume, whole=True)
    written = time.perf_counter()
    formats.write(found.labels, out)
    ended = time.perf_counter()
    own: Any = found.details["seconds"]
    stages = {"read": read, **own, "write": ended - written, "all": ended - began}
    return found.labels, {name: round(float(value), 2) for name, value in stages.items()}


def measure(device: str, size: tuple[int, int, int], precisions: list[str]) -> None:
    """Print one row for each precision."""
    model = load_model(MODEL)
    with tempfile.TemporaryDirectory() as folder:
        scan, out = Path(folder) / "scan.nii.gz", Path(folder) / "labels.nii.gz"
        formats.write(large_scan(size), scan)
        print(f"file to labels, {size}, {MODEL}, {device}\n")
        print("| precision | seconds by stage | most GPU memory (MiB) | Dice with the first |\n|---|---|---|---|")
        first: LabelMap | None = None
        for precision in precisions:
            predictor = Predictor(model, device=device, precision=precision, backend="torch")  # type: ignore[arg-type]
            for _ in range(2 if device != "cpu" else 1):
                if device != "cpu":
                    torch.cuda.reset_peak_memory_stats(device)
                labels, seconds = file_to_labels(scan, out, predictor)
            first = first or labels
            dice = {organ: round(values["dsc"] or 0.0, 4) for organ, values in evaluate(labels, first).items()}
            peak = torch.cuda.max_memory_allocated(device) / 2**20 if device != "cpu" else float("nan")
            print(f"| {precision} | {seconds} | {peak:.0f} | {dice} |", flush=True)


def main() -> None:
    """Measure, then run the two others."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--device", default="cuda")
    options.add_argument("--size", type=int, nargs=3, default=(512, 512, 300))
    options.add_argument("--precision", choices=("float32", "bf16", "f16"), action="append")
    options.add_argument("--alone", action="store_true", help="without the two other scripts")
    chosen = options.parse_args()
    size = (chosen.size[0], chosen.size[1], chosen.size[2])
    measure(chosen.device, size, chosen.precision or ["float32", "bf16", "f16"])
    if chosen.alone:
        return
    others = [[HERE / "gpu_check.py", "--device", chosen.device]]
    if importlib.util.find_spec("monai") is not None:
        asked = ["--device", chosen.device, "--half", "--rounds", "3"]
        others += [[HERE / "peers" / "windows.py", *asked, "--classes", classes] for classes in ("3", "14")]
    sys.stdout.flush()
    failed = [subprocess.run([sys.executable, *map(str, one)], check=False).returncode for one in others]
    raise SystemExit(max(failed))


if __name__ == "__main__":
    main()
