"""A minimal engine, a drawing without layers, and runners that a test controls."""

from __future__ import annotations

from dataclasses import replace
from time import sleep

import numpy as np

from napari_gnn_vos.config import Config
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history_cache import VideoSource
from napari_gnn_vos.controller.jobs import run_at_once
from napari_gnn_vos.controller.object_table import ObjectStore
from napari_gnn_vos.errors import GnnVosError, NoSeedsError
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.progress import PartialResult, Progress, drain
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.label_frames import LabelFrames, label_dtype
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Video

SHAPE = (4, 20, 30)


def video(shape=SHAPE):
    return Video.from_array(np.zeros(shape, np.uint8), "toy")


class FakeDrawingSource:
    """A video and a drawing on it, without layers."""

    def __init__(self, video, frame=0):
        self.video, self.frame = video, frame
        self.drawing, self.objects = Drawing(), ObjectStore()
        self.summary = "a video"
        self.source, self.path = VideoSource(self, video.frames, None), ""

    def read(self, last=None):
        return self.drawing

    def read_frame(self, frame):
        return self.drawing.brush.get(frame), self.drawing.lines

    def write(self, drawing):
        self.drawing = drawing


def prepare(video, frame=0, quality="balanced", pause=0.0):
    for t in range(video.shape[0]):
        sleep(pause)
        yield Progress("frames", t + 1, video.shape[0])
    return Session(video, graph=None, config=Config.at(quality))


def predict_round(session, scribbles, rng, frame=0, model=""):
    """Label each painted pixel on all frames; later frames are more uncertain."""
    painted_pixels = paint_scribbles(
        session.painted_pixels, scribbles, session.video.shape
    )
    yield Progress("predict", 0, 1)
    if not len(painted_pixels):
        raise NoSeedsError("Draw something first.")
    largest = int(painted_pixels.label.max())
    labels = np.zeros(session.video.shape, label_dtype(largest))
    labels[:, painted_pixels.row, painted_pixels.col] = painted_pixels.label
    rounds = (*session.rounds, tuple(scribbles))
    yield PartialResult("predict", 0, 1, frame, labels[frame])
    count = session.video.shape[0]
    expected_j = 1 - np.arange(count, dtype=np.float32)[:, None] / (2 * count)
    prediction = Prediction((1,), (), expected_j)
    return replace(
        session,
        painted_pixels=painted_pixels,
        rounds=rounds,
        packed_labels=LabelFrames.of(labels),
        prediction=prediction,
    )


PRELIMINARY = 9
"""Label of all pixels of the preliminary results of `predict_round_twice`."""


def predict_round_twice(session, scribbles, rng, frame=0, model=""):
    """Show preliminary labels of `frame` and the last frame, then those of all."""
    predicted = yield from predict_round(session, scribbles, rng, frame, model)
    count = session.video.shape[0]
    for t in (frame, count - 1):
        labels = np.full(session.video.shape[1:], PRELIMINARY, np.uint8)
        yield PartialResult("label", 0, count, t, labels, preliminary=True)
    for t in range(count):
        yield PartialResult("label", t + 1, count, t, predicted.labels[t])
    return predicted


def restore_round(session, scribbles, rng, saved):
    restored = yield from predict_round(session, scribbles, rng)
    return replace(restored, prediction=saved.prediction, packed_labels=saved.labels)


def diffusion_alone(_graph, node_inputs, frames):
    """Replace the network by the diffused strokes."""
    for t in frames:
        harmonic = node_inputs(t)[..., NODE_INPUT_NAMES.index("harmonic")]
        yield 1 / (1 + np.exp(-4 * harmonic))


def endless(_video, _frame=0, _quality="balanced"):
    while True:
        sleep(0.001)
        yield Progress("forever", 0, 1)


def controller(prepare=prepare, predict_round=predict_round, run=run_at_once, seed=0):
    return Controller(prepare, predict_round, run, seed)


class ManualRunner:
    """A runner that completes a job when the test calls `finish`."""

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


class StepRunner:
    """A runner that executes one step when the test calls `step`."""

    def __call__(self, pipeline, *, on_step, on_result, on_error, on_end):
        self.pipeline, self.on_step = pipeline, on_step
        self.on_result, self.on_error, self.on_end = on_result, on_error, on_end
        return pipeline.close

    def step(self):
        """Execute one step; return False if the job has ended."""
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
