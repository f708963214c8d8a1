"""An engine of a few lines, and runners that a test holds in its hands."""

from __future__ import annotations

from dataclasses import replace
from time import sleep

import numpy as np

from napari_gnn_vos.errors import GnnVosError, NoSeedsError
from napari_gnn_vos.gui.controller import Controller
from napari_gnn_vos.gui.runner import run_at_once
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.progress import PartialResult, Progress, drain
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Video

SHAPE = (4, 20, 30)


def video(shape=SHAPE):
    return Video.from_array(np.zeros(shape, np.uint8), "toy")


def prepare(video, frame=0, pause=0.0):
    for t in range(video.shape[0]):
        sleep(pause)
        yield Progress("frames", t + 1, video.shape[0])
    return Session(video, graph=None)


def answer(session, scribbles, rng, frame=0):
    """Label every pixel on all frames as it is drawn on any; less sure the later."""
    painted_pixels = paint_scribbles(
        session.painted_pixels, scribbles, session.video.shape
    )
    yield Progress("answer", 0, 1)
    if not len(painted_pixels):
        raise NoSeedsError("Draw something first.")
    labels = np.zeros(session.video.shape, np.uint8)
    labels[:, painted_pixels.row, painted_pixels.col] = painted_pixels.label
    rounds = (*session.rounds, tuple(scribbles))
    yield PartialResult("answer", 0, 1, frame, labels[frame])
    count = session.video.shape[0]
    sure = 1 - np.arange(count, dtype=np.float32)[:, None] / (2 * count)
    prediction = Prediction((1,), (), sure)
    painted = LabelFrames.of(labels)
    now = {
        "painted_pixels": painted_pixels,
        "rounds": rounds,
        "packed_labels": painted,
        "prediction": prediction,
    }
    return replace(session, **now)


def diffusion_alone(_graph, told, frames):
    """Stand in for the network: trust the diffusion of strokes."""
    for t in frames:
        yield 1 / (1 + np.exp(-4 * told(t)[..., NODE_INPUT_NAMES.index("harmonic")]))


def endless(_video, _frame=0):
    while True:
        sleep(0.001)
        yield Progress("forever", 0, 1)


def controller(prepare=prepare, answer=answer, run=run_at_once, seed=0):
    return Controller(prepare, answer, run, seed)


class HeldBack:
    """A runner that lets the test say when the work is done, in whatever way."""

    def __init__(self):
        self.pending, self.stopped = [], 0

    def __call__(self, pipeline, *, on_step, on_result, on_error, on_end):
        def finish():
            try:
                on_result(drain(pipeline, on_step))
            except GnnVosError as error:
                on_error(error)
            on_end()

        self.pending.append(finish)
        return self._stop

    def _stop(self):
        self.stopped += 1

    def finish(self):
        self.pending.pop(0)()


class ByHand:
    """A runner that takes one step whenever the test says so."""

    def __call__(self, pipeline, *, on_step, on_result, on_error, on_end):
        self.pipeline, self.on_step = pipeline, on_step
        self.on_result, self.on_error, self.on_end = on_result, on_error, on_end
        return pipeline.close

    def step(self):
        """Tell the next step; False if there is none."""
        try:
            self.on_step(next(self.pipeline))
        except StopIteration as last:
            if last.value is not None:
                self.on_result(last.value)
        except GnnVosError as error:
            self.on_error(error)
        else:
            return True
        self.on_end()
        return False

    def finish(self):
        while self.step():
            pass
