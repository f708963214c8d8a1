"""Start the preparation of a video and the rounds of its prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import numpy as np
from psygnal import Signal

from napari_gnn_vos.config import Quality
from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.gui.controller.annotation import Annotation
from napari_gnn_vos.gui.controller.drawing import Drawing
from napari_gnn_vos.gui.controller.history import HistoryEntry
from napari_gnn_vos.gui.controller.jobs import JobRunner
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.structures.project import SavedPrediction, SavedRound
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

Prepare = Callable[[Video, int, Quality], Pipeline[Session]]
PredictRound = Callable[
    [Session, Sequence[Scribble], np.random.Generator, int], Pipeline[Session]
]

RestoreRound = Callable[
    [Session, Sequence[Scribble], np.random.Generator, SavedPrediction], Session | None
]


class Rounds:
    """Start jobs of the engine, and store their results in the history.

    Parameters
    ----------
    jobs : JobRunner
    prepare : callable
        Makes the pipeline from a video to a session, given the video, the frame to
        prepare first and the quality.
    predict_round : callable
        Makes the pipeline of a round, given a session, the new scribbles, a random
        generator and the frame to predict first.
    seed : int
        Round r draws from ``numpy.random.default_rng([seed, r])``.
    restore_round : callable
        Adds the scribbles of a round with its saved result, given also a session and
        a random generator; returns None if the result does not fit.
    """

    started = Signal(str)  # message
    completed = Signal(str)  # message

    def __init__(
        self,
        jobs: JobRunner,
        prepare: Prepare,
        predict_round: PredictRound,
        seed: int = 0,
        restore_round: RestoreRound = lambda *_: None,
    ) -> None:
        self._jobs, self.seed = jobs, seed
        self._prepare, self._predict_round = prepare, predict_round
        self._restore_round = restore_round

    def require_idle(self) -> None:
        """Raise GnnVosError if a job is running."""
        self._jobs.require_idle()

    def prepare(
        self,
        annotation: Annotation,
        quality: Quality,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Prepare the video of an annotation; `then` is called afterwards.

        Raises
        ------
        GnnVosError
            If a job is running.
        """
        self.require_idle()
        source, start_time = annotation.source, perf_counter()
        frames = _count(source.video.shape[0])

        def complete(session: Session) -> None:
            annotation.history.complete_preparation(session)
            self.completed.emit(f"{frames} prepared in {_elapsed(start_time)}")

        self.started.emit(f"Preparing {frames} ...")
        pipeline = self._prepare(source.video, source.frame, quality)
        self._jobs.start(pipeline, complete, then)

    def predict(
        self, annotation: Annotation, drawing: Drawing, *, amend: bool = False
    ) -> None:
        """Predict a prepared video; nothing is started if there are no new scribbles.

        Parameters
        ----------
        annotation : Annotation
        drawing : Drawing
            What to predict from.
        amend : bool
            Whether the round completes the current entry of the history; otherwise it
            becomes a new one.

        Raises
        ------
        GnnVosError
            If the video is not prepared, or a job is running.
        """
        self.require_idle()
        session, start_time = annotation.require_session(), perf_counter()
        number, frames = len(session.rounds) + 1, _count(session.video.shape[0])
        scribbles = annotation.new_scribbles(drawing)
        if not scribbles:
            self.started.emit(f"Nothing new is drawn since round {number - 1}")
            return

        def complete(session: Session) -> None:
            if amend:
                annotation.history.amend(session, drawing)
            else:
                entry = HistoryEntry(session, drawing, f"round {number}", drawing)
                annotation.history.add(entry)
            self.completed.emit(f"{frames} labelled in {_elapsed(start_time)}")

        self.started.emit(f"Labelling {frames} ...")
        rng = np.random.default_rng([self.seed, number])
        pipeline = self._predict_round(session, scribbles, rng, annotation.source.frame)
        self._jobs.start(pipeline, complete)

    def restore(
        self,
        annotation: Annotation,
        quality: Quality,
        rounds: Sequence[SavedRound],
        predictions: Mapping[int, SavedPrediction],
        complete: Callable[[Session, list[Session]], object],
    ) -> None:
        """Prepare the video, and restore the sessions of saved rounds.

        Parameters
        ----------
        annotation : Annotation
        quality : {"fast", "balanced", "best"}
        rounds : sequence of SavedRound
            Parents come before the rounds that continue them.
        predictions : mapping of int to SavedPrediction
            Results by index; a round without a result is predicted again.
        complete : callable
            Called with the session of the prepared video, and those of the rounds.

        Raises
        ------
        GnnVosError
            If a job is running.
        """
        source = annotation.source

        def pipeline() -> Pipeline[tuple[Session, list[Session]]]:
            start = yield from self._prepare(source.video, source.frame, quality)
            sessions: list[Session] = []
            for index, saved in enumerate(rounds):
                parent = start if saved.parent < 0 else sessions[saved.parent]
                rng = np.random.default_rng([self.seed, saved.number])
                session = None
                if index in predictions:
                    result = predictions[index]
                    session = self._restore_round(parent, saved.scribbles, rng, result)
                if session is None:
                    rng = np.random.default_rng([self.seed, saved.number])
                    session = yield from self._predict_round(
                        parent, saved.scribbles, rng, source.frame
                    )
                sessions.append(session)
            return start, sessions

        self._jobs.start(pipeline(), lambda restored: complete(*restored))


def require_objects(drawing: Drawing) -> None:
    """Check that a drawing has strokes on an object.

    Raises
    ------
    NoSeedsError
        If nothing is drawn, or only background.
    """
    if not drawing.objects:
        content = "only background is drawn" if drawing else "nothing is drawn"
        raise NoSeedsError(
            f"A prediction needs a stroke on an object; {content}. Choose an "
            "object, paint a stroke on it, and press Predict."
        )


def _elapsed(start_time: float) -> str:
    return f"{perf_counter() - start_time:.1f} s"


def _count(frames: int) -> str:
    return f"{frames} frame{'' if frames == 1 else 's'}"
