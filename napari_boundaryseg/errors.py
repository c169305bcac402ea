"""Errors: what went wrong, in words for the person who must act."""

from __future__ import annotations

from pathlib import Path


class BoundarySegError(Exception):
    """A fault that a person can do something about: its text is shown as it is, without a traceback."""


class InputError(BoundarySegError):
    """A file, folder or value that cannot be used.

    Parameters
    ----------
    subject : str or Path
        The file, or what else is wrong. Of a path only the name is shown, never the folders above it; "." shows the
        current folder's name.
    reason : str
        What is wrong, without a full stop.
    advice : str
        What to do about it, without a full stop.
    """

    def __init__(self, subject: str | Path, reason: str, advice: str) -> None:
        self.subject = one_line(_name(subject) if isinstance(subject, Path) else subject or "input")
        self.reason = one_line(reason)
        self.advice = one_line(advice)
        super().__init__(f"{self.subject}: {reason}. {advice}.")


def _name(path: Path) -> str:
    return path.name or path.absolute().name or str(path)


def one_line(text: str) -> str:
    r"""A text as one line that every terminal can show: other characters, which a file's name may hold, are replaced.

    Examples
    --------
    >>> one_line("scan\n1.nii")
    'scan 1.nii'
    """
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


class SeveralSeries(InputError):
    """A folder holds more than one DICOM series: a person has to choose."""


class RegionNeeded(InputError):
    """The scan is far larger than what the model was trained on: a box is needed, not a guess."""


class OtherModality(InputError):
    """The model was made for scans of another modality: a person has to say that it is meant."""


class DeviceLost(InputError):
    """A GPU stopped answering: whatever the process held on it is gone, and the process can use it no more."""


class MissingExtra(BoundarySegError):
    """An optional library is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{what} needs an optional library. Install it with: pip install 'napari-boundaryseg[{extra}]'."
        )
