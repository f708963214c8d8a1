"""Random actions of a user end in a consistent state; see CONTRIBUTING.md."""

import logging
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_changes import changes
from napari_gnn_vos.controller.history import HistoryEndError
from napari_gnn_vos.controller.project_keeper import ProjectKeeper
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.structures.canvas import value_of
from napari_gnn_vos.structures.scribbles import Scribble
from tests.controller import fakes

STEPS = 200
FRAMES = st.integers(0, fakes.SHAPE[0] - 1)
PIXELS = st.tuples(st.integers(0, 19), st.integers(0, 29))
ROWS = st.integers(0, 9)  # rows of the list, modulo its length


class RecordingHandler(logging.Handler):
    """Collect warnings and errors."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.records = []

    def emit(self, record):
        self.records.append(record.getMessage())


class RandomActions(RuleBasedStateMachine):
    """A user of the controller, whose jobs may be stepped, finished or cancelled."""

    def __init__(self):
        super().__init__()
        self.runner = fakes.StepRunner()
        self.controller = Controller(
            fakes.prepare,
            fakes.predict_round,
            self.runner,
            restore_round=fakes.restore_round,
        )
        self.keeper = ProjectKeeper(self.controller, lambda: ("", ""))
        self.sources = [
            fakes.FakeDrawingSource(fakes.video()),
            fakes.FakeDrawingSource(fakes.video((2, 20, 30))),
        ]
        self.log = RecordingHandler()
        logging.getLogger().addHandler(self.log)
        self.controller.failed.connect(self.log.records.append)

    @initialize()
    def open_first(self):
        self.controller.open(self.sources[0])

    @property
    def source(self):
        return self.controller.annotation.source

    def label_at(self, row):
        labels = self.controller.active_label.labels
        return labels[row % len(labels)]

    def attempt(self, call, *args, **options):
        """Call as a button does; an expected error is only reported."""
        with suppress(GnnVosError):
            call(*args, **options)

    @rule(which=st.integers(0, 1))
    def open(self, which):
        self.controller.open(self.sources[which])

    @rule(frame=FRAMES, pixels=st.lists(PIXELS, min_size=1, max_size=4))
    def paint(self, frame, pixels):
        value = value_of(self.controller.active_label.label)
        self.change_pixels(frame, pixels, value)

    @rule(frame=FRAMES, pixels=st.lists(PIXELS, min_size=1, max_size=4))
    def erase(self, frame, pixels):
        self.change_pixels(frame, pixels, 0)

    def change_pixels(self, frame, pixels, value):
        frame %= self.source.video.shape[0]
        drawing = self.source.drawing
        blank = np.zeros(fakes.SHAPE[1:], np.uint8)
        canvas = drawing.brush.get(frame, blank).copy()
        canvas[tuple(zip(*pixels, strict=True))] = value
        brush = {t: c for t, c in drawing.brush.items() if t != frame}
        brush |= {frame: canvas} if canvas.any() else {}
        self.source.drawing = Drawing(brush, drawing.lines, drawing.accepted)
        self.keeper.record_stroke()
        self.controller.handle_stroke()

    @rule(frame=FRAMES, start=PIXELS, end=PIXELS)
    def draw_line(self, frame, start, end):
        label = self.controller.active_label.label
        line = Scribble(frame % self.source.video.shape[0], label, [start, end])
        drawing = self.source.drawing
        lines = (*drawing.lines, line)
        self.source.drawing = Drawing(drawing.brush, lines, drawing.accepted)
        self.controller.handle_stroke()

    @rule(frame=FRAMES)
    def go_to(self, frame):
        self.source.frame = frame % self.source.video.shape[0]

    @rule(row=ROWS)
    def choose(self, row):
        self.controller.active_label.choose(self.label_at(row))

    @rule(by=st.integers(-2, 2))
    def step_through_the_list(self, by):
        self.controller.active_label.step(by)

    @rule()
    def add(self):
        if len(self.controller.active_label.labels) < 8:
            self.attempt(self.controller.objects.add)

    @rule(row=ROWS, name=st.sampled_from(["", "cell", "Object 2", "é"]))
    def rename(self, row, name):
        self.attempt(self.controller.objects.rename, self.label_at(row), name)

    @rule(row=ROWS, colour=st.sampled_from(["", "#010203", "#FFffFF", "red"]))
    def recolour(self, row, colour):
        self.attempt(self.controller.objects.recolour, self.label_at(row), colour)

    @rule(row=ROWS, to=st.integers(-1, 9))
    def move(self, row, to):
        self.attempt(self.controller.objects.move, self.label_at(row), to)

    @rule(row=ROWS, on=st.booleans())
    def lock(self, row, on):
        self.attempt(self.controller.objects.lock, self.label_at(row), on)

    @rule(row=ROWS, on=st.booleans())
    def hide(self, row, on):
        self.attempt(self.controller.objects.hide, self.label_at(row), on)

    @rule(row=st.none() | ROWS)
    def show_only(self, row):
        label = None if row is None else self.label_at(row)
        self.attempt(self.controller.objects.show_only, label)

    @rule(row=ROWS, on=st.booleans())
    def set_absent(self, row, on):
        frame, objects = self.source.frame, self.controller.objects
        self.attempt(objects.set_absent, self.label_at(row), frame, on)

    @rule(row=ROWS)
    def remove(self, row):
        self.attempt(self.controller.objects.remove, self.label_at(row))

    @rule(row=ROWS, into=ROWS)
    def merge(self, row, into):
        merge = self.controller.objects.merge
        self.attempt(merge, self.label_at(row), self.label_at(into))

    @rule(row=ROWS, point=st.none() | PIXELS)
    def split(self, row, point):
        split, frame = self.controller.objects.split, self.source.frame
        self.attempt(split, self.label_at(row), frame, point)

    @rule()
    def accept(self):
        self.attempt(self.controller.edits.toggle_accepted, self.source.frame)

    @rule(value=st.integers(0, 300))
    def import_labels(self, value):
        mask = np.zeros(fakes.SHAPE[1:], int)
        mask[4:6, 4:6] = value
        frames = {self.source.frame: mask}
        self.attempt(self.controller.edits.import_labels, frames, {value: "imported"})

    @rule()
    def prepare(self):
        self.attempt(self.controller.prepare)

    @rule()
    def predict(self):
        self.attempt(self.controller.predict)

    @rule(first=FRAMES, last=FRAMES)
    def predict_range(self, first, last):
        frame_range = self.controller.frame_range
        frame_range.set_first(first)
        frame_range.set_last(last)
        count = self.source.video.shape[0]
        self.attempt(self.controller.predict, frame_range.frames(count))

    @rule(enabled=st.booleans())
    def predict_after_every_stroke(self, enabled):
        self.controller.auto_predict.enabled = enabled

    @rule()
    def step_job(self):
        if self.controller.jobs.busy:
            self.runner.step()

    @rule()
    def finish_jobs(self):
        while self.controller.jobs.busy:
            self.runner.finish()

    @rule()
    def cancel(self):
        self.controller.cancel()

    @rule()
    def undo(self):
        self.attempt(self.controller.edits.undo)

    @rule()
    def redo(self):
        self.attempt(self.controller.edits.redo)

    @rule()
    def reset(self):
        self.attempt(self.controller.edits.reset)

    @rule()
    def go_to_most_uncertain_frame(self):
        self.attempt(self.controller.most_uncertain_frame)

    @invariant()
    def table_is_consistent(self):
        active = self.controller.active_label
        table, labels = active.table, set(active.labels)
        assert table.labels[0] == 0
        assert len(labels) == len(table.labels)
        assert active.label in labels
        known = {*table.names, *table.colours, *table.locked, *table.hidden}
        known |= {label for _, label in table.absent} | {table.solo}
        assert known - {None} <= labels - {0}

    @invariant()
    def drawn_objects_are_listed(self):
        if self.controller.annotation is not None:
            drawn = self.controller.annotation.read().objects
            assert set(drawn) <= set(self.controller.active_label.labels)

    @invariant()
    def state_can_be_shown(self):
        state = self.controller.state
        assert state.busy == self.controller.jobs.busy
        assert state.hint

    def teardown(self):
        try:
            if self.controller.annotation is not None:
                self.controller.auto_predict.enabled = False
                self.finish_jobs()
                self.check_labels()
                self.check_history()
                self.check_project()
            assert self.log.records == []
        finally:
            logging.getLogger().removeHandler(self.log)

    def check_labels(self):
        """A prediction has pixels of listed objects, and none of absent ones."""
        session = self.controller.annotation.session
        if session is None or session.packed_labels is None:
            return
        last = session.constraints[-1]
        for t, frame in enumerate(session.packed_labels):
            pixels = session.painted_pixels
            drawn = pixels.label[pixels.frame == t]
            absent = last.absent_in(t) - set(drawn.tolist())
            if last.frames is None or last.frames[0] <= t < last.frames[1]:
                assert not np.isin(frame, list(absent)).any()

    def check_history(self):
        """Undo of all actions and redo of them restore the state."""
        annotation, edits = self.controller.annotation, self.controller.edits
        shape, before = annotation.source.video.shape, annotation.read()
        if changes(annotation.history.current.drawing, before, shape):
            return  # with newer strokes, redo does not restore every pixel
        table, session = self.controller.active_label.table, annotation.session
        count = 0
        with suppress(HistoryEndError):
            while True:
                edits.undo()
                count += 1
        for _ in range(count):
            edits.redo()
        assert annotation.session is session
        assert changes(before, annotation.read(), shape) == ()
        assert self.controller.active_label.table == table

    def check_project(self):
        """A saved project restores drawing, objects and the prediction."""
        annotation = self.controller.annotation
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "random.gnnvos"
            self.keeper.save(path)
            self.keeper.close()
            again = fakes.controller()
            again.rounds._restore_round = fakes.restore_round
            video = annotation.source.video
            again.open(fakes.FakeDrawingSource(fakes.video(video.shape)))
            keeper = ProjectKeeper(again, lambda: ("", ""))
            again.open(again.annotation.source)
            keeper.restore(Project.open(path), path)
            keeper.close()
        drawing = again.annotation.read()
        assert changes(annotation.read(), drawing, video.shape) == ()
        assert again.active_label.table == self.controller.active_label.table
        entries = annotation.history.entries
        if len(entries) > 1:
            restored = again.annotation.history.entries
            assert [e.action for e in restored] == [e.action for e in entries]
            assert [e.tables for e in restored] == [e.tables for e in entries]
            for entry, copy in zip(entries, restored, strict=True):
                assert same_labels(entry.session, copy.session)


def same_labels(first, second):
    """Whether two sessions have the same prediction."""
    stacks = [None if s is None else s.packed_labels for s in (first, second)]
    if None in stacks:
        return stacks == [None, None]
    return np.array_equal(*map(np.asarray, stacks))


TestRandomActions = RandomActions.TestCase
TestRandomActions.settings = settings(
    max_examples=3,
    stateful_step_count=max(STEPS, settings.default.stateful_step_count),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # shrinking hundreds of steps takes minutes
)
