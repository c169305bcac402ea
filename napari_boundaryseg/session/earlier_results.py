"""Earlier results in a folder: which files an export would replace, and whether it may without being asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_boundaryseg.data.file_format import stored_text
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.origins import Origin
from napari_boundaryseg.session.vouching import CHANGED, Vouched, vouched

NO_REPORT = "it is there already, and no report says that this program wrote it"
NOT_LISTED = "it is there already, and the report beside it does not list it"
OTHER_SCAN = "it is the result of another scan"
A_LINK = "it is a link to another file"
INTERRUPTED = "it is left from before an export that was interrupted"


@dataclass(frozen=True)
class EarlierResults:
    """What lies in a folder under the names of a new export.

    Parameters
    ----------
    in_the_way : mapping of str to str
        Each file that may not be replaced without being asked, and why.
    kept : mapping of str to str
        Untouched results of the same scan that the new export does not write again: name and SHA-256.
    origins : mapping
        By which model each of these was made, and when; None where nothing says it.
    of_another_scan : mapping of str to str
        Untouched results of another scan that the new export does not write again; they go with their report.
    replaced : mapping of str to str
        The files that are replaced, as they are now: name and SHA-256.
    has_report : bool
        Whether there is a report of this program, so that it has to follow its files.
    """

    in_the_way: Mapping[str, str]
    kept: Mapping[str, str]
    origins: Mapping[str, Origin | None]
    of_another_scan: Mapping[str, str]
    replaced: Mapping[str, str]
    has_report: bool


class ResultsInTheWay(InputError):
    """Files that would be replaced and are another scan's, a person's work, or of unknown origin.

    Parameters
    ----------
    files : mapping of str to str
        Each file's name, and why it is not replaced.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        reasons: dict[str, list[str]] = {}
        for name, reason in files.items():
            reasons.setdefault(reason, []).append(name)
        (reason, first), *others = reasons.items()
        more = "".join(f"; {', '.join(names)}: {why}" for why, names in others)
        advice = "Choose another folder, move what is there, or overwrite it (--overwrite)"
        super().__init__(", ".join(first), reason + more, advice)


def earlier_results(folder: Path, report_name: str, names: Iterable[str], scan_hash: str) -> EarlierResults:
    """Look at what is in a folder before results are written into it.

    A file may be replaced without being asked when the report beside it says that this program wrote it for the same
    scan, and when its bytes are still those that were written.

    Parameters
    ----------
    folder : Path
    report_name : str
        ``CASE.json``.
    names : iterable of str
        Of the files that are to be written, with or without the report.
    scan_hash : str
        See `editing.journal.scan_hash`.

    Raises
    ------
    InputError
        Where a name is that of a folder or device.
    """
    known = vouched(folder / report_name)
    wanted = dict.fromkeys([*names, *([report_name] if known.is_report else [])])
    in_the_way: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for name in wanted:
        path = folder / name
        if not (path.is_symlink() or path.exists()):
            continue
        if path.exists() and not path.is_file():
            raise InputError(path, "could not be written: it is a folder or device", "Choose another folder")
        replaced[name] = sha256_of(path)
        reason = _reason(path, report_name, known, scan_hash, replaced[name])
        if reason:
            in_the_way[name] = reason
    others = _untouched(folder, {name: digest for name, digest in known.hashes.items() if name not in wanted})
    left = _untouched(folder, {name: digest for name, digest in known.replaced.items() if name not in wanted})
    if known.scan == scan_hash:
        kept, foreign, why = others, {name: left[name] for name in left if name not in others}, INTERRUPTED
    else:
        kept, foreign, why = {}, left | others, OTHER_SCAN
    in_the_way |= dict.fromkeys(foreign, f"{why}, and would be removed")
    origins = {name: known.origins.get(name) for name in kept}
    return EarlierResults(in_the_way, kept, origins, foreign, replaced, known.is_report)


def _reason(path: Path, report_name: str, known: Vouched, scan_hash: str, digest: str) -> str:
    """Why a file may not be replaced without being asked; nothing where it may."""
    if path.is_symlink():
        return A_LINK
    if path.name == report_name and known.fault:
        return known.fault
    if not known.is_report:
        return NO_REPORT
    if known.scan != scan_hash:
        return OTHER_SCAN if known.scan else NOT_LISTED
    if path.name == report_name:
        return ""
    name = stored_text(path.name)
    written = [listed[name] for listed in (known.hashes, known.replaced) if name in listed]
    if not written:
        return NOT_LISTED
    return "" if digest in written else CHANGED


def _untouched(folder: Path, listed: Mapping[str, str]) -> dict[str, str]:
    """Those of the listed files that are still what was written; no name leads out of the folder."""
    places = {name: folder / name for name in listed if Path(name).name == name}
    return {
        name: listed[name]
        for name, path in places.items()
        if path.is_file() and not path.is_symlink() and sha256_of(path) == listed[name]
    }


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes; nothing for a link that leads nowhere."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InputError(
            path, f"it cannot be read: {error.strerror}", "Check the permissions, or choose another folder"
        ) from error
