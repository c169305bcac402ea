"""Which backend computes a prediction: OpenVINO where a trial found it right, and so fast that compiling it pays.

Nothing of it is imported into this process before a trial in a process of its own has come to its end: on some
processors the library crashes with some networks. What a trial found is remembered for the model, the libraries, the
machine and the number of threads.
"""

from __future__ import annotations

import hashlib
import json
import platform
import weakref
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Literal

import torch
from platformdirs import user_cache_path
from torch import nn

from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.inference.backends import openvino
from napari_boundaryseg.engine.inference.backends.openvino import BackendFailed, Compiled, Kind
from napari_boundaryseg.engine.inference.backends.trial import Trial
from napari_boundaryseg.engine.inference.backends.trial_process import trial_of
from napari_boundaryseg.errors import InputError

Wanted = Literal["auto", "torch", "openvino"]
LEAST_WINDOWS = 200
"""Of fewer, a prediction ends before a trial has paid."""

State = tuple[int, int]
"""Threads, and what `_weights_are`."""
_compiled: weakref.WeakKeyDictionary[nn.Module, dict[tuple[State, Kind, frozenset[str]], Compiled]] = (
    weakref.WeakKeyDictionary()
)


def backend_for(
    model: LoadedModel,
    asked: Collection[str],
    windows: int,
    wanted: Wanted = "auto",
    tell: Callable[[str], None] = lambda text: None,
    precision: Kind = "float32",
) -> Compiled | None:
    """OpenVINO's network for a prediction on the CPU, or None: PyTorch computes it.

    The choice follows from what a trial found and from the number of windows, whatever else the process has computed
    and whichever maps are asked for.

    Parameters
    ----------
    model : LoadedModel
    asked : collection of str
        Of `models.EVERY_MAP`.
    windows : int
        How many there are to compute.
    wanted : str
        ``"auto"``: OpenVINO where it pays; ``"torch"``: never; ``"openvino"``: always.
    tell : callable
        Told again and again while a trial goes on; may raise `Cancelled`, which ends the trial.
    precision : str
        Each has a trial of its own.

    Raises
    ------
    InputError
        When OpenVINO is wanted and not installed, or not right with this model.
    BackendFailed
        When it cannot compile what it could before.
    """
    if wanted == "torch" or (wanted == "auto" and not openvino.installed()):
        return None
    if not openvino.installed():
        raise InputError("OpenVINO", "it is not installed", 'Install "napari-boundaryseg[openvino]", or choose torch')
    forced, found = wanted == "openvino", remembered(model, precision)
    if (found is None and windows >= LEAST_WINDOWS) or (forced and (found is None or not found.is_right)):
        found = learn(model, tell, precision)
    if found is None or not found.is_right or not (forced or pays(found, windows)):
        if forced:
            in_half = "" if precision == "float32" else f" in {precision}"
            raise InputError(model.title, f"OpenVINO does not compute it here{in_half} as PyTorch does", "Choose torch")
        return None
    return _network(model, asked, precision)


def _network(model: LoadedModel, asked: Collection[str], precision: Kind) -> Compiled:
    """Compiled once for these weights; what was compiled for others is let go."""
    recipe, made = model.card.recipe, _compiled.setdefault(model.network, {})
    state = (torch.get_num_threads(), _weights_are(model.network))
    for other in [key for key in made if key[0] != state]:
        del made[other]
    key = state, precision, frozenset(asked)
    if key not in made:
        made[key] = Compiled(model.network, (recipe.in_channels, *recipe.window_vox), asked, precision)
    return made[key]


def forget(model: LoadedModel) -> None:
    """Let go what was compiled of a model."""
    _compiled.pop(model.network, None)


def pays(found: Trial, windows: int) -> bool:
    """Whether so many windows save more time than compiling takes.

    Examples
    --------
    >>> found = Trial(same=1.0, farthest=0.0, torch_s=0.3, openvino_s=0.2, compile_s=2.0)
    >>> pays(found, 10), pays(found, 100)
    (False, True)
    """
    return windows * (found.torch_s - found.openvino_s) > found.compile_s


def remembered(model: LoadedModel, precision: Kind = "float32") -> Trial | None:
    """What a trial has found before; None where there was none, or its record cannot be read."""
    try:
        return Trial(**json.loads(_record(model, precision).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def learn(
    model: LoadedModel, tell: Callable[[str], None] = lambda text: None, precision: Kind = "float32"
) -> Trial | None:
    """Make a trial and remember what it found; None where it came to no end that says anything."""
    found = trial_of(model.path, torch.get_num_threads(), tell, precision)
    if found is not None:
        record = _record(model, precision)
        with suppress(OSError, InputError):  # tried again next time
            record.parent.mkdir(parents=True, exist_ok=True)
            atomic_json(record, found._asdict(), private=True)
    return found


def _record(model: LoadedModel, precision: Kind) -> Path:
    """The file of a trial."""
    about = (
        model.sha256,
        str(torch.get_num_threads()),
        torch.__version__,
        openvino.installed(),
        torch.backends.cpu.get_cpu_capability(),
        platform.node(),
        platform.processor(),
        *([] if precision == "float32" else [precision]),
    )
    name = hashlib.sha256("|".join(about).encode()).hexdigest()[:32]
    return user_cache_path("napari-boundaryseg") / "backends" / f"{name}.json"


def _weights_are(network: nn.Module) -> int:
    """A number that changes when weights are changed in place."""
    return sum(tensor._version for tensor in (*network.parameters(), *network.buffers()))


__all__ = ["BackendFailed", "Wanted", "backend_for", "forget", "learn", "pays", "remembered"]
