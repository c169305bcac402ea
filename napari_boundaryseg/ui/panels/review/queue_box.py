"""The part of the Review panel that goes along the border piece by piece, the most doubtful first."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QWidget

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import bring_into_sight, button, column, line, styled_by
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.question import Question
from napari_boundaryseg.ui.widgets.review.headed import Headed
from napari_boundaryseg.ui.widgets.review.place_bar import PlaceBar
from napari_boundaryseg.ui.widgets.review.sentence_list import SentenceList

NO_LABELS = "Segment the scan first: then the border is gone through, the most doubtful pieces first."
STALE = "Other labels have come since this review began. Begin again: what was said was about the former ones."
UNASKED = "Segment it in this window: a model's doubts are what it is ranked by."
NOTHING = "There is no border to go through."
MEASURED = (
    "Measured on labels as the model made them, of scans that it had not seen: the mean over patients, and its 95 % "
    "interval. It does not say that the rest is right; What is left? estimates that."
)


def keyed(name: str, action: str, main: bool = False) -> QPushButton:
    """A button with its key on it."""
    key = keys.KEYS[action]
    return button(f"review_panel.{name}", f"{key.label}  {keys.shown(action)}", key.words, main=main)


class QueueBox(QWidget):
    """Begin, the place in view, answers, and what is left."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._review, self._labels = controller.review, controller.labels
        self.rankings = line("review_panel.rankings")
        self.begin = button("review_panel.begin", "Begin", "Go along the border of the labels as they are")
        self.again = button("review_panel.begin_again", "Begin again", "Forget what was said, and begin anew")
        self.stay = button("review_panel.go_on", "Go on", "Go on where you are")
        self.question = Question("review_panel.question", self.again, self.stay)
        self.place = SentenceList("review_panel.place", "Place to look at", "Click to show it again")
        self.previous, self.next = keyed("previous", "review.previous"), keyed("next", "review.next")
        self.accept, self.flag = keyed("accept", "review.accept", main=True), keyed("flag", "review.flag")
        self.bar = PlaceBar("review_panel.bar")
        self.progress = line("review_panel.progress")
        self.first_part = line("review_panel.first_part", quiet=True)
        self.first_part.setToolTip(MEASURED)
        self.flagged_title = line("review_panel.flagged_title", "Flagged, to return to:", quiet=True)
        self.flagged = SentenceList("review_panel.flagged", "Flagged places", "Click one to go there")
        self.end = button(
            "review_panel.estimate_left", "What is left?", "Estimate what is wrong of what you did not see"
        )
        self.estimate = line("review_panel.estimate")
        self.going = QWidget()
        self._at: int | None = None
        self._buttons = ButtonGrid([self.accept, self.flag, self.previous, self.next])
        said = (self.bar, self.progress, self.first_part, self.end, self.estimate)
        parts = (self.place, self._buttons, *said, self.flagged_title, self.flagged)
        column(self.going, *parts).setContentsMargins(0, 0, 0, 0)
        head = Headed("review_panel.border_title", "Border", self.begin)
        column(self, head, self.question, self.going, self.rankings).setContentsMargins(0, 0, 0, 0)
        self._connect(controller)
        self.refresh()

    def _connect(self, controller: ViewerController) -> None:
        review = self._review
        self.begin.clicked.connect(lambda _: self._ask_begin())
        self.again.clicked.connect(lambda _: self._begin())
        self.stay.clicked.connect(lambda _: self.question.ask(""))
        acts = {self.next: review.next, self.previous: review.previous, self.accept: review.accept}
        for pressed, act in {**acts, self.flag: review.flag, self.end: self._end}.items():
            pressed.clicked.connect(lambda _, do=act: do())
        self.flagged.asked.connect(self._on_flagged)
        self.place.asked.connect(lambda _: review.show())
        review.changed.connect(self.refresh)
        self._labels.shown.connect(self._on_shown)
        tools, segmentation = controller.tools, controller.segmentation
        tools.edited.connect(self.refresh)
        segmentation.applied.connect(lambda _: self.refresh())
        segmentation.returned.connect(lambda _: self.refresh())

    def _ask_begin(self) -> None:
        going = self._review.going
        if going is None or not going.answers or self._review.is_stale:
            self._begin()
        else:
            n = len(going.answers)
            self.question.ask(f"What was said of {n} place{'s' if n > 1 else ''} is forgotten. Begin again?")

    def _begin(self) -> None:
        self.question.ask("")
        self._review.begin()

    def _end(self) -> None:
        self._review.end()
        bring_into_sight(self.estimate)

    def _on_flagged(self, row: int) -> None:
        flagged = self._review.flagged()
        if row < len(flagged):
            self._review.go_to(flagged[row][0])

    def _on_shown(self) -> None:
        self.question.ask("")
        self.refresh()

    def refresh(self) -> None:
        """Say where the review is."""
        review = self._review
        ranked, unranked = review.rankings()
        going, on = review.going, review.is_on
        self.rankings.setText(self._rankings(list(ranked.proven), ranked.model, unranked))
        self.begin.setText("Begin" if going is None else "Begin again…" if on else "Begin again")
        self.begin.setVisible(bool(ranked.proven))
        self.begin.setEnabled(not review.is_beginning)
        self.going.setVisible(on)
        if going is None or not on:
            return
        self.place.show_sentences([review.words() or "Press Next."])
        self.progress.setText(review.progress())
        self.bar.set_places([state != "to come" for state in going.states()], going.at, going.first_part)
        self.first_part.setText(review.first_part())
        self.first_part.setVisible(bool(review.first_part()))
        past = going.is_past_first_part and not going.has_ended
        styled_by(self.end, "main", past)
        if going.at != self._at:
            seen_to = [self.end] if past else []
            for part in (*seen_to, self.progress, self.place):  # with large text the words count more
                bring_into_sight(part)
        self._at = going.at
        flagged = review.flagged()
        chosen = next((row for row, (n, _) in enumerate(flagged) if n == going.at), -1)
        self.flagged.show_sentences([words for _, words in flagged], chosen)
        self.flagged_title.setVisible(bool(flagged))
        self.end.setVisible(bool(going.shown))
        self.estimate.setText(review.estimate())
        self.estimate.setVisible(bool(review.estimate()))

    def _rankings(self, ranked: list[str], model: str, unranked: list[str]) -> str:
        review = self._review
        scheme, going = self._labels.scheme(), review.going
        if scheme is None:
            return NO_LABELS
        if going is not None and review.is_on:  # what it began with holds, whatever is at hand now
            ranked, unranked = [], [scheme.organ(organ).name for organ in going.review.queue.unranked]
        if review.is_beginning:
            return "Looking for the most doubtful pieces of the border…"
        told = [STALE] if review.is_stale else []
        if ranked:
            told.append(f"{' and '.join(ranked)}: what {model} doubts most comes first.")
        if said := review.not_proven():
            told.append(f"{said[0].upper()}{said[1:]}.")
        told += [f"{name}: no ranking for this organ" for name in unranked]
        if unranked:
            told.append(UNASKED if not review.is_on and review.could_rank() else "Checks only.")
        return "\n".join(told) or ("" if review.is_on else NOTHING)
