from contextlib import nullcontext
from unittest.mock import Mock

import numpy as np
import pytest

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history import HistoryEndError
from napari_gnn_vos.controller.history_tools import HistoryTools
from napari_gnn_vos.controller.jobs import ProgressRate
from napari_gnn_vos.controller.view_state import ViewState
from napari_gnn_vos.errors import GnnVosError, NoSeedsError, VideoError
from napari_gnn_vos.progress import Progress, drain
from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE, labels_of
from tests.controller import fakes


def dot(*pixels, value=1, frame=0):
    canvas = np.zeros(fakes.SHAPE[1:], np.uint8)
    canvas[tuple(zip(*pixels, strict=True))] = value
    return Drawing({frame: canvas})


@pytest.fixture
def two_rounds():
    """Two rounds."""
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    predict(controller, dot((0, 0)))
    predict(controller, dot((0, 0), (1, 1)))
    return controller


def draw(controller, drawing):
    controller.annotation.source.drawing = drawing


def predict(controller, drawing):
    draw(controller, drawing)
    controller.predict()


def listen(controller):
    listener = Mock()
    for name in ("message", "changed", "failed"):
        getattr(controller, name).connect(getattr(listener, name))
    for name in ("progressed", "busy_changed"):
        getattr(controller.jobs, name).connect(getattr(listener, name))
    return listener


def test_predict_prepares_the_video_first():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    listener = listen(controller)
    predict(controller, dot((2, 3)))
    assert (
        controller.annotation.history.current.session.labels[:, 2, 3].tolist()
        == [1] * 4
    )
    messages = [call.args[0] for call in listener.message.call_args_list]
    assert messages[0] == "Preparing 4 frames ..."
    assert messages[1].startswith("4 frames prepared in")
    assert messages[2] == "Labelling 4 frames ..."
    assert messages[3].startswith("4 frames labelled in ")
    assert not controller.jobs.busy


def test_each_round_has_only_new_scribbles(two_rounds):
    first, second = two_rounds.annotation.history.current.session.rounds
    assert [s.path.tolist() for s in first] == [[[0, 0]]]
    assert [s.path.tolist() for s in second] == [[[1, 1]]]


def test_predict_without_new_strokes_starts_no_round(two_rounds):
    listener = listen(two_rounds)
    predict(two_rounds, dot((0, 0), (1, 1)))
    listener.message.assert_called_once_with("Nothing new is drawn since round 2")
    assert two_rounds.annotation.history.current.rounds == 2


def test_predict_without_strokes_is_rejected_before_preparation():
    controller = fakes.controller(prepare=Mock())
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    with pytest.raises(NoSeedsError, match="Choose an object"):
        predict(controller, Drawing())
    controller.rounds._prepare.assert_not_called()


def test_predict_with_background_only_is_rejected_before_preparation():
    controller = fakes.controller(prepare=Mock())
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    brush = np.zeros(fakes.SHAPE[1:], np.uint8)
    brush[2, 3] = BACKGROUND_VALUE
    with pytest.raises(NoSeedsError, match="only background is drawn"):
        predict(controller, Drawing({0: brush}))
    controller.rounds._prepare.assert_not_called()


def test_prepare_without_video_is_rejected():
    with pytest.raises(GnnVosError, match="no video"):
        fakes.controller().prepare()


def test_undo_returns_to_the_previous_entry(two_rounds):
    previous = two_rounds.annotation.history.previous
    two_rounds.edits.undo()
    assert two_rounds.annotation.history.current is previous
    assert (previous.rounds, two_rounds.annotation.history.following.rounds) == (1, 2)
    assert two_rounds.state.rounds == 1
    listener = listen(two_rounds)
    two_rounds.edits.undo()
    listener.message.assert_called_with("Undone: round 1")
    assert two_rounds.annotation.history.current.session.labels is None
    with pytest.raises(HistoryEndError, match="Nothing to undo"):
        two_rounds.edits.undo()


def test_same_strokes_after_undo_get_the_same_random_numbers():
    drawn = []

    def predict_round(session, scribbles, rng, frame):
        drawn.append(rng.integers(1 << 30))
        return fakes.predict_round(session, scribbles, rng)

    controller = fakes.controller(predict_round=predict_round)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    predict(controller, dot((0, 0)))
    predict(controller, dot((1, 1)))
    controller.edits.undo()
    predict(controller, dot((1, 1)))
    assert drawn[1] == drawn[2] != drawn[0]
    assert drawn[0] == np.random.default_rng([0, 1]).integers(1 << 30)


def test_reset_can_be_undone(two_rounds):
    two_rounds.edits.reset()
    assert two_rounds.annotation.history.current.rounds == 0
    assert two_rounds.annotation.history.current.session.labels is None
    two_rounds.edits.undo()
    assert two_rounds.annotation.history.current.rounds == 2
    assert two_rounds.annotation.history.following.rounds == 0


def test_failed_round_does_not_change_the_history(two_rounds):
    before = two_rounds.annotation.history.current
    with pytest.raises(NoSeedsError):
        two_rounds.rounds._predict_round = lambda *_: _raise(NoSeedsError("no"))
        predict(two_rounds, dot((5, 5)))
    assert two_rounds.annotation.history.current is before
    assert not two_rounds.jobs.busy


def _raise(error):
    raise error
    yield


class TestAsynchronousRunner:
    """The runner returns before the job has ended."""

    @pytest.fixture
    def runner(self):
        return fakes.ManualRunner()

    @pytest.fixture
    def controller(self, runner):
        controller = fakes.controller(run=runner)
        controller.open(fakes.FakeDrawingSource(fakes.video()))
        return controller

    def test_second_job_is_rejected(self, controller, runner):
        controller.prepare()
        with pytest.raises(GnnVosError, match="under way"):
            controller.prepare()
        with pytest.raises(GnnVosError, match="under way"):
            controller.edits.reset()
        with pytest.raises(GnnVosError, match="under way"):
            controller.edits.undo()
        runner.finish()
        assert controller.annotation.history.current.rounds == 0

    @pytest.fixture
    def second_round(self, controller, runner):
        """A controller whose second round is running."""
        controller.prepare()
        runner.finish()
        predict(controller, dot((5, 5)))
        runner.finish()
        predict(controller, dot((5, 5), (15, 20)))
        return controller

    def test_undo_drops_a_round_with_its_strokes(self, second_round, runner):
        controller = second_round
        drawn = controller.annotation.read().brush[0]
        assert controller.state.predicting
        assert controller.state.can_undo
        controller.edits.undo()
        runner.finish()  # its result is discarded
        assert controller.annotation.history.current.rounds == 1
        assert not controller.annotation.read().brush[0][15, 20]
        assert not controller.state.unpredicted
        controller.edits.redo()
        np.testing.assert_array_equal(controller.annotation.read().brush[0], drawn)
        assert controller.state.unpredicted
        controller.edits.undo()
        controller.edits.undo()
        assert not controller.annotation.read()

    def test_action_on_the_drawing_drops_a_round(self, second_round):
        controller = second_round
        controller.edits.reset()
        assert not controller.state.predicting
        assert not controller.annotation.read()
        controller.edits.undo()
        assert controller.annotation.history.current.rounds == 1
        assert controller.state.unpredicted

    def test_acceptance_waits_for_the_running_round(self, second_round, runner):
        controller = second_round
        assert controller.edits.toggle_accepted(2)
        assert controller.state.message == "Frame 2 is accepted after this prediction"
        assert controller.state.accepted == ()
        runner.finish()
        assert controller.annotation.history.current.rounds == 2
        assert controller.state.accepted == (2,)
        accepted = controller.annotation.read().accepted[2]
        labels = controller.annotation.session.packed_labels.frame(2)
        np.testing.assert_array_equal(labels_of(accepted), labels)

    def test_deferred_acceptance_is_taken_back_or_forgotten(self, second_round, runner):
        controller = second_round
        assert controller.edits.toggle_accepted(2)
        assert not controller.edits.toggle_accepted(2)
        controller.edits.toggle_accepted(1)
        controller.cancel()
        controller.predict()
        runner.pending.pop(0)
        runner.finish()
        assert controller.annotation.history.current.rounds == 2
        assert controller.state.accepted == ()

    def test_cancelled_strokes_are_still_to_be_predicted(self, second_round):
        assert second_round.state.next_action == ""
        second_round.cancel()
        assert second_round.state.next_action == "predict"

    def test_cancelled_round_of_another_model_can_be_repeated(
        self, second_round, runner
    ):
        controller = second_round
        runner.finish()
        controller.handle_model_change("other")
        controller.predict()
        assert not controller.state.unpredicted
        controller.cancel()
        runner.pending.clear()
        assert controller.state.unpredicted
        controller.predict()
        runner.finish()
        assert controller.annotation.history.current.rounds == 3
        assert not controller.state.unpredicted

    def test_cancelled_round_after_a_removal_is_still_to_be_predicted(
        self, controller, runner
    ):
        controller.prepare()
        runner.finish()
        predict(controller, dot((5, 5)).painted(1, dot((5, 5), value=2).brush[0]))
        runner.finish()
        controller.objects.remove(2)
        assert not controller.state.unpredicted
        controller.cancel()
        assert controller.state.unpredicted

    def test_predict_during_another_job_keeps_the_strokes_pending(
        self, controller, runner
    ):
        controller.prepare()
        runner.finish()
        predict(controller, dot((5, 5)).painted(1, dot((5, 5), value=2).brush[0]))
        runner.finish()
        controller.objects.remove(2)  # its round cannot be dropped
        controller.handle_stroke()
        with pytest.raises(GnnVosError, match="under way"):
            controller.predict()
        assert controller.state.unpredicted

    def test_failed_save_does_not_discard_the_running_round(self, second_round, runner):
        controller = second_round
        controller.edits.toggle_accepted(2)
        controller.report_failure("No space is left on the disk.")
        runner.finish()
        assert controller.state.accepted == (2,)
        assert controller.state.message == "Frame 2 is accepted"

    def test_strokes_drawn_during_preparation_are_in_the_first_round(
        self, controller, runner
    ):
        predict(controller, dot((0, 0)))
        draw(controller, dot((0, 0), (1, 1)))
        runner.finish()
        runner.finish()
        assert controller.annotation.history.current.session.labels[0, 1, 1] == 1

    def test_result_of_a_cancelled_job_is_discarded(self, controller, runner):
        listener = listen(controller)
        predict(controller, dot((0, 0)))
        controller.jobs.cancel()
        assert runner.stopped == 1
        assert not controller.jobs.busy
        runner.finish()
        assert not runner.pending
        assert not controller.annotation.prepared
        listener.progressed.assert_not_called()
        listener.message.assert_called_with("Stopped")
        assert [c.args for c in listener.busy_changed.call_args_list] == [
            (True,),
            (False,),
        ]

    def test_opening_another_video_cancels_the_job(self, controller, runner):
        controller.prepare()
        controller.open(fakes.FakeDrawingSource(fakes.video((2, 16, 16))))
        runner.finish()
        assert not controller.annotation.prepared
        controller.prepare()
        runner.finish()
        assert controller.annotation.history.current.session.video.shape == (2, 16, 16)

    def test_expected_errors_are_reported(self, controller, runner):
        listener = listen(controller)
        controller.rounds._prepare = lambda *_: _raise(VideoError("too dark"))
        controller.prepare()
        runner.finish()
        listener.failed.assert_called_once_with("too dark")
        assert not controller.jobs.busy

    def test_other_exceptions_propagate_and_end_the_job(self):
        controller = fakes.controller(prepare=lambda *_: _raise(ZeroDivisionError()))
        controller.open(fakes.FakeDrawingSource(fakes.video()))
        listener = listen(controller)
        with pytest.raises(ZeroDivisionError):
            controller.prepare()
        listener.message.assert_called_with("Stopped")
        listener.failed.assert_not_called()
        assert not controller.jobs.busy

    def test_progress_is_reported(self, controller, runner):
        listener = listen(controller)
        controller.prepare()
        runner.finish()
        assert listener.progressed.call_args.args[0].done == 4


@pytest.fixture
def shown_twice():
    """A first round, and a second one that runs step by step in preliminary labels."""
    controller = fakes.controller(predict_round=fakes.predict_round_twice)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    predict(controller, dot((0, 0)))
    runner = controller.jobs.run = fakes.StepRunner()
    predict(controller, dot((0, 0), (1, 1)))
    while not getattr(controller.jobs.progress, "preliminary", False):
        runner.step()
    return controller, runner


class TestPreliminaryLabels:
    def test_they_are_not_part_of_the_history(self, shown_twice):
        controller, runner = shown_twice
        first = controller.annotation.history.current
        assert controller.state.rounds == 1
        assert (first.session.labels[0] != fakes.PRELIMINARY).all()
        runner.finish()
        second = controller.annotation.history.current
        assert second.rounds == 2
        assert (second.session.labels != fakes.PRELIMINARY).all()
        assert second.session.labels[:, 1, 1].tolist() == [1] * 4
        controller.edits.undo()
        assert controller.annotation.history.current is first
        controller.edits.redo()
        assert controller.annotation.history.current is second

    def test_state_but_for_the_progress_is_that_of_the_last_round(self, shown_twice):
        controller, runner = shown_twice
        before = controller.state
        while runner.step():
            assert controller.state.without_progress == before.without_progress
        assert controller.state.uncertainty
        assert controller.state.rounds == 2

    def test_progress_is_monotonic(self, shown_twice):
        controller, runner = shown_twice
        done = [controller.jobs.progress.done]
        controller.jobs.progressed.connect(lambda step: done.append(step.done))
        runner.finish()
        assert done == [0, 0, 1, 2, 3, 4]

    def test_a_stopped_round_leaves_the_last_one(self, shown_twice):
        controller, _ = shown_twice
        first = controller.annotation.history.current
        controller.jobs.cancel()
        assert controller.annotation.history.current is first
        assert not controller.jobs.busy


def test_controller_and_script_give_equal_labels():
    controller = fakes.controller(seed=3)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    drawn = dot((2, 3), value=255, frame=1).brush | dot((5, 6)).brush
    predict(controller, Drawing(drawn))
    session = drain(fakes.prepare(fakes.video()))
    rng = np.random.default_rng([3, 1])
    scribbles = controller.annotation.history.current.session.rounds[0]
    session = drain(fakes.predict_round(session, scribbles, rng))
    now = controller.annotation.history.current.session
    np.testing.assert_array_equal(session.labels, now.labels)
    assert {scribble.label for scribble in scribbles} == {0, 1}


def test_most_uncertain_frames_are_returned_cyclically(two_rounds):
    listener = listen(two_rounds)
    assert two_rounds.most_uncertain_frame() == 3  # the first frame has strokes
    listener.message.assert_called_with("Most uncertain frame: 3 (1st of 4)")
    next_frames = [two_rounds.most_uncertain_frame(), two_rounds.most_uncertain_frame()]
    assert sorted(next_frames) == [1, 2]
    assert two_rounds.most_uncertain_frame() == 3  # once more
    predict(two_rounds, dot((0, 0), (1, 1), (2, 2)))
    assert two_rounds.most_uncertain_frame() == 3  # a new prediction


def test_most_uncertain_frame_needs_a_prediction():
    controller = fakes.controller()
    with pytest.raises(GnnVosError, match="no prediction"):
        controller.most_uncertain_frame()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    controller.prepare()
    with pytest.raises(GnnVosError, match="no prediction"):
        controller.most_uncertain_frame()


def test_most_uncertain_frame_needs_a_frame_without_strokes():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    canvas = dot((0, 0)).brush[0]
    predict(controller, Drawing(dict.fromkeys(range(4), canvas)))
    with pytest.raises(GnnVosError, match="Every frame"):
        controller.most_uncertain_frame()


def test_state_of_a_new_controller_is_empty():
    state = fakes.controller().state
    assert not (state.video_open or state.prepared or state.busy or state.can_undo)
    assert state.table.labels == (0, 1, 2)
    assert (state.active_label, state.tool, state.rounds) == (1, "brush", 0)


def test_state_after_two_rounds(two_rounds):
    state = two_rounds.state
    assert state.video_open
    assert state.prepared
    assert not state.can_prepare
    assert (state.rounds, state.can_undo, state.can_redo) == (2, True, False)
    assert state.message.startswith("4 frames labelled in ")
    two_rounds.edits.undo()
    assert (two_rounds.state.rounds, two_rounds.state.can_redo) == (1, True)


def test_state_is_a_value_that_does_not_change_later(two_rounds):
    state = two_rounds.state
    two_rounds.edits.reset()
    assert (state.rounds, two_rounds.state.rounds) == (2, 0)


def test_undo_restores_the_cleared_drawing(two_rounds):
    source = two_rounds.annotation.source
    drawing = source.drawing
    two_rounds.edits.reset()
    assert not source.drawing
    two_rounds.edits.undo()
    np.testing.assert_array_equal(source.drawing.brush[0], drawing.brush[0])


def test_reset_of_an_empty_drawing_needs_no_undo():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    controller.edits.reset()
    assert not controller.state.can_undo


def test_every_change_of_the_state_is_announced(two_rounds):
    states = []
    two_rounds.changed.connect(lambda: states.append(two_rounds.state))
    two_rounds.active_label.choose(2)
    assert states[-1].active_label == 2
    two_rounds.auto_predict.enabled = True
    assert states[-1].auto_predict
    two_rounds.objects.remove(2)
    assert states[-1].table.labels == (0, 1)
    two_rounds.report("a message")
    assert states[-1].message == "a message"
    two_rounds.open(None)
    assert not states[-1].video_open
    two_rounds.quality = "fast"
    assert states[-1].quality == "fast"


def test_preparation_gets_the_chosen_quality():
    prepare = Mock(side_effect=fakes.prepare)
    controller = fakes.controller(prepare=prepare)
    controller.open(fakes.FakeDrawingSource(fakes.video(), frame=2))
    controller.quality = "best"
    controller.prepare()
    assert prepare.call_args.args[1:] == (2, "best")
    controller.quality = "fast"  # of the next preparation
    assert controller.state.quality == "best"


@pytest.mark.parametrize(
    ("state", "hint"),
    [
        (ViewState(), "Open a video"),
        (ViewState(images_available=True), "Choose the layer"),
        (ViewState(image=1, busy=True), "continue painting"),
        (ViewState(image=1), "a stroke on each object, on any frame, then Predict."),
        (ViewState(image=1, rounds=1), "where it is wrong, on any frame, then Predict"),
        (ViewState(image=1, auto_predict=True), "each object, on any frame."),
        (ViewState(image=1, tool="superpixels", tool_active=True), "Click on super"),
        (ViewState(image=1, tool="superpixels"), "a stroke on each object"),
        (ViewState(image=1, rounds=1, uncertainty=(0.05, 0.1)), "probably accurate"),
        (ViewState(image=1, rounds=1, uncertainty=(0.05, 0.3)), "where it is wrong"),
        (
            ViewState(image=1, rounds=1, uncertainty=(0.05,), unpredicted=True),
            "where it is wrong",
        ),
    ],
)
def test_hint_describes_the_next_step(state, hint):
    assert hint in state.hint


def test_renamed_attributes_warn_and_work():
    controller = fakes.controller()
    with pytest.warns(DeprecationWarning, match="'jobs'"):
        assert controller.desk is controller.jobs
    with pytest.warns(DeprecationWarning, match="'enabled'"):
        controller.auto_predict.on = True
    assert controller.auto_predict.enabled


def test_removal_without_prediction_is_announced():
    controller, can_undo = fakes.controller(), []
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    draw(controller, dot((0, 0)))
    controller.changed.connect(lambda: can_undo.append(controller.state.can_undo))
    controller.objects.remove(1)
    assert can_undo[-1]
    controller.edits.undo()
    assert not can_undo[-1]


def test_redo_of_a_removal_restores_the_list_and_the_drawing(two_rounds):
    two_rounds.objects.remove(1)
    assert two_rounds.active_label.labels == (0, 2)
    assert not two_rounds.annotation.source.drawing
    two_rounds.edits.undo()
    assert two_rounds.active_label.labels == (0, 1, 2)
    assert two_rounds.annotation.source.drawing
    assert two_rounds.annotation.history.current.rounds == 2
    two_rounds.edits.redo()
    assert two_rounds.active_label.labels == (0, 2)
    assert not two_rounds.annotation.source.drawing
    assert two_rounds.annotation.history.current.rounds == 0


def test_removal_before_preparation_is_undone_and_redone():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    draw(controller, dot((0, 0)))
    controller.objects.remove(1)
    controller.edits.undo()
    assert controller.annotation.source.drawing.objects == (1,)
    controller.edits.redo()
    assert not controller.annotation.source.drawing
    assert not controller.state.can_redo


def test_actions_before_preparation_are_undone_after_it():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    draw(controller, dot((0, 0)))
    controller.edits.reset()
    controller.prepare()
    controller.edits.undo()
    assert controller.annotation.source.drawing.objects == (1,)
    controller.predict()
    assert controller.state.rounds == 1


@pytest.mark.parametrize("step", ["undo", "redo"])
def test_steps_beyond_the_ends_are_reported_as_such(step):
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    with pytest.raises(HistoryEndError, match=f"Nothing to {step}"):
        getattr(controller.edits, step)()


def test_next_action_follows_the_work():
    controller = fakes.controller()
    assert controller.state.next_action == ""
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    assert controller.state.next_action == "prepare"
    draw(controller, dot((0, 0)))
    controller.handle_stroke()
    assert controller.state.next_action == "predict"
    controller.predict()
    assert controller.state.next_action == "most_uncertain"
    controller.handle_stroke()
    assert controller.state.next_action == "predict"


def test_remaining_time_follows_from_the_rate_of_the_steps():
    times = iter([0.0, 2.0, 4.0, 5.0])
    rate = ProgressRate(lambda: next(times))
    rate.observe(Progress("label", 0, 10))
    assert rate.seconds_left is None
    rate.observe(Progress("label", 2, 10))
    assert rate.seconds_left == 8  # 1 s per step
    rate.observe(Progress("label", 8, 10))
    assert rate.seconds_left == 1
    rate.observe(Progress("paint", 8, 10))  # another stage
    assert rate.seconds_left is None


def test_going_to_an_action_shows_its_frame(two_rounds):
    predict(two_rounds, dot((0, 0), (1, 1), frame=2))
    go_to_frame = Mock()
    history = HistoryTools(two_rounds, nullcontext, go_to_frame)
    assert [item.action for item in history.items[1:]] == [
        f"round {number}" for number in (1, 2, 3)
    ]
    history.go_to(2)
    assert [item.current for item in history.items] == [False, False, True, False]
    assert two_rounds.annotation.history.current.rounds == 2
    history.go_to(3)
    assert [call.args for call in go_to_frame.call_args_list] == [(0,), (0,)]
    with pytest.raises(GnnVosError, match=r"from 0 to 3; got 4\. "):
        history.go_to(4)
    assert HistoryTools(fakes.controller(), nullcontext, go_to_frame).items == ()
