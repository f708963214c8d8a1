from unittest.mock import Mock

import numpy as np
import pytest

from napari_gnn_vos.errors import GnnVosError, NoSeedsError, VideoError
from napari_gnn_vos.gui.controller.drawing import Drawing
from napari_gnn_vos.gui.controller.history import HistoryEndError
from napari_gnn_vos.gui.palette import BACKGROUND_VALUE
from napari_gnn_vos.progress import drain
from tests.gui import fakes


def dot(*pixels, value=1, frame=0):
    canvas = np.zeros(fakes.SHAPE[1:], np.uint8)
    canvas[tuple(zip(*pixels, strict=True))] = value
    return Drawing({frame: canvas})


@pytest.fixture
def played():
    """Two rounds."""
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    predict(controller, dot((0, 0)))
    predict(controller, dot((0, 0), (1, 1)))
    return controller


def draw(controller, drawing):
    controller._drawing_source.drawing = drawing


def predict(controller, drawing):
    draw(controller, drawing)
    controller.predict()


def listen(controller):
    heard = Mock()
    controller.message.connect(heard.message)
    controller.changed.connect(heard.changed)
    for name in ("progressed", "failed", "busy_changed"):
        getattr(controller.jobs, name).connect(getattr(heard, name))
    return heard


def test_predicting_prepares_first_and_then_answers():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    heard = listen(controller)
    predict(controller, dot((2, 3)))
    assert controller.history.current.session.labels[:, 2, 3].tolist() == [1] * 4
    said = [call.args[0] for call in heard.message.call_args_list]
    assert said[0] == "Preparing 4 frames ..."
    assert said[1].startswith("Prepared 4 frames in")
    assert said[2] == "Round 1 ..."
    assert said[3].startswith("Round 1: ")
    assert said[3].endswith("s, 4 frames")
    assert not controller.jobs.busy


def test_only_what_is_new_is_told(played):
    first, second = played.history.current.session.rounds
    assert [s.path.tolist() for s in first] == [[[0, 0]]]
    assert [s.path.tolist() for s in second] == [[[1, 1]]]


def test_nothing_new_is_no_round(played):
    heard = listen(played)
    predict(played, dot((0, 0), (1, 1)))
    heard.message.assert_called_once_with("Nothing new is drawn since round 2")
    assert played.history.current.rounds == 2


def test_nothing_drawn_is_an_error_before_any_work():
    controller = fakes.controller(prepare=Mock())
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    with pytest.raises(NoSeedsError, match="Choose an object"):
        predict(controller, Drawing())
    controller._prepare.assert_not_called()


def test_only_background_is_an_error_before_any_work():
    controller = fakes.controller(prepare=Mock())
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    brush = np.zeros(fakes.SHAPE[1:], np.uint8)
    brush[2, 3] = BACKGROUND_VALUE
    with pytest.raises(NoSeedsError, match="only background is drawn"):
        predict(controller, Drawing({0: brush}))
    controller._prepare.assert_not_called()


def test_no_video_is_an_error():
    with pytest.raises(GnnVosError, match="no video"):
        fakes.controller().prepare()


def test_undo_is_the_moment_before(played):
    previous = played.history.previous
    played.undo()
    assert played.history.current is previous
    assert (previous.rounds, played.history.following.rounds) == (1, 2)
    assert played.state.rounds == 1
    heard = listen(played)
    played.undo()
    heard.message.assert_called_with("Back to before the first round")
    assert played.history.current.session.labels is None
    with pytest.raises(HistoryEndError, match="Nothing to undo"):
        played.undo()


def test_undo_and_the_same_strokes_give_the_same_draws():
    drawn = []

    def predict_round(session, scribbles, rng, frame):
        drawn.append(rng.integers(1 << 30))
        return fakes.predict_round(session, scribbles, rng)

    controller = fakes.controller(predict_round=predict_round)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    predict(controller, dot((0, 0)))
    predict(controller, dot((1, 1)))
    controller.undo()
    predict(controller, dot((1, 1)))
    assert drawn[1] == drawn[2] != drawn[0]
    assert drawn[0] == np.random.default_rng([0, 1]).integers(1 << 30)


def test_reset_can_be_undone(played):
    played.reset()
    assert played.history.current.rounds == 0
    assert played.history.current.session.labels is None
    played.undo()
    assert played.history.current.rounds == 2
    assert played.history.following.rounds == 0


def test_a_failed_round_leaves_everything_as_it_was(played):
    before = played.history.current
    with pytest.raises(NoSeedsError):
        played._predict_round = lambda *_: _raise(NoSeedsError("no"))
        predict(played, dot((5, 5)))
    assert played.history.current is before
    assert not played.jobs.busy


def _raise(error):
    raise error
    yield


class TestElsewhere:
    """With work that goes on while the caller does something else."""

    @pytest.fixture
    def runner(self):
        return fakes.ManualRunner()

    @pytest.fixture
    def controller(self, runner):
        controller = fakes.controller(run=runner)
        controller.open(fakes.FakeDrawingSource(fakes.video()))
        return controller

    def test_one_piece_of_work_at_a_time(self, controller, runner):
        controller.prepare()
        with pytest.raises(GnnVosError, match="under way"):
            controller.prepare()
        with pytest.raises(GnnVosError, match="under way"):
            controller.reset()
        with pytest.raises(GnnVosError, match="under way"):
            controller.undo()
        runner.finish()
        assert controller.history.current.rounds == 0

    def test_strokes_drawn_while_preparing_are_in_the_first_round(
        self, controller, runner
    ):
        predict(controller, dot((0, 0)))
        draw(controller, dot((0, 0), (1, 1)))
        runner.finish()
        runner.finish()
        assert controller.history.current.session.labels[0, 1, 1] == 1

    def test_a_cancelled_result_is_dropped(self, controller, runner):
        heard = listen(controller)
        predict(controller, dot((0, 0)))
        controller.jobs.cancel()
        assert runner.stopped == 1
        assert controller.jobs.busy
        runner.finish()
        assert not runner.pending
        assert controller.history is None
        heard.progressed.assert_not_called()
        heard.message.assert_called_with("Stopped")
        assert [c.args for c in heard.busy_changed.call_args_list] == [
            (True,),
            (False,),
        ]

    def test_another_video_drops_the_work_for_the_last_one(self, controller, runner):
        controller.prepare()
        controller.open(fakes.FakeDrawingSource(fakes.video((2, 16, 16))))
        runner.finish()
        assert controller.history is None
        controller.prepare()
        runner.finish()
        assert controller.history.current.session.video.shape == (2, 16, 16)

    def test_expected_errors_are_told(self, controller, runner):
        heard = listen(controller)
        controller._prepare = lambda *_: _raise(VideoError("too dark"))
        controller.prepare()
        runner.finish()
        heard.failed.assert_called_once_with("too dark")
        assert not controller.jobs.busy

    def test_a_bug_keeps_its_traceback_and_the_desk_is_free(self):
        controller = fakes.controller(prepare=lambda *_: _raise(ZeroDivisionError()))
        controller.open(fakes.FakeDrawingSource(fakes.video()))
        heard = listen(controller)
        with pytest.raises(ZeroDivisionError):
            controller.prepare()
        heard.message.assert_called_with("Stopped")
        heard.failed.assert_not_called()
        assert not controller.jobs.busy

    def test_progress_is_passed_on(self, controller, runner):
        heard = listen(controller)
        controller.prepare()
        runner.finish()
        assert heard.progressed.call_args.args[0].done == 4


def test_the_same_from_python():
    controller = fakes.controller(seed=3)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    drawn = dot((2, 3), value=255, frame=1).brush | dot((5, 6)).brush
    predict(controller, Drawing(drawn))
    session = drain(fakes.prepare(fakes.video()))
    rng = np.random.default_rng([3, 1])
    scribbles = controller.history.current.session.rounds[0]
    session = drain(fakes.predict_round(session, scribbles, rng))
    now = controller.history.current.session
    np.testing.assert_array_equal(session.labels, now.labels)
    assert {one.label for one in scribbles} == {0, 1}


def test_it_tells_which_frame_to_look_at(played):
    heard = listen(played)
    assert (
        played.most_uncertain_frame() == 3
    )  # the least sure one; the first is drawn on
    heard.message.assert_called_with("Frame 3 is likely to be wrong; please check it")
    others = [played.most_uncertain_frame(), played.most_uncertain_frame()]
    assert sorted(others) == [1, 2]
    assert played.most_uncertain_frame() == 3  # once more
    predict(played, dot((0, 0), (1, 1), (2, 2)))
    assert played.most_uncertain_frame() == 3  # a new answer


def test_without_an_answer_there_is_no_frame_to_look_at():
    controller = fakes.controller()
    with pytest.raises(GnnVosError, match="no prediction"):
        controller.most_uncertain_frame()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    controller.prepare()
    with pytest.raises(GnnVosError, match="no prediction"):
        controller.most_uncertain_frame()


def test_with_every_frame_drawn_on_there_is_none_to_look_at():
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    canvas = dot((0, 0)).brush[0]
    predict(controller, Drawing(dict.fromkeys(range(4), canvas)))
    with pytest.raises(GnnVosError, match="Every frame"):
        controller.most_uncertain_frame()
