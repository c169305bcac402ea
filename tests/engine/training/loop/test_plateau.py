"""The rate on a plateau: halved after ten epochs without improvement, ended after fifty, exact over a resume."""

import json
import math
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Schedule
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training import train
from napari_boundaryseg.engine.training.loop import run as training_run
from napari_boundaryseg.engine.training.loop.plateau import Plateau
from napari_boundaryseg.engine.training.loop.validate import Scores
from napari_boundaryseg.phantom import two_part_structure
from napari_boundaryseg.progress import Cancelled

PAPER = Schedule(name="plateau", factor=0.5, patience=10, stop=50)


def run(scores, schedule=PAPER) -> list[Plateau]:
    found = [Plateau()]
    for score in scores:
        found.append(found[-1].after_epoch(score, schedule))
    return found


def test_ten_epochs_without_improvement_halve_the_rate_and_fifty_end_the_training():
    found = run([0.5] + [0.4] * 60)
    assert [one.factor for one in found[1:12]] == [1.0] * 10 + [0.5]
    assert [n for n in range(1, 62) if found[n].factor < found[n - 1].factor] == [11, 21, 31, 41, 51, 61]
    assert next(n for n in range(62) if found[n].ended(PAPER)) == 51
    assert not any(one.ended(Schedule(name="poly")) for one in found)


def test_an_improvement_begins_anew():
    found = run([0.5] + [0.5] * 9 + [0.6] + [0.6] * 10)
    assert [one.factor for one in found[-2:]] == [1.0, 0.5]
    assert (found[-1].waited, found[-1].waited_here, found[-1].best) == (10, 0, -0.6)


def test_without_a_score_the_mean_loss_of_the_epoch_counts():
    place = Plateau()
    for losses, waited in (([4.0, 2.0], 0), ([2.0, math.nan, 3.0], 0), ([2.5, 2.5], 1), ([math.nan], 2), ([2.4], 0)):
        for loss in losses:
            place = place.after_step(loss)
        place = place.after_epoch(math.nan, PAPER)
        assert (place.waited, place.count) == (waited, 0)
    assert place.best == pytest.approx(2.4)


def test_it_is_kept_in_numbers():
    place = Plateau().after_step(2.0).after_epoch(math.nan, PAPER).after_step(3.0)
    assert Plateau.of(json.loads(json.dumps(place.numbers()))) == place
    assert Plateau.of(json.loads(json.dumps(Plateau().numbers()))) == Plateau()
    assert Plateau.of({"step": 3.0}) == Plateau()


def tiny(**settings: object) -> Recipe:
    base = recipe("hippocampus-sgm").model_copy(
        update={
            "patch_vox": (8, 8, 8),
            "batch": 1,
            "steps": 40,
            "steps_per_epoch": 2,
            "augmentation": Augmentation(),
            "network_arguments": {"width": 8, "norm": "group"},
            "expected_field_mm": None,
            "schedule": Schedule(name="plateau", factor=0.1, patience=2, stop=5),
        }
    )
    return base.with_settings({"inference.window_vox": (8, 8, 8), **settings})


@pytest.mark.parametrize("validated", [True, False])
def test_a_training_slows_down_ends_and_resumes_exactly(validated, tmp_path, monkeypatch):
    """Whatever is learnt, the scores never rise and the losses never fall."""
    case = two_part_structure(1)
    count = iter(range(10**6))
    if validated:
        monkeypatch.setattr(training_run, "dice_scores", lambda *_: Scores(*[{"organ": [0.5]}] * 2))
    else:
        step = training_run.TrainingRun.one_step

        def rising(self, cases):
            values = step(self, cases)
            self.plateau = replace(self.plateau, total=self.plateau.total - values["loss"] + self.step)
            return values

        monkeypatch.setattr(training_run.TrainingRun, "one_step", rising)

    def stop(fraction, text=""):
        if text.startswith("Training") and next(count) == 6:
            raise Cancelled

    held = [case] if validated else []
    said: list[str] = []
    train.fit(tiny(), [case], tmp_path / "whole", validation=held, progress=lambda _, text="": said.append(text))
    assert said[-1] == "Ended at step 12: no improvement in 5 epochs"
    lines = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    rates = [line["lr"] for line in lines if "lr" in line]
    top = tiny().optimiser.lr
    assert rates == pytest.approx([top] * 6 + [top / 10] * 4 + [top / 100] * 2)
    assert [line["step"] for line in lines if "schedule_factor" in line] == [6, 10]
    assert lines[-1]["ended"] == "no improvement in 5 epochs"
    with pytest.raises(Cancelled):
        train.fit(tiny(), [case], tmp_path / "parts", validation=held, progress=stop)
    train.fit(tiny(), [case], tmp_path / "parts", validation=held, resume=True)
    a, b = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    before = (tmp_path / "parts" / "state.safetensors").read_bytes()
    train.fit(tiny(), [case], tmp_path / "parts", validation=held, resume=True)
    assert (tmp_path / "parts" / "state.safetensors").read_bytes() == before, "it has ended"
