"""Training: it learns, resumes exactly, guards against NaN, and can be cancelled without loss."""

import json

import lightning_fabric
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine import devices
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, load_model
from napari_boundaryseg.engine.devices import precision_on
from napari_boundaryseg.engine.recipes.recipe import Augmentation, Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training import steps as training_steps
from napari_boundaryseg.engine.training import train
from napari_boundaryseg.engine.training.fine_tune import fine_tune
from napari_boundaryseg.engine.training.loop import run as training_run
from napari_boundaryseg.engine.training.loop.validate import Scores
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled


def tiny(**settings) -> Recipe:
    base = recipe("hippocampus-sgm").model_copy(
        update={
            "patch_vox": (16, 16, 16),
            "batch": 2,
            "steps": 6,
            "steps_per_epoch": 3,
            "augmentation": Augmentation(),
            "network_arguments": {"width": 8, "norm": "group"},
            "expected_field_mm": None,
        }
    )
    return base.with_settings({"inference.window_vox": (16, 16, 16), **settings})


def case(seed: int, name: str = "case"):
    """A bright cube (1) beside a dark one (2) in noise: on paper, two boxes that touch."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[4:12, 3:8, 4:12] = 1
    labels[4:12, 8:13, 4:12] = 2
    image = rng.normal(0, 0.2, labels.shape) + np.array([0, 2, -2])[labels]
    volume = Volume(image[None].astype(np.float32), Geometry(labels.shape, np.eye(4)), name=f"{name}{seed}")
    return volume, volume.with_labels(labels, preset("hippocampus"))


def log(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_it_learns_two_boxes(tmp_path):
    settings = tiny(steps_per_epoch=20, **{"optimiser.lr": 1e-2})
    path = train.fit(settings, [case(1), case(2)], tmp_path, validation=[case(3)], steps=60)
    lines = log(tmp_path)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    assert max(line["mean_dsc"] for line in lines if "mean_dsc" in line) > 0.8
    card = load_model(path).card
    assert card.scores[0].metric == "dsc"
    assert card.training.cases == 2


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_new_training_of_a_two_dimensional_network_takes_single_slices(tmp_path, plane):
    flat = {"network": "unet", "network_arguments": {"width": 4}, "dims": 2, "plane": plane, "patch_vox": (8, 8, 8)}
    with pytest.raises(InputError, match=f"learns from single {plane} slices"):
        train.fit(recipe("hippocampus-segresnet").with_settings(flat), [], tmp_path / "new", steps=1, device="cpu")
    assert not (tmp_path / "new").exists()


def test_the_card_has_the_sample_sd_of_the_validation_scores(tmp_path, monkeypatch):
    monkeypatch.setattr(
        training_run, "dice_scores", lambda *_: Scores(*[{"Hippocampus_A": [0.5, 0.7], "Hippocampus_P": [0.6]}] * 2)
    )
    path = train.fit(tiny(), [case(1)], tmp_path, validation=[case(2)], steps=1)
    several, one = load_model(path).card.scores
    assert (several.n, several.mean, several.sd) == (2, pytest.approx(0.6), pytest.approx(np.std([0.5, 0.7], ddof=1)))
    assert (one.n, one.mean, one.sd) == (1, 0.6, None), "one case has no SD"


@pytest.mark.parametrize(
    "settings", [{}, {"optimiser.ema_decay": 0.8}, {"optimiser.ema_decay": 0.8, "network_arguments.norm": "batch"}]
)
def test_resumed_equals_uninterrupted(settings, tmp_path):
    def stop_after_four(fraction, text=""):
        if "step 4" in text:
            raise Cancelled

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train.fit(tiny(**settings), [case(1)], whole)
    with pytest.raises(Cancelled):
        train.fit(tiny(**settings), [case(1)], parts, progress=stop_after_four)
    train.fit(tiny(**settings), [case(1)], parts, resume=True)
    a, b = (load_model(folder / "last.safetensors").network.state_dict() for folder in (whole, parts))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_averaged_weights_are_the_running_mean_of_every_step(tmp_path):
    seen = []

    def remember(fraction, text=""):
        if text.startswith("Training"):
            state = load_file(tmp_path / "state.safetensors")
            seen.append({n.removeprefix("network/"): v for n, v in state.items() if n.startswith("network/")})

    train.fit(tiny(steps_per_epoch=1, **{"optimiser.ema_decay": 0.8}), [case(1)], tmp_path, progress=remember)
    found = load_model(tmp_path / "last.safetensors").network.state_dict()
    assert len(seen) == 6
    for name, value in found.items():
        expected = seen[0][name]
        for weights in seen[1:]:
            expected = 0.8 * expected + 0.2 * weights[name]
        torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-6)
    assert any(not torch.equal(found[name], seen[-1][name]) for name in found)


def test_same_seed_same_weights_other_seed_others(tmp_path):
    weights = []
    for n, seed in enumerate((5, 5, 6)):
        path = train.fit(tiny(), [case(1)], tmp_path / str(n), seed=seed)
        weights.append(torch.cat([p.flatten() for p in load_model(path).network.state_dict().values()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_nan_loss_is_skipped_then_restored_then_refused(tmp_path, monkeypatch):
    real = training_steps.batch_at

    def poisoned(cases, settings, seed, step):
        image, target = real(cases, settings, seed, step)
        return image * float("nan"), target

    train.fit(tiny(), [case(1)], tmp_path)
    good = load_model(tmp_path / "last.safetensors").network.state_dict()
    monkeypatch.setattr(training_steps, "batch_at", poisoned)
    with pytest.raises(InputError, match="not a finite number"):
        train.fit(tiny(), [case(1)], tmp_path / "bad", steps=40, start=load_model(tmp_path / "last.safetensors"))
    kept = load_model(tmp_path / "bad" / "last.safetensors").network.state_dict()
    assert all(torch.equal(good[name], kept[name]) for name in good)
    assert [line["lr_factor"] for line in log(tmp_path / "bad") if "restored" in line] == [0.5, 0.25, 0.125]


def poisoned_at(monkeypatch, steps):
    """Let the images of these steps be no numbers."""
    real = training_steps.batch_at

    def poisoned(cases, settings, seed, step):
        image, target = real(cases, settings, seed, step)
        return image * (float("nan") if step in steps else 1.0), target

    monkeypatch.setattr(training_steps, "batch_at", poisoned)


@pytest.mark.parametrize("ema", [0.0, 0.8])
def test_restoring_brings_back_weights_moments_and_running_mean(ema, tmp_path, monkeypatch):
    """Steps 1 to 4 are an epoch, 5 is taken, 6 to 8 have no numbers: all is as after step 4."""
    wanted = tiny(**{"schedule.name": "constant", "steps_per_epoch": 4, "optimiser.ema_decay": ema})
    train.fit(wanted, [case(1)], tmp_path / "four", steps=4)
    poisoned_at(monkeypatch, {5, 6, 7})
    with pytest.raises(Cancelled):
        train.fit(wanted, [case(1)], tmp_path / "restored", steps=12, progress=stop_at(8))
    four, restored = (load_file(tmp_path / name / "state.safetensors") for name in ("four", "restored"))
    names = [name for name in four if name.startswith(("network/", "optimiser/", "averaged/"))]
    assert {name.partition("/")[0] for name in names} == {"network", "optimiser"} | ({"averaged"} if ema else set())
    assert all(torch.equal(four[name], restored[name]) for name in names)


def test_before_the_first_epoch_restoring_brings_back_the_first_weights(tmp_path, monkeypatch):
    first = load_model(train.fit(tiny(), [case(1)], tmp_path / "first", steps=1))
    poisoned_at(monkeypatch, {1, 2, 3})
    with pytest.raises(Cancelled):
        train.fit(tiny(steps_per_epoch=9), [case(1)], tmp_path / "out", steps=9, start=first, progress=stop_at(4))
    state = load_file(tmp_path / "out" / "state.safetensors")
    assert all(torch.equal(state[f"network/{name}"], value) for name, value in first.network.state_dict().items())


def test_a_training_that_is_mostly_without_numbers_is_no_success(tmp_path):
    with pytest.raises(InputError, match=r"the loss was not a finite number in \d+ of 12 steps"):
        train.fit(tiny(**{"optimiser.lr": 1e30}), [case(1)], tmp_path, steps=12)


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_a_training_that_ends_without_numbers_is_no_success(schedule, tmp_path, monkeypatch):
    settings = {"schedule.name": schedule, "schedule.stop": 2, "schedule.patience": 1}
    poisoned_at(monkeypatch, range(6, 12))
    with pytest.raises(InputError, match=r"the loss was not a finite number in \d of \d+ steps"):
        train.fit(tiny(**settings), [case(1)], tmp_path, steps=12)


def test_cases_without_labels_are_refused(tmp_path):
    volume, labels = case(1)
    empty = volume.with_labels(np.zeros_like(labels.array), preset("hippocampus"))
    with pytest.raises(InputError, match="none of them holds a labelled voxel"):
        train.fit(tiny(), [(volume, empty)], tmp_path)


def test_fine_tuning_adds_a_model_and_compares(tmp_path):
    path = train.fit(tiny(steps_per_epoch=15, **{"optimiser.lr": 1e-2}), [case(1)], tmp_path / "base", steps=30)
    before = path.read_bytes()
    held = [case(n) for n in (5, 6, 7)]
    tuned = fine_tune(load_model(path), [case(2), case(3)], tmp_path / "tuned", held_out=held, steps=10)
    comparison = json.loads((tmp_path / "tuned" / "comparison.json").read_text())
    assert path.read_bytes() == before
    assert comparison["n"] == 3
    assert comparison["verdict"] in ("better", "worse", "no evidence")
    assert load_model(tuned).card.parent.startswith("hippocampus-sgm ")


def test_a_case_is_never_both_trained_on_and_held_out(tmp_path):
    path = train.fit(tiny(), [case(1)], tmp_path / "base")
    with pytest.raises(InputError, match="both a training case and held out"):
        fine_tune(load_model(path), [case(2)], tmp_path / "tuned", held_out=[case(2)])


def stop_at(step, error=Cancelled):
    def progress(fraction, text=""):
        if f"step {step} " in text:
            raise error

    return progress


def test_cancelling_loses_no_step_and_the_log_tells_each_once(tmp_path):
    with pytest.raises(Cancelled):
        train.fit(tiny(), [case(1)], tmp_path, progress=stop_at(5))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write(json.dumps({"step": 6, "loss": 0.0}) + "\n" + '{"step": 7, "lo')
    train.fit(tiny(), [case(1)], tmp_path, resume=True)
    assert [line["step"] for line in log(tmp_path) if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert all(line.get("loss", 1) > 0 for line in log(tmp_path))


def test_cancelling_at_the_last_step_leaves_the_model(tmp_path):
    with pytest.raises(Cancelled):
        train.fit(tiny(), [case(1)], tmp_path, progress=stop_at(6))
    assert load_model(train.fit(tiny(), [case(1)], tmp_path, resume=True)).card.step == 6


@pytest.mark.parametrize("every_s, kept", [(0.0, 5), (1e9, 3)])
def test_a_machine_that_stops_loses_a_minute_at_most(tmp_path, monkeypatch, every_s, kept):
    monkeypatch.setattr(training_steps, "SAVE_EVERY_S", every_s)
    with pytest.raises(ZeroDivisionError):
        train.fit(tiny(), [case(1)], tmp_path, progress=stop_at(5, ZeroDivisionError))
    first = []
    train.fit(tiny(), [case(1)], tmp_path, resume=True, progress=lambda f, text="": first.append(text))
    assert f"step {kept + 1} " in first[1]


class WithDropout(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(F.dropout(x, 0.5, self.training))


def test_dropout_is_the_same_after_a_resume(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "build_network", lambda recipe: WithDropout(build_network(recipe)))
    train.fit(tiny(), [case(1)], tmp_path / "whole")
    with pytest.raises(Cancelled):
        train.fit(tiny(), [case(1)], tmp_path / "parts", progress=stop_at(4))
    torch.rand(17)
    train.fit(tiny(), [case(1)], tmp_path / "parts", resume=True)
    a, b = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_the_guard_against_nan_remembers_over_a_resume(tmp_path, monkeypatch):
    real, poison = training_steps.batch_at, set(range(3, 9))

    def poisoned(cases, settings, seed, step):
        image, target = real(cases, settings, seed, step)
        return image * (float("nan") if step in poison else 1.0), target

    monkeypatch.setattr(training_steps, "batch_at", poisoned)
    train.fit(tiny(), [case(1)], tmp_path / "whole", steps=12)
    for stop in (5, 8):
        with pytest.raises(Cancelled):
            train.fit(tiny(), [case(1)], tmp_path / "parts", steps=12, resume=True, progress=stop_at(stop))
    train.fit(tiny(), [case(1)], tmp_path / "parts", steps=12, resume=True)
    a, b = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(a[name], b[name]) for name in a)
    for folder in (tmp_path / "whole", tmp_path / "parts"):
        assert [line["lr_factor"] for line in log(folder) if "restored" in line] == [0.5, 0.25]


def test_a_folder_with_another_training_is_refused_unless_resumed_or_overwritten(tmp_path):
    longer = tiny(**{"schedule.name": "constant", "steps_per_epoch": 1})
    train.fit(longer, [case(1)], tmp_path, steps=4)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"holds another training \(state.*--resume"):
        train.fit(longer, [case(1)], tmp_path, steps=2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    train.fit(longer, [case(1)], tmp_path, steps=5, resume=True)
    assert len([line for line in log(tmp_path) if "loss" in line]) == 5
    train.fit(tiny(), [case(1)], tmp_path, steps=2, overwrite=True)
    assert len([line for line in log(tmp_path) if "loss" in line]) == 2


def test_a_model_without_its_state_cannot_be_resumed_and_is_not_replaced(tmp_path):
    train.fit(tiny(), [case(1)], tmp_path, steps=1)
    (tmp_path / "state.safetensors").unlink()
    with pytest.raises(InputError, match=r"holds another training \(best\.safetensors"):
        train.fit(tiny(), [case(1)], tmp_path, steps=1, resume=True)


@pytest.mark.parametrize("fault", ["cut", "of another recipe", "no memory"])
def test_a_state_that_cannot_be_used_is_one_sentence(tmp_path, fault):
    train.fit(tiny(), [case(1)], tmp_path, steps=1)
    path, recipe = tmp_path / "state.safetensors", tiny()
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif fault == "no memory":
        path.write_bytes((tmp_path / "last.safetensors").read_bytes())
    else:
        recipe = tiny(**{"network_arguments.width": 4})
    with pytest.raises(InputError, match=r"^state\.safetensors: "):
        train.fit(recipe, [case(1)], tmp_path, steps=2, resume=True)


def test_the_card_tells_with_which_weights_a_training_began_also_after_a_resume(tmp_path):
    first = load_model(train.fit(tiny(), [case(1)], tmp_path / "first", steps=1))
    began = f"hippocampus-sgm {first.sha256[:16]}"
    for start, folder, parent in ((first, "with", began), (None, "without", "")):
        with pytest.raises(Cancelled):
            train.fit(tiny(), [case(1)], tmp_path / folder, steps=3, start=start, progress=stop_at(1))
        path = train.fit(tiny(), [case(1)], tmp_path / folder, steps=3, resume=True)
        assert load_model(path).card.parent == parent


def test_other_weights_to_begin_with_never_resume_a_training(tmp_path):
    first = load_model(train.fit(tiny(), [case(1)], tmp_path / "first", steps=1))
    with pytest.raises(Cancelled):
        train.fit(tiny(), [case(1)], tmp_path / "fresh", steps=3, progress=stop_at(1))
    with pytest.raises(InputError, match="this training was begun with other weights"):
        train.fit(tiny(), [case(1)], tmp_path / "fresh", steps=3, start=first, resume=True)


def test_weights_of_another_network_are_refused_before_the_first_step(tmp_path):
    narrow = load_model(train.fit(tiny(), [case(1)], tmp_path / "narrow", steps=1))
    with pytest.raises(InputError, match=r"do not fit the network of hippocampus-sgm \(.* is \(.*, not \("):
        train.fit(tiny(**{"network_arguments.width": 16}), [case(1)], tmp_path / "wide", start=narrow)
    assert not (tmp_path / "wide").exists()


def test_a_gpu_that_is_not_there_is_one_sentence_and_one_that_is_keeps_its_number(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"cuda:63: this machine has no such GPU"):
        train.fit(tiny(), [case(1)], tmp_path, device="cuda:63")
    given = {}

    class Watched(lightning_fabric.Fabric):
        def __init__(self, **options):
            given.update(options)
            super().__init__(accelerator="cpu")

    monkeypatch.setattr(training_run, "choose", lambda device: device)
    monkeypatch.setattr(lightning_fabric, "Fabric", Watched)
    train.fit(tiny(), [case(1)], tmp_path, steps=1, device="cuda:1", precision="float32")
    assert given == {"accelerator": "cuda", "devices": [1], "precision": "32-true"}


def test_a_seed_below_0_is_refused(tmp_path):
    with pytest.raises(InputError, match="seed: it is -1"):
        train.fit(tiny(), [case(1)], tmp_path, seed=-1)


def test_a_card_that_nobody_could_read_is_refused_before_the_first_step(tmp_path):
    with pytest.raises(InputError, match="its card would be wrong at 'name'"):
        train.fit(tiny(), [case(1)], tmp_path / "out", name="no spaces please")
    with pytest.raises(InputError, match=r"its card would be wrong at 'recipe\.optimiser\.lr'"):
        broken = tiny().optimiser.model_copy(update={"lr": float("nan")})
        train.fit(tiny().model_copy(update={"optimiser": broken}), [case(1)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def two_channels(swapped: bool):
    """T1 is bright and T2 dark, in this order or the other one."""
    volume, labels = case(1)
    channels, names = [volume.array[0] + 100, volume.array[0] - 100], ["t1", "t2"]
    order = [1, 0] if swapped else [0, 1]
    both = Volume(np.stack([channels[n] for n in order]), volume.geometry, tuple(names[n] for n in order))
    return both, both.with_labels(labels.array, preset("hippocampus"))


@pytest.mark.parametrize("way", ["dataset", "foreground"])
def test_figures_of_the_data_set_are_those_of_the_channels_by_name(way, tmp_path):
    wanted = tiny(**{"channels": ("t1", "t2"), "preprocessing.normalise": way})
    known, cases = train.with_statistics(wanted, [two_channels(False), two_channels(True)])
    settings = known.preprocessing
    first, second = settings.means if way == "dataset" else settings.lows
    assert 95 < first < 105
    assert -105 < second < -95
    assert train.with_statistics(known, cases)[0] == known, "measured once"
    card = load_model(train.fit(wanted, cases, tmp_path, steps=1)).card
    assert card.recipe.preprocessing == settings


@pytest.mark.parametrize("wanted", ["xavier", "he"])
def test_fresh_weights_are_made_as_the_recipe_says(wanted, tmp_path):
    settings = tiny(network="segresnet", losses={"wce-dice": 1.0}, **{"optimiser.lr": 1e-30, "initialisation": wanted})
    weights = load_model(train.fit(settings, [case(1)], tmp_path, steps=1)).network.state_dict()
    kernels = [value for value in weights.values() if value.ndim == 5 and value.numel() > 1000]
    assert len(kernels) > 10
    for kernel in kernels:
        inside = kernel[0, 0].numel()
        fans = kernel.shape[1] * inside, kernel.shape[0] * inside
        expected = (2 / sum(fans)) ** 0.5 if wanted == "xavier" else (2 / fans[0]) ** 0.5
        assert float(kernel.std()) == pytest.approx(expected, rel=0.15)
    biases = [value for name, value in weights.items() if name.endswith("conv.bias")]
    assert max(float(value.abs().max()) for value in biases) < 1e-20


def test_memory_that_runs_out_in_training_is_one_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000000 bytes")

    monkeypatch.setattr(training_steps, "batch_at", full)
    with pytest.raises(InputError, match=r"memory: there is not enough for this training\. Train on fewer"):
        train.fit(tiny(), [case(1)], tmp_path)


def test_one_batch_without_numbers_does_not_spoil_running_statistics(tmp_path, monkeypatch):
    real = training_steps.batch_at

    def poisoned(cases, settings, seed, step):
        image, target = real(cases, settings, seed, step)
        return image * (float("nan") if step == 1 else 1.0), target

    monkeypatch.setattr(training_steps, "batch_at", poisoned)
    path = train.fit(tiny(**{"network_arguments.norm": "batch"}), [case(1)], tmp_path, steps=3)
    assert load_model(path).card.step == 3


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: could not be written"):
        train.fit(tiny(), [case(1)], tmp_path / "file", steps=1)


@pytest.mark.long
def test_bf16_learns_keeps_float32_weights_and_is_on_the_card(tmp_path, monkeypatch):
    seen = []

    convolve = F.conv3d

    def watched(*given, **named):
        found = convolve(*given, **named)
        seen.append(found.dtype)
        return found

    monkeypatch.setattr(F, "conv3d", watched)
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda device="cpu": True)
    # Three planes at the lowest level: over two, some processors get bfloat16 gradients wrong (see engine.devices).
    settings = tiny(steps_per_epoch=20, **{"optimiser.lr": 1e-2, "patch_vox": (24, 24, 24)})
    path = train.fit(settings, [case(1), case(2)], tmp_path / "bf16", steps=40, precision="bf16")
    assert set(seen) == {torch.bfloat16}, "every convolution of the training"
    losses = [line["loss"] for line in log(tmp_path / "bf16") if "loss" in line]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])
    loaded = load_model(path)
    assert loaded.card.precision == "bf16"
    assert {value.dtype for value in loaded.network.state_dict().values()} == {torch.float32}
    train.fit(settings, [case(1)], tmp_path / "plain", steps=1, precision="float32")
    assert load_model(tmp_path / "plain" / "last.safetensors").card.precision == "float32"


def test_a_training_is_gone_on_with_in_its_own_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda device="cpu": True)
    wanted = tiny(**{"schedule.name": "constant"})
    train.fit(wanted, [case(1)], tmp_path, steps=3, precision="bf16")
    with pytest.raises(InputError, match=r"begun in bf16, not in float32.*--precision bf16"):
        train.fit(wanted, [case(1)], tmp_path, steps=6, resume=True, precision="float32")
    train.fit(wanted, [case(1)], tmp_path, steps=6, resume=True)
    card = load_model(tmp_path / "last.safetensors").card
    assert (card.step, card.precision) == (6, "bf16"), "auto goes on as it was begun, whatever the processor"
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda device="cpu": False)
    with pytest.raises(InputError, match="this processor gets gradients in bf16 wrong"):
        train.fit(wanted, [case(1)], tmp_path, steps=9, resume=True)
    assert load_model(tmp_path / "last.safetensors").card.step == 6, "what was learnt is kept"


def test_an_unknown_precision_is_refused(tmp_path):
    with pytest.raises(InputError, match="fp8: there is no such precision"):
        train.fit(tiny(), [case(1)], tmp_path, steps=1, precision="fp8")


@pytest.mark.parametrize(
    ("able", "expected"),
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx512_f": True}, "float32")],
)
def test_auto_takes_bf16_where_the_processor_computes_in_it(able, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda device="cpu": True)
    assert precision_on("cpu", "auto") == expected
    assert precision_on("cpu", "float32") == "float32"
    assert precision_on("cuda:0", "bf16") == "bf16"
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda device="cpu": False)
    assert precision_on("cpu", "auto") == "float32", "where it gets gradients wrong it is left"
    for device, part in (("cpu", "processor"), ("cuda:0", "GPU")):
        with pytest.raises(InputError, match=f"this {part} gets gradients in bf16 wrong"):
            precision_on(device, "bf16")


@pytest.mark.parametrize(
    ("fault", "holds"), [(1.0, True), (1.01, True), (1.5, False), (float("nan"), False), (float("inf"), False)]
)
def test_wrong_gradients_in_bf16_are_noticed(fault, holds, monkeypatch):
    gradient, calls = torch.autograd.grad, []

    def faulty(loss, weight):
        """The first is float32's; those of bfloat16 are spoilt."""
        calls.append(gradient(loss, weight)[0] if not calls else calls[0] * fault)
        return (calls[-1],)

    monkeypatch.setattr(torch.autograd, "grad", faulty)
    assert devices.bf16_gradients_hold.__wrapped__() is holds
    assert len(calls) > 1


def test_a_training_that_ended_while_the_cases_were_read_is_not_replaced(tmp_path):
    def slow():
        train.fit(tiny(), [case(1)], tmp_path, steps=1)
        yield case(2)

    with pytest.raises(InputError, match="it holds another training"):
        train.fit(tiny(), slow(), tmp_path, steps=1)
    assert load_model(tmp_path / "best.safetensors").card.training.cases == 1
    assert [line["step"] for line in log(tmp_path) if "loss" in line] == [1]


@pytest.mark.parametrize("steps", [1, 2])
def test_one_that_is_killed_at_its_first_model_can_be_resumed(tmp_path, monkeypatch, steps):
    real = training_run.files.keep_card

    def killed(folder, card):
        if card.step:
            raise KeyboardInterrupt
        real(folder, card)

    whole = train.fit(tiny(steps_per_epoch=1), [case(1)], tmp_path / "whole", steps=steps, device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(training_run.files, "keep_card", killed)
        with pytest.raises(KeyboardInterrupt):
            train.fit(tiny(steps_per_epoch=1), [case(1)], tmp_path / "killed", steps=steps, device="cpu")
    assert (tmp_path / "killed" / "best.safetensors").is_file()
    path = train.fit(tiny(steps_per_epoch=1), [case(1)], tmp_path / "killed", steps=steps, resume=True, device="cpu")
    one, other = (load_model(found).network.state_dict() for found in (whole, path))
    assert all(torch.equal(value, other[name]) for name, value in one.items())
