"""Model files: what is written is read again, and what is wrong is refused before memory is taken."""

import json
import pickle
import resource
import struct
import zipfile

import pytest
import torch

from napari_boundaryseg.engine.checkpoints import checkpoint
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, load_model, save
from napari_boundaryseg.engine.checkpoints.model_library import cards, read_card, read_header
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    wanted = recipe("hippocampus-sgm").model_copy(update={"network_arguments": {"width": 8, "norm": "group"}})
    torch.manual_seed(0)
    network = build_network(wanted)
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    save(path, Card(name="tiny", recipe=wanted, parameters=1), network.state_dict())
    return path, network


def header_of(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def rewritten(path, tmp_path, change):
    header, body = header_of(path)
    header = change(header) or header
    text = json.dumps(header).encode()
    target = tmp_path / "changed.safetensors"
    target.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return target


def test_round_trip_in_full_and_half_precision(good, tmp_path):
    path, network = good
    loaded = load_model(path)
    assert all(
        torch.equal(a, b)
        for a, b in zip(network.state_dict().values(), loaded.network.state_dict().values(), strict=True)
    )
    save(tmp_path / "half.safetensors", loaded.card, network.state_dict(), half=True)
    assert (tmp_path / "half.safetensors").stat().st_size < 0.6 * path.stat().st_size
    half = load_model(tmp_path / "half.safetensors").network.state_dict()
    for name, value in network.state_dict().items():
        assert half[name].dtype == torch.float32
        torch.testing.assert_close(half[name], value, rtol=1e-3, atol=1e-4)


def test_the_card_is_read_without_weights(good):
    card, sha256 = read_card(good[0])
    assert card.name == "tiny"
    assert len(sha256) == 64
    assert cards([good[0].parent])[-1][0].name == "tiny"


def first_tensor(header):
    return next(name for name in header if name != "__metadata__")


def cut_metadata(header):
    del header["__metadata__"]


def wrong_card(header):
    header["__metadata__"]["card"] = header["__metadata__"]["card"].replace('"name":"tiny"', '"name":"tiny","evil":1')


def code_in_card(header):
    card = json.loads(header["__metadata__"]["card"])
    card["recipe"]["network_arguments"]["width"] = "$import os"
    header["__metadata__"]["card"] = json.dumps(card)


def huge_width(header):
    card = json.loads(header["__metadata__"]["card"])
    card["recipe"]["network_arguments"]["width"] = 4096
    header["__metadata__"]["card"] = json.dumps(card)


def unknown_network(header):
    card = json.loads(header["__metadata__"]["card"])
    card["recipe"]["network"] = "os.system"
    header["__metadata__"]["card"] = json.dumps(card)


def expanded(header):
    header[first_tensor(header)]["shape"] = [4_000_000_000]


def negative(header):
    header[first_tensor(header)]["data_offsets"] = [-8, 0]


def odd_dtype(header):
    header[first_tensor(header)]["dtype"] = "PICKLE"


def renamed(header):
    return {("other" if name == first_tensor(header) else name): value for name, value in header.items()}


@pytest.mark.parametrize(
    "change",
    [cut_metadata, wrong_card, code_in_card, huge_width, unknown_network, expanded, negative, odd_dtype, renamed],
)
def test_a_hostile_header_is_refused_in_one_sentence(good, tmp_path, change):
    path = rewritten(good[0], tmp_path, change)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert str(caught.value).startswith("changed.safetensors: ")
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


HUGE = {"window": (100_000,) * 3, "patch": (1500,) * 3, "long": (1, 1, 513), "big": (512, 512, 65)}
CARDS = {
    "window above all memory": ("inference.window_vox", HUGE["window"]),
    "patch above all memory": ("patch_vox", HUGE["patch"]),
    "patch too long": ("patch_vox", HUGE["long"]),
    "patch too big": ("patch_vox", HUGE["big"]),
    "patch of nothing": ("patch_vox", (0, 16, 16)),
    "spacing of 0.1 um": ("preprocessing.spacing_mm", (1e-4, 1, 1)),
    "spacing without end": ("preprocessing.spacing_mm", (1, float("inf"), 1)),
    "spacing no number": ("preprocessing.spacing_mm", (1, 1, float("nan"))),
    "percentiles outside": ("preprocessing.clip_percentiles", (-5, 400)),
    "percentiles swapped": ("preprocessing.clip_percentiles", (99, 1)),
    "percentiles no number": ("preprocessing.clip_percentiles", (float("nan"), 99)),
    "HU swapped": ("preprocessing.clip_hu", (5, -5)),
    "field of 0 mm": ("expected_field_mm", (0, 40, 40)),
    "field without end": ("expected_field_mm", (40, 40, float("inf"))),
    "windows on windows": ("inference.overlap", 0.9999999),
    "500 mirrors": ("inference.flip_axes", ("x",) * 500),
    "the same mirror twice": ("inference.flip_axes", ("x", "x")),
    "blur without end": ("augmentation.blur_mm", 1e12),
    "contour without end": ("targets.sigma_mm", 1e12),
    "batch without end": ("batch", 10**12),
    "batch of large patches": ("batch", 1024),
    "many channels in large windows": ("channels", tuple(map(str, range(64)))),
    "many organs in large windows": (
        "scheme.organs",
        tuple({"id": n, "name": str(n), "colour": "#112233"} for n in range(1, 101)),
    ),
    "seed below 0": ("seed", -1),
    "width of 1028": ("network_arguments.width", 1028),
    "width of 4e13": ("network_arguments.width", 4 * 10**13),
    "width of 4e40": ("network_arguments.width", 4 * 10**40),
    "width no number": ("network_arguments.width", float("nan")),
    "dims by hand": ("network_arguments.dims", 2),
    "channels by hand": ("network_arguments.in_channels", 1),
    "classes by hand": ("network_arguments.classes", 3),
    "clear by hand": ("network_arguments.clear", 0),
    "blurry by hand": ("network_arguments.blurry", 2),
    "organ's tolerance without end": ("scheme.organs.0.tolerance_mm", float("inf")),
    "loss without end": ("losses.wce-dice", float("inf")),
}


def with_setting(key, value):
    """A change of one setting of the recipe on the card."""

    def change(header):
        card = json.loads(header["__metadata__"]["card"])
        *groups, last = key.split(".")
        place = card["recipe"]
        for group in groups:
            place = place[int(group)] if isinstance(place, list) else place[group]
        place[last] = value
        header["__metadata__"]["card"] = json.dumps(card)

    return change


@pytest.mark.parametrize("row", CARDS)
def test_a_hostile_card_is_refused_in_one_sentence_before_memory_is_taken(good, tmp_path, row):
    path = rewritten(good[0], tmp_path, with_setting(*CARDS[row]))
    if "large" in row:
        for key in ("patch_vox", "inference.window_vox"):
            path = rewritten(path, tmp_path, with_setting(key, (256, 256, 256)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert str(caught.value).startswith("changed.safetensors: ")
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)
    assert "too large for so many" in str(caught.value) or "large" not in row
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("error", [RuntimeError, TypeError, ValueError, OverflowError])
def test_a_network_that_fails_while_it_is_built_is_refused(good, monkeypatch, error):
    def broken(recipe):
        raise error("deep inside")

    monkeypatch.setattr(checkpoint, "build_network", broken)
    with pytest.raises(InputError, match=r"tiny\.safetensors: the network 'sgm' cannot be built"):
        load_model(good[0])


def test_whole_numbers_of_a_card_stay_whole(good, tmp_path):
    lists = {"kernels": (3, 5), "shares": (0.5, 2.0), "names": ("a", "b"), "flag": True, "n": 3, "nothing": None}
    card = load_model(good[0]).card
    wanted = card.recipe.model_copy(update={"loss_arguments": {"any": lists}})
    save(tmp_path / "a.safetensors", card.model_copy(update={"recipe": wanted}), good[1].state_dict())
    found = read_card(tmp_path / "a.safetensors")[0].recipe.loss_arguments["any"]
    assert found == lists
    assert {name: repr(value) for name, value in found.items()} == {name: repr(value) for name, value in lists.items()}


@pytest.mark.parametrize("keep", [0, 4, 8, 100, 5000, -1])
def test_a_cut_file_is_refused(good, tmp_path, keep):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(good[0].read_bytes()[:keep])
    with pytest.raises(InputError, match=r"cut\.safetensors"):
        load_model(path)


def test_an_absurd_header_length_is_refused(tmp_path):
    path = tmp_path / "long.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_header(path)


def test_files_that_can_hold_code_are_never_opened(tmp_path):
    plain, zipped = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    plain.write_bytes(pickle.dumps({"a": 1}))
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("data.pkl", b"x")
    for path in (plain, zipped):
        with pytest.raises(InputError, match="can contain code"):
            load_model(path)
    (tmp_path / "model.pt").write_bytes(b"anything at all")
    with pytest.raises(InputError, match="can contain code"):
        load_model(tmp_path / "model.pt")


def test_weights_that_are_not_numbers_are_refused_by_name(good, tmp_path):
    path, network = good
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    weights["segment.bias"][0] = float("nan")
    save(tmp_path / "nan.safetensors", load_model(path).card, weights)
    with pytest.raises(InputError, match=r"segment\.bias"):
        load_model(tmp_path / "nan.safetensors")


def test_a_data_parallel_prefix_is_stripped(good, tmp_path):
    path, network = good
    save(
        tmp_path / "p.safetensors",
        load_model(path).card,
        {f"module.{name}": value for name, value in network.state_dict().items()},
    )
    assert torch.equal(
        load_model(tmp_path / "p.safetensors").network.state_dict()["segment.bias"],
        network.state_dict()["segment.bias"],
    )


def test_saving_onto_the_loaded_file_works(good, tmp_path):
    path = tmp_path / "again.safetensors"
    path.write_bytes(good[0].read_bytes())
    loaded = load_model(path)
    save(path, loaded.card, loaded.network.state_dict())
    assert load_model(path).card.name == "tiny"


def test_an_unknown_name_says_what_there_is(tmp_path):
    with pytest.raises(InputError, match="there is no such model"):
        load_model("no-such-model")
