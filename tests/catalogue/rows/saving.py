"""Rows 81 to 98: saving, crashes, disks, several windows."""

from __future__ import annotations

from functools import partial

from . import Row, inside

ours = partial(inside, "catalogue/test_saving_rows.py")
saving = partial(inside, "data/test_saving.py")
project = partial(inside, "session/project/test_project.py")
recovery = partial(inside, "editing/journal/test_recovery.py")
journal = partial(inside, "editing/journal/test_journal.py")
kill = partial(inside, "editing/journal/test_kill.py")

ROWS = [
    Row(
        81,
        "A disk that is full at any byte of a save",
        saving(
            "test_a_full_disk_leaves_the_old_file_and_nothing_else",
            "test_a_real_limit_of_the_system_leaves_the_old_file",
            "test_stopped_at_every_step_of_a_save_the_file_is_the_old_or_the_new_one[disk full]",
        )
        + kill("test_a_full_disk_leaves_a_journal_that_recovers")
        + journal("test_a_full_disk_is_told_and_nothing_is_dropped"),
    ),
    Row(
        82,
        "A process killed at any step of a save",
        saving(
            "test_killed_while_saving_the_file_is_always_whole",
            "test_stopped_at_every_step_of_a_save_the_file_is_the_old_or_the_new_one[kill]",
        ),
    ),
    Row(
        83,
        "Power that fails after a save",
        saving(
            "test_a_file_and_then_its_folders_list_are_forced_to_the_disk",
            "test_only_saving_forces_anything_to_the_disk",
        )
        + journal("test_it_syncs_fully"),
        note="the order of writes is watched; no power is cut",
    ),
    Row(
        84,
        "A scan or labels saved onto their own source",
        inside("data/formats/test_nifti.py", "test_saving_onto_its_own_source_works"),
    ),
    Row(
        85,
        "A window killed while a person paints",
        kill("test_killed_while_painting", "test_a_painter_that_has_done_everything_is_killed_at_rest")
        + inside("ui/test_kill_window.py", "test_a_killed_window_loses_at_most_the_stroke_in_progress"),
    ),
    Row(
        86,
        "A journal that is torn, damaged, newer, or of another scan",
        recovery(
            "test_torn_journals_give_back_a_state_that_was",
            "test_what_is_damaged_in_the_middle_gives_back_what_was_before",
            "test_what_cannot_be_read_is_put_aside_and_kept",
            "test_a_newer_version_is_left_where_it_is",
            "test_a_record_of_another_journal_is_no_record",
        )
        + inside("fuzz/test_fuzz.py", "test_damaged_files_are_read_or_refused[journal]"),
    ),
    Row(87, "Patient data in outputs and logs", ours("test_no_output_and_no_log_names_the_patient")),
    Row(
        88,
        "A folder that may not be written, or is not there",
        saving(
            "test_a_missing_folder_is_named_without_its_path",
            "test_rights_of_the_old_file_are_kept_and_new_ones_are_usual",
        )
        + inside(
            "session/test_export.py",
            "test_a_folder_that_cannot_be_made_is_one_sentence",
            "test_an_old_file_survives_a_write_that_fails",
        ),
    ),
    Row(
        89,
        "A target that is a link, a device or a pipe",
        saving("test_a_link_is_kept_and_its_target_replaced", "test_devices_pipes_and_folders_are_refused"),
    ),
    Row(
        90,
        "A window closed, or labels removed, before they are accepted",
        inside(
            "ui/panels/test_correct.py",
            "test_closing_asks_by_name_and_does_as_told",
            "test_removed_labels_are_offered_back_previewed_and_restored",
        )
        + recovery("test_discarded_work_is_kept_for_seven_days"),
    ),
    Row(
        91,
        "Labels changed on their way to the disk",
        inside(
            "session/test_export.py",
            "test_a_disk_that_changes_voxels_is_noticed",
            "test_labels_of_another_grid_are_refused",
        )
        + inside(
            "data/formats/test_nifti.py",
            "test_a_failed_verification_keeps_the_old_file",
            "test_a_cropped_grid_is_not_saved_with_the_old_fields",
        ),
    ),
    Row(
        92,
        "Labels that napari made without a scale",
        inside(
            "ui/test_catalogue_window.py", "test_labels_that_napari_made_without_a_scale_are_never_taken_for_the_scans"
        )
        + inside(
            "ui/layers/test_layers.py",
            "test_the_writer_saves_in_the_scans_exact_geometry",
        )
        + inside(
            "ui/layers/test_free_labels.py",
            "test_new_labels_over_an_open_scan_are_on_its_grid",
            "test_the_writer_saves_free_labels_on_their_own_grid",
        ),
    ),
    Row(
        93,
        "A layer's array replaced from outside",
        inside(
            "ui/layers/test_editable_labels.py",
            "test_another_array_that_does_not_fit_is_refused_and_the_labels_stay",
        ),
    ),
    Row(
        94,
        "Two windows on one project",
        ours("test_two_windows_lose_no_labels_that_were_told_as_accepted"),
    ),
    Row(95, "Two people with scans of one name", ours("test_two_scans_of_one_name_keep_their_own_labels")),
    Row(
        96,
        "Undo and redo over many steps",
        inside("editing/history/test_history.py", "test_200_steps_fit_and_memory_is_bounded")
        + inside("editing/history/test_history_property.py", "test_a_few_hundred_sequences"),
    ),
    Row(
        97,
        "A case's name that is a path",
        ours("test_a_cases_name_never_becomes_a_path")
        + project("test_hostile_names_stay_inside_the_folder_and_distinct", "test_no_file_of_the_list_leads_outside"),
    ),
    Row(
        98,
        "A clock that goes back or stands still",
        ours("test_a_clock_that_goes_back_loses_nothing", "test_one_moment_is_enough_for_two_removals"),
    ),
]
