"""Train a recipe: a plain loop on Lightning Fabric, resumable, guarded against NaN."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch

from napari_boundaryseg.engine.checkpoints.card import TrainingData, new_card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network, check_continues
from napari_boundaryseg.engine.devices import sentence_when_full
from napari_boundaryseg.engine.memory import kept
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.preprocessing.intensities import measured, measured_foreground
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.cases import Pair, RealCases, check_pair, prepare_all
from napari_boundaryseg.engine.training.data.held_cases import HeldCases
from napari_boundaryseg.engine.training.data.mixed_cases import MixedCases, source_of
from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.engine.training.loop.begun import Begun
from napari_boundaryseg.engine.training.loop.initialisation import initialised
from napari_boundaryseg.engine.training.loop.resuming import refuse_other_settings
from napari_boundaryseg.engine.training.loop.resuming import resume as go_on
from napari_boundaryseg.engine.training.loop.run import TrainingRun
from napari_boundaryseg.engine.training.loop.seen_cases import SeenCases
from napari_boundaryseg.engine.training.loop.state_header import numbers_in, precision_of
from napari_boundaryseg.engine.training.steps import all_steps
from napari_boundaryseg.engine.training.watched import Watched, nobody
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent


def fit(
    recipe: Recipe,
    cases: Iterable[Pair],
    folder: Path,
    *,
    validation: Iterable[Pair] = (),
    rehearsed: Sequence[Pair] = (),
    rehearsal: float = 0.0,
    watched: Watched | None = None,
    steps: int | None = None,
    seed: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    start: LoadedModel | None = None,
    device: str = "auto",
    precision: str = "auto",
    training: TrainingData | None = None,
    name: str | None = None,
    patients: Mapping[str, str] | None = None,
    stop_after_s: float = math.inf,
    judge: Callable[[Path], None] = lambda best: None,
    progress: Progress = silent,
) -> Path:
    """Train a recipe on labelled scans.

    Parameters
    ----------
    recipe : Recipe
    cases : iterable of (Volume, LabelMap) or LabelledScan
        Read and prepared once, one after the other, and held in memory, or from a size on in private files of the
        folder: see `engine.training.data.held_cases`. Not used by recipes whose scans are all synthetic. Of a scan with
        a box, and of one far larger than the recipe expects, only a part is learnt from: see
        `engine.preprocessing.field_of_view.part_of`.
    folder : Path
        Gets ``best.safetensors``, ``last.safetensors``, ``state.safetensors``, ``card.json`` and ``log.jsonl``; and
        ``prepared`` while cases lie there, which a training that is stopped leaves for the one that resumes it.
    validation : iterable of (Volume, LabelMap) or LabelledScan
        Scored after each epoch; the best mean Dice chooses ``best.safetensors``. Without it the last is the best, and
        the schedule ``"plateau"`` follows the mean training loss.
    rehearsed : sequence of (Volume, LabelMap) or LabelledScan
        Earlier cases, from which a share of the patches comes.
    rehearsal : float
        That share, below 1; 0 for none.
    watched : Watched, optional
        Cases that are scored on the way, for the log, and choose nothing.
    steps, seed : int, optional
        Instead of the recipe's.
    resume : bool
        Resume from the folder's state, which only the recipe, seed, steps, weights and cases do that it was begun
        with; on the same device, with as many threads, the result is bit by bit that of one uninterrupted run. More
        steps are taken where the schedule and the end of the last epoch allow that.
    overwrite : bool
        Replace what another training left in the folder.
    start : LoadedModel, optional
        Begin with these weights; a resumed training has its own.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"``.
    precision : str
        ``"float32"``, ``"bf16"`` (the network in bfloat16; weights, losses and optimiser stay float32), or ``"auto"``:
        bf16 where the processor does it well; a resumed training keeps its own. The card says which it was.
    training : TrainingData, optional
        What the card says of the training scans.
    name : str, optional
        The model's name; the recipe's by default.
    patients : mapping, optional
        Case to patient: the card keeps fingerprints of both, so that neither judges a model made from this one.
    stop_after_s : float
        Stop after the epoch that passes this many seconds; the state allows to resume.
    judge : callable
        Gets the best checkpoint and may change it, while no other training can begin in the folder; called again by a
        resume, should it not come to its end.
    progress : Progress
        Called at every step; may raise `Cancelled`, after which the folder can be resumed.

    Returns
    -------
    Path
        The best checkpoint.

    Raises
    ------
    InputError
        For cases without labels, with labels on another grid, or in which nothing can be seen; weights to start with
        that do not fit, a folder that holds another training or that another process trains in, a training that was
        begun with something else, a card that nobody could read again, bf16 on a processor that gets it wrong, too
        little memory, and a training whose loss is not finite again and again, or in most of its steps.

    Examples
    --------
    >>> import tempfile
    >>> from napari_boundaryseg.engine.recipes.shipped import recipe
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> small = {"network": "unet", "network_arguments": {"width": 4}, "batch": 1}
    >>> wanted = recipe("hippocampus-sgm").with_settings({**small, "patch_vox": (16, 16, 16), "steps_per_epoch": 1})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit(wanted, [two_part_structure(1)], Path(folder), steps=1, device="cpu").name
    'best.safetensors'
    """
    steps, seed = steps or recipe.steps, recipe.seed if seed is None else seed
    if seed < 0:
        raise InputError("seed", f"it is {seed}", "Choose 0 or more")
    goes_on = files.claim(folder, resume=resume, overwrite=overwrite)
    if not goes_on and start is None and recipe.across is not None and recipe.patch_vox[recipe.across] != 1:
        raise InputError(
            "patch_vox",
            f"it is {recipe.patch_vox}, and a two-dimensional network learns from single {recipe.plane} slices",
            f"Set its {'zyx'[recipe.across]} to 1, and the batch to as many slices as you want",
        )
    recipe, cases = with_statistics(recipe.model_copy(update={"steps": steps, "seed": seed}), cases)
    began = start.sha256 if start else ""
    if goes_on:
        refuse_other_settings(Begun.of(recipe, began), folder)
    torch.manual_seed(seed)
    if start:
        check_continues(start, recipe)
    network = copy.deepcopy(start.network) if start else initialised(build_network(recipe), recipe)
    card = new_card(
        recipe,
        sum(p.numel() for p in network.parameters()),
        name=name or "",
        training=training,
        parent=start.card if start else None,
        sha256=began,
    )
    if goes_on and precision == "auto":
        precision = precision_of(numbers_in(folder / files.STATE))
    advice = "Train on fewer or smaller scans, or choose a smaller batch or patch"
    with sentence_when_full("this training", advice), HeldCases(folder, recipe) as held_cases:
        run = TrainingRun.begin(recipe, network, card, folder, device=device, precision=precision)
        seen, judging = SeenCases(), SeenCases()
        source = source_of(recipe, seen.over(cases), seed, progress, held_cases.hold)
        if rehearsed and rehearsal:
            earlier = RealCases(seen.over(rehearsed), recipe, progress=progress, hold=held_cases.hold)
            source = MixedCases(source, earlier, rehearsal, seed)
        held = prepare_all(judging.over(validation), recipe, hold=held_cases.hold)
        del cases, validation  # scans as they were read, where nobody else holds them
        trained = [name for name, weight in run.plain.named_parameters() if weight.requires_grad]
        begun = Begun.of(recipe, began, seen.digests, judging.digests, trained)
        run.begun = begun.text
        with files.alone(folder):
            if goes_on:
                go_on(run, begun, seen.names, judging.names)
            _tell(run, seen, judging, patients or {}, cases=len(seen.names) or len(source.at(0)), told=training)
            if files.claim(folder, resume=resume, overwrite=overwrite) != goes_on:  # the cases were read meanwhile
                raise InputError(
                    folder, "another training began in it meanwhile", "Resume it, or choose another folder"
                )
            if not goes_on:
                files.begin(folder, run.card)
            look = nobody if watched is None else watched.begin(run, held_cases.hold, progress)
            held_cases.drop_others()
            with kept():
                all_steps(run, source, held, look, stop_after_s, progress)
            del source, held
            if run.step == run.steps or run.ended:
                held_cases.remove()
            judge(folder / files.BEST)
    return folder / files.BEST


def _tell(
    run: TrainingRun,
    seen: SeenCases,
    judging: SeenCases,
    patients: Mapping[str, str],
    *,
    cases: int,
    told: TrainingData | None,
) -> None:
    """Let the card say what is trained on, and which cases may not judge the model's descendants."""
    shown = run.recipe.synthetic and run.recipe.synthetic_share
    without = () if shown else seen.without(run.recipe.scheme)
    training = (told or TrainingData(cases=cases)).model_copy(update={"not_taught": without})
    names = [*seen.names, *judging.names]
    ancestry = run.card.ancestry.with_cases(
        [*seen.scans, *judging.scans], [*names, *(patients.get(name, "") for name in names)]
    )
    run.card = run.card.model_copy(update={"training": training, "ancestry": ancestry})


def with_statistics(recipe: Recipe, cases: Iterable[Pair]) -> tuple[Recipe, Iterable[Pair]]:
    """The recipe with the figures of its data set where it asks for them, measured on the training scans."""
    settings = recipe.preprocessing
    missing = {"dataset": not settings.means, "foreground": not settings.lows}
    if not missing.get(settings.normalise):
        return recipe, cases
    scans = [LabelledScan(*case) for case in cases]
    for case in scans:
        check_pair(case.volume, case.labels)
    ordered = ((PreparedScan.of(case.volume, recipe).volume, case.labels) for case in scans)
    if settings.normalise == "dataset":
        settings = measured((volume for volume, _ in ordered), settings)
    else:
        settings = measured_foreground(ordered, settings)
    return recipe.model_copy(update={"preprocessing": settings}), scans


__all__ = ["fit"]
