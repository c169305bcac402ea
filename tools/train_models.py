"""Train the shipped models again: `make models`. Resumable; each ends in napari_boundaryseg/weights.

python tools/train_models.py hippocampus-sgm --data ../shared/data
python tools/train_models.py pelvis-mr-sgm
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.datasets import Case, load_case, read_dataset
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.phantom import anatomy, label_prior_dice, pelvis
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.card import Score, TrainingData
from napari_boundaryseg.engine.checkpoint import load_model, save
from napari_boundaryseg.engine.predictor import Predictor
from napari_boundaryseg.engine.recipe import Recipe, recipe
from napari_boundaryseg.engine.train import fit

WEIGHTS = Path(__file__).parents[1] / "napari_boundaryseg" / "weights"
FLOORS = {"Hippocampus_A": 0.734, "Hippocampus_P": 0.695}
TEST_SEEDS = range(9000, 9010)
PRIOR_SEEDS = range(7000, 7020)
STOPPING_SEEDS = range(8000, 8003)
COARSE = {"preprocessing.spacing_mm": (1.5, 1.5, 2.5), "patch_vox": (16, 64, 64), "batch": 3, "optimiser.lr": 4e-3,
          "steps": 3000}

HIPPOCAMPUS = TrainingData(
    description="Medical Segmentation Decathlon Task04 Hippocampus: T1 MR cropped round the hippocampus, 1 mm; nine "
    "tenths of the project's training subjects, the other tenth watched the training. Intensities rounded to int16.",
    licence="CC BY-SA 4.0",
    attribution="Simpson et al. 2019 (arXiv:1902.09063); Antonelli et al. 2022, Nature Communications 13:4128",
)
PELVES = TrainingData(
    description="Synthetic pelves made by this project's own code, new intensities every time; no patient was used.",
    licence="BSD-3-Clause",
    attribution="napari-boundaryseg; the idea of synthetic training scans: Billot et al. 2023 (SynthSeg)",
)


def split_by_group(cases: list[Case], tenth: int = 10, seed: int = 0) -> tuple[list[Case], list[Case]]:
    """Training cases and those that choose the best step; a subject is never on both sides."""
    groups = sorted({case.group for case in cases})
    stopping = set(np.random.default_rng(seed).permutation(groups)[: len(groups) // tenth])
    return [c for c in cases if c.group not in stopping], [c for c in cases if c.group in stopping]


def labelled(cases: list[Case], wanted: Recipe) -> Iterator[tuple[Volume, LabelMap]]:
    """Load cases one after the other."""
    for case in cases:
        volume, labels = load_case(case, wanted.scheme)
        if labels is not None:
            yield volume, labels


def train_hippocampus(data: Path, work: Path, steps: int | None) -> Path:
    """`hippocampus-sgm` on the train rows; the val rows choose nothing."""
    folder = data / "hippocampus"
    wanted = recipe("hippocampus-sgm")
    cases = [c for c in read_dataset(folder, folder / "splits.csv") if c.split == "train"]
    training, stopping = split_by_group(cases)
    return fit(wanted, labelled(training, wanted), work, validation=labelled(stopping, wanted), steps=steps,
               resume=True, training=HIPPOCAMPUS.model_copy(update={"cases": len(training)}), progress=_print)


def train_pelvis(data: Path, work: Path, steps: int | None) -> Path:
    """`pelvis-mr-sgm` on phantoms made on the fly: first on a coarse grid, where a step is cheap, then on its own."""
    wanted = recipe("pelvis-mr-sgm")
    watching = [pelvis(seed, (150, 150, 26), (1.0, 1.0, 3.0)) for seed in STOPPING_SEEDS]
    fit(wanted.with_settings(COARSE), (), work / "coarse", validation=watching, steps=steps, resume=True,
        training=PELVES, progress=_print)
    fit(wanted, (), work / "fine", validation=watching, steps=steps, resume=True, training=PELVES, progress=_print,
        start=load_model(work / "coarse" / "last.safetensors"))
    return work / "fine" / "last.safetensors"


def pelvic_floors() -> dict[str, float]:
    """What a label prior of twenty other pelves scores on the test seeds: what position alone is worth."""
    known, unseen = ([anatomy(seed).labels for seed in seeds] for seeds in (PRIOR_SEEDS, TEST_SEEDS))
    return {name: label_prior_dice([labels == n for labels in known], [labels == n for labels in unseen])
            for n, name in zip(preset("pelvis-mr").ids, preset("pelvis-mr").names, strict=True)}


def score(path: Path, cases: Iterator[tuple[Volume, LabelMap]], scored_on: str, floors: dict[str, float]) -> None:
    """Put the scores on cases that neither trained nor chose the model onto its card, in half precision."""
    model = load_model(path)
    predictor = Predictor(model)
    values: dict[tuple[str, str], list[float]] = {}
    for volume, labels in cases:
        found = evaluate(predictor.predict(volume, whole=True).labels, labels)
        for organ, row in found.items():
            for metric in ("dsc", "asd_mm", "hd95_mm", "surface_dice"):
                values.setdefault((organ, metric), []).append(float(row[metric]))
    scores = tuple(
        Score(organ=organ, metric=metric, mean=float(np.mean(v)), sd=float(np.std(v, ddof=1)), n=len(v),
              floor=floors.get(organ) if metric == "dsc" else None)
        for (organ, metric), v in values.items()
    )
    for item in scores:
        print(f"{item.organ} {item.metric}: {item.mean:.4f} (SD {item.sd:.4f}, n = {item.n}, floor {item.floor})")
    WEIGHTS.mkdir(exist_ok=True)
    card = model.card.model_copy(update={"scores": scores, "scored_on": scored_on})
    save(WEIGHTS / f"{card.name}.safetensors", card, model.network.state_dict(), half=True)


def _print(fraction: float, text: str = "") -> None:
    print(f"\r{fraction:6.1%} {text:<70}", end="", flush=True)


def main() -> None:
    """Train, score, ship."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("model", choices=("hippocampus-sgm", "pelvis-mr-sgm"))
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--work", type=Path, default=Path(".work/models"))
    arguments.add_argument("--steps", type=int)
    chosen = arguments.parse_args()
    work = chosen.work / chosen.model
    if chosen.model == "hippocampus-sgm":
        path = train_hippocampus(chosen.data, work, chosen.steps)
        folder = chosen.data / "hippocampus"
        held = [c for c in read_dataset(folder, folder / "splits.csv") if c.split == "val"]
        scored_on = f"{len(held)} validation cases that trained and chose nothing"
        score(path, labelled(held, recipe(chosen.model)), scored_on, FLOORS)
    else:
        path = train_pelvis(chosen.data, work, chosen.steps)
        score(path, (pelvis(seed) for seed in TEST_SEEDS), "10 synthetic pelves with seeds it never saw",
              pelvic_floors())


if __name__ == "__main__":
    main()
