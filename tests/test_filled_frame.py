"""An object without visible background fills the frame."""

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, predict, start
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.video import Video
from tests.scenes import line

STROKE = line(0, 1, (22, 12), (36, 26))


def prepared(noise=0, corner=0):
    """Prepare a red video; the colour of a corner differs by `corner`."""
    rng = np.random.default_rng(0)
    frames = np.full((4, 64, 96, 3), [200, 40, 40], np.uint8)
    frames += rng.integers(0, noise + 1, frames.shape).astype(np.uint8)
    frames[:, :24, 64:] += np.uint8(corner)
    return drain(start(Video.from_array(frames), Config.at("fast")))


@pytest.mark.parametrize("noise", [0, 9])
def test_one_stroke_labels_a_frame_of_one_colour(noise):
    session = annotate(prepared(noise), [STROKE], rng=np.random.default_rng(0))
    assert not (session.drawn_seeds.label == 0).any()
    session = drain(predict(session, load_model("gatedgcn-small")))
    assert (np.asarray(session.labels) == 1).all()


def test_background_is_presumed_where_a_colour_differs():
    session = annotate(prepared(corner=40), [STROKE], rng=np.random.default_rng(0))
    assert (session.drawn_seeds.label == 0).any()


def test_background_stroke_ends_the_presumption():
    session = annotate(prepared(), [STROKE], rng=np.random.default_rng(0))
    background = line(0, 0, (5, 70), (5, 90))
    session = annotate(session, [background], rng=np.random.default_rng(0))
    session = drain(predict(session, load_model("gatedgcn-small")))
    assert (np.asarray(session.labels)[0] == 0).any()
