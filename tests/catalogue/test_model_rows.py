"""Rows 65 to 80 of the catalogue, as far as no test of models makes the fault."""

from __future__ import annotations

import ast
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network, load_model, save
from napari_boundaryseg.engine.inference.predictor import predict
from napari_boundaryseg.engine.recipes.recipe import Preprocessing, Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError

from .helpers import refused


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def saved(value: Any, **how: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **how)
    return stream.getvalue()


HOSTILE: dict[str, Callable[[Path], bytes]] = {
    "zip": lambda path: saved({"a": Payload(path)}),
    "legacy": lambda path: saved({"a": Payload(path)}, _use_new_zipfile_serialization=False),
    "raw pickle": lambda path: pickle.dumps(Payload(path)),
    "pickle of protocol 0": lambda path: pickle.dumps(Payload(path), protocol=0),
    "whole module": lambda path: saved(torch.nn.Conv3d(1, 1, 1)),
    "TorchScript": lambda path: _script(),
    "weights alone": lambda path: saved({"w": torch.zeros(3)}),
}


def _script() -> bytes:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(torch.nn.Conv3d(1, 1, 1), torch.zeros(1, 1, 2, 2, 2)), stream)
    return stream.getvalue()


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".bin"])
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_can_hold_code_is_refused_under_any_name_and_runs_nothing(tmp_path: Path, kind: str, suffix: str) -> None:
    sign, path = tmp_path / "it ran", tmp_path / f"model{suffix}"
    path.write_bytes(HOSTILE[kind](sign))
    refused(lambda: load_model(path), path.name, "", tmp_path)
    assert not sign.exists()


ARCHIVES = {
    "traversal": ["../../evil"],
    "absolute": ["/evil"],
    "same name twice": ["a", "a"],
    "names that differ in case": ["A", "a"],
    "many entries": [str(n) for n in range(5000)],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("suffix", [".zip", ".safetensors", ".pt"])
@pytest.mark.parametrize("kind", ARCHIVES)
def test_no_archive_is_opened_whatever_is_in_it(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"bundle{suffix}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ARCHIVES[kind]:
            archive.writestr(name, b"\0" * 1000)
    refused(lambda: load_model(path), path.name, "can contain code", tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("where", ["https://example.org/model.safetensors", "http://127.0.0.1/m", "file:///etc/passwd"])
def test_a_model_is_never_fetched(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def planted(*arguments: object, **more: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", planted)
    monkeypatch.setattr(socket, "getaddrinfo", planted)
    with pytest.raises(InputError, match="there is no such model"):
        load_model(where)


NETWORK = {"http", "urllib", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "xmlrpc", "socketserver", "pooch"}


def test_the_program_knows_no_way_into_a_network(package: Path) -> None:
    found = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{path.name}: {name}" for name in names if name.partition(".")[0] in NETWORK]
            if isinstance(node, ast.Attribute) and node.attr in ("create_connection", "connect_ex", "urlopen", "bind"):
                found.append(f"{path.name}: {node.attr}")
    assert found == []


def small(**changes: Any) -> Recipe:
    arguments = {"width": 4, "norm": "group"}
    update = {"network_arguments": arguments, "expected_field_mm": None, "preprocessing": Preprocessing(), **changes}
    return recipe("hippocampus-sgm").model_copy(update=update)


def test_weights_of_other_classes_or_channels_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    from napari_boundaryseg.data.labels import preset

    weights = build_network(small()).state_dict()
    for name, changes in (("classes", {"scheme": preset("pelvis-mr")}), ("channels", {"channels": ("T1", "T2")})):
        path = tmp_path / f"{name}.safetensors"
        save(path, Card(name="tiny", recipe=small(**changes), parameters=1), weights)
        fault = refused(lambda path=path: load_model(path), path.name, "do not fit the network on its card", tmp_path)
        assert str(fault).count(";") <= 10


@pytest.mark.parametrize("patch", [(13, 17, 19), (5, 5, 5), (1, 1, 1)])
def test_a_patch_that_strides_do_not_divide_is_padded(patch: tuple[int, int, int]) -> None:
    wanted = small(patch_vox=patch)
    model = LoadedModel(
        Card(name="tiny", recipe=wanted, parameters=0), build_network(wanted).eval(), "0" * 64, Path("x")
    )
    array = np.random.default_rng(0).normal(size=(1, 6, 7, 5)).astype(np.float32)
    assert predict(Volume(array, Geometry((6, 7, 5), np.eye(4)), name="s"), model).labels.array.shape == (6, 7, 5)


@pytest.mark.parametrize(
    "card",
    [
        {"recipe": "$import os"},
        {"recipe": {"_target_": "os.system", "args": ["id"]}},
        {"__class__": "x"},
        {"format": "!!python/object/apply:os.system ['id']"},
        {"logging": {"class": "logging.StreamHandler", "args": "(__import__('os').system('id'),)"}},
    ],
)
def test_a_card_is_data_and_an_unknown_name_in_it_is_refused(tmp_path: Path, card: dict[str, Any]) -> None:
    from safetensors.torch import save as to_bytes

    whole = json.loads(Card(name="tiny", recipe=small(), parameters=1).model_dump_json())
    path = tmp_path / "evil.safetensors"
    path.write_bytes(to_bytes(build_network(small()).state_dict(), metadata={"card": json.dumps({**whole, **card})}))
    refused(lambda: load_model(path), path.name, "its card is wrong", tmp_path)


def test_a_network_that_raises_is_an_error_and_no_prediction() -> None:
    wanted = small()
    network = build_network(wanted).eval()
    network.register_forward_hook(lambda *_: (_ for _ in ()).throw(RuntimeError("planted")))
    model = LoadedModel(Card(name="tiny", recipe=wanted, parameters=0), network, "0" * 64, Path("x"))
    array = np.random.default_rng(0).normal(size=(1, 16, 16, 16)).astype(np.float32)
    with pytest.raises(RuntimeError, match="planted"):
        predict(Volume(array, Geometry((16, 16, 16), np.eye(4)), name="s"), model)
