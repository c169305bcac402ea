"""Organs to correct: masks of models that had not seen the scan, and what the person wants them to be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data import boxes, formats
from napari_boundaryseg.data.datasets import Case, load_case, load_labelled, read_dataset
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import pelvis

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
import real_pelvis

UNSEEN_SEEDS = range(9100, 9106)
"""Hard phantoms that no model was trained or chosen on."""
BULGE_WIDTH = (2.8, 4.0, 4.0)
"""Standard deviations of the Gaussian that smooths a bulge, slices first, in that of how far it moves the border."""
STUDIES = Path(".work/studies")
"""Where the studies keep their models and out-of-fold predictions."""
OUT_OF_FOLD = STUDIES / "sarcoma" / "out-of-fold"
"""What ``benchmarks/studies/run.py --predictions`` writes, a folder for each training."""
BASES = Path(__file__).parents[1] / "weights"
"""Models that do not ship any more."""
ROOM_MM = 20.0
"""Kept round an organ: nothing that is tried here reaches farther."""


@dataclass(frozen=True, eq=False)
class Organ:
    """One organ of one scan, slices first.

    Parameters
    ----------
    case, name : str
    start, wanted : (N, R, C) bool arrays
    spacing_mm : three floats
        Between slices, rows and columns.
    """

    case: str
    name: str
    start: np.ndarray
    wanted: np.ndarray
    spacing_mm: tuple[float, float, float]


def hippocampi(data: Path, model: str) -> Iterator[Organ]:
    """Both parts of the validation cases, on coronal slices: across the axis of the hippocampus."""
    return _organs(
        _predicted(load_labelled(_validation(data), load_model(model, [BASES]).card.recipe.scheme), model), "PRS"
    )


def bulged_hippocampi(data: Path, model: str) -> Iterator[Organ]:
    """The same parts as people drew them, with bulges and dents for a start: a mask from elsewhere."""
    cases = load_labelled(_validation(data), preset("hippocampus"))
    return _bulged(_organs(((wanted, wanted) for _, wanted in cases), "PRS"), 1.5)


def bulged_glands(data: Path, model: str) -> Iterator[Organ]:
    """The validation glands of PROMISE12 as experts drew them, with bulges and dents."""
    return _bulged(_organs(((wanted, wanted) for _, wanted in _glands(data)), "SRA"), 3.0)


def bulged_sarcomas(data: Path, model: str) -> Iterator[Organ]:
    """The sarcomas as experts drew them, with bulges and dents."""
    cases = load_labelled(read_dataset(data / "sarcoma_t1"), preset("sarcoma"))
    return _bulged(_organs(((wanted, wanted) for _, wanted in cases), "SRA"), 4.0)


def _bulged(organs: Iterable[Organ], bulge_mm: float) -> Iterator[Organ]:
    for n, organ in enumerate(organs):
        yield replace(organ, start=bulged(organ.wanted, organ.spacing_mm, np.random.default_rng([8, n]), bulge_mm))


def bulged(
    mask: np.ndarray, spacing_mm: tuple[float, float, float], rng: np.random.Generator, bulge_mm: float
) -> np.ndarray:
    """A mask whose border is moved by a smooth random field of this standard deviation."""
    inside, outside = (ndimage.distance_transform_edt(side, sampling=spacing_mm) for side in (mask, ~mask))
    widths = bulge_mm * np.array(BULGE_WIDTH) / spacing_mm
    room = [int(4 * width) for width in widths]
    noise = rng.standard_normal([n + 2 * more for n, more in zip(mask.shape, room, strict=True)])
    field = ndimage.gaussian_filter(noise, widths)[tuple(slice(more, -more) for more in room)]
    field *= bulge_mm * np.sqrt(np.prod(2 * np.sqrt(np.pi) * widths))
    half = min(spacing_mm) / 2
    return np.asarray(inside - outside + np.where(mask, -half, half) + field > 0)


def phantoms(data: Path, model: str) -> Iterator[Organ]:
    """Three organs of hard synthetic pelves, on axial slices."""
    del data
    return _organs(_predicted((pelvis(seed, difficulty="hard") for seed in UNSEEN_SEEDS), model), "SRA")


def men(data: Path, model: str) -> Iterator[Organ]:
    """Organs of the real pelves as an AI system drew them roughly; each man by a model that had not seen him."""
    config = real_pelvis.TRAININGS[model].config
    for man, (volume, wanted) in enumerate(real_pelvis.labelled_men(data)):
        path = STUDIES / "real_pelvis" / f"{model}-{man}-{config}" / "last.safetensors"
        yield from _organs(_predicted([(volume, wanted)], str(path)), "SRA")


def glands(data: Path, model: str) -> Iterator[Organ]:
    """The validation glands of PROMISE12, which no model that ships has seen."""
    return _organs(_predicted(_glands(data), model), "SRA")


def _glands(data: Path) -> Iterator[tuple[Volume, LabelMap]]:
    return iter(real_pelvis.pairs([case for case in real_pelvis.others(data) if case.split == "val"]))


def sarcomas(data: Path, model: str) -> Iterator[Organ]:
    """Axial slices; the model is the folder of a training's out-of-fold predictions, of the cases that it has."""
    folder, scheme = data / "sarcoma_t1", preset("sarcoma")
    files = {case: OUT_OF_FOLD / model / f"{case.name}_seg.nii.gz" for case in read_dataset(folder)}
    cases = ((load_case(case, scheme), file) for case, file in files.items() if file.is_file())
    found = ((formats.read_labels(file, scan, scheme), labels) for (scan, labels), file in cases if labels)
    return _organs(found, "SRA")


def _validation(data: Path) -> list[Case]:
    return [case for case in read_dataset(data / "hippocampus") if case.split == "val"]


def _predicted(pairs: Iterable[tuple[Volume, LabelMap]], model: str) -> Iterator[tuple[LabelMap, LabelMap]]:
    predictor = Predictor(load_model(model, [BASES]), device="cpu")
    for volume, wanted in pairs:
        found = predictor.segment(volume, whole=True, any_modality=True).labels
        yield found, replace(wanted, name=volume.name)


def _organs(pairs: Iterable[tuple[LabelMap, LabelMap]], axes: str) -> Iterator[Organ]:
    """Of labels that were found, and those that are wanted."""
    for found, wanted in pairs:
        turned = AxisMap(wanted.affine, wanted.array.shape, axes)
        start, truth = (turned.to_axes(labels.array) for labels in (found, wanted))
        spacing = tuple(float(np.linalg.norm(turned.new_affine[:3, n])) for n in range(3))
        for organ in wanted.scheme.organs:
            if (truth == organ.id).any():
                yield Organ(wanted.name, organ.name, start == organ.id, truth == organ.id, spacing)  # type: ignore[arg-type]


SETS: dict[str, Callable[[Path, str], Iterator[Organ]]] = {
    "hippocampus": hippocampi,
    "hippocampus-bulges": bulged_hippocampi,
    "phantoms": phantoms,
    "men": men,
    "promise12": glands,
    "promise12-bulges": bulged_glands,
    "sarcoma": sarcomas,
    "sarcoma-bulges": bulged_sarcomas,
}


SCANS: dict[str, tuple[Callable[[Path], Iterable[tuple[Volume, LabelMap]]], str]] = {
    "hippocampus": (lambda data: load_labelled(_validation(data), preset("hippocampus")), "PRS"),
    "phantoms": (lambda data: (pelvis(seed, difficulty="hard") for seed in UNSEEN_SEEDS), "SRA"),
    "promise12": (_glands, "SRA"),
}
"""Scans with what is wanted on them, and the axes that put slices first."""


def kept(which: str, data: Path, model: str, folder: Path = Path(".work/starts")) -> Iterator[Organ]:
    """The organs of a set with some room round each, predicted the first time only; delete the file to predict anew."""
    path = folder / f"{which}_{model}.npz"
    if not path.is_file():
        organs = [_with_room(organ) for organ in SETS[which](data, model)]
        arrays = {f"{part}_{n}": getattr(organ, part) for n, organ in enumerate(organs) for part in ("start", "wanted")}
        words = {part: np.array([getattr(organ, part) for organ in organs]) for part in ("case", "name", "spacing_mm")}
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(path, lambda stream: np.savez_compressed(stream, allow_pickle=False, **words, **arrays))
    with np.load(path) as file:
        rows = zip(file["case"].tolist(), file["name"].tolist(), file["spacing_mm"].tolist(), strict=True)
        for n, (case, name, spacing) in enumerate(rows):
            yield Organ(case, name, file[f"start_{n}"], file[f"wanted_{n}"], tuple(spacing))


def _with_room(organ: Organ) -> Organ:
    box = boxes.around(organ.start | organ.wanted, organ.spacing_mm, ROOM_MM)
    return replace(organ, start=organ.start[box].copy(), wanted=organ.wanted[box].copy())
