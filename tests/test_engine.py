import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.config import (
    Config,
    LabelModelSettings,
    PrepareSettings,
    SuperpixelSettings,
)
from napari_gnn_vos.engine import (
    annotate,
    outward_labelling,
    predict,
    predicting,
    start,
    starting,
)
from napari_gnn_vos.errors import (
    NoSeedsError,
    ReadError,
    ScribbleError,
    SettingsError,
)
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.interact.node_inputs import gather_node_inputs
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.interact.uncertainty import calibrate
from napari_gnn_vos.model.loading import load_backbone, load_model
from napari_gnn_vos.prepare.graph_construction import (
    build_frame_pair,
    graph_of_superpixels,
    mean_features,
)
from napari_gnn_vos.prepare.superpixel_pooling import pool_maps
from napari_gnn_vos.progress import PartialResult, drain
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.scribbles import ERASED
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.metrics import jaccard
from tests.scenes import line, moving_square, on_ground, on_square, two_squares

STROKES = on_square(), on_ground()
HARMONIC = WholeVideoModel(harmonic_baseline)


def rng(seed=0):
    return np.random.default_rng(seed)


def segmented(session, *scribbles, seed=0, model=HARMONIC):
    return drain(predict(annotate(session, scribbles, rng=rng(seed)), model))


@pytest.fixture(scope="module")
def scene():
    return moving_square()


@pytest.fixture(scope="module")
def session(scene):
    return drain(start(scene[0]))


@pytest.fixture(scope="module")
def done(session):
    """The session after one round with a prediction."""
    return segmented(session, *STROKES)


def test_frames_are_reviewed_that_were_corrected_before_the_last_round(session):
    frames = (0, 1), (2,), (3, 4), (2, 5)
    reviewed = [set(), set(), set(), {2}, {3, 4}]
    for count, expected in enumerate(reviewed):
        rounds = [[line(t, 1, (5, 5), (9, 9)) for t in of] for of in frames[:count]]
        strokes = tuple(map(tuple, rounds))
        assert replace(session, rounds=strokes).reviewed_frames == expected


def test_node_inputs_know_the_reviewed_frames(session, monkeypatch):
    calls = []

    def gather(*arguments):
        calls.append(arguments)
        return gather_node_inputs(*arguments)

    monkeypatch.setattr(predicting, "gather_node_inputs", gather)
    for t in range(4):
        session = segmented(session, *(replace(stroke, frame=t) for stroke in STROKES))
    assert [arguments[-1] for arguments in calls] == [set(), set(), {1}, {1, 2}]


def test_prediction_has_an_expected_j(done):
    def expected(t):
        frame, rows = done.graph.frames[t], done.prediction.probability[t]
        probability, size = rows[:, 1], np.bincount(frame.labels.ravel())
        mask = probability > 0.5
        intersection = size[mask] @ probability[mask]
        return intersection, size[mask].sum() + size[~mask] @ probability[~mask]

    frames = range(done.graph.shape[0])
    intersection, union = np.transpose([expected(t) for t in frames])
    smoothing = 0.1 * union.mean()
    j = (intersection + smoothing) / (union + smoothing)
    calibrated = calibrate(j.astype(np.float32))
    np.testing.assert_allclose(done.prediction.expected_j[:, 0], calibrated, rtol=1e-4)


def assert_same_graph(actual, expected):
    assert actual.fingerprint == expected.fingerprint
    for a, b in zip(actual.frames, expected.frames, strict=True):
        assert_same_frame(a, b)
    for a, b in zip(actual.pairs, expected.pairs, strict=True):
        assert_same_pair(a, b)


def assert_same_frame(a, b):
    for name in (
        "labels",
        "node_features",
        "appearance",
        "spatial_edges",
        "edge_features",
    ):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)


def assert_same_pair(a, b):
    np.testing.assert_array_equal(a.flow.forward, b.flow.forward)
    np.testing.assert_array_equal(a.flow.backward, b.flow.backward)
    np.testing.assert_array_equal(a.causal_edges, b.causal_edges)
    np.testing.assert_array_equal(a.edge_features, b.edge_features)


# -- start


def test_started_session_has_no_strokes(session, scene):
    assert session.rounds == ()
    assert len(session.painted_pixels) == len(session.drawn_seeds) == 0
    assert session.prediction is None
    assert session.labels is None
    assert session.graph.shape == scene[0].shape
    assert session.graph.n == sum(f.n for f in session.graph.frames)


def test_cached_graph_equals_a_new_one(scene, session, tmp_path, monkeypatch):
    prepared = drain(start(scene[0], cache=tmp_path))
    assert_same_graph(prepared.graph, session.graph)

    def never(*_args):
        raise AssertionError("prepared again")

    monkeypatch.setattr(starting, "prepare", never)
    opened = drain(start(scene[0], cache=str(tmp_path)))
    assert_same_graph(opened.graph, session.graph)
    again = segmented(opened, *STROKES)
    np.testing.assert_array_equal(again.labels, segmented(session, *STROKES).labels)


def test_prepare_settings_determine_the_cache_folder(scene, tmp_path):
    coarse = PrepareSettings(superpixels=SuperpixelSettings(per_frame=30))
    for config in (Config(), Config(prepare=coarse), Config(refine="none")):
        drain(start(scene[0], config, tmp_path))
    assert len(list(tmp_path.iterdir())) == 2  # `refine` does not affect the graph


def test_broken_cache_file_raises_an_error(scene, tmp_path):
    drain(start(scene[0], cache=tmp_path))
    (folder,) = tmp_path.iterdir()
    (folder / "000003.npz").write_bytes(b"broken")
    opened = drain(start(scene[0], cache=tmp_path))
    with pytest.raises(ReadError, match=r"000003\.npz"):
        segmented(opened, *STROKES)


def test_interrupted_preparation_continues(scene, session, tmp_path):
    work = start(scene[0], cache=tmp_path)
    for _ in range(3):
        next(work)
    work.close()
    assert_same_graph(drain(start(scene[0], cache=tmp_path)).graph, session.graph)


def test_graph_is_independent_of_the_start_frame(scene, session, tmp_path):
    work = start(scene[0], cache=tmp_path, around=5)
    for _ in range(3):
        next(work)
    work.close()
    again = drain(start(scene[0], cache=tmp_path, around=2))
    assert_same_graph(again.graph, session.graph)


def test_unknown_backbone_raises_an_error(scene):
    config = Config(prepare=PrepareSettings(backbone="magic"))
    with pytest.raises(SettingsError, match="magic"):
        drain(start(scene[0], config))


def test_video_of_two_frames():
    video, truth = moving_square(2)
    out = segmented(drain(start(video)), *STROKES)
    assert out.labels.shape == truth.shape
    assert jaccard(out.labels, truth, [1]).mean() > 0.8


def test_pixels_without_a_value_are_prepared_as_black():
    frames = np.full((3, 20, 24), 0.5, np.float32)
    frames[2, :10] = np.nan
    graph = drain(start(Video(frames, (0.0, 1.0)))).graph
    frames[2, :10] = 0
    expected = drain(start(Video(frames, (0.0, 1.0)))).graph
    np.testing.assert_array_equal(
        graph.frames[2].node_features, expected.frames[2].node_features
    )


# -- annotate and predict


def test_one_stroke_may_be_given_without_a_list(session):
    stroke = on_square()
    one = annotate(session, stroke, rng=rng())
    listed = annotate(session, [stroke], rng=rng())
    assert one.rounds == ((stroke,),)
    np.testing.assert_array_equal(one.drawn_seeds.row, listed.drawn_seeds.row)


def test_few_strokes_segment_the_square(done, scene):
    assert done.labels.dtype == np.uint8
    j = jaccard(done.labels, scene[1], [1])
    assert j.mean() > 0.8
    assert j.min() > 0.6


def test_painted_labels_are_kept(session):
    contradictory = line(3, 1, (45, 2), (45, 8)), line(3, 0, (20, 24), (26, 24))
    out = segmented(session, *STROKES, *contradictory)
    painted_pixels = out.painted_pixels
    np.testing.assert_array_equal(
        out.labels[painted_pixels.frame, painted_pixels.row, painted_pixels.col],
        painted_pixels.label,
    )
    for scribble in contradictory:
        rows, cols = rasterise(scribble, session.graph.shape).T
        assert (out.labels[3, rows, cols] == scribble.label).all()
    frame = out.graph.frames[3].labels
    for scribble in contradictory:  # the same for superpixels
        rows, cols = rasterise(scribble, session.graph.shape).T
        column = (0, *out.prediction.objects).index(scribble.label)
        assert (out.prediction.probability[3][frame[rows, cols], column] == 1).all()


def test_probabilities_match_the_graph(done):
    for frame, rows in zip(done.graph.frames, done.prediction.probability, strict=True):
        assert rows.shape == (frame.n, 2)
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)


def test_second_round_corrects_the_first(session, scene):
    first = segmented(session, line(0, 1, (22, 14), (22, 15)))
    second = segmented(first, line(0, 1, (16, 8), (29, 21)), on_ground(), on_ground(5))
    before, after = (jaccard(s.labels, scene[1], [1]).mean() for s in (first, second))
    assert after > max(before, 0.8)
    assert [len(r) for r in second.rounds] == [1, 3]
    assert set(second.drawn_seeds.round_index.tolist()) <= {0, 1, 2}


def test_two_objects():
    video, truth = two_squares()
    strokes = (
        line(0, 1, (8, 10), (16, 18)),
        line(0, 2, (31, 46), (39, 54)),
        line(0, 0, (2, 30), (23, 32), (45, 30)),
    )
    out = segmented(drain(start(video)), *strokes)
    assert out.prediction.objects == (1, 2)
    assert jaccard(out.labels, truth, [1, 2]).mean() > 0.8


def test_object_labels_are_kept(session, scene):
    out = segmented(session, on_square(label=200), on_ground())
    assert set(np.unique(out.labels)) == {0, 200}
    assert out.prediction.objects == (200,)


def test_labels_are_reproducible_with_the_same_seed(session):
    first, second = (segmented(session, *STROKES, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.drawn_seeds.row, second.drawn_seeds.row)
    another = segmented(session, *STROKES, seed=8)
    assert not np.array_equal(first.drawn_seeds.col, another.drawn_seeds.col)


def test_model_is_called_once_for_all_objects_and_once_for_any_object(session):
    calls = []

    def model(graph, node_inputs, frames):
        calls.append((frames, [node_inputs(t).shape for t in frames]))
        return HARMONIC(graph, node_inputs, frames)

    out = segmented(session, *STROKES, model=model)
    frames = range(out.graph.shape[0])
    assert calls == [(frames, [(1, n, 8) for n in out.graph.counts])]
    calls.clear()
    out = segmented(out, on_square(3), line(3, 2, (40, 40)), model=model)
    assert calls == [
        (frames, [(count, n, 8) for n in out.graph.counts]) for count in (1, 2)
    ]


def test_previous_prediction_is_an_input(done):
    previous = []

    def model(graph, node_inputs, frames):
        column = NODE_INPUT_NAMES.index("previous")
        previous.extend(node_inputs(t)[0, :, column] for t in frames)
        return HARMONIC(graph, node_inputs, frames)

    drain(predict(annotate(done, [line(2, 0, (2, 2))], rng=rng()), model))
    for column, before in zip(previous, done.prediction.probability, strict=True):
        np.testing.assert_allclose(column, 2 * before[:, 1] - 1, atol=1e-6)


def partial_results(steps):
    return [step for step in steps if isinstance(step, PartialResult)]


@pytest.mark.parametrize("streamed", [True, False])
def test_frames_are_predicted_outwards_with_the_final_labels(
    session, monkeypatch, streamed
):
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 1)
    if not streamed:
        monkeypatch.setattr(predicting, "STREAMED_OBJECTS", 0)
    steps = []
    drawn = annotate(session, STROKES, rng=rng())
    model = load_model(device="cpu")
    whole = drain(predict(drawn, model))
    out = drain(predict(drawn, model, first=-2), steps.append)
    np.testing.assert_array_equal(out.labels, whole.labels)
    count = session.graph.shape[0]
    shown = partial_results(steps)
    assert steps[1].done == 0
    distances = [abs(partial.frame - (count - 2)) for partial in shown]
    assert distances == sorted(distances)
    assert sorted(partial.frame for partial in shown) == list(range(count))
    for partial in shown:
        np.testing.assert_array_equal(partial.labels, out.labels[partial.frame])
        assert partial.packed == out.packed_labels.packed[partial.frame]


@pytest.mark.parametrize(("first", "count"), [(0, 1), (3, 4), (0, 300), (150, 300)])
def test_rings_contain_each_frame_once(first, count):
    rings = list(outward_labelling.outward_rings(first, count))
    assert rings[0].after == range(first, first + 1)
    for division in (rings, [outward_labelling.whole_video(count, first)]):
        frames = [t for ring in division for side in ring for t in side]
        assert sorted(frames) == list(range(count))


def test_displayed_frame_needs_no_other_frame_than_its_receptive_field(session):
    """Both sides are streamed; each computes the receptive field once."""
    requested = []

    class Recorded:
        streams = True

        def __init__(self, model):
            self.model = model

        def __call__(self, graph, node_inputs, frames):
            requested.append(frames)
            yield from self.model(graph, node_inputs, frames)

    drawn = annotate(session, STROKES, rng=rng())
    pipeline = predict(drawn, Recorded(load_model(device="cpu")), first=2)
    shown = next(step for step in pipeline if isinstance(step, PartialResult))
    count = session.graph.shape[0]
    assert shown.frame == 2
    assert requested == [range(2, count)]
    drain(pipeline)
    assert requested == [range(2, count), range(1, -1, -1)]


def test_stopped_prediction_ends_at_once(session, monkeypatch):
    started = []

    def slow(_labeller, t, _probability):
        started.append(t)
        time.sleep(0.2)
        raise AssertionError("the prediction was stopped")

    monkeypatch.setattr(predicting.FrameLabeller, "__call__", slow)
    pipeline = predict(annotate(session, STROKES, rng=rng()), HARMONIC)
    while not started:
        next(pipeline)
    pipeline.close()
    assert len(started) <= cores() + 1 < session.graph.shape[0]


@pytest.mark.parametrize("more", [(), (line(3, 2, (40, 40)),)])
def test_progress_is_monotonic(session, more):
    steps = []
    drawn = annotate(session, (*STROKES, *more), rng=rng())
    drain(predict(drawn, HARMONIC), steps.append)
    assert steps[-1].done == steps[-1].total
    assert [s.done for s in steps] == sorted(s.done for s in steps)


def test_first_frame_of_a_long_video_approximates_the_final_labels(
    session, monkeypatch
):
    monkeypatch.setattr(predicting, "FIRST_FRAME_RADIUS", 2)
    drawn, model = annotate(session, STROKES, rng=rng()), load_model(device="cpu")
    steps = []
    out = drain(predict(drawn, model, first=1), steps.append)
    partial, *others = partial_results(steps)
    assert partial.frame == 1
    assert (partial.labels == out.labels[1]).mean() > 0.97
    final = {step.frame: step.labels for step in others}
    np.testing.assert_array_equal([*map(final.get, sorted(final))], out.labels)
    plain = drain(predict(drawn, model))
    np.testing.assert_array_equal(out.labels, plain.labels)


# -- errors


def test_prediction_without_strokes_raises_an_error(session):
    with pytest.raises(NoSeedsError, match="stroke on an object"):
        drain(predict(session, HARMONIC))


def test_prediction_with_background_only_raises_an_error(session):
    with pytest.raises(NoSeedsError):
        segmented(session, on_ground())


def test_prediction_after_erasing_all_strokes_raises_an_error(done):
    erasers = [line(0, ERASED, *s.path) for s in STROKES]
    erased = annotate(done, erasers, rng=rng())
    assert len(erased.painted_pixels) == 0
    assert not (erased.drawn_seeds.round_index > 0).any()
    assert not len(erased.propagated_seeds)
    with pytest.raises(NoSeedsError):
        drain(predict(erased, HARMONIC))


def test_object_without_remaining_strokes_is_removed(session):
    second = line(2, 2, (40, 40), (42, 50))
    both = segmented(session, *STROKES, second)
    assert both.prediction.objects == (1, 2)
    assert (both.labels == 2).any()
    remaining = segmented(both, line(2, ERASED, (40, 40), (42, 50)))
    assert remaining.prediction.objects == (1,)
    assert not (remaining.labels == 2).any()
    assert not (remaining.propagated_seeds.label == 2).any()


def test_failed_annotation_leaves_the_session_unchanged(done):
    with pytest.raises(ScribbleError):
        annotate(done, [line(99, 1, (1, 1))], rng=rng())
    assert len(done.rounds) == 1


# -- sessions are immutable


def snapshot(session):
    return (
        [frame.labels.copy() for frame in session.graph.frames],
        [rows.copy() for rows in session.prediction.probability],
        session.labels.copy(),
        session.graph.counts.copy(),
        (
            len(session.painted_pixels),
            len(session.drawn_seeds),
            len(session.propagated_seeds),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("painted", "packed_labels"),
        ("ink", "painted_pixels"),
        ("drawn", "drawn_seeds"),
        ("spread", "propagated_seeds"),
    ],
)
def test_renamed_attributes_keep_a_deprecated_name(done, old, new):
    with pytest.warns(DeprecationWarning, match=f"'{old}' was renamed to '{new}'"):
        assert getattr(done, old) is getattr(done, new)


def test_undo_is_the_previous_session(done):
    before = snapshot(done)
    mixed = line(0, 2, (16, 10), (30, 12)), line(2, 2, (20, 16), (20, 30))
    later = segmented(done, *mixed)
    assert later.graph.n > done.graph.n
    for old, new in zip(before, snapshot(done), strict=True):
        for a, b in zip(old, new, strict=True):
            np.testing.assert_array_equal(a, b)
    assert done.prediction.objects == (1,)


def test_session_is_immutable(done):
    with pytest.raises(FrozenInstanceError):
        done.packed_labels = None
    for frame in done.graph.frames:
        assert not frame.labels.flags.writeable
        assert not frame.node_features.flags.writeable
    assert not done.painted_pixels.row.flags.writeable
    assert not done.propagated_seeds.row.flags.writeable


# -- superpixels with several labels


@pytest.fixture(scope="module")
def split(done):
    """The predicted session with strokes that split superpixels on frame 2."""
    across = line(2, 1, (20, 14), (20, 28)), line(2, 0, (22, 14), (22, 28))
    return annotate(done, across, rng=rng())


def recompute(session, t):
    frame, pairs = session.graph.frames[t], session.graph.pairs
    before = pairs[t - 1].flow if t else None
    after = pairs[t].flow if t < len(pairs) else None
    out, means = graph_of_superpixels(
        frame.labels, session.video.rgb(t), before, after, frame.appearance
    )
    np.testing.assert_array_equal(means, mean_features(frame, before, after))
    return out, means


def test_split_graph_equals_a_recomputed_one(split, done):
    assert split.graph.counts[2] > done.graph.counts[2]
    assert split.graph.counts[1] == done.graph.counts[1]
    recomputed = [recompute(split, t) for t in range(split.graph.shape[0])]
    for t, (frame, _) in enumerate(recomputed):
        assert_same_frame(split.graph.frames[t], frame)
        assert split.graph.counts[t] == frame.n
    share = split.config.prepare.edges.least_share
    for t, pair in enumerate(split.graph.pairs):
        assert_same_pair(
            pair, build_frame_pair(recomputed[t], recomputed[t + 1], pair.flow, share)
        )


def test_each_superpixel_has_strokes_of_one_label(split):
    painted_pixels = split.painted_pixels
    for t in range(split.graph.shape[0]):
        painted = painted_pixels.take(painted_pixels.frame == t)
        nodes = split.graph.frames[t].labels[painted.row, painted.col]
        for node in np.unique(nodes):
            assert len(np.unique(painted.label[nodes == node])) == 1


def test_parts_have_recomputed_appearance_and_inherited_probability(split, done):
    old, new = done.graph.frames[2], split.graph.frames[2]
    parents = np.zeros(new.n, int)
    parents[new.labels] = old.labels
    maps = load_backbone(split.config.prepare.backbone)(split.video.rgb(2))
    recomputed = pool_maps(maps, new.labels)
    np.testing.assert_allclose(new.appearance, recomputed, atol=2e-3)
    whole = np.bincount(parents)[parents] == 1
    inherited = old.appearance[parents]
    np.testing.assert_array_equal(new.appearance[whole], inherited[whole])
    assert (new.appearance[~whole] != inherited[~whole]).any(axis=1).all()
    np.testing.assert_array_equal(
        split.prediction.probability[2], done.prediction.probability[2][parents]
    )
    assert split.prediction.probability[1] is done.prediction.probability[1]


def test_appearance_of_parts_is_inherited_if_recomputing_is_disabled(split, done):
    settings = LabelModelSettings(recompute_appearance=False)
    config = done.config.model_copy(update={"label_model": settings})
    same = annotate(replace(done, config=config), split.rounds[-1], rng=rng())
    frame, old = same.graph.frames[2], done.graph.frames[2]
    np.testing.assert_array_equal(frame.labels, split.graph.frames[2].labels)
    parents = np.zeros(frame.n, int)
    parents[frame.labels] = old.labels
    np.testing.assert_array_equal(frame.appearance, old.appearance[parents])


def test_torch_thread_count_is_restored_after_splitting(done):
    across = [
        line(t, label, (row, 14), (row, 28))
        for t in range(done.graph.shape[0])
        for label, row in ((1, 20), (0, 22))
    ]
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        session = annotate(done, across, rng=rng())
        assert (session.graph.counts > done.graph.counts).sum() > 1
        with ThreadPoolExecutor(1) as another:
            assert another.submit(torch.get_num_threads).result() == 3
    finally:
        torch.set_num_threads(before)
