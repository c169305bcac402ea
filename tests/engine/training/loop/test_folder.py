"""The folder of a training: one that may not be looked into is named, whatever is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.engine.training.loop.folder import claim
from napari_boundaryseg.errors import InputError


@pytest.mark.parametrize("how", [{}, {"resume": True}, {"overwrite": True}])
def test_a_closed_folder_is_named(tmp_path: Path, how: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(InputError, match="out: could not be written: Permission denied"):
        claim(tmp_path / "out", **{"resume": False, "overwrite": False, **how})
