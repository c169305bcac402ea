"""Rows 1 to 39: NIfTI files."""

from __future__ import annotations

from functools import partial

from . import REFUSED, Row, inside

read = partial(inside, "data/formats/test_nifti.py")
ours = partial(inside, "catalogue/test_nifti_rows.py")
geometry = partial(inside, "data/formats/test_nifti_geometry.py")


def faulty(*cases: str) -> tuple[str, ...]:
    """Files that are refused in one sentence, as scans and as labels."""
    return read(*(f"test_faulty_files_are_refused_in_one_sentence[{case}]" for case in cases))


def doubtful(*cases: str) -> tuple[str, ...]:
    """Files that are read with a warning."""
    return read(*(f"test_doubtful_files_are_read_and_say_so[{case}]" for case in cases))


ROWS = [
    Row(1, "An empty file", faulty("empty", "empty compressed")),
    Row(2, "Text, a picture or DICOM under the name .nii", faulty("text", "png", "dicom")),
    Row(3, "A header without voxels", faulty("header only", "half a header")),
    Row(4, "Voxels cut in half, or one byte short", faulty("half the voxels", "one byte short")),
    Row(
        5,
        "A compressed file that is cut",
        faulty("compressed, cut", "compressed, cut in the checksum", "compressed, short inside"),
    ),
    Row(6, "A compressed file with a wrong checksum or length", faulty("bad checksum", "bad length")),
    Row(
        7,
        "Bytes behind the compressed stream; several streams in one file",
        doubtful("garbage behind") + inside("data/formats/test_compressed.py", "test_members_and_what_follows_them"),
    ),
    Row(8, "A plain file named .gz, a compressed one named .nii", doubtful("not compressed", "compressed")),
    Row(
        9,
        "A decompression bomb",
        ours("test_a_bomb_takes_no_more_memory_than_its_header_promises")
        + read(
            "test_no_memory_is_taken_for_what_cannot_be_there",
            "test_more_than_the_free_memory_is_refused_with_both_numbers",
            "test_a_packed_bomb_behind_the_voxels_is_not_unpacked_whole",
        ),
    ),
    Row(10, "A size of 32767 x 32767 x 32767 in a small file", faulty("absurd size", "absurd size, compressed")),
    Row(
        11,
        "Sizes whose product overflows 64 bits",
        ours("test_sizes_whose_product_overflows_64_bits_are_refused"),
    ),
    Row(12, "A negative size", faulty("negative size")),
    Row(13, "A size of 0, or no axes", faulty("zero size", "ndim 0")),
    Row(14, "Nine axes", faulty("ndim 9")),
    Row(15, "An unknown data type", faulty("unknown type", "bits")),
    Row(16, "A number of bits that contradicts the data type", doubtful("bitpix")),
    Row(
        17,
        "Voxels that begin inside the header, far behind the end, or at no number",
        faulty("offset in the header", "offset NaN", "offset far away", "offset past the end"),
    ),
    Row(
        18,
        "A slope that is infinite, no number, or 0",
        doubtful("slope infinite") + read("test_no_slope_means_stored_values"),
        note="0 and NaN are the format's own way to say that values are not scaled: no warning",
    ),
    Row(19, "Labels with a slope and an intercept", read("test_scaled_labels_count_only_when_whole")),
    Row(20, "Labels stored as decimals", read("test_labels_must_be_whole_numbers")),
    Row(21, "A matrix or voxel size that is no number", faulty("NaN sform", "NaN spacing")),
    Row(
        22,
        "A matrix of zeros, or a flat one",
        faulty("zero sform, no qform", "flat sform") + doubtful("zero sform, qform there"),
    ),
    Row(
        23,
        "A sheared matrix",
        doubtful("sheared") + read("test_a_saved_label_has_its_scans_geometry_fields_bit_by_bit"),
    ),
    Row(
        24,
        "Two matrices that differ",
        doubtful("two matrices", "two voxel sizes")
        + read("test_a_saved_label_has_its_scans_geometry_fields_bit_by_bit"),
    ),
    Row(
        25, "No orientation in the file", doubtful("no orientation") + read("test_no_orientation_keeps_the_voxel_size")
    ),
    Row(
        26,
        "A voxel size of 0 or below",
        faulty("zero spacing", "negative spacing") + geometry("test_other_sizes_are_refused"),
        note="a negative size beside a sound sform is a warning",
    ),
    Row(
        27,
        "Micrometres, or sizes in a wrong unit",
        doubtful("tiny", "unknown unit")
        + read("test_micrometres_become_millimetres")
        + ours("test_an_extent_below_1_mm_or_above_5_m_is_told"),
    ),
    Row(28, "Big-endian files", read("test_every_type_order_and_version")),
    Row(29, "Voxels that are colours", faulty("colours"), REFUSED),
    Row(30, "Voxels that are complex numbers", faulty("complex"), REFUSED),
    Row(
        31,
        "Labels of every integer type, float16, float128, and above 255",
        read(
            "test_large_labels_do_not_wrap",
            "test_labels_out_of_range_are_refused_with_the_file",
            "test_write_and_read_a_scan",
        )
        + ours(
            "test_large_integers_of_labels_survive_saving_and_reading",
            "test_a_float128_file_is_read_exactly_or_refused",
        ),
    ),
    Row(
        32,
        "A fourth axis: times, channels, or one volume; a fifth axis",
        ours("test_time_points_do_not_pass_for_channels_in_silence")
        + read("test_a_fourth_axis_is_channels_and_a_single_one_is_none")
        + faulty("5-D"),
    ),
    Row(33, "A picture of two axes", faulty("2-D")),
    Row(
        34,
        "A scan of one slice, or thinner than the network's window",
        ours("test_a_scan_thinner_than_the_patch_comes_back_in_its_own_shape"),
    ),
    Row(
        35,
        "Voxels that are no numbers",
        read("test_values_that_are_not_numbers_are_counted")
        + ours("test_voxels_that_are_no_numbers_are_filled_for_the_network_alone"),
    ),
    Row(
        36,
        "A scan of one value",
        ours("test_a_scan_without_contrast_gets_no_organ_without_a_word")
        + inside("engine/preprocessing/test_network_grid.py", "test_a_constant_scan_becomes_zero"),
    ),
    Row(37, "A grid turned by 30 degrees", ours("test_an_oblique_grid_comes_back_within_a_millionth")),
    Row(
        38,
        "Each of the 48 orientations",
        ours("test_every_orientation_keeps_its_labels_and_a_markers_place")
        + inside(
            "data/test_geometry.py",
            "test_there_are_48_orientations",
            "test_display_and_back_is_exact_and_every_voxel_keeps_its_place",
        ),
    ),
    Row(
        39,
        "Patient data in free texts and extensions of a header",
        read("test_a_saved_label_has_its_scans_geometry_fields_bit_by_bit")
        + inside("catalogue/test_saving_rows.py", "test_no_output_and_no_log_names_the_patient"),
    ),
]
