"""The free memory: what the machine has, and no more than the tightest control group of this process leaves."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from napari_boundaryseg.data.formats import memory
from napari_boundaryseg.data.formats.control_groups import left_by_groups

MB = 1 << 20
UNLIMITED_1 = 9223372036854771712


def machine(root: Path, groups: str, mounts: list[str]) -> None:
    """A file system whose process is in these groups, with these hierarchies."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    lines = ["22 1 0:20 / / rw - ext4 /dev/sda1 rw", *mounts, ""]
    (root / "proc/self/mountinfo").write_text("\n".join(lines))


def two(root: Path, group: str, limit: int | str | None, used: int, inactive: int = 0, high: str = "max") -> None:
    """A group of version 2."""
    folder = root / "sys/fs/cgroup" / group
    folder.mkdir(parents=True, exist_ok=True)
    if limit is not None:
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.high").write_text(f"{high}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\nfile 7\ninactive_anon 9\ninactive_file {inactive}\n")


def one(root: Path, group: str, limit: int, used: int, inactive: int = 0) -> None:
    """A group of version 1."""
    folder = root / "sys/fs/cgroup/memory" / group
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"cache 1\ninactive_file 3\ntotal_inactive_file {inactive}\n")


MOUNT_2 = "31 22 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
MOUNT_1 = "36 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"
CPU_1 = "37 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"


def test_without_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert left_by_groups(tmp_path) is None
    machine(tmp_path, "", [])
    assert left_by_groups(tmp_path) is None


@pytest.mark.parametrize("text", ["\0\0", "0::", "0", "::::", "9:memory", "0::/../..\n", "é:memory:/x\n"])
def test_odd_lists_of_groups_are_no_error(tmp_path: Path, text: str) -> None:
    machine(tmp_path, text, [MOUNT_2, MOUNT_1, "", "x - cgroup2", " - ", "1 2 3 4 5 - cgroup"])
    assert left_by_groups(tmp_path) is None


def test_the_limit_of_version_2_less_what_is_used(tmp_path: Path) -> None:
    machine(tmp_path, "0::/user/job\n", [MOUNT_2])
    two(tmp_path, "user/job", 1500 * MB, 400 * MB, inactive=100 * MB)
    assert left_by_groups(tmp_path) == 1200 * MB
    two(tmp_path, "user/job", 1500 * MB, 400 * MB, inactive=100 * MB, high=str(1000 * MB))
    assert left_by_groups(tmp_path) == 700 * MB
    two(tmp_path, "user/job", 300 * MB, 400 * MB)
    assert left_by_groups(tmp_path) == 0
    two(tmp_path, "user/job", "max", 400 * MB)
    assert left_by_groups(tmp_path) is None


def test_the_tightest_of_the_groups_above_counts(tmp_path: Path) -> None:
    machine(tmp_path, "0::/slurm/job_1/step_0\n", [MOUNT_2])
    two(tmp_path, "", None, 0)
    two(tmp_path, "slurm", 8000 * MB, 7800 * MB)
    two(tmp_path, "slurm/job_1", 1000 * MB, 300 * MB)
    two(tmp_path, "slurm/job_1/step_0", "max", 300 * MB)
    two(tmp_path, "slurm/job_2", 1 * MB, 1 * MB)
    assert left_by_groups(tmp_path) == 200 * MB
    two(tmp_path, "slurm", 8000 * MB, 3000 * MB)
    assert left_by_groups(tmp_path) == 700 * MB


def test_the_limit_of_version_1(tmp_path: Path) -> None:
    machine(tmp_path, "9:cpu,cpuacct:/elsewhere\n4:memory:/docker/abc\n", [CPU_1, MOUNT_1])
    one(tmp_path, "", UNLIMITED_1, 9000 * MB)
    one(tmp_path, "docker", UNLIMITED_1, 9000 * MB)
    one(tmp_path, "docker/abc", 1500 * MB, 600 * MB, inactive=50 * MB)
    assert left_by_groups(tmp_path) == 950 * MB


def test_both_versions_at_once(tmp_path: Path) -> None:
    unified = "38 31 0:34 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
    machine(tmp_path, "4:memory:/job\n0::/job\n", [MOUNT_1, unified])
    one(tmp_path, "job", 900 * MB, 100 * MB)
    (tmp_path / "sys/fs/cgroup/unified/job").mkdir(parents=True)
    assert left_by_groups(tmp_path) == 800 * MB


@pytest.mark.parametrize(
    ("group", "mounted"),
    [("/docker/abc", "/docker/abc"), ("/", "/"), ("/../../host", "/"), ("/docker/abc", "/docker/other")],
    ids=["mounted from its own group", "a group namespace", "outside the namespace", "not below what is mounted"],
)
def test_in_a_container_its_own_group_is_the_top(tmp_path: Path, group: str, mounted: str) -> None:
    machine(tmp_path, f"0::{group}\n", [MOUNT_2.replace(" / /sys", f" {mounted} /sys")])
    two(tmp_path, "", 1500 * MB, 500 * MB)
    assert left_by_groups(tmp_path) == 1000 * MB


def test_a_mount_with_a_blank_in_its_name(tmp_path: Path) -> None:
    machine(tmp_path, "0::/\n", [MOUNT_2.replace("/sys/fs/cgroup", r"/my\040groups")])
    (tmp_path / "my groups").mkdir()
    (tmp_path / "my groups/memory.max").write_text(str(10 * MB))
    (tmp_path / "my groups/memory.current").write_text(str(3 * MB))
    assert left_by_groups(tmp_path) == 7 * MB


@pytest.mark.parametrize(("left", "free"), [(None, 4000), (3000, 3000), (5000, 4000)])
def test_the_free_memory_is_the_least_of_both(monkeypatch: pytest.MonkeyPatch, left: int | None, free: int) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 4000}))
    monkeypatch.setattr(memory, "left_by_groups", lambda: left)
    assert memory.free_memory() == free


@pytest.mark.parametrize("suffix", [".nii", ".mha"])
def test_what_scaling_takes_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    import nibabel as nib
    import numpy as np
    from text_header_cases import RAW, meta

    from napari_boundaryseg.data.formats import read, read_labels
    from napari_boundaryseg.errors import InputError

    path = tmp_path / f"a{suffix}"
    if suffix == ".mha":
        path.write_bytes(meta(RAW, ElementType="MET_UCHAR", DimSize="4 5 12", ElementToIntensityFunctionSlope="2"))
    else:
        image = nib.Nifti1Image(np.ones((4, 5, 12), np.uint8), np.eye(4))
        image.header.set_slope_inter(2, 0)
        path.write_bytes(image.to_bytes())
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)  # enough for 240 bytes, not for 240 decimal numbers
    with pytest.raises(InputError, match="it needs 960 bytes of memory, 1 kB is free"):
        read(path)
    with pytest.raises(InputError, match=r"it needs 1\.92 kB of memory, 1 kB is free"):
        read_labels(path)


def test_what_joining_channels_takes_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from text_header_cases import nrrd

    from napari_boundaryseg.data.formats import read
    from napari_boundaryseg.errors import InputError

    for name in ("a.nrrd", "b.nrrd", "c.nrrd"):
        (tmp_path / name).write_bytes(nrrd())
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    assert len(read(tmp_path / "a.nrrd", tmp_path / "b.nrrd").array) == 2
    with pytest.raises(InputError, match=r"^a\.nrrd: it needs 720 bytes of memory, 1 kB is free"):
        read(tmp_path / "a.nrrd", tmp_path / "b.nrrd", tmp_path / "c.nrrd")


def test_a_scan_beyond_the_limit_of_its_container_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from text_header_cases import nrrd

    from napari_boundaryseg.data.formats import read
    from napari_boundaryseg.errors import InputError

    machine(tmp_path, "0::/job\n", [MOUNT_2])
    two(tmp_path, "job", 1000, 600)
    monkeypatch.setattr(memory, "left_by_groups", lambda: left_by_groups(tmp_path))
    (tmp_path / "a.nrrd").write_bytes(nrrd())
    with pytest.raises(InputError, match="it needs 240 bytes of memory, 400 bytes is free"):
        read(tmp_path / "a.nrrd")
