import numpy as np
import pytest

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.ranges import FrameRange, RangeTools
from napari_gnn_vos.errors import GnnVosError
from tests.controller import fakes


def test_both_marks_belong_to_the_range():
    frames = FrameRange()
    assert frames.frames(10) == range(10)
    frames.set_first(3)
    frames.set_last(5)
    assert frames.frames(10) == range(3, 6)
    assert frames.frames(4) == range(3, 4)
    frames.set_first(6)  # behind the out mark, which is removed
    assert frames.marks == (6, None)
    frames.set_last(2)
    assert frames.marks == (None, 2)


@pytest.fixture
def controller():
    """A controller with a stroke on frame 0 of a video; frame 1 is displayed."""
    controller = fakes.controller()
    source = fakes.FakeDrawingSource(fakes.video(), frame=1)
    canvas = np.zeros(fakes.SHAPE[1:], np.uint8)
    canvas[2, 3] = 1
    source.drawing = Drawing({0: canvas})
    controller.open(source)
    return controller


@pytest.mark.parametrize(
    ("predict", "frames"),
    [
        (lambda ranges: ranges.predict(), (1, 3)),
        (lambda ranges: ranges.predict_from_here(), (1, 4)),
        (lambda ranges: ranges.predict_next(1), (1, 3)),
        (lambda ranges: ranges.predict_next(9), (1, 4)),
    ],
)
def test_labels_outside_the_predicted_range_are_kept(controller, predict, frames):
    ranges = RangeTools(controller)
    ranges.set_in()
    ranges.set_out(2)
    predict(ranges)
    session = controller.annotation.history.current.session
    assert session.constraints[-1].frames == frames
    labelled = np.flatnonzero(session.labels[:, 2, 3])
    assert labelled.tolist() == [*range(*frames)]


def test_range_without_a_video_has_no_frames():
    ranges = RangeTools(fakes.controller())
    ranges.set_in()
    assert ranges.marks == (0, None)
    assert ranges.frames == range(0)
    with pytest.raises(GnnVosError, match="video"):
        ranges.predict_from_here()
