"""Frames above the limit are prepared at a reduced resolution; labels are not."""

import numpy as np
import pytest

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.config import Config, PrepareSettings
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.vision import cv2
from tests.scenes import line, moving_square, on_ground, on_square

SCALE = 4
REDUCED = Config(prepare=PrepareSettings(max_pixels=4096))


def enlarged_square():
    """`moving_square` at four times the size, with its labels."""
    video, truth = moving_square(4)
    size = video.shape[2] * SCALE, video.shape[1] * SCALE
    frames = np.stack([cv2.resize(video.rgb(t), size) for t in range(4)])
    labels = truth.repeat(SCALE, axis=1).repeat(SCALE, axis=2)
    return Video.from_array(frames, "large"), labels


def enlarge(scribble):
    path = (scribble.path + 0.5) * SCALE - 0.5
    return Scribble(scribble.frame, scribble.label, path)


@pytest.fixture(scope="module")
def session():
    video, _ = enlarged_square()
    return drain(start(video, REDUCED))


@pytest.mark.parametrize("refine", ["decoder", "none"])
def test_labels_of_reduced_frames_have_the_resolution_of_the_video(session, refine):
    from dataclasses import replace

    _, truth = enlarged_square()
    strokes = [enlarge(on_square()), enlarge(on_ground())]
    session = replace(
        session, config=session.config.model_copy(update={"refine": refine})
    )
    rng = np.random.default_rng(0)
    session = drain(predict(annotate(session, strokes, rng=rng), load_model(), first=2))
    assert session.graph.shape == (4, 55, 73)
    labels = session.labels
    assert labels.shape == truth.shape
    both, either = (labels & truth).sum(), (labels | truth).sum()
    assert both / either > 0.9


def test_a_line_of_one_pixel_is_binding_at_full_resolution(session):
    strokes = [enlarge(on_square()), line(1, 2, (150, 20), (150, 90))]
    rng = np.random.default_rng(0)
    session = drain(predict(annotate(session, strokes, rng=rng), load_model()))
    assert (session.labels[1, 150, 20:91] == 2).all()


def test_cache_is_shared_by_limits_with_the_same_effect(tmp_path):
    video, _ = moving_square(2)
    drain(start(video, Config(), tmp_path))
    drain(start(video, REDUCED, tmp_path))
    assert len(list(tmp_path.iterdir())) == 1
    video, _ = enlarged_square()
    drain(start(video, REDUCED, tmp_path))
    assert any(folder.name.endswith("-55x73") for folder in tmp_path.iterdir())


def test_a_thousand_objects_are_predicted():
    video, _ = moving_square(2)
    session = drain(start(video))
    rows, cols = np.divmod(np.arange(1000), 40)
    strokes = [Scribble(0, k + 1, [[rows[k] + 10, cols[k] + 10]]) for k in range(1000)]
    rng = np.random.default_rng(0)
    session = drain(predict(annotate(session, strokes, rng=rng), load_model()))
    assert session.labels.dtype == np.uint16
    assert (session.labels[0, rows + 10, cols + 10] == np.arange(1, 1001)).all()
