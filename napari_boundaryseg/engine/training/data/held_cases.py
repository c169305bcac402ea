"""Prepared cases of one training: the first in memory, the others mapped from private files in its folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.case_file import FORMAT, read_case, tensors_of, write_case
from napari_boundaryseg.engine.training.data.cases import TrainingCase
from napari_boundaryseg.engine.training.loop.begun import RULES
from napari_boundaryseg.engine.training.loop.folder import PREPARED
from napari_boundaryseg.engine.training.loop.seen_cases import digest_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled

IN_MEMORY = 2**30
"""Bytes: what small data sets need stays in memory; once there is so much, every further case goes to a file."""


class HeldCases:
    """Holds prepared cases while a training needs them.

    As a context it leaves the files of a training that was stopped, which finds them again; when one fails, its files
    go. A file is named by its scan, labels, box and recipe, and one that is not as it was written is made anew.

    Parameters
    ----------
    folder : Path
        Of the training.
    recipe : Recipe
        With the figures that were measured on the training scans.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self._folder, self._room, self._used = folder / PREPARED, IN_MEMORY, set[Path]()
        settings = recipe.model_dump_json(exclude={"steps", "seed"})
        self._recipe = f"{FORMAT} {RULES} {settings}"

    def hold(self, scan: LabelledScan, loose: bool, make: Callable[[], TrainingCase]) -> TrainingCase:
        """A scan's case: made, or found in its file.

        Parameters
        ----------
        scan : LabelledScan
        loose : bool
            Whether it is made for random boxes.
        make : callable
            Prepares it.

        Raises
        ------
        InputError
            When the disk is full or cannot be written, and whatever ``make`` raises.
        """
        if self._room > 0:
            case = make()
            self._room -= sum(one.nbytes for one in tensors_of(case).values())
            return case
        path = self._folder / f"{self._key(scan, loose)}.safetensors"
        self._used.add(path)
        found = read_case(path)
        if found is None:
            case = make()
            self._write(path, case)
            found = read_case(path) or case  # another process may have taken the file away
        return found

    def drop_others(self) -> None:
        """Remove the files that this training does not use; only for who trains alone in the folder."""
        self._remove({*self._folder.glob("*.safetensors")} - self._used)

    def remove(self) -> None:
        """Remove every file; on Windows none that is still mapped, and only for who trains alone in the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> HeldCases:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, Cancelled):
            self._remove(self._used)

    def _key(self, scan: LabelledScan, loose: bool) -> str:
        parts = [self._recipe, digest_of(scan), scan.volume.name, loose]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()

    def _write(self, path: Path, case: TrainingCase) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_case(path, case)
        except (OSError, InputError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            raise InputError(
                self._folder.parent,
                f"the prepared cases could not be written there: {cause.strerror or cause}",
                "Free some space, or train in a folder on another disk",
            ) from error

    def _remove(self, paths: set[Path]) -> None:
        with suppress(OSError):
            for path in paths:
                path.unlink(missing_ok=True)
            self._folder.rmdir()  # unless other files are in it
