"""The pelvis on real scans: fine-tune a base that knows synthetic pelves, each man by a model that has not seen him.

    python benchmarks/studies/real_pelvis.py sgm                  man by man; resumable
    python benchmarks/studies/real_pelvis.py sgm --man 2          one of them
    python benchmarks/studies/real_pelvis.py sgm --all            from all five men: what PROMISE12 judges
    python benchmarks/studies/real_pelvis.py segresnet --base F   the plain network, from weights of its own
    python benchmarks/studies/real_pelvis.py sgm --predictions    also keeps what each man's model says of him
    python benchmarks/studies/real_pelvis.py --table              the figures so far, as Markdown

Five men's T2 with rough labels that an AI system drew (one has no prostate: there it is ignored), half of the patches
of synthetic pelves. No man and no scan of PROMISE12 chooses anything: the last step counts. Scores go to a CSV beside
this file, one line per case and organ; "base" is what the fine-tuning began with, on the same men.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_boundaryseg.data.datasets import Case, load_case, read_dataset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.evaluation import study_table
from napari_boundaryseg.engine.evaluation.study import Training
from napari_boundaryseg.engine.recipes.shipped import recipe

if TYPE_CHECKING:  # torch is loaded where a model is: tables of the shipped models are made without
    from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel

TABLE = Path(__file__).with_suffix(".csv")
DRAWN, PARTIAL = "labels_ai_drawn", "_bladder_rectum_only"
MEN = range(5)
EVERYBODY = -1
"""The fold of a model that learned from all five men: other scans judge it."""
STEPS = 400
REAL = {
    "synthetic_share": 0.5,
    "steps_per_epoch": 100,
    "foreground": 0.6,
    "optimiser.lr": 1e-3,
    "optimiser.ema_decay": 0.98,
    "augmentation.rotate_deg": 10.0,
    "augmentation.scale": 0.12,
    "augmentation.elastic_mm": 2.0,
    "augmentation.bias_field": 0.3,
    "augmentation.contrast": 0.3,
    "augmentation.blur_mm": 0.7,
    "augmentation.low_resolution": 2.0,
}
PLAIN = {"network": "segresnet", "losses": {"wce-dice": 1.0}, "loss_arguments": {}}
SYNTHETIC = "pelvis-mr-sgm"
"""The recipe, which learns from synthetic pelves where nothing is said."""
BASE = Path(__file__).resolve().parents[1] / "weights" / "pelvis-mr-sgm-synthetic.safetensors"
"""What was shipped before: it has seen no patient."""
TRAININGS = {
    "sgm": Training("sgm", SYNTHETIC, STEPS, tuple(MEN), REAL),
    "segresnet": Training("segresnet", SYNTHETIC, STEPS, tuple(MEN), {**REAL, **PLAIN}),
}


def men(data: Path) -> list[Case]:
    """The five scans with what was drawn on them; a file that says so lacks the prostate."""
    folder, found = data / "pelvic_t2_real", []
    organs = tuple((organ.id, organ.name) for organ in recipe(SYNTHETIC).scheme.organs)
    for image in sorted((folder / "images").glob("*.nii.gz")):
        name = image.name.removesuffix(".nii.gz")
        whole, partial = (folder / DRAWN / f"{name}{end}.nii.gz" for end in ("", PARTIAL))
        drawn = organs if whole.is_file() else tuple(one for one in organs if one[1] != "Prostate")
        label = whole if whole.is_file() else partial
        found.append(Case(name, (image,), label, group=name, organs=drawn, listing=DRAWN))
    return found


def labelled_men(data: Path) -> list[tuple[Volume, LabelMap]]:
    """The five scans and what was drawn on them, as a training takes them."""
    return pairs(men(data))


def others(data: Path) -> list[Case]:
    """Thirty scans of PROMISE12, of which the gland alone is labelled."""
    folder = data / "promise12"
    cases = read_dataset(folder, folder / "splits.csv")
    return [replace(case, organs=((1, "Prostate"),), listing="PROMISE12") for case in cases]


def scored(
    model: LoadedModel, training: Training, fold: int, judges: list[Case], known: list[Case]
) -> Iterator[study_table.Row]:
    """A row for each organ that a judge has."""
    from napari_boundaryseg.engine.evaluation.label_prior import LabelPrior
    from napari_boundaryseg.engine.inference.predictor import Predictor

    predictor, scheme = Predictor(model, device="cpu"), model.card.recipe.scheme
    seen = [labels for _, labels in pairs(known)]
    priors = {
        organ.name: LabelPrior([(labels, None) for labels in seen if organ in labels.scheme.organs], organ.id)
        for organ in scheme.organs
    }
    for case, (volume, labels) in zip(judges, pairs(judges), strict=True):
        found = predictor.segment(volume, whole=True, any_modality=True).labels
        truth = labels.with_scheme(scheme)
        drawn = {organ.name for organ in labels.scheme.organs}
        scores = {organ: row for organ, row in evaluate(found, truth).items() if organ in drawn}
        worth = {organ: priors[organ].dice(truth, None) for organ in drawn}
        yield from study_table.rows_of_case(training, fold, case, scores, worth, 0.0)


def pairs(cases: list[Case]) -> list[tuple[Volume, LabelMap]]:
    """The scans with their labels in the model's integers, under a scheme of the organs that were drawn on each."""
    full, found = recipe(SYNTHETIC).scheme, []
    for case in cases:
        volume, labels = load_case(case)
        if labels is None:
            raise SystemExit(f"{case.name} has no labels")
        array = np.zeros_like(labels.array)
        for n, name in case.organs:
            array[labels.array == n] = full.organ(name).id
        drawn = tuple(organ for organ in full.organs if organ.name in {name for _, name in case.organs})
        scheme = full.model_copy(update={"organs": drawn})
        found.append((volume, LabelMap(array, labels.geometry, scheme, case.name)))
    return found


def fold_folder(training: Training, man: int, work: Path) -> Path:
    """Where the model without one man is kept."""
    return work / TABLE.stem / f"{training.name}-{man}-{training.config}"


def predictions_folder(training: Training, work: Path) -> Path:
    """Where the predictions of the men are kept, each by the model that had not seen him."""
    return work / TABLE.stem / "out-of-fold" / f"{training.name}-{training.config}"


def keep_prediction(training: Training, man: int, data: Path, work: Path) -> None:
    """Predict one man by the model that had not seen him, and write all of it."""
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.inference.predictor import Predictor
    from napari_boundaryseg.engine.training.loop.folder import LAST
    from napari_boundaryseg.session.export import MAPS, export_files

    case = men(data)[man]
    volume, _ = load_case(case)
    predictor = Predictor(load_model(fold_folder(training, man, work) / LAST), device="cpu")
    found = predictor.predict(volume, whole=True, attention=False, any_modality=True)
    place = predictions_folder(training, work)
    export_files(volume, found.labels, found, {"labels", *MAPS}, place, case=case.name, overwrite=True)


def run(training: Training, man: int, data: Path, work: Path, base: str) -> None:
    """Fine-tune without one man, or with all five, and score who was not seen."""
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.training.loop.folder import LAST
    from napari_boundaryseg.engine.training.train import fit

    everybody = men(data)
    known = [case for n, case in enumerate(everybody) if n != man]
    judges = [everybody[man]] if man != EVERYBODY else others(data)
    began = load_model(base)
    if not began.card.synthetic_only:
        raise SystemExit(f"{base} has seen patients: give a --base that has not")
    folder = fold_folder(training, man, work)
    start = replace(training, name=f"{training.name}, base", steps=began.card.step, settings={})
    study_table.keep_fold(TABLE, start.name, man, list(scored(began, start, man, judges, known)))
    fit(training.wanted, pairs(known), folder, start=began, resume=True, precision="float32", progress=_print)
    judged = scored(load_model(folder / LAST), training, man, judges, known)
    study_table.keep_fold(TABLE, training.name, man, list(judged))


def _print(fraction: float, text: str = "") -> None:
    print(f"\r{fraction:6.1%} {text:<70}", end="", flush=True)


def main() -> None:
    """Run what is asked for, or print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--work", type=Path, default=Path(".work/studies"))
    options.add_argument("training", choices=TRAININGS, nargs="?")
    options.add_argument("--man", type=int, choices=MEN)
    options.add_argument("--all", action="store_true", help="learn from all five; PROMISE12 judges")
    options.add_argument("--base", default=str(BASE), help="weights that have seen synthetic pelves alone")
    options.add_argument("--predictions", action="store_true", help="also write labels, probabilities, edges, contours")
    options.add_argument("--table", action="store_true", help="print the figures so far")
    chosen = options.parse_args()
    folds = (EVERYBODY,) if chosen.all else MEN if chosen.man is None else (chosen.man,)
    if not chosen.table and chosen.training is None:
        options.error("name a training, or --table")
    for man in () if chosen.table else folds:
        if not study_table.is_done(study_table.read_table(TABLE), TRAININGS[chosen.training], man):
            run(TRAININGS[chosen.training], man, chosen.data, chosen.work, chosen.base)
        if chosen.predictions and man != EVERYBODY:
            keep_prediction(TRAININGS[chosen.training], man, chosen.data, chosen.work)
    for words, judged in (("rough labels of five men", MEN), ("PROMISE12", (EVERYBODY,))):
        rows = [row for row in study_table.read_table(TABLE) if int(row["fold"]) in judged]
        print(f"\n{words}\n\n{study_table.as_markdown(rows)}")


if __name__ == "__main__":
    main()
