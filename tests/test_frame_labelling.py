from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import (
    annotate,
    encode_frames,
    frame_labelling,
    node_inputs,
    predict,
    start,
)
from napari_gnn_vos.engine.frame_labelling import FrameLabeller
from napari_gnn_vos.interact import boundary_band
from napari_gnn_vos.interact.object_groups import ObjectGroups
from napari_gnn_vos.model import encoded_video
from napari_gnn_vos.model.boundary_refiner import BoundaryRefiner
from napari_gnn_vos.progress import PartialResult, drain
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.metrics import jaccard
from tests.scenes import line, moving_square, on_ground, on_square, two_squares

HARMONIC = WholeVideoModel(harmonic_baseline)
STROKES = on_square(), on_ground()


@pytest.fixture(autouse=True, scope="module")
def decode_small_objects():
    """The scenes are smaller than the objects for which the decoder is meant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boundary_band, "MIN_AREA", 0)
        patch.setattr(boundary_band, "MIN_RADIUS", 0)
        yield


def rng():
    return np.random.default_rng(0)


def segmented(video, *strokes, config=None, first=None, report=None):
    session = drain(start(video, config or Config(refine="decoder")))
    session = annotate(session, strokes, rng=rng())
    return drain(predict(session, HARMONIC, first=first), report)


@pytest.fixture(scope="module")
def decoded():
    return segmented(moving_square()[0], *STROKES)


def test_decoded_labels_cover_the_object(decoded):
    _, truth = moving_square()
    assert jaccard(decoded.labels, truth, [1]).mean() > 0.8


def test_first_frame_shown_is_that_of_the_full_prediction(decoded):
    shown = []

    def report(step):
        if isinstance(step, PartialResult):
            shown.append(step.labels)

    session = segmented(moving_square()[0], *STROKES, first=3, report=report)
    np.testing.assert_array_equal(shown[0], session.packed_labels[3])
    np.testing.assert_array_equal(session.labels, decoded.labels)


def test_pooled_probability_is_part_of_the_prediction(decoded):
    for coarse, refined in zip(
        decoded.prediction.probability, decoded.prediction.refined, strict=True
    ):
        assert refined.shape == coarse.shape
        np.testing.assert_allclose(refined.sum(axis=1), 1, atol=1e-5)
    guided = segmented(moving_square()[0], *STROKES, config=Config(refine="guided"))
    assert guided.prediction.refined == ()


@pytest.mark.parametrize("refined_previous", [False, True])
def test_next_round_receives_the_pooled_probability_if_asked_for(
    decoded, refined_previous
):
    config = decoded.config.model_copy(update={"refined_previous": refined_previous})
    prediction = decoded.prediction
    expected = prediction.refined if refined_previous else prediction.probability
    previous = node_inputs(replace(decoded, config=config)).previous[1]
    np.testing.assert_array_equal(previous, np.concatenate(expected)[:, 1])


def test_strokes_are_binding_where_the_boundary_is_decoded(decoded):
    row, col = np.argwhere(decoded.labels[2] == 0)[0]
    scribble = line(2, 1, (row, col), (row, col + 6))
    session = annotate(decoded, [scribble], rng=rng())
    session = drain(predict(session, HARMONIC))
    assert (session.labels[2][row, col : col + 7] == 1).all()


def test_small_objects_are_refined_by_the_guided_filter(monkeypatch):
    monkeypatch.setattr(boundary_band, "MIN_AREA", 64**2)
    decoder, guided = (
        segmented(moving_square()[0], *STROKES, config=Config(refine=refine))
        for refine in ("decoder", "guided")
    )
    np.testing.assert_array_equal(decoder.labels, guided.labels)


@pytest.mark.parametrize("quality", ["balanced", "best"])
def test_many_objects_are_decoded_at_best_quality_only(monkeypatch, quality):
    monkeypatch.setattr(frame_labelling, "MAX_DECODED_GROUPS", 1)
    video, _ = two_squares()
    strokes = on_square(), on_ground(), line(0, 2, (36, 50), (36, 54))
    decoder, guided = (
        segmented(
            video,
            *strokes,
            config=Config.at(quality).model_copy(update={"refine": refine}),
        )
        for refine in ("decoder", "guided")
    )
    is_decoded = not np.array_equal(decoder.labels, guided.labels)
    assert is_decoded == (quality == "best")


def test_two_objects_are_decoded_in_competition():
    video, truth = two_squares()
    objects = [int(k) for k in np.unique(truth) if k > 0]
    strokes = [on_ground()]
    for label in objects:
        rows, cols = np.nonzero(truth[0] == label)
        r, c = int(np.median(rows)), int(np.median(cols))
        strokes.append(line(0, label, (r, c - 2), (r, c + 2)))
    session = segmented(video, *strokes)
    assert set(np.unique(session.labels[0])) == {0, *objects}
    for refined in session.prediction.refined:
        assert refined.shape[1] == 3
        np.testing.assert_allclose(refined.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiny_grey_frames_are_decoded(dtype):
    frames = np.full((3, 16, 16), 30, np.float32)
    frames[:, :, 8:] = 200
    frames += rng().normal(0, 2, frames.shape)
    scale = 1 if dtype == np.uint8 else 200
    video = Video.from_array((frames * scale).astype(dtype))
    strokes = line(0, 1, (4, 12), (12, 12)), line(0, 0, (4, 3), (12, 3))
    session = segmented(video, *strokes)
    assert session.labels.shape == (3, 16, 16)
    assert (session.labels[:, 2:14, 11:] == 1).all()
    assert (session.labels[:, 2:14, :5] == 0).all()


def test_frame_without_boundary_stays_as_it_is(decoded):
    labeller = FrameLabeller.of(decoded, ObjectGroups.singletons((1,)))
    superpixels = decoded.graph.frames[4].n
    rows = np.tile(np.array([[1, 0]], np.float32), (superpixels, 1))
    labels, refined = labeller(4, rows)
    assert not labels.any()
    np.testing.assert_array_equal(refined, rows)


def test_same_strokes_give_the_same_labels(decoded):
    again = segmented(moving_square()[0], *STROKES)
    np.testing.assert_array_equal(again.labels, decoded.labels)


@pytest.fixture
def encoded_sizes(monkeypatch):
    """Count the encoded pictures, by their sizes."""
    sizes, encode = [], BoundaryRefiner.encode

    def counted(self, picture, box=None):
        sizes.append(picture.shape[:2])
        return encode(self, picture, box)

    monkeypatch.setattr(BoundaryRefiner, "encode", counted)
    return sizes


def test_frames_encoded_ahead_are_not_encoded_again(decoded, encoded_sizes):
    session = drain(start(moving_square()[0], Config(refine="decoder")))
    steps = []
    drain(encode_frames(session, first=3), steps.append)
    count = session.graph.shape[0]
    assert len(steps) == len(encoded_sizes) == count
    drain(encode_frames(session))
    session = annotate(session, STROKES, rng=rng())
    session = drain(predict(session, HARMONIC))
    assert len(encoded_sizes) == count
    np.testing.assert_array_equal(session.labels, decoded.labels)


def test_no_more_frames_are_encoded_ahead_than_stay_in_memory(
    monkeypatch, encoded_sizes
):
    session = drain(start(moving_square()[0], Config(refine="decoder")))
    labeller = FrameLabeller.of(session, ObjectGroups.singletons((1,)))
    nbytes = labeller.refiner.encode(session.video.rgb(0)).nbytes
    monkeypatch.setattr(encoded_video, "ENCODED_BYTES", 3 * nbytes)
    assert list(labeller.encoded.encode_ahead([3, 2, 4, 1, 5])) == [3, 2, 4]


def test_nothing_is_encoded_ahead_without_a_decoder(encoded_sizes):
    session = drain(start(moving_square()[0], Config(refine="guided")))
    drain(encode_frames(session))
    assert encoded_sizes == []


def test_objects_of_a_group_are_decoded_as_one():
    video, _ = two_squares()
    strokes = on_square(), on_ground(), line(0, 2, (36, 50), (36, 54))
    session = segmented(video, *strokes, config=Config(refine="decoder"))
    labeller = FrameLabeller.of(session, ObjectGroups(((1, 2),)))
    rows = session.prediction.probability[0]
    labels, refined = labeller(0, rows)
    assert labeller.groups == ((0, 1),)
    assert set(np.unique(labels)) == {0, 1, 2}
    np.testing.assert_allclose(refined.sum(axis=1), 1, rtol=1e-5)
