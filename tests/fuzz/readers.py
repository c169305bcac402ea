"""What is fuzzed: for every reader its sound files, how they are damaged, and what reading them means."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from . import mutations, seeds
from .fields import (
    dicom_elements,
    gzip_body,
    meta_body,
    meta_voxels,
    nifti_fields,
    nrrd_body,
    nrrd_voxels,
    safetensors_header,
)
from .mutations import BYTES, Mutation, header_lines, json_values, sealed_values, table_cells
from .readings import (
    certificate,
    dataset,
    journal,
    model,
    model_warm,
    project,
    recipe,
    scan,
)
from .seeds import Files


@dataclass(frozen=True)
class Reader:
    """One reader under test.

    Parameters
    ----------
    make : callable
        Sound files, several sets of them; given a folder to work in.
    use : callable
        Reads a damaged set in a folder as the program does. Raises what the reader raises, and `Silent`.
    damaged : str
        Which files of a set are damaged: a pattern of their names.
    structured : tuple of callables
        Changes that know the format, beside those of bytes.
    sealed : callable
        The part of a file in which a checksum must find every change: (start, stop), or None.
    warm : callable
        Sets up what the processes that are forked must find set up.
    """

    make: Callable[[Path], list[Files]]
    use: Callable[[Path, bool, int], None]
    damaged: str
    structured: tuple[Mutation, ...] = ()
    sealed: Callable[[str, bytes], tuple[int, int] | None] = lambda name, data: None
    database: bool = False
    warm: Callable[[], Any] = field(default=lambda: None)


@dataclass(frozen=True)
class Mutant:
    """One damaged set of files."""

    files: Files
    number: int
    """Of the sound set that it was made from."""
    sealed: bool
    """Whether only bytes that a checksum guards were changed."""
    said: str
    """Which file, and how it was damaged."""


def mutant(name: str, sound: list[Files], seed: int) -> Mutant:
    """The damaged files of a seed: the same for ever, as long as the sound ones are."""
    reader, rng = READERS[name], Random(f"{name}:{seed}")
    number = rng.randrange(len(sound))
    files = dict(sound[number])
    chosen = rng.choice([file for file in files if re.search(reader.damaged, file)])
    data = files[chosen]
    guarded = reader.sealed(chosen, data)
    if guarded is not None and rng.random() < 0.4:
        start, stop = guarded
        change = rng.choice((mutations.flip_bits, mutations.leave_out, mutations.insert, mutations.blank))
        inside = change(data[start:stop], rng)
        files[chosen] = data[:start] + inside + data[stop:]
        return Mutant(files, number, True, f"{chosen}: {change.__name__} in the compressed stream")
    if reader.database and chosen.endswith(".sqlite") and rng.random() < 0.4:
        with tempfile.TemporaryDirectory() as work:
            place = Path(work) / "database"
            place.write_bytes(data)
            mutations.database_values(place, rng)
            files[chosen] = place.read_bytes()
        return Mutant(files, number, False, f"{chosen}: database values")
    done = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        kinds = reader.structured if reader.structured and rng.random() < 0.6 else BYTES
        change = rng.choice(kinds)
        if files[chosen]:
            try:
                files[chosen] = change(files[chosen], rng)
            except Exception:  # no longer of its format after the first change
                files[chosen] = mutations.flip_bits(files[chosen], rng)
        done.append(getattr(change, "__name__", "fields"))
    return Mutant(files, number, False, f"{chosen}: {', '.join(done)}")


READERS: dict[str, Reader] = {
    "nifti": Reader(lambda work: seeds.nifti_files(), scan, r"\.nii", (nifti_fields,), gzip_body),
    "nrrd": Reader(lambda work: seeds.nrrd_files(), scan, r"\.n.?.?r", (header_lines, nrrd_voxels), nrrd_body),
    "metaimage": Reader(lambda work: seeds.meta_files(), scan, r"\.mh", (header_lines, meta_voxels), meta_body),
    "dicom": Reader(lambda work: seeds.dicom_files(), scan, r"IM", (dicom_elements,)),
    "model": Reader(lambda work: seeds.model_files(), model, r".", (safetensors_header,), warm=model_warm),
    "recipe": Reader(lambda work: seeds.recipe_files(), recipe, r".", (json_values,)),
    "project": Reader(seeds.project_files, project, r"project\.sqlite", database=True),
    "case": Reader(seeds.project_files, project, r"case\.json", (json_values,)),
    "splits": Reader(lambda work: seeds.split_files(), dataset, r"splits\.csv", (table_cells,)),
    "dataset": Reader(lambda work: seeds.dataset_files(), dataset, r"dataset\.json", (json_values,)),
    "certificate": Reader(seeds.certificate_files, certificate, r"\.(json|steps)$", (json_values, sealed_values)),
    "journal": Reader(seeds.journal_files, journal, r"journal\.sqlite(-wal)?$", database=True),
}
