"""The models that ship: what each learns, from which scans, and how long that takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from napari_boundaryseg.data.datasets import Case, read_dataset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration, TrainingData
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS
from napari_boundaryseg.engine.evaluation.study import Study
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.phantom import Difficulty, brain, pelvis

STUDIES = Path(__file__).resolve().parents[1] / "benchmarks" / "studies"
sys.path.insert(0, str(STUDIES))
import real_pelvis  # noqa: E402  a study whose scans are no plain data set

DIFFICULTIES: tuple[Difficulty, ...] = ("standard", "hard")
WATCHING_SEEDS = range(8000, 8002)

Pair = tuple[Volume, LabelMap]


@dataclass(frozen=True)
class Shipped:
    """One model.

    Parameters
    ----------
    name, recipe : str
    minutes : float
        For all its steps on one core of an AMD EPYC with AVX-512, as measured or estimated from a few, beside another
        training.
    training : TrainingData
    settings : dict
        Instead of the recipe's and the study's.
    data : str
        The folder of labelled scans; empty for synthetic ones.
    rows : tuple of str
        Of its ``splits.csv``: which cases train.
    watched : bool
        A tenth of them (or a few synthetic scans) is scored after each epoch.
    study : str
        The study and its training, ``"sarcoma/sgm"``, from which settings come, the calibration where the settings are
        the very same, and the out-of-fold scores where no case was kept apart.
    kept : {"last", "best"}
        Which weights ship: of the last step, or of the best epoch.
    notes : str
        For the card.
    own : callable, optional
        Reads the labelled scans out of the folder of all data, where they are no plain data set.
    start : Path, optional
        The weights that the training begins with.
    folder : Path
        Where the result is kept.
    silent : tuple of str
        Maps that say nothing on scans that the model had not seen.
    calibrated : str
        The study and its training whose calibration counts where it is no ``study``.
    task : str
        What the card says that it is for, where the recipe says something else.
    """

    name: str
    recipe: str
    minutes: float
    training: TrainingData
    settings: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    rows: tuple[str, ...] = ("train",)
    watched: bool = True
    study: str = ""
    kept: Literal["last", "best"] = "last"
    notes: str = ""
    own: Callable[[Path], list[Pair]] | None = None
    start: Path | None = None
    folder: Path = WEIGHTS
    task: str = ""
    calibrated: str = ""
    silent: tuple[Literal["edges", "contours"], ...] = ()

    @property
    def wanted(self) -> Recipe:
        """What is trained."""
        return recipe(self.recipe).with_settings({**self._studied(), **self.settings})

    def _studied(self) -> dict[str, Any]:
        if not self.study:
            return {}
        study, name = self.study.split("/")
        training = Study.read(STUDIES / f"{study}.toml").training(name)
        return {**training.settings, "steps": training.steps}

    @property
    def studied(self) -> str:
        """The digest of the study's recipe: what was scored with other settings does not count."""
        return recipe(self.recipe).with_settings(self._studied()).digest

    @property
    def calibration(self) -> Calibration | None:
        """Of the study's models, on cases that they had not seen; none where the study trained otherwise."""
        study = self.calibrated or self.study
        path = STUDIES / f"{study.replace('/', '_')}_calibration.json"
        if not study or not path.is_file():
            return None
        found = json.loads(path.read_text("utf-8"))
        return Calibration.model_validate(found) if found.pop("config") == self.wanted.digest else None

    def cases(self, folder: Path, *rows: str) -> list[Case]:
        """The labelled cases of some rows."""
        return [c for c in read_dataset(folder / self.data, folder / self.data / "splits.csv") if c.split in rows]

    def scans(self, folder: Path) -> tuple[list[Case], list[Case]]:
        """Cases that train, and those that watch the training."""
        cases = self.cases(folder, *self.rows) if self.data and self.own is None else []
        return split_by_group(cases) if self.watched else (cases, [])

    def watching(self) -> Iterator[Pair]:
        """The synthetic scans that watch a training on synthetic scans."""
        kind = recipe(self.recipe).synthetic
        for seed in WATCHING_SEEDS if self.watched and not self.data else ():
            if kind == "brain":
                yield brain(seed, (74, 86, 70), 2.0, varied=True)
            for difficulty in DIFFICULTIES if kind == "pelvis" else ():
                yield pelvis(seed, (150, 150, 26), (1.0, 1.0, 3.0), difficulty=difficulty)


def split_by_group(cases: list[Case], tenth: int = 10, seed: int = 0) -> tuple[list[Case], list[Case]]:
    """Training cases and those that choose the best step; a subject is never on both sides."""
    groups = sorted({case.group for case in cases})
    stopping = set(np.random.default_rng(seed).permutation(groups)[: len(groups) // tenth])
    return [c for c in cases if c.group not in stopping], [c for c in cases if c.group in stopping]


def _hippocampi(which: str) -> TrainingData:
    return TrainingData(
        description="Medical Segmentation Decathlon Task04 Hippocampus: T1 MR cropped round the hippocampus, 1 mm; "
        f"{which}. Intensities rounded to int16.",
        licence="CC BY-SA 4.0",
        attribution="Simpson et al. 2019 (arXiv:1902.09063); Antonelli et al. 2022, Nature Communications 13:4128",
    )


_SYNTHETIC_LICENCE = {
    "licence": "BSD-3-Clause",
    "attribution": "napari-boundaryseg; the idea of synthetic training scans: Billot et al. 2023 (SynthSeg)",
}
_BRAINS = TrainingData(
    description="Synthetic brains without a skull, with a tumour, made by this project's own code; no patient was "
    "used.",
    **_SYNTHETIC_LICENCE,
)
_SYNTHETIC_BRAIN = "A starting point: it has seen synthetic brains only, which are much simpler than real ones."

MODELS = {model.name: model for model in (
    Shipped(
        "hippocampus-hmedn", "hippocampus-hmedn", 120, data="hippocampus", watched=False,
        study="hippocampus/hmedn", settings={"steps": 3500, "optimiser.ema_decay": 0.995},
        training=_hippocampi("all of the project's training subjects"),
        notes="The system that did best on held-out training subjects; the last step is shipped.",
    ),
    Shipped(
        "hippocampus-sgm", "hippocampus-sgm", 40, kept="best", data="hippocampus",
        training=_hippocampi("nine tenths of the project's training subjects, the other tenth watched the training"),
    ),
    Shipped(
        "pelvis-mr-sgm-synthetic", "pelvis-mr-sgm", 175, folder=real_pelvis.BASE.parent,
        training=TrainingData(
            description="Synthetic pelves made by this project's own code at two difficulties, new intensities every "
            "time; no patient was used.",
            **_SYNTHETIC_LICENCE,
        ),
        notes="Learned on synthetic pelves alone, half of them hard. The last step is shipped. Only the largest "
        "piece of each organ is kept.",
    ),
    Shipped(
        "pelvis-mr-sgm", "pelvis-mr-sgm", 30, data="pelvic_t2_real", watched=False, own=real_pelvis.labelled_men,
        calibrated="real_pelvis/sgm",
        task="Bladder, prostate and rectum on T2-weighted pelvic MR of men; learned from rough labels of five men",
        start=real_pelvis.BASE, settings={**real_pelvis.REAL, "steps": real_pelvis.STEPS},
        training=TrainingData(
            description="T2 MR of five men with rough labels that an AI system drew from pictures, not a physician "
            "(prostate of four of them), and as many patches of synthetic pelves made by this project's own code.",
            licence="CC BY 3.0 (images of the men), BSD-3-Clause (synthetic pelves and labels)",
            attribution="Litjens et al. 2015, TCIA Prostate-3T, 10.7937/K9/TCIA.2015.QJTV5IL5; Litjens et al. 2017, "
            "TCIA PROSTATEx, 10.7937/K9TCIA.2017.MURS5CL; Clark et al. 2013 (TCIA); napari-boundaryseg",
        ),
        notes="The labels that it learned from, and is scored against, are rough. Its scores are those of models of "
        "the same recipe that had not seen the man they were scored on; this one learned from all five.",
    ),
    Shipped(
        "sarcoma-t1", "sarcoma-t1-sgm", 29, data="sarcoma_t1", rows=("train", "val"), watched=False,
        study="sarcoma/sgm", silent=("edges", "contours"),
        training=TrainingData(
            description="Soft-tissue sarcoma on T1 MR (TCIA Soft-tissue-Sarcoma in IBSI's preparation): all cases, "
            "cropped 35 mm in plane and 50 mm along the axis round the tumour, intensities divided by 4 and rounded to "
            "int16.",
            licence="CC BY 3.0",
            attribution="Vallieres et al. 2015, TCIA, 10.7937/K9/TCIA.2015.7GO2GSKS, and Phys. Med. Biol. 60(14):5471; "
            "Clark et al. 2013 (TCIA); prepared by A. Zwanenburg (IBSI)",
        ),
        notes="Its scores are those of models of the same recipe that had not seen the patients they were scored on; "
        "this one learned from all of them.",
    ),
    Shipped("brain-tumour-egcnn", "brain-tumour-egcnn", 50, training=_BRAINS, notes=_SYNTHETIC_BRAIN),
    Shipped("brain-tumour-bacnn", "brain-tumour-bacnn", 24, training=_BRAINS, notes=_SYNTHETIC_BRAIN),
)}  # fmt: skip
"""In the order in which `make models` trains them."""
