"""Sound files that the fuzzer damages: small ones of every kind, made in code; a patient's name is planted in them."""

from __future__ import annotations

import gzip
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SHAPE = (6, 7, 8)
AFFINE = np.array([[-0.5, 0.1, 0, 20], [0.1, 0.5, 0, -30], [0, 0, 3, 5], [0, 0, 0, 1.0]])
PLANTED = "PLANTED^PATIENT"
"""Stands where a file may name a patient."""

Files = dict[str, bytes]


def voxels() -> np.ndarray:
    return np.random.default_rng(3).integers(-500, 1500, SHAPE, np.int16)


def nifti(kind: str = "Nifti1Image", dtype: str = "<i2", labels: bool = False) -> bytes:
    import nibabel as nib

    array = (voxels() % 3 if labels else voxels()).astype(dtype)
    image = getattr(nib, kind)(array, AFFINE, dtype=np.dtype(dtype))
    image.set_qform(AFFINE, 1)
    image.set_sform(AFFINE, 2)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = PLANTED.encode()
    return image.to_bytes()


def nifti_files() -> list[Files]:
    found = [{"scan.nii": nifti()}, {"scan.nii": nifti("Nifti2Image", ">f4")}, {"scan.nii": nifti(dtype="<f4")}]
    return [*found, {"scan.nii.gz": gzip.compress(nifti(), mtime=0)}]


def nrrd(data: bytes, encoding: str = "raw", **fields: str) -> bytes:
    lines = {
        "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "6 7 8",
        "space directions": "(0.5,0,0) (0,0.75,0) (0,0,3)", "kinds": "domain domain domain", "endian": "little",
        "encoding": encoding, "space origin": "(1,2,3)", **fields,
    }  # fmt: skip
    header = "NRRD0005\n" + "".join(f"{name}: {value}\n" for name, value in lines.items())
    return f"{header}patient:={PLANTED}\n\n".encode() + data


def nrrd_files() -> list[Files]:
    raw = voxels().tobytes(order="F")
    return [
        {"scan.nrrd": nrrd(raw)},
        {"scan.nrrd": nrrd(gzip.compress(raw, mtime=0), "gzip")},
        {"scan.nhdr": nrrd(b"", **{"data file": "scan.raw"}), "scan.raw": raw},
    ]


def meta(data: bytes, place: str = "LOCAL", **fields: str) -> bytes:
    lines = {
        "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False", "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "-1 -2 3",
        "CenterOfRotation": "0 0 0", "Comment": PLANTED, "ElementSpacing": "0.5 0.75 3", "DimSize": "6 7 8",
        "ElementType": "MET_SHORT", **fields, "ElementDataFile": place,
    }  # fmt: skip
    return "".join(f"{name} = {value}\n" for name, value in lines.items()).encode() + data


def meta_files() -> list[Files]:
    raw = voxels().tobytes(order="F")
    packed = zlib.compress(raw)
    said = {"CompressedData": "True", "CompressedDataSize": str(len(packed))}
    return [
        {"scan.mha": meta(raw)},
        {"scan.mha": meta(packed, **said)},
        {"scan.mhd": meta(b"", "scan.raw"), "scan.raw": raw},
    ]


def dicom_files() -> list[Files]:
    """A series of five slices, explicit and implicit, and run-length encoded."""
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    return [
        _series(ExplicitVRLittleEndian, False),
        _series(ImplicitVRLittleEndian, False),
        _series(ExplicitVRLittleEndian, True),
    ]


def _series(syntax: str, packed: bool) -> Files:
    import io

    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, RLELossless

    files = {}
    for n in range(5):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"1.2.826.0.1.99.{n + 1}"
        ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.Modality = "1.2.826.0.1.98.1", "1.2.826.0.1.97.1", "CT"
        ds.PatientName, ds.PatientID, ds.PatientBirthDate = PLANTED, PLANTED, "19600101"
        ds.InstanceNumber, ds.SeriesNumber = n + 1, 3
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [1, 2, -7 + 3 * n], [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [0.5, 0.75], 3
        ds.Rows, ds.Columns, ds.SamplesPerPixel = 7, 6, 1
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.PhotometricInterpretation, ds.RescaleSlope, ds.RescaleIntercept = "MONOCHROME2", 1, -1024
        ds.PixelData = voxels()[:, :, n].T.tobytes()
        if packed:
            ds.compress(RLELossless, generate_instance_uid=False)
        stream = io.BytesIO()
        ds.save_as(stream, enforce_file_format=True)
        files[f"case/IM{n}.dcm"] = stream.getvalue()
    return files


def small_recipe() -> Any:
    from napari_boundaryseg.engine.recipes.shipped import recipe

    return recipe("hippocampus-sgm").model_copy(update={"network_arguments": {"width": 4, "norm": "group"}})


def recipe_files() -> list[Files]:
    from napari_boundaryseg.engine.recipes.shipped import recipe

    known = [recipe("hippocampus-sgm"), recipe("egcnn-vnet-kits19"), small_recipe()]
    return [{"recipe.json": one.model_dump_json(indent=1).encode()} for one in known]


def model_files() -> list[Files]:
    import torch
    from safetensors.torch import save

    from napari_boundaryseg.engine.checkpoints.card import Card, Score
    from napari_boundaryseg.engine.checkpoints.checkpoint import build_network

    torch.manual_seed(0)
    wanted = small_recipe()
    score = Score(organ="Hippocampus_A", metric="dsc", mean=0.8, sd=0.1, n=3)
    card = Card(name="tiny", recipe=wanted, parameters=1, scores=(score,), notes="a note")
    return [{"tiny.safetensors": save(build_network(wanted).state_dict(), metadata={"card": card.model_dump_json()})}]


def project_files(work: Path) -> list[Files]:
    """A project with two cases, one of them with two versions of its labels, and a model."""
    from napari_boundaryseg.data.labels import preset
    from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
    from napari_boundaryseg.session.project.project import Project

    project = Project(work / "study")
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5, 2:5, 2:6], labels[1, 1, 1] = 1, 2
    for name, times in (("first", 2), ("second case", 1)):
        scan = Volume(voxels()[np.newaxis] + len(name), Geometry(SHAPE, AFFINE), ("image",), name)
        for _ in range(times):
            project.add_case(scan, LabelMap(labels, scan.geometry, preset("hippocampus"), name))
    (work / "tiny.safetensors").write_bytes(model_files()[0]["tiny.safetensors"])
    project.add_model(work / "tiny.safetensors", {"before": 0.5, "verdict": "better"})
    return [_files_in(work / "study")]


def _files_in(folder: Path) -> Files:
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def dataset_files() -> list[Files]:
    """A task of the Medical Segmentation Decathlon of three cases."""
    listing = {
        "name": "Task", "description": PLANTED, "tensorImageSize": "3D", "modality": {"0": "MRI"},
        "labels": {"0": "background", "1": "Anterior", "2": "Posterior"}, "numTraining": 2, "numTest": 1,
        "training": [{"image": f"./imagesTr/c{n}.nii", "label": f"./labelsTr/c{n}.nii"} for n in range(2)],
        "test": ["./imagesTs/c2.nii"],
    }  # fmt: skip
    names = ("imagesTr/c0", "labelsTr/c0", "imagesTr/c1", "labelsTr/c1", "imagesTs/c2")
    files = {f"task/{name}.nii": nifti(labels="labels" in name) for name in names}
    return [{"task/dataset.json": json.dumps(listing).encode(), **files}]


def split_files() -> list[Files]:
    table = b"case,group,split\nc0,p0,train\nc1,p1,val\nc2,p2,test\n"
    return [{"data/splits.csv": table, **{f"data/images/c{n}.nii": nifti() for n in range(3)}}]


def journal_files(work: Path) -> list[Files]:
    """The journal of a window that died after ten strokes: its database, its log, or both."""
    import sqlite3
    from contextlib import closing

    from napari_boundaryseg.editing.history.history import History
    from napari_boundaryseg.editing.journal.journal import Journal

    found = []
    for stored in (False, True):
        folder = work / f"journal{int(stored)}"
        labels = np.zeros(SHAPE, np.uint8)
        journal, history = Journal(journal_header(), labels, folder), History(np.zeros(SHAPE, np.uint8))
        journal.follow(history)
        for n in range(STROKES):
            stroke(history, n)
            journal.flush()
        files = _files_in(folder)
        journal.close()
        if stored:  # all of it is in the database, as SQLite leaves it when its log has grown
            (place,) = folder.rglob("journal.sqlite")
            with closing(sqlite3.connect(place)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept = {path.name: path.read_bytes() for path in place.parent.iterdir() if path.is_file()}
            files = {name: kept[Path(name).name] for name in files if kept.get(Path(name).name)}
        found.append(files)
    return found


@cache
def kept_journal() -> bytes:
    """The journal that is kept with accepted labels."""
    from napari_boundaryseg.editing.history.history import History
    from napari_boundaryseg.editing.journal.kept import kept
    from napari_boundaryseg.editing.journal.records import EDIT, START, Record, start_body

    labels = np.zeros(SHAPE, np.uint8)
    history, steps = History(labels.copy()), []
    history.recorded.connect(steps.append)
    for n in range(STROKES):
        stroke(history, n)
    first = Record.after(0, 0, START, 1e9, start_body(journal_header(), labels, history.locks, 0))
    records = [first]
    for number, step in enumerate(steps, start=1):
        records.append(Record.after(records[-1].crc, number, EDIT, 1e9 + number, step.to_bytes()))
    return kept(tuple(records))


def certificate_files(work: Path) -> list[Files]:
    """A certificate with its labels and the journal that leads to them."""
    from napari_boundaryseg.data.labels import preset
    from napari_boundaryseg.data.volume import Geometry, Volume
    from napari_boundaryseg.editing.journal.kept import JournalUpTo, read_kept
    from napari_boundaryseg.session.certificate.account import rebuilt
    from napari_boundaryseg.session.project.accepting import Work
    from napari_boundaryseg.session.project.project import Project

    class Kept(JournalUpTo):
        def records(self) -> Any:
            return read_kept(kept_journal())

    grid = Geometry((SHAPE[2], SHAPE[1], SHAPE[0]), np.diag([-0.5, 0.5, 3.0, 1.0]))
    scan = Volume(np.ascontiguousarray(voxels().T)[np.newaxis], grid, ("image",), "first")
    labels = rebuilt(read_kept(kept_journal()), scan.geometry.display.from_display).labels
    done = Work("reader", 60.0, journal=Kept(None, 0))  # type: ignore[arg-type]
    case = Project(work / "study").add_case(scan, scan.with_labels(labels, preset("pelvis-mr")), work=done)
    names = ("certificate-v1.json", "journal-v1.steps", "labels-v1.nii.gz")
    return [{f"case/{name}": case.label.with_name(name).read_bytes() for name in names}]


STROKES = 10


def journal_header() -> Any:
    from napari_boundaryseg.editing.journal.records import JournalHeader

    return JournalHeader("case one", "0" * 32, '{"name": "pelvis-mr"}', 0.002)


def stroke(history: Any, n: int) -> None:
    """Paint the voxels of one slice, another organ each time."""
    history.array[n % SHAPE[0], 1:5, n % SHAPE[2]] = 1 + n % 3
    history.commit(f"stroke {n}")


def journal_states() -> list[np.ndarray]:
    """The labels after every number of strokes."""
    labels = np.zeros(SHAPE, np.uint8)
    found = [labels.copy()]
    for n in range(STROKES):
        labels[n % SHAPE[0], 1:5, n % SHAPE[2]] = 1 + n % 3
        found.append(labels.copy())
    return found
