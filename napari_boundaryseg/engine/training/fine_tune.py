"""Fine-tuning on corrected cases, and an honest comparison of before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import nn

from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.engine.checkpoints.card import tuned_on
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS, Recipe
from napari_boundaryseg.engine.recipes.tuning import PART_OF_STEPS, SMALLEST_GAIN, FineTuneSettings, Part
from napari_boundaryseg.engine.training.before_and_after import is_written, judged, keep_comparison
from napari_boundaryseg.engine.training.cross_fit import cross_fit, forget_parts, parts_to_judge
from napari_boundaryseg.engine.training.data.cases import Pair
from napari_boundaryseg.engine.training.earlier import EarlierScans, Forgetting
from napari_boundaryseg.engine.training.judges import Judges
from napari_boundaryseg.engine.training.loop.folder import CARD, LAST, card_in
from napari_boundaryseg.engine.training.share_choice import mixed
from napari_boundaryseg.engine.training.taken_share import Taken, taken
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.engine.training.trained_part import only
from napari_boundaryseg.engine.training.watched import Watched
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.progress import part as share

LEARNING_RATE = FineTuneSettings().lr
TUNING_BATCH = 2
"""Patches of a step at most: a correction of a few cases shows in two of them as well as in four."""


def fine_tune(
    model: LoadedModel,
    cases: Iterable[Pair],
    folder: Path,
    *,
    held_out: Iterable[Pair] = (),
    steps: int = TUNING_STEPS,
    lr: float = LEARNING_RATE,
    part: Part = "all",
    smallest_gain: float = SMALLEST_GAIN,
    cross_fitting: bool = False,
    anchor: float = 0.0,
    rehearsal: float = 0.0,
    earlier: Iterable[Pair] = (),
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    name: str | None = None,
    patients: Mapping[str, str] | None = None,
    untouched: Collection[str] = (),
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Path:
    """Train a model further on corrected cases, take what helps, and compare before and after on cases it did not see.

    Few cases teach what only they have, too. So each half of them is used to ask how much of what the other half
    taught helps, and that share of the way from the old weights to the new ones is taken: see `taken_share`.

    Parameters
    ----------
    model : LoadedModel
        It is left as it is; the result is a new checkpoint.
    cases : iterable of (Volume, LabelMap) or LabelledScan
        Accepted scans with their corrected labels, and the boxes that they were segmented in.
    folder : Path
        Gets the checkpoint, the log, and with held-out cases ``comparison.json`` and ``comparison.md``.
    held_out : iterable of (Volume, LabelMap) or LabelledScan
        Held-out accepted scans. They choose nothing: the last step is always the result; the log says how they are
        scored on the way. One that an earlier version
        of the model was trained on, or whose patient was, judges nothing, and the comparison says so.
    steps : int
    lr : float
        The highest learning rate of the one-cycle schedule.
    part : str
        ``"all"``, ``"decoder"`` (all but the encoder), ``"heads"`` (the last layers of every output) or ``"norm"``
        (scales and shifts of the norms); the other weights stay exactly as they are.
    smallest_gain : float
        Of surface Dice: a model that gains less on the held-out cases is not called better.
    cross_fitting : bool
        Where nobody is held out, and there are 3 to 9 patients: fine-tune up to five times more, each time without some
        of them, who judge. See `cross_fit`.
    anchor : float
        How strongly weights are pulled back to the old ones: see `engine.training.loop.optimiser.Anchor`.
    rehearsal : float
        The share of the patches that come from earlier scans; these are some of ``earlier``, or synthetic ones where
        there are none and the recipe makes such.
    earlier : iterable of (Volume, LabelMap) or LabelledScan
        Accepted cases that an ancestor was trained on. Those that are not rehearsed say what was forgotten: of what was
        learnt no more is taken than loses a hundredth of Dice on them, or on synthetic scans.
    seed : int
    device, precision : str
        As for `engine.training.train.fit`.
    name : str, optional
        Of the new model; the old one's by default.
    patients : mapping, optional
        Case to patient: no patient is on both sides, and the cases of one count once in the verdict.
    untouched : collection of str
        Names of cases whose labels are a model's own result, which nobody has corrected: they judge nothing.
    resume : bool
        Resume a fine-tuning that was stopped, with the same model, cases and settings; or begin.
    overwrite : bool
        Replace what another training left in the folder.
    progress : Progress

    Returns
    -------
    Path
        The fine-tuned checkpoint.

    Raises
    ------
    InputError
        Without a case, for a case, a copy of its scan or a patient in both roles, for a part that the network does not
        name, and as `engine.training.train.fit`.

    Examples
    --------
    >>> import tempfile
    >>> from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> model = load_model("hippocampus-sgm")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fine_tune(model, [two_part_structure(1)], Path(folder), steps=1, part="heads", device="cpu").name
    'best.safetensors'
    """
    scans, held = ([LabelledScan(*case) for case in given] for given in (cases, held_out))
    if not scans:
        raise InputError("fine-tuning", "there is no training case", "Accept at least one corrected case first")
    judges = Judges.of(model.card.ancestry, scans, held, patients or {}, untouched)
    parts = parts_to_judge(scans, patients or {}) if cross_fitting and not held else []
    own = 1 / (1 + len(parts))  # of the time
    learnt_before = [LabelledScan(*case) for case in earlier]
    before = EarlierScans.of(learnt_before, [*scans, *held], patients)
    share_made = 0.0 if before.rehearsed else rehearsal
    recipe = tuning_recipe(model.card.recipe, steps, lr, anchor, share_made)
    if resume:
        recipe = _as_begun(recipe, folder, "batch")
    _freeze_statistics(model.network)

    begun = replace(model, network=only(part, model.network))
    teach = partial(
        fit,
        rehearsed=before.rehearsed,
        rehearsal=rehearsal,
        seed=seed,
        start=begun,
        device=device,
        precision=precision,
    )

    def learn(some: Sequence[LabelledScan], place: Path, told: Progress) -> Path:
        fewer = _as_begun(
            tuning_recipe(model.card.recipe, max(1, steps // PART_OF_STEPS), lr, anchor, share_made),
            place,
            "batch",
            "steps",
            "steps_per_epoch",
        )
        return teach(fewer, some, place, steps=fewer.steps, resume=True, progress=told)

    def judge(tuned: Path) -> None:
        if parts and is_written(folder):  # else its parts, some of which may be gone, would be trained anew
            forget_parts(folder)
            return
        asked = partial(Forgetting(model, before, device).kept, tuned.with_name(LAST))
        told = share(progress, 0.45 * own, 0.9 * own)
        kept = taken(model, scans, patients or {}, learn, folder, device, asked, told)
        _keep(kept, model, tuned)
        if held:
            found = judged(model, load_model(tuned), judges.cases, device, share(progress, 0.9, 1.0))
            progress(1.0, keep_comparison(model, tuned, found, judges, folder, smallest_gain)["verdict"])
        elif parts:
            told = share(progress, 0.9 * own, 1.0)
            found, by_others, models = cross_fit(
                model, scans, parts, patients or {}, again, folder, device, told, untouched
            )
            said = keep_comparison(model, tuned, found, by_others, folder, smallest_gain, models)
            forget_parts(folder)
            progress(1.0, said["verdict"])

    def again(some: Sequence[LabelledScan], place: Path, told: Progress) -> Path:
        return fine_tune(
            model,
            some,
            place,
            steps=steps,
            lr=lr,
            part=part,
            anchor=anchor,
            rehearsal=rehearsal,
            earlier=learnt_before,
            seed=seed,
            device=device,
            precision=precision,
            patients=patients,
            resume=True,
            progress=told,
        )

    return teach(
        recipe,
        scans,
        folder,
        steps=steps,
        patients=patients,
        watched=Watched(model, judges.cases, scans),
        resume=resume,
        overwrite=overwrite,
        name=name or model.card.name,
        training=tuned_on(model.card.training, len(scans)),
        judge=judge,
        progress=share(progress, 0.0, 0.45 * own),
    )


def _keep(kept: Taken, before: LoadedModel, path: Path) -> None:
    """Make a checkpoint of the share that is taken of what was learnt; the last one of the training stays as it is."""
    learnt = load_model(path.with_name(LAST))
    training = learnt.card.training.model_copy(
        update={"taken": kept.share, "taken_why": kept.why, "earlier": kept.earlier}
    )
    card = learnt.card.model_copy(update={"training": training})
    save(path, card, mixed(before.network, learnt.network, kept.share))
    atomic_text(path.with_name(CARD), card.model_dump_json(indent=2))


def tuning_recipe(
    recipe: Recipe, steps: int, lr: float = LEARNING_RATE, anchor: float = 0.0, rehearsal: float = 0.0
) -> Recipe:
    """A model's own recipe with a gentle rate, smaller batches and short epochs, on the given scans.

    A recipe that makes synthetic scans keeps its generator, from which so large a share of the patches comes.
    """
    gentle = {"lr": lr, "gradient_clip": 5.0, "ema_decay": 0.0, "anchor": anchor}
    return recipe.model_copy(
        update={
            "optimiser": recipe.optimiser.model_copy(update=gentle),
            "schedule": recipe.schedule.model_copy(update={"name": "one-cycle"}),
            "batch": min(recipe.batch, TUNING_BATCH),
            "steps": steps,
            "steps_per_epoch": max(1, min(50, steps)),
            "synthetic_share": rehearsal if recipe.synthetic else 1.0,
        }
    )


def _as_begun(recipe: Recipe, folder: Path, *settings: str) -> Recipe:
    """A recipe with some settings of what was begun in a folder, perhaps by a version that chose others."""
    card = card_in(folder)
    return recipe if card is None else recipe.model_copy(update={one: getattr(card.recipe, one) for one in settings})


def _freeze_statistics(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.frozen_statistics = True  # type: ignore[assignment]
