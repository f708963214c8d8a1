import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, node_inputs, predict, start
from napari_gnn_vos.interact.object_groups import ObjectGroups
from napari_gnn_vos.interact.similar_objects import divide_group, unresolved_objects
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.metrics import jaccard
from tests import scenes
from tests.interact.node_labels import known_labels
from tests.scenes import random_graph

ANY = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.1], np.float32)


def probabilities(*rows):
    return {label: np.array(row, np.float32) for label, row in enumerate(rows, 1)}


def test_objects_that_share_their_probability_are_unresolved():
    label_model = probabilities(
        (0.6, 0.5, 0.5, 0.1, 0, 0),
        (0.5, 0.6, 0.1, 0.1, 0, 0),
        (0.1, 0.1, 0.1, 0.9, 0, 0),
    )
    assert unresolved_objects(label_model, ANY) == (1, 2)


def test_a_group_has_two_objects_or_more():
    assert ObjectGroups.with_group((5, 2), (2, 3, 5)).members == ((2, 5), (3,))
    assert ObjectGroups.with_group((5, 2), (2, 3, 5)).grouped == (2, 5)
    assert ObjectGroups.with_group((5,), (2, 3, 5)) == ObjectGroups.singletons(
        (2, 3, 5)
    )


def test_objects_are_judged_where_something_is_an_object():
    label_model = probabilities(
        (0.9, 0.9, 0.1, 0.1, 0.3, 0.3), (0.1, 0.1, 0.9, 0.9, 0.4, 0.4)
    )
    assert unresolved_objects(label_model, ANY) == ()


def test_members_get_the_label_of_their_group():
    labels = known_labels(7, [(0, 0), (1, 2), (2, 5)], [(3, 5), (4, 3)], [(5, 0)])
    merged = ObjectGroups(((2, 5), (3,))).merge(labels)
    np.testing.assert_array_equal(merged.drawn, [0, 2, 2, -1, -1, -1, -1])
    np.testing.assert_array_equal(merged.propagated, [-1, -1, -1, 2, 3, -1, -1])
    np.testing.assert_array_equal(merged.presumed, labels.presumed)
    assert ObjectGroups.singletons((2, 3, 5)).merge(labels) is labels


def test_labels_outside_of_all_groups_are_kept():
    labels = known_labels(4, [(0, 1), (1, 2), (2, 9)], [(3, 7)])
    merged = ObjectGroups(((1, 2),)).merge(labels)
    np.testing.assert_array_equal(merged.drawn, [1, 1, 9, -1])
    np.testing.assert_array_equal(merged.propagated, [-1, -1, -1, 7])


def test_a_superpixel_of_a_group_belongs_to_one_object_at_most():
    graph = random_graph(np.random.default_rng(0))
    labels = known_labels(graph.n, [(0, 1), (graph.n - 1, 2)])
    whole = np.random.default_rng(1).random(graph.n, np.float32)
    frames = range(graph.shape[0])
    parts = divide_group(graph, labels, (1, 2), whole, frames)
    assert np.isin(parts.sum(axis=0) / whole, (0, 1)).all()
    assert parts[0, 0] == whole[0]
    assert parts[1, -1] == whole[-1]
    np.testing.assert_array_equal(
        divide_group(graph, labels, (1,), whole, frames), whole[None]
    )


@pytest.fixture(scope="module")
def equal_squares():
    """Two squares of equal colour, far from each other, with strokes on frame 0."""
    video, truth, strokes = scenes.equal_squares(frames=6, step=3)
    session = drain(start(video, Config(refine="none")))
    return annotate(session, strokes, rng=np.random.default_rng(0)), truth


def test_equal_objects_keep_their_identity(equal_squares, monkeypatch):
    from napari_gnn_vos.interact import similar_objects

    monkeypatch.setattr(similar_objects, "RESOLVED", 1.0)  # whatever their appearance
    session, truth = equal_squares
    assert node_inputs(session, group_similar=True).groups.members == ((1, 2),)
    session = drain(predict(session, WholeVideoModel(harmonic_baseline)))
    assert session.prediction.objects == (1, 2)
    assert jaccard(session.labels, truth, [1, 2]).mean() > 0.8
    assert session.prediction.grouped == (1, 2)
    monkeypatch.setattr(similar_objects, "RESOLVED", 0.0)  # objects stay in their group
    assert node_inputs(session, group_similar=True).groups.members == ((1, 2),)


@pytest.mark.parametrize(
    ("colour", "groups"),
    [(scenes.RED, ((1, 2, 3),)), ((60, 60, 60), ((1, 2), (3,)))],
)
def test_new_object_joins_a_group_of_similar_appearance(monkeypatch, colour, groups):
    from napari_gnn_vos.interact import similar_objects

    video, _ = scenes.moving_squares(
        (4, 6, 14, (0, 1), scenes.RED),
        (27, 42, 14, (0, -1), scenes.RED),
        (4, 64, 14, (0, -6), colour),  # enters at the right
    )
    session = drain(start(video, Config(refine="none")))
    strokes = [
        scenes.line(0, 1, (8, 9), (15, 16)),
        scenes.line(0, 2, (31, 45), (38, 52)),
        scenes.line(0, 0, (23, 3), (23, 60)),
    ]
    session = annotate(session, strokes, rng=np.random.default_rng(0))
    monkeypatch.setattr(similar_objects, "RESOLVED", 1.0)
    session = drain(predict(session, WholeVideoModel(harmonic_baseline)))
    assert session.prediction.grouped == (1, 2)
    new = [scenes.line(3, 3, (7, 49), (15, 57)), scenes.line(3, 0, (45, 3), (45, 60))]
    session = annotate(session, new, rng=np.random.default_rng(1))
    monkeypatch.setattr(similar_objects, "RESOLVED", 0.0)  # the strokes separate them
    assert node_inputs(session, group_similar=True).groups.members == groups


def test_new_object_is_compared_beside_objects_outside_the_group(
    equal_squares, monkeypatch
):
    from napari_gnn_vos.interact import similar_objects

    session, _ = equal_squares
    monkeypatch.setattr(similar_objects, "RESOLVED", 1.0)
    session = drain(predict(session, WholeVideoModel(harmonic_baseline)))
    monkeypatch.setattr(similar_objects, "RESOLVED", 0.0)
    new = [scenes.line(2, label, (2, label), (4, label)) for label in (7, 9)]
    session = annotate(session, new, rng=np.random.default_rng(1))
    groups = node_inputs(session, group_similar=True).groups
    assert groups.objects == (1, 2, 7, 9)
    assert {1, 2} <= set(groups.grouped)


def test_groups_are_formed_only_on_request(equal_squares):
    session, _ = equal_squares
    assert node_inputs(session).groups.members == ((1,), (2,))
