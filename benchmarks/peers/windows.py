"""From an image to labels beside MONAI: the same network, windows and weights, in one process, in turn.

    python benchmarks/peers/windows.py --threads 1
    python benchmarks/peers/windows.py --threads 2 --classes 14
    python benchmarks/peers/windows.py --half               also MONAI under autocast, and ours in bfloat16
    python benchmarks/peers/windows.py --half --device cuda

MONAI at two batch sizes, in float32; ours by PyTorch and by OpenVINO, both with what `Predictor.segment` does between a
prepared scan and labels on the network's grid. *Forward* is what the network itself takes for these windows, two at a
time, channels last, or by OpenVINO: what is left is ours. Labels are compared first: no row where more than one voxel
in 20,000 differs, but for half precision, whose share of other labels is printed: an untrained network is undecided
nearly everywhere. Times are medians; ratios are MONAI's faster way divided by the row, so that more is better.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from monai.networks.nets import UNet
from torch import Tensor, nn

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.engine.devices import full_float32
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.backends.half import Half
from napari_boundaryseg.engine.inference.backends.openvino import BackendFailed, Compiled, installed
from napari_boundaryseg.engine.inference.backends.stacked import Backend, Stacked
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.sliding_window import slabs
from napari_boundaryseg.engine.inference.windows import how_many
from napari_boundaryseg.engine.memory import kept
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.models import EVERY_MAP, ModelOutput

SIZE, WINDOW, OVERLAP = (128, 128, 128), (96, 96, 96), 0.5
MOST_OTHERS = 5e-5
"""Of the voxels: where two classes are as likely, the order of a sum decides."""


class Net(nn.Module):
    """MONAI's residual UNet, which is no idea of ours."""

    asked = EVERY_MAP

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.unet = UNet(3, 1, classes, (16, 32, 64, 128), (2, 2, 2), num_res_units=2)

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, 1, *sp) to its output."""
        return ModelOutput(logits=self.unet(x))


def some_recipe(classes: int) -> Recipe:
    """One with so many classes."""
    organs = tuple(Organ(id=n, name=f"organ {n}", colour=f"#{n:02x}8844") for n in range(1, classes))
    return Recipe(name="some", scheme=LabelScheme(name="some", organs=organs), patch_vox=WINDOW)


def by_monai(network: Net, image: Tensor, batch: int, device: str, half: bool = False) -> np.ndarray:
    """(z, y, x) labels."""

    def softmax(x: Tensor) -> Tensor:
        return torch.softmax(network.unet(x).float(), 1)

    with torch.autocast(device.partition(":")[0], torch.bfloat16, enabled=half):
        blended = sliding_window_inference(image[None].to(device), WINDOW, batch, softmax, OVERLAP, "gaussian")
    return np.asarray(torch.as_tensor(blended)[0].argmax(0).to(torch.uint8).cpu())


def by_us(network: Net, image: Tensor, backend: Backend, batch: int, device: str) -> np.ndarray:
    """(z, y, x) labels."""
    found = np.empty(image.shape[1:], np.uint8)
    with kept(), full_float32():
        for slab in slabs(image, Heads(network, (), (), backend), WINDOW, OVERLAP, batch=batch, device=device):
            found[slab.where] = decided(slab.maps.cpu().numpy())
    return found


def forward(backend: Backend, pair: Tensor, times: int) -> None:
    """The network alone."""
    for _ in range(times):
        backend(pair)


def clocked(run: Callable[[], object]) -> tuple[float, float]:
    """Processor time and time on the wall, in s."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--classes", type=int, default=3)
    options.add_argument("--half", action="store_true", help="also in bfloat16")
    options.add_argument("--device", default="cpu")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    device, batches = chosen.device, (1, 2) if chosen.device == "cpu" else (1, 4)
    theirs = Net(chosen.classes).eval().to(device)
    ours = Net(chosen.classes).eval().to(device)
    ours.load_state_dict(theirs.state_dict())
    ours = ours.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    image = torch.nn.functional.avg_pool3d(torch.randn(1, 1, *SIZE), 3, 1, 1)[0] * 3
    backends: dict[str, Backend] = {"torch": Stacked(ours, ()).eval()}
    if device == "cpu" and installed():
        backends["openvino"] = Compiled(theirs, (1, *WINDOW), ())
    if chosen.half:
        of_torch = Stacked(theirs if device == "cpu" else ours, ()).eval()  # on a CPU channels do not lie last
        made = partial(Half, of_torch, "bf16", device, some_recipe(chosen.classes), watched=False)
        backends["torch in bf16"] = made()
        with suppress(BackendFailed):  # a processor without it
            backends["openvino in bf16"] = made(other=Compiled(theirs, (1, *WINDOW), (), "bf16"))
    several = torch.randn(batches[-1], 1, *WINDOW, device=device).contiguous(memory_format=torch.channels_last_3d)
    windows = how_many(SIZE, WINDOW, OVERLAP)
    ways: dict[str, Callable[[], object]] = {
        f"MONAI, batch {batch}": partial(by_monai, theirs, image, batch, device) for batch in batches
    }
    if chosen.half:
        ways |= {
            f"MONAI, autocast, batch {batch}": partial(by_monai, theirs, image, batch, device, half=True)
            for batch in batches
        }
    for name, backend in backends.items():
        ways[f"ours, {name}"] = partial(by_us, ours, image, backend, batches[-1], device)
        ways[f"forward, {name}"] = partial(forward, backend, several, windows // batches[-1])
    with torch.inference_mode():
        found = {name: np.asarray(run()) for name, run in ways.items() if not name.startswith("forward")}
        first = next(iter(found.values()))
        for name, labels in found.items():
            others = float((labels != first).mean())
            if "autocast" in name or "bf16" in name:
                print(f"{name}: {others:.1e} of the labels are others")
            elif others > MOST_OTHERS:
                raise SystemExit(f"{name}: {others:.1e} of the labels are others")
        rounds = [{name: clocked(run) for name, run in ways.items()} for _ in range(chosen.rounds)]
    print(f"{chosen.classes} classes, {windows} windows, {chosen.threads} thread(s), {device}, n = {chosen.rounds}")
    print("| way | processor (s) | wall (s) | × MONAI, processor | × MONAI, wall |\n|---|---|---|---|---|")
    cpu, wall = ({name: statistics.median(row[name][n] for row in rounds) for name in ways} for n in (0, 1))
    best = [min(of[f"MONAI, batch {batch}"] for batch in batches) for of in (cpu, wall)]
    for name in ways:
        ratios = f"{best[0] / cpu[name]:.2f} | {best[1] / wall[name]:.2f}"
        print(f"| {name} | {cpu[name]:.2f} | {wall[name]:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
