"""Values to layers and back, on a viewer without a window."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.formats.format import Format
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control.apply_prediction import box_of
from napari_boundaryseg.ui.layers import access, visibility
from napari_boundaryseg.ui.layers.labels import editable_of, read_labels, show_labels
from napari_boundaryseg.ui.layers.predictions import clear_results, map_calls
from napari_boundaryseg.ui.layers.scan import show_scan

# An oblique LPS-like grid with unequal spacing.
AFFINE = np.array([[-0.9, 0.05, 0.1, 3.0], [0.04, -1.1, 0.2, -7.0], [0.06, 0.15, 2.9, 11.0], [0, 0, 0, 1]])


@pytest.fixture
def scan() -> Volume:
    array = np.random.default_rng(0).normal(100, 20, (1, 7, 6, 5)).astype(np.float32)
    return Volume(array, Geometry((7, 6, 5), AFFINE), ("T2",), "demo", "MR")


@pytest.fixture
def prediction(scan: Volume) -> Prediction:
    rng = np.random.default_rng(1)
    labels = scan.with_labels(rng.integers(0, 4, scan.geometry.shape), preset("pelvis-mr"))
    maps = {name: rng.random(scan.geometry.shape, np.float32) for name in labels.scheme.names}
    return Prediction(
        labels,
        rng.random((4, *scan.geometry.shape), np.float32),
        maps["Rectum"] * 0.5,
        maps,
        dict.fromkeys(maps, "soft head") | {"edges": "derived"},
        {"level 0": maps["Bladder"] * 1},
    )


def shown(viewer: Any, scan: Volume, prediction: Prediction) -> None:
    show_scan(viewer, scan)
    clear_results(viewer)
    show_labels(viewer, scan, prediction.labels, box_of(prediction))
    for call in map_calls(viewer, scan, prediction):
        call()


def paint_one(layer: Any) -> None:
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), (layer.data[0, 0, 0] + 1) % 4)


def test_every_layer_lies_in_mm_on_the_scan(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    names = [layer.name for layer in viewer.layers]
    assert names == [
        "demo",
        "contour: Bladder",
        "contour: Prostate",
        "contour: Rectum",
        "attention: level 0",
        "edges",
        "labels",
    ]
    for layer in viewer.layers:
        assert tuple(layer.scale) == pytest.approx(scan.geometry.display.scale_mm)
        assert {str(unit) for unit in layer.units} == {"millimeter"}
        assert layer.data.shape == scan.geometry.display.display_shape
    assert [layer.name for layer in viewer.layers if layer.visible] == ["demo", "labels"]
    assert viewer.layers["labels"].contour == 0  # its outline is drawn by `views.outline_view`
    assert viewer.layers["contour: Prostate"].metadata["source"] == "soft head"


def test_the_tooltip_says_what_a_map_means_and_where_it_comes_from(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    told = viewer.layers["contour: Prostate"].get_source_str()
    assert told.startswith("contour: Prostate\nHeat as it was taught: 1 on this organ's border")
    told = viewer.layers["edges"].get_source_str()
    assert told.startswith("edges\nProbability that a border passes here: how much")


def test_every_map_says_what_its_values_mean(scan: Volume, prediction: Prediction) -> None:
    told = {}
    for edges, contour in (("hard head", "hard head"), ("derived", "soft head"), ("derived", "derived")):
        viewer = ViewerModel()
        shown(viewer, scan, replace(prediction, contour_sources={"Bladder": contour, "edges": edges}))
        for name, source in (("edges", edges), ("contour: Bladder", contour)):
            told[name, source] = viewer.layers[name].get_source_str().split("\n")[1]
    assert told["edges", "hard head"].startswith("Probability that a border passes here, learned")
    assert told["contour: Bladder", "derived"].startswith("4 p (1 - p)")
    assert len({*told.values()}) == len(told) == 5


def test_labels_know_the_box_that_they_were_found_in(scan: Volume, prediction: Prediction) -> None:
    viewer, in_a_box = ViewerModel(), replace(prediction, details={"box": [[1, 5], [0, 6], [2, 4]]})
    shown(viewer, scan, in_a_box)
    assert viewer.layers["labels"].metadata["box"] == (slice(1, 5), slice(0, 6), slice(2, 4))
    shown(viewer, scan, prediction)
    assert viewer.layers["labels"].metadata["box"] is None
    shown(viewer, scan, in_a_box)
    assert viewer.layers["labels"].metadata["box"] is None, "all of it was looked at before"


def test_one_layer_a_call_in_the_order_of_the_work(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    show_scan(viewer, scan)
    appeared: list[str] = []
    viewer.layers.events.inserted.connect(lambda event: appeared.append(event.value.name))
    for call in map_calls(viewer, scan, prediction):
        before = len(viewer.layers)
        call()
        assert len(viewer.layers) - before <= 1
    assert appeared == ["edges", "contour: Bladder", "contour: Prostate", "contour: Rectum", "attention: level 0"]


def test_maps_that_say_nothing_get_no_layer(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, replace(prediction, details={"silent": ["edges", "contours"]}))
    assert [layer.name for layer in viewer.layers] == ["demo", "attention: level 0", "labels"]


def test_painted_labels_come_back_on_the_file_grid_and_the_prediction_is_untouched(
    scan: Volume, prediction: Prediction
) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    before = prediction.labels.array.copy()
    layer = viewer.layers["labels"]
    layer.data_setitem((np.array([2]), np.array([3]), np.array([4])), 3)
    labels = read_labels(viewer, scan)
    assert labels is not None
    expected = np.array(scan.geometry.display.to_display(before))
    expected[2, 3, 4] = 3
    np.testing.assert_array_equal(scan.geometry.display.to_display(labels.array), expected)
    np.testing.assert_array_equal(prediction.labels.array, before)
    assert labels.scheme.name == "pelvis-mr"


def test_a_second_prediction_is_a_step_and_undo_brings_corrections_back(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    shown(viewer, scan, prediction)
    assert len(access.of_kind(viewer, "labels")) == 1
    paint_one(viewer.layers["labels"])
    painted = viewer.layers["labels"].data.copy()
    shown(viewer, scan, prediction)
    assert not np.array_equal(viewer.layers["labels"].data, painted)
    for _ in range(2):  # it stops once before a whole result
        viewer.layers["labels"].undo()
    np.testing.assert_array_equal(viewer.layers["labels"].data, painted)
    assert len(access.of_kind(viewer, "edges")) == 1


def test_another_scan_takes_the_place_of_the_first(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    viewer.add_image(np.zeros((3, 3)), name="somebody else's")
    paint_one(viewer.layers["labels"])
    show_scan(viewer, Volume(scan.array, scan.geometry, ("T2",), "second"))
    assert {layer.name for layer in viewer.layers} == {"somebody else's", "second"}


def test_volumes_are_those_of_the_label_map(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    by_id = editable_of(viewer.layers["labels"]).volumes_ml()
    for organ in prediction.labels.scheme.organs:
        assert by_id[organ.id] == pytest.approx(prediction.labels.volumes_ml()[organ.name], rel=0.03)


def test_hidden_organs_are_clear(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    visibility.hide_organs(viewer, {2})
    assert viewer.layers["labels"].get_color(2)[3] == 0
    assert viewer.layers["labels"].get_color(1)[3] == 1


def test_maps_are_shown_by_kind_and_soft_contours_one_organ_at_a_time(scan: Volume, prediction: Prediction) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)

    def seen() -> list[str]:
        return [layer.name for layer in viewer.layers if layer.visible and layer.name not in ("demo", "labels")]

    for kinds, organ, expected in (
        ({"edges"}, 1, ["edges"]),
        ({"contour"}, 2, ["contour: Prostate"]),
        ({"contour", "edges"}, 3, ["contour: Rectum", "edges"]),
        ({"attention"}, 3, ["attention: level 0"]),
        (set(), 1, []),
    ):
        visibility.show_maps(viewer, kinds, organ)
        assert seen() == expected


def test_the_writer_saves_in_the_scans_exact_geometry(scan: Volume, prediction: Prediction, tmp_path: Path) -> None:
    viewer = ViewerModel()
    shown(viewer, scan, prediction)
    data, meta, _ = viewer.layers["labels"].as_layer_data_tuple()
    path = tmp_path / "out.nii.gz"
    assert hooks.write_labels(str(path), data, meta) == [str(path)]
    back = formats.read_labels(path, scan, preset("pelvis-mr"))
    np.testing.assert_array_equal(back.array, prediction.labels.array)
    np.testing.assert_allclose(back.affine, scan.affine, atol=1e-4)


def test_the_reader_gives_every_channel_and_keeps_the_volume(scan: Volume, tmp_path: Path) -> None:
    paths = []
    for name in ("t1", "t2"):
        paths.append(tmp_path / f"{name}.nii.gz")
        formats.write(scan, paths[-1])
    assert hooks.get_reader(str(tmp_path / "notes.txt")) is None
    reader = hooks.get_reader([str(path) for path in paths])
    assert reader is not None
    made = reader([str(path) for path in paths])
    assert len(made) == 2
    assert [arguments["visible"] for _, arguments, _ in made] == [False, True]
    assert made[0][1]["metadata"][access.KEY].array.shape == (2, 7, 6, 5)


def test_the_reader_asks_the_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, progress: object) -> Volume:
        array = np.frombuffer(path.read_bytes()[5:], np.uint8).reshape(2, 3, 4)
        return Volume(array[None], Geometry((2, 3, 4), np.eye(4)), name=path.name)

    slab = Format((".slab",), read, recognises=lambda path, head: head.startswith(b"SLAB "))
    assert formats.FORMATS.names()
    monkeypatch.setitem(formats.FORMATS._entries, "slab", slab)
    (tmp_path / "bare").write_bytes(b"SLAB " + bytes(range(24)))
    (tmp_path / "slice.dcm").write_bytes(bytes(128) + b"DICM" + bytes(600))
    (tmp_path / "notes").write_text("text")
    assert hooks.get_reader(str(tmp_path / "slice.dcm")) is hooks.read_layers
    assert hooks.get_reader([str(tmp_path / "bare"), str(tmp_path / "notes")]) is None
    reader = hooks.get_reader(str(tmp_path / "bare"))
    assert reader is not None
    ((_, arguments, kind),) = reader(str(tmp_path / "bare"))
    assert (kind, arguments["metadata"][access.KEY].array.sum()) == ("image", 276)
