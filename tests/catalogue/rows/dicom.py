"""Rows 51 to 64: DICOM."""

from __future__ import annotations

from functools import partial

from . import DUE, REFUSED, Row, inside

read = partial(inside, "data/formats/test_dicom.py")
folder = partial(inside, "data/formats/test_dicom_folder.py")
ours = partial(inside, "catalogue/test_dicom_rows.py")


def refused(*cases: str) -> tuple[str, ...]:
    """Stacks that are refused with the place of the fault."""
    return read(*(f"test_what_is_no_even_straight_stack_is_refused[{case}]" for case in cases))


ROWS = [
    Row(51, "A missing slice", refused("missing slice", "two missing")),
    Row(52, "Two slices in one place", refused("double slice", "several echoes")),
    Row(53, "Uneven gaps between slices", refused("uneven") + read("test_rounded_positions_are_even")),
    Row(54, "A tilted gantry", refused("tilted", "shifted") + read("test_a_tilt_below_half_a_degree_is_read")),
    Row(
        55, "Several series, a localiser, other orientations", refused("two series", "localiser", "size", "voxel size")
    ),
    Row(
        56,
        "Names and instance numbers in another order than the slices",
        read("test_slices_are_sorted_by_position_only"),
    ),
    Row(
        57,
        "No preamble; pixels cut short; a slice damaged at the end of the stack",
        read("test_no_preamble_and_implicit_encoding_are_read", "test_a_file_cut_short_is_refused")
        + refused("short pixels", "no pixels")
        + folder("test_an_end_slice_cut_short_is_named", "test_an_end_slice_of_zeros_is_named"),
    ),
    Row(
        58,
        "Impossible sizes, more bits stored than allocated",
        refused("bits", "no size") + ours("test_impossible_sizes_are_refused_without_memory_for_them"),
    ),
    Row(
        59,
        "Compressed slices without what decompresses them",
        read(
            "test_a_codec_that_is_missing_is_named",
            "test_packed_pixels_are_read",
            "test_slices_that_are_compressed_as_jpeg_ls_are_read",
        ),
    ),
    Row(
        60,
        "A scale of its own for each slice; MONOCHROME1; signed and unsigned",
        read(
            "test_each_slice_has_its_own_scale",
            "test_monochrome1_is_turned_round_unless_the_values_mean_something",
            "test_hounsfield_units_stay_integers_and_do_not_wrap",
        ),
    ),
    Row(61, "Enhanced multi-frame objects", refused("enhanced"), REFUSED),
    Row(
        62,
        "An index that points out of the folder",
        ours("test_an_index_that_points_out_of_the_folder_is_not_followed")
        + folder("test_an_index_of_the_folder_is_no_slice"),
    ),
    Row(
        63,
        "A folder of very many files, with loops and pipes",
        read(
            "test_a_folder_of_very_many_files_is_refused",
            "test_loops_and_pipes_do_not_hang",
            "test_reading_can_be_cancelled_at_any_slice",
        ),
    ),
    Row(
        64,
        "SEG and RTSTRUCT of another series",
        ours("test_contours_and_segmentations_are_not_taken_for_a_scan"),
        DUE,
        "neither is read yet; they are not taken for a scan",
    ),
]
