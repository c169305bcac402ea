"""The folder of a training: one that may not be looked into is named, whatever is asked for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.loop import folder
from napari_boundaryseg.engine.training.loop.folder import claim
from napari_boundaryseg.errors import InputError


@pytest.mark.parametrize("how", [{}, {"resume": True}, {"overwrite": True}])
def test_a_closed_folder_is_named(tmp_path: Path, how: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(InputError, match="out: could not be written: Permission denied"):
        claim(tmp_path / "out", **{"resume": False, "overwrite": False, **how})


@pytest.mark.parametrize("done", range(4))
def test_one_that_is_killed_while_it_begins_again_can_still_be_resumed(
    tmp_path: Path, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(name="tiny", recipe=recipe("hippocampus-sgm"), parameters=1)
    folder.begin(tmp_path, card)
    folder.add_to_log(tmp_path, {"step": 1})
    removed, real = list[Path](), Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.exists():
            if len(removed) == done:
                raise KeyboardInterrupt
            removed.append(path)
            real(path)

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(Path, "unlink", unlink)
        folder.begin(tmp_path, card)
    assert folder.claim(tmp_path, resume=True, overwrite=False) is False


def test_to_ask_whether_a_folder_is_free_writes_nothing(tmp_path: Path) -> None:
    assert folder.is_free(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with folder.alone(tmp_path):
        assert not folder.is_free(tmp_path)
    assert folder.is_free(tmp_path)
