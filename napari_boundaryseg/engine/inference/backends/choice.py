"""Which backend computes a prediction: OpenVINO where a trial found it right, and so fast that compiling it pays.

Nothing of it is imported into this process before a trial in a process of its own has come to its end: on some
processors the library crashes with some networks. What a trial found is remembered for the model, the libraries and
the number of threads.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import weakref
from collections.abc import Callable, Collection
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch
from platformdirs import user_cache_path
from torch import nn

from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.inference.backends import openvino
from napari_boundaryseg.engine.inference.backends.openvino import Compiled
from napari_boundaryseg.engine.inference.backends.trial import Trial
from napari_boundaryseg.errors import InputError

Wanted = Literal["auto", "torch", "openvino"]
LEAST_WINDOWS = 200
"""Of fewer, a prediction ends before a trial has paid."""
LONGEST_S = 300
"""After which a trial is given up."""

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_compiled: weakref.WeakKeyDictionary[nn.Module, dict[object, Compiled]] = weakref.WeakKeyDictionary()


def backend_for(
    model: LoadedModel,
    asked: Collection[str],
    windows: int,
    wanted: Wanted = "auto",
    tell: Callable[[str], None] = lambda text: None,
) -> Compiled | None:
    """OpenVINO's network for a prediction on the CPU, or None: PyTorch computes it.

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
        Told before a trial begins.

    Raises
    ------
    InputError
        When OpenVINO is wanted and not installed, or not right with this model.
    """
    if wanted == "torch" or (wanted == "auto" and not openvino.is_there()):
        return None
    if not openvino.is_there():
        raise InputError("OpenVINO", "it is not installed", 'Install "napari-boundaryseg[openvino]", or choose torch')
    window, forced = (model.card.recipe.in_channels, *model.card.recipe.window_vox), wanted == "openvino"
    made = _compiled.setdefault(model.network, {})
    key = (frozenset(asked), window, torch.get_num_threads(), _weights_are(model.network))
    if key in made:
        return made[key]
    found = remembered(model, asked)
    if found is None and (forced or windows >= LEAST_WINDOWS):
        tell("Trying OpenVINO with this model, once")
        found = learn(model, asked)
    if forced and (found is None or not found.is_right):
        raise InputError(model.title, "OpenVINO cannot compute it here as PyTorch does", "Choose torch")
    if found is None or not found.is_right or not (forced or pays(found, windows)):
        return None
    made[key] = Compiled(model.network, window, asked)
    return made[key]


def pays(found: Trial, windows: int) -> bool:
    """Whether so many windows save more time than compiling takes.

    Examples
    --------
    >>> found = Trial(same=1.0, farthest=0.0, torch_s=0.3, openvino_s=0.2, compile_s=2.0)
    >>> pays(found, 10), pays(found, 100)
    (False, True)
    """
    return windows * (found.torch_s - found.openvino_s) > found.compile_s


def remembered(model: LoadedModel, asked: Collection[str]) -> Trial | None:
    """What a trial has found before; None where there was none, or its record cannot be read."""
    try:
        return Trial(**json.loads(_record(model, asked).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def learn(model: LoadedModel, asked: Collection[str]) -> Trial:
    """Make a trial in a process of its own, and remember it: one that fails says that nothing is the same."""
    command = [sys.executable, "-m", "napari_boundaryseg.engine.inference.backends.trial", str(model.path)]
    command += ["--asked", ",".join(sorted(asked)), "--threads", str(torch.get_num_threads())]
    failed = Trial(same=0.0, farthest=1.0, torch_s=0.0, openvino_s=0.0, compile_s=0.0)
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_S, check=True, creationflags=_NO_WINDOW
        )
        found = Trial(**json.loads(run.stdout.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, IndexError):
        found = failed
    record = _record(model, asked)
    with suppress(OSError, InputError):  # tried again next time
        record.parent.mkdir(parents=True, exist_ok=True)
        atomic_json(record, found._asdict(), private=True)
    return found


def _record(model: LoadedModel, asked: Collection[str]) -> Path:
    """The file of a trial."""
    about = (
        model.sha256,
        *sorted(asked),
        str(torch.get_num_threads()),
        torch.__version__,
        version("openvino"),
        torch.backends.cpu.get_cpu_capability(),
    )
    name = hashlib.sha256("|".join(about).encode()).hexdigest()[:32]
    return user_cache_path("napari-boundaryseg") / "backends" / f"{name}.json"


def _weights_are(network: nn.Module) -> int:
    """A number that changes when weights are changed in place."""
    return sum(tensor._version for tensor in (*network.parameters(), *network.buffers()))
