"""Rows 40 to 50: NRRD, MetaImage, and what holds for every file."""

from __future__ import annotations

from functools import partial

from . import Row, inside

ours = partial(inside, "catalogue/test_other_files_rows.py")
nifti = partial(inside, "data/formats/test_nifti.py")

ROWS = [
    Row(40, "The spaces of NRRD", ours("test_every_space_of_nrrd_lies_where_simpleitk_says")),
    Row(
        41,
        "Voxels in a file elsewhere, behind a link, missing, or in a million files",
        ours("test_voxels_in_another_folder_or_in_many_files_are_refused"),
    ),
    Row(
        42, "NRRD and MetaImage files that are short", ours("test_voxels_that_are_missing_are_refused_with_both_counts")
    ),
    Row(
        43,
        "Bombs in gzip, bzip2 and zlib; a header without an end",
        ours("test_a_bomb_is_inflated_no_further_than_its_header_promises", "test_a_header_without_an_end_is_refused"),
    ),
    Row(44, "A segmentation whose segments overlap", ours("test_segments_that_overlap_are_never_merged")),
    Row(
        45,
        "Labels one voxel larger or smaller than the scan",
        ours("test_labels_one_voxel_larger_or_smaller_are_refused_with_both_sizes"),
    ),
    Row(
        46,
        "Labels a little, half a voxel or more beside the scan, or mirrored",
        nifti(
            "test_labels_on_the_same_grid_get_the_scans_geometry",
            "test_labels_half_a_voxel_off_are_taken_with_a_warning",
            "test_labels_that_do_not_fit_are_refused",
        ),
    ),
    Row(47, "Companion files of macOS and Windows", ours("test_companions_of_other_systems_are_skipped")),
    Row(
        48,
        "Names with spaces, quotes, other alphabets, line ends, of 255 bytes",
        ours("test_odd_names_are_opened_and_saved", "test_a_file_of_an_odd_name_is_refused_in_one_line")
        + inside("data/test_saving.py", "test_odd_names"),
    ),
    Row(49, "A file that is replaced or cut while it is open", nifti("test_nothing_is_mapped_so_the_file_may_change")),
    Row(
        50,
        "A disk that does not answer",
        inside("jobs/test_threads.py", "test_reading_from_a_disk_that_does_not_answer_is_given_up_at_once"),
    ),
]
