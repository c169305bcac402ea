"""Rows 65 to 80: models, cards and recipes."""

from __future__ import annotations

from functools import partial

from . import BY_INJECTION, REFUSED, Row, inside

ours = partial(inside, "catalogue/test_model_rows.py")
checkpoint = partial(inside, "engine/checkpoints/test_checkpoint.py")
library = partial(inside, "engine/checkpoints/test_model_library.py")
twice = partial(inside, "engine/checkpoints/test_said_twice.py")
predictor = partial(inside, "engine/inference/test_predictor.py")
hostile = "test_a_hostile_header_is_refused_in_one_sentence"

CODE = ours("test_what_can_hold_code_is_refused_under_any_name_and_runs_nothing")
ARCHIVES = ours("test_no_archive_is_opened_whatever_is_in_it")

ROWS = [
    Row(65, "A model file that runs code when it is unpickled", CODE),
    Row(66, "A whole module, TorchScript", CODE, REFUSED),
    Row(
        67,
        "Archives with false flags, repeated entries, false lengths",
        ARCHIVES + CODE,
        REFUSED,
        "no archive is opened",
    ),
    Row(68, "A compressed archive that expands to gigabytes", ARCHIVES + CODE, REFUSED, "no archive is opened"),
    Row(
        69,
        "A tensor that claims more than the file holds",
        checkpoint(hostile, "test_a_hostile_card_is_refused_in_one_sentence_before_memory_is_taken"),
    ),
    Row(
        70,
        "Headers that lie: length, overlap, holes, negative, repeated, nested, cut",
        library(
            hostile,
            "test_a_wrong_length_of_the_header_is_refused",
            "test_tensors_fill_the_file_without_holes",
            "test_bytes_behind_the_last_tensor_are_refused",
        )
        + checkpoint("test_a_cut_file_is_refused", "test_an_absurd_header_length_is_refused")
        + twice(
            "test_a_tensor_that_is_listed_twice_is_refused",
            "test_metadata_or_a_place_said_twice_are_refused",
            "test_weights_with_and_without_the_prefix_of_data_parallel_are_refused",
        ),
    ),
    Row(71, "Weights that are no numbers", checkpoint("test_weights_that_are_not_numbers_are_refused_by_name")),
    Row(
        72,
        "Weights of another network, of another shape, with another prefix",
        checkpoint(hostile, "test_a_data_parallel_prefix_is_stripped")
        + ours("test_weights_of_other_classes_or_channels_are_refused_before_they_are_loaded"),
    ),
    Row(
        73,
        "A card with other classes, channels or patches than its weights",
        ours(
            "test_weights_of_other_classes_or_channels_are_refused_before_they_are_loaded",
            "test_a_patch_that_strides_do_not_divide_is_padded",
        )
        + inside(
            "engine/inference/test_sliding_window.py",
            "test_tiny_windows_over_a_large_scan_are_refused_and_usual_ones_are_not",
        ),
    ),
    Row(
        74,
        "A card or recipe that names code to run",
        ours("test_a_card_is_data_and_an_unknown_name_in_it_is_refused")
        + checkpoint(hostile)
        + twice("test_a_setting_of_a_recipe_said_twice_is_refused")
        + inside("test_safe_code.py", "test_the_package_is_clean", "test_a_planted_fault_is_found"),
    ),
    Row(75, "Archives that write outside their folder", ARCHIVES, REFUSED, "no archive is opened"),
    Row(
        76,
        "A model at a network address",
        ours("test_a_model_is_never_fetched", "test_the_program_knows_no_way_into_a_network"),
        REFUSED,
        "nothing is ever fetched",
    ),
    Row(
        77,
        "A network that raises, or needs more memory than there is",
        ours("test_a_network_that_raises_is_an_error_and_no_prediction")
        + predictor("test_memory_that_runs_out_anywhere_asks_for_a_box")
        + inside("session/actions/test_actions.py", "test_a_fault_in_the_worker_is_traced_on_the_terminal"),
    ),
    Row(78, "A network that answers with no numbers", predictor("test_an_answer_that_is_not_a_number_is_an_error")),
    Row(79, "A model saved onto the file that is loaded", checkpoint("test_saving_onto_the_loaded_file_works")),
    Row(
        80,
        "A device that computes bf16 wrong",
        inside("engine/training/test_train.py", "test_wrong_gradients_in_bf16_are_noticed")
        + inside("engine/test_device_lost.py", "test_what_is_wrong_in_bf16_on_a_gpu_is_computed_in_float32")
        + predictor("test_float32_is_float32_while_a_network_runs_and_only_then"),
        BY_INJECTION,
        "predictions are computed in float32 everywhere",
    ),
]
