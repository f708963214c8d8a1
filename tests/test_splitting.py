from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, predict, split_at_boundaries, start
from napari_gnn_vos.engine import splitting as splitting_module
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from tests.scenes import moving_square, on_ground, on_square

HARMONIC = WholeVideoModel(harmonic_baseline)
COARSE = {"prepare": {"superpixels": {"per_frame": 16}}}


def round_of(session, *strokes):
    annotated = annotate(session, strokes, rng=np.random.default_rng(0))
    return drain(predict(annotated, HARMONIC))


@pytest.fixture(scope="module")
def prepared():
    """A square on a background, with few and large superpixels."""
    return drain(start(moving_square()[0], Config.model_validate(COARSE)))


@pytest.fixture(scope="module")
def first(prepared):
    return round_of(prepared, on_square(), on_ground())


def split(session):
    return drain(split_at_boundaries(session))


@pytest.fixture
def small_parts(monkeypatch):
    """Split superpixels of the small frames of these tests."""
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.FINER_SIZE", 20)
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MIN_PART_PIXELS", 4)
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MAX_GROWTH", 50)


@pytest.mark.usefixtures("small_parts")
def test_superpixels_along_the_boundary_are_split_once(first):
    result = split(first)
    assert result.graph.n > first.graph.n
    assert result.prediction.superpixels_split
    assert not first.prediction.superpixels_split
    assert split(result) is result
    for t, (before, after) in enumerate(
        zip(first.graph.frames, result.graph.frames, strict=True)
    ):
        parents = np.zeros(after.n, int)
        parents[after.labels.ravel()] = before.labels.ravel()
        expected = first.prediction.probability[t][parents]
        np.testing.assert_array_equal(result.prediction.probability[t], expected)
    np.testing.assert_array_equal(result.labels, first.labels)
    assert result.graph.counts.tolist() == [frame.n for frame in result.graph.frames]


@pytest.mark.usefixtures("small_parts")
def test_strokes_of_the_next_round_are_added_to_split_superpixels(first):
    ahead, later = (
        annotate(session, [on_square(3)], rng=np.random.default_rng(1))
        for session in (split(first), first)
    )
    assert ahead.graph.n == later.graph.n > first.graph.n
    for a, b in zip(ahead.graph.frames, later.graph.frames, strict=True):
        np.testing.assert_array_equal(a.labels, b.labels)
    assert not round_of(first, on_square(3)).prediction.superpixels_split


@pytest.mark.usefixtures("small_parts")
def test_setting_turns_it_off(prepared, first):
    config = first.config.model_copy(update={"coarse_to_fine": False})
    assert split(replace(first, config=config)).graph is first.graph
    assert split(prepared) is prepared


@pytest.mark.usefixtures("small_parts")
def test_frames_of_long_videos_that_are_nearest_to_strokes_are_split(
    first, monkeypatch
):
    monkeypatch.setattr(splitting_module, "MAX_SPLIT_FRAMES", 3)
    result = split(first)
    stroke = on_square().frame
    assert stroke in result.graph.replaced
    assert len(result.graph.replaced) <= 3
    assert max(abs(t - stroke) for t in result.graph.replaced) <= 2
    further = split(round_of(result, on_square(3)))
    assert further.graph.replaced == result.graph.replaced
