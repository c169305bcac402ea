"""What labels cost beside MONAI's windows, with a network that costs next to nothing: memory, and time by size.

    python benchmarks/peers/memory.py             the table
    python benchmarks/peers/memory.py --rounds 1
    python benchmarks/peers/memory.py --large     512 x 512 x 300 voxels of 25 classes, ours alone

Each row in a fresh process on one thread: the extra memory is the most that the process ever held, less what it held
before; processor time per voxel. MONAI is given the scan as our network sees it, blends probabilities and takes
the likeliest class; ours goes from a scan to a label map, intensities included. Both see the same windows and weights,
and the labels are compared: no row where they differ. *Maps in files* is what the window's worker does.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.inference.assembling.arrays import InFolder
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.models import EVERY_MAP, ModelOutput

Shape = tuple[int, int, int]
WINDOW: Shape = (64, 64, 64)
OVERLAP = 0.5
SIZES: list[tuple[int, Shape]] = [
    (25, (192, 192, 192)),
    (25, (384, 192, 192)),
    (4, (128, 128, 128)),
    (4, (256, 256, 256)),
]
LARGE: tuple[int, Shape] = (25, (300, 512, 512))
WAYS = ("MONAI", "labels alone", "maps in files", "all maps")


class OneLayer(nn.Module):
    """A convolution of one voxel, whose answer is far from even."""

    asked = EVERY_MAP

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layer = nn.Conv3d(1, classes, 1)

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, 1, *sp) to its output."""
        return ModelOutput(logits=self.layer(x) * 5)


def scan(shape: Shape) -> Tensor:
    """(1, z, y, x)."""
    return nn.functional.avg_pool3d(torch.randn(1, 1, *shape), 3, 1, 1)[0]


def recipe(classes: int) -> Recipe:
    """Nothing left out, nothing resampled."""
    organs = tuple(Organ(id=n, name=f"organ {n}", colour=f"#{n:02x}8844") for n in range(1, classes))
    made = Recipe(name="one-layer", scheme=LabelScheme(name="some", organs=organs), patch_vox=WINDOW)
    return made.with_settings({"inference.smallest_share": 0.0, "inference.overlap": OVERLAP})


def volume(image: Tensor) -> Volume:
    """A scan of voxels of 1 mm."""
    array = image.numpy().transpose(0, 3, 2, 1)
    return Volume(array, Geometry(array.shape[1:], np.eye(4)), ("image",), name="scan")


def by_monai(network: nn.Module, image: Tensor) -> np.ndarray:
    from monai.inferers import sliding_window_inference

    def softmax(x: Tensor) -> Tensor:
        return torch.softmax(network(x).logits, 1)

    with torch.inference_mode():
        blended: Any = sliding_window_inference(image[None], WINDOW, 2, softmax, OVERLAP, "gaussian")
        return np.asarray(blended[0].argmax(0).to(torch.uint8))


def by_product(network: nn.Module, classes: int, ask: str) -> Callable[[Tensor], np.ndarray]:
    card = Card(name="one-layer", recipe=recipe(classes), parameters=1)
    model = LoadedModel(card, network, "0" * 64, Path("none"))
    predictor = Predictor(model, "cpu")

    def found(image: Tensor) -> np.ndarray:
        if ask == "maps in files":
            with tempfile.TemporaryDirectory(dir=".work") as folder:
                arrays = InFolder(Path(folder))
                return predictor.predict(volume(image), whole=True, attention=False, arrays=arrays).labels.array.T
        if ask == "all maps":
            return predictor.predict(volume(image), whole=True, attention=False).labels.array.T
        return predictor.segment(volume(image), whole=True).labels.array.T

    return found


def held_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def one(way: str, classes: int, shape: Shape) -> dict[str, float]:
    """A row, in this process."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = OneLayer(classes)
    image = scan(shape)
    if way == "MONAI":
        image = torch.from_numpy(NetworkGrid(volume(image), recipe(classes).preprocessing).image())
    run = (lambda x: by_monai(network, x)) if way == "MONAI" else by_product(network, classes, way)
    run(image[:, :64, :64, :64].contiguous())
    before, began = held_mib(), time.process_time()
    labels = run(image)
    seconds = time.process_time() - began
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    voxels = np.bincount(labels.ravel(), minlength=classes)
    return {"extra": extra, "ns": 1e9 * seconds / labels.size, "voxels": voxels.tolist()}


def in_a_process(way: str, classes: int, shape: Shape) -> dict[str, Any]:
    asked = [sys.executable, __file__, "--one", json.dumps([way, classes, shape])]
    found: dict[str, Any] = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    return found


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--large", action="store_true", help="one large scan, ours alone, one round")
    options.add_argument("--one", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        way, classes, shape = json.loads(chosen.one)
        print(json.dumps(one(way, classes, tuple(shape))))
        return
    Path(".work").mkdir(exist_ok=True)
    if chosen.large:
        for way in ("labels alone", "maps in files"):
            found = in_a_process(way, *LARGE)
            print(f"{way}: {found['extra']:.0f} MiB beside the scan, {found['ns']:.0f} ns a voxel", flush=True)
        return
    print(
        "| classes | voxels | way | extra MiB | of MONAI's | ns a voxel | of MONAI's |\n|---|---|---|---|---|---|---|"
    )
    for classes, shape in SIZES:
        rounds = [{way: in_a_process(way, classes, shape) for way in WAYS} for _ in range(chosen.rounds)]
        sizes = [np.array(rounds[0][way]["voxels"]) for way in WAYS]
        if max(int(np.abs(other - sizes[0]).sum()) for other in sizes) > 2e-5 * np.prod(shape):
            raise SystemExit("the labels differ")
        for way in WAYS:
            extra, ns = (statistics.median(row[way][key] for row in rounds) for key in ("extra", "ns"))
            of = [statistics.median(row[way][key] / row["MONAI"][key] for row in rounds) for key in ("extra", "ns")]
            size = " × ".join(map(str, shape))
            print(f"| {classes} | {size} | {way} | {extra:.0f} | {of[0]:.2f} | {ns:.0f} | {of[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
