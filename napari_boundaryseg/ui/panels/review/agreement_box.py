"""The part of the Review panel that compares the labels in work with others, and shows where they differ."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.data.formats import suffixes
from napari_boundaryseg.review.border_errors import BorderErrors
from napari_boundaryseg.review.comparing import Comparison, shown
from napari_boundaryseg.ui.control.reviewing.agreement_actions import Compared
from napari_boundaryseg.ui.control.reviewing.references import Reference
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import open_file
from napari_boundaryseg.ui.widgets.controls import (
    bring_into_sight,
    button,
    choice,
    column,
    line,
    look_old,
    named,
)
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.review import agreement_words as words
from napari_boundaryseg.ui.widgets.review.number_table import NumberTable
from napari_boundaryseg.ui.widgets.review.sentence_list import SentenceList

NOTHING = "nothing yet: choose a file"
MOST_ORGANS, MOST_METRICS = 6, 12


class AgreementBox(QWidget):
    """What to compare with, the metrics, the error map's switch, and the worst places."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions, self._labels, self._references = controller.agreement, controller.labels, controller.references
        self._listed: list[Reference] = []
        self._wanted: object = None
        self._awaits = False
        self.title = line("review_panel.agreement_title", "Agreement with:")
        self.against = choice("review_panel.against", "Compare with", "Other labels of this scan")
        self.file = button("review_panel.reference_file", "Choose file…", "A label file that was drawn on this scan")
        self.compare = button("review_panel.compare", "Compare", "Measure how far the labels are from the others")
        self.state = line("review_panel.agreement_state")
        self.organs = NumberTable(
            "review_panel.agreement", "Agreement by organ", "Click an organ", most_rows=MOST_ORGANS, chooses=True
        )
        self.detail_title = line("review_panel.agreement_of")
        self.detail = NumberTable(
            "review_panel.agreement_detail",
            "Agreement of the chosen organ",
            "The whole organ, and its thirds from the feet to the head",
            most_rows=MOST_METRICS,
        )
        tip = "On the border of the chosen organ: orange where it is too large, blue where it is too small"
        self.map = named(QCheckBox("Error map"), "review_panel.error_map", "Error map", tip)
        self.legend = line("review_panel.error_legend", quiet=True)
        self.places_title = line("review_panel.worst_title")
        self.places = SentenceList("review_panel.worst_places", "Worst places", "Click one to go to its place")
        self.left_out = line("review_panel.worst_left_out", quiet=True)
        buttons = ButtonGrid([self.compare, self.file])
        parts = (self.title, self.against, buttons, self.state, self.organs, self.detail_title, self.detail)
        column(self, *parts, self.map, self.legend, self.places_title, self.places, self.left_out).setContentsMargins(
            0, 0, 0, 0
        )
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        self.file.clicked.connect(lambda _: self._choose_file())
        self.compare.clicked.connect(lambda _: self._compare())
        self.against.activated.connect(self._on_against)
        self.organs.chosen.connect(self._on_organ)
        self.map.toggled.connect(self._on_map)
        self.places.asked.connect(self._on_place)
        self._actions.changed.connect(self.refresh)
        self._references.changed.connect(self.refresh)
        self._labels.shown.connect(self.refresh)

    # What a person does.
    def _choose_file(self) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in suffixes())
        path = open_file(self, "Labels to compare with", "labels", f"Labels ({pattern})")
        if path is not None:
            reference = self._references.add(path)
            self._wanted = reference.key
            self.refresh()
            self._begin(reference)

    def _on_against(self, row: int) -> None:
        if row < len(self._listed):
            self._wanted = self._listed[row].key

    def _compare(self) -> None:
        row = self.against.currentIndex()
        if 0 <= row < len(self._listed):
            self._begin(self._listed[row])

    def _begin(self, reference: Reference) -> None:
        self._awaits = True
        self._actions.compare(reference)

    def _on_organ(self, row: int) -> None:
        comparison = self._comparison()
        if comparison is not None and row < len(comparison.organs):
            self._actions.choose(comparison.organs[row])

    def _on_map(self, on: bool) -> None:
        self._actions.show_map(on)
        if on:
            bring_into_sight(self.legend)

    def _on_place(self, row: int) -> None:
        known = self._actions.known()
        if known is not None and known.errors is not None and row < len(known.errors.places):
            self._actions.go_to(known.errors.places[row])

    # What is shown.
    def _comparison(self) -> Comparison | None:
        known = self._actions.known()
        return known.comparison if known is not None else None

    def refresh(self) -> None:
        """Show what there is to compare with, and what is known."""
        has_labels, known = self._labels.scheme() is not None, self._actions.known()
        self.setVisible(has_labels)
        self._list_references()
        self.compare.setEnabled(has_labels and bool(self._listed))
        self.file.setEnabled(has_labels)
        self.state.setText(self._state(known))
        self.state.setVisible(bool(self.state.text()))
        comparison = self._comparison()
        organ = known.organ if known is not None else ""
        self.detail_title.setText(f"{organ}, whole and in thirds:")
        self.detail_title.setVisible(comparison is not None and organ in comparison.whole)
        if comparison is None or organ not in comparison.whole:
            self.organs.show_rows((), ())
            self.detail.show_rows((), ())
        else:
            row = comparison.organs.index(organ)
            self.organs.show_rows(words.OVERVIEW_HEADINGS, words.overview_rows(comparison.whole), row)
            whole, thirds = comparison.whole[organ], comparison.thirds.get(organ, {})
            self.detail.show_rows(words.detail_headings(organ), words.detail_rows(shown(), whole, thirds, organ))
        self._show_errors(known)
        is_old = known is not None and not self._actions.is_fresh
        for shown_old, part in ((is_old, self.organs), (is_old, self.detail), (self._has_old_errors(), self.places)):
            look_old(part, shown_old)
        if self._awaits and not self._actions.is_comparing:
            self._awaits = False
            bring_into_sight(self.state if comparison is None else self.detail)

    def _list_references(self) -> None:
        self._listed = self._actions.others()
        keys = [one.key for one in self._listed]
        with signals_blocked(self.against):
            self.against.clear()
            self.against.addItems([one.words for one in self._listed] or [NOTHING])
            self.against.setCurrentIndex(keys.index(self._wanted) if self._wanted in keys else 0)
        self.against.setEnabled(bool(self._listed))

    def _state(self, known: Compared | None) -> str:
        if self._actions.is_comparing:
            return "Comparing…"
        if known is None:
            return ""
        if known.failed:
            return f"Not compared with {known.reference.words}: {known.failed}"
        again = "" if self._actions.is_fresh else " The labels have changed: comparing again…"
        return f"Compared with {known.reference.words}.{again}"

    def _has_old_errors(self) -> bool:
        known = self._actions.known()
        return known is not None and not (self._actions.is_fresh and known.errors_of == known.organ)

    def _show_errors(self, known: Compared | None) -> None:
        errors = known.errors if known is not None else None
        organ = known.organ if known is not None else ""
        with signals_blocked(self.map):
            self.map.setChecked(self._actions.shows_map)
        self.map.setVisible(known is not None and known.comparison is not None)
        self.map.setEnabled(errors is not None or self._actions.shows_map)
        self.legend.setText("" if errors is None else _legend(errors))
        self.legend.setVisible(errors is not None and self._actions.shows_map)
        places = errors.places[: words.MOST_PLACES] if errors is not None else ()
        self.places_title.setText(self._title(known, errors, organ))
        self.places_title.setVisible(bool(self.places_title.text()))
        said = [place.sentence for place in places]
        self.places.show_sentences(said, self.places.currentRow() if said == self.places.sentences() else -1)
        more = ""
        if errors is not None:
            n_large, n_small = len(errors.places), errors.n_small
            more = words.left_out(len(places), n_large, n_small, errors.least_mm2, errors.small_mm)
        self.left_out.setText(more)
        self.left_out.setVisible(bool(self.left_out.text()))

    def _title(self, known: Compared | None, errors: BorderErrors | None, organ: str) -> str:
        if known is None or known.comparison is None:
            return ""
        if errors is not None:
            return words.worst_title(organ, errors)
        if known.errors_of != organ:
            return f"{organ}: looking for the worst places…"
        if not known.comparison.members(organ):
            return f"{organ} is a mean of organs: choose one of them for its border."
        return f"{organ} is missing in one of the two: there is no border to compare."


def _legend(errors: BorderErrors) -> str:
    at = f"{errors.limit_mm:.1f} mm"
    return f"Orange: too large, blue: too small; full colour from {at} on, pale at 0."
