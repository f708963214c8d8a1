"""The walk on a composed scene of the size of DAVIS: seconds for all its frames."""

import numpy as np
import pytest

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.io.scenes import compose_scene
from napari_gnn_vos.study.robot import Robot

SIZES = {"short": (10, (480, 854)), "davis": (60, (480, 854))}


@pytest.fixture(scope="module", params=SIZES.values(), ids=SIZES)
def walk(request):
    frames, shape = request.param
    video, truth = compose_scene(frames=frames, shape=shape)
    session = drain(start(video))
    strokes = Robot()(None, truth, np.random.default_rng(0))
    return video, session, strokes


def tell_size(benchmark, session):
    edges = session.graph.window().edges.shape[1]
    frames = session.graph.shape[0]
    benchmark.extra_info.update(frames=frames, superpixels=session.graph.n, edges=edges)


def test_prepare(benchmark, walk):
    video, session, _ = walk
    tell_size(benchmark, session)
    benchmark.pedantic(lambda: drain(start(video)), rounds=1)


def test_annotate(benchmark, walk):
    _, session, strokes = walk
    tell_size(benchmark, session)
    benchmark.pedantic(
        lambda: annotate(session, strokes, rng=np.random.default_rng(0)),
        rounds=3,
        warmup_rounds=1,
    )


def test_predict(benchmark, walk):
    _, session, strokes = walk
    tell_size(benchmark, session)
    drawn = annotate(session, strokes, rng=np.random.default_rng(0))
    model = load_model()
    benchmark.pedantic(lambda: drain(predict(drawn, model)), rounds=3, warmup_rounds=1)
