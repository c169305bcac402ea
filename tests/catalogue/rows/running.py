"""Rows 99 to 116: devices, training, the window, certificates."""

from __future__ import annotations

from functools import partial

from . import BY_INJECTION, Row, inside

verify = partial(inside, "session/certificate/test_verify.py")
replay = partial(inside, "session/certificate/test_replay.py")
ours = partial(inside, "catalogue/test_running.py")
window = partial(inside, "ui/test_catalogue_window.py")
train = partial(inside, "engine/training/test_train.py")
runner = partial(inside, "jobs/test_worker_runner.py")
predictor = partial(inside, "engine/inference/test_predictor.py")
actions = partial(inside, "session/actions/test_actions.py")

ROWS = [
    Row(
        99,
        "GPU memory that runs out in a window",
        predictor(
            "test_out_of_memory_tries_more_frugal_plans_and_says_so",
            "test_memory_that_runs_out_anywhere_asks_for_a_box",
        )
        + ours("test_memory_that_runs_out_in_a_window_changes_no_voxel"),
        BY_INJECTION,
        "the plan begins anew: fewer windows at once, sums in main memory, the CPU",
    ),
    Row(
        100,
        "Main memory that is short, or limited for a container",
        ours("test_the_memory_limit_of_a_container_counts_as_free_memory")
        + inside("data/formats/test_nifti.py", "test_more_than_the_free_memory_is_refused_with_both_numbers")
        + train("test_memory_that_runs_out_in_training_is_one_sentence"),
    ),
    Row(
        101,
        "A GPU that is lost, or a failed assertion in it",
        inside(
            "engine/test_device_lost.py",
            "test_lost_and_full_and_other_faults_are_told_apart",
            "test_a_lost_gpu_is_one_sentence_and_never_mistaken_for_full_memory",
        )
        + ours("test_a_worker_that_lost_its_gpu_says_so_and_the_next_job_gets_another_process"),
        BY_INJECTION,
    ),
    Row(
        102,
        "A worker that is killed or crashes",
        runner(
            "test_a_worker_that_dies_by_itself_is_replaced",
            "test_a_lost_worker_is_noticed_and_replaced",
            "test_a_worker_lost_while_idle_is_replaced_for_the_next_job",
        ),
    ),
    Row(
        103,
        "Cancel during a prediction",
        ours("test_cancel_stops_at_the_next_window_and_gives_nothing")
        + inside("engine/inference/test_sliding_window.py", "test_cancel_stops_at_the_next_window")
        + runner(
            "test_cancel_inside_one_long_call_ends_its_process",
            "test_the_patience_with_a_cancelled_job_is_below_the_two_seconds_that_are_promised",
        )
        + actions("test_a_cancelled_job_changes_nothing"),
    ),
    Row(
        104,
        "A training that is cancelled, killed or loses its power",
        train(
            "test_resumed_equals_uninterrupted",
            "test_cancelling_loses_no_step_and_the_log_tells_each_once",
            "test_a_machine_that_stops_loses_a_minute_at_most",
            "test_a_state_that_cannot_be_used_is_one_sentence",
        ),
    ),
    Row(
        105,
        "A loss or gradient that is no number",
        train(
            "test_nan_loss_is_skipped_then_restored_then_refused", "test_the_guard_against_nan_remembers_over_a_resume"
        )
        + inside(
            "engine/training/loop/test_guard.py",
            "test_only_bad_steps_in_a_row_restore_and_each_time_the_rate_is_halved",
        ),
    ),
    Row(
        106,
        "A fine-tuned model that is worse",
        inside(
            "session/actions/test_fine_tune_action.py",
            "test_only_a_better_model_is_used",
            "test_without_evidence_the_old_model_stays_in_use",
        )
        + inside("session/project/test_project.py", "test_rolling_back_goes_step_by_step_to_the_shipped_model"),
    ),
    Row(
        107,
        "Corrected labels that are empty or nearly so",
        inside("session/project/test_project.py", "test_empty_labels_are_refused")
        + inside("data/test_datasets.py", "test_every_wrong_case_is_named_before_training")
        + ours("test_one_labelled_voxel_is_enough_to_train"),
    ),
    Row(
        108,
        "The same seed twice, on one and two threads",
        train("test_same_seed_same_weights_other_seed_others")
        + ours("test_the_card_says_on_how_many_threads_a_seed_gave_its_weights"),
        note="equal bit by bit on the same device and number of threads",
    ),
    Row(
        109,
        "A scan swapped, a layer deleted or a window closed under a running job",
        actions(
            "test_labels_for_a_scan_that_was_closed_meanwhile_are_dropped",
        )
        + inside(
            "session/actions/test_beside_a_training.py",
            "test_a_result_for_a_scan_that_is_not_open_any_more_is_kept_for_it",
        )
        + window("test_a_layer_that_is_deleted_and_a_scan_that_is_replaced_under_a_prediction_harm_nothing")
        + inside("session/test_session.py", "test_a_change_from_another_thread_is_refused")
        + inside("ui/test_window.py", "test_closing_the_window_leaves_no_process"),
    ),
    Row(110, "A warning in another thread", window("test_a_warning_in_a_thread_stops_nothing")),
    Row(
        111,
        "A window that stands still while the program works",
        window("test_files_are_read_and_networks_run_off_the_windows_thread")
        + runner("test_the_worker_gives_way_to_the_window"),
        note="how long it stands still is measured by benchmarks/heartbeat.py",
    ),
    Row(
        112,
        "A 3-D view without a graphics card, or beyond it",
        inside(
            "ui/test_three_d_question.py",
            "test_a_large_scan_without_a_graphics_card_stays_flat_until_the_person_agrees",
            "test_a_scan_beyond_the_graphics_card_is_asked_about",
            "test_the_renderers_name_tells",
        ),
    ),
    Row(
        113,
        "No display",
        window("test_without_a_display_one_sentence_says_so")
        + inside("test_import_cost.py", "test_the_command_line_loads_nothing_heavy"),
    ),
    Row(114, "Other languages and terminals", ours("test_language_and_terminal_change_no_file")),
    Row(
        115,
        "A certificate, its page or its journal that was changed, or is gone",
        verify(
            "test_what_was_changed_is_found_and_named",
            "test_any_byte_of_a_certificate_counts",
            "test_a_deleted_row_breaks_the_chain_behind_it",
        )
        + replay(
            "test_one_voxel_of_the_file_is_named",
            "test_every_changed_byte_of_the_journal_is_noticed_and_its_record_named",
            "test_a_new_hash_over_other_claims_does_not_make_them_true",
        )
        + inside("fuzz/test_fuzz.py", "test_damaged_files_are_read_or_refused[certificate]"),
        note="a chain that is made anew as a whole is not found: it is no signature, and says so",
    ),
    Row(
        116,
        "A process killed between the labels of an accept, its certificate and the list",
        verify(
            "test_a_crash_before_the_list_leaves_a_certificate_that_is_listed_with_its_labels",
            "test_a_certificate_of_a_crash_that_another_one_has_overtaken_is_set_aside",
            "test_a_crash_before_the_certificate_leaves_a_journal_that_is_set_aside",
        )
        + inside("session/project/test_project_kill.py", "test_what_was_told_as_accepted_outlives_a_kill"),
    ),
    Row(
        117,
        "A process killed in any phase of a study: accept, roles, fine-tuning, its comparison, use, and the way back",
        inside("session/killed/test_study_kill.py", "test_a_study_killed_in_every_phase_loses_nothing")
        + inside(
            "session/actions/test_stopped_trainings.py",
            "test_one_that_is_killed_after_its_model_was_listed_is_not_resumed_but_removed",
            "test_one_that_is_killed_before_it_said_what_is_asked_for_is_removed_by_the_next",
            "test_one_that_is_killed_while_it_is_discarded_is_gone",
        ),
    ),
]
