import numpy as np
import pytest

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.evidence import gather_evidence, previous_probability
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Prediction
from tests.interact.known import known
from tests.scenes import random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


STRONG = LabelModelSettings(inverse_regularization=1.0)
"""So that a few superpixels suffice for an opinion."""


def gather(graph, node_labels, previous=None, **settings):
    settings = STRONG.model_copy(update=settings)
    return gather_evidence(graph, node_labels, previous, settings)


def told(found, label):
    """Columns of all frames, (N, 8)."""
    frames = [found.inputs(t) for t in range(len(found.offsets) - 1)]
    return np.concatenate(frames, axis=1)[found.objects.index(label)]


def test_every_object_that_is_drawn_and_no_other(graph):
    node_labels = known(graph.n, [(0, 0), (1, 3), (2, 1)], [(5, 7)])
    found = gather(graph, node_labels)
    assert found.objects == (1, 3)
    assert set(found.label_model) == set(found.harmonic) == {1, 3}
    for label in found.objects:
        inputs = told(found, label)
        assert inputs.shape == (graph.n, len(NODE_INPUT_NAMES))
        assert np.isfinite(inputs).all()
        assert np.abs(inputs).max() <= 1
        at = NODE_INPUT_NAMES.index
        assert inputs[:, at("drawn_target")].nonzero()[0].tolist() == [
            {1: 2, 3: 1}[label]
        ]
        np.testing.assert_allclose(
            inputs[:, at("label_model")], 2 * found.label_model[label] - 1, atol=1e-6
        )
        np.testing.assert_allclose(
            inputs[:, at("harmonic")], 2 * found.harmonic[label] - 1, atol=1e-6
        )
        assert (inputs[:, at("previous")] == 0).all()


def test_the_answer_before_is_recalled(graph):
    rows = [
        np.random.default_rng(t).random((f.n, 3)) for t, f in enumerate(graph.frames)
    ]
    answer = tuple(r.astype(np.float32) for r in rows)
    before = Prediction((2, 5), answer, np.ones((len(rows), 2), np.float32))
    everything = np.concatenate(rows).astype(np.float32)
    np.testing.assert_array_equal(
        previous_probability(before, 5, graph.n), everything[:, 2]
    )
    np.testing.assert_array_equal(
        previous_probability(before, 2, graph.n), everything[:, 1]
    )
    assert (previous_probability(before, 3, graph.n) == 0.5).all()
    assert (previous_probability(None, 2, graph.n) == 0.5).all()
    found = gather(graph, known(graph.n, [(0, 0), (1, 5)]), before)
    column = told(found, 5)[:, NODE_INPUT_NAMES.index("previous")]
    np.testing.assert_allclose(column, 2 * everything[:, 2] - 1, atol=1e-6)


def test_guessed_background_is_learnt_from_and_shown_nowhere_else(graph):
    node_labels = known(graph.n, [(0, 1)], guessed=[(graph.n - 1, 0)])
    found = gather(graph, node_labels)
    assert found.label_model[1][0] > 0.55
    assert found.label_model[1][-1] < 0.45
    alone = gather(graph, known(graph.n, [(0, 1)]))
    assert (alone.label_model[1] == 0.5).all()
    for name in ("drawn_rest", "propagated_rest"):
        assert (told(found, 1)[:, NODE_INPUT_NAMES.index(name)] == 0).all()


def test_without_the_label_model_every_label_is_as_likely_as_not(graph):
    node_labels = known(graph.n, [(0, 0), (1, 3), (2, 1)], [(5, 1)])
    found = gather(graph, node_labels, enabled=False)
    assert found.objects == (1, 3)
    for label in found.objects:
        assert (found.label_model[label] == 0.5).all()
        assert (told(found, label)[:, NODE_INPUT_NAMES.index("label_model")] == 0).all()
    assert found.harmonic[3][1] > 0.8 > 0.2 > found.harmonic[3][2]


def test_for_some_frames_only(graph):
    node_labels = known(graph.n, [(0, 1), (graph.n - 1, 0)])
    some = gather_evidence(graph, node_labels, None, STRONG, range(1, 4))
    whole = gather(graph, node_labels)
    inside = slice(graph.offsets[1], graph.offsets[4])
    np.testing.assert_array_equal(
        some.label_model[1][inside], whole.label_model[1][inside]
    )
    assert (some.label_model[1][: inside.start] == 0.5).all()
    assert (some.label_model[1][inside.stop :] == 0.5).all()
