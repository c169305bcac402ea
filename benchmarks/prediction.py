"""Seconds and memory of one prediction, after the model is loaded, each in a fresh process.

python benchmarks/prediction.py                       the samples that ship
python benchmarks/prediction.py MODEL SCAN            one model on one scan
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = (
    ("hippocampus-sgm", ROOT / "sample_data" / "two_parts.nii.gz"),
    ("pelvis-mr-sgm", ROOT / "sample_data" / "pelvis_mr.nii.gz"),
)


def peak_mib() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(model: str, scan: Path) -> dict[str, object]:
    """Load, predict once, and say what it took."""
    import napari_boundaryseg as bs

    volume = bs.read(scan)
    loaded = bs.load_model(model)
    before, started = peak_mib(), time.perf_counter()
    result = bs.predict(volume, loaded, device="cpu")
    return {
        "model": model,
        "scan": scan.name,
        "shape": volume.geometry.shape,
        "seconds": round(time.perf_counter() - started, 2),
        "stages": result.details["seconds"],
        "extra_memory_mib": round(peak_mib() - before),
    }


def main() -> None:
    """Measure each case in a process of its own."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
        return
    for model, scan in CASES:
        subprocess.run([sys.executable, __file__, model, str(scan)], check=True)


if __name__ == "__main__":
    main()
