"""Nothing in a model or recipe is said twice: what a check looks at is what is used."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save as to_bytes

from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, load_model
from napari_boundaryseg.engine.checkpoints.model_library import read_card, read_header
from napari_boundaryseg.engine.recipes.recipe import Recipe, read_recipe
from napari_boundaryseg.engine.recipes.recipe_file import recipe_of_file
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError


def small() -> Recipe:
    return recipe("hippocampus-sgm").model_copy(update={"network_arguments": {"width": 4, "norm": "group"}})


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return build_network(small()).state_dict()


def model(tmp_path: Path, tensors: dict[str, torch.Tensor] | None = None, card: str | None = None) -> Path:
    text = card or Card(name="tiny", recipe=small(), parameters=1).model_dump_json()
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(to_bytes(tensors or weights(), metadata={"card": text}))
    return path


def with_header(path: Path, old: str, new: str) -> Path:
    """The same file with a piece of its header's text replaced."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    text = data[8 : 8 + length].decode().rstrip()
    assert old in text
    changed = text.replace(old, new, 1).encode()
    path.write_bytes(struct.pack("<Q", len(changed)) + changed + data[8 + length :])
    return path


def test_a_tensor_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    path = model(tmp_path)
    name, entry = next((n, e) for n, e in read_header(path).items() if n != "__metadata__")
    listed = f'"{name}":{json.dumps(entry, separators=(",", ":"))}'
    with pytest.raises(InputError, match=r"tiny\.safetensors: in its header '.*' stands there twice"):
        read_header(with_header(path, listed, f"{listed},{listed}"))


def test_metadata_or_a_place_said_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'__metadata__' stands there twice"):
        read_header(with_header(model(tmp_path), "{", '{"__metadata__":{},'))
    with pytest.raises(InputError, match="'dtype' stands there twice"):
        read_header(with_header(model(tmp_path), '"dtype":"F32"', '"dtype":"F32","dtype":"F32"'))


def test_weights_with_and_without_the_prefix_of_data_parallel_are_refused(tmp_path: Path) -> None:
    tensors = weights()
    name = next(iter(tensors))
    path = model(tmp_path, {**tensors, f"module.{name}": torch.zeros_like(tensors[name])})
    with pytest.raises(InputError, match=r"tiny\.safetensors: it holds the same weights twice"):
        load_model(path)


def test_a_setting_of_the_card_said_twice_is_refused(tmp_path: Path) -> None:
    text = Card(name="tiny", recipe=small(), parameters=1).model_dump_json()
    path = model(tmp_path, card=text.replace('"parameters":1', '"parameters":1,"parameters":2'))
    with pytest.raises(InputError, match=r"tiny\.safetensors: its card is wrong.*'parameters' stands there twice"):
        read_card(path)


def test_a_setting_of_a_recipe_said_twice_is_refused(tmp_path: Path) -> None:
    text = small().model_dump_json().replace('"batch":', '"batch":1,"batch":', 1)
    with pytest.raises(ValidationError, match="'batch' stands there twice"):
        read_recipe(text)
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(InputError, match=r"^mine\.json: it is no recipe: .*'batch' stands there twice\."):
        recipe_of_file(tmp_path / "mine.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no recipe: "),
        ("[1, 2]", "it is no recipe: "),
        ('{"name": "x"}', "its setting 'scheme' is wrong: "),
        (small().model_dump_json().replace('"batch":', '"btach":', 1), "its setting 'btach' is wrong: "),
        (small().model_dump_json().replace('"name":"', '"name":"../', 1), "its setting 'name' is wrong: "),
    ],
)
def test_a_recipes_file_and_setting_are_named_and_no_folder(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(InputError) as caught:
        recipe_of_file(tmp_path / "mine.json")
    assert str(caught.value).startswith(f"mine.json: {reason}")
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)
