"""Finding models and reading their cards: from anyone's files, with one sentence for whatever is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from patience import PATIENCE_S

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.checkpoints.model_library import cards, find, read_card, read_header, shipped
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError


def write_model(path: Path, name: str = "tiny", seed: int = 0) -> Path:
    wanted = recipe("hippocampus-sgm").model_copy(update={"network_arguments": {"width": 4, "norm": "group"}})
    torch.manual_seed(seed)
    save(path, Card(name=name, recipe=wanted, parameters=1), build_network(wanted).state_dict())
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "tiny.safetensors")


def with_header(good: Path, target: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """The same weights under a changed header; `change` may return bytes to be written as they are."""
    data = good.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    changed = change(header)
    text = changed if isinstance(changed, bytes) else json.dumps(changed or header).encode()
    target.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    return target


def one_sentence(error: InputError, path: Path) -> str:
    said = str(error)
    assert said.startswith(f"{path.name}: ")
    assert "\n" not in said
    assert len(said) < 600
    assert str(path.parent) not in said
    return said


SHIPPED = [
    "brain-tumour-bacnn",
    "brain-tumour-egcnn",
    "hippocampus-hmedn",
    "hippocampus-sgm",
    "pelvis-mr-sgm",
    "sarcoma-t1",
]


def test_shipped_models_are_found_by_name_and_can_be_read() -> None:
    assert list(shipped()) == SHIPPED
    for name, path in shipped().items():
        assert find(name) == path
        card, sha256 = read_card(path)
        assert card.name == name
        assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_is_found_in_a_folder_and_by_its_path(good: Path) -> None:
    assert find("tiny", [good.parent]) == good
    assert find(good) == find(str(good)) == good


def test_a_folder_does_not_hide_a_shipped_model(tmp_path: Path) -> None:
    write_model(tmp_path / "hippocampus-sgm.safetensors")
    assert find("hippocampus-sgm", [tmp_path]) == shipped()["hippocampus-sgm"]


@pytest.mark.parametrize(
    "name",
    [
        "no-such-model",
        "",
        ".",
        "..",
        "/",
        "a\0b",
        "x" * 5000,
        "x/" * 3000,
        "a\nb",
        "hippocampus-sgm.safetensors",
        "../weights/hippocampus-sgm",
        "病例",
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(
    good: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="there is no such model") as caught:
        find(name, [good.parent])
    assert f"Choose one of {', '.join(SHIPPED)}, tiny, or give a model file" in str(caught.value)


def test_without_any_model_the_sentence_still_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_library, "WEIGHTS", tmp_path)
    assert shipped() == {}
    with pytest.raises(InputError, match="Choose one of your own files, or give a model file"):
        find("hippocampus-sgm")


def test_readable_models_are_listed_and_others_left_out(good: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "b.safetensors", "other")
    (tmp_path / "a.safetensors").write_bytes(good.read_bytes()[:-1])
    (tmp_path / "c.safetensors").mkdir()
    (tmp_path / "d.txt").write_text("no model")
    found = cards([tmp_path, tmp_path / "missing"])
    assert [card.name for card, _ in found] == [*SHIPPED, "other"]
    assert found[-1][1] == tmp_path / "b.safetensors"


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    path = write_model(tmp_path / "a.safetensors", "first")
    first = read_card(path)
    write_model(path, "second", seed=1)
    os.utime(path, ns=(1, 1))
    second = read_card(path)
    assert (first[0].name, second[0].name) == ("first", "second")
    assert first[1] != second[1]


def only_metadata(header: dict[str, Any]) -> dict[str, Any]:
    return {"__metadata__": header["__metadata__"]}


def tensor_of(header: dict[str, Any]) -> dict[str, Any]:
    return header[next(name for name in header if name != "__metadata__")]


def set_shape(value: object) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        tensor_of(header)["shape"] = value

    return change


def set_offsets(value: object) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        tensor_of(header)["data_offsets"] = value

    return change


def set_dtype(value: object) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        tensor_of(header)["dtype"] = value

    return change


def set_tensor(value: object) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        header["extra"] = value

    return change


def set_metadata(value: object) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        header["__metadata__"] = value

    return change


def more_metadata(value: object) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        header["__metadata__"]["more"] = value

    return change


def numbers_as_text(header: dict[str, Any]) -> None:
    tensor = tensor_of(header)
    tensor["shape"] = [str(n) for n in tensor["shape"]]


def decimals(header: dict[str, Any]) -> None:
    tensor = tensor_of(header)
    tensor["data_offsets"] = [n + 0.25 for n in tensor["data_offsets"]]


def shape_as_text(header: dict[str, Any]) -> None:
    header["extra"] = {"dtype": "U8", "shape": "0", "data_offsets": [0, 0]}


HEADERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no json": lambda header: b"{{{{",
    "a list": lambda header: b"[1, 2]",
    "a number": lambda header: b"17",
    "null": lambda header: b"null",
    "an empty object": lambda header: b"{}",
    "no utf-8": lambda header: b'{"a": "\xff\xfe"}',
    "utf-16": lambda header: json.dumps(header).encode("utf-16"),
    "leading spaces": lambda header: b"  " + json.dumps(header).encode(),
    "nested": lambda header: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested lists": lambda header: b"[" * 200_000,
    "a number of 10,000 digits": lambda header: b'{"a": ' + b"9" * 10_000 + b"}",
    "only a card": only_metadata,
    "infinite shape": set_shape([float("inf")]),
    "not a number in the shape": set_shape([float("nan")]),
    "infinite offsets": set_offsets([0, float("inf")]),
    "negative shape": set_shape([-1, -1]),
    "nested shape": set_shape([[1]]),
    "no shape": set_shape(None),
    "one offset": set_offsets([0]),
    "three offsets": set_offsets([0, 1, 2]),
    "offsets as an object": set_offsets({"0": 1, "4": 2}),
    "numbers as text": numbers_as_text,
    "shape as text": shape_as_text,
    "decimals": decimals,
    "dtype as a list": set_dtype(["F32"]),
    "dtype as a number": set_dtype(4),
    "no dtype": set_dtype(None),
    "a tensor that is a number": set_tensor(5),
    "a tensor that is a list": set_tensor([]),
    "a tensor without fields": set_tensor({}),
    "a tensor on top of another": set_tensor({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}),
    "a shape of a million numbers": set_tensor({"dtype": "F32", "shape": [9] * 1_000_000, "data_offsets": [0, 4]}),
    "metadata as a list": set_metadata(["card"]),
    "metadata as text": set_metadata("card"),
    "no metadata": set_metadata(None),
    "a number in the metadata": more_metadata(5),
    "an object in the metadata": more_metadata({}),
    "the card as an object": set_metadata({"card": {}}),
    "the card as no json": set_metadata({"card": "{"}),
    "an empty card": set_metadata({"card": "{}"}),
    "a card that is a list": set_metadata({"card": "[]"}),
    "a nested card": set_metadata({"card": "[" * 100_000}),
}


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS)
def test_a_hostile_header_is_refused_in_one_sentence(
    good: Path, tmp_path: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    path = with_header(good, tmp_path / "bad.safetensors", change)
    with pytest.raises(InputError) as caught:
        read_card(path)
    one_sentence(caught.value, path)


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**63, 2**64 - 1, model_library.MAX_HEADER + 1])
def test_a_wrong_length_of_the_header_is_refused(good: Path, tmp_path: Path, length: int) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(struct.pack("<Q", length) + good.read_bytes()[8:])
    with pytest.raises(InputError) as caught:
        read_header(path)
    one_sentence(caught.value, path)


FILES = {
    "empty": b"",
    "one byte": b"\0",
    "eight zeros": bytes(8),
    "text": b"This is a letter, and no model at all.\n" * 50,
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "html": b"<!DOCTYPE html><html>not found</html>",
    "git lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2\nsize 12345\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="it is not a whole safetensors file") as caught:
        read_card(path)
    one_sentence(caught.value, path)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.02, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_refused(good: Path, tmp_path: Path, part: float) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(good.read_bytes()[: int(part * good.stat().st_size)])
    with pytest.raises(InputError) as caught:
        read_card(path)
    one_sentence(caught.value, path)


def test_bytes_behind_the_last_tensor_are_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.safetensors"
    path.write_bytes(good.read_bytes() + b"more")
    with pytest.raises(InputError, match=r"its tensors need \d+ bytes, the file holds") as caught:
        read_card(path)
    one_sentence(caught.value, path)


@pytest.mark.parametrize(
    "second, said",
    [
        ([4, 8], None),
        ([0, 4], "overlap or leave holes"),
        ([2, 6], "overlap or leave holes"),
        ([8, 12], "overlap or leave holes"),
        ([4, 12], "the tensor 'b' does not fit its place"),
    ],
)
def test_tensors_fill_the_file_without_holes(tmp_path: Path, second: list[int], said: str | None) -> None:
    header = {
        "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "b": {"dtype": "F32", "shape": [1, 1], "data_offsets": second},
    }
    text = json.dumps(header).encode()
    path = tmp_path / "two.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(max(second)))
    if said is None:
        assert read_header(path) == header
        return
    with pytest.raises(InputError, match=said):
        read_header(path)


def test_what_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    for name, said in (
        ("folder.safetensors", "Is a directory"),
        ("missing.safetensors", "No such file"),
        ("x" * 5000, "File name too long"),
    ):
        with pytest.raises(InputError, match=said):
            read_card(tmp_path / name)


def test_a_card_with_an_unknown_field_names_it(good: Path, tmp_path: Path) -> None:
    def change(header: dict[str, Any]) -> None:
        card = json.loads(header["__metadata__"]["card"])
        card["recipe"]["optimiser"]["momentum"] = 0.9
        header["__metadata__"]["card"] = json.dumps(card)

    path = with_header(good, tmp_path / "bad.safetensors", change)
    with pytest.raises(InputError, match=r"its card is wrong at 'recipe\.optimiser\.momentum'"):
        read_card(path)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "a b", "x" * 129, "a\nb", "é"])
def test_a_cards_name_is_safe_as_a_file_name(good: Path, tmp_path: Path, name: str) -> None:
    def change(header: dict[str, Any]) -> None:
        card = json.loads(header["__metadata__"]["card"])
        card["name"] = name
        header["__metadata__"]["card"] = json.dumps(card)

    with pytest.raises(InputError, match="its card is wrong at 'name'"):
        read_card(with_header(good, tmp_path / "bad.safetensors", change))


def test_cards_are_read_without_torch() -> None:
    code = (
        "import sys\nfrom napari_boundaryseg.engine.checkpoints.model_library import cards\n"
        f"assert len(cards()) == {len(SHIPPED)}\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize("length", [0x0480, 0x0580, 0x5480, 0x4B50])
def test_a_header_whose_length_begins_like_a_pickle_or_a_zip_file_is_read(tmp_path: Path, length: int) -> None:
    path = tmp_path / "unlucky.safetensors"
    start = struct.pack("<Q", length)
    assert start[:1] == b"\x80" or start[:2] == b"PK"
    path.write_bytes(start + b"{}".ljust(length))
    assert read_header(path) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory used, with a sparse file of a terabyte")
@pytest.mark.parametrize(
    ("tensor", "size", "said"),
    [
        ({"dtype": "F32", "shape": [2**38], "data_offsets": [0, 2**40]}, 2**40, None),
        ({"dtype": "F32", "shape": [2**38], "data_offsets": [0, 2**40]}, 100, "its tensors need 1099511627776 bytes"),
        ({"dtype": "F32", "shape": [], "data_offsets": [0, 4]}, 2**40, "its tensors need 4 bytes"),
        ({"dtype": "F32", "shape": [2**62] * 2, "data_offsets": [0, 2**40]}, 2**40, "does not fit its place"),
        ({"dtype": "F32", "shape": [9] * 1_000_000, "data_offsets": [0, 100]}, 100, "does not fit its place"),
    ],
    ids=["large", "cut", "long", "overflow", "a million axes"],
)
def test_a_header_takes_no_memory_for_what_it_promises(
    tmp_path: Path, tensor: dict[str, Any], size: int, said: str | None
) -> None:
    text = json.dumps({"a": tensor}).encode()
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size)
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from napari_boundaryseg.engine.checkpoints.model_library import InputError, read_header\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_header(Path(sys.argv[1]))\nexcept InputError as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    *sentences, kilobytes = done.stdout.splitlines()
    assert int(kilobytes) < 200_000
    assert len(sentences) == (said is not None)
    assert said is None or said in sentences[0]


@pytest.mark.parametrize("name", sorted(model_library.shipped()))
def test_a_shipped_model_has_the_label_scheme_that_is_chosen_by_its_name(name: str) -> None:
    """Else a result of it would not be put into labels that somebody began with the same scheme."""
    scheme = model_library.read_card(model_library.shipped()[name])[0].recipe.scheme
    assert scheme == preset(scheme.name)
