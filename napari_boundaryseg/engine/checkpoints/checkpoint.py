"""Checkpoints: weights and card in one safetensors file. There is no pickle path."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from napari_boundaryseg import models
from napari_boundaryseg.data.nested_regions import organs_between
from napari_boundaryseg.data.saving import atomic_bytes
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS, find, read_card, read_header
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.nested import by_regions
from napari_boundaryseg.models.slicewise import SliceWise

_ADVICE = "Choose a model file written by napari-boundaryseg"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network with its weights, and its card.

    Parameters
    ----------
    card : Card
    network : nn.Module
        In evaluation mode, float32, on the CPU.
    sha256 : str
        Of the file.
    path : Path
    """

    card: Card
    network: nn.Module
    sha256: str
    path: Path

    @property
    def title(self) -> str:
        """What its results are called after: the file, where that says the version (NAME-v2), else the card's name."""
        return self.path.stem if self.path.stem.startswith(self.card.name) else self.card.name

    @property
    def ships(self) -> bool:
        """Whether it is a file of the program: what was measured of a model by its name holds for that one."""
        return self.path.parent == WEIGHTS

    @property
    def base(self) -> str:
        """The name of the model that it was fine-tuned from; empty where it ships, or began with fresh weights."""
        return "" if self.ships else self.card.parent.rsplit(" ", 1)[0]


def build_network(recipe: Recipe) -> nn.Module:
    """A recipe's network with fresh weights."""
    network = models.build(
        recipe.network,
        dims=recipe.dims,
        in_channels=recipe.in_channels,
        classes=len(recipe.nested) or len(recipe.scheme.ids) + 1,
        clear=len(recipe.clear),
        blurry=len(recipe.blurry),
        **recipe.network_arguments,
    )
    if recipe.nested:
        network = by_regions(network, organs_between(recipe.nested))
    return SliceWise(network, recipe.plane) if recipe.dims == 2 else network


def save(path: Path, card: Card, weights: Mapping[str, Tensor], half: bool = False) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    path : Path
    card : Card
    weights : mapping
        The network's state.
    half : bool
        Store in half precision; loaded as float32 again.
    """
    tensors = {}
    for name, value in weights.items():
        value = value.detach().cpu()
        tensors[name] = value.to(torch.float16 if half and value.is_floating_point() else value.dtype).contiguous()
    atomic_bytes(path, to_bytes(tensors, metadata={"card": card.model_dump_json()}))


def load_model(name_or_path: str | Path, folders: Iterable[Path] = ()) -> LoadedModel:
    """Load a shipped model by name, one in these folders, or a checkpoint file.

    Raises
    ------
    InputError
        For a file that is damaged, can hold code, or whose weights do not fit the network that its card names.
        Sizes are checked before memory is taken.

    Examples
    --------
    >>> model = load_model("hippocampus-sgm")
    >>> model.card.recipe.scheme.names
    ('Hippocampus_A', 'Hippocampus_P')
    """
    path = find(name_or_path, folders)
    card, sha256 = read_card(path)
    header = read_header(path)
    names = [name.removeprefix("module.") for name in header if name != "__metadata__"]
    if len(set(names)) < len(names):
        raise InputError(path, "it holds the same weights twice, with and without the prefix 'module.'", _ADVICE)
    stored = {
        name.removeprefix("module."): tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
    }
    if faults := _differences(stored, _planned(path, card.recipe)):
        raise InputError(path, f"its weights do not fit the network on its card ({faults})", _ADVICE)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputError(path, "it was changed while it was read", "Try again")
    weights = {name.removeprefix("module."): value for name, value in load(data).items()}
    for name, value in weights.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise InputError(path, f"the weights of {name!r} are not all numbers", "Train or download the model again")
    network = build_network(card.recipe)
    network.load_state_dict({n: v.float() if v.is_floating_point() else v for n, v in weights.items()})
    return LoadedModel(card, network.eval(), sha256, path)


def check_continues(model: LoadedModel, recipe: Recipe) -> None:
    """Refuse a model whose weights are not those of a recipe's network, as what a training begins with."""
    if model.card.recipe.nested != recipe.nested:
        raise InputError(
            model.path,
            f"it was taught other regions than those of {recipe.name}",
            "Start with a model of the same regions, in the same order of integers",
        )
    stored = {name: tuple(value.shape) for name, value in model.network.state_dict().items()}
    if faults := _differences(stored, _planned(model.path, recipe)):
        raise InputError(
            model.path,
            f"its weights do not fit the network of {recipe.name} ({faults})",
            "Start with a model of the same network, width and organs",
        )


def _planned(path: Path, recipe: Recipe) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that a card asks for, without the memory for them."""
    try:
        with torch.device("meta"):
            return {name: tuple(value.shape) for name, value in build_network(recipe).state_dict().items()}
    except InputError as error:
        raise InputError(path, f"its card is wrong at {error.subject!r:.60}: {error.reason:.120}", _ADVICE) from error
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            path, f"the network {recipe.network!r:.60} cannot be built as its card says", _ADVICE
        ) from error


def _differences(stored: Mapping[str, tuple[int, ...]], planned: Mapping[str, tuple[int, ...]]) -> str:
    """Which weights are missing, unknown, or of another shape: the first few."""
    faults = [f"{name} is missing" for name in planned if name not in stored]
    faults += [f"{name} is unknown" for name in stored if name not in planned]
    faults += [
        f"{name} is {stored[name]}, not {shape}"
        for name, shape in planned.items()
        if name in stored and stored[name] != shape
    ]
    return "; ".join(faults[:4]) + (f"; and {len(faults) - 4} more" if len(faults) > 4 else "")
