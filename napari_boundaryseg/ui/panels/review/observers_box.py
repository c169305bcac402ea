"""The part of the Review panel that compares several observers, and the labels in work with all of them together."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.data.formats import suffixes
from napari_boundaryseg.review.observer_spread import ObserverSpread
from napari_boundaryseg.ui.control.reviewing.observing.studied import Studied
from napari_boundaryseg.ui.control.reviewing.references import Reference
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import open_files
from napari_boundaryseg.ui.widgets.controls import bring_into_sight, button, column, line, look_old, named
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.review import observer_words as words
from napari_boundaryseg.ui.widgets.review.agreement_words import MOST_PLACES, left_out
from napari_boundaryseg.ui.widgets.review.number_table import NumberTable
from napari_boundaryseg.ui.widgets.review.sentence_list import SentenceList
from napari_boundaryseg.ui.widgets.review.tick_list import Tick, TickList

MOST_ORGANS, MOST_OBSERVERS = 6, 8


class ObserversBox(QWidget):
    """Who the observers are, how far apart they lie, each beside their median, and where the labels in work lie."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions, self._labels, self._references = controller.observers, controller.labels, controller.references
        self._ticked: set[object] = set()
        self._names: dict[object, str] = {}
        self._awaits = False
        self.title = line("review_panel.observers_title", "Several observers:")
        tip = "Whose labels of this scan are compared with each other"
        self.list = TickList("review_panel.observers", "Observers", tip)
        self.files = button("review_panel.observer_files", "Choose files…", "Label files that were drawn on this scan")
        self.compare = button(
            "review_panel.compare_observers",
            "All together",
            "All of them together: their median, and how far they lie apart",
        )
        self.state = line("review_panel.observers_state")
        self.organs = NumberTable(
            "review_panel.spread", "Spread by organ", "Click an organ", most_rows=MOST_ORGANS, chooses=True
        )
        self.detail = NumberTable(
            "review_panel.spread_detail",
            "Each observer against the median",
            "Each observer, and the labels in work, against the median surface of all",
            most_rows=MOST_OBSERVERS,
        )
        self.lying = line("review_panel.lying")
        tip = "The surface in the middle of the observers, as a white line that is never saved as labels"
        self.median = named(QCheckBox("Median surface"), "review_panel.median", "Median surface", tip)
        tip = "On the median surface of the chosen organ: how many mm the observers lie apart"
        self.map = named(QCheckBox("Spread map"), "review_panel.spread_map", "Spread map", tip)
        self.legend = line("review_panel.spread_legend", quiet=True)
        self.places_title = line("review_panel.spread_title")
        self.places = SentenceList("review_panel.spread_places", "Largest spread", "Click one to go to its place")
        self.left_out = line("review_panel.spread_left_out", quiet=True)
        buttons, switches = ButtonGrid([self.compare, self.files]), ButtonGrid([self.median, self.map])
        parts = (self.title, self.list, buttons, self.state, self.organs, self.detail, self.lying, switches)
        below = (self.legend, self.places_title, self.places, self.left_out)
        self._switches = switches
        column(self, *parts, *below).setContentsMargins(0, 0, 0, 0)
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        self.files.clicked.connect(lambda _: self._choose_files())
        self.compare.clicked.connect(lambda _: self._compare())
        self.list.ticked.connect(self._on_tick)
        self.list.renamed.connect(self._on_name)
        self.organs.chosen.connect(self._on_organ)
        self.median.toggled.connect(self._actions.show_median)
        self.map.toggled.connect(self._on_map)
        self.places.asked.connect(self._on_place)
        self._actions.changed.connect(self.refresh)
        self._references.changed.connect(self.refresh)
        self._labels.shown.connect(self.refresh)

    # What a person does.
    def _choose_files(self) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in suffixes())
        paths = open_files(self, "Labels of several observers", "labels", f"Labels ({pattern})")
        self._ticked |= {self._references.add(path).key for path in paths}
        self.refresh()

    def _compare(self) -> None:
        chosen = self._chosen()
        if len(chosen) > 1:
            self._awaits = True
            self._actions.compare(chosen, [self._name(one) for one in chosen])

    def _on_tick(self, key: object, on: bool) -> None:
        (self._ticked.add if on else self._ticked.discard)(key)
        self.refresh()

    def _on_name(self, key: object, name: str) -> None:
        self._names[key] = name
        self._actions.name(key, name)

    def _on_organ(self, row: int) -> None:
        known = self._actions.known()
        organs = list(known.observing.organs) if known is not None and known.observing is not None else []
        if row < len(organs):
            self._actions.choose(organs[row])

    def _on_map(self, on: bool) -> None:
        self._actions.show_spread(on)
        if on:
            bring_into_sight(self.legend)

    def _on_place(self, row: int) -> None:
        known = self._actions.known()
        spread = known.spread if known is not None else None
        if spread is not None and row < len(spread.places):
            self._actions.go_to(spread.places[row])

    # What is shown.
    def _chosen(self) -> list[Reference]:
        return [one for one in self._actions.others() if one.key in self._ticked]

    def _name(self, one: Reference) -> str:
        return self._names.get(one.key, one.name)

    def refresh(self) -> None:
        """Show whom there is to compare, and what is known."""
        known, others = self._actions.known(), self._actions.others()
        self.setVisible(self._labels.scheme() is not None)
        self.list.show_ticks(Tick(one.key, self._name(one), one.words, one.key in self._ticked) for one in others)
        self.compare.setEnabled(len(self._chosen()) > 1)
        self.state.setText(self._state(known, bool(others)))
        observing, spread = (known.observing, known.spread) if known is not None else (None, None)
        if known is None or observing is None or spread is None:
            self.organs.show_rows((), ())
            self.detail.show_rows((), ())
        else:
            row, lying = list(observing.organs).index(known.organ), known.lying.get(known.organ)
            self.organs.show_rows(words.SPREAD_HEADINGS, words.spread_rows(observing, known.lying), row)
            self.detail.show_rows(words.OBSERVER_HEADINGS, words.observer_rows(known.names, spread, lying))
        is_old = known is not None and not self._actions.is_fresh
        for table in (self.organs, self.detail):
            look_old(table, is_old)
        self.lying.setText("" if known is None else words.lying_sentence(known.organ, known.lying.get(known.organ)))
        self.lying.setVisible(spread is not None)
        self.lying.setEnabled(not is_old)
        self._show_spread(known, spread)
        if self._awaits and not self._actions.is_comparing:
            self._awaits = False
            bring_into_sight(self.state if spread is None else self.detail)

    def _show_spread(self, known: Studied | None, spread: ObserverSpread | None) -> None:
        for box, on in ((self.median, self._actions.shows_median), (self.map, self._actions.shows_spread)):
            with signals_blocked(box):
                box.setChecked(on)
        self._switches.setVisible(spread is not None)
        shows = spread is not None and self._actions.shows_spread
        self.legend.setText(words.legend(spread) if spread is not None else "")
        self.legend.setVisible(shows)
        places = spread.places[:MOST_PLACES] if spread is not None else ()
        organ = known.organ if known is not None else ""
        self.places_title.setText(words.places_title(organ, spread) if spread is not None else "")
        self.places_title.setVisible(spread is not None)
        said = [place.sentence for place in places]
        self.places.show_sentences(said, self.places.currentRow() if said == self.places.sentences() else -1)
        more = left_out(len(places), len(spread.places), spread.n_small, spread.least_mm2) if spread is not None else ""
        self.left_out.setText(more)
        self.left_out.setVisible(bool(more))

    def _state(self, known: Studied | None, has_others: bool) -> str:
        if self._actions.is_comparing:
            return "Comparing the observers…"
        if not has_others:
            return words.NOBODY
        few = "" if len(self._chosen()) > 1 else words.TOO_FEW
        if known is None:
            return few
        if known.failed:
            return f"Not compared: {known.failed}"
        return words.said_of(known.names, known.observing) if known.observing is not None else few
