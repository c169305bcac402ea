"""Predictor: a loaded network on a device; scans in, predictions on the scan's own grid out."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import AnyBox, Box
from napari_boundaryseg.data.datasets.channel_names import doubt
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.devices import DRAW_A_BOX, choose, sentence_when_full
from napari_boundaryseg.engine.inference.answer import How, Look, Means, Taker, ask
from napari_boundaryseg.engine.inference.assembling.arrays import Arrays, InMemory
from napari_boundaryseg.engine.inference.assembling.assembly import Assembly
from napari_boundaryseg.engine.inference.assembling.postprocess import labelled
from napari_boundaryseg.engine.inference.backends.choice import Wanted
from napari_boundaryseg.engine.inference.backends.half import Precision
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.prediction import Prediction, Segmentation
from napari_boundaryseg.engine.inference.takers import TakesLabels, TakesMaps
from napari_boundaryseg.engine.preprocessing.blank_scans import refuse_constant, refuse_unseen
from napari_boundaryseg.engine.preprocessing.box_distances import with_sides
from napari_boundaryseg.engine.preprocessing.field_of_view import check_field, located
from napari_boundaryseg.engine.preprocessing.modality import refuse_other_modality
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.errors import InputError, RegionNeeded
from napari_boundaryseg.models import EVERY_MAP
from napari_boundaryseg.progress import Progress, part, silent

T = TypeVar("T", bound=Taker)


class Predictor:
    """Keeps a network on a device between scans.

    Parameters
    ----------
    model : LoadedModel
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"``.
    locator : LoadedModel, optional
        Proposes the box where the recipe names a locator; by default the model of that name beside the model's file,
        or among those that ship.
    calibrated : bool
        Whether probabilities and edges are put right by the card's calibration, where it has one.
    backend : str
        What computes on a CPU, see `backends.choice.backend_for`: ``"auto"``, ``"torch"``, ``"openvino"``.
    precision : str
        ``"float32"``, or ``"bf16"``, ``"f16"`` where the labels stay what they are: see `backends.half.chosen`.
    """

    def __init__(
        self,
        model: LoadedModel,
        device: str = "auto",
        locator: LoadedModel | None = None,
        calibrated: bool = True,
        backend: Wanted = "auto",
        precision: Precision = "float32",
    ) -> None:
        self.model, self._locator, self._calibrated = model, locator, calibrated
        self._means = Means(backend, precision)
        self.device = choose(device)

    def predict(
        self,
        volume: Volume,
        *,
        box: AnyBox | None = None,
        whole: bool = False,
        any_modality: bool = False,
        all_pieces: bool = False,
        attention: bool = True,
        arrays: Arrays | None = None,
        progress: Progress = silent,
    ) -> Prediction:
        """Segment one scan.

        Parameters
        ----------
        volume : Volume
        box : three slices or (start, stop) pairs of (I, J, K), optional
            Only this part of the scan is given to the model; the result is on the whole grid all the same.
        whole : bool
            Predict on the whole scan even where it is far larger than the training scans.
        any_modality : bool
            Predict on a scan of another modality than the model's, too.
        all_pieces : bool
            Keep every piece of each organ, whatever the recipe's ``smallest_share`` leaves out.
        attention : bool
            Whether to return spatial attention.
        arrays : Arrays, optional
            Where the maps are made: in memory by default, or as files (`arrays.InFolder`).
        progress : Progress
            Called at every window; may raise `Cancelled`.

        Raises
        ------
        OtherModality
            When the scan is known to be of another modality, and ``any_modality`` is not given.
        RegionNeeded
            When the scan is far larger than the model's field of view and neither ``box`` nor ``whole`` is given.
        InputError
            When the channels or the box do not fit, nothing can be seen in the scan, the network's answer is not
            finite, or memory runs out.
        """
        asked = EVERY_MAP if attention else EVERY_MAP - {"attention"}
        calibration = self.model.card.calibration if self._calibrated else None
        into = arrays or InMemory()
        with sentence_when_full("this scan", DRAW_A_BOX):
            seen = self._look(volume, box, whole, any_modality, all_pieces, progress)
            begin = lambda heads: TakesMaps(heads, Assembly(seen.volume, seen.grid, seen.recipe, into, calibration))  # noqa: E731
            found, how = self._asked(seen, asked, begin, progress)
            result, notes, left_out = found.assembly.parts()
            calibrated = calibration is not None and bool(calibration.kept)
            details = self._details(seen, how, notes, left_out, progress, calibrated)
            return Prediction(**result, channel_weights=found.heads.mean_channel_weights(), details=details)

    def segment(
        self,
        volume: Volume,
        *,
        box: AnyBox | None = None,
        whole: bool = False,
        any_modality: bool = False,
        all_pieces: bool = False,
        progress: Progress = silent,
    ) -> Segmentation:
        """Labels of one scan, the very ones of `predict`, for less: no map, and no head that the network can leave out.

        (By OpenVINO, voxels in which two classes are as likely may be either.)

        Parameters and errors are those of `predict`.
        """
        with sentence_when_full("this scan", DRAW_A_BOX):
            seen = self._look(volume, box, whole, any_modality, all_pieces, progress)
            begin = lambda heads: TakesLabels(heads, seen)  # noqa: E731
            found, how = self._asked(seen, (), begin, progress)
            classes, own = map(seen.grid.turned_back, (found.winners.found, found.winners.own))
            labels, notes, left_out = labelled(seen.volume, seen.grid.box, classes, lambda n: own, seen.recipe)
            return Segmentation(labels, details=self._details(seen, how, notes, left_out, progress))

    def _look(
        self,
        volume: Volume,
        box: AnyBox | None,
        whole: bool,
        any_modality: bool,
        all_pieces: bool,
        progress: Progress,
    ) -> Look:
        """The scan, or the part of it that was chosen, on the network's grid."""
        recipe = self.model.card.recipe
        if not any_modality:
            refuse_other_modality(volume, recipe, self.model.card.name)
        if all_pieces:
            recipe = recipe.with_settings({"inference.smallest_share": 0.0})
        scan = PreparedScan.of(volume, recipe, self.model.card.name)
        blank = refuse_constant(scan.volume)
        if box is not None:
            scan = scan.within(boxes.given(box, volume.geometry.shape))
            blank = refuse_constant(scan.volume, scan.box)
        elif not whole:
            scan = scan.within(self._located(scan, progress))
        began = time.perf_counter()
        grid = scan.grid
        seen = scan.image()
        refuse_unseen(seen, volume.name, self.model.card.name)
        image = with_sides(seen, grid.spacing_zyx, recipe.sides_mm)
        notes = [_order_note(volume, scan.volume, recipe.channels), _not_finite(grid), *blank]
        seconds = {"preparing": time.perf_counter() - began}
        return Look(scan.volume, recipe, grid, image, scan.box is not None, notes, seconds, began)

    def _asked(
        self, seen: Look, asked: Collection[str], begin: Callable[[Heads], T], progress: Progress
    ) -> tuple[T, How]:
        of_network = part(progress, 0.02, 0.98)
        return ask(self.model, self.device, seen, asked, self._means, begin, of_network)

    def _details(
        self,
        seen: Look,
        how: How,
        notes: list[str],
        left_out: dict[str, dict[str, Any]],
        progress: Progress,
        calibrated: bool = False,
    ) -> dict[str, Any]:
        """For the report."""
        rest = time.perf_counter() - seen.began - sum(seen.seconds.values())
        seen.seconds["scan grid"] += rest
        progress(1.0, "Done")
        return {
            "left_out": left_out,
            **({"regions": seen.recipe.regions} if seen.recipe.regions else {}),
            "model": self.model.title,
            "ships": self.model.ships,
            "base": self.model.base,
            "sha256": self.model.sha256,
            "device": how.plan.device,
            "backend": how.backend,
            "dtype": how.precision,
            "seconds": {stage: round(value, 3) for stage, value in seen.seconds.items()},
            "notes": [note for note in (how.plan.note, how.note, *seen.notes, *notes) if note],
            "calibrated": calibrated,
            "silent": list(self.model.card.silent),
            "box": boxes.as_pairs(seen.grid.box) if seen.in_a_box else None,
        }

    def _located(self, scan: PreparedScan, progress: Progress) -> Box | None:
        """The box that the recipe's locator proposes; without a locator, None where the scan is small enough."""
        volume, recipe, name = scan.volume, scan.recipe, self.model.card.name
        if not recipe.locator:
            check_field(scan, name)
            return None
        try:
            model = self._locator or load_model(recipe.locator, [self.model.path.parent])
        except InputError as error:
            raise RegionNeeded(
                volume.name,
                f"{name} needs a box, and {recipe.locator}, which proposes one, cannot be used: {error.reason}",
                f"{DRAW_A_BOX}, or put {recipe.locator}.safetensors beside the model's file",
            ) from error
        locator = Predictor(model, self.device, backend="torch" if self._means.backend == "torch" else "auto")
        found = locator.segment(volume, whole=True, any_modality=True, progress=part(progress, 0.0, 0.02)).labels
        box = located(scan, found)
        if box is None:
            raise RegionNeeded(volume.name, f"{recipe.locator} found no organ in it", DRAW_A_BOX)
        return box


def predict(
    scan: Volume,
    model: str | Path | LoadedModel,
    *,
    device: str = "auto",
    box: AnyBox | None = None,
    whole: bool = False,
    any_modality: bool = False,
    all_pieces: bool = False,
    attention: bool = True,
    progress: Progress = silent,
) -> Prediction:
    """Segment one scan with a shipped model, a checkpoint file, or a loaded model.

    See `Predictor.predict` for the parameters and errors.

    Examples
    --------
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> scan, _ = two_part_structure(1)
    >>> found = predict(scan, "hippocampus-sgm", device="cpu")
    >>> found.labels.array.shape == scan.geometry.shape, sorted(found.contours)
    (True, ['Hippocampus_A', 'Hippocampus_P'])
    """
    loaded = model if isinstance(model, LoadedModel) else load_model(model)
    return Predictor(loaded, device).predict(
        scan,
        box=box,
        whole=whole,
        any_modality=any_modality,
        all_pieces=all_pieces,
        attention=attention,
        progress=progress,
    )


def _order_note(given: Volume, used: Volume, wanted: Sequence[str]) -> str:
    if used is not given:
        return f"The channels were put into the model's order: {', '.join(used.channels)}"
    return doubt(given.channels, wanted) if len(wanted) > 1 else ""


def _not_finite(grid: NetworkGrid) -> str:
    return f"{grid.not_finite} voxels were not numbers and were filled for the network" if grid.not_finite else ""
