"""Limits set anew: after which accept the charts of a project begin, where a person has dealt with a change."""

from __future__ import annotations

from datetime import UTC, datetime

from napari_boundaryseg.session.project.database import typed, version_of
from napari_boundaryseg.session.project.folder import ProjectFolder

SINCE = 5
"""The first version of the tables that has them."""
EVERY_ORGAN = ""
"""In the place of an organ: what is charted once for a case, whatever organs it has."""


def set_anew(project: ProjectFolder, model_sha256: str, organ: str) -> None:
    """Begin the charts of an organ, and those of what is charted once for a case, with the next accept.

    What is usual is told anew by cases that nobody has seen yet: those at the end of a chart that has just found
    something lie further off than the next ones will.

    Parameters
    ----------
    project : ProjectFolder
    model_sha256 : str
        Of the version whose cases are charted; other versions have charts of their own.
    organ : str

    Raises
    ------
    ReadOnly
        Another process writes to the project.
    """
    with project.writing() as database:
        ((after,),) = typed(database.execute("SELECT coalesce(max(number), 0) FROM certificates").fetchall(), (int,))
        said = datetime.now(UTC).isoformat(timespec="seconds")
        for of in dict.fromkeys((organ, EVERY_ORGAN)):
            database.execute(
                "INSERT INTO limits_anew (model, organ, after, said) VALUES (?, ?, ?, ?)",
                (model_sha256, of, after, said),
            )


def begun_after(project: ProjectFolder) -> dict[tuple[str, str], int]:
    """By the SHA-256 of a model version and an organ, the number of the certificate after which its charts begin."""
    with project.reading() as database:
        if version_of(database) < SINCE:
            return {}
        rows = database.execute("SELECT model, organ, after FROM limits_anew ORDER BY number").fetchall()
    return {(model, organ): after for model, organ, after in typed(rows, (str, str, int))}
