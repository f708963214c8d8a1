"""Jobs that prepare and predict a video."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from psygnal import Signal

from napari_gnn_vos.config import Quality
from napari_gnn_vos.controller.annotation import Annotation
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history import HistoryEntry
from napari_gnn_vos.controller.jobs import JobRunner
from napari_gnn_vos.controller.messages import describe_count
from napari_gnn_vos.controller.round_choices import PendingChanges, round_constraints
from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.project import SavedPrediction, SavedRound
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

Prepare = Callable[[Video, int, Quality], Pipeline[Session]]
PredictRound = Callable[
    [Session, Sequence[Scribble], np.random.Generator, int], Pipeline[Session]
]

RestoreRound = Callable[
    [Session, Sequence[Scribble], np.random.Generator, SavedPrediction],
    Pipeline[Session | None],
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
    restore_round : callable, optional
        Makes the pipeline that adds the scribbles of a round with its saved result,
        given also a session and a random generator. It returns None if the result does
        not match the superpixels. By default all rounds are predicted again.

    Attributes
    ----------
    pending : PendingChanges
        Changes since the last round.
    idle : SignalInstance
        Emitted when a job has ended, and the job that follows it, if any, was started.
    before_round : callable
        Called in the thread of a round before it starts.
    """

    started = Signal(str)  # message
    completed = Signal(str)  # message
    discarded = Signal()  # a job has ended without a result

    def __init__(
        self,
        jobs: JobRunner,
        prepare: Prepare,
        predict_round: PredictRound,
        seed: int = 0,
        restore_round: RestoreRound | None = None,
    ) -> None:
        self._jobs, self.seed = jobs, seed
        self._prepare, self._predict_round = prepare, predict_round
        self._restore_round = restore_round
        self.pending, self.idle = PendingChanges(), jobs.idle
        self.before_round: Callable[[], object] = lambda: None
        for ended in (jobs.stopped, jobs.dropped, jobs.failed):
            ended.connect(self._discard)

    def require_idle(self) -> None:
        """Raise GnnVosError if a job is running."""
        self._jobs.require_idle()

    def drop_running(self) -> bool:
        """Discard a running round; its strokes stay drawn.

        Returns
        -------
        dropped : bool
            Whether a round was running.

        Raises
        ------
        GnnVosError
            If a job is running that cannot be dropped.
        """
        dropped = self.running
        with self._jobs.dropping():
            pass
        self.require_idle()
        return dropped

    @property
    def running(self) -> bool:
        """Whether a round is running that can be dropped."""
        return self._jobs.droppable

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
        frames = describe_count(source.video.shape[0], "frame")

        def complete(session: Session) -> None:
            annotation.history.complete_preparation(session)
            self.completed.emit(f"{frames} prepared in {_elapsed(start_time)}")

        self.started.emit(f"Preparing {frames} ...")
        pipeline = self._prepare(source.video, source.frame, quality)
        self._jobs.start(pipeline, complete, then)

    def predict(
        self,
        annotation: Annotation,
        drawing: Drawing,
        *,
        amend: bool = False,
        constraints: Constraints | None = None,
    ) -> None:
        """Predict a prepared video, unless nothing has changed since the last round.

        Parameters
        ----------
        annotation : Annotation
        drawing : Drawing
            Drawing that is predicted from.
        amend : bool
            Whether the round completes the current entry of the history; otherwise it
            becomes a new one.
        constraints : Constraints, optional
            By default, those of locked and absent objects.

        Raises
        ------
        GnnVosError
            If the video is not prepared, or a job is running.
        """
        self.require_idle()
        session, start_time = annotation.require_session(), perf_counter()
        number, current = len(session.rounds) + 1, annotation.history.current
        scribbles = annotation.new_scribbles(drawing)
        if constraints is None:
            constraints = round_constraints(annotation.table)
        unchanged = not scribbles and constraints == _last_constraints(session)
        if unchanged and not self.pending.model:
            self.pending.strokes = False
            self.started.emit(f"Nothing new is drawn since round {number - 1}")
            return
        first, stop = constraints.frames or (0, session.video.shape[0])
        count = describe_count(stop - first, "frame")

        def complete(session: Session) -> None:
            self.pending.complete_round()
            if amend:
                annotation.history.amend(current, session, drawing)
            else:
                entry = HistoryEntry(session, drawing, f"round {number}", drawing)
                annotation.history.add(entry)
            self.completed.emit(f"{count} labelled in {_elapsed(start_time)}")

        self.pending.start_round(strokes=bool(scribbles))
        self.started.emit(f"Labelling {count} ...")
        before = replace(session, constraints=(*session.constraints, constraints))
        pipeline = self._round(before, scribbles, number, annotation.source.frame)
        self._jobs.start(pipeline, complete, droppable=not amend)

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
                constraints = (*parent.constraints, saved.constraints)
                parent = replace(parent, constraints=constraints)
                result = predictions.get(index)
                session = yield from self._restored(parent, saved, result)
                if session is None:
                    session = yield from self._round(
                        parent, saved.scribbles, saved.number, source.frame
                    )
                sessions.append(session)
            return start, sessions

        self._jobs.start(pipeline(), lambda restored: complete(*restored))

    def _discard(self) -> None:
        self.pending.discard_round()
        self.discarded.emit()

    def _restored(
        self, parent: Session, saved: SavedRound, result: SavedPrediction | None
    ) -> Pipeline[Session | None]:
        """Restore a round with its result; None if it has to be predicted again."""
        if self._restore_round is None or result is None:
            return None
        rng = self._rng(saved.number)
        restored = self._restore_round(parent, saved.scribbles, rng, result)
        return (yield from restored)

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, number])

    def _round(
        self, before: Session, scribbles: Sequence[Scribble], number: int, frame: int
    ) -> Pipeline[Session]:
        """Run a round under the last constraints of a session."""
        from napari_gnn_vos.engine.constraining import constrain_round

        self.before_round()
        pipeline = self._predict_round(before, scribbles, self._rng(number), frame)
        if not before.constraints[-1]:
            return (yield from pipeline)
        shape, painted = before.video.shape, before.painted_pixels
        painted = paint_scribbles(painted, scribbles, shape)
        return (yield from constrain_round(pipeline, before, painted))


def _last_constraints(session: Session) -> Constraints:
    return session.constraints[-1] if session.constraints else Constraints()


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
