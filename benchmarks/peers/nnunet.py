"""From an array to labels beside nnU-Net's own predictor: the same trained weights, windows' size and overlap, in turn.

    python -m venv .work/nnunet/env
    .work/nnunet/env/bin/pip install torch==2.13.0 nnunetv2==2.8.1       its own environment, once
    python benchmarks/peers/nnunet.py --threads 1                        trains first: some minutes, resumable
    python benchmarks/peers/nnunet.py --threads 2 --rounds 5 --environment FOLDER

nnU-Net's PlainConvUNet learns phantoms of a pelvis; one that it has not seen is then labelled by `nnUNetPredictor`, in
a process of nnU-Net's environment, and by ours in this one. *Windows*: from the network's grid to labels on it.
*Resampled*: from a finer scan to labels on its grid, intensities and resampling included.

Labels are compared before any time is shown, and no time is shown where the Dice of an organ is below 0.999; in
bfloat16, which is tried where the processor has it, that row alone is left out. What is compared and timed blends as
nnU-Net does: sums of logits (ours: logarithms of probabilities, which compare alike) and nnU-Net's Gaussian weights;
nnU-Net sums in half precision, ours in single. The product itself sums probabilities, with MONAI's Gaussian weights,
which are not below 1/1000. Resampled labels are compared on a scan resampled by nnU-Net's splines of order 3; what is
timed averages and interpolates linearly, as the product does. What both of these habits do to labels is said too.

Our network has nnU-Net's weights, and its logits of one window are compared. For PyTorch its instance norm is the
project's `ChannelNorm`. nnU-Net gives its network one window at a time, of which PyTorch computes 17 or 18 of 23
convolutions without oneDNN; ours gives two, channels last.

Ratios are nnU-Net's time divided by ours, round by round: median, lowest and highest; more is better.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from nnunet_training import CLASSES, PATCH, PREPROCESSING, SPACING, WIDTHS, WORK, Scan, Shape, Spacing, trained
from plain_conv_unet import PlainConvUNet, by_instance
from scipy import ndimage
from skimage.transform import resize
from torch import Tensor

from napari_boundaryseg.engine.inference import sliding_window as blending
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.backends.openvino import BackendFailed, Compiled, installed
from napari_boundaryseg.engine.inference.backends.stacked import Backend, Stacked
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.on_scan_grid import on_scan_grid
from napari_boundaryseg.engine.inference.windows import how_many
from napari_boundaryseg.engine.memory import kept
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid

OVERLAP = 0.5
SHAPE: Shape = (48, 120, 160)
FINE_SHAPE: Shape = (60, 150, 200)
FINE_SPACING: Spacing = (1.6, 1.28, 1.28)
HELD_OUT = 900
IN_HALF = "in bf16"
SAME, LEARNT = 0.999, 0.7
"""Dice of each organ, at least: of ours with nnU-Net's labels, and of nnU-Net's with the truth."""


class Times(NamedTuple):
    """In s."""

    cpu: float
    wall: float


class Theirs:
    """nnU-Net's predictor in a process of its own environment."""

    def __init__(self, python: Path, threads: int) -> None:
        own = {"OMP_NUM_THREADS": str(threads), "nnUNet_def_n_proc": str(threads)}
        own |= dict.fromkeys(("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"), str(WORK))
        command = [str(python), str(Path(__file__).with_name("nnunet_side.py")), str(WORK)]
        self._threads = threads
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | own
        )
        self.versions: dict[str, str] = self._said()

    def __call__(self, case: str, scan: Scan) -> tuple[np.ndarray, Times]:
        """(z, y, x) labels, or (N, z, y, x) logits of one window; and how long it took in there."""
        np.save(WORK / "array.npy", scan.array)
        assert self._process.stdin is not None
        asked = {"case": case, "spacing": scan.spacing, "threads": self._threads}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        seconds = Times(*self._said())
        return np.load(WORK / "theirs.npy"), seconds

    def _said(self) -> Any:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            mark, _, said = line.partition(" ")
            if mark == "answer":
                return json.loads(said)
        raise SystemExit("nnU-Net's process has ended")

    def end(self) -> None:
        """Its input ends, and so does it."""
        self._process.communicate()


class Ours(NamedTuple):
    """What `Predictor.segment` does between a scan and labels, with a network that is no model of ours."""

    network: PlainConvUNet
    backend: Backend

    def __call__(self, case: str, scan: Scan, *, own: bool = False, splines: bool = False) -> tuple[np.ndarray, Times]:
        """(z, y, x) labels, and how long it took.

        Parameters
        ----------
        case : {"windows", "resampled"}
        scan : Scan
        own : bool
            Blend in our own way, not as nnU-Net does.
        splines : bool
            Resample the scan as nnU-Net does, not in our own way.
        """
        cpu, wall = time.process_time(), time.perf_counter()
        weights = blending.importance if own else their_importance
        with torch.inference_mode(), kept(), patch.object(blending, "importance", weights):
            heads = Heads(self.network, (), (), self.backend)
            network = heads if own else partial(logarithms, heads)
            image, have, want = torch.from_numpy(scan.array), scan.array.shape[1:], scan.array.shape[1:]
            if case == "resampled":
                grid = NetworkGrid(scan.volume, PREPROCESSING)
                image = torch.from_numpy(their_image(scan, grid.shape) if splines else grid.image())
                have, want = grid.shape, grid.own_shape
            found = np.empty(want, np.uint8)
            slabs = blending.slabs(image, network, PATCH, OVERLAP, batch=2)
            for slab in on_scan_grid(slabs, have, want):
                found[slab.where] = decided(slab.maps.numpy())
        return found, Times(time.process_time() - cpu, time.perf_counter() - wall)


def logarithms(heads: Heads, x: Tensor) -> Tensor:
    """Logits but for a number that all classes of a voxel share, and that no comparison of their sums depends on."""
    return heads(x).clamp_min_(1e-30).log_()


def their_image(scan: Scan, size: Shape) -> np.ndarray:
    """The scan on the network's grid as nnU-Net sees it: splines of order 3, nothing averaged where it shrinks."""
    normal = ((scan.array[0] - scan.array.mean()) / scan.array.std()).astype(np.float64)
    return np.asarray(resize(normal, size, 3, mode="edge", anti_aliasing=False), np.float32)[None]


@cache
def their_importance(window: Shape) -> Tensor:
    """nnU-Net's `compute_gaussian`: half a voxel off the middle, in half precision, nowhere held above 1/1000."""
    point = np.zeros(window)
    point[tuple(n // 2 for n in window)] = 1
    blurred = ndimage.gaussian_filter(point, [n / 8 for n in window], mode="constant")
    weights = torch.from_numpy(blurred / blurred.max() * 10).half()
    return weights.clamp_min(weights[weights > 0].min()).float()


def ways(weights: dict[str, Tensor]) -> dict[str, Ours]:
    """By backend; OpenVINO compiles for as many threads as PyTorch has, and takes the instance norm as it is."""
    network, same = PlainConvUNet(WIDTHS, CLASSES).eval(), PlainConvUNet(WIDTHS, CLASSES, by_instance).eval()
    network.load_state_dict(weights)
    same.load_state_dict(weights)
    network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    made = {"torch": Ours(network, Stacked(network, ()).eval())}
    if installed():
        made["openvino"] = Ours(same, Compiled(same, (1, *PATCH), ()))
        with suppress(BackendFailed):
            made[f"openvino {IN_HALF}"] = Ours(same, Compiled(same, (1, *PATCH), (), "bf16"))
    return made


def dice(a: np.ndarray, b: np.ndarray) -> list[float]:
    """Of each organ."""
    pairs = [(a == n, b == n) for n in range(1, CLASSES)]
    return [float(2 * (one & other).sum() / max(1, one.sum() + other.sum())) for one, other in pairs]


def refuse_another_network(theirs: Theirs, network: PlainConvUNet, scan: Scan) -> None:
    """End where the logits of a window are others."""
    window = scan.array[(slice(None), *(slice(n // 4, n // 4 + w) for n, w in zip(SHAPE, PATCH)))].copy()
    with torch.inference_mode():
        own = network(torch.from_numpy(window)[None]).logits[0].numpy()
    other, _ = theirs("one window", scan._replace(array=window))
    farthest = float(np.abs(own - other).max())
    print(f"Logits of one window: {np.abs(other).max():.1f} at most, {farthest:.1e} apart at most", flush=True)
    if farthest > 1e-3 * np.abs(other).max():
        raise SystemExit("this is another network")


def told(what: str, found: np.ndarray, other: np.ndarray) -> float:
    """The least Dice of an organ, all of them said."""
    values = dice(found, other)
    print(f"{what}: Dice", *(f"{value:.4f}" for value in values), flush=True)
    return min(values)


def least_dice(case: str, scan: Scan, theirs: np.ndarray, made: dict[str, Ours]) -> dict[str, float]:
    """Of any organ, by those of our ways that are near enough; ends where float32 is not, or it learnt little."""
    learnt = told(f"{case}: nnU-Net's with the truth", theirs, scan.truth)
    found = {
        way: told(f"{case}: {way} with nnU-Net's", ours(case, scan, splines=True)[0], theirs)
        for way, ours in made.items()
    }
    if case == "resampled":
        told(f"{case}: scan resampled in our own way, with nnU-Net's", made["torch"](case, scan)[0], theirs)
    own, _ = made["torch"](case, scan, own=True)
    told(f"{case}: all in our own way, with nnU-Net's", own, theirs)
    told(f"{case}: all in our own way, with the truth", own, scan.truth)
    if min(value for way, value in found.items() if IN_HALF not in way) < SAME or learnt < LEARNT:
        raise SystemExit(f"Dice below {SAME} with nnU-Net's labels, or {LEARNT} with the truth: no times")
    return {way: value for way, value in found.items() if value >= SAME}


def ratio(theirs: list[float], ours: list[float]) -> str:
    """Median, lowest and highest of the rounds."""
    of = [a / b for a, b in zip(theirs, ours, strict=True)]
    return f"{statistics.median(of):.2f} ({min(of):.2f} to {max(of):.2f})"


def rows(case: str, scan: Scan, theirs: Theirs, made: dict[str, Ours], rounds: int) -> list[str]:
    """Of the table, one for each of our ways."""
    labels, _ = theirs(case, scan)
    least = least_dice(case, scan, labels, made)
    peer, own = list[Times](), {way: list[Times]() for way in least}
    for _ in range(rounds):
        peer.append(theirs(case, scan)[1])
        for way, times in own.items():
            times.append(made[way](case, scan)[1])
    found = []
    for way, times in own.items():
        medians = [f"{statistics.median(one.cpu for one in side):.1f}" for side in (peer, times)]
        ratios = [ratio([one[n] for one in peer], [one[n] for one in times]) for n in (0, 1)]
        found.append(f"| {case} | {way} | {least[way]:.4f} | {' | '.join([*medians, *ratios])} |")
    return found


def processor() -> str:
    """Its name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    """Train where that is still to be done, compare, measure, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--environment", type=Path, default=WORK / "env", help="nnU-Net's")
    chosen = options.parse_args()
    python = chosen.environment / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{python} is not there: make nnU-Net's environment as the first lines of {__file__} say")
    WORK.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(chosen.threads)
    weights = trained()
    setting = {"features": WIDTHS, "patch": PATCH, "spacing": SPACING, "classes": CLASSES, "overlap": OVERLAP}
    (WORK / "setting.json").write_text(json.dumps(setting), "utf-8")
    made, theirs = ways(weights), Theirs(python, chosen.threads)
    scans = {
        "windows": Scan.of(HELD_OUT, SHAPE, SPACING).seen(),
        "resampled": Scan.of(HELD_OUT, FINE_SHAPE, FINE_SPACING),
    }
    refuse_another_network(theirs, made["torch"].network, scans["windows"])
    lines = [line for case, scan in scans.items() for line in rows(case, scan, theirs, made, chosen.rounds)]
    theirs.end()
    ours = {"torch": torch.__version__, "openvino": installed(), "monai": version("monai")}
    print(f"{processor()}, {os.cpu_count()} processors, {chosen.threads} thread(s), n = {chosen.rounds}")
    print(f"nnU-Net: {theirs.versions}; ours: {ours}; {how_many(SHAPE, PATCH, OVERLAP)} windows of {PATCH}")
    print("| case | ours by | least Dice | nnU-Net, processor s | ours | × nnU-Net, processor | × nnU-Net, wall |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
